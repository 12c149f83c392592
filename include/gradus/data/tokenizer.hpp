// Text as numbers, and back.
//
//   const auto tokenizer = data::Tokenizer::bpe(text, 500);
//   const std::vector<std::int64_t> tokens = tokenizer.encode("To be, or not to be");
//   tokenizer.decode(tokens);  // "To be, or not to be"
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gradus/error.hpp>

namespace gradus::data {

/// A vocabulary of byte strings, and the rule by which a text is cut into them. Decoding what was encoded gives the
/// same bytes, UTF-8 or not. A copy is cheap: it shares the vocabulary.
class Tokenizer {
 public:
  /// One token for each character that is in the text, in the order of their code points. A byte that is no part of
  /// UTF-8 is a character of its own. Throws for an empty text.
  static Tokenizer characters(std::string_view text, Loc where = Loc::current());

  /// Byte pair encoding (Sennrich, Haddow and Birch, "Neural machine translation of rare words with subword units",
  /// 2016) on bytes: the tokens 0 … 255 are the bytes, and each merge makes one token of the pair that is most frequent
  /// in the text, the smallest of several. No token spans two words: a space belongs to the word behind it, and
  /// letters, digits, marks and white space do not mix. So 256 + merges tokens, or fewer if no pair occurs twice.
  static Tokenizer bpe(std::string_view text, std::int64_t merges, Loc where = Loc::current());

  /// Throws for a character that a character tokenizer does not know; byte pairs know every text.
  std::vector<std::int64_t> encode(std::string_view text, Loc where = Loc::current()) const;
  /// Throws for a number that is no token. The text may end inside of a character.
  std::string decode(std::span<const std::int64_t> tokens, Loc where = Loc::current()) const;

  std::int64_t size() const;                                                       ///< how many tokens
  const std::string& bytes(std::int64_t token, Loc where = Loc::current()) const;  ///< what a token stands for
  std::string describe() const;  ///< "65 characters", "756 byte pairs"

  /// As JSON in ASCII: gradus train saves it in the metadata of a model, under the key "tokenizer".
  ///   {"kind": "characters", "characters": "abc", "bytes": [255]}
  ///   {"kind": "bpe", "merges": [[116, 104], [256, 101]]}
  std::string to_json() const;
  /// The tokenizer that to_json() described. Throws for anything else.
  static Tokenizer from_json(std::string_view json, Loc where = Loc::current());

 private:
  struct Rules;
  explicit Tokenizer(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}
  std::shared_ptr<const Rules> rules_;
};

}  // namespace gradus::data
