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
// `static constexpr bool elementwise = false;` says that an element's update reads other elements too,
// `bool updates_in_place(const State& s) const` may say that an update takes no memory and cannot throw; for others a
// copy of parameter and state is kept during the step, to be put back if it throws.
//
// Groups have options of their own. A new group has those of the constructor; change what differs:
//
//   optim::AdamW opt(net.body, {.lr = 1e-3, .weight_decay = 0.1});
//   opt.add_group(net.head).lr = 1e-2;                       // weight_decay is 0.1 here, too
//   opt.add_group(optim::ends_with("bias")).weight_decay = 0;   // takes them out of the groups that they are in
#pragma once

#include <array>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gradus/io/state_dict.hpp>
#include <gradus/nn/module.hpp>
#include <gradus/optim/names.hpp>
#include <gradus/optim/options.hpp>
#include <gradus/parameter.hpp>

namespace gradus::optim {

/// What an optimizer remembers of one parameter: tensors with names, and how many updates it has had.
struct State {
  std::int64_t step = 0;  ///< counts from 1 during an update; a step without gradient does not count
  /// Declares a tensor in init(); update() finds it by position: s[0], s[1], …
  void add(std::string name, const Tensor& start);
  /// the i-th tensor that init() added
  Tensor& operator[](std::size_t i) { return tensors[i]; }
  /// The tensor of that name; zeros like p if there is none yet, because its option was switched on late. Ask for it
  /// before taking references to others.
  Tensor& at(std::string_view name, const Tensor& p);

  std::vector<std::string> names;  ///< of the tensors
  std::vector<Buffer> tensors;     ///< copied with the optimizer
};

/// s = beta s + (1 - beta) x: the exponential moving average that most optimizers keep.
void average(Tensor& s, const Tensor& x, double beta);

class OptimizerBase;

namespace detail {

/// Where an optimizer is: how schedules find one that has been moved. Null once it has ended.
struct OptimizerPlace {
  OptimizerBase* optimizer;
};

}  // namespace detail

/// The part that does not depend on the options: parameters, state, the loop.
class OptimizerBase {
 public:
  virtual ~OptimizerBase();

  /// Updates every parameter that has a gradient and is not frozen; none at all is an error, and so is a parameter that
  /// a module uses without listing it in fields(). All are checked before anything changes. Works under a live tape,
  /// unrecorded. To the updates, and to nothing else, denormals (in f32 what is below 1.2e-38) are 0, which is fast.
  /// A step that throws, as when memory ends, has changed nothing.
  virtual void step(Loc where = Loc::current());
  void zero_grad();  ///< leaves every gradient undefined

  std::size_t groups() const { return group_count_; }
  virtual double lr(std::size_t group = 0, Loc where = Loc::current()) const = 0;  ///< the learning rate of a group
  /// A finite number, 0 or more; anything else is an error.
  virtual void set_lr(double lr, std::size_t group, Loc where = Loc::current()) = 0;
  void set_lr(double lr, Loc where = Loc::current());  ///< of all groups
  /// `momentum`, or the first of `betas`; none if there is neither, and then setting it does nothing.
  virtual std::optional<double> momentum(std::size_t group = 0, Loc where = Loc::current()) const = 0;
  /// sets the momentum of a group
  virtual void set_momentum(double momentum, std::size_t group, Loc where = Loc::current()) = 0;

  /// The options of a group by name, as text that differs where the numbers differ: those that fields() lists; without
  /// fields(), lr alone.
  virtual std::vector<std::pair<std::string, std::string>> option_texts(std::size_t group = 0,
                                                                        Loc where = Loc::current()) const;

  std::vector<Tensor> parameters() const;  ///< all parameters, in the order of the groups
  /// The same with the names that errors and observers use.
  std::vector<nn::NamedParameter> named_parameters() const;
  const char* type() const;  ///< the class: "AdamW"

  /// A copy of the state by parameter name ("fc1.weight.exp_avg", "fc1.weight.step"). A parameter that was given by a
  /// part of a network has its name in the whole network, as soon as the network has been called on a tape or has
  /// loaded a state. Options are not saved.
  virtual StateDict state_dict() const;
  /// All of the state is checked before anything changes. Parameters with the same name, which the order of the groups
  /// alone would tell apart, are an error: give such groups names, critic.named_parameters("critic").
  virtual void load_state_dict(const StateDict& state, Loc where = Loc::current());

  /// For schedules: stays valid when the optimizer is moved.
  std::shared_ptr<const detail::OptimizerPlace> place();

 protected:
  OptimizerBase() = default;
  OptimizerBase(const OptimizerBase& o);      ///< schedules stay with the original
  OptimizerBase(OptimizerBase&& o) noexcept;  ///< schedules follow; the one moved from has no groups
  OptimizerBase& operator=(const OptimizerBase& o);
  OptimizerBase& operator=(OptimizerBase&& o) noexcept;

  /// Parameters are shared by copies of an optimizer; state is copied.
  struct Entry {
    std::string name;  ///< for errors and observers: made different from all others by a number
    std::string given;
    Tensor value;
    std::size_t group;
    bool ready = false;  ///< init() has been called, …
    DType dtype = f32;   ///< … for a parameter of this dtype and shape
    Shape shape = {};
    State state = {};
  };
  void add_entries(std::vector<nn::NamedParameter> parameters, std::size_t group, Loc where);
  std::vector<nn::NamedParameter> named(std::vector<Tensor> parameters) const;
  std::vector<std::size_t> chosen(const detail::Choice& choice, Loc where) const;  ///< entries; throws for none
  static std::vector<nn::NamedParameter> parameters_of(const nn::ModuleBase& module, Loc where);  ///< throws for none
  virtual void init_entry(const Entry& e, State& state) = 0;
  virtual void update_entry(Entry& e, const Tensor& g) = 0;
  virtual bool updates_in_place(const Entry& e) const = 0;

  /// `walked`: the step itself has called the network, whose unlisted parameters then have no gradient.
  void check_gradients(Loc where, bool walked = false) const;
  void check_group(std::size_t group, Loc where) const;
  void tell(const Entry& e, const Tensor& g, std::int64_t step, bool before) const;  ///< observers

  /// For optimizers that move all parameters at once, along one direction (L-BFGS, Newton).
  [[noreturn]] void refuse_plain_step(const char* advice, Loc where) const;
  void check_one_group(Loc where) const;
  void tell_all(std::int64_t step, bool before) const;
  void tell_step(bool before) const;

  std::vector<Entry> entries_;
  std::size_t group_count_ = 0;

 private:
  struct SavedName {
    std::string text;
    bool by_order = false;  ///< another parameter has the same name
  };
  virtual void check_group_options(std::size_t group, Loc where) const = 0;
  virtual std::string formula_of_entry(const Entry& e) const = 0;  ///< of the update that was made last
  class Undo;
  void prepare(Loc where);
  bool cannot_fail(const Entry& e) const;
  double step_bytes() const;
  void update(Entry& e, Loc where);
  std::vector<SavedName> saved_names() const;
  std::string name_in(const StateDict& state, const Entry& e, const SavedName& name, Loc where) const;
  State loaded(const Entry& e, const std::string& name, const StateDict& from, Loc where);

  std::shared_ptr<detail::OptimizerPlace> place_;
  mutable const char* type_ = nullptr;  ///< looked up once
};

namespace detail {

void shrink(Tensor& p, double factor);
Tensor descent(const Tensor& p, const Tensor& g, bool maximize, double weight_decay);

}  // namespace detail

/// The base of optimizers: struct Mine : Optimizer<MyOptions>.
template <class Options>
class Optimizer : public OptimizerBase {
 public:
  /// For the parameters of a module, …
  template <class M>
  requires std::is_base_of_v<nn::ModuleBase, M>
  explicit Optimizer(const M& module, Options options = {}, Loc where = Loc::current()) : constructors_(options) {
    add(parameters_of(module, where), std::move(options), where);
  }
  /// … or for tensors: SGD opt({w, b}, {.lr = 0.1}). They are named by their name(), or by position. The list may be
  /// empty if groups follow.
  explicit Optimizer(std::vector<Tensor> parameters, Options options = {}, Loc where = Loc::current())
      : constructors_(options) {
    add(named(std::move(parameters)), std::move(options), where);
  }
  /// … or for parameters with names of your own.
  explicit Optimizer(std::vector<nn::NamedParameter> parameters, Options options = {}, Loc where = Loc::current())
      : constructors_(options) {
    add(std::move(parameters), std::move(options), where);
  }

  /// More parameters, with the options of the constructor; returns the group's own copy of them, to be changed:
  ///   opt.add_group(net.head).lr = 1e-2;
  ///   opt.add_group(net.head) = AdamWOptions{.lr = 1e-2};  // all of them; what is left out has its default
  /// Valid until the next group is added; checked at the group's first step. A parameter may be in one group only.
  template <std::same_as<Loc> L = Loc>  // a template, so that {} as second argument means options
  Options& add_group(std::vector<nn::NamedParameter> parameters, L where = L::current()) {
    return add(std::move(parameters), constructors_, where);
  }
  template <std::same_as<Loc> L = Loc>
  Options& add_group(std::vector<Tensor> parameters, L where = L::current()) {
    return add(named(std::move(parameters)), constructors_, where);
  }
  template <class M>
  requires std::is_base_of_v<nn::ModuleBase, M> Options& add_group(const M& module, Loc where = Loc::current()) {
    return add(parameters_of(module, where), constructors_, where);
  }

  /// Moves the parameters that this optimizer has and `choice` chooses, with their state, into a new group. Throws if
  /// it chooses none.
  template <ParameterChoice F>
  Options& add_group(const F& choice, Loc where = Loc::current()) {
    return move_to(chosen(detail::as_choice(choice), where), constructors_, where);
  }

  /// The same with options in braces. Where the constructor has changed an option from its default and the braces have
  /// not, this is an error: it could be left out, or set back. Write it as above then.
  void add_group(std::vector<nn::NamedParameter> parameters, Options options, Loc where = Loc::current()) {
    check_inherited(options, where);
    add(std::move(parameters), std::move(options), where);
  }
  void add_group(std::vector<Tensor> parameters, Options options, Loc where = Loc::current()) {
    check_inherited(options, where);
    add(named(std::move(parameters)), std::move(options), where);
  }
  template <class M>
  requires std::is_base_of_v<nn::ModuleBase, M>
  void add_group(const M& module, Options options, Loc where = Loc::current()) {
    check_inherited(options, where);
    add(parameters_of(module, where), std::move(options), where);
  }
  template <ParameterChoice F>
  void add_group(const F& choice, Options options, Loc where = Loc::current()) {
    check_inherited(options, where);
    move_to(chosen(detail::as_choice(choice), where), std::move(options), where);
  }

  Options& options(std::size_t group = 0, Loc where = Loc::current()) {
    check_group(group, where);
    return options_[group];
  }
  const Options& options(std::size_t group = 0, Loc where = Loc::current()) const {
    check_group(group, where);
    return options_[group];
  }

  /// the options by name, as text
  std::vector<std::pair<std::string, std::string>> option_texts(std::size_t group = 0,
                                                                Loc where = Loc::current()) const override {
    Options o = options(group, where);
    if constexpr (requires(detail::OptionValues v) { o.fields(v); }) {
      detail::OptionValues values;
      o.fields(values);
      return detail::texts_of(values);
    } else {
      return OptimizerBase::option_texts(group, where);
    }
  }

  /// the learning rate of a group
  double lr(std::size_t group = 0, Loc where = Loc::current()) const override { return options(group, where).lr; }
  /// sets the rate of a group
  void set_lr(double lr, std::size_t group, Loc where = Loc::current()) override {
    Options& o = options(group, where);
    check_value("lr", lr, where);
    o.lr = lr;
  }
  using OptimizerBase::set_lr;

  /// the momentum or first beta of a group
  std::optional<double> momentum(std::size_t group = 0, Loc where = Loc::current()) const override {
    const Options& o = options(group, where);
    if constexpr (requires { o.momentum; })
      return o.momentum;
    else if constexpr (requires { o.betas; })
      return o.betas[0];
    else
      return {};
  }
  /// sets the momentum of a group
  void set_momentum(double momentum, std::size_t group, Loc where = Loc::current()) override {
    [[maybe_unused]] Options& o = options(group, where);
    if constexpr (requires { o.momentum; }) {
      check_value("momentum", momentum, where);
      o.momentum = momentum;
    } else if constexpr (requires { o.betas; }) {
      check_value("betas", momentum, where);
      o.betas[0] = momentum;
    }
  }

 protected:
  /// The two hooks. init declares state; update changes p, whose gradient is g.
  virtual void init(State&, const Tensor& /*p*/, const Options&) {}
  virtual void update(Tensor& p, const Tensor& g, State& state, const Options& options) = 0;
  /// What update() has just done, for observers to show: assignments in their order, with the numbers of this step
  /// (s.step is its count), of the parameter p, its gradient g and the names of the state, three spaces between:
  /// "momentum_buffer ← 0.9 momentum_buffer + g   p ← p - 0.1 momentum_buffer".
  virtual std::string formula(const State&, const Tensor& /*p*/, const Options&) const { return {}; }

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
  bool updates_in_place(const Entry& e) const final {
    if constexpr (requires { options_[e.group].updates_in_place(e.state); })
      return options_[e.group].updates_in_place(e.state);
    else
      return false;
  }
  std::string formula_of_entry(const Entry& e) const final { return formula(e.state, e.value, options_[e.group]); }
  void check_group_options(std::size_t group, Loc where) const final { detail::check_options(options_[group], where); }

  static void check_value(std::string_view name, double value, Loc where) {
    detail::OptionCheck{nn::detail::type_name<Options>(), where}(name, value);
  }
  void check_inherited(Options given, Loc where) const {
    if constexpr (requires(detail::OptionValues v) { given.fields(v); }) {
      Options defaults = {}, constructors = constructors_;
      detail::OptionValues values[3];
      given.fields(values[0]);
      defaults.fields(values[1]);
      constructors.fields(values[2]);
      detail::check_inherited(nn::detail::type_name<Options>(), values[0], values[1], values[2], where);
    }
  }
  Options& add(std::vector<nn::NamedParameter> parameters, Options options, Loc where) {
    detail::check_options(options, where);
    options_.reserve(options_.size() + 1);
    add_entries(std::move(parameters), options_.size(), where);
    options_.push_back(std::move(options));
    return options_.back();
  }
  Options& move_to(const std::vector<std::size_t>& entries, Options options, Loc where) {
    Options& group = add({}, std::move(options), where);
    for (const std::size_t i : entries) entries_[i].group = options_.size() - 1;
    return group;
  }

  Options constructors_;  ///< as the constructor was given them
  std::vector<Options> options_;
};

}  // namespace gradus::optim
