// Tokenizers: round trips, merges by hand, JSON, hostile JSON.
#include <gradus/data/data.hpp>

#include "support.hpp"

using namespace gradus;
using data::Tokenizer;

namespace {

using Tokens = std::vector<std::int64_t>;

std::string all_bytes() {
  std::string text;
  for (int i = 0; i < 256; ++i) text += static_cast<char>(i);
  return text + text +
         "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xff\xc3 \xed\xa0\x80 \xc0\xaf \xf4\x90\x80\x80 \xe2\x82";
}

const std::string sonnet =
    "From fairest creatures we desire increase,\nThat thereby beauty's rose might never die,\n"
    "But as the riper should by time decease,\nHis tender heir might bear his memory:\n";

std::vector<std::string> words(const Tokenizer& t, const std::string& text) {
  std::vector<std::string> list;
  for (const std::int64_t token : t.encode(text)) list.push_back(t.bytes(token));
  return list;
}

}  // namespace

TEST_CASE("tokenizer: characters are numbered by their code points") {
  const auto t = Tokenizer::characters(
      "b\xc3\xa9 a\xe2\x82\xac\xff"
      "a");
  CHECK(t.size() == 6);
  CHECK(t.describe() == "6 characters");
  CHECK(words(t, " ab\xc3\xa9\xe2\x82\xac\xff") ==
        std::vector<std::string>{" ", "a", "b", "\xc3\xa9", "\xe2\x82\xac", "\xff"});
  CHECK(t.encode(" ab\xc3\xa9\xe2\x82\xac\xff") == Tokens{0, 1, 2, 3, 4, 5});
  CHECK_SAYS(t.encode("aXb"), "encode: the tokenizer does not know the character at byte 1", "\"X\"",
             "Tokenizer::bpe()");
  CHECK_SAYS(Tokenizer::characters(""), "the text is empty", "tokenizer.cpp:");
}

TEST_CASE("tokenizer: any bytes come back") {
  const std::string text = all_bytes();
  for (const Tokenizer& t : {Tokenizer::characters(text), Tokenizer::bpe(sonnet, 40), Tokenizer::bpe(text, 20)}) {
    CHECK(t.decode(t.encode(text)) == text);
    CHECK(t.decode(t.encode("")).empty());
    const auto again = Tokenizer::from_json(t.to_json());
    CHECK(again.encode(text) == t.encode(text));
    CHECK(again.to_json() == t.to_json());
  }
  const auto t = Tokenizer::bpe(sonnet, 60);
  CHECK(t.decode(t.encode(sonnet)) == sonnet);
}

TEST_CASE("tokenizer: merges by hand") {
  // "low" 3 times, "lower" once, "we" twice: lo 4, ow 4, we 3 …; of lo and ow the smaller is lo.
  const auto t = Tokenizer::bpe("low\nlow\nlow\nlower\nwe\nwe", 3);
  CHECK(t.size() == 259);
  CHECK(t.describe() == "259 byte pairs");
  CHECK(t.bytes(256) == "lo");
  CHECK(t.bytes(257) == "low");
  CHECK(t.bytes(258) == "we");  // 2 times: the w of lower has gone to low
  CHECK(words(t, "lowe we") == std::vector<std::string>{"low", "e", " ", "we"});
  CHECK(words(t, "wlo") == std::vector<std::string>{"w", "lo"});
}

TEST_CASE("tokenizer: it stops when no pair occurs twice") {
  CHECK(Tokenizer::bpe("abc", 10).size() == 256);
  CHECK(Tokenizer::bpe("", 10).size() == 256);
  CHECK(Tokenizer::bpe("aaaa", 10).size() == 257);  // aa, then aa aa is one pair
  CHECK_SAYS(Tokenizer::bpe("abc", -1), "the number of merges is out of range");
}

TEST_CASE("tokenizer: no token spans two words") {
  const auto t = Tokenizer::bpe("the cat, the hat; the mat 12 12 12\n\n  the end", 200);
  for (std::int64_t token = 256; token < t.size(); ++token) {
    const std::string& bytes = t.bytes(token);
    CHECK(bytes.find(' ', 1) ==
          (bytes.find_first_not_of(" \n") == std::string::npos ? bytes.rfind(' ') : std::string::npos));
    CHECK(bytes.find(',') == std::string::npos);
  }
  CHECK(words(t, "the the") == std::vector<std::string>{"the", " the"});
}

TEST_CASE("tokenizer: more merges make fewer tokens, and the first ones stay") {
  std::size_t before = sonnet.size() + 1;
  for (const std::int64_t merges : {0, 10, 20}) {
    const auto t = Tokenizer::bpe(sonnet, merges);
    CHECK(t.encode(sonnet).size() < before);
    before = t.encode(sonnet).size();
    for (std::int64_t token = 256; token < 256 + std::min<std::int64_t>(merges, 10); ++token)
      CHECK(t.bytes(token) == Tokenizer::bpe(sonnet, 10).bytes(token));
  }
}

TEST_CASE("tokenizer: long words without a space take no longer") {
  const std::string text = std::string(200'000, 'a') + std::string(100'000, '\xe2') + "b";
  const auto t = Tokenizer::bpe(text, 50);
  CHECK(t.decode(t.encode(text)) == text);
  CHECK(t.encode(text).size() < 6000);
}

TEST_CASE("tokenizer: JSON that describes none is refused") {
  for (const char* json :
       {"", "{", "[]", "null", R"({"kind": "bpe"})", R"({"kind": "words", "merges": []})",
        R"({"kind": "bpe", "merges": [[1, 256]]})", R"({"kind": "bpe", "merges": [[-1, 2]]})",
        R"({"kind": "bpe", "merges": [[1, 2], [1, 2]]})", R"({"kind": "bpe", "merges": [[1]]})",
        R"({"kind": "bpe", "merges": [["a", 2]]})", R"({"kind": "bpe", "merges": [[1.5, 2]]})",
        R"({"kind": "characters", "characters": "aa", "bytes": []})", R"({"kind": "characters", "characters": "a"})",
        R"({"kind": "characters", "characters": "a", "bytes": [300]})",
        R"({"kind": "characters", "characters": "a", "bytes": [65]})",
        R"({"kind": "characters", "characters": "", "bytes": []})"}) {
    INFO(std::string(json));
    CHECK_SAYS(Tokenizer::from_json(json), "Tokenizer: the text does not describe a tokenizer", "tokenizer.cpp:");
  }
  std::string bomb = R"({"kind": "bpe", "merges": [[97, 97])";  // a token of 2^60 bytes
  for (int i = 256; i < 316; ++i) bomb += ",[" + std::to_string(i) + "," + std::to_string(i) + "]";
  CHECK_SAYS(Tokenizer::from_json(bomb + "]}"), "the text does not describe a tokenizer");
}

TEST_CASE("tokenizer: numbers that are no tokens") {
  const auto t = Tokenizer::characters("ab");
  CHECK_SAYS(t.decode(Tokens{0, 2}), "decode: there is no such token", "got:      2", "0 to 1");
  CHECK_SAYS(t.bytes(-1), "there is no such token");
}
