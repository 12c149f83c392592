// Norms and counts of a sampled step. It reads numbers where they lie, and computes without operations.
#include "train/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "kernels/kernels.hpp"
#include "tensor/impl.hpp"

namespace gradus::train {
namespace {

using gradus::detail::dense;

double squares(const Tensor& given) {
  const Tensor x = dense(given);
  return gradus::detail::visit_floating(x.dtype(), [&]<class T>() {
    const T* p = gradus::detail::data<T>(x);
    return kernels::table<T>().dot(x.numel(), p, p);
  });
}

// Of the weights before, and of how far they have come since. In pieces that stay in the cache.
std::pair<double, double> squares_of_update(const Tensor& given, const std::vector<std::byte>& before) {
  const Tensor x = dense(given);
  return gradus::detail::visit_floating(x.dtype(), [&]<class T>() -> std::pair<double, double> {
    constexpr std::int64_t piece = 1024;
    const T* now = gradus::detail::data<T>(x);
    const T* then = reinterpret_cast<const T*>(before.data());
    T moved[piece];
    double update = 0;
    for (std::int64_t begin = 0; begin < x.numel(); begin += piece) {
      const std::int64_t n = std::min(piece, x.numel() - begin);
      for (std::int64_t i = 0; i < n; ++i) moved[i] = now[begin + i] - then[begin + i];
      update += kernels::table<T>().dot(n, moved, moved);
    }
    return {kernels::table<T>().dot(x.numel(), then, then), update};
  });
}

// The layout of a value by units: outer x units x inner.
struct Layout {
  std::int64_t outer = 1, units = 1, inner = 1;
};

// Does a convolution lie a few operations before?
bool behind_convolution(const Tape& tape, int node) {
  for (int steps = 0; steps < 4 && node >= 0; ++steps) {
    const NodeView view = tape[node];
    if (view.is_leaf() || view.is_constant()) return false;
    if (std::string_view(view.name()).starts_with("conv")) return true;
    const std::vector<int> inputs = view.inputs();
    node = inputs.empty() ? -1 : inputs[0];
  }
  return false;
}

Layout layout_of(const RecordEvent& e) {
  const Shape& shape = e.value.shape();
  int axis = shape.size() - 1;
  if (shape.size() >= 4 || (shape.size() == 3 && behind_convolution(e.tape, e.node))) axis = 1;
  Layout layout;
  for (int i = 0; i < shape.size(); ++i) {
    if (i < axis) layout.outer *= shape[i];
    if (i == axis) layout.units = shape[i];
    if (i > axis) layout.inner *= shape[i];
  }
  return layout;
}

template <class T>
void find_alive(const T* values, const Layout& layout, std::vector<char>& alive) {
  auto silent = std::count(alive.begin(), alive.end(), 0);
  const auto inner = static_cast<std::size_t>(layout.inner);
  for (std::int64_t o = 0; o < layout.outer && silent > 0; ++o) {
    for (std::size_t u = 0; u < alive.size(); ++u, values += inner) {
      if (alive[u] || std::none_of(values, values + inner, [](T v) { return v > 0; })) continue;
      alive[u] = 1;
      --silent;
    }
  }
}

enum class Kind { none, relu, tanh, sigmoid };

Kind kind_of(std::string_view op) {
  if (op == "relu") return Kind::relu;
  if (op == "tanh") return Kind::tanh;
  return op == "sigmoid" ? Kind::sigmoid : Kind::none;
}

double dead_share(const std::vector<char>& alive) {
  return static_cast<double>(std::count(alive.begin(), alive.end(), 0)) / static_cast<double>(alive.size());
}

}  // namespace

void Sampler::begin() {
  if (index_.empty()) {
    for (std::size_t i = 0; i < parameters_.size(); ++i) index_[parameters_[i].value.impl()] = i;
  }
  for (Sample& s : samples_) {
    s.grad_squares = Progress::unknown;
    s.copied = false;
  }
  for (Layer& l : layers_) {
    std::fill(l.alive.begin(), l.alive.end(), 0);
    l.saturated = 0;
    l.looked_at = 0;
    l.called = false;
  }
  calls_.clear();
  clipped_ = false;
  watched_ = true;
  observing_.emplace(*this);
}

void Sampler::end() { observing_.reset(); }

bool Sampler::any_update() const {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (samples_[i].copied && parameters_[i].value.version() != samples_[i].version) return true;
  }
  return false;
}

Tensor Sampler::gradient(std::size_t i) const { return samples_[i].gradient; }

Sampler::Layer& Sampler::layer(const RecordEvent& e, const char* op) {
  const NodeView node = e.tape[e.node];
  std::string name = node.scope();
  name += name.empty() ? op : std::string(".") + op;
  if (const int call = ++calls_[name]; call > 1) name += '#' + std::to_string(call);
  for (Layer& l : layers_) {
    if (l.name == name) return l;
  }
  layers_.push_back({.name = std::move(name), .op = op, .where = node.where()});
  return layers_.back();
}

void Sampler::on_record(const RecordEvent& e) {
  if (e.in.empty() || e.value.numel() == 0 || !is_floating(e.value.dtype())) return;
  const char* op = e.tape[e.node].name();
  const Kind kind = kind_of(op);
  if (kind == Kind::none || e.value.dim() == 0) return;
  Layer& l = layer(e, op);
  const Layout layout = layout_of(e);
  const auto units = static_cast<std::size_t>(layout.units);
  if (l.units != layout.units) {
    l.units = layout.units;
    l.alive.assign(units, 0);
    l.alive_in_epoch.assign(units, 0);
    l.examples = 0;
  }
  l.called = true;
  l.examples += e.value.size(0);
  const Tensor x = dense(e.value);
  gradus::detail::visit_floating(x.dtype(), [&]<class T>() {
    const T* p = gradus::detail::data<T>(x);
    if (kind == Kind::relu) return find_alive(p, layout, l.alive);
    const std::int64_t stride = 1 + x.numel() / 16384;
    for (std::int64_t i = 0; i < x.numel(); i += stride) {
      const bool flat = kind == Kind::tanh ? std::abs(p[i]) > T(0.97) : p[i] < T(0.015) || p[i] > T(0.985);
      l.saturated += flat;
      ++l.looked_at;
    }
  });
  for (std::size_t u = 0; u < units; ++u) l.alive_in_epoch[u] |= l.alive[u];
}

void Sampler::on_walk_begin(const WalkEvent& e) {
  if (writer_ == nullptr || std::exchange(graph_written_, true)) return;
  writer_->add_graph(e.tape);
}

void Sampler::on_accumulate(const AccumulateEvent& e) {
  const auto found = index_.find(e.leaf.impl());
  if (found == index_.end()) return;
  Sample& s = samples_[found->second];
  const Tensor g = e.leaf.grad();
  s.grad_squares = squares(g);
  if (writer_ != nullptr) s.gradient = g.detach().clone();
  if (std::exchange(s.copied, true)) return;
  const Tensor x = dense(e.leaf);
  const auto bytes = static_cast<std::size_t>(x.numel() * size_of(x.dtype()));
  s.before.resize(bytes);
  std::memcpy(s.before.data(), x.impl()->data, bytes);
  s.version = e.leaf.version();
}

void Sampler::on_mutation(const MutationEvent& e) {
  if (clipped_ || std::string_view(e.what) != "mul_") return;
  clipped_ = std::any_of(parameters_.begin(), parameters_.end(),
                         [&](const nn::NamedParameter& p) { return p.value.impl()->grad.is_same(e.tensor); });
}

void Sampler::report(StepReport& to) {
  double gradients = 0;
  double weights = 0;
  double updates = 0;
  bool any_gradient = false;
  bool any_update = false;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Sample& s = samples_[i];
    ParameterReport one{.name = parameters_[i].name};
    if (!std::isnan(s.grad_squares) || s.copied) {
      one.grad_norm = std::sqrt(s.grad_squares);
      gradients += s.grad_squares;
      any_gradient = true;
    }
    const Tensor& value = parameters_[i].value;
    const bool same = s.before.size() == static_cast<std::size_t>(value.numel() * size_of(value.dtype()));
    if (s.copied && same && value.version() != s.version) {
      const auto [before, moved] = squares_of_update(value, s.before);
      one.norm = std::sqrt(before);
      if (before > 0) one.update_ratio = std::sqrt(moved / before);
      weights += before;
      updates += moved;
      any_update = true;
    }
    to.parameters.push_back(std::move(one));
  }
  to.sampled = watched_;
  to.clipped = clipped_;
  if (any_gradient) to.grad_norm = std::sqrt(gradients);
  if (any_update && weights > 0) to.update_ratio = std::sqrt(updates / weights);
  for (const Layer& l : layers_) {
    if (!l.called) continue;
    UnitReport units{.layer = l.name, .units = l.units};
    if (!l.alive.empty() && kind_of(l.op) == Kind::relu) units.dead = dead_share(l.alive);
    if (l.looked_at > 0) units.saturated = static_cast<double>(l.saturated) / static_cast<double>(l.looked_at);
    to.units.push_back(std::move(units));
  }
  watched_ = false;
}

std::vector<UnitReport> Sampler::epoch() {
  std::vector<UnitReport> all;
  for (Layer& l : layers_) {
    if (kind_of(l.op) == Kind::relu && l.examples > 0)
      all.push_back({.layer = l.name, .units = l.units, .examples = l.examples, .dead = dead_share(l.alive_in_epoch)});
    std::fill(l.alive_in_epoch.begin(), l.alive_in_epoch.end(), 0);
    l.examples = 0;
  }
  return all;
}

}  // namespace gradus::train
