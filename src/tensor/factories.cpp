// Tensors made of numbers: zeros, ranges, numbers in braces or in memory.

#include <algorithm>
#include <cmath>
#include <new>

#include "kernels/kernels.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"
#include "tensor/number.hpp"

namespace gradus {
namespace detail {

Tensor make(const Shape& shape, DType dtype, std::string_view operation, Loc where) {
  constexpr std::int64_t most = std::int64_t{1} << 47;  // bytes: more than a process can address
  std::int64_t bytes = size_of(dtype);                  // an axis of 0 counts as 1: strides must not overflow either
  for (std::int64_t size : shape) {
    if (size < 0) {
      throw Error(operation,
                  {.wrong = formatted("negative size {}", size),
                   .got = "shape " + to_string(shape),
                   .expected = "sizes of 0 or more"},
                  user_line(where));
    }
    if (__builtin_mul_overflow(bytes, std::max<std::int64_t>(size, 1), &bytes) || bytes > most) {
      throw Error(operation,
                  {.wrong = "the tensor is too large",
                   .got = formatted("shape {} {}", to_string(shape), name(dtype)),
                   .expected = "at most 2^47 bytes"},
                  user_line(where));
    }
  }
  try {
    return empty(shape, dtype);
  } catch (const std::bad_alloc&) {
    throw Error(operation,
                {.wrong = "out of memory",
                 .got = formatted("shape {} {}, {} bytes", to_string(shape), name(dtype), bytes),
                 .advice = "use smaller batches or a smaller dtype"},
                user_line(where));
  }
}

namespace {

const char* values_of(std::string_view type) {
  if (type == "bool") return "0 or 1";
  if (type == "int") return "a whole number from -2^31 to 2^31 - 1";
  if (type == "i64") return "a whole number from -2^63 to 2^63 - 1";
  return "a number that a double holds exactly";
}

const char* conversion_to(std::string_view type) {
  if (type == "bool") return "ne(x, 0) is true where x is not 0";
  if (type == "i64") return "f32 or f64; x.to(i64) cuts fractions off";
  return "";
}

}  // namespace

void does_not_fit(Number value, std::string_view type, std::string_view operation, Loc where,
                  const std::string& index) {
  std::string got = value.is_integer() ? std::to_string(value.integer()) : number_text(value.real());
  if (!index.empty()) got += " at " + index;
  throw Error(operation,
              {.wrong = formatted("the value does not fit into {}", type),
               .got = got,
               .expected = values_of(type),
               .advice = conversion_to(type)},
              user_line(where));
}

}  // namespace detail

namespace {

using detail::make;
using detail::number_text;
using detail::user_line;

Tensor filled(const Shape& shape, Number value, DType dtype, const char* operation, Loc where) {
  return detail::visit(dtype, [&]<class T>() {
    const T number = detail::element<T>(value, operation, where);
    Tensor y = make(shape, dtype, operation, where);
    kernels::table<T>().fill(y.numel(), number, detail::data<T>(y));
    return y;
  });
}

// y[i] = f(i), a double or an integer.
template <class F>
Tensor indexed(std::int64_t n, DType dtype, const char* operation, Loc where, F f) {
  Tensor y = make({n}, dtype, operation, where);
  detail::visit(dtype, [&]<class T>() {
    T* p = detail::data<T>(y);
    for (std::int64_t i = 0; i < n; ++i) p[i] = detail::element<T>(f(i), operation, where);
  });
  return y;
}

// How many of start, start + step, … lie below stop. A quotient within rounding of a whole number is that number:
// (1.3 - 1) / 0.1 is 3.0000000000000004, and 1.3 must not be the fourth element.
double count_of(double start, double stop, double step) {
  const double quotient = (stop - start) / step, whole = std::round(quotient);
  const double tolerance = 0x1p-51 * ((std::abs(start) + std::abs(stop)) / std::abs(step) + std::abs(quotient));
  return std::max(0.0, std::abs(quotient - whole) <= std::min(tolerance, 1e-6) ? whole : std::ceil(quotient));
}

// The same for integers, exactly: 2^47 and more all count as 2^47.
std::int64_t count_of(std::int64_t start, std::int64_t stop, std::int64_t step) {
  if (step > 0 ? start >= stop : start <= stop) return 0;
  const auto difference = [](std::int64_t a, std::int64_t b) {
    return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
  };
  const std::uint64_t length = step > 0 ? difference(stop, start) : difference(start, stop);
  const std::uint64_t stride = step > 0 ? difference(step, 0) : difference(0, step);
  return static_cast<std::int64_t>(std::min<std::uint64_t>((length - 1) / stride + 1, std::uint64_t{1} << 47));
}

// The shape of numbers in braces: that of the first part, which the others must have too.
Shape shape_of(const Nested& n, Loc where) {
  if (n.is_number()) return {};
  Shape shape;
  for (const Nested* part = n.parts().begin(); part != n.parts().end(); ++part) {
    const Shape other = shape_of(*part, where);
    if (part == n.parts().begin()) shape = other;
    if (shape == other) continue;
    throw Error("tensor",
                {.wrong = "sibling lists have different lengths",
                 .got = formatted("parts of shape {} and {}", to_string(shape), to_string(other)),
                 .expected = "the same shape for all parts of a list"},
                user_line(where));
  }
  shape.insert(0, std::ssize(n.parts()));
  return shape;
}

template <class T>
T* copy(const Nested& n, T* to, Loc where) {
  if (n.is_number()) {
    *to = detail::element<T>(n.number(), "tensor", where);
    return to + 1;
  }
  for (const Nested& part : n.parts()) to = copy(part, to, where);
  return to;
}

template <class T>
Tensor copied(std::span<const T> numbers, const Shape& shape, Loc where) {
  Tensor y = make(shape, detail::dtype_of<T>(), "from_data", where);
  if (y.numel() != std::ssize(numbers)) {
    throw Error("from_data",
                {.wrong = "the count of numbers differs from the shape's",
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
Tensor full(Shape shape, Number value, DType dtype, Loc where) { return filled(shape, value, dtype, "full", where); }
Tensor scalar(Number value, DType dtype, Loc where) { return filled({}, value, dtype, "scalar", where); }

Tensor zeros_like(const Tensor& like, Loc where) {
  detail::check_defined(like, "zeros_like", where);
  return filled(like.shape(), 0, like.dtype(), "zeros_like", where);
}

Tensor ones_like(const Tensor& like, Loc where) {
  detail::check_defined(like, "ones_like", where);
  return filled(like.shape(), 1, like.dtype(), "ones_like", where);
}

Tensor arange(Number start, Number stop, Number step, DType dtype, Loc where) {
  const double first = start.real(), last = stop.real(), by = step.real();
  const auto got = [&] {
    return formatted("from {} to {} by {}", number_text(first), number_text(last), number_text(by));
  };
  if (by == 0)
    throw Error("arange", {.wrong = "the step is zero", .got = got(), .expected = "another step"}, user_line(where));
  if (!std::isfinite(first) || !std::isfinite(last) || !std::isfinite(by)) {
    throw Error("arange", {.wrong = "the range is not finite", .got = got(), .expected = "finite numbers"},
                user_line(where));
  }
  if (dtype == boolean) {
    throw Error("arange", {.wrong = "a range of bool is not defined", .got = "bool", .advice = "dtype i64"},
                user_line(where));
  }
  const auto check_count = [&](double count) {
    if (!(count < 0x1p47)) {
      throw Error("arange", {.wrong = "the range has too many numbers", .got = got(), .expected = "less than 2^47"},
                  user_line(where));
    }
  };
  if (dtype == i64 && start.is_integer() && stop.is_integer() && step.is_integer()) {
    const std::int64_t count = count_of(start.integer(), stop.integer(), step.integer());
    check_count(static_cast<double>(count));
    return indexed(count, dtype, "arange", where, [&](std::int64_t i) {
      const auto offset = static_cast<std::uint64_t>(i) * static_cast<std::uint64_t>(step.integer());
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(start.integer()) + offset);  // may wrap on its way
    });
  }
  const double count = count_of(first, last, by);
  check_count(count);
  return indexed(static_cast<std::int64_t>(count), dtype, "arange", where,
                 [=](std::int64_t i) { return first + static_cast<double>(i) * by; });
}

Tensor linspace(double start, double stop, std::int64_t count, DType dtype, Loc where) {
  if (!is_floating(dtype)) {
    throw Error("linspace", {.wrong = "needs a floating-point dtype", .got = name(dtype), .expected = "f32 or f64"},
                user_line(where));
  }
  if (!std::isfinite(start) || !std::isfinite(stop)) {
    throw Error("linspace",
                {.wrong = "the range is not finite",
                 .got = formatted("from {} to {}", number_text(start), number_text(stop)),
                 .expected = "finite numbers"},
                user_line(where));
  }
  // Divided first: the difference of two large numbers may be too large.
  const double gaps = count > 1 ? static_cast<double>(count - 1) : 1;
  const double step = std::isfinite(stop - start) ? (stop - start) / gaps : stop / gaps - start / gaps;
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

Tensor from_data(std::span<const float> numbers, Shape shape, Loc where) { return copied(numbers, shape, where); }
Tensor from_data(std::span<const double> numbers, Shape shape, Loc where) { return copied(numbers, shape, where); }
Tensor from_data(std::span<const std::int64_t> numbers, Shape shape, Loc where) {
  return copied(numbers, shape, where);
}
Tensor from_data(std::span<const bool> numbers, Shape shape, Loc where) { return copied(numbers, shape, where); }

}  // namespace gradus
