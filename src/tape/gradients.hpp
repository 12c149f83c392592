// Adding up gradients during a walk.
#pragma once

#include <gradus/ops.hpp>  // the one arrow up from this floor: gradients are added and copied by operations

#include "tape/room.hpp"
#include "tensor/impl.hpp"
#include "tensor/loops.hpp"

namespace gradus::detail {

// Contiguous, and nobody else refers to its numbers: a walk may change them in place.
inline bool may_write(const Tensor& x) { return x.impl()->contiguous && x.impl()->sole_owner(); }

inline void make_writable(Tensor& x) {
  if (!may_write(x)) x = clone(x);
}

// Adds to what a slot of the walk holds: in place where nobody can notice, and recorded where the walk is.
[[gnu::always_inline]] inline void add_to_slot(WalkRoom& room, int node, Tensor&& gradient, bool record) {
  Tensor& slot = room.slot(node);
  if (!slot.defined()) {
    slot = std::move(gradient);
    room.waiting.insert(node);
  } else if (!record && may_write(slot)) {
    add_strided(*gradient.impl(), 1, *slot.impl());
  } else {
    slot = slot + gradient;
  }
}

}  // namespace gradus::detail
