// Tensor: a small value that refers to a strided array of numbers. Copying one copies the reference, not the numbers.
//
// Names: "axis" is the word in comments, errors and attributes. dim(), keepdim, max_dim, min_dim and permute are
// PyTorch's names and stay.
#pragma once

#include <atomic>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <gradus/error.hpp>
#include <gradus/shape.hpp>

namespace gradus {

class Tensor;

namespace detail {

struct TensorImpl;  ///< src/tensor/impl.hpp: what follows, storage, gradient

/// Counted by reference, atomically: tensors may be read from several threads. A lone owner needs no locked decrement.
struct Counted {
  std::atomic<std::int32_t> count{1};
};
void destroy(TensorImpl* impl) noexcept;

/// What a tensor refers to begins with what is asked of it most.
struct TensorHead : Counted {
  DType dtype = f32;
  bool requires_grad = false;
  bool contiguous = true;
  std::uint8_t origin = 0;                    ///< bits: why a constant is one (Origin in src/tensor/impl.hpp)
  std::int32_t node = -1;                     ///< its number on the tape …
  std::uint64_t tape = 0;                     ///< … with this id; 0: on none
  std::atomic<std::uint64_t> constant_of{0};  ///< the last tape that used it as a constant
  std::int64_t numel = 1;
  Shape shape, strides;
};

inline void retain(Counted* c) noexcept {
  if (c) c->count.fetch_add(1, std::memory_order_relaxed);
}
/// True when this was the last reference.
inline bool release(Counted* c) noexcept {
  return c->count.load(std::memory_order_acquire) == 1 || c->count.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
  return f32;
}
template <>
constexpr DType dtype_of<double>() {
  return f64;
}
template <>
constexpr DType dtype_of<std::int64_t>() {
  return i64;
}
template <>
constexpr DType dtype_of<bool>() {
  return boolean;
}

}  // namespace detail

/// An argument of an operation: a tensor or a number, and the line of the call. Operators take their operands as Arg,
/// which is how `a + b` knows the file and line it stands in. A number takes the dtype of the tensor it meets.
class Arg {
 public:
  Arg(const Tensor& tensor, Loc line = Loc::current()) : where(line), tensor_(&tensor) {}
  Arg(double number, Loc line = Loc::current()) : where(line), number_(number) {}

  bool is_number() const { return !tensor_; }
  double number() const { return number_; }
  const Tensor& tensor() const {  ///< throws for a number
    if (!tensor_) refuse_number();
    return *tensor_;
  }
  operator const Tensor&() const { return tensor(); }

  Loc where;

 private:
  [[noreturn]] void refuse_number() const;
  const Tensor* tensor_ = nullptr;
  double number_ = 0;
};

/// A position along an axis and the line it was written in: x[2].
struct Position {
  Position(std::int64_t i, Loc line = Loc::current()) : index(i), where(line) {}
  std::int64_t index;
  Loc where;
};

class Tensor {
 public:
  Tensor() = default;  ///< undefined: defined() is false, and every operation refuses it
  Tensor(const Tensor& o) noexcept : impl_(o.impl_) { detail::retain(counted()); }
  Tensor(Tensor&& o) noexcept : impl_(o.impl_) { o.impl_ = nullptr; }
  Tensor& operator=(const Tensor& o) noexcept {
    Tensor copy(o);
    std::swap(impl_, copy.impl_);
    return *this;
  }
  Tensor& operator=(Tensor&& o) noexcept {
    std::swap(impl_, o.impl_);
    return *this;
  }
  ~Tensor() {
    if (impl_ && detail::release(counted())) detail::destroy(impl_);
  }

  // ---- what it is ----
  bool defined() const { return impl_ != nullptr; }
  const Shape& shape() const { return head("shape").shape; }
  const Shape& strides() const { return head("strides").strides; }  ///< in elements; 0 along an expanded axis
  int dim() const { return shape().size(); }
  std::int64_t size(int axis, Loc where = Loc::current()) const;  ///< axis may be negative
  std::int64_t numel() const { return head("numel").numel; }
  DType dtype() const { return head("dtype").dtype; }
  bool is_contiguous() const { return head("is_contiguous").contiguous; }
  bool is_same(const Tensor& o) const { return impl_ == o.impl_; }  ///< the same handle, not equal numbers
  const std::string& name() const;                                  ///< "" until set; shown by tapes and traces
  Tensor& set_name(std::string name);

  // ---- its numbers ----
  /// The one element of a tensor with numel() == 1.
  double item(Loc where = Loc::current()) const;
  double at(std::initializer_list<std::int64_t> index, Loc where = Loc::current()) const;
  void set(std::initializer_list<std::int64_t> index, double value, Loc where = Loc::current());
  /// A view of contiguous numbers of exactly this type; mutable_data counts as a change (see version).
  template <class T>
  std::span<const T> data(Loc where = Loc::current()) const {
    return {static_cast<const T*>(raw(detail::dtype_of<T>(), where)), static_cast<std::size_t>(numel())};
  }
  template <class T>
  std::span<T> mutable_data(Loc where = Loc::current()) {
    return {static_cast<T*>(mutable_raw(detail::dtype_of<T>(), where)), static_cast<std::size_t>(numel())};
  }
  /// A copy in row-major order, converted to T.
  template <class T = double>
  std::vector<T> to_vector(Loc where = Loc::current()) const {
    std::vector<T> v(static_cast<std::size_t>(numel()));
    if constexpr (std::is_same_v<T, bool>) {
      for (std::size_t i = 0; i < v.size(); ++i) v[i] = flat(static_cast<std::int64_t>(i), where) != 0;
    } else {
      copy_to(v.data(), detail::dtype_of<T>(), where);
    }
    return v;
  }
  /// Fills `to`, whose size must be numel(), in row-major order.
  template <class T>
  void copy_to(std::span<T> to, Loc where = Loc::current()) const {
    check_count(static_cast<std::int64_t>(to.size()), where);
    copy_to(to.data(), detail::dtype_of<T>(), where);
  }

  // ---- changing them. None of these is recorded: they are for leaves and constants, and throw for a tensor on a tape.
  // ---- A walk that meets a saved tensor changed since says who changed it.
  Tensor& fill_(double value, Loc where = Loc::current());
  Tensor& zero_(Loc where = Loc::current()) { return fill_(0, where); }
  Tensor& copy_(const Tensor& from, Loc where = Loc::current());  ///< broadcasts and converts
  Tensor& add_(const Tensor& other, double alpha = 1, Loc where = Loc::current());
  Tensor& mul_(double factor, Loc where = Loc::current());
  std::uint32_t version() const;  ///< how often the storage has been changed

  // ---- differentiation ----
  Tensor& requires_grad_(bool on = true, Loc where = Loc::current());  ///< makes it a leaf, or freezes it
  bool requires_grad() const { return head("requires_grad").requires_grad; }
  Tensor grad() const;  ///< undefined until a backward() has reached this leaf
  void set_grad(Tensor grad, Loc where = Loc::current());
  void zero_grad();       ///< makes the gradient undefined
  Tensor detach() const;  ///< the same numbers, off every tape

  // ---- recorded, as the functions of the same name in ops.hpp; defined in src/ops/methods.cpp ----
  Tensor to(DType dtype, Loc where = Loc::current()) const;
  Tensor clone(Loc where = Loc::current()) const;
  Tensor contiguous(Loc where = Loc::current()) const;
  Tensor reshape(Shape shape, Loc where = Loc::current()) const;
  Tensor flatten(int first = 0, int last = -1, Loc where = Loc::current()) const;
  Tensor squeeze(Loc where = Loc::current()) const;
  Tensor squeeze(int axis, Loc where = Loc::current()) const;
  Tensor unsqueeze(int axis, Loc where = Loc::current()) const;
  Tensor permute(Axes axes, Loc where = Loc::current()) const;
  Tensor transpose(int axis0, int axis1, Loc where = Loc::current()) const;
  Tensor t(Loc where = Loc::current()) const;  ///< the last two axes swapped
  Tensor sum(Axes axes = {}, bool keepdim = false, Loc where = Loc::current()) const;
  Tensor mean(Axes axes = {}, bool keepdim = false, Loc where = Loc::current()) const;
  Tensor max(Axes axes = {}, bool keepdim = false, Loc where = Loc::current()) const;
  Tensor min(Axes axes = {}, bool keepdim = false, Loc where = Loc::current()) const;
  Tensor var(Axes axes = {}, bool keepdim = false, double correction = 1, Loc where = Loc::current()) const;
  /// The function is called stddev: `std(x)` is ambiguous where `using namespace gradus` meets namespace std.
  Tensor std(Axes axes = {}, bool keepdim = false, double correction = 1, Loc where = Loc::current()) const;
  Tensor argmax(Loc where = Loc::current()) const;
  Tensor argmax(int axis, bool keepdim = false, Loc where = Loc::current()) const;
  Tensor matmul(Arg other) const;
  Tensor pow(Arg exponent) const;
  Tensor abs(Loc where = Loc::current()) const;
  Tensor exp(Loc where = Loc::current()) const;
  Tensor log(Loc where = Loc::current()) const;
  Tensor sqrt(Loc where = Loc::current()) const;
  Tensor clamp(double low, double high, Loc where = Loc::current()) const;
  /// The entry at this position along axis 0, which is removed.
  Tensor operator[](Position at) const;

  /// Nothing recorded happens in place.
  Tensor& operator+=(const Arg&) = delete;  ///< write x = x + y; outside a tape, x.add_(y)
  Tensor& operator-=(const Arg&) = delete;  ///< write x = x - y; outside a tape, x.add_(y, -1)
  Tensor& operator*=(const Arg&) = delete;  ///< write x = x * y; outside a tape, x.mul_(k)
  Tensor& operator/=(const Arg&) = delete;  ///< write x = x / y; outside a tape, x.mul_(1 / k)

  detail::TensorImpl* impl() const { return impl_; }  ///< for the library itself
  explicit Tensor(detail::TensorImpl* owned) noexcept : impl_(owned) {}

 private:
  detail::Counted* counted() const { return reinterpret_cast<detail::Counted*>(impl_); }
  const detail::TensorHead& head(const char* asked) const {
    if (!impl_) refuse_undefined(asked);
    return *reinterpret_cast<const detail::TensorHead*>(impl_);
  }
  [[noreturn]] static void refuse_undefined(const char* asked);
  const void* raw(DType dtype, Loc where) const;
  void* mutable_raw(DType dtype, Loc where);
  void copy_to(void* to, DType dtype, Loc where) const;
  void check_count(std::int64_t count, Loc where) const;
  double flat(std::int64_t i, Loc where) const;

  detail::TensorImpl* impl_ = nullptr;
};

/// A number, or numbers in braces: what tensor({{1, 2}, {3, 4}}) is made from. Lives as long as the braces.
class Nested {
 public:
  template <class T>
  requires std::is_arithmetic_v<T> Nested(T number) : number_(static_cast<double>(number)), is_number_(true) {}
  Nested(std::initializer_list<Nested> parts) : parts_(parts) {}

  bool is_number() const { return is_number_; }
  double number() const { return number_; }
  std::initializer_list<Nested> parts() const { return parts_; }

 private:
  std::initializer_list<Nested> parts_;
  double number_ = 0;
  bool is_number_ = false;
};

// ---- making tensors ----
Tensor zeros(Shape shape, DType dtype = f32, Loc where = Loc::current());
Tensor ones(Shape shape, DType dtype = f32, Loc where = Loc::current());
Tensor full(Shape shape, double value, DType dtype = f32, Loc where = Loc::current());
Tensor zeros_like(const Tensor& like, Loc where = Loc::current());
Tensor ones_like(const Tensor& like, Loc where = Loc::current());
/// start, start + step, … while below stop (above, for a negative step).
Tensor arange(double start, double stop, double step = 1, DType dtype = f32, Loc where = Loc::current());
inline Tensor arange(std::int64_t n, Loc where = Loc::current()) {
  return arange(0, static_cast<double>(n), 1, i64, where);
}
Tensor linspace(double start, double stop, std::int64_t count, DType dtype = f32, Loc where = Loc::current());
Tensor eye(std::int64_t n, DType dtype = f32, Loc where = Loc::current());
Tensor scalar(double value, DType dtype = f32, Loc where = Loc::current());  ///< shape ()
/// From numbers written out: tensor({1, 2, 3}), tensor({{1}, {2}}), to any depth; what stands side by side is of one
/// length.
Tensor tensor(std::initializer_list<Nested> numbers, DType dtype = f32, Loc where = Loc::current());
/// A copy of numbers in memory, in row-major order; the shape must hold exactly that many.
Tensor from(std::span<const float> numbers, Shape shape, Loc where = Loc::current());
Tensor from(std::span<const double> numbers, Shape shape, Loc where = Loc::current());
Tensor from(std::span<const std::int64_t> numbers, Shape shape, Loc where = Loc::current());
Tensor from(std::span<const bool> numbers, Shape shape, Loc where = Loc::current());

// ---- random tensors: from a seed and a counter (Philox), so the same numbers on every machine ----
/// A generator is a seed and how many numbers have been drawn. The default one is the process's.
class Generator {
 public:
  explicit Generator(std::uint64_t seed = 0) : seed_(seed) {}
  std::uint64_t seed() const { return seed_; }
  std::uint64_t counter() const { return counter_.load(std::memory_order_relaxed); }
  std::uint64_t draw(std::int64_t n) { return counter_.fetch_add(static_cast<std::uint64_t>(n)); }  ///< the first of n
  void reset(std::uint64_t seed, std::uint64_t counter = 0) { seed_ = seed, counter_ = counter; }

 private:
  std::atomic<std::uint64_t> seed_;
  std::atomic<std::uint64_t> counter_{0};
};
Generator& default_generator();
void manual_seed(std::uint64_t seed);

Tensor rand(Shape shape, DType dtype = f32, Loc where = Loc::current());   ///< uniform in [0, 1)
Tensor randn(Shape shape, DType dtype = f32, Loc where = Loc::current());  ///< normal, mean 0, variance 1
Tensor randint(std::int64_t low, std::int64_t high, Shape shape, Loc where = Loc::current());  ///< i64 in [low, high)
Tensor randperm(std::int64_t n, Loc where = Loc::current());  ///< i64: 0 … n-1, shuffled
Tensor randperm(std::int64_t n, Generator& generator, Loc where = Loc::current());

// ---- for people ----
/// As numpy prints: nested brackets, one width, … in the middle of long axes (more than 1,000 elements in all).
std::string to_string(const Tensor& x);
std::ostream& operator<<(std::ostream& out, const Tensor& x);

// ---- for tests ----
/// Same shape and dtype, and |a - b| <= atol + rtol |b| everywhere; NaN meets NaN.
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8);
bool equal(const Tensor& a, const Tensor& b);  ///< bit by bit in value: same shape, dtype and numbers

}  // namespace gradus
