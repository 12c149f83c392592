// Tensor: a small value that refers to a strided array of numbers. Copying one copies the reference, not the numbers.
// Also the functions that make tensors, and the random ones.
//
// Names: "axis" is the word in comments, errors and attributes. dim(), keepdim, max_dim, min_dim and permute are
// PyTorch's names and stay.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gradus/error.hpp>
#include <gradus/number.hpp>
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

/// The fields of a tensor that are used most. They come first in memory.
struct TensorHead : Counted {
  DType dtype = f32;
  bool requires_grad = false;
  bool contiguous = true;
  std::uint8_t origin = 0;                    ///< bits: why a constant is one (Origin in src/tensor/impl.hpp)
  std::int32_t node = -1;                     ///< its number on the tape
  bool in_block = false;                      ///< lies in a block of numbers, behind that block's head
  std::atomic<bool> listed = false;           ///< given to an optimizer, or listed by a module that was called
  std::uint64_t tape = 0;                     ///< the id of that tape; 0: on no tape
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

/// What item() and at() return.
template <class T>
concept ItemType = std::same_as<T, double> || std::same_as<T, float> || std::same_as<T, std::int64_t> ||
    std::same_as<T, int> || std::same_as<T, bool>;

}  // namespace detail

/// An argument of an operation: a tensor or a number, and the line of the call. Operators take their operands as Arg,
/// which is how `a + b` knows its file and line. A number takes the dtype of the other operand. An integer that a
/// double cannot hold (above 2^53) is an error.
class Arg {
 public:
  /// A tensor, which must live as long as the call.
  Arg(const Tensor& tensor, Loc line = Loc::current()) : where(line), tensor_(&tensor) {}
  /// A number of any type of C++.
  template <class T>
  requires std::is_arithmetic_v<T> Arg(T number, Loc line = Loc::current())
      : where(line), number_(static_cast<double>(number)) {
    if constexpr (std::is_integral_v<T> && sizeof(T) == 8)
      if (!Number(number).is_exact()) refuse_rounded();
  }

  bool is_number() const { return !tensor_; }  ///< else it is a tensor
  double number() const { return number_; }    ///< 0 for a tensor
  const Tensor& tensor() const {               ///< an error for a number
    if (!tensor_) refuse_number();
    return *tensor_;
  }
  operator const Tensor&() const { return tensor(); }

  Loc where;

 private:
  [[noreturn]] void refuse_number() const;
  [[noreturn]] void refuse_rounded() const;
  const Tensor* tensor_ = nullptr;
  double number_ = 0;
};

/// What stands in x[…], and the line of the call.
struct Position {
  /// The index may be negative.
  Position(std::int64_t i, Loc line = Loc::current()) : index(i), where(line) {}
  /// Indices (i64) or a mask (bool), which must live as long as the call.
  Position(const Tensor& list, Loc line = Loc::current()) : where(line), tensor(&list) {}
  std::int64_t index = 0;  ///< as written
  Loc where;
  const Tensor* tensor = nullptr;  ///< null: the index counts
};

/// A handle to an array of numbers with a shape, strides and a dtype. Copies and views share the numbers.
class Tensor {
 public:
  Tensor() = default;  ///< undefined, as is a moved-from tensor: defined() is false, every operation is an error
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
  bool defined() const { return impl_ != nullptr; }  ///< whether there is an array
  /// The sizes, outermost axis first.
  const Shape& shape(Loc where = Loc::current()) const { return head("shape", where).shape; }
  /// In elements; 0 along an expanded axis.
  const Shape& strides(Loc where = Loc::current()) const { return head("strides", where).strides; }
  int dim(Loc where = Loc::current()) const { return head("dim", where).shape.size(); }  ///< the number of axes
  std::int64_t size(int axis, Loc where = Loc::current()) const;                         ///< axis may be negative
  /// The number of elements.
  std::int64_t numel(Loc where = Loc::current()) const { return head("numel", where).numel; }
  DType dtype(Loc where = Loc::current()) const { return head("dtype", where).dtype; }
  /// Whether the elements lie in row-major order without gaps.
  bool is_contiguous(Loc where = Loc::current()) const { return head("is_contiguous", where).contiguous; }
  bool is_same(const Tensor& o) const { return impl_ == o.impl_; }  ///< the same handle, not equal numbers
  const std::string& name(Loc where = Loc::current()) const;        ///< "" until set; shown by tapes and traces
  /// For tapes and traces. Copies of the handle share the name.
  Tensor& set_name(std::string name, Loc where = Loc::current());

  // ---- its numbers ----
  /// The element of a tensor with numel() == 1. T is double, float, std::int64_t, int or bool. A value that an integer
  /// or a bool cannot hold is an error; item<std::int64_t>() of an i64 tensor is exact, item() rounds above 2^53.
  template <detail::ItemType T = double>
  T item(Loc where = Loc::current()) const;
  /// The element at one index per axis, each possibly negative; T as for item().
  template <detail::ItemType T = double>
  T at(std::initializer_list<std::int64_t> index, Loc where = Loc::current()) const;
  /// Changes one element. A value that the dtype cannot hold is an error, as in all functions that change numbers.
  void set(std::initializer_list<std::int64_t> index, Number value, Loc where = Loc::current());
  /// A view of contiguous numbers of exactly this type; mutable_data counts as a change (see version).
  template <class T>
  std::span<const T> data(Loc where = Loc::current()) const {
    return {static_cast<const T*>(raw(detail::dtype_of<T>(), where)), static_cast<std::size_t>(numel(where))};
  }
  /// The same for changing them.
  template <class T>
  std::span<T> mutable_data(Loc where = Loc::current()) {
    return {static_cast<T*>(mutable_raw(detail::dtype_of<T>(), where)), static_cast<std::size_t>(numel(where))};
  }
  /// A copy in row-major order, converted to T as to() converts.
  template <class T = double>
  std::vector<T> to_vector(Loc where = Loc::current()) const {
    std::vector<T> v(static_cast<std::size_t>(numel(where)));
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

  // ---- changing them. Not recorded: these are for leaves and constants. Each is an error for the result of a recorded
  // ---- operation, for an expanded view, and for a value that the dtype cannot hold (1.5 or NaN in i64, 2 in bool).
  // The
  // ---- source is read before the first change, also where both share memory. A walk that reads a saved tensor which
  // ---- has changed since names the call that changed it.
  /// Sets all elements to value.
  Tensor& fill_(Number value, Loc where = Loc::current());
  /// fill_(0).
  Tensor& zero_(Loc where = Loc::current()) { return fill_(0, where); }
  /// Broadcasts, and converts exactly or with the rounding of f32 and f64.
  Tensor& copy_(const Tensor& from, Loc where = Loc::current());
  /// Adds alpha * other, broadcast, of the same dtype.
  Tensor& add_(const Tensor& other, Number alpha = 1, Loc where = Loc::current());
  /// Multiplies by a number; not for bool.
  Tensor& mul_(Number factor, Loc where = Loc::current());
  std::uint32_t version(Loc where = Loc::current()) const;  ///< how often the storage has been changed

  // ---- differentiation ----
  /// Makes it a leaf; or freezes it, and then its gradient is gone.
  Tensor& requires_grad_(bool on = true, Loc where = Loc::current());
  /// Whether it is a leaf that backward() gives a gradient.
  bool requires_grad(Loc where = Loc::current()) const { return head("requires_grad", where).requires_grad; }
  Tensor grad(Loc where = Loc::current()) const;  ///< undefined until a backward() has reached this leaf
  /// Of the same shape and dtype, or undefined. Not the tensor itself, nor one whose gradient it is: that never ends.
  void set_grad(Tensor grad, Loc where = Loc::current());
  void zero_grad(Loc where = Loc::current());       ///< makes the gradient undefined
  Tensor detach(Loc where = Loc::current()) const;  ///< the same numbers, off every tape

  // ---- recorded, as the functions of the same name in ops.hpp; defined in src/ops/methods.cpp ----
  /// Converts. To i64, fractions are cut off towards zero, and NaN and what 64 bits cannot hold is an error; to bool,
  /// 0 is false and the rest, NaN too, is true.
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
  /// x[2]: the entry at this position along axis 0, which is removed. x[index], i64: those entries, of the shape of
  /// index and then of an entry; negative indices count from the end. x[mask], bool, of the shape of the leading axes:
  /// what stands where it is true, (count, …).
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
  const detail::TensorHead& head(const char* member, Loc where) const {
    if (!impl_) refuse_undefined(member, where);
    return *reinterpret_cast<const detail::TensorHead*>(impl_);
  }
  [[noreturn]] static void refuse_undefined(const char* member, Loc where);
  const void* raw(DType dtype, Loc where) const;
  void* mutable_raw(DType dtype, Loc where);
  void copy_to(void* to, DType dtype, Loc where) const;
  void check_count(std::int64_t count, Loc where) const;
  double flat(std::int64_t i, Loc where) const;

  detail::TensorImpl* impl_ = nullptr;
};

/// A number, or numbers in braces: the argument of tensor({{1, 2}, {3, 4}}). Lives as long as the braces.
class Nested {
 public:
  template <class T>
  requires std::is_arithmetic_v<T> Nested(T number) : number_(number), is_number_(true) {}
  Nested(std::initializer_list<Nested> parts) : parts_(parts) {}

  bool is_number() const { return is_number_; }                   ///< else it is a list
  Number number() const { return number_; }                       ///< 0 for a list
  std::initializer_list<Nested> parts() const { return parts_; }  ///< empty for a number

 private:
  std::initializer_list<Nested> parts_;
  Number number_ = 0;
  bool is_number_ = false;
};

// ---- making tensors. A value that the dtype cannot hold is an error. ----
/// All elements 0.
Tensor zeros(Shape shape, DType dtype = default_dtype(), Loc where = Loc::current());
/// All elements 1.
Tensor ones(Shape shape, DType dtype = default_dtype(), Loc where = Loc::current());
/// All elements value.
Tensor full(Shape shape, Number value, DType dtype = default_dtype(), Loc where = Loc::current());
/// Zeros of the shape and dtype of `like`.
Tensor zeros_like(const Tensor& like, Loc where = Loc::current());
/// Ones of the shape and dtype of `like`.
Tensor ones_like(const Tensor& like, Loc where = Loc::current());
/// start, start + step, … while below stop (above, for a negative step). Exact for i64 from integers.
Tensor arange(Number start, Number stop, Number step = 1, DType dtype = default_dtype(), Loc where = Loc::current());
inline Tensor arange(std::int64_t n, Loc where = Loc::current()) { return arange(0, n, 1, i64, where); }
/// `count` numbers from start to stop, both included; f32 or f64.
Tensor linspace(double start, double stop, std::int64_t count, DType dtype = default_dtype(),
                Loc where = Loc::current());
/// (n, n), with ones on the diagonal.
Tensor eye(std::int64_t n, DType dtype = default_dtype(), Loc where = Loc::current());
Tensor scalar(Number value, DType dtype = default_dtype(), Loc where = Loc::current());  ///< shape ()
/// From numbers in braces: tensor({1, 2, 3}), tensor({{1}, {2}}), to any depth. Sibling lists must have equal length.
Tensor tensor(std::initializer_list<Nested> numbers, DType dtype = default_dtype(), Loc where = Loc::current());
/// A copy of numbers in memory, in row-major order; the shape must hold exactly that many.
Tensor from_data(std::span<const float> numbers, Shape shape, Loc where = Loc::current());
Tensor from_data(std::span<const double> numbers, Shape shape, Loc where = Loc::current());
Tensor from_data(std::span<const std::int64_t> numbers, Shape shape, Loc where = Loc::current());
Tensor from_data(std::span<const bool> numbers, Shape shape, Loc where = Loc::current());
/// The old name of from_data, for one version.
[[deprecated("use from_data")]] inline Tensor from(std::span<const float> numbers, Shape shape,
                                                   Loc where = Loc::current()) {
  return from_data(numbers, shape, where);
}
[[deprecated("use from_data")]] inline Tensor from(std::span<const double> numbers, Shape shape,
                                                   Loc where = Loc::current()) {
  return from_data(numbers, shape, where);
}
[[deprecated("use from_data")]] inline Tensor from(std::span<const std::int64_t> numbers, Shape shape,
                                                   Loc where = Loc::current()) {
  return from_data(numbers, shape, where);
}
[[deprecated("use from_data")]] inline Tensor from(std::span<const bool> numbers, Shape shape,
                                                   Loc where = Loc::current()) {
  return from_data(numbers, shape, where);
}

// ---- random tensors: from a seed and a counter (Philox), so the same numbers on every machine ----
/// A seed and the count of numbers drawn so far. default_generator() is shared by the whole process.
class Generator {
 public:
  /// Starts at counter 0.
  explicit Generator(std::uint64_t seed = 0) : seed_(seed) {}
  std::uint64_t seed() const { return seed_; }  ///< as given
  /// The count of numbers drawn; with the seed, all that is needed to go on from here.
  std::uint64_t counter() const { return counter_.load(std::memory_order_relaxed); }
  std::uint64_t draw(std::int64_t n) { return counter_.fetch_add(static_cast<std::uint64_t>(n)); }  ///< the first of n
  /// Goes on from this seed and counter.
  void reset(std::uint64_t seed, std::uint64_t counter = 0) {
    seed_ = seed;
    counter_ = counter;
  }

 private:
  std::atomic<std::uint64_t> seed_;
  std::atomic<std::uint64_t> counter_{0};
};
/// The generator of rand, randn, dropout and all that is given no other.
Generator& default_generator();
/// default_generator().reset(seed).
void manual_seed(std::uint64_t seed);

Tensor rand(Shape shape, DType dtype = default_dtype(), Loc where = Loc::current());   ///< uniform in [0, 1)
Tensor randn(Shape shape, DType dtype = default_dtype(), Loc where = Loc::current());  ///< normal, mean 0, variance 1
Tensor randint(std::int64_t low, std::int64_t high, Shape shape, Loc where = Loc::current());  ///< i64 in [low, high)
Tensor randperm(std::int64_t n, Loc where = Loc::current());  ///< i64: 0 … n-1, shuffled
Tensor randperm(std::int64_t n, Generator& generator, Loc where = Loc::current());

// ---- printing ----
/// As numpy prints: nested brackets, one width, … in the middle of long axes (more than 1,000 elements in all).
/// "undefined" for an undefined tensor.
std::string to_string(const Tensor& x);
/// Writes to_string(x).
std::ostream& operator<<(std::ostream& out, const Tensor& x);

// ---- for tests ----
/// Same shape and dtype, and |a - b| <= atol + rtol |b| everywhere; NaN equals NaN.
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8);
bool equal(const Tensor& a, const Tensor& b);  ///< same shape, dtype and numbers

}  // namespace gradus
