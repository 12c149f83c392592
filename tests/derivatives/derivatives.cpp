// Values with gradients, Hessians, Jacobians and products with them, against formulas and the matrices themselves.
#include <gradus/derivatives.hpp>

#include <cmath>

#include <gradus/curvature.hpp>
#include <gradus/nn/nn.hpp>
#include <gradus/op.hpp>
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

struct Thrice {
  static constexpr auto name = "thrice", rule = "dx = 3 g";
  static constexpr Saves saves{};
  static constexpr bool first_order = true;
  void fields(auto&) const {}
  Tensor forward(Fwd&, Ins in) const { return in[0] * 3; }
  void vjp(Vjp& v) const { v.give(0, v.g * 3); }
};

}  // namespace

TEST_CASE("value_and_grad: the value, and one gradient for each input, as backward() gives them") {
  manual_seed(2);
  Net net(f32);
  const std::vector<Tensor> p = net.layers.parameters();
  const auto [value, grads] = value_and_grad([&] { return net.loss(); }, p);
  REQUIRE(grads.size() == p.size());
  CHECK(equal(value, net.loss()));
  Tape tape;
  tape.backward(net.loss());
  for (std::size_t i = 0; i < p.size(); ++i) CHECK(equal(grads[i], p[i].grad()));
}

TEST_CASE("value_and_grad: inputs need not be leaves, no grad() changes, a live tape goes on") {
  const Tensor x = tensor({1, 2}, f64), w = tensor({3, 4}, f64).requires_grad_(), k = tensor({5, 6});
  Tape tape;
  const Tensor y = sum(w * w);
  const auto [value, grads] = value_and_grad([&] { return sum(x * w); }, {x, w, k});
  CHECK(value.item() == 11);
  CHECK(grads[0].to_vector() == std::vector<double>{3, 4});
  CHECK(grads[1].to_vector() == std::vector<double>{1, 2});
  CHECK(equal(grads[2], zeros({2})));  // not used
  CHECK_FALSE(w.grad().defined());
  CHECK(Tape::current() == &tape);
  tape.backward(y);
  CHECK(w.grad().to_vector() == std::vector<double>{6, 8});

  const auto constant = value_and_grad([&] { return k[0]; }, {x});
  CHECK(constant.value.item() == 5);
  CHECK(equal(constant.grads[0], zeros({2}, f64)));
  CHECK(value_and_grad([&] { return sum(x * x); }, {}).grads.empty());
}

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

TEST_CASE("jacobian: more rows than columns take the columns, and give the same") {
  manual_seed(3);
  const Tensor x = randn({2, 3}, f64), w = randn({3, 40}, f64);
  const auto f = [&] { return tanh(matmul(x, w)) * exp(sum(x, 1, true)); };
  const Tensor j = jacobian(f, x);  // 80 by 6
  REQUIRE(j.shape() == Shape{2, 40, 2, 3});
  for (const int row : {0, 17, 39}) {
    const Tensor g = value_and_grad([&] { return select(select(f(), 0, 1), 0, row); }, {x}).grads[0];
    CHECK(allclose(j[1][row], g, 1e-12, 1e-13));
  }
  // A rule that cannot be recorded, and a result that is x itself, many times.
  const Tensor k = tensor({2}, f64);
  CHECK(equal(jacobian([&] { return apply(Thrice{}, expand(k, {9})); }, k), full({9, 1}, 3, f64)));
  CHECK(equal(jacobian([&] { return expand(k, {9}); }, k), ones({9, 1}, f64)));
  CHECK(jacobian([&] { return to(expand(k, {9}), f32); }, k).dtype() == f32);
}

TEST_CASE("jvp: the value, and the Jacobian times v") {
  manual_seed(4);
  const Tensor a = randn({3}, f64), b = randn({2, 3}, f64), u = randn({3}, f64), v = randn({2, 3}, f64);
  const auto f = [&] { return sin(matmul(b, a)) / (1 + square(sum(a))); };
  const auto [value, tangent] = jvp(f, {a, b}, {u, v});
  CHECK(equal(value, f()));
  const Tensor by_a = matmul(jacobian(f, a), u), by_b = matmul(jacobian(f, b).reshape({2, 6}), v.reshape({6}));
  CHECK(allclose(tangent, by_a + by_b, 1e-12, 1e-14));
  CHECK(equal(jvp([&] { return b * 1; }, {a}, {u}).tangent, zeros({2, 3}, f64)));
  const Tensor p = tensor({1, 2}), d = tensor({3, 4});
  CHECK(jvp([&] { return p * p; }, {p}, {d}).tangent.to_vector() == std::vector<double>{6, 16});  // f32
  CHECK(equal(jvp([&] { return relu(p - 1); }, {p}, {d}).tangent, tensor({0, 4})));
  CHECK_SAYS(jvp(f, {a}, {v}), "jvp: v has another shape than x", "(2, 3)", "derivatives.cpp");
  CHECK_SAYS(jvp(f, {a, b}, {u}), "2 x and 1 v");
  CHECK_SAYS(jvp([] { return Tensor(); }, {a}, {u}), "jvp: the function returned an undefined tensor");
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

TEST_CASE("derivatives of functions: errors name the line of the call") {
  const Tensor x = tensor({1, 2}, f64), undefined;
  const Objective nothing = [] { return Tensor(); }, good = [&] { return sum(x * x); }, wide = [&] { return x * x; };
  const auto all = [&](const Objective& f, const Tensor& at) {
    std::vector<std::string> said;
    const auto add = [&](const auto& call) { said.push_back(support::message([&] { (void)call(); })); };
    add([&] { return value_and_grad(f, {at}); });
    add([&] { return hessian(f, at); });
    add([&] { return hvp(f, {at}, {x}); });
    add([&] { return largest_eigenvalue(f, {at}); });
    add([&] { return jacobian(f, at); });
    for (const std::string& text : said) CHECK_PARTS(text, "derivatives.cpp");
    return said;
  };
  for (const std::string& text : all(nothing, x)) CHECK_PARTS(text, "the function returned an undefined tensor");
  for (const std::string& text : all(Objective(), x)) CHECK_PARTS(text, "the function is empty");
  for (const std::string& text : all(good, undefined)) CHECK_PARTS(text, "the tensor is undefined");
  CHECK_SAYS(value_and_grad(good, {arange(3)}), "value_and_grad:", "i64", "derivatives.cpp");
  CHECK_SAYS(value_and_grad(wide, {x}), "value_and_grad: the result of the function does not have exactly one element",
             "(2,)", "jacobian()", "derivatives.cpp");
  CHECK_SAYS(hessian(wide, x), "hessian: the result of the function", "derivatives.cpp");
  CHECK_SAYS(hessian([&] { return ones({2}); }, x), "does not have exactly one element");
  CHECK_SAYS(hvp(good, {x}, {zeros({3}, f64)}), "hvp: v has another shape than x, at position 0", "(3,)", "(2,)",
             "derivatives.cpp");
  CHECK_SAYS(hvp(good, {x}, {}), "1 x and 0 v", "one v for each x");
  CHECK_SAYS(hvp(good, {}, {}), "derivatives.cpp");
  const Tensor deep = zeros({1, 1, 1, 1, 1}, f64);
  CHECK_SAYS(hessian([&] { return sum(deep); }, deep), "hessian: the derivative would have too many axes", "at most 8");
  CHECK(Tape::current() == nullptr);
}
