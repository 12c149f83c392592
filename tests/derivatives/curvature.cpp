// The Hessian as a map, and its largest eigenvalue, against matrices whose eigenvalues are known.
#include <gradus/curvature.hpp>

#include <cmath>
#include <memory>

#include <gradus/ops.hpp>

#include "support.hpp"

using namespace gradus;

namespace {

Tensor rosenbrock(const Tensor& p) { return square(1.0 - p[0]) + 100.0 * square(p[1] - square(p[0])); }

}  // namespace

TEST_CASE("largest_eigenvalue: of matrices whose eigenvalues are known") {
  const auto of = [](std::vector<double> eigenvalues, EigenvalueOptions options = {}) {
    // Q diag Qᵀ with a reflection Q.
    const auto n = static_cast<std::int64_t>(eigenvalues.size());
    Tensor u = arange(1, static_cast<double>(n) + 0.5, 1, f64);
    u = u / sqrt(sum(square(u)));
    const Tensor q = eye(n, f64) - 2 * u.reshape({n, 1}) * u.reshape({1, n});
    const Tensor a = matmul(q, from_data(eigenvalues, {n, 1}) * q);
    const Tensor x = zeros({n}, f64);
    const Eigenvalue e = largest_eigenvalue([&] { return sum(x * matmul(a, x)) / 2; }, {x}, options);
    if (e.converged) {
      const Tensor rest = matmul(a, e.vector) - e.vector * e.value;
      CHECK(std::sqrt(sum(square(rest)).item()) < 1e-5 * (std::abs(e.value) + 1));
      CHECK(sum(square(e.vector)).item() == doctest::Approx(1).epsilon(1e-10));
    }
    return e;
  };
  CHECK(of({5, 2, 1, 0.1}).value == doctest::Approx(5).epsilon(1e-9));
  CHECK(of({5, 2, 1, 0.1}).converged);
  CHECK(of({3}).value == doctest::Approx(3).epsilon(1e-12));
  CHECK(of({0, 0}).value == 0);
  CHECK(of({1, -9, 4}).value == doctest::Approx(4).epsilon(1e-9));  // the largest, not the largest in size
  CHECK(of({2, -2}).value == doctest::Approx(2).epsilon(1e-9));     // signs that alternate for ever
  CHECK(of({-1, -3}).value == doctest::Approx(-1).epsilon(1e-9));
  CHECK(of({7, 7, 1}).value == doctest::Approx(7).epsilon(1e-9));
  const Eigenvalue hurried = of({1, 0.9999, 0.1}, {.iterations = 4});
  CHECK_FALSE(hurried.converged);
  CHECK(hurried.iterations <= 4);

  const Tensor minimum = tensor({1, 1}, f64);
  const Eigenvalue e = largest_eigenvalue([&] { return rosenbrock(minimum); }, {minimum});
  CHECK(e.value == doctest::Approx(1001.6006).epsilon(1e-7));
}

TEST_CASE("largest_eigenvalue: a loose tolerance after a few products is no reason to stop at any vector") {
  Tensor diagonal = arange(0, 200, 1, f64) / 200;
  diagonal.set({7}, 5.9);
  const Tensor x = zeros({200}, f64);
  for (const int iterations : {2, 4, 6, 200}) {
    CAPTURE(iterations);
    const EigenvalueOptions options{.iterations = iterations, .tolerance = 0.05};
    const Eigenvalue e = largest_eigenvalue([&] { return sum(diagonal * square(x)) / 2; }, {x}, options);
    CHECK((!e.converged || std::abs(e.value - 5.9) < 0.1));
    if (iterations == 200) CHECK(e.converged);
  }
}

TEST_CASE("largest_eigenvalue: NaN is no eigenvalue that was found") {
  const Tensor x = tensor({1, 2}, f64);
  const Eigenvalue e = largest_eigenvalue([&] { return sum(square(x)) * std::nan(""); }, {x});
  CHECK_FALSE(e.converged);
  CHECK(std::isnan(e.value));
  const auto with = [&](EigenvalueOptions options) {
    return support::message([&] { largest_eigenvalue([&] { return sum(square(x)); }, {x}, options); });
  };
  CHECK_PARTS(with({.iterations = 0}), "largest_eigenvalue: iterations is out of range", "1 or more", "curvature.cpp");
  CHECK_PARTS(with({.tolerance = std::nan("")}), "tolerance is out of range", "nan");
  CHECK_PARTS(with({.tolerance = -1}), "tolerance is out of range", "-1");
  CHECK(with({.tolerance = 0}) == "nothing was thrown");
}

TEST_CASE("curvature: errors say what does not fit") {
  const Tensor x = tensor({1, 2}, f64);
  Tape tape;
  tape.watch(x);
  const Tensor y = sum(x * x);
  const Curvature h(tape, y, {x});
  CHECK_SAYS(h.times(zeros({3}, f64)), "Curvature::times: v has the wrong shape or dtype", "(3,)", "(2,)");
  CHECK_SAYS(h.times(zeros({2}, i64)), "(2,) i64", "curvature.cpp");
  CHECK_SAYS(h.times(Tensor()), "the tensor is undefined", "curvature.cpp");
  CHECK_SAYS(Curvature(tape, y, {}), "Curvature: there is no x");
  CHECK(Tape::current() == &tape);
}

TEST_CASE("curvature: of a tape that has ended, of an object that was moved from") {
  const Tensor x = tensor({1, 2}, f64);
  auto tape = std::make_unique<Tape>();
  tape->watch(x);
  Curvature h(*tape, sum(x * x), {x});
  Curvature moved = std::move(h);
  CHECK_SAYS(h.times(zeros({2}, f64)), "Curvature: this object has been moved from", "curvature.cpp");  // NOLINT
  CHECK(moved.times(ones({2}, f64)).to_vector() == std::vector<double>{2, 2});
  tape.reset();
  CHECK_SAYS(moved.times(ones({2}, f64)), "its tape is not the live tape of this thread", "curvature.cpp");
  const Tape other;
  CHECK_SAYS(moved.matrix(), "its tape is not the live tape of this thread");
}
