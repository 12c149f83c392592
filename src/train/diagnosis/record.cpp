// What the operations of a tape tell: layers, activations, losses, inputs.
#include <algorithm>
#include <array>
#include <cmath>

#include <gradus/ops.hpp>

#include "tape/observers.hpp"
#include "tensor/impl.hpp"
#include "train/diagnosis/measure.hpp"
#include "train/diagnosis/watch.hpp"

namespace gradus::train::diagnosis {
namespace {

// Operations that move or drop numbers, and compute none.
bool is_passive(std::string_view op) {
  constexpr std::array<std::string_view, 9> all{"reshape", "permute",    "slice", "expand", "dropout",
                                                "clone",   "max_pool2d", "to",    "flip"};
  return std::find(all.begin(), all.end(), op) != all.end();
}

bool is_pool(std::string_view op) { return op == "avg_pool2d" || op == "adaptive_avg_pool2d"; }
bool is_norm(std::string_view op) { return op == "normalize" || op == "layer_norm"; }

// Which inputs of a product are its factors.
std::pair<int, int> factors(std::string_view op) {
  if (op == "matmul" || op == "conv2d") return {0, 1};
  return op == "addmm" ? std::pair{1, 2} : std::pair{-1, -1};
}

// Units lie along this axis of an activation.
int unit_axis(const Shape& shape) { return shape.size() >= 4 ? 1 : shape.size() - 1; }

template <class T>
void find_alive(const T* values, const Shape& shape, std::vector<char>& alive) {
  const int axis = unit_axis(shape);
  std::int64_t inner = 1;
  for (int i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
  std::int64_t outer = 1;
  for (int i = 0; i < axis; ++i) outer *= shape[i];
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::size_t u = 0; u < alive.size(); ++u, values += inner) {
      if (!alive[u]) alive[u] = std::any_of(values, values + inner, [](T v) { return v > 0; });
    }
  }
}

template <class T>
double flat_share(const T* values, std::int64_t n, bool tanh) {
  const std::int64_t stride = 1 + n / 8192;
  std::int64_t flat = 0;
  std::int64_t all = 0;
  for (std::int64_t i = 0; i < n; i += stride, ++all)
    flat += tanh ? std::abs(values[i]) > T(0.97) : values[i] < T(0.015) || values[i] > T(0.985);
  return all == 0 ? 0 : static_cast<double>(flat) / static_cast<double>(all);
}

}  // namespace

Watch::Node& Watch::node(int i) {
  if (nodes_.size() <= static_cast<std::size_t>(i)) nodes_.resize(static_cast<std::size_t>(i) + 1);
  return nodes_[static_cast<std::size_t>(i)];
}

void Watch::on_record(const RecordEvent& e) {
  if (!close && !all_values && e.value.numel() != 1) return;
  if (e.in.empty()) return record_leaf(e);
  if (e.value.numel() == 1) {
    scalars_.emplace_back(e.node, e.value);
    if (scalars_.size() > 64) scalars_.erase(scalars_.begin());
  }
  if ((close || all_values) && !look_.nonfinite) look_for_nonfinite(e);
  if (!close) return;
  const gradus::detail::Unobserved alone;
  const NoRecord pause;
  const NodeView view = e.tape[e.node];
  const std::string_view op = view.name();
  const std::vector<int> in = view.inputs();
  Node& n = node(e.node);
  const int first = in.empty() ? -1 : in[0];
  if (first >= 0 && (is_passive(op) || is_pool(op))) {
    Node from = node(first);
    from.layer = -1;
    node(e.node) = std::move(from);
    return;
  }
  if (factors(op).first >= 0) record_product(e, view, in, op);
  if (op == "relu" || op == "tanh" || op == "sigmoid") record_activation(e, view, op);
  if (op == "index_select" || op == "lstm_gates" || op == "attention") sequence_ = true;
  if (op == "softmax" || op == "log_softmax" || op == "sigmoid") n.soft = e.node;
  record_loss(e, view, in, op);
  for (std::size_t k = 0; k < in.size() && k < e.in.size(); ++k) {
    if (in[k] < 0) continue;
    const int output_of = node(in[k]).output_of;
    if (output_of < 0) continue;
    if (is_norm(op)) layers_[static_cast<std::size_t>(output_of)].normed = true;
    if (op == "add") node(e.node).output_of = output_of;
  }
}

void Watch::record_leaf(const RecordEvent& e) {
  const NodeView view = e.tape[e.node];
  if (!view.is_leaf()) return;
  Node& n = node(e.node);
  n = {};
  n.leaf = e.value.impl();
  const auto found = parameters_.find(e.value.impl());
  if (found == parameters_.end()) {
    if (!e.value.impl()->listed.load(std::memory_order_relaxed)) return;
    Parameter& made = parameters_[e.value.impl()];
    made.value = e.value;
    made.seen = steps_;
    made.at = line_of(view.where());
    made.on_tape = true;
    return;
  }
  found->second.on_tape = true;
  if (found->second.at.line == 0) found->second.at = line_of(view.where());
}

void Watch::look_for_nonfinite(const RecordEvent& e) {
  if (!is_floating(e.value.dtype()) || e.value.numel() == 0 || finite(e.value)) return;
  const NodeView view = e.tape[e.node];
  const std::string_view op = view.name();
  // An intended infinity: a mask for softmax.
  if (op == "where" || op == "add" || op == "mul" || is_passive(op)) {
    const bool given = std::any_of(e.in.begin(), e.in.end(), [](const Tensor* x) { return !finite(*x); });
    if (given && op != "add") return;
    bool nan = false;
    for (const double v : e.value.detach().to_vector()) nan = nan || std::isnan(v) || v > 0;
    if (given && !nan) return;
  }
  std::string from;
  for (std::size_t k = 0; k < e.in.size(); ++k) {
    if (!is_floating(e.in[k]->dtype()) || finite(*e.in[k])) continue;
    from = view.inputs()[k] < 0 ? "; the data it was given are not finite" : "; what it was given is not finite";
  }
  look_.nonfinite = NonfiniteLook{
      .what = "the result of " + std::string(op) + from, .layer = view.scope(), .at = line_of(view.where())};
}

void Watch::record_product(const RecordEvent& e, const NodeView& view, const std::vector<int>& in,
                           std::string_view op) {
  const auto [a, b] = factors(op);
  const auto leaf_of = [&](int k) -> const gradus::detail::TensorImpl* {
    const int n = in[static_cast<std::size_t>(k)];
    const gradus::detail::TensorImpl* leaf = n >= 0 ? node(n).leaf : nullptr;
    return leaf && leaf->shape.size() >= 2 && leaf->listed.load(std::memory_order_relaxed) ? leaf : nullptr;
  };
  const int weight = leaf_of(b) ? b : leaf_of(a) ? a : -1;
  if (weight < 0) return;
  const int data = weight == a ? b : a;
  const gradus::detail::TensorImpl* leaf = leaf_of(weight);
  const Tensor& w = *e.in[static_cast<std::size_t>(weight)];
  const Tensor& x = *e.in[static_cast<std::size_t>(data)];
  auto at =
      static_cast<std::size_t>(std::find(layer_leaves_.begin(), layer_leaves_.end(), leaf) - layer_leaves_.begin());
  if (at == layer_leaves_.size()) {
    const std::string attributes = view.attributes();
    const bool transposed = attributes.find(weight == b ? "transpose_b=true" : "transpose_a=true") != std::string::npos;
    LayerLook made{.name = view.scope(), .weight = w.detach(), .at = line_of(view.where())};
    made.units_are_rows = op == "conv2d" || (weight == b) == transposed;
    if (w.dim() != leaf->shape.size()) made.weight = {};
    made.output = rms(e.value);
    layers_.push_back(std::move(made));
    layer_leaves_.push_back(leaf);
  }
  LayerLook& l = layers_[at];
  ++l.uses;
  l.widest = std::max(l.widest, rms(e.value));
  node(e.node).layer = static_cast<int>(at);
  node(e.node).output_of = static_cast<int>(at);
  const int from = in[static_cast<std::size_t>(data)];
  if (from >= 0 && node(from).unit >= 0) units_[static_cast<std::size_t>(node(from).unit)].hidden = true;
  const bool given = from < 0 || (node(from).leaf && !node(from).leaf->listed.load(std::memory_order_relaxed));
  if (!given || input_ || layers_.size() > 1 || x.dim() < 2) return;
  input_ = InputLook{.x = x.detach(), .at = line_of(view.where()), .rms = rms(x)};
  if (steps_ > 8 || x.dim() != 2 || x.size(1) < 2) return;
  std::vector<double> columns = column_rms(input_->x);
  input_->column = std::max_element(columns.begin(), columns.end()) - columns.begin();
  std::sort(columns.begin(), columns.end());
  input_->widest = columns.back();
  input_->typical = columns[columns.size() / 2];
}

void Watch::record_activation(const RecordEvent& e, const NodeView& view, std::string_view op) {
  if (e.value.dim() == 0 || e.value.numel() == 0) return;
  std::string name = view.scope();
  name += name.empty() ? std::string(op) : "." + std::string(op);
  if (const int call = ++calls_[name]; call > 1) name += '#' + std::to_string(call);
  auto at = static_cast<std::size_t>(
      std::find_if(units_.begin(), units_.end(), [&](const Unit& u) { return u.name == name; }) - units_.begin());
  if (at == units_.size()) {
    if (at > 500) return;
    units_.push_back({.name = name, .op = std::string(op), .at = line_of(view.where())});
  }
  Unit& u = units_[at];
  const auto count = static_cast<std::size_t>(e.value.size(unit_axis(e.value.shape())));
  if (u.alive.size() != count) {
    u.alive.assign(count, 0);
    u.examples = 0;
    u.looks = 0;
  }
  u.called = true;
  u.examples += e.value.size(0);
  ++u.looks;
  const Tensor x = gradus::detail::dense(e.value);
  gradus::detail::visit_floating(x.dtype(), [&]<class T>() {
    const T* p = gradus::detail::data<T>(x);
    if (op == "relu")
      find_alive(p, x.shape(), u.alive);
    else
      u.saturated = flat_share(p, x.numel(), op == "tanh");
  });
  node(e.node).unit = static_cast<int>(at);
}

void Watch::record_loss(const RecordEvent& e, const NodeView& view, const std::vector<int>& in, std::string_view op) {
  if (in.empty()) return;
  const int from = in[0];
  const int soft = from >= 0 ? node(from).soft : -1;
  const std::string_view normaliser = soft >= 0 ? std::string_view(e.tape[soft].name()) : std::string_view();
  const auto again = [&](LossLook& l) {
    l.twice = true;
    l.softmax = std::string(normaliser);
    l.softmax_at = line_of(e.tape[soft].where());
  };
  const auto mean_of = [&](double sign) { return sign * moments(e.value.detach()).mean; };
  if (op == "cross_entropy") {
    LossLook l{
        .kind = LossKind::classes, .value = mean_of(1), .examples = e.value.numel(), .at = line_of(view.where())};
    l.classes = e.in[0]->size(1);
    l.target = e.in[1]->detach();
    if (normaliser == "softmax") again(l);
    if (steps_ < 3) l.probabilities = probabilities(e.in[0]->detach());
    if (from >= 0 && e.tape[from].shape().size() == 2 && std::string_view(e.tape[from].name()) == "reshape") {
      const int wide = e.tape[from].inputs()[0];
      l.sequence = wide >= 0 && e.tape[wide].shape().size() > 2;
    }
    term_ = std::move(l);
    return;
  }
  if (op == "log_softmax" && normaliser == "softmax") node(e.node).twice = true;
  const bool log_sigmoid_of_sigmoid = op == "log_sigmoid" && normaliser == "sigmoid";
  if (log_sigmoid_of_sigmoid) {
    term_ = LossLook{.at = line_of(view.where())};
    again(*term_);
    return;
  }
  if (op == "gather" && normaliser == "log_softmax" && e.in[0]->dim() == 2) {
    LossLook l{.kind = LossKind::classes, .value = mean_of(-1), .examples = e.value.numel()};
    l.classes = e.in[0]->size(1);
    l.at = line_of(view.where());
    l.twice = node(soft).twice;
    if (l.twice) l.softmax = "softmax";
    if (l.twice) l.softmax_at = line_of(e.tape[soft].where());
    l.target = e.in[1]->detach();
    if (l.target.dim() == 2 && l.target.size(1) == 1) l.target = l.target.reshape({l.target.numel()});
    term_ = std::move(l);
    return;
  }
  // Squares of a difference to a constant: by mse_loss, or written out.
  const auto constant = [&](std::size_t k) { return k < in.size() && in[k] < 0 && e.in[k]->numel() > 1; };
  if (op == "sub" && (constant(0) || constant(1))) node(e.node).target = e.in[constant(1) ? 1 : 0]->detach();
  Tensor target;
  if (op == "mse_loss" && (constant(0) || constant(1))) target = e.in[constant(1) ? 1 : 0]->detach();
  if ((op == "square" || op == "pow_scalar") && from >= 0) target = node(from).target;
  if (op == "mul" && in.size() == 2 && from >= 0 && in[0] == in[1]) target = node(from).target;
  if (!target.defined()) return;
  const Moments m = moments(target);
  LossLook l{.kind = LossKind::squares, .value = mean_of(1), .examples = target.size(0), .at = line_of(view.where())};
  l.target = target;
  l.mean = m.mean;
  l.variance = m.variance;
  l.square = m.square;
  term_ = std::move(l);
}

}  // namespace gradus::train::diagnosis
