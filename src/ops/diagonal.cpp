// Diagonals and triangles of matrices, and products of vectors: compositions of views, sums and products.
#include <algorithm>
#include <vector>

#include "ops/common.hpp"

namespace gradus {

using namespace detail;

namespace {

// The elements of a flattened matrix that lie on a diagonal.
Range along(std::int64_t rows, std::int64_t columns, std::int64_t offset) {
  if (offset >= columns || offset <= -rows) return {0, 0};
  const std::int64_t start = offset >= 0 ? offset : -offset * columns;
  const std::int64_t count = offset >= 0 ? std::min(rows, columns - offset) : std::min(rows + offset, columns);
  return {.start = start, .stop = start + (count - 1) * (columns + 1) + 1, .step = columns + 1};
}

void check_vector(const char* operation, const char* what, const Arg& x) {
  check_defined(x, operation, x.where);
  if (x.tensor().dim() != 1)
    fail(operation,
         {.wrong = std::string(what) + " is not a vector",
          .got = "shape " + to_string(x.tensor().shape()),
          .expected = "one axis"},
         x);
}

// How many elements tril keeps in row i of a square matrix.
std::int64_t kept(std::int64_t i, std::int64_t n, std::int64_t diagonal) {
  return std::clamp<std::int64_t>(i + std::clamp(diagonal, -n, n) + 1, 0, n);
}

// The places of a flattened (n, n) matrix in the lower triangle, row by row.
Tensor places_of_tril(std::int64_t n, std::int64_t diagonal) {
  std::vector<std::int64_t> list;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < kept(i, n, diagonal); ++j) list.push_back(i * n + j);
  return from_data(list, {static_cast<std::int64_t>(list.size())});
}

}  // namespace

Tensor diagonal(Arg x, std::int64_t offset, int axis1, int axis2) {
  check_defined(x, "diagonal", x.where);
  const int dims = x.tensor().dim();
  const std::int64_t first = normal_axis(axis1, dims, "diagonal", x.where);
  const std::int64_t second = normal_axis(axis2, dims, "diagonal", x.where);
  if (first == second)
    fail("diagonal",
         {.wrong = "both axes are the same",
          .got = formatted("axes {} and {} of shape {}", axis1, axis2, to_string(x.tensor().shape())),
          .expected = "two axes"},
         x);
  Axes order;
  Shape shape;
  for (int axis = 0; axis < dims; ++axis)
    if (axis != first && axis != second) {
      order.push_back(axis);
      shape.push_back(x.tensor().shape()[axis]);
    }
  order.push_back(first);
  order.push_back(second);
  const std::int64_t rows = x.tensor().shape()[static_cast<int>(first)];
  const std::int64_t columns = x.tensor().shape()[static_cast<int>(second)];
  shape.push_back(rows * columns);
  const At at(x);
  return slice(reshape(permute(x, order), shape), -1, along(rows, columns, offset));
}

Tensor diag(Arg x, std::int64_t diagonal) {
  check_defined(x, "diag", x.where);
  const int dims = x.tensor().dim();
  if (dims != 1 && dims != 2)
    fail("diag",
         {.wrong = "neither a vector nor a matrix",
          .got = "shape " + to_string(x.tensor().shape()),
          .expected = "one or two axes",
          .advice = "of a batch of matrices: diagonal(x, 0, -2, -1)"},
         x);
  const At at(x);
  if (dims == 2) return gradus::diagonal(x, diagonal);
  constexpr std::int64_t most = std::int64_t{1} << 30;
  if (diagonal < -most || diagonal > most || x.tensor().numel() > most)
    fail("diag",
         {.wrong = "the diagonal is out of range",
          .got = formatted("{} of shape {}", diagonal, to_string(x.tensor().shape())),
          .expected = "up to 2^30"},
         x);
  const std::int64_t n = x.tensor().numel() + std::abs(diagonal);
  const Range place = along(n, n, diagonal);
  return reshape(unslice(x, {n * n}, std::span(&place, 1)), {n, n});
}

Tensor pack_tril(Arg x, std::int64_t diagonal) {
  check_defined(x, "pack_tril", x.where);
  Shape shape = x.tensor().shape();
  const int dims = shape.size();
  if (dims < 2 || shape[dims - 1] != shape[dims - 2])
    fail("pack_tril",
         {.wrong = "not square matrices", .got = "shape " + to_string(shape), .expected = "shape (…, n, n)"}, x);
  const std::int64_t n = shape.back();
  shape.erase(dims - 1);
  shape[dims - 2] = n * n;
  const At at(x);
  return index_select(reshape(x, shape), -1, places_of_tril(n, diagonal));
}

Tensor unpack_tril(Arg packed, std::int64_t n, std::int64_t diagonal) {
  check_defined(packed, "unpack_tril", packed.where);
  if (n < 0 || n > std::int64_t{1} << 24)
    fail("unpack_tril", {.wrong = "the size is out of range", .got = formatted("n = {}", n), .expected = "0 to 2^24"},
         packed);
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < n; ++i) count += kept(i, n, diagonal);
  Shape shape = packed.tensor().shape();
  if (shape.empty() || shape.back() != count || shape.size() == max_dims)
    fail("unpack_tril",
         {.wrong = "the last axis does not hold a triangle",
          .got = formatted("shape {}, n = {}", to_string(shape), n),
          .expected = formatted("shape (…, {}), of at most 7 axes", count)},
         packed);
  shape[shape.size() - 1] = n * n;
  const At at(packed);
  const Tensor flat = index_add(zeros(shape, packed.tensor().dtype()), -1, places_of_tril(n, diagonal), packed);
  shape[shape.size() - 1] = n;
  shape.push_back(n);
  return reshape(flat, shape);
}

Tensor trace(Arg x) {
  check_defined(x, "trace", x.where);
  if (x.tensor().dim() < 2)
    fail("trace",
         {.wrong = "not a matrix", .got = "shape " + to_string(x.tensor().shape()), .expected = "at least two axes"},
         x);
  const At at(x);
  return sum(diagonal(x, 0, -2, -1), -1);
}

Tensor outer(Arg a, Arg b) {
  check_vector("outer", "a", a);
  check_vector("outer", "b", b);
  check_same_dtype("outer", a, b);
  const At at(a);
  return unsqueeze(a, 1) * unsqueeze(b, 0);
}

Tensor cross(Arg a, Arg b, int axis) {
  check_same_dtype("cross", a, b);
  const auto check = [&](const Arg& x) {
    const Shape& shape = x.tensor().shape();
    if (shape[static_cast<int>(normal_axis(axis, shape.size(), "cross", a.where))] != 3)
      fail("cross",
           {.wrong = "the axis does not hold vectors in space",
            .got = formatted("axis {} of shape {}", axis, to_string(shape)),
            .expected = "a size of 3"},
           a);
  };
  check(a);
  check(b);
  const At at(a);
  const auto turned = [axis](const Arg& x, std::int64_t by) { return roll(x, {-by}, {axis}); };
  return turned(a, 1) * turned(b, 2) - turned(a, 2) * turned(b, 1);
}

}  // namespace gradus
