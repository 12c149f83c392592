// Exercise 04: a central difference. Lesson 2.
// Return the slope of f at x by a central difference. Choose h.
#include <gradus/gradus.hpp>

#include "exercise.hpp"

using namespace gradus;

namespace {

template <class Function>
double slope(const Function& f, double x) {
  // HOLE
  hole(f, x);
  // END
}

}  // namespace

int main() {
  Exercise exercise("04_difference", "a central difference",
                    "(f(x + h) - f(x - h)) / 2h, with h near 6e-6: lesson 2 has the V");
  return exercise.run([&] {
    exercise.expect("the slope of sin at 1", std::cos(1.0), slope([](double x) { return std::sin(x); }, 1), 1e-9);
    exercise.expect("the slope of e^x at 2", std::exp(2.0), slope([](double x) { return std::exp(x); }, 2), 1e-9);
  });
}
