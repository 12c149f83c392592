// The part of a matrix below or above a diagonal.
#include <algorithm>

#include "ops/common.hpp"

namespace gradus {

using namespace detail;

namespace {

template <class Keep>
Tensor triangle(const char* operation, const Arg& x, std::int64_t diagonal, Keep keep) {
  check_defined(x, operation, x.where);
  const Shape& shape = x.tensor().shape();
  const int dims = shape.size();
  if (dims < 2)
    fail(operation,
         {.wrong = "the input is not a matrix", .got = "shape " + to_string(shape), .expected = "at least two axes"},
         x);
  const At line(x);
  const std::int64_t rows_n = shape[dims - 2], cols_n = shape[dims - 1];
  const Tensor offset = arange(cols_n) - unsqueeze(arange(rows_n), 1);
  const double limit = static_cast<double>(std::clamp(diagonal, -rows_n, cols_n));
  return where(keep(offset, limit), x, 0);
}

}  // namespace

Tensor tril(Arg x, std::int64_t diagonal) {
  return triangle("tril", x, diagonal, [](const Tensor& offset, double limit) { return offset <= limit; });
}
Tensor triu(Arg x, std::int64_t diagonal) {
  return triangle("triu", x, diagonal, [](const Tensor& offset, double limit) { return offset >= limit; });
}

}  // namespace gradus
