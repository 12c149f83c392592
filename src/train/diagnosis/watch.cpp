// What happens in a step: walks, gradients, updates. The operations of the tape are in record.cpp.
#include "train/diagnosis/watch.hpp"

#include <algorithm>
#include <cmath>

#include <gradus/nn/module.hpp>
#include <gradus/ops.hpp>
#include <gradus/tape.hpp>

#include "tape/observers.hpp"
#include "tensor/impl.hpp"
#include "train/diagnosis/measure.hpp"

namespace gradus::train::diagnosis {

void Watch::forget() {
  look_ = {};
  loss_sum_ = 0;
  losses_ = 0;
  stepping_ = false;
  for (auto& [impl, p] : parameters_) {
    p.used = false;
    p.mixed = false;
    p.grad_norm = unknown;
  }
}

void Watch::on_tape_begin(const Tape&) {
  nodes_.clear();
  scalars_.clear();
  calls_.clear();
  layers_.clear();
  layer_leaves_.clear();
  term_.reset();
  input_.reset();
  sequence_ = false;
  walking_ = false;
}

void Watch::on_module(const ModuleEvent& e) {
  if (!close || steps_ > 2) return;
  for (const nn::NamedParameter& p : e.module.named_parameters()) {
    const auto found = parameters_.find(p.value.impl());
    if (found != parameters_.end() && found->second.name.empty()) found->second.name = p.name;
  }
}

void Watch::on_walk_begin(const WalkEvent& e) {
  if (e.recorded) look_.recorded = true;
  walking_ = std::string_view(e.what) == "backward";
  if (!walking_) return;
  const auto at = std::find_if(scalars_.begin(), scalars_.end(), [&](const auto& s) { return s.first == e.node; });
  if (at != scalars_.end()) {
    const NoRecord pause;
    const double loss = at->second.detach().item();
    if (!stepping_ || losses_ == 0) {
      loss_sum_ += loss;
      ++losses_;
    }
    if (ask_curvature && std::isfinite(loss)) {
      ask_curvature = false;
      look_.asked = true;
      std::vector<Tensor> trained;
      for (const auto& [impl, p] : parameters_) {
        if (p.owned && p.value.requires_grad() && p.on_tape) trained.push_back(p.value);
      }
      if (!trained.empty()) {
        gradus::detail::ThreadState& s = gradus::detail::thread_state();
        const bool recording = std::exchange(s.recording, true);
        look_.curvature = curvature(const_cast<Tape&>(e.tape), at->second, trained);
        s.recording = recording;
      }
    }
  }
  if (term_) look_.term = term_;
  if (input_) look_.input = input_;
  for (auto& [impl, p] : parameters_) {
    if (!p.used || !close) continue;
    p.stale_norm = norm(p.value.grad());
    if (!(p.stale_norm > 0)) p.used = false;
  }
  if (close) find_path_ends(e.tape, e.node);
}

void Watch::on_visit(const VisitEvent& e) {
  if (!walking_ || !close || static_cast<std::size_t>(e.node) >= nodes_.size()) return;
  const int layer = nodes_[static_cast<std::size_t>(e.node)].layer;
  if (layer < 0) return;
  LayerLook& l = layers_[static_cast<std::size_t>(layer)];
  const double size = norm(e.grad);
  l.first = size;  // the walk comes from the end
  if (std::isnan(l.last)) l.last = size;
  if (!(size <= l.most)) l.most = size;
}

void Watch::on_walk_end(const WalkEvent&) {
  if (walking_ && close) look_.layers = layers_;
  walking_ = false;
}

void Watch::on_accumulate(const AccumulateEvent& e) {
  Parameter& p = parameters_[e.leaf.impl()];
  if (!p.value.defined()) p.value = e.leaf;
  p.seen = steps_;
  ++p.walks;
  if (p.used) p.mixed = true;
  p.touched = false;
  if (!close && !all_values) return;
  p.grad_norm = norm(e.leaf.grad());
  if (std::isfinite(p.grad_norm) || look_.nonfinite || finite(e.leaf.grad())) return;
  look_.nonfinite = NonfiniteLook{.what = "the gradient of a parameter", .layer = p.name, .at = p.at};
}

void Watch::on_zero_grad(const ZeroGradEvent& e) {
  const auto found = parameters_.find(e.leaf.impl());
  if (found == parameters_.end()) return;
  found->second.used = false;
  found->second.mixed = false;
}

void Watch::on_mutation(const MutationEvent& e) {
  if (!close) return;
  for (auto& [impl, p] : parameters_) {
    if (!p.owned || !impl->grad.is_same(e.tensor)) continue;
    p.touched = true;
    if (std::string_view(e.what) == "fill_") {
      p.used = false;
      p.mixed = false;
    }
    return;
  }
}

// Where the paths from parameters without a gradient end.
void Watch::find_path_ends(const Tape& tape, int start) {
  std::vector<std::pair<int, Parameter*>> lost;
  for (int i = 0; i < std::min<int>(start, static_cast<int>(nodes_.size())); ++i) {
    const gradus::detail::TensorImpl* leaf = nodes_[static_cast<std::size_t>(i)].leaf;
    const auto found = leaf ? parameters_.find(leaf) : parameters_.end();
    if (found == parameters_.end() || found->second.walks > 0 || !found->second.owned) continue;
    if (tape[i].is_leaf()) lost.emplace_back(i, &found->second);
  }
  if (lost.empty() || lost.size() > 1000) return;
  for (const auto& [leaf, p] : lost) {
    std::vector<char> reached(static_cast<std::size_t>(start) + 1, 0);
    reached[static_cast<std::size_t>(leaf)] = 1;
    int last = leaf;
    for (int i = leaf + 1; i <= start && i < tape.size(); ++i) {
      for (const int in : tape[i].inputs()) {
        if (in < 0 || !reached[static_cast<std::size_t>(in)]) continue;
        reached[static_cast<std::size_t>(i)] = 1;
        last = i;
      }
    }
    p->path_end = tape[last].name();
    p->path_end_at = line_of(tape[last].where());
  }
}

// ---- the step ----

void Watch::begin_step(const optim::OptimizerBase& optimizer) {
  stepping_ = true;
  for (nn::NamedParameter& given : optimizer.named_parameters()) {
    Parameter& p = parameters_[given.value.impl()];
    if (!p.value.defined()) p.value = given.value;
    p.owned = true;
    if (p.name.empty() || p.steps == 0) p.name = std::move(given.name);
    if (!close) continue;
    const Tensor g = p.value.grad();
    p.used_norm = !g.defined() ? unknown : p.touched || std::isnan(p.grad_norm) ? norm(g) : p.grad_norm;
    p.before = p.value.detach().clone();
  }
}

void Watch::end_step(const optim::OptimizerBase& optimizer) {
  ++steps_;
  stepping_ = false;
  const std::vector<nn::NamedParameter> all = optimizer.named_parameters();
  for (const nn::NamedParameter& given : all) {
    Parameter& p = parameters_[given.value.impl()];
    if (!p.value.requires_grad()) continue;
    ++p.steps;
    ParameterLook seen{.name = p.name,
                       .value = p.value,
                       .at = p.at,
                       .steps = p.steps,
                       .walks = p.walks,
                       .path_end = p.path_end,
                       .path_end_at = p.path_end_at,
                       .on_tape = p.on_tape};
    if (p.value.grad().defined()) {
      seen.grad_norm = p.grad_norm;
      seen.used_norm = p.used_norm;
      seen.stale = p.mixed;
      seen.stale_norm = p.stale_norm;
      p.used = true;
    }
    p.mixed = false;
    p.grad_norm = unknown;
    p.touched = false;
    if (close && p.before.defined() && p.before.shape() == p.value.shape() && p.before.dtype() == p.value.dtype()) {
      seen.norm = norm(p.before);
      const Tensor update = p.value.detach() - p.before;
      seen.update = norm(update);
      if (p.update_step == steps_ - 1 && p.update.shape() == update.shape() && p.update.dtype() == update.dtype())
        seen.turn = (update * p.update).sum().item() / (seen.update * norm(p.update));
      p.update = update;
      p.update_step = steps_;
    }
    p.before = {};
    look_.parameters.push_back(std::move(seen));
  }
  if (all.empty()) return;
  const void* key = all[0].value.impl();
  const bool known = std::find(optimizers_.begin(), optimizers_.end(), key) != optimizers_.end();
  if (!known) optimizers_.push_back(key);
  in_turns_ = in_turns_ || (known && key != last_optimizer_);
  last_optimizer_ = key;
  std::erase_if(parameters_, [&](const auto& entry) { return !entry.second.owned && entry.second.seen + 4 < steps_; });
  look_.lr = optimizer.lr();
  look_.optimizer = optimizer.type();
  if (closed_) closed_(optimizer, take());
}

Look Watch::take() {
  Look done = std::exchange(look_, {});
  done.close = close;
  done.others = in_turns_;
  done.told = losses_ > 0;
  if (done.told) done.loss = loss_sum_ / static_cast<double>(losses_);
  loss_sum_ = 0;
  losses_ = 0;
  if (done.term) done.term->sequence |= sequence_;
  for (std::size_t i = 0; i < done.layers.size(); ++i) {
    const auto found = i < layer_leaves_.size() ? parameters_.find(layer_leaves_[i]) : parameters_.end();
    if (found != parameters_.end() && !found->second.name.empty()) done.layers[i].name = found->second.name;
  }
  if (done.input && !done.layers.empty()) {
    done.input->layer = done.layers[0].name;
    done.input->normed = done.layers[0].normed;
  }
  for (Unit& u : units_) {
    if (!std::exchange(u.called, false)) continue;
    UnitLook seen{.name = u.name,
                  .op = u.op,
                  .at = u.at,
                  .units = static_cast<std::int64_t>(u.alive.size()),
                  .examples = u.examples,
                  .looks = u.looks,
                  .saturated = u.saturated,
                  .hidden = u.hidden};
    if (u.op == "relu" && !u.alive.empty())
      seen.dead =
          static_cast<double>(std::count(u.alive.begin(), u.alive.end(), 0)) / static_cast<double>(u.alive.size());
    done.units.push_back(std::move(seen));
    if (u.looks < 40) continue;
    std::fill(u.alive.begin(), u.alive.end(), 0);  // the next window
    u.examples = 0;
    u.looks = 0;
  }
  return done;
}

void Watch::on_optimizer(const OptimizerEvent& e) {
  const gradus::detail::Unobserved alone;
  const NoRecord pause;
  e.before ? begin_step(e.optimizer) : end_step(e.optimizer);
}

}  // namespace gradus::train::diagnosis
