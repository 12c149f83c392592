// Which matrix products the library's own kernel makes, and which the CBLAS: whichever was faster for the class of
// shapes when it was measured. In a build without a CBLAS, and after set_deterministic(true), all are the library's
// own.
#pragma once

#include <string>

#include "kernels.hpp"

namespace gradus::kernels {

/// A class of shapes: how the factors are transposed, and between which of a few bounds m, n and k lie.
struct ProductClass {
  bool ta, tb;
  int m, n, k;  // which interval, from 0
};
constexpr int kProductRows = 6, kProductDepths = 4;                                // intervals of m and n; of k
constexpr int kProductClasses = 4 * kProductRows * kProductRows * kProductDepths;  // for each dtype
constexpr Index kProductRowBounds[kProductRows - 1] = {1, 4, 15, 48, 192};         // m <= 1, m <= 4, …
constexpr Index kProductDepthBounds[kProductDepths - 1] = {12, 48, 192};

ProductClass product_class(int index);
int product_index(bool ta, bool tb, Index m, Index n, Index k);
/// A shape in the middle of a class: m, n or k.
Index typical_rows(int interval);
Index typical_depth(int interval);

/// For f32 and f64, which classes are the library's own.
struct ProductTable {
  bool own[2][kProductClasses];
};
/// The table in use: that of the file which GRADUS_PRODUCTS names, else the shipped one. Written by tools that measure.
ProductTable& products();
/// As the file has it: a line for each dtype, layout and pair of intervals of m and n, whose last word has a digit for
/// each interval of k, 1 for the library's own kernel.
std::string write_products(const ProductTable& table);
/// False if text is not such a table.
bool read_products(const std::string& text, ProductTable& table);

}  // namespace gradus::kernels
