// Parts of the lines that say what an operation computes, formula(), and what its rule gives, rule(). In these lines
//
//   y, g              the result and its gradient; inputs by their letters; attributes by their names
//   a b, a ⊙ b        products; in operations with a ᵀ, which swaps the last two axes, a b is the product of matrices
//   … where c, else … one of several; what follows after a comma says what a name stands for
//   y[i, j] = …       for each i and j
//   y[i] += …         added up over all other letters too, from 0; what lies outside of a tensor counts as 0
//   [i, …]            and all axes behind
//   gather(g, index, axis 0)   g[index[h, …], …] for each h; last(index, axis 0): no later h has the same index
//   cumprod'(g, x, axis 0)   the sum over h >= k of g[h] times the product of x[0] … x[h] without x[k]
//
// tests/gate/formula.hpp computes with them, so that none is wrong.
#pragma once

#include <string>

#include <gradus/tensor.hpp>

#include "tensor/format.hpp"

namespace gradus::detail {

// ", axis 1", ", axes 0, 2": the last argument of sum(…) and the like.
inline std::string over_axes(const Shape& axes) {
  if (axes.empty()) return ", no axes";
  std::string text = axes.size() == 1 ? ", axis " : ", axes ";
  for (int i = 0; i < axes.size(); ++i) text += (i ? ", " : "") + std::to_string(axes[i]);
  return text;
}
// The end of a rule whose g and y have lost these axes.
inline std::string repeated(const Shape& axes) {
  return axes.empty() ? "" : ", repeated along " + over_axes(axes).substr(2);
}

// One share for each of several inputs.
template <class Share>
std::string shares(int count, const Share& share) {
  std::string text;
  for (int k = 0; k < count; ++k) text += (k ? "   " : "") + share(k);
  return text;
}

inline const char* index_letter(int i) {
  constexpr const char* letters[] = {"i", "j", "m", "n", "o", "q", "r", "s"};
  return letters[i];
}
// The axes before one that an index is about: "i, j, ".
inline std::string before(std::int64_t axis) {
  std::string text;
  for (int i = 0; i < axis; ++i) text += std::string(index_letter(i)) + ", ";
  return text;
}

// "[i, j]"
inline std::string in_order(int axes) {
  std::string text = "[";
  for (int i = 0; i < axes; ++i) text += (i ? ", " : "") + std::string(index_letter(i));
  return text + "]";
}
// "[2i + 1, j]": where the window takes its elements.
inline std::string stepped(const Shape& start, const Shape& step) {
  std::string text = "[";
  for (int i = 0; i < start.size(); ++i) {
    if (i) text += ", ";
    if (step[i] != 1) text += std::to_string(step[i]);
    text += index_letter(i);
    if (start[i] != 0) text += " + " + std::to_string(start[i]);
  }
  return text + "]";
}

// "[j, i]": the letters of these axes.
inline std::string places(const Shape& axes) {
  std::string text;
  for (const auto axis : axes) text += (text.empty() ? "[" : ", ") + std::string(index_letter(static_cast<int>(axis)));
  return text + "]";
}

// "2i + u - 1": where a window at i reaches.
inline std::string reached(const char* place, std::int64_t stride, const char* inside, std::int64_t dilation,
                           std::int64_t padding) {
  const auto times = [](std::int64_t n, const char* x) { return n == 1 ? std::string(x) : std::to_string(n) + x; };
  return times(stride, place) + " + " + times(dilation, inside) + (padding ? " - " + std::to_string(padding) : "");
}

}  // namespace gradus::detail
