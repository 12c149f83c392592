// Optimizers consume gradients. The base owns the step; yours writes how state is made and how one parameter is updated:
//
//   struct SignSgdOptions { double lr = 1e-3; };
//   struct SignSgd : optim::Optimizer<SignSgdOptions> {
//     using Optimizer::Optimizer;
//     void update(Tensor& p, const Tensor& g, optim::State&, const SignSgdOptions& o) override { p.add_(sign(g), -o.lr); }
//   };
//
//   SignSgd opt(net, {.lr = 0.01});
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gradus/io/state_dict.hpp>
#include <gradus/nn/module.hpp>
#include <gradus/parameter.hpp>

namespace gradus::optim {

// What an optimizer remembers of one parameter: tensors with names, and how many updates it has had.
struct State {
  std::int64_t step = 0;  // counts from 1 during an update; a step without gradient does not count
  // Declares a tensor in init(); update() finds it by position: s[0], s[1], …
  void add(std::string name, Tensor start);
  Tensor& operator[](std::size_t i) { return tensors[i]; }

  std::vector<std::string> names;
  std::vector<Buffer> tensors;  // copied with the optimizer
};

// The part that does not depend on the options: parameters, state, the loop.
class OptimizerBase {
 public:
  virtual ~OptimizerBase() = default;

  // Updates every parameter that has a gradient. None at all is an error. Works under a live tape, unrecorded.
  void step(Loc where = Loc::current());
  void zero_grad();  // leaves every gradient undefined

  std::size_t groups() const { return group_count_; }
  virtual double lr(std::size_t group = 0) const = 0;
  virtual void set_lr(double lr, std::size_t group) = 0;
  void set_lr(double lr);  // of all groups
  std::vector<Tensor> parameters() const;

  // State by parameter name ("fc1.weight.exp_avg", "fc1.weight.step"), and the way back; checked before anything changes.
  StateDict state_dict() const;
  void load_state_dict(const StateDict& state, Loc where = Loc::current());

 protected:
  // Parameters are shared by copies of an optimizer; state is copied.
  struct Entry {
    std::string name;
    Tensor value;
    std::size_t group;
    bool ready = false;  // init() has been called
    State state;
  };
  void add_entries(std::vector<nn::NamedParameter> parameters, std::size_t group, Loc where);
  virtual void init_entry(Entry& e) = 0;
  virtual void update_entry(Entry& e, const Tensor& g) = 0;
  virtual const char* type() const = 0;

  std::vector<Entry> entries_;
  std::size_t group_count_ = 0;
};

template <class Options> class Optimizer : public OptimizerBase {
 public:
  // For the parameters of a module, …
  template <class M>
    requires std::is_base_of_v<nn::ModuleBase, M>
  explicit Optimizer(const M& module, Options options = {}, Loc where = Loc::current()) {
    add_group(module.named_parameters(), options, where);
  }
  // … or for tensors: Sgd opt({w, b}, {.lr = 0.1}). They are named by their name(), or by position.
  explicit Optimizer(std::vector<Tensor> parameters, Options options = {}, Loc where = Loc::current()) {
    add_group(std::move(parameters), options, where);
  }

  // More parameters, with options of their own. A parameter may be in one group only.
  void add_group(std::vector<nn::NamedParameter> parameters, Options options, Loc where = Loc::current()) {
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

  Options& options(std::size_t group = 0) { return options_[group]; }
  double lr(std::size_t group = 0) const override { return options_[group].lr; }
  void set_lr(double lr, std::size_t group) override { options_[group].lr = lr; }
  using OptimizerBase::set_lr;

 protected:
  // The two hooks. init declares state; update changes p, whose gradient is g.
  virtual void init(State&, const Tensor& /*p*/, const Options&) {}
  virtual void update(Tensor& p, const Tensor& g, State& state, const Options& options) = 0;

 private:
  void init_entry(Entry& e) final { init(e.state, e.value, options_[e.group]); }
  void update_entry(Entry& e, const Tensor& g) final { update(e.value, g, e.state, options_[e.group]); }
  const char* type() const override { return "optimizer"; }

  std::vector<Options> options_;
};

}  // namespace gradus::optim
