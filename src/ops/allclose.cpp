// allclose and equal: whole tensors compared, for tests.
#include <cmath>

#include "ops/common.hpp"

namespace gradus {

using namespace detail;

namespace {

// same(a, b) for all pairs of elements of two tensors of one shape and dtype.
template <class Same>
bool all_pairs(const char* operation, const Tensor& a, const Tensor& b, Same same) {
  check_defined(a, operation, Loc());
  check_defined(b, operation, Loc());
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  const Tensor x = dense(a), y = dense(b);
  return visit(a.dtype(), [&]<class T>() {
    const T *p = detail::data<T>(x), *q = detail::data<T>(y);
    for (std::int64_t i = 0; i < x.numel(); ++i)
      if (!(p[i] == q[i] || (p[i] != p[i] && q[i] != q[i]) || same(p[i], q[i]))) return false;
    return true;
  });
}

}  // namespace

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol) {
  return all_pairs("allclose", a, b, [&](auto x, auto y) {
    const double p = static_cast<double>(x), q = static_cast<double>(y);
    return std::isfinite(q) && std::abs(p - q) <= atol + rtol * std::abs(q);
  });
}

bool equal(const Tensor& a, const Tensor& b) {
  return all_pairs("equal", a, b, [](auto, auto) { return false; });
}

}  // namespace gradus
