// Shapes: checked changes, and how shapes and dtypes are written.
#include <gradus/shape.hpp>

#include "tensor/thread_state.hpp"

namespace gradus {
namespace {

[[noreturn]] void refuse_count(std::size_t axes, Loc where) {
  throw Error(
      "shape",
      {.wrong = "too many axes", .got = std::to_string(axes), .expected = "at most " + std::to_string(max_dims)},
      detail::user_line(where));
}

}  // namespace

void Shape::refuse_axis(int axis, Loc where) const {
  throw Error("shape",
              {.wrong = "axis out of range",
               .got = "axis " + std::to_string(axis) + " of shape " + to_string(*this),
               .expected = n_ ? "0 to " + std::to_string(n_ - 1) : "no axis"},
              detail::user_line(where));
}

Shape::Shape(std::span<const std::int64_t> sizes, Loc where) : n_(static_cast<int>(sizes.size())) {
  if (sizes.size() > max_dims) refuse_count(sizes.size(), where);
  for (int i = 0; i < n_; ++i) d_[i] = sizes[static_cast<std::size_t>(i)];
}

void Shape::push_back(std::int64_t size, Loc where) { insert(n_, size, where); }

void Shape::insert(int axis, std::int64_t size, Loc where) {
  if (axis < 0 || axis > n_) refuse_axis(axis, where);
  if (n_ == max_dims) refuse_count(max_dims + 1, where);
  for (int i = n_; i > axis; --i) d_[i] = d_[i - 1];
  d_[axis] = size;
  ++n_;
}

void Shape::erase(int axis, Loc where) {
  if (axis < 0 || axis >= n_) refuse_axis(axis, where);
  --n_;
  for (int i = axis; i < n_; ++i) d_[i] = d_[i + 1];
}

void set_default_dtype(DType dtype, Loc where) {
  if (!is_floating(dtype))
    throw Error("set_default_dtype",
                {.wrong = "the default dtype must be floating-point", .got = name(dtype), .expected = "f32 or f64"},
                detail::user_line(where));
  detail::default_dtype.store(dtype, std::memory_order_relaxed);
}

const char* name(DType t) {
  constexpr const char* names[] = {"f32", "f64", "i64", "bool"};
  return names[static_cast<int>(t)];
}

// As Python writes a tuple, so that one axis cannot be taken for a number.
std::string to_string(const Shape& shape) {
  std::string s = "(";
  for (int i = 0; i < shape.size(); ++i) s += (i ? ", " : "") + std::to_string(shape[i]);
  return s + (shape.size() == 1 ? ",)" : ")");
}

}  // namespace gradus
