// Learning merges: each distinct piece of the text is a word with a count, and a merge touches only the words that have
// its pair.
#include "data/pairs.hpp"

#include <algorithm>
#include <queue>

#include "data/words.hpp"

namespace gradus::data {
namespace {

struct Word {
  std::vector<Token> tokens;
  std::int64_t count = 0;
};

std::vector<Token> bytes_of(std::string_view piece) {
  std::vector<Token> tokens;
  for (const char c : piece) tokens.push_back(static_cast<unsigned char>(c));
  return tokens;
}

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  std::unordered_map<std::string_view, std::size_t> known;
  for (const std::string_view piece : pieces(text)) {
    const auto [at, is_new] = known.try_emplace(piece, words.size());
    if (is_new) words.push_back({bytes_of(piece)});
    ++words[at->second].count;
  }
  return words;
}

// Every occurrence of the pair, from the left, becomes one token.
void merge(std::vector<Token>& tokens, Pair pair, Token into) {
  std::size_t to = 0;
  for (std::size_t from = 0; from < tokens.size(); ++to) {
    const bool here = from + 1 < tokens.size() && tokens[from] == pair.first && tokens[from + 1] == pair.second;
    tokens[to] = here ? into : tokens[from];
    from += here ? 2 : 1;
  }
  tokens.resize(to);
}

class Learner {
 public:
  explicit Learner(std::string_view text) : words_(words_of(text)) {
    for (std::size_t w = 0; w < words_.size(); ++w) count(w, 1);
    for (const auto& [pair, found] : pairs_) push(pair, found.count);
  }

  // Merges the most frequent pair into a new token; false if none occurs twice.
  bool step(Token into, std::vector<Pair>& merges) {
    const auto best = pop();
    if (best.count < 2) return false;
    const Pair pair{static_cast<Token>(best.pair >> 32), static_cast<Token>(best.pair)};
    merges.push_back(pair);
    std::vector<std::size_t> words = std::move(pairs_[best.pair].words);
    std::ranges::sort(words);  // a word is listed each time that it gained the pair
    words.erase(std::unique(words.begin(), words.end()), words.end());
    changed_.clear();
    for (const std::size_t w : words) {
      count(w, -1);
      merge(words_[w].tokens, pair, into);
      count(w, 1);
    }
    for (const std::uint64_t other : changed_) {
      const std::int64_t now = pairs_[other].count;
      if (now > 0) push(other, now);
    }
    return true;
  }

 private:
  struct Found {
    std::int64_t count = 0;
    std::vector<std::size_t> words;  // those that have the pair, and some that had it
  };
  struct Candidate {
    std::int64_t count;
    std::uint64_t pair;
    bool operator<(const Candidate& o) const { return count != o.count ? count < o.count : pair > o.pair; }
  };

  // Adds the pairs of a word, or takes them away.
  void count(std::size_t w, int sign) {
    const Word& word = words_[w];
    for (std::size_t i = 0; i + 1 < word.tokens.size(); ++i) {
      const std::uint64_t pair = key_of(word.tokens[i], word.tokens[i + 1]);
      Found& found = pairs_[pair];
      found.count += sign * word.count;
      if (sign < 0) continue;
      if (found.words.empty() || found.words.back() != w) found.words.push_back(w);
      changed_.push_back(pair);
    }
  }
  void push(std::uint64_t pair, std::int64_t count) { queue_.push({count, pair}); }
  // The pair with the largest count of now: what the queue says may be old.
  Candidate pop() {
    while (!queue_.empty()) {
      const Candidate top = queue_.top();
      queue_.pop();
      const std::int64_t now = pairs_[top.pair].count;
      if (now == top.count) return top;
      if (now > 0 && now < top.count) push(top.pair, now);
    }
    return {0, 0};
  }

  std::vector<Word> words_;
  std::unordered_map<std::uint64_t, Found> pairs_;
  std::priority_queue<Candidate> queue_;
  std::vector<std::uint64_t> changed_;  // pairs that a step has counted
};

}  // namespace

std::vector<Pair> learn_pairs(std::string_view text, std::int64_t merges) {
  Learner learner(text);
  std::vector<Pair> list;
  while (std::ssize(list) < merges && learner.step(static_cast<Token>(256 + list.size()), list)) {}
  return list;
}

std::vector<Token> merged(std::string_view piece, const Ranks& ranks) {
  std::vector<Token> tokens = bytes_of(piece);
  while (tokens.size() > 1) {
    Token first = ~Token{0};  // the earliest merge of all that could be done
    Pair pair;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      const auto at = ranks.find(key_of(tokens[i], tokens[i + 1]));
      if (at == ranks.end() || at->second >= first) continue;
      first = at->second;
      pair = {tokens[i], tokens[i + 1]};
    }
    if (first == ~Token{0}) break;
    merge(tokens, pair, first);
  }
  return tokens;
}

}  // namespace gradus::data
