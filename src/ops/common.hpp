// What the files of operations share.
#pragma once

#include <algorithm>
#include <cmath>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "ops/rows.hpp"
#include "tensor/format.hpp"
#include "tensor/loops.hpp"
#include "tensor/number.hpp"

namespace gradus::detail {

[[noreturn]] inline void fail(const char* operation, Complaint complaint, const Arg& at) {
  throw Error(operation, std::move(complaint), user_line(at.where));
}

inline void check_floating(const char* operation, const Arg& x) {
  check_defined(x, operation, x.where);
  if (!is_floating(x.tensor().dtype())) refuse_dtype(operation, x.tensor().dtype(), x.where);
}

inline constexpr std::int64_t largest_option = std::int64_t{1} << 31;  // of a window: sizes must not overflow

[[noreturn]] inline void refuse_number(const char* operation, const char* what, double value, const char* expected,
                                       const Arg& at) {
  fail(operation,
       {.wrong = std::string(what) + " is out of range",
        .got = formatted("{} = {}", what, number_text(value)),
        .expected = expected},
       at);
}

inline void check_finite(const char* operation, const char* what, double value, const Arg& at) {
  if (!std::isfinite(value)) refuse_number(operation, what, value, "a finite number", at);
}

// The eps of a normalisation.
inline void check_eps(const char* operation, double eps, const Arg& at) {
  if (!(eps >= 0 && eps < infinity)) refuse_number(operation, "eps", eps, "a finite number of 0 or more", at);
}

// What all operations without attributes share.
struct Plain {
  void fields(auto&) const {}
};

// Height and width, as an attribute.
inline Shape list(const Pair& p) { return {p[0], p[1]}; }
inline Pair pair(const Shape& s) { return {s[0], s[1]}; }

// The one of two dtypes to convert to: of the floating-point operand, and f32 rather than f64.
inline DType common_dtype(const Tensor& a, const Tensor& b) { return std::min(a.dtype(), b.dtype()); }

inline void check_same_dtype(const char* operation, const Arg& a, const Arg& b) {
  check_defined(a, operation, a.where);
  check_defined(b, operation, b.where);
  if (a.tensor().dtype() != b.tensor().dtype())
    fail(operation,
         {.wrong = "dtypes differ",
          .got = formatted("{} and {}", name(a.tensor().dtype()), name(b.tensor().dtype())),
          .expected = "one dtype: nothing is converted silently",
          .advice = formatted("convert one of them: x.to({})", name(common_dtype(a.tensor(), b.tensor())))},
         a);
}

inline void check_dtype(const char* operation, const char* argument, const Arg& x, DType dtype) {
  check_defined(x, operation, x.where);
  if (x.tensor().dtype() != dtype)
    fail(operation,
         {.wrong = formatted("wrong dtype of {}", argument),
          .got = name(x.tensor().dtype()),
          .expected = name(dtype),
          .advice = std::string("convert it: x.to(") + name(dtype) + ")"},
         x);
}

// More than any tensor has; sums of a few of it do not overflow.
inline constexpr std::int64_t size_limit = std::int64_t{1} << 60;

// How much of a padded axis is left beside one window. Extreme options are limited, so that nothing overflows.
inline std::int64_t window_room(std::int64_t size, std::int64_t window, std::int64_t padding, std::int64_t dilation) {
  const auto limited = [](std::int64_t n) { return std::clamp(n, -size_limit, size_limit); };
  std::int64_t reach = 0;
  if (__builtin_mul_overflow(dilation, limited(window) - 1, &reach)) reach = size_limit;
  return limited(size) + 2 * limited(padding) - limited(reach) - 1;
}

// The weight of a layer decides: an input of another dtype is the one to convert.
inline void check_input_dtype(const char* operation, const Arg& x, const Tensor& weight) {
  check_defined(x, operation, x.where);
  check_defined(weight, operation, x.where);
  const DType own = x.tensor().dtype(), wanted = weight.dtype();
  if (own == wanted) return;
  std::string advice = formatted("convert the input: x.to({})", name(wanted));
  if (is_floating(own) && is_floating(wanted)) advice += formatted(", or the module: net.to({})", name(own));
  if (!is_floating(wanted)) advice = formatted("convert the weight: weight.to({})", name(own));
  fail(operation,
       {.wrong = "dtypes differ",
        .got = formatted("input {}, weight {}", name(own), name(wanted)),
        .expected = "one dtype: nothing is converted silently",
        .advice = advice},
       x);
}

// A weight, a bias or statistics of a layer; may be undefined.
inline void check_parameter(const char* name, const char* what, const Tensor& t, const Shape& shape, const Arg& x) {
  if (!t.defined()) return;
  check_input_dtype(name, x, t);
  if (t.shape() != shape)
    fail(name,
         {.wrong = std::string(what) + " has the wrong shape",
          .got = to_string(t.shape()) + ", x " + to_string(x.tensor().shape()),
          .expected = to_string(shape)},
         x);
}

}  // namespace gradus::detail
