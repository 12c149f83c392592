// Denormals are 0 within an optimizer's updates, and nowhere else.
#include "kernels/denormals.hpp"

#include <cmath>
#include <stdexcept>

#include <gradus/observe.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/optim.hpp>

#include "kernels/kernels.hpp"
#include "support.hpp"

using namespace gradus;
using namespace gradus::optim;
using kernels::float_mode;
using kernels::kFlushBits;

namespace {

std::uint64_t flush_bits() { return float_mode() & kFlushBits; }

struct PlainOptions {
  double lr = 1e-3;
  bool fails = false;
};
struct Spy : Optimizer<PlainOptions> {  // says what the mode is in an update
  using Optimizer::Optimizer;
  void update(Tensor&, const Tensor&, State&, const PlainOptions& o) override {
    seen = flush_bits();
    if (o.fails) throw std::runtime_error("no");
  }
  std::uint64_t seen = 0;
};

struct Watch : Observer {
  void on_step(const StepEvent&) override { seen |= flush_bits(), ++calls; }
  std::uint64_t seen = 0;
  int calls = 0;
};

Tensor parameter(std::int64_t n, double value = 1) {
  Tensor p = full({n}, value).requires_grad_();
  p.set_grad(ones({n}));
  return p;
}

int denormals(const Tensor& t) {
  int count = 0;
  for (const float x : t.to_vector<float>()) count += std::fpclassify(x) == FP_SUBNORMAL;
  return count;
}

}  // namespace

TEST_CASE("optimizer: the mode after a step is the mode before it") {
  if (kFlushBits == 0) return;  // a processor without the mode
  Spy opt({parameter(3)});
  const auto before = float_mode();
  opt.step();
  CHECK(opt.seen == kFlushBits);
  CHECK(float_mode() == before);

  opt.options().fails = true;
  CHECK_THROWS_AS(opt.step(), std::runtime_error);
  CHECK(float_mode() == before);

  opt.options().fails = false;
  {
    const kernels::FlushDenormals own;  // a program that flushes by itself keeps doing so
    opt.step();
    CHECK(opt.seen == kFlushBits);
    CHECK(flush_bits() == kFlushBits);
  }
  CHECK(float_mode() == before);
}

TEST_CASE("optimizer: observers and losses compute in the mode of their own") {
  Spy opt({parameter(3)});
  Watch watch;
  const Observing observing(watch);
  opt.step();
  CHECK(watch.calls > 0);
  CHECK(watch.seen == 0);

  Tensor p = parameter(2);
  LBFGS closure_calls({p});
  std::uint64_t seen = 0;
  closure_calls.step([&] {
    seen |= flush_bits();
    return sum(square(p));
  });
  CHECK(seen == 0);
}

TEST_CASE("optimizer: what decays ends in 0") {
  const auto decay = [](auto&& opt, Tensor& p, int steps) {
    p.set_grad(full(p.shape(), 1e-3));
    opt.step();
    p.set_grad(zeros(p.shape()));
    for (int i = 0; i < steps; ++i) opt.step();
    int count = denormals(p.detach());
    for (const auto& [name, t] : opt.state_dict())
      if (t.dtype() == f32) count += denormals(t);
    return count;
  };
  if (kFlushBits == 0) return;
  Tensor p = parameter(100);
  Adam adam({p}, {});
  CHECK(decay(adam, p, 1000) == 0);
  CHECK(adam.state_dict()[0].second.to_vector<float>()[5] == 0.f);
  Tensor q = parameter(100, 1e-36);
  CHECK(decay(SGD({q}, {.lr = 0.5, .momentum = 0.5, .weight_decay = 1}), q, 300) == 0);
  Tensor r = parameter(100, 1e-36);
  CHECK(decay(RMSprop({r}, {.alpha = 0.5}), r, 300) == 0);
  Tensor s = parameter(100, 1e-36);
  CHECK(decay(Lion({s}, {.betas = {0.5, 0.5}}), s, 300) == 0);
  Tensor big = parameter(300'000, 1e-36);  // many pieces
  CHECK(decay(SGD({big}, {.lr = 0.5, .momentum = 0.5}), big, 200) == 0);
}

TEST_CASE("optimizer: among normal numbers a flushed step gives the same bits") {
  manual_seed(3);
  const Tensor start = randn({1000});
  Tensor p = start.clone().requires_grad_();
  Adam opt({p}, {.lr = 0.01, .weight_decay = 0.1});
  std::vector<float> by_hand = start.to_vector<float>(), m(1000), v(1000);
  for (int t = 1; t <= 20; ++t) {
    const Tensor g = randn({1000});
    p.set_grad(g);
    opt.step();
    const std::vector<float> numbers = g.to_vector<float>();
    const kernels::AdamStep step{.lr = 0.01,
                                 .beta1 = 0.9,
                                 .beta2 = 0.999,
                                 .eps = 1e-8,
                                 .weight_decay = 0.1,
                                 .correction1 = 1 - std::pow(0.9, t),
                                 .correction2 = 1 - std::pow(0.999, t),
                                 .decoupled = false,
                                 .maximize = false};
    kernels::table<float>().adam(1000, by_hand.data(), numbers.data(), m.data(), v.data(), nullptr, step);
  }
  CHECK(p.detach().to_vector<float>() == by_hand);
}
