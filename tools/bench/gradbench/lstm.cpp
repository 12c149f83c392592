// lstm: a long short-term memory in which each unit sees its own past only (diagonal weights), over a text.
#include "bench/gradbench/evals.hpp"

namespace gradbench {

namespace {

struct Problem {
  std::int64_t layers = 0, width = 0;
  Tensor main, extra;      // (2 layers, 4 width): weights and biases in turn; (3, width): of input and output
  Tensor state, sequence;  // (2 layers, width): h and c in turn; (time, width)
};

// Quarters come as forget, in, out, change; lstm_gates takes in, forget, change, out.
Tensor gates(const Problem& p) {
  const Tensor quarters = p.main.reshape({p.layers, 2, 4, p.width});
  return index_select(quarters, 2, tensor({1, 0, 3, 2}, i64)).reshape({p.layers, 2, 1, 4 * p.width});
}

Tensor loss(const Problem& p) {
  const std::int64_t steps = p.sequence.size(0) - 1;
  const Tensor inputs = slice(p.sequence, 0, {0, steps}) * p.extra[0];
  const Tensor parameters = gates(p);
  std::vector<Tensor> weight, bias, h, c, seen;
  for (std::int64_t l = 0; l < p.layers; ++l) {
    weight.push_back(parameters[l][0]);
    bias.push_back(parameters[l][1]);
    h.push_back(p.state[2 * l].unsqueeze(0));
    c.push_back(p.state[2 * l + 1].unsqueeze(0));
  }
  for (const Tensor& input : split(inputs, 1)) {
    Tensor x = input;
    for (std::size_t l = 0; l < h.size(); ++l) {
      const Tensor both = lstm_gates(concat({h[l], x, h[l], x}, 1) * weight[l] + bias[l], c[l]);
      x = h[l] = both[0];
      c[l] = both[1];
    }
    seen.push_back(x);
  }
  const Tensor y = concat(seen) * p.extra[1] + p.extra[2];  // (steps, width)
  const Tensor log_sum = log(sum(exp(y), {1}, true) + 2.0);
  return -mean(slice(p.sequence, 0, {1, steps + 1}) * (y - log_sum));
}

Problem read(const Json& input) {
  Problem p;
  p.sequence = field(input, "sequence", {-1, -1});
  p.width = p.sequence.size(1);
  p.main = field(input, "main_params", {-1, 4 * p.width});
  p.extra = field(input, "extra_params", {3, p.width});
  p.layers = p.main.size(0) / 2;
  p.state = field(input, "state", {2 * p.layers, p.width});
  if (p.main.size(0) != 2 * p.layers || p.layers < 1 || p.sequence.size(0) < 2 || p.width < 1)
    throw std::invalid_argument("two rows a layer, two characters and one bit at least are expected");
  return p;
}

}  // namespace

Functions lstm() {
  return {{"objective",
           [](const Json& input) {
             const Problem p = read(input);
             return job([=] { return loss(p); });
           }},
          {"jacobian", [](const Json& input) {
             const Problem p = read(input);
             return job([=] {
               const std::vector<Tensor> g = value_and_grad([&] { return loss(p); }, {p.main, p.extra}).grads;
               return concat({g[0].flatten(), g[1].flatten()});
             });
           }}};
}

}  // namespace gradbench
