// NewtonCG: conjugate gradients for the step, a line search for its length, and the damping between steps.
#include <gradus/optim/newton_cg.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "nn/unlisted.hpp"
#include "optim/parameter_vector.hpp"
#include "optim/saved.hpp"
#include "tape/guards.hpp"
#include "tensor/number.hpp"

namespace gradus::optim {
namespace {

constexpr double decrease = 1e-4, least_damping = 1e-12, largest_damping = 1e12;
constexpr int halvings = 40;

double dot(const Tensor& a, const Tensor& b) { return sum(a * b).item(); }

}  // namespace

void NewtonCG::step(Loc where) { refuse_plain_step("step([&] { return loss(…); })", where); }

// Conjugate gradients on (H + damping I) d = -g from d = 0: r is what is left, q the next direction.
NewtonCG::Direction NewtonCG::direction(const Curvature& h, double damping) {
  const Tensor& g = h.gradient();
  const double size = std::sqrt(dot(g, g));
  const double tolerance = std::min(0.01, std::sqrt(size)) * size;
  const std::int64_t products = options().cg_iter > 0 ? options().cg_iter : std::min<std::int64_t>(h.size(), 250);
  Tensor d = zeros({h.size()}, f64), hd = d, r = g, q = -g;
  double rr = size * size;
  for (std::int64_t i = 0; i < products && rr > 0; ++i) {
    const Tensor hq = h.times(q);
    ++products_;
    const double curvature = dot(q, hq) + damping * dot(q, q);
    if (!(curvature > 0)) {  // the model has no minimum along q
      if (i == 0) {
        d = q;
        hd = hq;
      }
      break;
    }
    const double alpha = rr / curvature;
    d = d + q * alpha;
    hd = hd + hq * alpha;
    r = r + (hq + q * damping) * alpha;
    const double next = dot(r, r);
    if (std::sqrt(next) <= tolerance) break;
    q = q * (next / rr) - r;
    rr = next;
  }
  const double slope = dot(g, d);
  return {d, slope, slope + dot(d, hd) / 2};
}

double NewtonCG::step(const Objective& loss, Loc where) {
  where = gradus::detail::user_line(where);
  check_one_group(where);
  const std::vector<Tensor> p = trained(parameters());
  if (p.empty())
    throw Error(type(), {.wrong = "every parameter is frozen", .advice = "unfreeze some: requires_grad_()"}, where);
  const gradus::detail::Aside aside;
  double before = 0, lambda = damping();
  Direction way;
  std::vector<Tensor> gradients;
  {
    Tape tape;
    const Tensor y = loss();
    before = y.item(where);
    check_loss(type(), before, where);
    nn::detail::refuse_unlisted(type(), p, true, where);
    const Curvature h(tape, Arg(y, where), p);
    const NoRecord pause;
    way = direction(h, lambda);
    gradients = gradus::detail::as_parts(h.gradient(), p);
  }
  const NoRecord pause;
  const Tensor start = gradus::detail::as_vector(p);
  for (std::size_t i = 0; i < p.size(); ++i) Tensor(p[i]).set_grad(gradients[i]);
  tell_all(steps_ + 1, true);
  const double first = options().lr;
  double t = first, full = 0, now = 0;
  try {
    for (int tries = 0;; ++tries) {
      if (tries > halvings) t = 0;
      assign(p, start + way.d * t, type(), where);
      if (t == 0) break;
      now = loss().item(where);
      if (tries == 0) full = now;
      if (now <= before + decrease * t * way.slope) break;  // false for a NaN, which is too far
      t /= 2;
    }
  } catch (...) {
    assign(p, start, type(), where);
    throw;
  }
  // What the first length did, compared with what the model said it would.
  const double promised = first * way.slope + first * first * (way.model - way.slope);
  const double kept = promised < 0 ? (full - before) / promised : 1;
  if (!(kept >= 0.25)) lambda *= 1.5;
  if (kept > 0.75) lambda /= 1.5;
  damping_ = std::clamp(lambda, least_damping, largest_damping);
  tell_all(++steps_, false);
  return before;
}

StateDict NewtonCG::state_dict() const {
  if (steps_ == 0) return {};
  return {{"damping", scalar(damping_, f64)}, {"n_iter", scalar(static_cast<double>(steps_), i64)}};
}

void NewtonCG::load_state_dict(const StateDict& state, Loc where) {
  where = gradus::detail::user_line(where);
  if (state.empty()) {
    steps_ = 0;
    return;
  }
  const auto get = [&](const char* key) {
    const Tensor* t = find(state, key);
    if (!t || !t->defined() || t->numel() != 1)
      throw Error("load_state_dict",
                  {.wrong = std::string("'") + key + "' is missing or is not one number",
                   .got = std::to_string(state.size()) + " names",
                   .advice = "load what another NewtonCG has saved"},
                  where);
    return t->item();
  };
  const double lambda = get("damping");
  if (!(lambda >= 0 && std::isfinite(lambda)))
    throw Error("load_state_dict",
                {.wrong = "'damping' is out of range",
                 .got = gradus::detail::number_text(lambda),
                 .expected = "a finite number, 0 or more"},
                where);
  steps_ = saved_count(get("n_iter"), "n_iter", where);
  damping_ = lambda;
}

}  // namespace gradus::optim
