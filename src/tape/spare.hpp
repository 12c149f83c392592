// A gradient that a rule may change instead of making another one: of a walk whose steps nobody looks at.
#pragma once

#include <utility>

#include "tape/observers.hpp"
#include "tensor/impl.hpp"

namespace gradus::detail {

// On this thread, what Vjp::g refers to in the innermost such walk. A walk that a rule makes has another.
inline const Tensor*& spare_gradient() {
  static constinit thread_local const Tensor* g = nullptr;
  return g;
}

// Contiguous, and no other handle or view can see its numbers.
inline bool may_overwrite(const Tensor& x) {
  return is_floating(x.impl()->dtype) && x.impl()->contiguous && x.impl()->sole_owner();
}

// May the rule that gets this g write its result into it, and give that?
inline bool is_spare(const Tensor& g) { return &g == spare_gradient() && !observed() && may_overwrite(g); }

class Spare {
 public:
  explicit Spare(const Tensor& g) : before_(std::exchange(spare_gradient(), &g)) {}
  ~Spare() { spare_gradient() = before_; }
  Spare(const Spare&) = delete;
  Spare& operator=(const Spare&) = delete;

 private:
  const Tensor* before_;
};

}  // namespace gradus::detail
