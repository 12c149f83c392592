// Every number of every optimizer, schedule and clip, fed with -1, 0, NaN, infinities, 1e308 and 2^63 - 1: a documented
// meaning, or an Error; also when it is set later or called directly.
#include <cmath>
#include <functional>
#include <limits>

#include <gradus/ops.hpp>
#include <gradus/optim/any.hpp>
#include <gradus/optim/optim.hpp>

#include "support.hpp"

using namespace gradus;
using namespace gradus::optim;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
const double values[] = {-1, 0, 0.5, 1, 2, std::nan(""), inf, -inf, 1e308};

bool is_error(const std::function<void()>& f) {
  try {
    f();
    return false;
  } catch (const Error& e) {
    CHECK_PARTS(e.what(), "tests/optim/options.cpp:");
    return true;
  }
}

Tensor leaf() { return ones({2}, f64).requires_grad_(); }

// Sets one number of the options, by its place among them.
struct SetNumber {
  int place;
  double value;
  std::string name = {};
  int seen = 0;
  void set(std::string_view field, double& to) {
    if (seen++ != place) return;
    name = field;
    to = value;
  }
  void operator()(std::string_view field, double& to) { set(field, to); }
  void operator()(std::string_view field, std::array<double, 2>& to) {
    set(field, to[0]);
    set(field, to[1]);
  }
  void operator()(std::string_view, const auto&) {}
};

// No option is taken that makes the constructor or three steps give anything but finite numbers, or an Error. An option
// of 1e308 may carry parameters beyond the finite; that is its meaning.
template <class Opt>
void check_numbers() {
  using Options = std::remove_cvref_t<decltype(std::declval<Opt&>().options())>;
  for (int place = 0;; ++place) {
    for (const double value : values) {
      Options options;
      SetNumber set{place, value};
      options.fields(set);
      if (set.name.empty()) return;
      CAPTURE(set.name);
      CAPTURE(value);
      const Tensor p = leaf();
      bool refused = true;
      try {
        Opt opt({p}, options);
        refused = false;
        if (value == 1e308) continue;
        for (int i = 0; i < 3; ++i) AnyOptimizer(opt).step([&] { return sum(square(p)); });
      } catch (const Error&) {}
      if (std::isnan(value) || std::isinf(value) || (value < 0 && set.name != "dampening")) CHECK(refused);
      if (!refused)
        for (const double x : p.to_vector()) CHECK_FALSE(std::isinf(x));
    }
  }
}

}  // namespace

TEST_CASE_TEMPLATE("options of optimizers", Opt, SGD, Adam, AdamW, NAdam, RAdam, Adamax, Adagrad, Adadelta, RMSprop,
                   Rprop, ASGD, Lion, Muon, LBFGS, Newton, NewtonCG, ScheduleFreeAdamW) {
  check_numbers<Opt>();
}

TEST_CASE("whole numbers of optimizers") {
  for (const std::int64_t n : {std::int64_t{-1}, std::int64_t{0}, huge}) {
    CAPTURE(n);
    CHECK(is_error([&] { LBFGS({leaf()}, {.max_iter = n}); }) == (n < 1));
    CHECK(is_error([&] { LBFGS({leaf()}, {.max_eval = n}); }) == (n < 0));
    CHECK(is_error([&] { LBFGS({leaf()}, {.history_size = n}); }) == (n < 1));
    CHECK(is_error([&] { NewtonCG({leaf()}, {.cg_iter = n}); }) == (n < 0));
    CHECK(is_error([&] { Muon({leaf()}, {.ns_steps = n}); }));
    CHECK(is_error([&] { ScheduleFreeAdamW({leaf()}, {.warmup_steps = n}); }) == (n < 0));
  }
  const Tensor p = leaf();
  LBFGS opt({p}, {.max_iter = huge, .max_eval = huge});
  const auto closure = [&] {
    opt.zero_grad();
    Tape tape;
    const Tensor y = sum(square(p));
    tape.backward(y);
    return y;
  };
  opt.step(closure);
  CHECK(std::abs(p.at({0})) < 1e-6);
}

TEST_CASE("a rate that is set later is checked as the constructor's; messages keep the digits") {
  SGD opt({leaf()}, {.lr = 0.1, .momentum = 0.5});
  Adam adam({leaf()});
  for (const double value : {-1.0, std::nan(""), inf, -inf}) {
    CAPTURE(value);
    CHECK(is_error([&] { opt.set_lr(value); }));
    CHECK(is_error([&] { opt.set_lr(value, 0); }));
    CHECK(is_error([&] { opt.set_momentum(value, 0); }));
    CHECK(is_error([&] { adam.set_momentum(value, 0); }));
    CHECK(is_error([&] { Scheduler(opt, [&](std::int64_t, double) { return value; }); }));
    CHECK(opt.lr() == 0.1);
    CHECK(opt.momentum() == 0.5);
    Tensor p = opt.parameters()[0];
    p.set_grad(ones({2}, f64));
    SGD edited({p}, {.lr = 1});
    edited.options().lr = value;
    CHECK(is_error([&] { edited.step(); }));
    CHECK(p.at({0}) == 1);
  }
  CHECK_SAYS(opt.set_lr(-1e-9), "SGDOptions: lr is out of range", "got:      -1e-09", "a finite number, 0 or more");
  CHECK_SAYS(SGD({leaf()}, {.lr = -1e-9}), "got:      -1e-09");
  CHECK_SAYS(adam.set_momentum(1, 0), "betas is out of range");
}

TEST_CASE("schedules called directly: arguments, k and result are checked") {
  const auto numbers = [](auto make) {
    for (const double value : values)
      for (const std::int64_t k : {std::int64_t{0}, std::int64_t{1}, std::int64_t{7}, huge}) {
        CAPTURE(value);
        CAPTURE(k);
        double lr = 0;
        if (!is_error([&] { lr = make(value)(k, 0.1, Loc::current()); })) {
          CHECK(lr >= 0);
          CHECK(std::isfinite(lr));
          CHECK_FALSE(std::isnan(value));
        }
      }
  };
  numbers([](double x) { return StepLR{.step_size = 2, .gamma = x}; });
  numbers([](double x) { return MultiStepLR{.milestones = {1, 3}, .gamma = x}; });
  numbers([](double x) { return ExponentialLR{.gamma = x}; });
  numbers([](double x) { return CosineAnnealingLR{.T_max = 3, .eta_min = x}; });
  numbers([](double x) { return CosineAnnealingWarmRestarts{.T_0 = 3, .T_mult = 2, .eta_min = x}; });
  numbers([](double x) { return LinearLR{.start_factor = x}; });
  numbers([](double x) { return LinearLR{.end_factor = x}; });
  numbers([](double x) { return PolynomialLR{.power = x}; });
  numbers([](double x) { return ConstantLR{.factor = x}; });
  numbers([](double x) { return OneCycleLR{.max_lr = x, .total_steps = 5}; });
  numbers([](double x) { return OneCycleLR{.max_lr = 1, .total_steps = 5, .pct_start = x}; });
  numbers([](double x) { return OneCycleLR{.max_lr = 1, .total_steps = 5, .base_momentum = x}; });
  numbers([](double x) { return OneCycleLR{.max_lr = 1, .total_steps = 5, .max_momentum = x}; });
  numbers([](double x) { return OneCycleLR{.max_lr = 1, .total_steps = 5, .div_factor = x}; });
  numbers([](double x) { return OneCycleLR{.max_lr = 1, .total_steps = 5, .final_div_factor = x}; });
  numbers([](double x) { return CyclicLR{.base_lr = x, .max_lr = 1}; });
  numbers([](double x) { return CyclicLR{.max_lr = x}; });
  numbers([](double x) { return CyclicLR{.max_lr = 1, .mode = CyclicMode::exp_range, .gamma = x}; });
  numbers([](double x) { return CyclicLR{.max_lr = 1, .base_momentum = x}; });
  numbers([](double x) { return CyclicLR{.max_lr = 1, .max_momentum = x}; });

  const auto whole = [](std::int64_t least, auto make) {
    for (const std::int64_t value : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, huge})
      for (const std::int64_t k : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{70}, huge - 1, huge}) {
        CAPTURE(value);
        CAPTURE(k);
        double lr = 0;
        const bool refused = is_error([&] { lr = make(value)(k, 1, Loc::current()); });
        if (value < least || k < 0) CHECK(refused);
        CHECK(lr >= 0);
        CHECK(std::isfinite(lr));
      }
  };
  whole(1, [](std::int64_t n) { return StepLR{.step_size = n}; });
  whole(0, [](std::int64_t n) { return MultiStepLR{.milestones = {n}}; });
  whole(1, [](std::int64_t n) { return CosineAnnealingLR{.T_max = n}; });
  whole(1, [](std::int64_t n) { return CosineAnnealingWarmRestarts{.T_0 = n, .T_mult = 3}; });
  whole(1, [](std::int64_t n) { return CosineAnnealingWarmRestarts{.T_0 = 3, .T_mult = n}; });
  whole(1, [](std::int64_t n) { return LinearLR{.total_iters = n}; });
  whole(1, [](std::int64_t n) { return PolynomialLR{.total_iters = n}; });
  whole(0, [](std::int64_t n) { return ConstantLR{.total_iters = n}; });
  whole(1, [](std::int64_t n) { return OneCycleLR{.max_lr = 1, .total_steps = n}; });
  whole(1, [](std::int64_t n) { return CyclicLR{.max_lr = 1, .step_size_up = n}; });
  whole(0, [](std::int64_t n) { return CyclicLR{.max_lr = 1, .step_size_down = n}; });
  whole(1, [](std::int64_t n) {
    return SequentialLR{.schedules = {ConstantLR{}, ExponentialLR{.gamma = 0.5}}, .milestones = {n}};
  });
  CHECK_SAYS(StepLR{}(5, 1), "StepLR: an argument is out of range", "step_size > 0", "tests/optim/options.cpp:");
  CHECK_SAYS(ExponentialLR{.gamma = 0.5}(1, -1), "ExponentialLR: the schedule gives no learning rate", "-0.5");
  CHECK_SAYS(Schedule(StepLR{})(0, 1), "StepLR", "tests/optim/options.cpp:");
}

TEST_CASE("ReduceLROnPlateau: numbers") {
  SGD opt({leaf()});
  for (const double value : values) {
    CAPTURE(value);
    const bool bad = !(value >= 0 && std::isfinite(value));
    CHECK(is_error([&] { ReduceLROnPlateau(opt, {.factor = value}); }) == (value != 0.5));
    CHECK(is_error([&] { ReduceLROnPlateau(opt, {.threshold = value}); }) == bad);
    CHECK(is_error([&] { ReduceLROnPlateau(opt, {.min_lr = value}); }) == bad);
    CHECK(is_error([&] { ReduceLROnPlateau(opt, {.eps = value}); }) == bad);
  }
  CHECK(is_error([&] { ReduceLROnPlateau(opt, {.patience = -1}); }));
  CHECK(is_error([&] { ReduceLROnPlateau(opt, {.cooldown = -1}); }));
  ReduceLROnPlateau patient(opt, {.patience = huge, .cooldown = huge});
  patient.step(1);
  patient.step(1);
}

TEST_CASE("clip: numbers") {
  const auto with = [](const std::vector<double>& g) {
    Tensor p = zeros({static_cast<std::int64_t>(g.size())}, f64).requires_grad_();
    p.set_grad(from_data(g, p.shape()));
    return p;
  };
  for (const double value : values) {
    CAPTURE(value);
    const bool bad = !(value > 0);
    const Tensor p = with({3, 4});
    CHECK(is_error([&] { clip_grad_norm({p}, value); }) == bad);
    CHECK(is_error([&] { clip_grad_norm({p}, 1, value); }) == bad);
    CHECK(is_error([&] { clip_grad_value({p}, value); }) == bad);
    for (const double g : p.grad().to_vector()) CHECK(std::isfinite(g));
  }
  // Squares that overflow or vanish.
  for (const double size : {1e200, 1e-200, 1e308, 1e-300}) {
    CAPTURE(size);
    const Tensor p = with({size * 0.3, size * 0.4}), q = with({size, size, size, size});
    CHECK(clip_grad_norm({p}, size / 4) == doctest::Approx(size * 0.5).epsilon(1e-12));
    CHECK(clip_grad_norm({q}, 1) == size * 2);
    for (const double g : q.grad().to_vector()) CHECK(g == doctest::Approx(std::min(size, 0.5)).epsilon(1e-5));
  }
  CHECK(clip_grad_norm({with({1e200, 1e200})}, 1, 3) == doctest::Approx(std::cbrt(2.0) * 1e200).epsilon(1e-12));
  // Not finite: as PyTorch has it, or an Error that changes nothing.
  for (const double bad : {inf, std::nan("")}) {
    const Tensor p = with({bad, 2});
    CHECK_SAYS(clip_grad_norm({p}, 1, 2, true), "clip_grad_norm: a gradient has a NaN or an infinity", "a norm of",
               "tests/optim/options.cpp:");
    CHECK(p.grad().at({1}) == 2);
  }
  Tensor a = zeros({1}).requires_grad_(), b = zeros({1}).requires_grad_();
  const Tensor shared = full({1}, 3);
  a.set_grad(shared);
  b.set_grad(shared);
  CHECK(clip_grad_norm({a, b}, 1) == doctest::Approx(std::sqrt(18.0)));
  CHECK(a.grad().item() == doctest::Approx(std::sqrt(0.5)).epsilon(1e-5));
  CHECK(b.grad().item() == doctest::Approx(std::sqrt(0.5)).epsilon(1e-5));
}
