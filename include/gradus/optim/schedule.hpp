// Learning rates that change with time.
//
//   optim::Scheduler schedule(opt, optim::CosineAnnealingLR{.T_max = 20});
//   for (…) { …  opt.step(); schedule.step(); }
//
// A schedule is a value that knows the rate as a function of k, how often step() has been called, and of base, the rate
// that the optimizer began with. Yours may be a lambda:
//
//   optim::Scheduler schedule(opt, [](std::int64_t k, double base) { return base / std::sqrt(1.0 + k); });
//
// The built-in ones have PyTorch's names and arguments. What is 0 by default and must not be has to be given. Called
// directly they check their arguments, k >= 0 and that the rate is a finite number, 0 or more; anything else is an
// error.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <vector>

#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

/// Any schedule: base and k to the learning rate. A form may also have `std::optional<double> momentum(k) const` for
/// what it makes of the momentum, and `void check(Loc) const`, which throws if its arguments make no sense.
class Schedule {
 public:
  template <class F>
  /// of any type with this operator()
  requires(!std::same_as<F, Schedule>) && requires(const F& f, std::int64_t k, double base) { double{f(k, base)}; }
  Schedule(F form) : form_(std::make_shared<Model<F>>(std::move(form))) {}

  double operator()(std::int64_t k, double base, Loc where = Loc::current()) const { return form_->lr(k, base, where); }
  std::optional<double> momentum(std::int64_t k) const { return form_->momentum(k); }
  void check(Loc where) const { form_->check(where); }

 private:
  struct Form {
    virtual ~Form() = default;
    virtual double lr(std::int64_t k, double base, Loc where) const = 0;
    virtual std::optional<double> momentum(std::int64_t k) const = 0;
    virtual void check(Loc where) const = 0;
  };
  template <class F>
  struct Model final : Form {
    explicit Model(F f) : form(std::move(f)) {}
    double lr(std::int64_t k, double base, [[maybe_unused]] Loc where) const override {
      if constexpr (requires { form(k, base, where); })
        return form(k, base, where);
      else
        return form(k, base);
    }
    std::optional<double> momentum([[maybe_unused]] std::int64_t k) const override {
      if constexpr (requires { form.momentum(k); })
        return form.momentum(k);
      else
        return {};
    }
    void check([[maybe_unused]] Loc where) const override {
      if constexpr (requires { form.check(where); }) form.check(where);
    }
    F form;
  };
  std::shared_ptr<const Form> form_;
};

/// Sets the rates of an optimizer: at once those of k = 0, and with each step() the next ones. Follows an optimizer
/// that is moved; once that has ended, step() is an error. All rates are checked before any is set.
///
/// Others may change the rate too: set_lr(), ReduceLROnPlateau, another Scheduler. The next step() goes on from there
/// in proportion, so that several schedules multiply, as in PyTorch: LinearLR from 0.1 in 2 steps and ExponentialLR of
/// 0.5 make 0.1, 0.275, 0.25, 0.125. A rate that this schedule has set to 0 and that has been changed since is an
/// error.
class Scheduler {
 public:
  /// for this optimizer, which must outlive it; sets the first rate
  Scheduler(OptimizerBase& optimizer, Schedule schedule, Loc where = Loc::current());
  void step(Loc where = Loc::current());     ///< after optimizer.step()
  std::int64_t count() const { return k_; }  ///< how often step() has been called
  std::vector<double> last_lr() const;       ///< the rates that it has set last, of each group

  StateDict state_dict() const;  ///< "last_epoch", "base_lrs", "scales"
  void load_state_dict(const StateDict& state, Loc where = Loc::current());

 private:
  struct Group {
    double base;       ///< the rate that the schedule starts from
    double scale = 1;  ///< what others have multiplied the rate by
    double set = 0;    ///< the rate that this schedule has set last
  };
  void apply(std::int64_t k, std::vector<Group> groups, Loc where);

  std::shared_ptr<const detail::OptimizerPlace> place_;
  Schedule schedule_;
  std::vector<Group> groups_;
  std::int64_t k_ = 0;
};

/// base · gamma^⌊k / step_size⌋
struct StepLR {
  std::int64_t step_size = 0;
  double gamma = 0.1;
  double operator()(std::int64_t k, double base, Loc where = Loc::current()) const;
  void check(Loc where) const;
  void fields(auto& v) {
    v("step_size", step_size);
    v("gamma", gamma);
  }
};

/// base · gamma^(how many milestones are <= k); a repeated one counts repeatedly
struct MultiStepLR {
  std::vector<std::int64_t> milestones = {};
  double gamma = 0.1;
  double operator()(std::int64_t k, double base, Loc where = Loc::current()) const;
  void check(Loc where) const;
  void fields(auto& v) {
    v("milestones", milestones);
    v("gamma", gamma);
  }
};

/// base · gamma^k
struct ExponentialLR {
  double gamma = 0;
  double operator()(std::int64_t k, double base, Loc where = Loc::current()) const;
  void check(Loc where) const;
  void fields(auto& v) { v("gamma", gamma); }
};

/// eta_min + (base - eta_min) (1 + cos(π k / T_max)) / 2, which rises again beyond T_max (Loshchilov and Hutter, 2017)
struct CosineAnnealingLR {
  std::int64_t T_max = 0;
  double eta_min = 0;
  double operator()(std::int64_t k, double base, Loc where = Loc::current()) const;
  void check(Loc where) const;
  void fields(auto& v) {
    v("T_max", T_max);
    v("eta_min", eta_min);
  }
};

/// The same from base to eta_min, again and again: periods of T_0, T_0 T_mult, T_0 T_mult² …
struct CosineAnnealingWarmRestarts {
  std::int64_t T_0 = 0;
  std::int64_t T_mult = 1;
  double eta_min = 0;
  double operator()(std::int64_t k, double base, Loc where = Loc::current()) const;
  void check(Loc where) const;
  void fields(auto& v) {
    v("T_0", T_0);
    v("T_mult", T_mult);
    v("eta_min", eta_min);
  }
};

/// base times a factor that goes straight from start_factor to end_factor in total_iters steps: a warm-up
struct LinearLR {
  double start_factor = 1.0 / 3;
  double end_factor = 1;
  std::int64_t total_iters = 5;
  double operator()(std::int64_t k, double base, Loc where = Loc::current()) const;
  void check(Loc where) const;
  void fields(auto& v) {
    v("start_factor", start_factor);
    v("end_factor", end_factor);
    v("total_iters", total_iters);
  }
};

/// base · (1 - min(k, total_iters) / total_iters)^power
struct PolynomialLR {
  std::int64_t total_iters = 5;
  double power = 1;
  double operator()(std::int64_t k, double base, Loc where = Loc::current()) const;
  void check(Loc where) const;
  void fields(auto& v) {
    v("total_iters", total_iters);
    v("power", power);
  }
};

/// base · factor, and base from total_iters on
struct ConstantLR {
  double factor = 1.0 / 3;
  std::int64_t total_iters = 5;
  double operator()(std::int64_t k, double base, Loc where = Loc::current()) const;
  void check(Loc where) const;
  void fields(auto& v) {
    v("factor", factor);
    v("total_iters", total_iters);
  }
};

/// base · lambda(k): LambdaLR{[](std::int64_t k) { return 1.0 / (1 + k); }}
template <class F>
struct LambdaLR {
  F lambda;  ///< the function: the factor at step k
  double operator()(std::int64_t k, double base) const { return base * lambda(k); }
};
/// the function's type
template <class F>
LambdaLR(F) -> LambdaLR<F>;

/// One schedule after the other, each with its own count from 0: the next one begins at the next milestone.
struct SequentialLR {
  std::vector<Schedule> schedules = {};  ///< one after the other
  std::vector<std::int64_t> milestones = {};
  double operator()(std::int64_t k, double base, Loc where = Loc::current()) const;
  std::optional<double> momentum(std::int64_t k) const;
  void check(Loc where) const;

 private:
  std::pair<const Schedule&, std::int64_t> part(std::int64_t k) const;
};

/// The form of the way down.
enum class Anneal { cos, linear };

/// Up from max_lr / div_factor to max_lr and down to a final_div_factor-th of the start in total_steps, while the
/// momentum goes down and up (Smith and Topin, 2018). three_phase: back to the start first, then down. The rate stays
/// at its end at k = total_steps; a larger k is an error. Does not use base.
struct OneCycleLR {
  double max_lr = 0;
  std::int64_t total_steps = 0;
  double pct_start = 0.3;  ///< the part of the steps that goes up
  Anneal anneal_strategy = Anneal::cos;
  bool cycle_momentum = true;
  double base_momentum = 0.85;
  double max_momentum = 0.95;
  double div_factor = 25;
  double final_div_factor = 1e4;
  bool three_phase = false;
  double operator()(std::int64_t k, double base, Loc where = Loc::current()) const;
  std::optional<double> momentum(std::int64_t k) const;
  void check(Loc where) const;
  void fields(auto& v) {
    v("max_lr", max_lr);
    v("total_steps", total_steps);
    v("pct_start", pct_start);
    v("anneal_strategy", anneal_strategy);
    v("cycle_momentum", cycle_momentum);
    v("base_momentum", base_momentum);
    v("max_momentum", max_momentum);
    v("div_factor", div_factor);
    v("final_div_factor", final_div_factor);
    v("three_phase", three_phase);
  }
};

/// How the height of the cycles changes.
enum class CyclicMode { triangular, triangular2, exp_range };

/// Up from base_lr to max_lr and down again, over and over, while the momentum goes down and up (Smith, 2017). The
/// height of a cycle stays (triangular), halves with each (triangular2), or shrinks as gamma^k (exp_range). Does not
/// use base.
struct CyclicLR {
  double base_lr = 0;
  double max_lr = 0;
  std::int64_t step_size_up = 2000;
  std::int64_t step_size_down = 0;  ///< 0: as up
  CyclicMode mode = CyclicMode::triangular;
  double gamma = 1;
  bool cycle_momentum = true;
  double base_momentum = 0.8;
  double max_momentum = 0.9;
  double operator()(std::int64_t k, double base, Loc where = Loc::current()) const;
  std::optional<double> momentum(std::int64_t k) const;
  void check(Loc where) const;
  void fields(auto& v) {
    v("base_lr", base_lr);
    v("max_lr", max_lr);
    v("step_size_up", step_size_up);
    v("step_size_down", step_size_down);
    v("mode", mode);
    v("gamma", gamma);
    v("cycle_momentum", cycle_momentum);
    v("base_momentum", base_momentum);
    v("max_momentum", max_momentum);
  }

 private:
  double height(std::int64_t k) const;
};

/// Whether the metric should fall or rise.
enum class PlateauMode { min, max };
/// Whether the threshold is relative or absolute.
enum class ThresholdMode { rel, abs };

struct ReduceLROnPlateauOptions {
  PlateauMode mode = PlateauMode::min;  ///< is a small metric good, or a large one?
  double factor = 0.1;
  std::int64_t patience = 10;  ///< so many steps without improvement are forgiven
  double threshold = 1e-4;     ///< what counts as one: so much better than the best, relative to |best| or absolute
  ThresholdMode threshold_mode = ThresholdMode::rel;
  std::int64_t cooldown = 0;  ///< steps after a reduction that do not count
  double min_lr = 0;
  double eps = 1e-8;  ///< a smaller change is not made

  void fields(auto& v) {
    v("mode", mode);
    v("factor", factor);
    v("patience", patience);
    v("threshold", threshold);
    v("threshold_mode", threshold_mode);
    v("cooldown", cooldown);
    v("min_lr", min_lr);
    v("eps", eps);
  }
};

/// Multiplies the rate by `factor` when a metric has stopped improving: plateau.step(validation_loss). A NaN is no
/// improvement. A relative threshold is of |best|, so that it works for negative metrics, unlike PyTorch's. Works with
/// a Scheduler on the same optimizer, for warm-up: their factors multiply.
class ReduceLROnPlateau {
 public:
  /// for this optimizer, which must outlive it
  explicit ReduceLROnPlateau(OptimizerBase& optimizer, ReduceLROnPlateauOptions options = {},
                             Loc where = Loc::current());
  void step(double metric, Loc where = Loc::current());  ///< after each epoch, with its metric

  StateDict state_dict(
      Loc where = Loc::current()) const;  ///< "best", "num_bad_epochs", "cooldown_counter", and the rates: "lrs"
  void load_state_dict(const StateDict& state, Loc where = Loc::current());

 private:
  std::shared_ptr<const detail::OptimizerPlace> place_;
  ReduceLROnPlateauOptions o_;
  double best_;
  std::int64_t bad_ = 0, cooldown_ = 0;
};

}  // namespace gradus::optim
