// Tensor's own members: storage, views, access, changes in place. What is recorded is in src/ops.
#include <gradus/tensor.hpp>

#include <new>

#include "kernels/kernels.hpp"
#include "tensor/impl.hpp"
#include "tensor/loops.hpp"
#include "tensor/pool.hpp"

namespace gradus {
namespace detail {
void release_storage(Storage* s) noexcept {
  if (!s || !release(s)) return;
  const std::size_t bytes = sizeof(Storage) + impl_room + s->bytes;
  s->~Storage();
  pool_free(s, bytes);
}

void destroy(TensorImpl* impl) noexcept {
  Storage *storage = impl->storage, *home = impl->home;
  impl->~TensorImpl();
  if (!home) pool_free(impl, sizeof(TensorImpl));
  if (home != storage) release_storage(home);
  release_storage(storage);
}

Shape row_major(const Shape& shape) {
  Shape strides = shape;
  std::int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

namespace {
[[noreturn]] void refuse_size(const Shape& shape, DType dtype) {
  throw Error("tensor",
              {.wrong = "too large", .got = to_string(shape) + " " + name(dtype), .expected = "at most 2^44 elements"},
              user_line(Loc()));
}
}  // namespace

Tensor empty(const Shape& shape, DType dtype) {
  std::int64_t numel = 1;
  bool over = false;
  for (const std::int64_t size : shape) over |= __builtin_mul_overflow(numel, size, &numel);
  if (over || numel > std::int64_t{1} << 44) refuse_size(shape, dtype);
  const auto bytes = static_cast<std::size_t>(numel * size_of(dtype));
  auto* storage = new (pool_allocate(sizeof(Storage) + impl_room + bytes)) Storage;
  storage->bytes = bytes;
  auto* t = new (storage + 1) TensorImpl;
  t->dtype = dtype;
  t->shape = shape;
  t->strides = shape;
  std::int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    t->strides[i] = step;
    step *= shape[i];
  }
  t->numel = numel;
  t->storage = t->home = storage;
  t->data = storage->data();
  return Tensor(t);
}

Tensor view(const Tensor& x, const Shape& shape, const Shape& strides, std::int64_t offset) {
  const TensorImpl& from = *x.impl();
  Tensor result(new (pool_allocate(sizeof(TensorImpl))) TensorImpl);
  TensorImpl& t = *result.impl();
  t.dtype = from.dtype;
  t.shape = shape;
  t.strides = strides;
  t.numel = shape.numel();
  t.storage = from.storage;
  retain(t.storage);
  t.data = from.data + (t.numel ? offset * size_of(t.dtype) : 0);
  std::int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0 && t.contiguous; --i) {
    t.contiguous = shape[i] == 1 || strides[i] == step;
    step *= shape[i];
  }
  t.contiguous = t.contiguous || t.numel == 0;
  return result;
}

Tensor alias(const Tensor& x) { return view(x, x.shape(), x.strides()); }

Tensor dense(const Tensor& x) {
  const TensorImpl& from = *x.impl();
  if (from.contiguous) return x;
  Tensor y = empty(from.shape, from.dtype);
  copy_strided(from, *y.impl());
  return y;
}

void refuse_undefined_tensor(const char* operation, Loc where) {
  throw Error(operation,
              {.wrong = "the tensor is undefined",
               .got = "a default-constructed tensor, or the grad() of a leaf that no backward() has reached",
               .advice = "check defined() first"},
              user_line(where));
}

void changed(const Tensor& x, const char* by, Loc where) {
  check_defined(x, by, where);
  TensorImpl& t = *x.impl();
  where = user_line(where);
  if (t.tape)
    throw Error(by,
                {.wrong = "the tensor is the result of a recorded operation and cannot be changed in place",
                 .advice = "compute a new tensor, or change x.detach() if the tape no longer needs the numbers"},
                where);
  for (int i = 0; i < t.shape.size(); ++i)
    if (t.strides[i] == 0 && t.shape[i] > 1)
      throw Error(by,
                  {.wrong = "several elements of this expanded view are one number in memory",
                   .got = "shape " + to_string(t.shape) + " with strides " + to_string(t.strides),
                   .advice = "change a copy: x.clone()"},
                  where);
  ++t.storage->version;
  t.storage->changed_by = by;
  t.storage->changed_at = where;
  if (const Hooks* hooks = observed()) hooks->mutation(x, by, where);
}

std::int64_t normal_axis(std::int64_t axis, int dims, const char* operation, Loc where) {
  if (axis < -dims || axis >= dims)
    throw Error(operation,
                {.wrong = "axis out of range",
                 .got = "axis " + std::to_string(axis) + " of a tensor with " + std::to_string(dims) + " axes",
                 .expected = dims ? std::to_string(-dims) + " to " + std::to_string(dims - 1) : "none"},
                user_line(where));
  return axis < 0 ? axis + dims : axis;
}

Shape normal_axes(const Axes& axes, int dims, const char* operation, Loc where) {
  bool chosen[max_dims] = {};
  for (auto axis : axes) {
    const auto a = normal_axis(axis, dims, operation, where);
    if (chosen[a])
      throw Error(operation, {.wrong = "an axis is named twice", .got = "axes " + to_string(axes)}, user_line(where));
    chosen[a] = true;
  }
  Shape result;
  for (int i = 0; i < dims; ++i)
    if (axes.empty() || chosen[i]) result.push_back(i);
  return result;
}

}  // namespace detail

using namespace detail;

void Arg::refuse_number() const {
  throw Error("argument",
              {.wrong = "a tensor is needed here",
               .got = "the number " + std::to_string(number_),
               .advice = "wrap it: scalar(…), or full(shape, …)"},
              user_line(where));
}

namespace {
const TensorImpl& impl_of(const Tensor& x, const char* what, Loc where = Loc()) {
  if (!x.defined()) check_defined(x, what, where);  // which throws
  return *x.impl();
}
}  // namespace

void Tensor::refuse_undefined(const char* asked) { refuse_undefined_tensor(asked, Loc()); }

std::uint32_t Tensor::version() const { return impl_of(*this, "version").storage->version; }

std::int64_t Tensor::size(int axis, Loc where) const {
  const TensorImpl& t = impl_of(*this, "size", where);
  return t.shape[static_cast<int>(normal_axis(axis, t.shape.size(), "size", where))];
}

const std::string& Tensor::name() const {
  static const std::string none;
  const TensorImpl& t = impl_of(*this, "name");
  return t.name ? *t.name : none;
}

Tensor& Tensor::set_name(std::string name) {
  impl_of(*this, "set_name");
  impl_->name = std::make_unique<std::string>(std::move(name));
  return *this;
}

// ---- access ----

namespace {

std::int64_t offset_of(const TensorImpl& t, std::initializer_list<std::int64_t> index, const char* what, Loc where) {
  if (static_cast<int>(index.size()) != t.shape.size())
    throw Error(what,
                {.wrong = "one index per axis is needed",
                 .got = std::to_string(index.size()) + " indices",
                 .expected = std::to_string(t.shape.size()) + ", for shape " + to_string(t.shape)},
                where);
  std::int64_t offset = 0;
  int axis = 0;
  for (auto i : index) {
    const auto n = t.shape[axis];
    if (i < -n || i >= n)
      throw Error(what,
                  {.wrong = "index out of range",
                   .got = std::to_string(i) + " on axis " + std::to_string(axis) + " of shape " + to_string(t.shape)},
                  where);
    offset += (i < 0 ? i + n : i) * t.strides[axis++];
  }
  return offset;
}

double read(const TensorImpl& t, std::int64_t offset) {
  return visit(t.dtype, [&]<class T>() { return static_cast<double>(t.as<T>()[offset]); });
}

}  // namespace

double Tensor::item(Loc where) const {
  const TensorImpl& t = impl_of(*this, "item", where);
  if (t.numel != 1)
    throw Error("item",
                {.wrong = "only a tensor of one element is a number",
                 .got = "shape " + to_string(t.shape),
                 .advice = "at({i, j}), sum() or to_vector()"},
                where);
  check_read(*this, "item()", where);
  return read(t, 0);
}

double Tensor::at(std::initializer_list<std::int64_t> index, Loc where) const {
  const TensorImpl& t = impl_of(*this, "at", where);
  check_read(*this, "at()", where);
  return read(t, offset_of(t, index, "at", where));
}

void Tensor::set(std::initializer_list<std::int64_t> index, double value, Loc where) {
  const auto offset = offset_of(impl_of(*this, "set", where), index, "set", where);
  changed(*this, "set", where);
  visit(impl_->dtype, [&]<class T>() { impl_->as<T>()[offset] = static_cast<T>(value); });
}

double Tensor::flat(std::int64_t i, Loc where) const {
  const TensorImpl& t = impl_of(*this, "to_vector", where);
  check_read(*this, "to_vector()", where);
  std::int64_t offset = 0;
  for (int axis = t.shape.size() - 1; axis >= 0; --axis) {
    offset += i % t.shape[axis] * t.strides[axis];
    i /= t.shape[axis];
  }
  return read(t, offset);
}

const void* Tensor::raw(DType dtype, Loc where) const {
  const TensorImpl& t = impl_of(*this, "data", where);
  if (t.dtype != dtype)
    throw Error("data",
                {.wrong = "the tensor holds another type",
                 .got = gradus::name(t.dtype),
                 .expected = gradus::name(dtype),
                 .advice = "convert it: x.to(…), or copy it: x.to_vector<T>()"},
                where);
  if (!t.contiguous)
    throw Error("data",
                {.wrong = "the numbers do not lie side by side in memory",
                 .got = "shape " + to_string(t.shape) + " with strides " + to_string(t.strides),
                 .advice = "x.contiguous().data<T>(), or x.to_vector<T>()"},
                where);
  check_read(*this, "data()", where);
  return t.data;
}

void* Tensor::mutable_raw(DType dtype, Loc where) {
  raw(dtype, where);
  changed(*this, "mutable_data", where);
  return impl_->data;
}

void Tensor::copy_to(void* to, DType dtype, Loc where) const {
  impl_of(*this, "to_vector", where);
  check_read(*this, "to_vector()", where);
  const Tensor x = dense(*this);
  visit(x.dtype(), [&]<class From>() {
    visit(dtype, [&]<class To>() { kernels::convert(x.numel(), detail::data<From>(x), 1, static_cast<To*>(to)); });
  });
}

void Tensor::check_count(std::int64_t count, Loc where) const {
  if (count != numel())
    throw Error("copy_to",
                {.wrong = "the span has another size",
                 .got = std::to_string(count),
                 .expected = std::to_string(numel()) + ", for shape " + to_string(shape())},
                where);
}

// ---- changes in place ----

Tensor& Tensor::fill_(double value, Loc where) {
  changed(*this, "fill_", where);
  fill_strided(*impl_, value);
  return *this;
}

Tensor& Tensor::copy_(const Tensor& from, Loc where) {
  check_defined(from, "copy_", where);
  const Tensor numbers = broadcast_view(from, impl_of(*this, "copy_", where).shape, "copy_", where);
  changed(*this, "copy_", where);
  assign_strided(*numbers.impl(), *impl_);
  return *this;
}

Tensor& Tensor::add_(const Tensor& other, double alpha, Loc where) {
  check_defined(other, "add_", where);
  const TensorImpl& t = impl_of(*this, "add_", where);
  if (t.dtype != other.dtype())
    throw Error("add_",
                {.wrong = "dtypes differ",
                 .got = std::string(gradus::name(t.dtype)) + " and " + gradus::name(other.dtype()),
                 .advice = "convert one: x.to(…)"},
                user_line(where));
  const Tensor numbers = broadcast_view(other, t.shape, "add_", where);
  changed(*this, "add_", where);
  add_strided(*numbers.impl(), alpha, *impl_);
  return *this;
}

Tensor& Tensor::mul_(double factor, Loc where) {
  changed(*this, "mul_", where);
  scale_strided(*impl_, factor);
  return *this;
}

// ---- differentiation ----

Tensor& Tensor::requires_grad_(bool on, Loc where) {
  const TensorImpl& t = impl_of(*this, "requires_grad_", where);
  if (on && !is_floating(t.dtype))
    throw Error("requires_grad_",
                {.wrong = "only floating-point tensors have gradients",
                 .got = gradus::name(t.dtype),
                 .advice = "convert it first: x.to(f32)"},
                where);
  if (t.tape)
    throw Error("requires_grad_",
                {.wrong = "the tensor is the result of a recorded operation, not a leaf",
                 .advice = "x.detach().requires_grad_() makes a leaf of its numbers; tape.gradient(y, {x}) needs none"},
                where);
  impl_->requires_grad = on;
  impl_->origin = on ? 0 : from_frozen;
  return *this;
}

Tensor Tensor::grad() const { return impl_of(*this, "grad").grad; }

void Tensor::set_grad(Tensor grad, Loc where) {
  const TensorImpl& t = impl_of(*this, "set_grad", where);
  if (grad.defined() && (grad.shape() != t.shape || grad.dtype() != t.dtype))
    throw Error("set_grad",
                {.wrong = "a gradient has the shape and dtype of its tensor",
                 .got = to_string(grad.shape()) + " " + gradus::name(grad.dtype()),
                 .expected = to_string(t.shape) + " " + gradus::name(t.dtype)},
                where);
  impl_->grad = std::move(grad);
}

void Tensor::zero_grad() {
  impl_of(*this, "zero_grad");
  impl_->grad = Tensor();
  if (const Hooks* hooks = observed()) hooks->zero_grad(*this);
}

Tensor Tensor::detach() const {
  impl_of(*this, "detach");
  return alias(*this);
}

}  // namespace gradus
