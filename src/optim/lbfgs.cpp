// LBFGS: the two-loop recursion, its iterations, and its memory as a state dict.
#include <gradus/optim/lbfgs.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "optim/line_search.hpp"
#include "optim/parameter_vector.hpp"
#include "optim/saved.hpp"
#include "tape/profile.hpp"

namespace gradus::optim {
namespace {

double dot(const Tensor& a, const Tensor& b) { return sum(a * b).item(); }
double largest(const Tensor& x) { return max(abs(x)).item(); }

}  // namespace

void LBFGS::step(Loc where) {
  refuse_plain_step("step([&] { opt.zero_grad(); Tape tape; … tape.backward(loss); return loss.item(); })", where);
}

// ---- all parameters as one vector ----

std::int64_t LBFGS::size() const {
  std::int64_t n = 0;
  for (const Entry& e : entries_) n += e.value.numel();
  return n;
}

Tensor LBFGS::values() const {
  const NoRecord pause;
  return gradus::detail::as_vector(parameters());
}

void LBFGS::move(const Tensor& x, Loc where) { assign(parameters(), x, type(), where); }

LBFGS::Point LBFGS::evaluate(Memory& m, Closure closure, Loc where) const {
  ++m.evaluations;
  const double loss = [&] {
    const gradus::detail::Untimed pause;
    return closure.call(closure.f);
  }();
  check_gradients(where, true);
  const NoRecord pause;
  std::vector<Tensor> parts;
  for (const Entry& e : entries_) {
    const Tensor g = e.value.requires_grad() ? e.value.grad() : Tensor();
    const std::int64_t n = e.value.numel();
    parts.push_back(g.defined() ? to(g.detach(), f64).reshape({n}) : zeros({n}, f64));
  }
  return {loss, concat(parts)};
}

// ---- the algorithm ----

// Its vectors are on no tape: only values() and evaluate() meet tensors that could be recorded.

double LBFGS::run(Closure closure, Loc where) {
  where = gradus::detail::user_line(where);
  check_one_group(where);
  Memory m = memory_;
  const Tensor start = values();
  if (m.gradient.defined() && m.gradient.numel() != start.numel())
    throw Error(type(),
                {.wrong = "the parameters have other shapes than at the last step",
                 .got = std::to_string(start.numel()) + " numbers",
                 .expected = std::to_string(m.gradient.numel()),
                 .advice = "make a new optimizer"},
                where);
  gradus::detail::Timing timing(type(), ProfileRow::step);
  try {
    const double loss = iterate(m, closure, where);
    timing.stop();
    memory_ = std::move(m);
    return loss;
  } catch (...) {
    move(start, where);
    throw;
  }
}

// Adds to the memory what the last iteration taught, and multiplies the gradient by its -H (algorithm 7.4).
Tensor LBFGS::direction(Memory& m, const Tensor& gradient) const {
  if (m.iterations == 1) return -gradient;
  const Tensor y = gradient - m.gradient, s = m.direction * m.t;
  if (const double ys = dot(y, s); ys > 1e-10) {
    while (static_cast<std::int64_t>(m.pairs.size()) >= options().history_size) m.pairs.erase(m.pairs.begin());
    m.pairs.push_back({y, s, 1 / ys});
  }
  Tensor d = -gradient;
  std::vector<double> alpha(m.pairs.size());
  for (std::size_t i = m.pairs.size(); i-- > 0;) {
    const Pair& p = m.pairs[i];
    alpha[i] = p.rho * dot(p.s, d);
    d = d - p.y * alpha[i];
  }
  if (!m.pairs.empty()) {
    const Pair& last = m.pairs.back();
    d = d * (1 / (last.rho * dot(last.y, last.y)));
  }
  for (std::size_t i = 0; i < m.pairs.size(); ++i) {
    const Pair& p = m.pairs[i];
    d = d + p.s * (alpha[i] - p.rho * dot(p.y, d));
  }
  return d;
}

double LBFGS::iterate(Memory& m, Closure closure, Loc where) {
  const LBFGSOptions& o = options();
  const double allowed =
      o.max_eval > 0 ? static_cast<double>(o.max_eval) : std::floor(static_cast<double>(o.max_iter) * 1.25);
  const double last = static_cast<double>(m.evaluations) + allowed;
  Point at = evaluate(m, closure, where);
  check_loss(type(), at.loss, where);
  const double first = at.loss;
  tell_all(m.iterations, true);
  for (std::int64_t i = 1; i <= o.max_iter && !(largest(at.gradient) <= o.tolerance_grad); ++i) {
    ++m.iterations;
    const Tensor d = m.direction = direction(m, at.gradient);
    m.gradient = at.gradient;
    m.t = m.iterations == 1 ? std::min(1.0, 1 / sum(abs(at.gradient)).item()) * o.lr : o.lr;
    const double slope = dot(at.gradient, d), before = at.loss;
    if (slope > -o.tolerance_change) break;

    const Tensor x = values();
    if (o.line_search_fn == LineSearch::strong_wolfe) {
      const auto probe = [&](double t) {
        move(x + d * t, where);
        const Point p = evaluate(m, closure, where);
        return Probe{t, p.loss, dot(p.gradient, d), p.gradient};
      };
      const Probe best = strong_wolfe(probe, {0, at.loss, slope, at.gradient}, m.t, largest(d));
      m.t = best.t;
      at = {best.loss, best.gradient};
    }
    move(x + d * m.t, where);
    if (o.line_search_fn == LineSearch::none && i < o.max_iter) {
      at = evaluate(m, closure, where);
      check_loss(type(), at.loss, where);
    }
    if (static_cast<double>(m.evaluations) >= last || largest(d) * m.t <= o.tolerance_change ||
        std::abs(at.loss - before) < o.tolerance_change)
      break;
  }
  tell_all(m.iterations, false);
  return first;
}

// ---- saving and loading, under the names that PyTorch uses ----

StateDict LBFGS::state_dict() const {
  const Memory& m = memory_;
  StateDict dict;
  if (m.iterations == 0) return dict;
  std::vector<Tensor> y, s;
  for (const Pair& p : m.pairs) {
    y.push_back(p.y);
    s.push_back(p.s);
  }
  dict.emplace_back("d", clone(m.direction));
  dict.emplace_back("prev_flat_grad", clone(m.gradient));
  dict.emplace_back("old_dirs", y.empty() ? zeros({0, size()}, f64) : stack(y));
  dict.emplace_back("old_stps", s.empty() ? zeros({0, size()}, f64) : stack(s));
  dict.emplace_back("t", scalar(m.t, f64));
  dict.emplace_back("n_iter", scalar(static_cast<double>(m.iterations), i64));
  dict.emplace_back("func_evals", scalar(static_cast<double>(m.evaluations), i64));
  return dict;
}

void LBFGS::load_state_dict(const StateDict& state, Loc where) {
  const NoRecord pause;
  const auto get = [&](const char* key, const Shape& shape) {
    const Tensor* t = find(state, key);
    if (!t || !t->defined() || t->shape() != shape)
      throw Error("load_state_dict",
                  {.wrong = std::string("'") + key + (t && t->defined() ? "' has the wrong shape" : "' is missing"),
                   .got = t && t->defined() ? to_string(t->shape()) : std::to_string(state.size()) + " names",
                   .expected = to_string(shape),
                   .advice = "load the state of an LBFGS with the same parameters in the same order"},
                  gradus::detail::user_line(where));
    return clone(to(*t, f64));
  };
  Memory m;
  if (!state.empty()) {
    const std::int64_t n = size();
    const Tensor* pairs = find(state, "old_dirs");
    const std::int64_t count = pairs && pairs->defined() && pairs->dim() == 2 ? pairs->size(0) : 0;
    const Tensor y = get("old_dirs", {count, n}), s = get("old_stps", {count, n});
    for (std::int64_t i = 0; i < count; ++i) {
      const Tensor yi = clone(select(y, 0, i)), si = clone(select(s, 0, i));
      m.pairs.push_back({yi, si, 1 / dot(yi, si)});
    }
    m.direction = get("d", {n});
    m.gradient = get("prev_flat_grad", {n});
    m.t = get("t", {}).item();
    m.iterations = saved_count(get("n_iter", {}).item(), "n_iter", where);
    m.evaluations = saved_count(get("func_evals", {}).item(), "func_evals", where);
  }
  memory_ = std::move(m);
}

}  // namespace gradus::optim
