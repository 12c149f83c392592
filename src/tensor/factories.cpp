// Tensors from nothing but numbers.

#include <algorithm>
#include <cmath>
#include <new>

#include "kernels/kernels.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus {
namespace detail {

Tensor make(const Shape& shape, DType dtype, std::string_view operation, Loc where) {
  constexpr std::int64_t most = std::int64_t{1} << 47;  // bytes: more than a process can address
  std::int64_t bytes = size_of(dtype);                  // an axis of 0 counts as 1: strides must not overflow either
  for (std::int64_t size : shape) {
    if (size < 0) {
      throw Error(operation, {.wrong = formatted("negative size {}", size), .got = to_string(shape)}, user_line(where));
    }
    if (__builtin_mul_overflow(bytes, std::max<std::int64_t>(size, 1), &bytes) || bytes > most) {
      throw Error(operation, {.wrong = "too large", .got = formatted("{} {}", to_string(shape), name(dtype))},
                  user_line(where));
    }
  }
  try {
    return empty(shape, dtype);
  } catch (const std::bad_alloc&) {
    throw Error(operation,
                {.wrong = "out of memory",
                 .got = formatted("{} {}, {} bytes", to_string(shape), name(dtype), bytes),
                 .advice = "smaller batches or a smaller dtype"},
                user_line(where));
  }
}

void does_not_fit(double value, std::string_view operation, Loc where) {
  throw Error(operation,
              {.wrong = "i64 holds whole numbers only", .got = formatted("{}", value), .advice = "dtype f32 or f64"},
              user_line(where));
}

}  // namespace detail

namespace {

using detail::make;
using detail::user_line;

Tensor filled(const Shape& shape, double value, DType dtype, const char* operation, Loc where) {
  Tensor y = make(shape, dtype, operation, where);
  detail::visit(dtype, [&]<class T>() {
    kernels::table<T>().fill(y.numel(), detail::element<T>(value, operation, where), detail::data<T>(y));
  });
  return y;
}

// y[i] = f(i), computed in double.
template <class F>
Tensor indexed(std::int64_t n, DType dtype, const char* operation, Loc where, F f) {
  Tensor y = make({n}, dtype, operation, where);
  detail::visit(dtype, [&]<class T>() {
    T* p = detail::data<T>(y);
    for (std::int64_t i = 0; i < n; ++i) p[i] = detail::element<T>(f(i), operation, where);
  });
  return y;
}

// How many of start, start + step, … lie below stop. A quotient that rounding has moved off a whole number is that
// number: (1.3 - 1) / 0.1 is 3.0000000000000004, and 1.3 must not be the fourth element.
double steps(double start, double stop, double step) {
  const double quotient = (stop - start) / step, whole = std::round(quotient);
  const double doubt = 0x1p-51 * ((std::abs(start) + std::abs(stop)) / std::abs(step) + std::abs(quotient));
  return std::max(0.0, std::abs(quotient - whole) <= std::min(doubt, 1e-6) ? whole : std::ceil(quotient));
}

// The shape of what stands in braces: that of its first part, which the others must have too.
Shape shape_of(const Nested& n, Loc where) {
  if (n.is_number()) return {};
  Shape shape;
  for (const Nested* part = n.parts().begin(); part != n.parts().end(); ++part) {
    const Shape other = shape_of(*part, where);
    if (part == n.parts().begin()) shape = other;
    if (shape == other) continue;
    throw Error("tensor",
                {.wrong = "parts of different shapes",
                 .got = formatted("{} and {} side by side", to_string(shape), to_string(other))},
                user_line(where));
  }
  shape.insert(0, std::ssize(n.parts()));
  return shape;
}

template <class T>
T* copy(const Nested& n, T* to, Loc where) {
  if (n.is_number()) return *to = detail::element<T>(n.number(), "tensor", where), to + 1;
  for (const Nested& part : n.parts()) to = copy(part, to, where);
  return to;
}

template <class T>
Tensor copied(std::span<const T> numbers, const Shape& shape, Loc where) {
  Tensor y = make(shape, detail::dtype_of<T>(), "from", where);
  if (y.numel() != std::ssize(numbers)) {
    throw Error("from",
                {.wrong = "the shape does not hold these numbers",
                 .got = formatted("{} numbers for shape {}", numbers.size(), to_string(shape)),
                 .expected = formatted("{} numbers", y.numel())},
                user_line(where));
  }
  std::copy(numbers.begin(), numbers.end(), detail::data<T>(y));
  return y;
}

}  // namespace

Tensor zeros(Shape shape, DType dtype, Loc where) { return filled(shape, 0, dtype, "zeros", where); }
Tensor ones(Shape shape, DType dtype, Loc where) { return filled(shape, 1, dtype, "ones", where); }
Tensor full(Shape shape, double value, DType dtype, Loc where) { return filled(shape, value, dtype, "full", where); }
Tensor scalar(double value, DType dtype, Loc where) { return filled({}, value, dtype, "scalar", where); }

Tensor zeros_like(const Tensor& like, Loc where) {
  detail::check_defined(like, "zeros_like", where);
  return filled(like.shape(), 0, like.dtype(), "zeros_like", where);
}

Tensor ones_like(const Tensor& like, Loc where) {
  detail::check_defined(like, "ones_like", where);
  return filled(like.shape(), 1, like.dtype(), "ones_like", where);
}

Tensor arange(double start, double stop, double step, DType dtype, Loc where) {
  const auto got = [&] { return formatted("{} to {} by {}", start, stop, step); };
  if (step == 0) throw Error("arange", {.wrong = "the step is zero", .got = got()}, user_line(where));
  if (!std::isfinite(start) || !std::isfinite(stop) || !std::isfinite(step)) {
    throw Error("arange", {.wrong = "an endless range", .got = got(), .expected = "finite numbers"}, user_line(where));
  }
  if (dtype == boolean) throw Error("arange", {.wrong = "no range of bool", .advice = "dtype i64"}, user_line(where));
  const double count = steps(start, stop, step);
  if (!(count < 0x1p47)) throw Error("arange", {.wrong = "too large", .got = got()}, user_line(where));
  return indexed(static_cast<std::int64_t>(count), dtype, "arange", where,
                 [=](std::int64_t i) { return start + static_cast<double>(i) * step; });
}

Tensor linspace(double start, double stop, std::int64_t count, DType dtype, Loc where) {
  if (!is_floating(dtype)) {
    throw Error("linspace", {.wrong = "needs fractions", .got = name(dtype), .expected = "f32 or f64"},
                user_line(where));
  }
  const double step = count > 1 ? (stop - start) / static_cast<double>(count - 1) : 0;
  return indexed(count, dtype, "linspace", where, [=](std::int64_t i) {  // from both ends: the last is exactly stop
    return 2 * i < count ? start + static_cast<double>(i) * step : stop - static_cast<double>(count - 1 - i) * step;
  });
}

Tensor eye(std::int64_t n, DType dtype, Loc where) {
  Tensor y = filled({n, n}, 0, dtype, "eye", where);
  detail::visit(dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < n; ++i) detail::data<T>(y)[i * (n + 1)] = T{1};
  });
  return y;
}

Tensor tensor(std::initializer_list<Nested> numbers, DType dtype, Loc where) {
  const Nested all(numbers);
  Tensor y = make(shape_of(all, where), dtype, "tensor", where);
  detail::visit(dtype, [&]<class T>() { copy(all, detail::data<T>(y), where); });
  return y;
}

Tensor from(std::span<const float> numbers, Shape shape, Loc where) { return copied(numbers, shape, where); }
Tensor from(std::span<const double> numbers, Shape shape, Loc where) { return copied(numbers, shape, where); }
Tensor from(std::span<const std::int64_t> numbers, Shape shape, Loc where) { return copied(numbers, shape, where); }
Tensor from(std::span<const bool> numbers, Shape shape, Loc where) { return copied(numbers, shape, where); }

}  // namespace gradus
