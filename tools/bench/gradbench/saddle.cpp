// saddle: the least over x of the greatest over y of |x|² - |y|², each found by descent. The outer gradient goes
// through the whole inner descent: reverse mode in reverse mode.
#include "bench/gradbench/descent.hpp"

namespace gradbench {

namespace {

Tensor height(const Tensor& x, const Tensor& y) { return sum(square(x)) - sum(square(y)); }

// The greatest height over y, from `start`, and where it is. All of it is on the live tape.
struct Top {
  Tensor height, y;
};

Top climb(const Tensor& x, const Tensor& start) {
  const Function depth = [&](const Tensor& y) { return -height(x, y); };
  const auto slope = [&](const Tensor& y) { return recorded_gradient(depth, y); };
  const auto value = [&](const Tensor& y) {
    const NoRecord only_compared;
    return depth(y);
  };
  const Tensor y = argmin(value, slope, from_data(start.data<double>(), start.shape()));  // a leaf of its own
  return {height(x, y), y};
}

Tensor find(const Tensor& start) {
  const Function top = [&](const Tensor& x) { return climb(x, start).height; };
  const auto value = [&](const Tensor& x) { return own_value(top, x); };
  const auto slope = [&](const Tensor& x) { return own_gradient(top, x); };
  const Tensor x = argmin(value, slope, start);
  Tape tape;
  return concat({x, climb(x, start).y}).detach();
}

}  // namespace

Functions saddle() {
  return {{"rr", [](const Json& input) {
             const Tensor start = field(input, "start", {2});
             return job([=] { return find(start); });
           }}};
}

}  // namespace gradbench
