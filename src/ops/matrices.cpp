// Batches of matrices: their factors, the checks of operands, the errors that name one of them.
#include "ops/matrices.hpp"

#include <numeric>

namespace gradus::detail {

Factored factored(const Tensor& x) {
  const Batch b(x);
  Shape vectors = b.shape;
  vectors.push_back(b.rows);
  Factored r{own_copy(x), empty(vectors, i64), empty(b.shape, i64)};
  visit_floating(x.dtype(), [&]<class T>() {
    std::vector<int> pivots(static_cast<std::size_t>(b.count * b.rows));
    for_matrices(b, [&](std::int64_t k) {
      data<std::int64_t>(r.singular)[k] =
          kernels::factor(b.rows, data<T>(r.lu) + k * b.rows * b.rows, pivots.data() + k * b.rows);
    });
    std::copy(pivots.begin(), pivots.end(), data<std::int64_t>(r.pivots));
  });
  return r;
}

std::string which_matrix(const Shape& batch, std::int64_t k) {
  if (batch.empty()) return "the matrix";
  std::string place;
  for (int axis = batch.size(); axis-- > 0; k /= batch[axis])
    place = std::to_string(k % batch[axis]) + (place.empty() ? "" : ", ") + place;
  return "matrix [" + place + "]";
}

void refuse_singular(const Fwd& f, const Tensor& bad) {
  const std::int64_t* pivot = data<std::int64_t>(bad);
  for (std::int64_t k = 0; k < bad.numel(); ++k)
    if (pivot[k] != 0)
      f.fail({.wrong = "a matrix is singular",
              .got = formatted("{}, whose pivot {} is 0", which_matrix(bad.shape(), k), pivot[k] - 1),
              .expected = "matrices with an inverse",
              .advice = "add a small multiple of eye(n), or find the linear dependence of its rows"});
}

void check_square(const char* operation, const Arg& x) {
  check_floating(operation, x);
  const Shape& shape = x.tensor().shape();
  const int dims = shape.size();
  if (dims < 2 || shape[dims - 1] != shape[dims - 2])
    fail(operation, {.wrong = "not square matrices", .got = "shape " + to_string(shape), .expected = "shape (…, n, n)"},
         x);
}

Operands operands(const char* operation, const Arg& a, const Arg& b, bool left) {
  check_square(operation, a);
  check_same_dtype(operation, a, b);
  const Shape &sa = a.tensor().shape(), &sb = b.tensor().shape();
  const int dims = sb.size();
  const std::int64_t n = sa.back();
  if (dims < 2 || sb[left ? dims - 2 : dims - 1] != n)
    fail(operation,
         {.wrong = "the sizes of a and b do not fit",
          .got = formatted("a {}, b {}", to_string(sa), to_string(sb)),
          .expected = left ? formatted("b (…, {}, k)", n) : formatted("b (…, k, {})", n)},
         a);
  const Batch of_a(a), of_b(b);
  if (of_a.shape == of_b.shape) return {a, b};
  const At at(a);
  const Shape batch = broadcast_shape(of_a.shape, of_b.shape, operation, a.where);
  const auto spread = [&](const Arg& x, const Batch& own) {
    Shape to = batch;
    to.push_back(own.rows);
    to.push_back(own.columns);
    return x.tensor().shape() == to ? x.tensor() : expand(Arg(x.tensor(), a.where), to);
  };
  return {spread(a, of_a), spread(b, of_b)};
}

}  // namespace gradus::detail
