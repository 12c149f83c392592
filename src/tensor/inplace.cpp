// Changing the numbers of a tensor in place. Everything is checked before the first of them changes.
#include "tensor/loops.hpp"
#include "tensor/make.hpp"

namespace gradus {
namespace detail {

void changed(const Tensor& x, const char* by, Loc where) {
  check_defined(x, by, where);
  TensorImpl& t = *x.impl();
  where = user_line(where);
  if (t.tape)
    throw Error(by,
                {.wrong = "the result of a recorded operation cannot be changed in place",
                 .advice = "compute a new tensor, or change x.detach() if the tape no longer needs the numbers"},
                where);
  for (int i = 0; !t.contiguous && i < t.shape.size(); ++i)
    if (t.strides[i] == 0 && t.shape[i] > 1)
      throw Error(by,
                  {.wrong = "the tensor is an expanded view: several of its elements are one number in memory",
                   .got = "shape " + to_string(t.shape) + " with strides " + to_string(t.strides),
                   .advice = "change a copy: x.clone()"},
                  where);
  ++t.storage->version;
  t.storage->changed_by = by;
  t.storage->changed_at = where;
  if (const Hooks* hooks = observed()) hooks->mutation(x, by, where);
}

}  // namespace detail

using namespace detail;

namespace {

// The bytes between the first and the last element, both included.
struct Extent {
  const std::byte *begin, *end;
};

Extent extent(const TensorImpl& t) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  for (int i = 0; i < t.shape.size(); ++i) {
    const std::int64_t last = (t.shape[i] - 1) * t.strides[i];
    (last < 0 ? low : high) += last;
  }
  const std::int64_t each = size_of(t.dtype);
  return {t.data + low * each, t.data + (high + 1) * each};
}

// The source of a change of `to`, of the same shape: `from` itself where element i of one never lies on element j of
// the other, else a copy that the change cannot reach.
Tensor readable_source(const Tensor& from, const TensorImpl& to) {
  const TensorImpl& t = *from.impl();
  if (t.storage != to.storage || to.numel == 0) return from;
  if (t.data == to.data && t.strides == to.strides) return from;
  const Extent a = extent(t);
  const Extent b = extent(to);
  if (a.end <= b.begin || b.end <= a.begin) return from;
  Tensor copy = empty(t.shape, t.dtype);
  copy_strided(t, *copy.impl());
  return copy;
}

// A factor as kernels take it; an error if it is not one for numbers of this dtype.
double factor_for(DType dtype, Number factor, const char* operation, Loc where) {
  if (dtype == i64) {
    (void)element<std::int64_t>(factor, operation, where);
    if (!factor.is_exact()) does_not_fit(factor, "double", operation, where);
  }
  return factor.real();
}

}  // namespace

void Tensor::set(std::initializer_list<std::int64_t> index, Number value, Loc where) {
  const TensorImpl& t = impl_of(*this, "set", where);
  const std::int64_t offset = offset_of(t, index, "set", where);
  visit(t.dtype, [&]<class T>() {
    const T number = element<T>(value, "set", where);
    changed(*this, "set", where);
    t.as<T>()[offset] = number;
  });
}

Tensor& Tensor::fill_(Number value, Loc where) {
  visit(impl_of(*this, "fill_", where).dtype, [&]<class T>() {
    const T number = element<T>(value, "fill_", where);
    changed(*this, "fill_", where);
    fill_strided(*impl_, number);
  });
  return *this;
}

Tensor& Tensor::copy_(const Tensor& from, Loc where) {
  check_defined(from, "copy_", where);
  const TensorImpl& t = impl_of(*this, "copy_", where);
  const Tensor source = readable_source(broadcast_view(from, t.shape, "copy_", where), t);
  check_conversion(*from.impl(), t.dtype, Rounding::none, "copy_", where);
  changed(*this, "copy_", where);
  assign_strided(*source.impl(), *impl_);
  return *this;
}

Tensor& Tensor::add_(const Tensor& other, Number alpha, Loc where) {
  check_defined(other, "add_", where);
  const TensorImpl& t = impl_of(*this, "add_", where);
  if (t.dtype != other.dtype())
    throw Error("add_",
                {.wrong = "dtypes differ",
                 .got = std::string(gradus::name(t.dtype)) + " and " + gradus::name(other.dtype()),
                 .advice = "convert the other tensor: other.to(" + std::string(gradus::name(t.dtype)) + ")"},
                user_line(where));
  if (t.dtype == boolean) refuse_dtype("add_", t.dtype, where);
  const double factor = factor_for(t.dtype, alpha, "add_", where);
  const Tensor source = readable_source(broadcast_view(other, t.shape, "add_", where), t);
  changed(*this, "add_", where);
  add_strided(*source.impl(), factor, *impl_);
  return *this;
}

Tensor& Tensor::mul_(Number factor, Loc where) {
  const DType dtype = impl_of(*this, "mul_", where).dtype;
  if (dtype == boolean) refuse_dtype("mul_", dtype, where);
  const double number = factor_for(dtype, factor, "mul_", where);
  changed(*this, "mul_", where);
  scale_strided(*impl_, number);
  return *this;
}

}  // namespace gradus
