// lstm: a long short-term memory in which each unit sees its own past only (diagonal weights), over a text.
#include "bench/gradbench/evals.hpp"

namespace gradbench {

namespace {

struct Problem {
  std::int64_t layers = 0, width = 0;
  Tensor main, extra;      // (2 layers, 4 width): weights and biases in turn; (3, width): of input and output
  Tensor state, sequence;  // (2 layers, width): h and c in turn; (time, width)
};

// Quarters come as forget, in, out, change; lstm_gates takes in, forget, change, out. Weights and biases (2, 1, 4 width
// of all layers).
Tensor gates(const Problem& p) {
  const Tensor quarters = index_select(p.main.reshape({p.layers, 2, 4, p.width}), 2, tensor({1, 0, 3, 2}, i64));
  return quarters.permute({1, 2, 0, 3}).reshape({2, 1, 4 * p.layers * p.width});
}

// Layer l needs its own state and the layer before it, so that all layers work at once, each one character behind the
// one before it. h and c are those of all layers, one after the other.
Tensor loss(const Problem& p) {
  const std::int64_t steps = p.sequence.size(0) - 1, all = p.layers * p.width, before_last = all - p.width;
  const std::vector<Tensor> inputs = split(slice(p.sequence, 0, {0, steps}) * p.extra[0], 1);
  const Tensor parameters = gates(p), weight = parameters[0], bias = parameters[1];
  const Tensor state = p.state.reshape({p.layers, 2, p.width});
  Tensor h = select(state, 1, 0).reshape({1, all}), c = select(state, 1, 1).reshape({1, all});
  std::vector<Tensor> seen;
  for (std::int64_t t = 0; t < steps + p.layers - 1; ++t) {
    const Tensor& input = inputs[static_cast<std::size_t>(std::min(t, steps - 1))];  // what comes later counts nowhere
    const Tensor x = concat({input, slice(h, 1, {0, before_last})}, 1);
    const Tensor both = lstm_gates(concat({h, x, h, x}, 1) * weight + bias, c);
    if (t + 1 < p.layers) {  // the layers from here on have nothing to read yet
      const std::int64_t started = (t + 1) * p.width;
      const auto join = [&](const Tensor& after, const Tensor& before) {
        return concat({slice(after, 1, {0, started}), slice(before, 1, {started, all})}, 1);
      };
      h = join(both[0], h);
      c = join(both[1], c);
    } else {
      h = both[0];
      c = both[1];
      seen.push_back(h);
    }
  }
  const Tensor last = slice(concat(seen), 1, {before_last, all});  // (steps, width)
  const Tensor y = last * p.extra[1] + p.extra[2];
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
