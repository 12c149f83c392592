// Exercise 11: an operation of your own. Lesson 2.
// An operation x³. Its rule gets g = v.g and the saved input v.in(0); give dL/dx with v.give(0, …).
#include <gradus/gradus.hpp>

#include "exercise.hpp"

using namespace gradus;

namespace {

struct Cube {
  static constexpr auto name = "cube", rule = "dx = 3 g x²";
  static constexpr Saves saves{in0};
  void fields(auto&) const {}
  Tensor forward(Fwd&, Ins in) const { return in[0] * in[0] * in[0]; }
  void vjp(Vjp& v) const {
    // HOLE
    hole(v);
    // END
  }
};

double difference_of_rules(const Tensor& x) {
  const GradcheckResult result = gradcheck([](const Tensor& t) { return apply(Cube{}, Arg(t)); }, {x});
  return std::abs(result.inputs[0].analytic - result.inputs[0].numeric);
}

}  // namespace

int main() {
  Exercise exercise("11_operation", "an operation of your own",
                    "the derivative of x³ is 3x²; the chain rule multiplies it by g");
  return exercise.run([&] {
    exercise.expect("your rule, less a difference", 0, difference_of_rules(tensor({2}, f64)), 1e-6);
    exercise.expect("the same at -1.5", 0, difference_of_rules(tensor({-1.5}, f64)), 1e-6);
  });
}
