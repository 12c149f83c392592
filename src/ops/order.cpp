// Elements in order: sort, topk.
#include <algorithm>
#include <vector>

#include "ops/common.hpp"

namespace gradus {

using namespace detail;

namespace {

// NaN counts as the largest.
template <class T>
bool below(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return a < b || (b != b && a == a);
  return a < b;
}

// Where the first k elements in order stand along the axis; equal ones keep their order. Not recorded.
Tensor places(const Tensor& x, int axis, std::int64_t k, bool descending) {
  const Block b = block(x, Shape{axis});
  Shape shape = x.shape();
  shape[axis] = k;
  const Tensor y = empty(shape, i64);
  visit(x.dtype(), [&]<class T>() {
    const T* from = data<T>(b.x);
    std::int64_t* to = data<std::int64_t>(y);
    struct Place {
      T value;
      std::int64_t at;
    };
    std::vector<Place> list(static_cast<std::size_t>(b.n));
    const auto before = [descending](const Place& p, const Place& q) {
      if (below(p.value, q.value)) return !descending;
      return below(q.value, p.value) ? descending : p.at < q.at;
    };
    for (std::int64_t line = 0; line < b.outer * b.inner; ++line) {
      const std::int64_t outer = line / b.inner, inner = line % b.inner;
      const T* row = from + outer * b.n * b.inner + inner;
      for (std::int64_t i = 0; i < b.n; ++i) list[static_cast<std::size_t>(i)] = {row[i * b.inner], i};
      if (k < b.n) std::nth_element(list.begin(), list.begin() + k, list.end(), before);
      std::sort(list.begin(), list.begin() + k, before);
      for (std::int64_t i = 0; i < k; ++i) to[(outer * k + i) * b.inner + inner] = list[static_cast<std::size_t>(i)].at;
    }
  });
  return y;
}

ValuesIndices first(const Arg& x, int axis, std::int64_t k, bool descending) {
  const Tensor at = places(x, axis, k, descending);
  const At line(x);
  return {gather(x, axis, at), at};
}

}  // namespace

ValuesIndices sort(Arg x, int axis, bool descending) {
  check_defined(x, "sort", x.where);
  const int at = static_cast<int>(normal_axis(axis, x.tensor().dim(), "sort", x.where));
  return first(x, at, x.tensor().shape()[at], descending);
}

ValuesIndices topk(Arg x, std::int64_t k, int axis, bool largest) {
  check_defined(x, "topk", x.where);
  const int at = static_cast<int>(normal_axis(axis, x.tensor().dim(), "topk", x.where));
  const std::int64_t n = x.tensor().shape()[at];
  if (k < 0 || k > n)
    fail("topk",
         {.wrong = "k is out of range",
          .got = formatted("k = {} of axis {} of shape {}", k, at, to_string(x.tensor().shape())),
          .expected = formatted("0 to {}", n)},
         x);
  return first(x, at, k, largest);
}

}  // namespace gradus
