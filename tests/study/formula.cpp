// Formulas in variables of other names than x and y; those two are tested with the surfaces.
#include "study/descent/formula.hpp"

#include <gradus/ops.hpp>
#include <gradus/tape.hpp>

#include "support.hpp"

using namespace gradus;
using study::parse_formula;

TEST_CASE("a formula in variables of other names, with their derivatives") {
  const auto f = parse_formula("2 (w x - y) x", {"w", "x", "y"}, Loc::current());
  const Tensor w = scalar(4, f64).requires_grad_(), x = scalar(2, f64), y = scalar(6, f64);
  Tape tape;
  const Tensor slope = f({w, x, y});
  CHECK(slope.item() == 8);
  tape.backward(slope);
  CHECK(w.grad().item() == 8);
  CHECK(parse_formula("beta v + g", {"v", "g", "beta"},
                      Loc::current())({tensor({1, 2}, f64), scalar(1, f64), scalar(3, f64)})
            .at({1}) == 7);
}

TEST_CASE("with names of its own a formula may be a constant, and other words are refused") {
  const auto constant = [](const char* text) {
    return parse_formula(text, {"n"}, Loc::current())({scalar(0, f64)}).item();
  };
  CHECK(constant("1/4") == 0.25);
  CHECK(constant("2 (1*2 - 6) 2") == -16);
  CHECK_SAYS(constant("x"), "'x' at column 1", "n, pi, e", "sqrt");
  CHECK_SAYS(constant("2 +"), "the end", "a number, n, a function");
  CHECK_SAYS(parse_formula("1/4", Loc::current()), "a constant", "a formula with x or y");
}
