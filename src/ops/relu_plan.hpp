// What Sequential knows of a relu, and relu does not: whether anybody needs its input any more, and what comes next.
#pragma once

#include "tensor/impl.hpp"

namespace gradus::detail {

// Of this thread. Inputs are told apart by their handles, so that no other relu meets the plan.
struct ReluPlan {
  const TensorImpl* input = nullptr;  // of the relu that Sequential is about to call
  bool spare = false;                 // Sequential drops it then: if nobody else holds it, relu may change its numbers
  bool pooled = false;                // max_pool2d comes next, and is the only one to see the result: relu leaves the
                                      // numbers as they are, and the pooling cuts them off, both ways
  const TensorImpl* left = nullptr;   // the result of such a relu
};
inline ReluPlan& relu_plan() {
  static constinit thread_local ReluPlan plan;
  return plan;
}

// Is x the result of a relu that left its work to the pooling?
inline bool is_left_to_pool(const Tensor& x) { return x.defined() && x.impl() == relu_plan().left; }

}  // namespace gradus::detail
