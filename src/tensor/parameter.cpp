// Copying, assigning and converting what a module owns.
#include <gradus/parameter.hpp>

#include "tensor/loops.hpp"

namespace gradus {

using namespace detail;

namespace {

Tensor copy_of(const Tensor& x, DType dtype) {
  Tensor y = empty(x.shape(), dtype);
  check_conversion(*x.impl(), dtype, Rounding::to_zero, "convert", Loc());
  assign_strided(*x.impl(), *y.impl());
  return y;
}

// Gives the storage of `from` to the handle `to`, so that all who hold it (an optimizer) see the new numbers.
void take_over(TensorImpl& to, const TensorImpl& from) {
  const std::uint32_t version = to.storage->version;
  // The home counts as a reference of its own only while it is not the storage.
  Storage* const old = to.storage;
  Storage* const home = to.home();
  Storage* const old_home = home != old ? home : nullptr;
  retain(from.storage);
  if (home && home != from.storage) retain(home);
  to.storage = from.storage;
  to.data = from.data;
  to.dtype = from.dtype;
  to.numel = from.numel;
  to.shape = from.shape;
  to.strides = from.strides;
  to.contiguous = from.contiguous;
  // A walk that saved the old numbers must notice.
  to.storage->version = std::max(to.storage->version, version) + 1;
  to.storage->changed_by = "assignment to a parameter";
  to.storage->changed_at = thread_state().at;
  release_storage(old);
  release_storage(old_home);
}

}  // namespace

Owned::Owned(const Owned& o) : Tensor() {
  if (!o.defined()) return;
  static_cast<Tensor&>(*this) = copy_of(o, o.dtype());
  impl()->requires_grad = o.requires_grad();
  if (o.impl()->path()) impl()->extra().path.store("", std::memory_order_relaxed);
  if (!o.name().empty()) set_name(o.name());
}

Owned& Owned::operator=(const Owned& o) {
  if (is_same(o)) return *this;
  if (!defined() || !o.defined()) {
    static_cast<Tensor&>(*this) = Owned(o);
  } else if (shape() == o.shape() && dtype() == o.dtype()) {
    copy_(o);
  } else {
    take_over(*impl(), *copy_of(o, o.dtype()).impl());
    zero_grad();
  }
  return *this;
}

Owned& Owned::operator=(Owned&& o) {
  if (is_same(o)) return *this;
  if (!defined() || !o.defined()) {
    Tensor::operator=(std::move(o));
  } else {
    take_over(*impl(), *o.impl());
    zero_grad();
  }
  return *this;
}

void Owned::convert(DType to) {
  if (!defined() || dtype() == to) return;
  const Tensor g = grad();
  take_over(*impl(), *copy_of(*this, to).impl());
  set_grad(g.defined() ? copy_of(g, to) : Tensor());
}

void Parameter::become_leaf(Loc where) {
  if (!defined()) return;
  requires_grad_(true, where);
  const char* not_a_parameter = nullptr;
  impl()->extra().path.compare_exchange_strong(not_a_parameter, "");
}

}  // namespace gradus
