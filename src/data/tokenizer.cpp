// Tokenizers: vocabularies, encoding, decoding, and their form as JSON.
#include <gradus/data/tokenizer.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "data/pairs.hpp"
#include "data/words.hpp"
#include "io/json.hpp"
#include "tensor/format.hpp"

namespace gradus::data {
namespace {

using io::Json;

constexpr std::int64_t most_merges = 1 << 20;

bool is_byte(const std::string& token) {  // one that is no character
  return token.size() == 1 && static_cast<unsigned char>(token[0]) >= 0x80;
}

}  // namespace

struct Tokenizer::Rules {
  std::vector<std::string> tokens;                 // what each stands for
  std::unordered_map<std::string, Token> numbers;  // of characters; empty for byte pairs
  std::vector<Pair> merges;
  Ranks ranks;
  bool is_bpe = false;

  // Null if one comes twice.
  static std::shared_ptr<const Rules> characters(std::vector<std::string> tokens) {
    auto rules = std::make_shared<Rules>();
    for (const std::string& token : tokens) {
      const auto next = static_cast<Token>(rules->numbers.size());
      if (!rules->numbers.emplace(token, next).second) return nullptr;
    }
    rules->tokens = std::move(tokens);
    return rules;
  }

  // Null if a pair has a token that does not exist yet, comes twice, or makes a token that is too long.
  static std::shared_ptr<const Rules> pairs(const std::vector<Pair>& merges) {
    auto rules = std::make_shared<Rules>();
    rules->is_bpe = true;
    for (int byte = 0; byte < 256; ++byte) rules->tokens.emplace_back(1, static_cast<char>(byte));
    for (const auto& [left, right] : merges) {
      const auto next = static_cast<Token>(rules->tokens.size());
      if (left >= next || right >= next) return nullptr;
      if (!rules->ranks.emplace(key_of(left, right), next).second) return nullptr;
      std::string token = rules->tokens[left] + rules->tokens[right];
      if (token.size() > longest_piece) return nullptr;
      rules->tokens.push_back(std::move(token));
    }
    rules->merges = merges;
    return rules;
  }
};

Tokenizer Tokenizer::characters(std::string_view text, Loc where) {
  if (text.empty())
    throw Error("Tokenizer", {.wrong = "the text is empty", .expected = "one character or more"}, where);
  std::set<std::string> characters, bytes;  // UTF-8 sorts as its code points do
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text.substr(at));
    std::string token(text.substr(at, length));
    (is_byte(token) ? bytes : characters).insert(std::move(token));
    at += length;
  }
  std::vector<std::string> tokens(characters.begin(), characters.end());
  tokens.insert(tokens.end(), bytes.begin(), bytes.end());
  return Tokenizer(Rules::characters(std::move(tokens)));
}

Tokenizer Tokenizer::bpe(std::string_view text, std::int64_t merges, Loc where) {
  if (merges < 0 || merges > most_merges)
    throw Error("Tokenizer",
                {.wrong = "the number of merges is out of range",
                 .got = formatted("{}", merges),
                 .expected = formatted("0 to {}", most_merges)},
                where);
  return Tokenizer(Rules::pairs(learn_pairs(text, merges)));
}

std::vector<std::int64_t> Tokenizer::encode(std::string_view text, Loc where) const {
  std::vector<std::int64_t> tokens;
  if (rules_->is_bpe) {
    std::unordered_map<std::string_view, std::vector<Token>> known;
    for (const std::string_view piece : pieces(text)) {
      const auto [at, is_new] = known.try_emplace(piece);
      if (is_new) at->second = merged(piece, rules_->ranks);
      tokens.insert(tokens.end(), at->second.begin(), at->second.end());
    }
    return tokens;
  }
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text.substr(at));
    const std::string character(text.substr(at, length));
    const auto found = rules_->numbers.find(character);
    if (found == rules_->numbers.end())
      throw Error("encode",
                  {.wrong = formatted("the tokenizer does not know the character at byte {}", at),
                   .got = formatted("{:?}", character),
                   .expected = "characters of the text that it was made from",
                   .advice = "Tokenizer::bpe() knows every text"},
                  where);
    tokens.push_back(found->second);
    at += length;
  }
  return tokens;
}

std::string Tokenizer::decode(std::span<const std::int64_t> tokens, Loc where) const {
  std::string text;
  for (const std::int64_t token : tokens) text += bytes(token, where);
  return text;
}

std::int64_t Tokenizer::size() const { return std::ssize(rules_->tokens); }

const std::string& Tokenizer::bytes(std::int64_t token, Loc where) const {
  if (token < 0 || token >= size())
    throw Error("decode",
                {.wrong = "there is no such token",
                 .got = formatted("{}", token),
                 .expected = formatted("0 to {}", size() - 1)},
                where);
  return rules_->tokens[static_cast<std::size_t>(token)];
}

std::string Tokenizer::describe() const {
  return formatted("{} {}", size(), rules_->is_bpe ? "byte pairs" : "characters");
}

std::string Tokenizer::to_json() const {
  Json json;
  if (rules_->is_bpe) {
    json = {{"kind", "bpe"}, {"merges", Json::array()}};
    for (const auto& [left, right] : rules_->merges) json["merges"].push_back({left, right});
  } else {
    std::string characters;
    Json bytes = Json::array();
    for (const std::string& token : rules_->tokens) {
      if (is_byte(token))
        bytes.push_back(static_cast<unsigned char>(token[0]));
      else
        characters += token;
    }
    json = {{"bytes", bytes}, {"characters", characters}, {"kind", "characters"}};
  }
  return json.dump(-1, ' ', true);
}

namespace {

[[noreturn]] void refuse(std::string_view json, Loc where) {
  throw Error(
      "Tokenizer",
      {.wrong = "the text does not describe a tokenizer",
       .got = formatted("{:?}{}", json.substr(0, 60), json.size() > 60 ? "…" : ""),
       .expected = R"({"kind": "bpe", "merges": […]} or {"kind": "characters", "characters": "…", "bytes": […]})",
       .advice = "give it what to_json() returned"},
      where);
}

std::vector<Pair> pairs_in(const Json& json) {
  const auto& list = json.at("merges").get_ref<const Json::array_t&>();
  std::vector<Pair> merges;
  for (const Json& pair : list) merges.push_back(pair.get<Pair>());
  return merges;
}

std::vector<std::string> tokens_in(const Json& json) {
  const auto& text = json.at("characters").get_ref<const std::string&>();
  std::vector<std::string> tokens;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(std::string_view(text).substr(at));
    tokens.push_back(text.substr(at, length));
    at += length;
  }
  for (const Json& byte : json.at("bytes").get_ref<const Json::array_t&>())
    tokens.emplace_back(1, static_cast<char>(byte.get<int>()));
  return tokens;
}

// The order of the names does not count.
bool same(const Json& a, const Json& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, value] : a.items())
    if (!b.contains(name) || b.at(name) != value) return false;
  return true;
}

}  // namespace

Tokenizer Tokenizer::from_json(std::string_view text, Loc where) try {
  const Json json = io::parse_json(text);
  const std::string kind = json.at("kind").get<std::string>();
  if (kind != "bpe" && kind != "characters") refuse(text, where);
  const Tokenizer tokenizer(kind == "bpe" ? Rules::pairs(pairs_in(json)) : Rules::characters(tokens_in(json)));
  // What is not written by to_json, such as a character that comes twice, does not come back from it.
  if (!tokenizer.rules_ || tokenizer.size() == 0) refuse(text, where);
  if (!same(io::parse_json(tokenizer.to_json()), json)) refuse(text, where);
  return tokenizer;
} catch (const Json::exception&) { refuse(text, where); }

}  // namespace gradus::data
