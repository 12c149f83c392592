#include <gradus/shape.hpp>

namespace gradus {
namespace {

[[noreturn]] void too_many(std::size_t axes) {
  throw Error("shape", {.wrong = "too many axes", .got = std::to_string(axes), .expected = "at most 8"});
}

[[noreturn]] void no_such_axis(int axis, const Shape& shape) {
  throw Error("shape", {.wrong = "no such axis", .got = std::to_string(axis) + " of " + to_string(shape)});
}

}  // namespace

Shape::Shape(std::span<const std::int64_t> sizes) : n_(static_cast<int>(sizes.size())) {
  if (sizes.size() > max_dims) too_many(sizes.size());
  for (int i = 0; i < n_; ++i) d_[i] = sizes[static_cast<std::size_t>(i)];
}

void Shape::push_back(std::int64_t size) { insert(n_, size); }

void Shape::insert(int axis, std::int64_t size) {
  if (axis < 0 || axis > n_) no_such_axis(axis, *this);
  if (n_ == max_dims) too_many(max_dims + 1);
  for (int i = n_; i > axis; --i) d_[i] = d_[i - 1];
  d_[axis] = size;
  ++n_;
}

void Shape::erase(int axis) {
  if (axis < 0 || axis >= n_) no_such_axis(axis, *this);
  --n_;
  for (int i = axis; i < n_; ++i) d_[i] = d_[i + 1];
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
