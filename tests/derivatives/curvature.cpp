// Hessians, Jacobians, products with them and their largest eigenvalue, against formulas and the matrices themselves.
#include <gradus/curvature.hpp>

#include <cmath>

#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>

#include "support.hpp"

using namespace gradus;

namespace {

Tensor rosenbrock(const Tensor& p) { return square(1.0 - p[0]) + 100.0 * square(p[1] - square(p[0])); }

// [[2 - 400 (y - 3x²), -400 x], [-400 x, 200]]
Tensor rosenbrock_hessian(double x, double y) {
  return tensor({{2 - 400 * (y - 3 * x * x), -400 * x}, {-400 * x, 200}}, f64);
}

struct Net {
  nn::Sequential layers{nn::Linear(3, 4), nn::Tanh(), nn::Linear(4, 2)};
  Tensor x, y;
  explicit Net(DType dtype) : x(randn({5, 3}, dtype)), y(randn({5, 2}, dtype)) { layers.to(dtype); }
  Tensor loss() const { return mse_loss(layers(x), y); }
};

}  // namespace

TEST_CASE("hessian: Rosenbrock's formula, and a tensor of any shape") {
  const Tensor p = tensor({-1.2, 1}, f64);
  CHECK(allclose(hessian([&] { return rosenbrock(p); }, p), rosenbrock_hessian(-1.2, 1), 1e-13));

  const Tensor m = randn({2, 3}, f64);  // f = sum(m³)/6: the Hessian holds m on its diagonal
  const Tensor h = hessian([&] { return sum(m * m * m) / 6; }, m);
  CHECK(h.shape() == Shape{2, 3, 2, 3});
  for (const std::int64_t i : {0, 1})
    for (const std::int64_t j : {0, 1, 2})
      for (const std::int64_t k : {0, 1})
        for (const std::int64_t l : {0, 1, 2})
          CHECK(h.at({i, j, k, l}) == doctest::Approx(i == k && j == l ? m.at({i, j}) : 0).epsilon(1e-13));
}

TEST_CASE("hessian: what is linear, constant or a plain number") {
  const Tensor x = tensor({1, 2}, f64), c = scalar(3, f64);
  CHECK(equal(hessian([&] { return sum(x * 5); }, x), zeros({2, 2}, f64)));
  CHECK(equal(hessian([&] { return c; }, x), zeros({2, 2}, f64)));
  const Tensor s = scalar(2, f64);
  CHECK(hessian([&] { return s * s * s; }, s).item() == 12);
  CHECK(hessian([&] { return s * s * s; }, s).shape() == Shape{});
}

TEST_CASE("jacobian: of a map, of a number, of what does not depend on x") {
  const Tensor x = tensor({2, 3}, f64);
  const Tensor j = jacobian([&] { return stack({x[0] * x[1], sin(x[0]), x[1]}); }, x);
  CHECK(allclose(j, tensor({{3, 2}, {std::cos(2.0), 0}, {0, 1}}, f64), 1e-14));
  const Tensor w = randn({4, 2}, f64);
  CHECK(allclose(jacobian([&] { return matmul(w, x); }, x), w, 1e-14));
  CHECK(jacobian([&] { return x[0] * x[1]; }, x).shape() == Shape{2});
  CHECK(equal(jacobian([&] { return w; }, x), zeros({4, 2, 2}, f64)));
  // The Jacobian of the gradient is the Hessian.
  const Tensor p = tensor({0.3, -0.7}, f64);
  const Tensor of_gradient =
      jacobian([&] { return Tape::current()->gradient(rosenbrock(p), {p}, {.record = true})[0]; }, p);
  CHECK(allclose(of_gradient, rosenbrock_hessian(0.3, -0.7), 1e-13));
}

TEST_CASE("hvp: the product with the whole matrix, for a network's weights in either dtype") {
  manual_seed(3);
  for (const DType dtype : {f64, f32}) {
    const Net net(dtype);
    const std::vector<Tensor> p = net.layers.parameters();
    std::vector<Tensor> v;
    for (const Tensor& t : p) v.push_back(randn(t.shape(), dtype));
    const std::vector<Tensor> product = hvp([&] { return net.loss(); }, p, v);
    REQUIRE(product.size() == p.size());

    Tape tape;
    const Tensor loss = net.loss();
    const Curvature h(tape, loss, p);
    const Tensor matrix = h.matrix();
    CHECK(h.size() == 3 * 4 + 4 + 4 * 2 + 2);
    CHECK(allclose(matrix, matrix.t(), 1e-4, 1e-6));
    std::vector<Tensor> flat;
    for (const Tensor& t : v) flat.push_back(to(t, f64).reshape({t.numel()}));
    const NoRecord pause;
    const Tensor whole = matmul(matrix, concat(flat));
    std::int64_t begin = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      CHECK(product[i].shape() == p[i].shape());
      CHECK(product[i].dtype() == dtype);
      const Tensor part = slice(whole, 0, {begin, begin + p[i].numel()}).reshape(p[i].shape());
      CHECK(allclose(to(product[i], f64), part, 1e-4, dtype == f64 ? 1e-12 : 1e-5));
      begin += p[i].numel();
      CHECK_FALSE(p[i].grad().defined());
    }
    // And against a difference of gradients.
    if (dtype == f64) {
      const double step = 1e-5;
      const auto gradient = [&](double sign) {
        std::vector<Tensor> moved;
        for (std::size_t i = 0; i < p.size(); ++i) Tensor(p[i]).add_(v[i], sign * step);
        const std::vector<Tensor> g = [&] {
          std::vector<Tensor> list;
          const Tensor j = jacobian([&] { return net.loss(); }, p[0]);
          list.push_back(j);
          return list;
        }();
        for (std::size_t i = 0; i < p.size(); ++i) Tensor(p[i]).add_(v[i], -sign * step);
        return g[0];
      };
      CHECK(allclose((gradient(1) - gradient(-1)) / (2 * step), product[0], 1e-6, 1e-8));
    }
  }
}

TEST_CASE("hvp: works beside a live tape and leaves it as it was") {
  const Tensor x = tensor({1, 2}, f64).requires_grad_();
  Tape tape;
  const Tensor y = sum(x * x);
  const int before = tape.size();
  CHECK(hvp([&] { return sum(x * x * x); }, {x}, {tensor({1, -1}, f64)})[0].to_vector() == std::vector<double>{6, -12});
  CHECK(tape.size() == before);
  CHECK(Tape::current() == &tape);
  tape.backward(y);
  CHECK(x.grad().to_vector() == std::vector<double>{2, 4});
}

TEST_CASE("largest_eigenvalue: of matrices whose eigenvalues are known") {
  const auto of = [](std::vector<double> eigenvalues, EigenvalueOptions options = {}) {
    // Q diag Qᵀ with a reflection Q.
    const auto n = static_cast<std::int64_t>(eigenvalues.size());
    Tensor u = arange(1, static_cast<double>(n) + 0.5, 1, f64);
    u = u / sqrt(sum(square(u)));
    const Tensor q = eye(n, f64) - 2 * u.reshape({n, 1}) * u.reshape({1, n});
    const Tensor a = matmul(q, from(eigenvalues, {n, 1}) * q);
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

TEST_CASE("curvature: errors say what does not fit") {
  const Tensor x = tensor({1, 2}, f64);
  CHECK_SAYS(hvp([&] { return sum(x * x); }, {x}, {zeros({3}, f64)}), "hvp: a vector for each x", "curvature.cpp");
  CHECK_SAYS(hvp([&] { return sum(x * x); }, {x}, {}), "1 x and 0 v");
  CHECK_SAYS(hessian([&] { return x * x; }, x), "the tensor is not one number", "curvature.cpp");
  Tape tape;
  tape.watch(x);
  const Tensor y = sum(x * x);
  const Curvature h(tape, y, {x});
  CHECK_SAYS(h.times(zeros({3}, f64)), "Curvature::times: the vector does not fit", "(3,)", "(2,)");
  CHECK(Tape::current() == &tape);
}
