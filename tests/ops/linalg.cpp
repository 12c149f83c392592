// Linear algebra: against products, in every layout, with and without a batch; matrices without a solution.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include <gradus/gradus.hpp>

#include "support.hpp"

using namespace gradus;

namespace {

const double inf = std::numeric_limits<double>::infinity();

Tensor spd(const Shape& shape, DType dtype = f64) {
  const Tensor x = randn(shape, dtype);
  return matmul(x, x, {.transpose_b = true}) + eye(shape.back(), dtype);
}
bool near(const Tensor& a, const Tensor& b) { return allclose(a, b, 1e-9, 1e-9); }

}  // namespace

TEST_CASE("cholesky gives a factor of the matrix") {
  manual_seed(1);
  for (const Shape& shape :
       {Shape{1, 1}, Shape{4, 4}, Shape{90, 90}, Shape{3, 2, 5, 5}, Shape{0, 3, 3}, Shape{2, 0, 0}}) {
    const Tensor x = spd(shape), y = cholesky(x);
    CHECK(near(matmul(y, y, {.transpose_b = true}), x));
    CHECK(equal(triu(y, 1), zeros_like(y)));
    CHECK(equal(cholesky(x, true), y.transpose(-2, -1)));
    CHECK(near(cholesky(x.t()), y));
  }
  CHECK(equal(cholesky(tensor({{4, 1}, {3, 5}})), tensor({{2, 0}, {1, 2}})));  // the symmetric part counts
  const Tensor bad = stack({eye(2), tensor({{1, 2}, {2, 1}})});
  CHECK_SAYS(cholesky(bad), "cholesky: a matrix is not positive definite", "matrix [1]", "2 rows");
  CHECK_SAYS(cholesky(tensor({{1, 2}, {2, 1}})), "the matrix, as its leading 2 rows");
  CHECK_SAYS(cholesky(eye(2) * std::nan("")), "not positive definite");
  CHECK_SAYS(cholesky(stack({stack({eye(2), eye(2)}), stack({eye(2), -eye(2)})})), "matrix [1, 1]");
}

TEST_CASE("solve_triangular solves, in each of its forms") {
  manual_seed(2);
  for (const DType dtype : {f32, f64})
    for (const bool upper : {false, true})
      for (const bool left : {false, true})
        for (const bool unit : {false, true})
          for (const bool turned : {false, true}) {
            Tensor a = randn({2, 4, 4}, dtype) * 0.3 + eye(4, dtype) * 2.0;
            if (turned) a = a.t();
            const Tensor b = randn(left ? Shape{2, 4, 3} : Shape{2, 3, 4}, dtype);
            Tensor t = upper ? triu(a) : tril(a);
            if (unit) t = t * (1.0 - eye(4, dtype)) + eye(4, dtype);
            const Tensor y = solve_triangular(a, b, {.upper = upper, .left = left, .unitriangular = unit});
            CHECK(allclose(left ? matmul(t, y) : matmul(y, t), b, 1e-4, 1e-5));
          }
  const Tensor a = eye(3) * 2.0;
  CHECK(solve_triangular(expand(a, {5, 3, 3}), ones({3, 1})).shape() == Shape{5, 3, 1});
  CHECK_SAYS(solve_triangular(a - eye(3) * 2.0, ones({3, 1})), "solve_triangular: a triangular matrix has a 0",
             "row 0");
  CHECK(equal(solve_triangular(zeros({2, 2}), ones({2, 1}), {.unitriangular = true}), ones({2, 1})));
}

TEST_CASE("solve, inverse and determinants agree") {
  manual_seed(3);
  for (const DType dtype : {f32, f64})
    for (const std::int64_t n : {1, 2, 5, 40}) {
      const Tensor a = randn({3, n, n}, dtype) + eye(n, dtype) * 3.0, b = randn({3, n, 2}, dtype);
      const double room = dtype == f32 ? 2e-3 : 1e-9;
      CHECK(allclose(matmul(a, solve(a, b)), b, room, room));
      CHECK(allclose(matmul(a, inverse(a)), expand(eye(n, dtype), {3, n, n}), room, room));
      CHECK(allclose(solve(a.t(), b), matmul(inverse(a).t(), b), room, room));
      const auto [sign, logarithm] = slogdet(a);
      CHECK(allclose(sign * exp(logarithm), det(a), room, room));
    }
  const Tensor a = tensor({{0, 2}, {3, 4}}, f64);  // needs a swap of rows
  CHECK(det(a).item() == -6);
  CHECK(near(solve(a, tensor({2, 7}, f64)), tensor({1, 1}, f64)));
  CHECK(solve(expand(a, {5, 2, 2}), ones({5, 2}, f64)).shape() == Shape{5, 2});
  CHECK(solve(expand(a, {5, 2, 2}), ones({2}, f64)).shape() == Shape{5, 2});
  CHECK(solve(a, ones({4, 2, 3}, f64)).shape() == Shape{4, 2, 3});
  CHECK(det(zeros({3, 0, 0})).to_vector() == std::vector<double>{1, 1, 1});
  CHECK(slogdet(zeros({0, 0})).logabsdet.item() == 0);
  CHECK(solve(zeros({0, 0}), zeros({0, 2})).shape() == Shape{0, 2});
  CHECK(std::isnan(det(eye(2) * std::nan("")).item()));
}

TEST_CASE("a singular matrix is named, or has the determinant 0") {
  const Tensor bad = tensor({{1, 2}, {2, 4}}, f64), batch = stack({stack({eye(2, f64), bad}), stack({bad, bad})});
  CHECK_SAYS(solve(eye(3), ones({4})), "solve: the sizes of a and b do not fit", "a (3, 3), b (4,)",
             "b (3,) or (…, 3, k)");
  CHECK_SAYS(inverse(bad), "inverse: a matrix is singular", "the matrix", "pivot 1");
  CHECK_SAYS(solve(batch, ones({2, 1}, f64)), "solve: a matrix is singular", "matrix [0, 1]");
  CHECK(det(bad).item() == 0);
  CHECK(slogdet(bad).sign.item() == 0);
  CHECK(slogdet(bad).logabsdet.item() == -inf);
  Tape tape;
  tape.watch(bad);
  const Tensor y = slogdet(bad).logabsdet;
  CHECK_SAYS(tape.gradient(y, {bad}), "inverse: a matrix is singular");
}

TEST_CASE("the gradient of a determinant needs no inverse") {
  const Tensor rank_2 = tensor({{1, 2, 3}, {2, 4, 6}, {1, 0, 1}}, f64), near = tensor({{1, 2}, {2, 4 + 1e-9}}, f64);
  const Tensor rank_1 = tensor({{1, 2, 3}, {2, 4, 6}, {3, 6, 9}}, f64), zero = zeros({2, 2}, f64);
  for (const Tensor& at : {rank_2, near, rank_1, stack({eye(2, f64), zero}), zero}) {
    const GradcheckResult r = gradcheck([](const Tensor& m) { return det(m); }, {at}, {.order = 2});
    INFO(to_string(r));
    int right = 0;
    for (const InputVerdict& v : r.inputs) {
      CHECK((v.verdict == Verdict::ok || v.verdict == Verdict::zero));
      right += v.verdict == Verdict::ok;
    }
    CHECK(right > 0);
  }
  const Tensor x = tensor({{1, 2}, {2, 4}}, f64);
  Tape tape;
  tape.watch(x);
  CHECK(equal(tape.gradient(det(x), {x})[0], tensor({{4, -2}, {-2, 1}}, f64)));
}

TEST_CASE("linear algebra can be differentiated three times") {
  const Tensor a = tensor({{3, 1}, {0.5, 2}}, f64), v = tensor({{0.3, -1}, {0.7, 0.2}}, f64);
  using Function = Tensor (*)(const Tensor&);
  for (const Function f : std::initializer_list<Function>{
           [](const Tensor& x) { return det(x); }, [](const Tensor& x) { return inverse(x); },
           [](const Tensor& x) { return slogdet(x).logabsdet; }, [](const Tensor& x) { return cholesky(x); },
           [](const Tensor& x) { return solve(x, square(x)); },
           [](const Tensor& x) { return solve_triangular(x, square(x)); }}) {
    // The second derivative along v twice, at x; and its gradient.
    const auto second = [&](const Tensor& x, Tensor* third) {
      Tape tape;
      tape.watch(x);
      const Tensor g = tape.gradient(sum(f(x)), {x}, {.record = true})[0];
      const Tensor h = tape.gradient(sum(g * v), {x}, {.record = true})[0], y = sum(h * v);
      if (third) *third = tape.index_of(y) < 0 ? zeros_like(x) : tape.gradient(y, {x})[0];
      return y.item();
    };
    Tensor third;
    second(a.clone(), &third);
    const double step = 1e-3, measured = (second(a + v * step, nullptr) - second(a - v * step, nullptr)) / (2 * step);
    CHECK(sum(third * v).item() == doctest::Approx(measured).epsilon(1e-4).scale(1e-3));
  }
}

TEST_CASE("diagonals and triangles") {
  const Tensor x = arange(12).reshape({3, 4});
  CHECK(equal(diagonal(x), tensor({0, 5, 10}, i64)));
  CHECK(equal(diagonal(x, 2), tensor({2, 7}, i64)));
  CHECK(equal(diagonal(x, -1), tensor({4, 9}, i64)));
  CHECK(diagonal(x, 4).shape() == Shape{0});
  CHECK(diagonal(x, std::numeric_limits<std::int64_t>::min()).shape() == Shape{0});
  CHECK(diagonal(x, std::numeric_limits<std::int64_t>::max()).shape() == Shape{0});
  CHECK(diagonal(zeros({2, 0})).shape() == Shape{0});
  CHECK(equal(diagonal(x.t(), 1), tensor({4, 9}, i64)));
  CHECK(diagonal(zeros({2, 3, 4}), 0, 0, 2).shape() == Shape{3, 2});
  CHECK(equal(diag(tensor({1, 2})), tensor({{1, 0}, {0, 2}})));
  CHECK(equal(diag(diag(tensor({1, 2}), 3), 3), tensor({1, 2})));
  CHECK(equal(diag(tensor({1}), -2), tensor({{0, 0, 0}, {0, 0, 0}, {1, 0, 0}})));
  CHECK(diag(zeros({0})).shape() == Shape{0, 0});
  CHECK(diag(zeros({0}), 2).shape() == Shape{2, 2});
  CHECK(trace(x).item<std::int64_t>() == 15);
  CHECK(trace(zeros({5, 2, 3})).shape() == Shape{5});
  const Tensor m = randn({2, 4, 4});
  for (const std::int64_t k : {-9, -1, 0, 1, 9}) CHECK(equal(unpack_tril(pack_tril(m, k), 4, k), tril(m, k)));
  CHECK(pack_tril(m).shape() == Shape{2, 10});
  CHECK_SAYS(diagonal(x, 0, 1, -1), "diagonal: both axes are the same");
  CHECK_SAYS(unpack_tril(ones({5}), 3), "unpack_tril: the last axis does not hold a triangle", "(…, 6)");
}

TEST_CASE("products of vectors") {
  CHECK(equal(outer(tensor({1, 2}), tensor({3, 4, 5})), tensor({{3, 4, 5}, {6, 8, 10}})));
  CHECK(equal(cross(tensor({1, 0, 0}), tensor({0, 1, 0})), tensor({0, 0, 1})));
  CHECK(equal(cross(tensor({{1}, {2}, {3}}), tensor({{3}, {5}, {1}}), 0), tensor({{-13}, {8}, {-1}})));
  CHECK(cross(randn({4, 3}), randn({3})).shape() == Shape{4, 3});
  CHECK_SAYS(cross(ones({2}), ones({2})), "cross: the axis does not hold vectors in space", "a size of 3");
  CHECK_SAYS(outer(ones({2, 2}), ones({2})), "outer: a is not a vector");
}
