// Shapes, strides and axes: up to eight integers, held inline.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <type_traits>

#include <gradus/error.hpp>

namespace gradus {

inline constexpr int max_dims = 8;  ///< the most axes a tensor can have

/// The type of a tensor's elements: float, double, std::int64_t or bool.
enum class DType : std::uint8_t { f32, f64, i64, boolean };
inline constexpr DType f32 = DType::f32;          ///< float
inline constexpr DType f64 = DType::f64;          ///< double
inline constexpr DType i64 = DType::i64;          ///< std::int64_t
inline constexpr DType boolean = DType::boolean;  ///< bool

/// Whether it is f32 or f64.
constexpr bool is_floating(DType t) { return t <= DType::f64; }
/// In bytes.
constexpr std::int64_t size_of(DType t) {
  if (t == boolean) return 1;
  return t == f32 ? 4 : 8;
}
const char* name(DType t);  ///< "f32"

namespace detail {
inline std::atomic<DType> default_dtype{DType::f32};
}
/// The dtype of what is made without one: zeros, ones, tensor, randn, …, and the parameters of layers. At first f32.
/// In a constant of the compiler it is f32.
constexpr DType default_dtype() {
  return std::is_constant_evaluated() ? f32 : detail::default_dtype.load(std::memory_order_relaxed);
}
/// f32 or f64, for the whole process. What there is, and what readers of files make, does not change.
void set_default_dtype(DType dtype, Loc where = Loc::current());

/// The sizes of a tensor, outermost first. {} is the shape of a 0-d tensor, which has one element.
class Shape {
 public:
  Shape() = default;
  /// An error for more than eight sizes.
  Shape(std::initializer_list<std::int64_t> sizes, Loc where = Loc::current())
      : Shape(std::span(sizes.begin(), sizes.size()), where) {}
  explicit Shape(std::span<const std::int64_t> sizes, Loc where = Loc::current());  ///< an error for more than eight

  int size() const { return n_; }  ///< the number of axes
  bool empty() const { return n_ == 0; }
  /// The size of axis 0 … size() - 1; an error for any other, also a negative one (x.size(-1) takes those).
  std::int64_t operator[](int axis) const {
    check(axis);
    return d_[axis];
  }
  std::int64_t& operator[](int axis) {
    check(axis);
    return d_[axis];
  }
  std::int64_t back(Loc where = Loc::current()) const {  ///< of the last axis; an error if there is none
    if (n_ == 0) refuse_axis(-1, where);
    return d_[n_ - 1];
  }
  const std::int64_t* begin() const { return d_; }
  const std::int64_t* end() const { return d_ + n_; }

  /// The number of elements: the product of the sizes.
  std::int64_t numel() const {
    std::int64_t product = 1;
    for (int i = 0; i < n_; ++i) product *= d_[i];
    return product;
  }
  /// Adds an axis at the end; an error if there are eight.
  void push_back(std::int64_t size, Loc where = Loc::current());
  /// Adds an axis before `axis`; an error if there are eight, or no such place.
  void insert(int axis, std::int64_t size, Loc where = Loc::current());
  /// Removes an axis; an error if there is no such axis.
  void erase(int axis, Loc where = Loc::current());

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.n_ != b.n_) return false;
    for (int i = 0; i < a.n_; ++i)
      if (a.d_[i] != b.d_[i]) return false;
    return true;
  }

  /// Copies read only the axes in use, one number at a time: a whole-block copy would wait for numbers just written.
  Shape(const Shape& o) noexcept : n_(o.n_) { copy(o); }
  Shape& operator=(const Shape& o) noexcept {
    n_ = o.n_;
    copy(o);
    return *this;
  }

 private:
  void check(int axis) const {
    if (static_cast<unsigned>(axis) >= static_cast<unsigned>(n_)) refuse_axis(axis, Loc());
  }
  [[noreturn]] void refuse_axis(int axis, Loc where) const;
  void copy(const Shape& o) noexcept {
    for (int i = 0; i < max_dims; ++i) {
      if (i == n_) return;
      d_[i] = o.d_[i];
    }
  }
  std::int64_t d_[max_dims];
  int n_ = 0;
};

/// The axes of an operation: {1}, {0, 2}, {-1}. None given means all axes; negative ones count from the end.
class Axes : public Shape {
 public:
  Axes() = default;
  /// One axis.
  Axes(std::integral auto axis) : Shape{static_cast<std::int64_t>(axis)} {}
  /// Several axes; an error for more than eight.
  Axes(std::initializer_list<std::int64_t> axes, Loc where = Loc::current()) : Shape(axes, where) {}
  /// The same from a list in memory.
  explicit Axes(std::span<const std::int64_t> axes, Loc where = Loc::current()) : Shape(axes, where) {}
};

std::string to_string(const Shape& shape);  ///< "(64, 784)", "(3,)", "()"

}  // namespace gradus
