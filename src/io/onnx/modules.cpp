// Finding the modules that ONNX has a node for, and batch normalisation, one of them.
#include "io/onnx/modules.hpp"

#include <gradus/ops.hpp>

#include <algorithm>
#include <cmath>

#include "tensor/format.hpp"
#include "tensor/impl.hpp"

namespace gradus::io::onnx {
namespace {

std::string prefix_of(const Call& call) { return call.path.empty() ? "" : call.path + '.'; }

bool same_fields(const Entry& a, const Entry& b) {
  return std::ranges::equal(a.fields, b.fields,
                            [](const Field& x, const Field& y) { return x.name == y.name && x.value == y.value; });
}

class Matcher {
 public:
  Matcher(const Graph& graph, const Call& call, const Recording& reference, const StateDict& state)
      : graph_(graph), call_(call), reference_(reference), state_(state), at_(reference.nodes.size(), -1) {}

  std::optional<Match> run() {
    int next = call_.first;
    for (std::size_t r = 0; r < reference_.nodes.size(); ++r) {
      if (!reference_.nodes[r].op) continue;
      while (next < call_.last && !graph_.entry(next).op) ++next;
      if (next == call_.last || !same(reference_.nodes[r], graph_.entry(next))) return std::nullopt;
      at_[r] = next++;
    }
    for (; next < call_.last; ++next)
      if (graph_.entry(next).op) return std::nullopt;
    Match found;
    for (const int output : reference_.outputs) found.outputs.push_back(at_[static_cast<std::size_t>(output)]);
    if (!closed(found.outputs)) return std::nullopt;
    return found;
  }

 private:
  bool same(const Entry& r, const Entry& e) {
    if (r.op != e.op || r.shape != e.shape || r.in.size() != e.in.size() || !same_fields(r, e)) return false;
    for (std::size_t k = 0; k < r.in.size(); ++k) {
      int& at = at_[static_cast<std::size_t>(r.in[k])];
      const Entry& leaf = reference_.nodes[static_cast<std::size_t>(r.in[k])];
      if (at < 0 && (leaf.op || !same_leaf(leaf, e.in[k]))) return false;
      if (at < 0) at = e.in[k];
      if (at != e.in[k]) return false;
    }
    return true;
  }
  bool same_leaf(const Entry& leaf, int node) {
    for (const Tensor& x : reference_.inputs)
      if (leaf.value.is_same(x)) return node < call_.first || !graph_.entry(node).op;
    for (const auto& [name, x] : state_) {
      if (!same_numbers(leaf.value, x)) continue;
      const Tensor* own = find(graph_.state(), prefix_of(call_) + name);
      return own && same_numbers(*own, graph_.entry(node).value);
    }
    return !graph_.entry(node).op && equal(leaf.value, graph_.entry(node).value);
  }
  // Is nothing inside used outside but the results?
  bool closed(const std::vector<int>& results) const {
    const auto hidden = [&](int node) {
      return node >= call_.first && node < call_.last && graph_.entry(node).op && !std::ranges::count(results, node);
    };
    const Recording& all = graph_.recording();
    for (std::size_t i = static_cast<std::size_t>(call_.last); i < all.nodes.size(); ++i)
      if (std::ranges::any_of(all.nodes[i].in, hidden)) return false;
    return std::ranges::none_of(all.outputs, hidden);
  }

  const Graph& graph_;
  const Call& call_;
  const Recording& reference_;
  const StateDict& state_;
  std::vector<int> at_;  // for each node of the reference, the node here
};

}  // namespace

std::optional<Match> match(const Graph& graph, const Call& call, const Forward& forward, std::vector<Tensor> inputs,
                           const StateDict& state) {
  for (Tensor& x : inputs) x = zeros(x.shape(), x.dtype());
  std::optional<Match> found;
  record(forward, std::move(inputs), state, Loc::current(), [&](const Recording& reference) {
    const NoRecord pause;
    found = Matcher(graph, call, reference, state).run();
  });
  return found;
}

int first_operation(const Graph& graph, const Call& call) {
  for (int i = call.first; i < call.last; ++i)
    if (graph.entry(i).op) return i;
  return -1;
}

// ---- batch normalisation ----

namespace {

// The numbers by channel of a constant that was expanded to (N, C, …).
Tensor by_channel(const Entry& e) {
  return gradus::detail::view(e.value, {e.shape[1]}, {e.value.strides()[1]}).contiguous();
}

// The eps for which r is 1 / sqrt(var + eps), to the bit.
std::optional<double> find_eps(const Tensor& r, const Tensor& var) {
  const std::vector<double> scale = r.to_vector(), variance = var.to_vector();
  const auto least = std::ranges::min_element(variance);
  if (least == variance.end()) return std::nullopt;
  const double s = scale[static_cast<std::size_t>(least - variance.begin())], about = 1 / (s * s) - *least;
  if (!(about > 0)) return std::nullopt;
  for (const double digits : {1, 10, 100}) {
    const double unit = std::pow(10, std::floor(std::log10(about) + 1e-9)) / digits;
    for (const double step : {0, 1, -1}) {
      const double eps = (std::round(about / unit) + step) * unit;
      if (eps > 0 && equal(rsqrt(var + eps), r)) return eps;
    }
  }
  return std::nullopt;
}

}  // namespace

// (x - mean) r, scaled and shifted by channel: what batch_norm records when it evaluates.
bool emit_batch_norm(Graph& graph, const Call& call) {
  std::string recorded;
  std::vector<int> nodes;
  for (int i = call.first; i < call.last; ++i) {
    if (!graph.entry(i).op) continue;
    nodes.push_back(i);
    recorded += std::string(graph.entry(i).op->name) + ' ';
  }
  const bool affine = recorded == "sub mul reshape expand mul reshape expand add ";
  if (!affine && recorded != "sub mul ") return false;
  const std::string prefix = prefix_of(call);
  const Tensor *mean = find(graph.state(), prefix + "running_mean"), *var = find(graph.state(), prefix + "running_var");
  const Entry &sub = graph.entry(nodes[0]), &mul = graph.entry(nodes[1]);
  const Entry &centre = graph.entry(sub.in[1]), &scale = graph.entry(mul.in[1]);
  if (!mean || !var || centre.op || scale.op || mul.in[0] != nodes[0] || !equal(by_channel(centre), *mean))
    return false;
  const auto eps = find_eps(by_channel(scale), *var);
  if (!eps) return false;
  std::string weight, bias;
  if (affine) {
    const Tensor *w = find(graph.state(), prefix + "weight"), *b = find(graph.state(), prefix + "bias");
    const auto reads = [&](int reshape, const Tensor* x) {
      return x && same_numbers(graph.entry(graph.entry(reshape).in[0]).value, *x);
    };
    if (!reads(nodes[2], w) || !reads(nodes[5], b)) return false;
    weight = graph.parameter(prefix + "weight");
    bias = graph.parameter(prefix + "bias");
  } else {
    weight = graph.constant(call.path, ones(mean->shape(), f32));
    bias = graph.constant(call.path, zeros(mean->shape(), f32));
  }
  const std::vector<std::string> inputs{graph.full(sub.in[0]), weight, bias, graph.parameter(prefix + "running_mean"),
                                        graph.parameter(prefix + "running_var")};
  graph.define(nodes.back(), graph.add(call.path, "BatchNormalization", inputs, {{"epsilon", *eps}})[0]);
  return true;
}

bool emit_call(Graph& graph, const Call& call) {
  if (call.type == "LSTM") return emit_lstm(graph, call);
  if (call.type == "GRU") return emit_gru(graph, call);
  if (call.type == "RNN") return emit_rnn(graph, call);
  if (call.type == "BatchNorm1d" || call.type == "BatchNorm2d") return emit_batch_norm(graph, call);
  return false;
}

}  // namespace gradus::io::onnx
