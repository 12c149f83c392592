// Storage, views, and what a Tensor is: its name, its version, its gradient. Its elements: access.cpp; changes in
// place: inplace.cpp; recorded members: src/ops/methods.cpp.
#include <gradus/tensor.hpp>

#include <new>

#include "tensor/impl.hpp"
#include "tensor/loops.hpp"
#include "tensor/number.hpp"
#include "tensor/pool.hpp"

namespace gradus {
namespace detail {
void release_storage(Storage* s) noexcept {
  if (!s || !release(s)) return;
  const std::size_t bytes = numbers_at(s->bytes) + s->bytes;
  s->~Storage();
  pool_free(s, bytes);
}

void destroy(TensorImpl* impl) noexcept {
  Storage *storage = impl->storage, *home = impl->home();
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

Extras& TensorImpl::extra() {
  Extras* e = extras.load(std::memory_order_acquire);
  if (e) return *e;
  auto made = std::make_unique<Extras>();
  if (extras.compare_exchange_strong(e, made.get(), std::memory_order_acq_rel, std::memory_order_acquire))
    e = made.release();
  return *e;
}

namespace {
[[noreturn]] void refuse_size(const Shape& shape, DType dtype) {
  throw Error("tensor",
              {.wrong = "the tensor is too large",
               .got = "shape " + to_string(shape) + " " + name(dtype),
               .expected = "at most 2^44 elements"},
              user_line(Loc()));
}
}  // namespace

Tensor empty(const Shape& shape, DType dtype) {
  std::int64_t numel = 1;
  bool overflows = false;
  for (const std::int64_t size : shape) overflows |= __builtin_mul_overflow(numel, size, &numel);
  if (overflows || numel > std::int64_t{1} << 44) refuse_size(shape, dtype);
  const auto bytes = static_cast<std::size_t>(numel * size_of(dtype));
  const std::size_t begin = numbers_at(bytes);
  void* const block = pool_allocate(begin + bytes);
  auto* storage = new (block) Storage;
  storage->bytes = bytes;
  auto* t = new (storage + 1) TensorImpl;
  t->dtype = dtype;
  t->shape = shape;
  t->strides = shape;
  std::int64_t* strides = shape.size() ? &t->strides[0] : nullptr;  // unchecked: every operation comes here
  std::int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    strides[i] = step;
    step *= shape.begin()[i];
  }
  t->numel = numel;
  t->storage = storage;
  t->in_block = true;
  t->data = static_cast<std::byte*>(block) + begin;
  return Tensor(t);
}

Tensor view(const Tensor& x, const Shape& shape, const Shape& strides, std::int64_t offset) {
  const TensorImpl& from = *x.impl();
  Tensor result(new (pool_allocate(sizeof(TensorImpl))) TensorImpl);
  TensorImpl& t = *result.impl();
  t.dtype = from.dtype;
  t.shape = shape;
  t.strides = strides;
  t.storage = from.storage;
  retain(t.storage);
  const std::int64_t *sizes = shape.begin(), *steps = strides.begin();  // unchecked: every bias comes here
  for (int i = shape.size() - 1; i >= 0; --i) {
    t.contiguous = t.contiguous && (sizes[i] == 1 || steps[i] == t.numel);
    t.numel *= sizes[i];
  }
  t.data = from.data + (t.numel ? offset * size_of(t.dtype) : 0);
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
  throw Error(
      operation,
      {.wrong = "the tensor is undefined",
       .got = "a default-constructed or moved-from tensor, or the grad() of a leaf that no backward() has reached",
       .advice = "check defined() first"},
      user_line(where));
}

}  // namespace detail

using namespace detail;

void Arg::refuse_number() const {
  throw Error("argument",
              {.wrong = "a number where a tensor is needed",
               .got = "the number " + number_text(number_),
               .advice = "wrap it: scalar(…), or full(shape, …)"},
              user_line(where));
}

void Arg::refuse_rounded() const {
  throw Error("argument",
              {.wrong = "a number operand is a double, and this integer would be rounded",
               .got = "about " + number_text(number_),
               .expected = "at most 2^53 = 9007199254740992",
               .advice = "make a tensor of it: tensor({…}, i64)"},
              user_line(where));
}

void Tensor::refuse_undefined(const char* member, Loc where) { refuse_undefined_tensor(member, where); }

std::uint32_t Tensor::version(Loc where) const { return impl_of(*this, "version", where).storage->version; }

std::int64_t Tensor::size(int axis, Loc where) const {
  const TensorImpl& t = impl_of(*this, "size", where);
  return t.shape[static_cast<int>(normal_axis(axis, t.shape.size(), "size", where))];
}

const std::string& Tensor::name(Loc where) const {
  static const std::string none;
  const TensorImpl& t = impl_of(*this, "name", where);
  const Extras* e = t.extras.load(std::memory_order_acquire);
  return e ? e->name : none;
}

Tensor& Tensor::set_name(std::string name, Loc where) {
  check_defined(*this, "set_name", where);
  impl_->extra().name = std::move(name);
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
  if (!on) impl_->grad = Tensor();  // a frozen tensor keeps none, and no old one comes back later
  impl_->origin = on ? 0 : from_frozen;
  return *this;
}

Tensor Tensor::grad(Loc where) const { return impl_of(*this, "grad", where).grad; }

void Tensor::set_grad(Tensor grad, Loc where) {
  const TensorImpl& t = impl_of(*this, "set_grad", where);
  if (grad.defined() && (grad.shape() != t.shape || grad.dtype() != t.dtype))
    throw Error("set_grad",
                {.wrong = "the gradient has another shape or dtype than its tensor",
                 .got = to_string(grad.shape()) + " " + gradus::name(grad.dtype()),
                 .expected = to_string(t.shape) + " " + gradus::name(t.dtype)},
                where);
  for (Tensor next = grad; next.defined(); next = next.grad())
    if (next.is_same(*this))
      throw Error("set_grad",
                  {.wrong = "the tensor would be its own gradient, or that of its gradient, and never be freed",
                   .advice = "give a copy: grad.clone()"},
                  where);
  impl_->grad = std::move(grad);
}

void Tensor::zero_grad(Loc where) {
  check_defined(*this, "zero_grad", where);
  impl_->grad = Tensor();
  if (const Hooks* hooks = observed()) hooks->zero_grad(*this);
}

Tensor Tensor::detach(Loc where) const {
  check_defined(*this, "detach", where);
  return alias(*this);
}

}  // namespace gradus
