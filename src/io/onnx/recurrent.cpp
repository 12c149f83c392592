// LSTM, GRU and RNN modules as the nodes of those names. A call is one if it recorded the same, node by node, as such a
// module does that is made here for comparison; anything else is exported operation by operation.
#include <gradus/nn/recurrent.hpp>
#include <gradus/ops.hpp>

#include <optional>

#include "io/onnx/modules.hpp"
#include "tensor/format.hpp"

namespace gradus::io::onnx {
namespace {

struct Kind {
  const char* type;
  std::vector<std::int64_t> gates;  // which block of rows of the module's weights comes first, second, … in ONNX
  const char* activation = nullptr;
};

// What the parameters of a recurrent module say about it.
struct Geometry {
  std::int64_t in = 0, hidden = 0, layers = 0;
  bool bias = false, bidirectional = false;
  DType dtype = f32;
};

std::optional<Geometry> geometry(const Graph& graph, const std::string& prefix) {
  const auto part = [&](const std::string& name) { return find(graph.state(), prefix + name); };
  const Tensor *ih = part("weight_ih_l0"), *hh = part("weight_hh_l0");
  if (!ih || !hh || ih->dim() != 2 || hh->dim() != 2) return std::nullopt;
  Geometry g{.in = ih->size(1), .hidden = hh->size(1), .dtype = ih->dtype()};
  g.bias = part("bias_ih_l0") != nullptr;
  g.bidirectional = part("weight_ih_l0_reverse") != nullptr;
  while (part(formatted("weight_ih_l{}", g.layers))) ++g.layers;
  return g;
}

// Making a module draws from the default generator, which is the user's.
class KeepGenerator {
 public:
  KeepGenerator() : seed_(default_generator().seed()), counter_(default_generator().counter()) {}
  ~KeepGenerator() { default_generator().reset(seed_, counter_); }
  KeepGenerator(const KeepGenerator&) = delete;
  KeepGenerator& operator=(const KeepGenerator&) = delete;

 private:
  std::uint64_t seed_, counter_;
};

// The call of a module made here.
template <class Module, class Options>
std::optional<Match> compared(Graph& graph, const Call& call, const Geometry& g, const Tensor& x, Options options) {
  options.num_layers = g.layers;
  options.bias = g.bias;
  options.bidirectional = g.bidirectional;
  options.dtype = g.dtype;
  Module module(g.in, g.hidden, options);
  module.eval();
  const Forward forward = [&](std::span<const Tensor> in) { return results(module(in[0])); };
  return match(graph, call, forward, {x}, module.state_dict());
}

class Writer {
 public:
  Writer(Graph& graph, const std::string& path, const Kind& kind, const Geometry& g)
      : graph_(graph), path_(path), prefix_(path.empty() ? "" : path + '.'), kind_(kind), g_(g) {}

  // All layers, from x (T, N, I): y (T, N, D H) and the states (layers D, N, H).
  struct Result {
    std::string y;
    std::vector<std::string> states;
  };
  Result write(std::string x) {
    const std::int64_t directions = g_.bidirectional ? 2 : 1;
    const int outputs = kind_.type == std::string_view("LSTM") ? 3 : 2;
    std::vector<std::vector<std::string>> last(static_cast<std::size_t>(outputs) - 1);
    for (std::int64_t layer = 0; layer < g_.layers; ++layer) {
      const std::string w = weights("weight_ih", layer), r = weights("weight_hh", layer);
      std::vector<std::string> inputs{x, w, r};
      if (g_.bias) inputs.push_back(biases(layer));
      const auto y = graph_.add(path_, kind_.type, inputs, attributes(), outputs);
      for (std::size_t k = 0; k < last.size(); ++k) last[k].push_back(y[k + 1]);
      // (T, D, N, H) -> (T, N, D H)
      x = add("Transpose", {y[0]}, {{"perm", std::vector<std::int64_t>{0, 2, 1, 3}}});
      x = add("Reshape", {x, graph_.integers({0, 0, directions * g_.hidden})});
    }
    Result result{x, {}};
    for (const auto& layers : last) result.states.push_back(add("Concat", layers, {{"axis", std::int64_t{0}}}));
    return result;
  }

 private:
  std::string add(const char* type, const std::vector<std::string>& inputs,
                  const std::vector<OnnxAttribute>& attributes = {}) {
    return graph_.add(path_, type, inputs, attributes)[0];
  }
  std::vector<std::string> directions() const {
    return g_.bidirectional ? std::vector<std::string>{"", "_reverse"} : std::vector<std::string>{""};
  }
  // A parameter with its gates in ONNX's order.
  std::string ordered(const std::string& name) {
    const std::string parameter = graph_.parameter(prefix_ + name);
    if (kind_.gates.size() == 1) return parameter;
    std::vector<std::int64_t> rows;
    for (const std::int64_t gate : kind_.gates)
      for (std::int64_t i = 0; i < g_.hidden; ++i) rows.push_back(gate * g_.hidden + i);
    return add("Gather", {parameter, graph_.integers(rows)}, {{"axis", std::int64_t{0}}});
  }
  std::string by_direction(const std::vector<std::string>& parts) {
    std::vector<std::string> rows;
    for (const std::string& part : parts) rows.push_back(add("Unsqueeze", {part, graph_.integers({0})}));
    return rows.size() == 1 ? rows[0] : add("Concat", rows, {{"axis", std::int64_t{0}}});
  }
  std::string weights(const char* name, std::int64_t layer) {
    std::vector<std::string> parts;
    for (const auto& suffix : directions()) parts.push_back(ordered(formatted("{}_l{}{}", name, layer, suffix)));
    return by_direction(parts);
  }
  std::string biases(std::int64_t layer) {
    std::vector<std::string> parts;
    for (const auto& suffix : directions()) {
      const std::string ih = ordered(formatted("bias_ih_l{}{}", layer, suffix));
      const std::string hh = ordered(formatted("bias_hh_l{}{}", layer, suffix));
      parts.push_back(add("Concat", {ih, hh}, {{"axis", std::int64_t{0}}}));
    }
    return by_direction(parts);
  }
  std::vector<OnnxAttribute> attributes() const {
    std::vector<OnnxAttribute> all{{"hidden_size", g_.hidden},
                                   {"direction", g_.bidirectional ? "bidirectional" : "forward"}};
    if (kind_.type == std::string_view("GRU")) all.push_back({"linear_before_reset", std::int64_t{1}});
    if (kind_.activation)
      all.push_back({"activations", std::vector<std::string>(directions().size(), kind_.activation)});
    return all;
  }

  Graph& graph_;
  std::string path_, prefix_;
  const Kind& kind_;
  const Geometry& g_;
};

template <class Module, class Options>
bool emit_as(Graph& graph, const Call& call, const Kind& kind, Options options) {
  const auto g = geometry(graph, call.path.empty() ? "" : call.path + '.');
  const int first = first_operation(graph, call);
  if (!g || first < 0 || graph.entry(first).in.empty()) return false;
  const int input = graph.entry(first).in[0];
  const Tensor& x = graph.entry(input).value;
  if (x.dim() != 3 || x.size(2) != g->in || x.dtype() != g->dtype) return false;
  const KeepGenerator keep;
  std::optional<Match> found;
  for (const bool batch_first : {false, true}) {
    options.batch_first = batch_first;
    found = compared<Module>(graph, call, *g, x, options);
    if (found) break;
  }
  if (!found) return false;
  const auto swapped = [&](const std::string& y) {
    if (!options.batch_first) return y;
    return graph.add(call.path, "Transpose", {y}, {{"perm", std::vector<std::int64_t>{1, 0, 2}}})[0];
  };
  const auto result = Writer(graph, call.path, kind, *g).write(swapped(graph.full(input)));
  graph.define(found->outputs[0], swapped(result.y));
  for (std::size_t k = 1; k < found->outputs.size(); ++k) graph.define(found->outputs[k], result.states[k - 1]);
  return true;
}

}  // namespace

bool emit_lstm(Graph& graph, const Call& call) {
  return emit_as<nn::LSTM>(graph, call, {"LSTM", {0, 3, 1, 2}}, nn::RecurrentOptions{});  // i f g o -> i o f c
}

bool emit_gru(Graph& graph, const Call& call) {
  return emit_as<nn::GRU>(graph, call, {"GRU", {1, 0, 2}}, nn::RecurrentOptions{});  // r z n -> z r h
}

bool emit_rnn(Graph& graph, const Call& call) {
  nn::RNNOptions options;
  if (emit_as<nn::RNN>(graph, call, {"RNN", {0}, "Tanh"}, options)) return true;
  options.nonlinearity = nn::RNNNonlinearity::relu;
  return emit_as<nn::RNN>(graph, call, {"RNN", {0}, "Relu"}, options);
}

}  // namespace gradus::io::onnx
