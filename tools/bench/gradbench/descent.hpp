// Gradient descent as particle and saddle prescribe it: the rate doubles after ten good steps and halves after a bad
// one, and it ends where the gradient or the step is at most 1e-5.
#pragma once

#include "bench/gradbench/evals.hpp"

namespace gradbench {

/// One number, of a vector.
using Function = std::function<Tensor(const Tensor&)>;

/// Where f is least, from `start` (n). Both value and gradient may be recorded: then so is the result.
inline Tensor argmin(const Function& value, const Function& gradient, const Tensor& start) {
  constexpr double least = 1e-5;
  const auto length = [](const Tensor& v) { return norm(v.detach()).item(); };
  Tensor x = start, slope = gradient(x);
  double lowest = value(x).item(), rate = 1e-5;
  int good = 0;
  while (length(slope) > least) {
    if (good == 10) {
      rate *= 2;
      good = 0;
      continue;
    }
    const Tensor next = x - rate * slope;
    if (length(next.detach() - x.detach()) <= least) break;
    if (const double reached = value(next).item(); reached < lowest) {
      x = next;
      lowest = reached;
      slope = gradient(x);
      ++good;
    } else {
      rate /= 2;
      good = 0;
    }
  }
  return x;
}

/// The gradient of f at x, recorded on the live tape, so that it can be differentiated again.
inline Tensor recorded_gradient(const Function& f, const Tensor& x) {
  Tape& tape = *Tape::current();
  if (tape.index_of(x) < 0) tape.watch(x);
  return tape.gradient(f(x), {x}, {.record = true})[0];
}

/// The gradient of f on a tape of its own. Also where f takes gradients itself.
inline Tensor own_gradient(const Function& f, const Tensor& x) {
  return value_and_grad([&] { return f(x); }, {x}).grads[0];
}

/// The value of f, which takes gradients itself.
inline Tensor own_value(const Function& f, const Tensor& x) {
  Tape tape;
  return f(x).detach();
}

}  // namespace gradbench
