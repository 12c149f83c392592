#include <cmath>
#include <numbers>

#include <gradus/optim/adagrad.hpp>
#include <gradus/optim/adam.hpp>
#include <gradus/optim/schedule.hpp>
#include <gradus/optim/sgd.hpp>

#include "support.hpp"

using namespace gradus;
using namespace gradus::optim;

namespace {

SGD optimizer(double lr = 1, double momentum = 0.9) {
  return SGD({zeros({1}).requires_grad_()}, {.lr = lr, .momentum = momentum});
}

void check_close(double got, double want) { CHECK(got == doctest::Approx(want).epsilon(1e-12)); }

// The rates in force at k = 0, 1, …
std::vector<double> rates(Schedule schedule, int steps, double base = 1) {
  SGD opt = optimizer(base);
  Scheduler s(opt, std::move(schedule));
  std::vector<double> all{opt.lr()};
  while (static_cast<int>(all.size()) < steps) {
    s.step();
    all.push_back(opt.lr());
  }
  return all;
}

void check_rates(Schedule schedule, const std::vector<double>& want, double base = 1) {
  const std::vector<double> got = rates(std::move(schedule), static_cast<int>(want.size()), base);
  for (std::size_t k = 0; k < want.size(); ++k) {
    CAPTURE(k);
    check_close(got[k], want[k]);
  }
}

}  // namespace

TEST_CASE("schedule: in steps and by factors") {
  check_rates(StepLR{.step_size = 2, .gamma = 0.5}, {8, 8, 4, 4, 2, 2, 1}, 8);
  check_rates(MultiStepLR{.milestones = {2, 3, 3}, .gamma = 0.5}, {8, 8, 4, 1, 1}, 8);
  check_rates(ExponentialLR{.gamma = 0.5}, {8, 4, 2, 1}, 8);
  check_rates(ConstantLR{.factor = 0.25, .total_iters = 2}, {2, 2, 8, 8}, 8);
  check_rates(LinearLR{.start_factor = 0.5, .end_factor = 1, .total_iters = 4}, {4, 5, 6, 7, 8, 8}, 8);
  check_rates(PolynomialLR{.total_iters = 4, .power = 2}, {16, 9, 4, 1, 0, 0}, 16);
}

TEST_CASE("schedule: cosines") {
  const double r = std::numbers::sqrt2 / 2;
  check_rates(CosineAnnealingLR{.T_max = 4}, {1, (1 + r) / 2, 0.5, (1 - r) / 2, 0, (1 - r) / 2, 0.5, (1 + r) / 2, 1});
  check_rates(CosineAnnealingLR{.T_max = 2, .eta_min = 1}, {3, 2, 1, 2}, 3);
  check_rates(CosineAnnealingWarmRestarts{.T_0 = 2}, {1, 0.5, 1, 0.5, 1});
  check_rates(CosineAnnealingWarmRestarts{.T_0 = 1, .T_mult = 2, .eta_min = 1}, {3, 3, 2, 3, 2 + r, 2, 2 - r, 3}, 3);
}

TEST_CASE("schedule: a function, and one of your own") {
  check_rates(LambdaLR{[](std::int64_t k) { return 1.0 / static_cast<double>(1 + k); }}, {6, 3, 2}, 6);
  check_rates([](std::int64_t k, double base) { return base + static_cast<double>(k); }, {6, 7, 8}, 6);
}

TEST_CASE("schedule: one after the other, each from the base") {
  check_rates(SequentialLR{.schedules = {LinearLR{.start_factor = 0.5, .total_iters = 2}, ExponentialLR{.gamma = 0.5},
                                         StepLR{.step_size = 2, .gamma = 0.1}},
                           .milestones = {2, 5}},
              {4, 6, 8, 4, 2, 8, 8, 0.8}, 8);
}

TEST_CASE("schedule: one cycle") {
  // Up in 4 steps (0.5 · 10 - 1), down in 5.
  const OneCycleLR line{.max_lr = 1,
                        .total_steps = 10,
                        .pct_start = 0.5,
                        .anneal_strategy = Anneal::linear,
                        .base_momentum = 0.5,
                        .max_momentum = 0.9,
                        .div_factor = 5,
                        .final_div_factor = 10};
  check_rates(line, {0.2, 0.4, 0.6, 0.8, 1, 0.804, 0.608, 0.412, 0.216, 0.02}, 123);
  SGD opt = optimizer();
  Scheduler s(opt, line);
  check_close(*opt.momentum(), 0.9);
  for (int k = 0; k < 2; ++k) s.step();
  check_close(*opt.momentum(), 0.7);
  for (int k = 0; k < 2; ++k) s.step();
  check_close(*opt.momentum(), 0.5);
  for (int k = 0; k < 5; ++k) s.step();
  check_close(*opt.momentum(), 0.9);
  s.step();
  const double last = opt.lr();
  check_close(last, 0.02);
  CHECK_SAYS(s.step(), "OneCycleLR: the cycle is over", "step 11", "total_steps = 10", "schedule.cpp");
  CHECK(opt.lr() == last);
  CHECK(s.count() == 10);

  OneCycleLR cosine = line;
  cosine.anneal_strategy = Anneal::cos;
  check_close(rates(cosine, 10)[2], 0.6);
  check_close(rates(cosine, 10)[1], 1 - 0.8 * (1 + std::cos(std::numbers::pi / 4)) / 2);
  const OneCycleLR three{.max_lr = 1,
                         .total_steps = 10,
                         .pct_start = 0.3,
                         .anneal_strategy = Anneal::linear,
                         .div_factor = 5,
                         .final_div_factor = 10,
                         .three_phase = true};
  check_rates(three, {0.2, 0.6, 1, 0.6, 0.2, 0.164, 0.128, 0.092, 0.056, 0.02});
}

TEST_CASE("schedule: cycles, of rate and momentum") {
  CyclicLR c{.base_lr = 1, .max_lr = 3, .step_size_up = 2, .base_momentum = 0.5, .max_momentum = 0.9};
  check_rates(c, {1, 2, 3, 2, 1, 2, 3}, 99);
  c.mode = CyclicMode::triangular2;
  check_rates(c, {1, 2, 3, 2, 1, 1.5, 2, 1.5, 1, 1.25});
  c.mode = CyclicMode::exp_range;
  c.gamma = 0.5;
  check_rates(c, {1, 1.5, 1.5, 1.125, 1});
  c.mode = CyclicMode::triangular;
  c.step_size_down = 4;
  check_rates(c, {1, 2, 3, 2.5, 2, 1.5, 1, 2});
  Adam opt({zeros({1}).requires_grad_()});
  Scheduler s(opt, c);
  check_close(opt.options().betas[0], 0.9);
  s.step();
  check_close(opt.options().betas[0], 0.7);
  s.step();
  check_close(opt.options().betas[0], 0.5);
}

TEST_CASE("schedule: every group from its own base, also one added later") {
  SGD opt = optimizer(8);
  opt.add_group({zeros({1}).requires_grad_()}).lr = 4;
  Scheduler s(opt, ExponentialLR{.gamma = 0.5});
  s.step();
  opt.add_group({zeros({1}).requires_grad_()}).lr = 16;
  s.step();
  CHECK(opt.lr(0) == 2);
  CHECK(opt.lr(1) == 1);
  CHECK(opt.lr(2) == 4);
}

TEST_CASE("schedule: saved and loaded") {
  SGD one = optimizer(8), two = optimizer(5);
  Scheduler a(one, ExponentialLR{.gamma = 0.5}), b(two, ExponentialLR{.gamma = 0.5});
  a.step();
  a.step();
  b.load_state_dict(a.state_dict());
  CHECK(two.lr() == 2);
  CHECK(b.count() == 2);
  b.step();
  CHECK(two.lr() == 1);
  CHECK_SAYS(b.load_state_dict({{"last_epoch", scalar(NAN)}, {"base_lrs", zeros({1}, f64)}}),
             "'last_epoch' is not a count");
  CHECK_SAYS(b.load_state_dict({}), "'last_epoch' is missing", "schedule.cpp");
  CHECK_SAYS(b.load_state_dict({{"last_epoch", scalar(1, i64)}, {"base_lrs", zeros({2}, f64)}}),
             "'base_lrs' has the wrong size");
  CHECK(two.lr() == 1);
}

TEST_CASE("schedule: reduce on plateau") {
  SGD opt = optimizer(8);
  ReduceLROnPlateau s(opt, {.factor = 0.5, .patience = 1, .threshold = 0.1, .cooldown = 2, .min_lr = 1.5});
  const auto after = [&](double metric) {
    s.step(metric);
    return opt.lr();
  };
  CHECK(after(10) == 8);
  CHECK(after(9.5) == 8);  // less than a tenth better: bad
  CHECK(after(8.9) == 8);  // better
  CHECK(after(8.9) == 8);
  CHECK(after(NAN) == 4);  // the second bad one
  CHECK(after(9) == 4);    // cooling down
  CHECK(after(9) == 4);
  CHECK(after(9) == 4);
  CHECK(after(9) == 2);
  for (int i = 0; i < 4; ++i) after(9);
  CHECK(opt.lr() == 1.5);

  SGD other = optimizer(1);
  ReduceLROnPlateau t(other, {.factor = 0.5, .patience = 1, .threshold = 0.1, .cooldown = 2, .min_lr = 1.5});
  t.load_state_dict(s.state_dict());
  CHECK(other.lr() == 1.5);
  CHECK_SAYS(t.load_state_dict({}), "'best' is missing");

  SGD up = optimizer(8);
  ReduceLROnPlateau rises(
      up,
      {.mode = PlateauMode::max, .factor = 0.5, .patience = 0, .threshold = 1, .threshold_mode = ThresholdMode::abs});
  for (const double metric : {0.0, 2.0, 2.5, 4.0}) rises.step(metric);
  CHECK(up.lr() == 4);
}

TEST_CASE("schedule: errors") {
  SGD opt = optimizer();
  const auto says = [&](Schedule schedule, const char* form, const char* expected) {
    CHECK_SAYS(Scheduler(opt, schedule), form, "an argument is out of range", expected, "schedule.cpp");
  };
  says(StepLR{}, "StepLR", "step_size > 0");
  says(MultiStepLR{}, "MultiStepLR", "milestones");
  says(ExponentialLR{}, "ExponentialLR", "gamma > 0");
  says(CosineAnnealingLR{}, "CosineAnnealingLR", "T_max > 0");
  says(CosineAnnealingWarmRestarts{}, "CosineAnnealingWarmRestarts", "T_0 > 0");
  says(CosineAnnealingWarmRestarts{.T_0 = 1, .T_mult = 0}, "CosineAnnealingWarmRestarts", "T_mult >= 1");
  says(LinearLR{.total_iters = 0}, "LinearLR", "total_iters > 0");
  says(PolynomialLR{.total_iters = 0}, "PolynomialLR", "total_iters > 0");
  says(ConstantLR{.total_iters = -1}, "ConstantLR", "total_iters >= 0");
  says(OneCycleLR{.total_steps = 5}, "OneCycleLR", "max_lr > 0");
  says(OneCycleLR{.max_lr = 1}, "OneCycleLR", "total_steps > 0");
  says(CyclicLR{.base_lr = 1}, "CyclicLR", "max_lr > 0");
  says(CyclicLR{.max_lr = 1, .step_size_up = 0}, "CyclicLR", "step_size_up > 0");
  says(SequentialLR{.schedules = {StepLR{}}, .milestones = {}}, "StepLR", "step_size > 0");
  says(SequentialLR{.schedules = {ConstantLR{}}, .milestones = {3}}, "SequentialLR",
       "one milestone between two schedules");
  says(SequentialLR{.schedules = {ConstantLR{}, ConstantLR{}, ConstantLR{}}, .milestones = {3, 3}}, "SequentialLR",
       "that grow");
  CHECK_SAYS(ReduceLROnPlateau(opt, {.factor = 1}), "ReduceLROnPlateau: factor is out of range", "between 0 and 1");
  Adagrad without({zeros({1}).requires_grad_()});
  CHECK_SAYS(Scheduler(without, CyclicLR{.max_lr = 1}), "Adagrad has neither momentum nor betas",
             ".cycle_momentum = false");
  Scheduler fine(without, CyclicLR{.max_lr = 1, .cycle_momentum = false});
}
