// A sequence of tokens as examples for a network that predicts the next token.
//
//   const auto tokenizer = data::Tokenizer::characters(text);
//   const auto [train, test] = data::windows(tokenizer.encode(text), {.block = 64, .size = 12, .seed = 1});
//   auto [x, y] = train.batch(step);  // x and y (12, 64), i64: y is x one token later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <gradus/data/dataset.hpp>

namespace gradus::data {

struct WindowOptions {
  std::int64_t block = 64;     ///< tokens in a window
  std::int64_t size = 12;      ///< windows in a batch
  double test_fraction = 0.1;  ///< the end of the text is set aside
  std::uint64_t seed = 0;      ///< of the places of the windows
};

/// A part of a text, and windows of it. The tokens are kept in four bytes each.
class Windows {
 public:
  Windows(std::span<const std::int64_t> tokens, const WindowOptions& options, Loc where);  ///< use windows(), below

  /// Windows at random places, which are a function of the seed and `step` alone.
  Dataset batch(std::int64_t step) const;
  /// All windows side by side, from the first token on, without overlap: each token but the first is predicted once.
  /// The last tokens, fewer than a window, are left out. Batch number i of batches(); the last one may be smaller.
  Dataset in_order(std::int64_t i) const;
  std::int64_t batches() const;                                                    ///< how many batches in order
  std::int64_t size() const { return static_cast<std::int64_t>(tokens_.size()); }  ///< how many tokens

 private:
  Dataset at(std::span<const std::int64_t> places) const;

  std::vector<std::uint32_t> tokens_;
  WindowOptions options_;
  Loc where_;
};

/// A text in two parts, by place: the end is the test part.
struct WindowSplit {
  Windows train;  ///< to learn from
  Windows test;   ///< to measure what was learnt
};

/// Throws for a block or a size below 1, for a fraction that is not between 0 and 1, for tokens below 0 or of 2^32 and
/// above, and for a text of which a part has not a token more than a window.
WindowSplit windows(std::span<const std::int64_t> tokens, const WindowOptions& options = {},
                    Loc where = Loc::current());

}  // namespace gradus::data
