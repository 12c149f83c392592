// Losses and activations of other libraries: which expression has the same value and gradient. examples/porting.md is
// the table.
#include "porting/numbers.hpp"

using namespace gradus;
using namespace porting;

namespace {

constexpr double exact = 1e-9, single = 1e-6;

Tensor indices(const Tensor& t) { return t.to(i64); }

// A value and its derivative at a point, which another library has computed.
void check_activation(const char* name, const std::function<Tensor(const Tensor&)>& f) {
  CAPTURE(name);
  const Json& numbers = row("jax", name);
  const Tensor x = scalar(numbers.at("input").get<double>(), f64);
  const auto [value, gradient] = value_and_grad([&] { return f(x); }, {x});
  CHECK(value.item() == doctest::Approx(numbers.at("value").get<double>()).epsilon(1e-6));
  CHECK(gradient[0].item() == doctest::Approx(numbers.at("gradient").get<double>()).epsilon(1e-5));
}

// A perceptron of scikit-learn with one identity layer in the middle: the loss that has its gradient.
struct Perceptron {
  const Json& numbers;
  Tensor x, y, n, w0, w1, b0, b1;
  explicit Perceptron(const char* name)
      : numbers(row("scikit-learn", name)),
        x(tensor_of(numbers.at("x"))),
        y(tensor_of(numbers.at("y"))),
        w0(tensor_of(numbers.at("weights")[0])),
        w1(tensor_of(numbers.at("weights")[1])),
        b0(zeros({w0.size(1)}, f64)),
        b1(zeros({w1.size(1)}, f64)) {}
  Tensor out() const { return matmul(matmul(x, w0) + b0, w1) + b1; }
  Tensor penalty() const {  // alpha is divided by the number of examples of the batch, and biases are free
    const double factor = numbers.at("alpha").get<double>() / 2 / static_cast<double>(x.size(0));
    return factor * (sum(square(w0)) + sum(square(w1)));
  }
  void check(const std::function<Tensor()>& loss, double reported) const {
    const auto [value, g] = value_and_grad(loss, {w0, w1, b0, b1});
    CHECK(value.item() * reported == doctest::Approx(numbers.at("value").get<double>()));
    check_close(g[0], numbers.at("gradients")[0], exact);
    check_close(g[1], numbers.at("gradients")[1], exact);
    check_close(g[2], numbers.at("bias_gradients")[0], exact);
    check_close(g[3], numbers.at("bias_gradients")[1], exact);
  }
};

}  // namespace

TEST_CASE("PyTorch: losses") {
  check_loss(
      "pytorch", "mse", [](auto& x, auto& y) { return mse_loss(x, y); }, exact);
  check_loss(
      "pytorch", "l1", [](auto& x, auto& y) { return l1_loss(x, y); }, exact);
  check_loss(
      "pytorch", "smooth_l1", [](auto& x, auto& y) { return smooth_l1_loss(x, y, 2); }, exact);
  check_loss(
      "pytorch", "smooth_l1", [](auto& x, auto& y) { return huber_loss(x, y, 2) / 2; }, exact);
  check_loss(
      "pytorch", "huber", [](auto& x, auto& y) { return huber_loss(x, y, 2); }, exact);
  check_loss(
      "pytorch", "cross_entropy",
      [](auto& x, auto& y) {
        return cross_entropy(x, indices(y), {.weight = tensor({1, 2, 3}, f64), .label_smoothing = 0.1});
      },
      exact);
  check_loss(
      "pytorch", "bce_with_logits", [](auto& x, auto& y) { return bce_with_logits_loss(x, y); }, exact);
  check_loss(
      "pytorch", "kl_div", [](auto& x, auto& y) { return kl_div(x, y, {.reduction = Reduction::batch_mean}); }, exact);
}

TEST_CASE("TensorFlow.js and Keras: losses") {
  check_loss(
      "tfjs", "huber", [](auto& x, auto& y) { return huber_loss(x, y); }, single);
  check_loss(
      "tfjs", "weighted_mse",
      [](auto& x, auto& y) {
        const Tensor w = tensor({1, 0, 2}, f64);
        return sum(w * square(x - y)) / sum(ne(w, 0).to(f64));  // divided by how many weights are not 0
      },
      single);
  check_loss(
      "tfjs", "softmax_cross_entropy",
      [](auto& x, auto& y) { return cross_entropy(x, argmax(y, 1), {.label_smoothing = 0.1}); }, single);
  check_loss(
      "tfjs", "sigmoid_cross_entropy", [](auto& x, auto& y) { return bce_with_logits_loss(x, y); }, single);
}

TEST_CASE("scikit-learn: half the mean square, the penalty by the batch, and k outputs") {
  const Perceptron one("regression");
  one.check([&] { return mse_loss(one.out(), one.y) / 2 + one.penalty(); }, 1);
  const Perceptron two("regression_two");
  const double outputs = static_cast<double>(two.y.size(1));
  two.check([&] { return outputs * mse_loss(two.out(), two.y) / 2 + two.penalty(); }, 1 / outputs);
  const Perceptron classes("classification");
  classes.check([&] { return cross_entropy(classes.out(), classes.y) + classes.penalty(); }, 1);
}

TEST_CASE("dlib: the mean square that it reports is twice the one that it descends") {
  check_loss(
      "dlib", "mean_squared", [](auto& x, auto& y) { return mse_loss(x, y) / 2; }, single, 2);
}

TEST_CASE("FANN: activations have a steepness of a half") {
  const Json& a = row("fann", "activations");
  const Tensor x = scalar(a.at("input").get<double>(), f64);
  CHECK(sigmoid(x).item() == doctest::Approx(a.at("sigmoid").get<double>()).epsilon(1e-6));
  CHECK(tanh(x / 2).item() == doctest::Approx(a.at("sigmoid_symmetric").get<double>()).epsilon(1e-6));
  CHECK((x / 2).item() == doctest::Approx(a.at("linear").get<double>()).epsilon(1e-6));
  CHECK(sigmoid(scalar(-4, f64)).item() == doctest::Approx(a.at("sigmoid_at_minus_4").get<double>()).epsilon(1e-6));
  CHECK(a.at("stepwise_at_minus_4").get<double>() > 1.5 * a.at("sigmoid_at_minus_4").get<double>());  // its default
}

TEST_CASE("JAX: activations, and what differs at 0") {
  check_activation("gelu", [](const Tensor& x) { return gelu(x, Gelu::tanh); });
  check_activation("sigmoid", [](const Tensor& x) { return sigmoid(x); });
  check_activation("silu", [](const Tensor& x) { return silu(x); });
  check_activation("softplus", [](const Tensor& x) { return softplus(x); });
  check_activation("tanh", [](const Tensor& x) { return tanh(x); });
  check_activation("elu", [](const Tensor& x) { return elu(x); });
  check_activation("leaky_relu", [](const Tensor& x) { return leaky_relu(x); });
  check_activation("relu", [](const Tensor& x) { return where(x >= 0, x, 0); });  // 1 at 0; relu(x) has 0
  check_activation("abs", [](const Tensor& x) { return where(x >= 0, x, -x); });
  const Tensor zero = scalar(0, f64);
  CHECK(value_and_grad([&] { return relu(zero); }, {zero}).grads[0].item() == 0);
  CHECK(value_and_grad([&] { return abs(zero); }, {zero}).grads[0].item() == 0);
}
