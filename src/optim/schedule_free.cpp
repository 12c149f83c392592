// ScheduleFreeAdamW: its update, and the change between training and evaluation.
#include <gradus/optim/schedule_free.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "tensor/impl.hpp"

namespace gradus::optim {

// Of the average only y and z are kept: x = (y - (1 - β1) z) / β1.
void ScheduleFreeAdamW::init(State& s, const Tensor& p, const ScheduleFreeAdamWOptions&) {
  s.add("z", p);
  s.add("exp_avg_sq", zeros_like(p));
  s.add("weight_sum", scalar(0, f64));
  s.add("lr_max", scalar(0, f64));
}

void ScheduleFreeAdamW::update(Tensor& p, const Tensor& g, State& s, const ScheduleFreeAdamWOptions& o) {
  const double t = static_cast<double>(s.step), beta = o.betas[0];
  const double rate = o.warmup_steps > 0 ? o.lr * std::min(1.0, t / static_cast<double>(o.warmup_steps)) : o.lr;
  const double fastest = std::max(rate, s[3].item()), weight = std::pow(t, o.r) * fastest * fastest;
  const double total = s[2].item() + weight, c = total > 0 ? weight / total : 0;
  const Tensor d = o.maximize ? -g : g;
  average(s[1], square(d), o.betas[1]);
  Tensor step = d / (sqrt(s[1] * (1 / (1 - std::pow(o.betas[1], t)))) + o.eps);
  if (o.weight_decay != 0) step = step + p * o.weight_decay;

  const Tensor x = (p - s[0] * (1 - beta)) * (1 / beta);
  s[0].add_(step, -rate);
  p.copy_((x * (1 - c) + s[0] * c) * beta + s[0] * (1 - beta));
  s[2].fill_(total);
  s[3].fill_(fastest);
}

void ScheduleFreeAdamW::check_training(const char* operation, Loc where) const {
  if (!training_)
    throw Error(operation, {.wrong = "the parameters hold the average, after eval()", .advice = "call train() first"},
                gradus::detail::user_line(where));
}

void ScheduleFreeAdamW::step(Loc where) {
  check_training(type(), where);
  OptimizerBase::step(where);
}

void ScheduleFreeAdamW::mix(bool to_average) {
  const NoRecord pause;
  for (Entry& e : entries_) {
    if (!e.ready) continue;
    const double beta = options(e.group).betas[0], weight = to_average ? 1 - 1 / beta : 1 - beta;
    e.value.copy_(e.value.detach() * (1 - weight) + e.state[0] * weight);
  }
}

void ScheduleFreeAdamW::eval() {
  if (std::exchange(training_, false)) mix(true);
}
void ScheduleFreeAdamW::train() {
  if (!std::exchange(training_, true)) mix(false);
}

StateDict ScheduleFreeAdamW::state_dict() const {
  check_training("state_dict", Loc::current());
  return OptimizerBase::state_dict();
}
void ScheduleFreeAdamW::load_state_dict(const StateDict& state, Loc where) {
  check_training("load_state_dict", where);
  OptimizerBase::load_state_dict(state, where);
}

}  // namespace gradus::optim
