// Optimizers consume gradients. The base owns the step; yours writes how state is made and how a parameter is updated:
//
//   struct SignSGDOptions { double lr = 1e-3; };
//   struct SignSGD : optim::Optimizer<SignSGDOptions> {
//     using Optimizer::Optimizer;
//     void update(Tensor& p, const Tensor& g, optim::State&, const SignSGDOptions& o) override {
//       p.add_(sign(g), -o.lr);
//     }
//   };
//
//   SignSGD opt(net, {.lr = 0.01});
//
// Options are plain aggregates. Some names mean something to the base: `lr` (needed), `momentum` or `betas` (schedules
// may cycle them), `maximize` and `weight_decay` (see descent). An optional `fields(v)` that lists them lets tools set
// and print them by name, and has them checked; an optional `wrong()` says what is wrong with them together, or null.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gradus/io/state_dict.hpp>
#include <gradus/nn/module.hpp>
#include <gradus/parameter.hpp>

namespace gradus::optim {

/// What an optimizer remembers of one parameter: tensors with names, and how many updates it has had.
struct State {
  std::int64_t step = 0;  ///< counts from 1 during an update; a step without gradient does not count
  /// Declares a tensor in init(); update() finds it by position: s[0], s[1], …
  void add(std::string name, const Tensor& start);
  Tensor& operator[](std::size_t i) { return tensors[i]; }
  /// The tensor of that name; zeros like p if there is none yet, because its option was switched on late. Ask for it
  /// before taking references to others.
  Tensor& at(std::string_view name, const Tensor& p);

  std::vector<std::string> names;
  std::vector<Buffer> tensors;  ///< copied with the optimizer
};

/// s = beta s + (1 - beta) x: the exponential moving average that most optimizers keep.
void average(Tensor& s, const Tensor& x, double beta);

/// The part that does not depend on the options: parameters, state, the loop.
class OptimizerBase {
 public:
  virtual ~OptimizerBase() = default;

  /// Updates every parameter that has a gradient and is not frozen; none at all is an error. All are checked before
  /// anything changes. Works under a live tape, unrecorded.
  virtual void step(Loc where = Loc::current());
  void zero_grad();  ///< leaves every gradient undefined

  std::size_t groups() const { return group_count_; }
  virtual double lr(std::size_t group = 0, Loc where = Loc::current()) const = 0;
  virtual void set_lr(double lr, std::size_t group, Loc where = Loc::current()) = 0;
  void set_lr(double lr);  ///< of all groups
  /// `momentum`, or the first of `betas`; none if there is neither, and then setting it does nothing.
  virtual std::optional<double> momentum(std::size_t group = 0, Loc where = Loc::current()) const = 0;
  virtual void set_momentum(double momentum, std::size_t group, Loc where = Loc::current()) = 0;

  std::vector<Tensor> parameters() const;
  const char* type() const;  ///< the class: "AdamW"

  /// A copy of the state by parameter name ("fc1.weight.exp_avg", "fc1.weight.step"), and the way back; all of it is
  /// checked before anything changes. Options are not part of it.
  virtual StateDict state_dict() const;
  virtual void load_state_dict(const StateDict& state, Loc where = Loc::current());

 protected:
  /// Parameters are shared by copies of an optimizer; state is copied.
  struct Entry {
    std::string name;
    Tensor value;
    std::size_t group;
    bool ready = false;  ///< init() has been called, …
    DType dtype = f32;   ///< … for a parameter of this dtype and shape
    Shape shape = {};
    State state = {};
  };
  void add_entries(std::vector<nn::NamedParameter> parameters, std::size_t group, Loc where);
  virtual void init_entry(const Entry& e, State& state) = 0;
  virtual void update_entry(Entry& e, const Tensor& g) = 0;

  void check_gradients(Loc where) const;
  void check_group(std::size_t group, Loc where) const;
  void tell(const Entry& e, const Tensor& g, std::int64_t step, bool before) const;  ///< observers

  /// For optimizers that move all parameters at once, along one direction (L-BFGS, Newton).
  [[noreturn]] void refuse_plain_step(const char* advice, Loc where) const;
  void check_one_group(Loc where) const;
  void tell_all(std::int64_t step, bool before) const;

  std::vector<Entry> entries_;
  std::size_t group_count_ = 0;

 private:
  void prepare();
  double step_bytes() const;
  void update(Entry& e, Loc where);
  State loaded(const Entry& e, const StateDict& from, Loc where);

  mutable const char* type_ = nullptr;  ///< asked for once
};

namespace detail {

/// Visits options and refuses a value outside what its name allows: a negative lr, a beta of 1.
struct OptionCheck {
  std::string_view options;
  Loc where;
  void operator()(std::string_view name, double value) const;
  void operator()(std::string_view name, std::int64_t value) const { (*this)(name, static_cast<double>(value)); }
  void operator()(std::string_view name, const std::array<double, 2>& pair) const {
    for (const double value : pair) (*this)(name, value);
  }
  template <class T>
  void operator()(std::string_view, const T&) const {}  ///< flags and choices
  [[noreturn]] void fail(const char* wrong) const;
};

template <class Options>
void check_options(Options options, Loc where) {
  const OptionCheck check{nn::detail::type_name<Options>(), where};
  if constexpr (requires { options.fields(check); }) options.fields(check);
  if constexpr (requires { options.wrong(); })
    if (const char* wrong = options.wrong()) check.fail(wrong);
}

void shrink(Tensor& p, double factor);
Tensor descent(const Tensor& p, const Tensor& g, bool maximize, double weight_decay);

}  // namespace detail

template <class Options>
class Optimizer : public OptimizerBase {
 public:
  /// For the parameters of a module, …
  template <class M>
  requires std::is_base_of_v<nn::ModuleBase, M>
  explicit Optimizer(const M& module, Options options = {}, Loc where = Loc::current()) {
    add_group(module.named_parameters(), options, where);
  }
  /// … or for tensors: SGD opt({w, b}, {.lr = 0.1}). They are named by their name(), or by position.
  explicit Optimizer(std::vector<Tensor> parameters, Options options = {}, Loc where = Loc::current()) {
    add_group(std::move(parameters), options, where);
  }

  /// More parameters, with options of their own. A parameter may be in one group only.
  void add_group(std::vector<nn::NamedParameter> parameters, Options options, Loc where = Loc::current()) {
    detail::check_options(options, where);
    options_.reserve(options_.size() + 1);
    add_entries(std::move(parameters), options_.size(), where);
    options_.push_back(std::move(options));
  }
  void add_group(std::vector<Tensor> parameters, Options options, Loc where = Loc::current()) {
    std::vector<nn::NamedParameter> named;
    for (Tensor& p : parameters) {
      std::string name = p.defined() && !p.name().empty() ? p.name() : std::to_string(entries_.size() + named.size());
      named.push_back({std::move(name), std::move(p)});
    }
    add_group(std::move(named), std::move(options), where);
  }
  template <class M>
  requires std::is_base_of_v<nn::ModuleBase, M>
  void add_group(const M& module, Options options, Loc where = Loc::current()) {
    add_group(module.named_parameters(), std::move(options), where);
  }

  Options& options(std::size_t group = 0, Loc where = Loc::current()) {
    check_group(group, where);
    return options_[group];
  }
  const Options& options(std::size_t group = 0, Loc where = Loc::current()) const {
    check_group(group, where);
    return options_[group];
  }

  double lr(std::size_t group = 0, Loc where = Loc::current()) const override { return options(group, where).lr; }
  void set_lr(double lr, std::size_t group, Loc where = Loc::current()) override { options(group, where).lr = lr; }
  using OptimizerBase::set_lr;

  std::optional<double> momentum(std::size_t group = 0, Loc where = Loc::current()) const override {
    const Options& o = options(group, where);
    if constexpr (requires { o.momentum; })
      return o.momentum;
    else if constexpr (requires { o.betas; })
      return o.betas[0];
    else
      return {};
  }
  void set_momentum(double momentum, std::size_t group, Loc where = Loc::current()) override {
    [[maybe_unused]] Options& o = options(group, where);
    if constexpr (requires { o.momentum; })
      o.momentum = momentum;
    else if constexpr (requires { o.betas; })
      o.betas[0] = momentum;
  }

 protected:
  /// The two hooks. init declares state; update changes p, whose gradient is g.
  virtual void init(State&, const Tensor& /*p*/, const Options&) {}
  virtual void update(Tensor& p, const Tensor& g, State& state, const Options& options) = 0;

  /// What to descend: g, negated to maximize, plus weight_decay p, the gradient of an L2 penalty. With
  /// decoupled_weight_decay p shrinks by 1 - lr weight_decay instead, at once (Loshchilov and Hutter, 2019).
  static Tensor descent(Tensor& p, const Tensor& g, const Options& o) {
    bool maximize = false, decoupled = false;
    double decay = 0;
    if constexpr (requires { o.maximize; }) maximize = o.maximize;
    if constexpr (requires { o.weight_decay; }) decay = o.weight_decay;
    if constexpr (requires { o.decoupled_weight_decay; }) decoupled = o.decoupled_weight_decay;
    if (decoupled && decay != 0) detail::shrink(p, 1 - o.lr * decay);
    return detail::descent(p, g, maximize, decoupled ? 0 : decay);
  }

 private:
  void init_entry(const Entry& e, State& state) final { init(state, e.value, options_[e.group]); }
  void update_entry(Entry& e, const Tensor& g) final { update(e.value, g, e.state, options_[e.group]); }

  std::vector<Options> options_;
};

}  // namespace gradus::optim
