// A wrong rule that only the trace shows. The program runs and ends as if nothing were wrong:
//
//   GRADUS_TRACE=wrong.trace.jsonl ./example_12_wrong_rule
//   gradus check wrong.trace.jsonl          # names swish, and what depends on it
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

struct Swish {  // y = x σ(x)
  static constexpr auto name = "swish", rule = "dx = g (σ + x σ (1 - σ))";
  static constexpr Saves saves{in0};
  void fields(auto&) const {}
  Tensor forward(Fwd&, Ins in) const { return in[0] * sigmoid(in[0]); }
  void vjp(Vjp& v) const {
    Tensor s = sigmoid(v.in(0));
    v.give(0, v.g * (s + v.in(0) * s));  // (1 - σ) has been forgotten
  }
};
Tensor swish(Arg x) { return apply(Swish{}, x); }

struct Net : nn::Module<Net> {
  nn::Linear fc1{2, 3}, fc2{3, 1};
  Tensor forward(const Tensor& x) const { return fc2(swish(fc1(x))); }
  void fields(auto& v) { v("fc1", fc1), v("fc2", fc2); }
};

int main() {
  manual_seed(1);
  Net net;
  const Tensor x = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}}), t = tensor({{0}, {1}, {1}, {0}});
  Tape tape;
  Tensor loss = mse_loss(net(x), t);
  tape.backward(loss);
  std::printf("loss %.4f, and no error was reported\n", loss.item());
}

// Prints:
//   loss *, and no error was reported
