// Minima of a curve: where its slope turns from below zero to above.
#include "study/descent/one_variable.hpp"

#include <cmath>

#include <gradus/ops.hpp>
#include <gradus/tape.hpp>

namespace gradus::study {
namespace {

constexpr int intervals = 400, halvings = 80;
constexpr std::size_t most = 12;

double slope_at(const Surface& s, double x) {
  const Tensor at = scalar(x, f64).requires_grad_();
  Tape tape;
  return tape.gradient(s.f(at, scalar(0, f64)), {at})[0].item();
}

double curvature_at(const Surface& s, double x) {
  const double h = 1e-4 * (1 + std::abs(x));
  return (slope_at(s, x + h) - slope_at(s, x - h)) / (2 * h);
}

}  // namespace

std::vector<Minimum> minima_of_curve(const Surface& s, double left, double right) {
  std::vector<Minimum> found;
  const auto place = [&](int i) { return left + (right - left) * i / intervals; };
  double before = slope_at(s, left);
  for (int i = 1; i <= intervals && found.size() < most; ++i) {
    const double after = slope_at(s, place(i));
    if (before < 0 && after >= 0) {
      double low = place(i - 1), high = place(i);
      for (int k = 0; k < halvings; ++k) {
        const double middle = low + (high - low) / 2;
        (slope_at(s, middle) < 0 ? low : high) = middle;
      }
      const double curved = curvature_at(s, high);
      if (curved > 0) found.push_back({{high, 0}, s.at({high, 0}), curved, curved});
    }
    before = after;
  }
  return found;
}

}  // namespace gradus::study
