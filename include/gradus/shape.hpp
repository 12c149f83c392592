// Shapes, strides and axes: up to eight integers, held inline.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include <gradus/error.hpp>

namespace gradus {

inline constexpr int max_dims = 8;

enum class DType : std::uint8_t { f32, f64, i64, boolean };
inline constexpr DType f32 = DType::f32, f64 = DType::f64, i64 = DType::i64, boolean = DType::boolean;

constexpr bool is_floating(DType t) { return t <= DType::f64; }
constexpr std::int64_t size_of(DType t) { return t == f32 ? 4 : t == boolean ? 1 : 8; }
const char* name(DType t);  ///< "f32"

/// The sizes of a tensor, outermost first. {} is the shape of a 0-d tensor, which has one element.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> sizes) : Shape(std::span(sizes.begin(), sizes.size())) {}
  explicit Shape(std::span<const std::int64_t> sizes);  ///< throws for more than eight

  int size() const { return n_; }  ///< how many axes
  bool empty() const { return n_ == 0; }
  std::int64_t operator[](int axis) const { return d_[axis]; }
  std::int64_t& operator[](int axis) { return d_[axis]; }
  std::int64_t back() const { return d_[n_ - 1]; }
  const std::int64_t* begin() const { return d_; }
  const std::int64_t* end() const { return d_ + n_; }

  std::int64_t numel() const {
    std::int64_t product = 1;
    for (int i = 0; i < n_; ++i) product *= d_[i];
    return product;
  }
  void push_back(std::int64_t size);
  void insert(int axis, std::int64_t size);
  void erase(int axis);

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.n_ != b.n_) return false;
    for (int i = 0; i < a.n_; ++i)
      if (a.d_[i] != b.d_[i]) return false;
    return true;
  }

  /// Copies touch the axes in use only, one number at a time: a whole-block copy would wait for numbers just written.
  Shape(const Shape& o) noexcept : n_(o.n_) { copy(o); }
  Shape& operator=(const Shape& o) noexcept {
    n_ = o.n_;
    copy(o);
    return *this;
  }

 private:
  void copy(const Shape& o) noexcept {
    for (int i = 0; i < max_dims; ++i) {
      if (i == n_) return;
      d_[i] = o.d_[i];
    }
  }
  std::int64_t d_[max_dims];
  int n_ = 0;
};

/// The axes an operation works over: {1}, {0, 2}, {-1}; none given means all of them. Negative ones count from the end.
class Axes : public Shape {
 public:
  Axes() = default;
  Axes(std::integral auto axis) : Shape{static_cast<std::int64_t>(axis)} {}
  Axes(std::initializer_list<std::int64_t> axes) : Shape(axes) {}
  explicit Axes(std::span<const std::int64_t> axes) : Shape(axes) {}
};

std::string to_string(const Shape& shape);  ///< "(64, 784)", "(3,)", "()"

}  // namespace gradus
