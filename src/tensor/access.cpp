// The elements of a Tensor: one, or all of them, read and converted.
#include <utility>

#include "kernels/kernels.hpp"
#include "tensor/loops.hpp"
#include "tensor/make.hpp"

namespace gradus {

namespace detail {

std::int64_t offset_of(const TensorImpl& t, std::initializer_list<std::int64_t> index, const char* what, Loc where) {
  if (static_cast<int>(index.size()) != t.shape.size())
    throw Error(what,
                {.wrong = "the number of indices differs from the number of axes",
                 .got = std::to_string(index.size()) + (index.size() == 1 ? " index" : " indices"),
                 .expected = std::to_string(t.shape.size()) + ", for shape " + to_string(t.shape)},
                user_line(where));
  std::int64_t offset = 0;
  int axis = 0;
  for (auto i : index) {
    const auto n = t.shape[axis];
    if (i < -n || i >= n)
      throw Error(what,
                  {.wrong = "index out of range",
                   .got = std::to_string(i) + " on axis " + std::to_string(axis) + " of shape " + to_string(t.shape),
                   .expected = n ? std::to_string(-n) + " to " + std::to_string(n - 1) : "no index: the axis is empty"},
                  user_line(where));
    offset += (i < 0 ? i + n : i) * t.strides[axis];
    ++axis;
  }
  return offset;
}

}  // namespace detail

using namespace detail;

namespace {

// The element at an offset as a T, which is exact or a double or a float.
template <class T>
T number_at(const TensorImpl& t, std::int64_t offset, const char* operation, Loc where) {
  return visit(t.dtype, [&]<class F>() -> T {
    const F value = t.as<F>()[offset];
    if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(value);
    } else if constexpr (std::is_same_v<T, int>) {
      const std::int64_t whole = element<std::int64_t>(value, operation, where);
      if (!std::in_range<int>(whole)) does_not_fit(value, "int", operation, where);
      return static_cast<int>(whole);
    } else {
      return element<T>(value, operation, where);
    }
  });
}

}  // namespace

template <ItemType T>
T Tensor::item(Loc where) const {
  const TensorImpl& t = impl_of(*this, "item", where);
  if (t.numel != 1)
    throw Error("item",
                {.wrong = "the tensor has not exactly one element",
                 .got = "shape " + to_string(t.shape),
                 .expected = "numel() == 1",
                 .advice = "at({i, j}), sum() or to_vector()"},
                user_line(where));
  check_read(*this, "item()", where);
  return number_at<T>(t, 0, "item", where);
}

template <ItemType T>
T Tensor::at(std::initializer_list<std::int64_t> index, Loc where) const {
  const TensorImpl& t = impl_of(*this, "at", where);
  check_read(*this, "at()", where);
  return number_at<T>(t, offset_of(t, index, "at", where), "at", where);
}

template double Tensor::item(Loc) const;
template float Tensor::item(Loc) const;
template std::int64_t Tensor::item(Loc) const;
template int Tensor::item(Loc) const;
template bool Tensor::item(Loc) const;
template double Tensor::at(std::initializer_list<std::int64_t>, Loc) const;
template float Tensor::at(std::initializer_list<std::int64_t>, Loc) const;
template std::int64_t Tensor::at(std::initializer_list<std::int64_t>, Loc) const;
template int Tensor::at(std::initializer_list<std::int64_t>, Loc) const;
template bool Tensor::at(std::initializer_list<std::int64_t>, Loc) const;

double Tensor::flat(std::int64_t i, Loc where) const {
  const TensorImpl& t = impl_of(*this, "to_vector", where);
  check_read(*this, "to_vector()", where);
  std::int64_t offset = 0;
  for (int axis = t.shape.size() - 1; axis >= 0; --axis) {
    offset += i % t.shape[axis] * t.strides[axis];
    i /= t.shape[axis];
  }
  return number_at<double>(t, offset, "to_vector", where);
}

const void* Tensor::raw(DType dtype, Loc where) const {
  const TensorImpl& t = impl_of(*this, "data", where);
  if (t.dtype != dtype)
    throw Error("data",
                {.wrong = "the tensor has another dtype",
                 .got = gradus::name(t.dtype),
                 .expected = gradus::name(dtype),
                 .advice = "x.to(" + std::string(gradus::name(dtype)) + "), or a converted copy: x.to_vector<T>()"},
                user_line(where));
  if (!t.contiguous)
    throw Error("data",
                {.wrong = "the tensor is not contiguous",
                 .got = "shape " + to_string(t.shape) + " with strides " + to_string(t.strides),
                 .advice = "x.contiguous().data<T>(), or x.to_vector<T>()"},
                user_line(where));
  check_read(*this, "data()", where);
  return t.data;
}

void* Tensor::mutable_raw(DType dtype, Loc where) {
  raw(dtype, where);
  changed(*this, "mutable_data", where);
  return impl_->data;
}

void Tensor::copy_to(void* to, DType dtype, Loc where) const {
  check_conversion(impl_of(*this, "to_vector", where), dtype, Rounding::to_zero, "to_vector", where);
  check_read(*this, "to_vector()", where);
  const Tensor x = dense(*this);
  visit(x.dtype(), [&]<class From>() {
    visit(dtype, [&]<class To>() { kernels::convert(x.numel(), detail::data<From>(x), 1, static_cast<To*>(to)); });
  });
}

void Tensor::check_count(std::int64_t count, Loc where) const {
  if (count != numel(where))
    throw Error("copy_to",
                {.wrong = "the span has another size than the tensor",
                 .got = std::to_string(count),
                 .expected = std::to_string(numel()) + ", for shape " + to_string(shape())},
                user_line(where));
}

}  // namespace gradus
