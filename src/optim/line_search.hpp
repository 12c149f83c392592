// A step length that satisfies the strong Wolfe conditions (Nocedal and Wright, 2006, section 3.5).
#pragma once

#include <functional>

#include <gradus/tensor.hpp>

namespace gradus::optim {

// The loss at x + t d: its value, its slope along d, its gradient.
struct Probe {
  double t, loss, slope;
  Tensor gradient;
};

// Looks from t = 0 (`start`, whose slope is negative) for a probe with
//   loss <= start.loss + 1e-4 t start.slope   and   |slope| <= 0.9 |start.slope|,
// first at t, and evaluates 26 times at the most. `reach` is the largest |element| of d. The best it found, if none.
Probe strong_wolfe(const std::function<Probe(double)>& evaluate, const Probe& start, double t, double reach);

}  // namespace gradus::optim
