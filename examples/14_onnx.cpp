// A trained network leaves the program: an ONNX file runs in a browser, in Python and in many other places. An
// operation of your own takes part when its struct has a member onnx().
#include <gradus/gradus.hpp>
#include <gradus/io/onnx.hpp>

#include <cstdio>

using namespace gradus;

struct Swish {  // x sigmoid(k x)
  double k = 1;
  static constexpr auto name = "swish", rule = "dx = g s (1 + k x (1 - s)), s = sigmoid(kx)";
  static constexpr Saves saves{in0};
  void fields(auto& v) const { v("k", k); }
  Tensor forward(Fwd&, Ins in) const { return in[0] * sigmoid(in[0] * k); }
  void vjp(Vjp& v) const {
    const Tensor &x = v.in(0), s = sigmoid(x * k);
    v.give(0, v.g * s * (1.0 + x * k * (1.0 - s)));
  }
  void onnx(io::OnnxRecipe& r) const {
    const std::string s = r.node("Sigmoid", {r.node("Mul", {r.in(0), r.number(k)})});
    r.give(r.node("Mul", {r.in(0), s}));
  }
};

struct Net : nn::Module<Net> {
  nn::Linear fc1{64, 32};
  nn::BatchNorm1d norm{32};
  nn::Linear fc2{32, 10};
  Tensor forward(const Tensor& x) const { return fc2(apply(Swish{.k = 1.5}, norm(fc1(x)))); }
  void fields(auto& v) { v("fc1", fc1), v("norm", norm), v("fc2", fc2); }
};

int main() {
  manual_seed(1);
  const auto [train, test] = data::digits();
  Net net;
  optim::AdamW opt(net, {.lr = 1e-2});
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (const auto& [x, y] : data::batches(train, {.size = 64, .shuffle = true})) {
      Tape tape;
      tape.backward(cross_entropy(net(x), y));
      opt.step();
      opt.zero_grad();
    }
  }

  // The example gives shapes and dtypes; the first axis becomes a batch of any size.
  const io::OnnxReport report =
      io::save_onnx(net, zeros({1, 64}), "digits.onnx", {.inputs = {"pixels"}, .outputs = {"scores"}});
  std::printf("digits.onnx: %d nodes, %d parameters\n", static_cast<int>(report.nodes),
              static_cast<int>(report.parameters));
  std::remove("digits.onnx");

  // What the file could not compute is refused: this mask is a number of the example, not of the input.
  try {
    io::save_onnx([](const Tensor& x) { return where(x > 0, x, x * 0.1); }, randn({1, 4}), "mask.onnx");
  } catch (const Error& e) { std::printf("refused: %s\n", e.complaint().wrong.c_str()); }
}

// Prints:
// digits.onnx: 6 nodes, 2539 parameters
// refused: a constant depends on the input, and how it was computed was not recorded
