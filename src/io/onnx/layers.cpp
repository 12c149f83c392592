// Recipes of normalisation, attention and recurrent steps.
#include "io/onnx/step.hpp"

namespace gradus::io::onnx {
namespace {

void normalize(Step& s) {
  const auto axes = s.fixed_list("axes");
  for (const std::int64_t axis : axes)
    if (s.sizes(0)[static_cast<std::size_t>(axis)].depends())
      s.refuse("batch normalisation by the statistics of the batch cannot be exported",
               "running statistics: a layer with track_running_stats, in evaluation mode (net.eval())");
  const std::vector<OnnxAttribute> over{{"axes", axes}, {"keepdims", std::int64_t{1}}};
  const std::string centred = s.node("Sub", {s.in(0), s.node("ReduceMean", {s.in(0)}, over)});
  const std::string variance = s.node("ReduceMean", {s.node("Mul", {centred, centred})}, over);
  const std::string deviation = s.node("Sqrt", {s.node("Add", variance, s.number("eps"))});
  s.give(s.node("Div", {centred, deviation}));
}

void layer_norm(Step& s) {
  s.give(s.node("LayerNormalization", {s.in(0), s.in(1), s.in(2)},
                {{"axis", std::int64_t{-s.rank(1)}}, {"epsilon", s.number("eps")}}));
}

// softmax(scale q kᵀ + mask) v, of (batch, heads, rows, width).
void attention(Step& s) {
  const std::string q = s.node("Mul", s.in(0), s.number("scale"));
  const std::string k = s.node("Transpose", {s.in(1)}, {{"perm", std::vector<std::int64_t>{0, 1, 3, 2}}});
  std::string scores = s.node("MatMul", {q, k});
  if (s.flag("is_causal")) scores = s.node("Add", {scores, s.graph().causal_mask(s.size(0, 2), s.size(1, 2))});
  s.give(s.node("MatMul", {s.node("Softmax", {scores}, {{"axis", std::int64_t{-1}}}), s.in(2)}));
}

// [h, c'] of the gates i, f, u, o side by side and of c.
void lstm_gates(Step& s) {
  const std::int64_t width = s.size(1, 1);
  Graph& g = s.graph();
  const auto part = g.add(s.entry().scope, "Split", {s.in(0), g.integers({width, width, width, width})},
                          {{"axis", std::int64_t{1}}}, 4);
  const auto sigmoid = [&](std::size_t k) { return s.node("Sigmoid", {part[k]}); };
  const std::string kept = s.node("Mul", {sigmoid(1), s.in(1)});
  const std::string added = s.node("Mul", {sigmoid(0), s.node("Tanh", {part[2]})});
  const std::string c = s.node("Add", {kept, added});
  const std::string h = s.node("Mul", {sigmoid(3), s.node("Tanh", {c})});
  const auto row = [&](const std::string& x) { return s.node("Unsqueeze", {x, g.integers({0})}); };
  s.give(s.node("Concat", {row(h), row(c)}, {{"axis", std::int64_t{0}}}));
}

constexpr Recipe recipes[] = {
    {"normalize", normalize},
    {"layer_norm", layer_norm},
    {"attention", attention},
    {"lstm_gates", lstm_gates},
};

}  // namespace

Recipes layer_recipes() { return recipes; }

}  // namespace gradus::io::onnx
