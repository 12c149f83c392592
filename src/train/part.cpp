// What a checkpoint keeps of nets, optimizers, schedules, batches, generators and numbers.
#include <gradus/train/part.hpp>

#include <bit>

#include "tensor/format.hpp"
#include "tensor/impl.hpp"
#include "train/checksum.hpp"
#include "train/part.hpp"

namespace gradus::train {
namespace {

using gradus::detail::user_line;

[[noreturn]] void refuse(std::string wrong, std::string got, std::string expected, Loc where) {
  throw Error("resume", {.wrong = std::move(wrong), .got = std::move(got), .expected = std::move(expected)},
              user_line(where));
}

// What was saved under a name: `count` numbers of one dtype.
const Tensor& saved(const StateDict& state, const std::string& key, DType dtype, std::size_t count, Loc where) {
  const Tensor* t = find(state, key);
  const bool fits = t && t->dtype() == dtype && t->numel() == static_cast<std::int64_t>(count);
  if (!fits)
    refuse(formatted("'{}' of the checkpoint does not fit", key),
           t ? formatted("{} {}", name(t->dtype()), to_string(t->shape())) : "none",
           formatted("{} numbers of {}", count, name(dtype)), where);
  return *t;
}

Tensor vector(const std::vector<double>& numbers) {
  return from_data(numbers, {static_cast<std::int64_t>(numbers.size())});
}
Tensor flags(const std::vector<bool>& on) {
  Tensor y = zeros({static_cast<std::int64_t>(on.size())}, boolean);
  for (std::size_t i = 0; i < on.size(); ++i) y.set({static_cast<std::int64_t>(i)}, static_cast<bool>(on[i]));
  return y;
}
std::vector<bool> flags(const Tensor& y) {
  std::vector<bool> on;
  for (const double flag : y.to_vector()) on.push_back(flag != 0);
  return on;
}

// ---- nets ----

struct Net final : Part::Model {
  explicit Net(nn::ModuleBase& n) : net(n) {}
  std::string kind() const override { return std::string(net.type()); }
  const char* name() const override { return "net"; }
  int order() const override { return 0; }  // optimizers learn from it the names of their parameters

  PartState save() const override {
    std::vector<bool> trainable;
    for (const auto& p : net.named_parameters()) trainable.push_back(p.value.requires_grad());
    return {.state = net.state_dict(),
            .more = {{"training", flags(net.training_modes())}, {"trainable", flags(trainable)}}};
  }

  void load(const PartState& from, Loc where) override {
    for (const auto& [key, mine] : net.state_dict()) {
      const Tensor* theirs = find(from.state, key);
      if (theirs && theirs->dtype() != mine.dtype())
        refuse(formatted("'{}' has another dtype than in the checkpoint", key), gradus::name(mine.dtype()),
               gradus::name(theirs->dtype()), where);
    }
    std::vector<nn::NamedParameter> parameters = net.named_parameters(where);
    const std::vector<bool> modes = flags(saved(from.more, "training", boolean, net.training_modes().size(), where));
    const std::vector<bool> trainable = flags(saved(from.more, "trainable", boolean, parameters.size(), where));
    net.load_state_dict(from.state, {}, where);
    net.set_training_modes(modes, where);
    for (std::size_t i = 0; i < parameters.size(); ++i)
      if (parameters[i].value.requires_grad() != trainable[i]) parameters[i].value.requires_grad_(trainable[i]);
  }

  nn::ModuleBase& net;
};

// ---- optimizers ----

struct Opt final : Part::Model {
  explicit Opt(optim::OptimizerBase& o) : opt(o) {}
  std::string kind() const override { return opt.type(); }
  const char* name() const override { return "opt"; }
  int order() const override { return 3; }  // after schedules: the rates that it had are the last word

  Traits traits() const override {
    Traits all{{"groups", std::to_string(opt.groups())}};
    for (std::size_t group = 0; group < opt.groups(); ++group) {
      const std::string prefix = opt.groups() > 1 ? std::to_string(group) + "." : "";
      for (const auto& [option, value] : opt.option_texts(group)) all.emplace_back(prefix + option, value);
    }
    return all;
  }

  PartState save() const override {
    std::vector<double> lr, momentum;
    for (std::size_t group = 0; group < opt.groups(); ++group) {
      lr.push_back(opt.lr(group));
      momentum.push_back(opt.momentum(group).value_or(0));
    }
    return {.state = opt.state_dict(), .more = {{"lr", vector(lr)}, {"momentum", vector(momentum)}}};
  }

  void load(const PartState& from, Loc where) override {
    const std::vector<double> lr = saved(from.more, "lr", f64, opt.groups(), where).to_vector();
    const std::vector<double> momentum = saved(from.more, "momentum", f64, opt.groups(), where).to_vector();
    // Before the state, for an optimizer whose momentum was switched on late has more of it.
    for (std::size_t group = 0; group < opt.groups(); ++group) {
      opt.set_lr(lr[group], group, where);
      if (opt.momentum(group, where)) opt.set_momentum(momentum[group], group, where);
    }
    opt.load_state_dict(from.state, where);
  }

  optim::OptimizerBase& opt;
};

// ---- schedules ----

struct Schedule final : Part::Model {
  explicit Schedule(optim::Scheduler& s) : schedule(s) {}
  std::string kind() const override { return "Scheduler"; }
  const char* name() const override { return "schedule"; }
  int order() const override { return 1; }
  PartState save() const override {
    return {.state = schedule.state_dict(), .more = {{"last_lr", vector(schedule.last_lr())}}};
  }

  void load(const PartState& from, Loc where) override {
    const Tensor& rates = saved(from.more, "last_lr", f64, schedule.last_lr().size(), where);
    schedule.load_state_dict(from.state, where);
    if (equal(vector(schedule.last_lr()), rates)) return;
    refuse(formatted("the schedule gives another learning rate at step {}", schedule.count()),
           formatted("{}", fmt::join(schedule.last_lr(), ", ")), formatted("{}", fmt::join(rates.to_vector(), ", ")),
           where);
  }

  optim::Scheduler& schedule;
};

struct Plateau final : Part::Model {
  explicit Plateau(optim::ReduceLROnPlateau& p) : plateau(p) {}
  std::string kind() const override { return "ReduceLROnPlateau"; }
  const char* name() const override { return "plateau"; }
  int order() const override { return 2; }
  PartState save() const override { return {.state = plateau.state_dict()}; }
  void load(const PartState& from, Loc where) override { plateau.load_state_dict(from.state, where); }

  optim::ReduceLROnPlateau& plateau;
};

// ---- data ----

struct Data final : Part::Model {
  explicit Data(data::Batches& b) : batches(b) {}
  std::string kind() const override { return "Batches"; }
  const char* name() const override { return "batches"; }
  PartState save() const override { return {.state = batches.state_dict()}; }
  void load(const PartState& from, Loc where) override { batches.load_state_dict(from.state, where); }

  Traits traits() const override {
    const data::BatchOptions& o = batches.options();
    const data::Dataset& data = batches.data();
    const std::optional<std::uint64_t> of_source = batches.checksum();
    std::string sum = of_source ? hexadecimal(*of_source) : "unknown";
    if (data.x.defined()) sum = hexadecimal(checksum(data.y, checksum(data.x)));
    return {{"examples", std::to_string(batches.examples())},
            {"size", std::to_string(o.size)},
            {"shuffle", o.shuffle ? "yes" : "no"},
            {"drop_last", o.drop_last ? "yes" : "no"},
            {"seed", o.seed ? std::to_string(*o.seed) : "none"},
            {"checksum", sum}};
  }

  data::Batches& batches;
};

// ---- numbers ----

struct Random final : Part::Model {
  explicit Random(Generator& g) : generator(g) {}
  std::string kind() const override { return "Generator"; }
  const char* name() const override { return "generator"; }
  PartState save() const override { return {.state = {{"place", place_of(generator)}}}; }
  void load(const PartState& from, Loc where) override { go_to(generator, saved(from.state, "place", i64, 2, where)); }

  Generator& generator;
};

template <class T>
struct Number final : Part::Model {
  explicit Number(T& n) : number(n) {}
  static constexpr DType dtype = std::is_same_v<T, double> ? f64 : i64;
  std::string kind() const override { return "number"; }
  PartState save() const override { return {.state = {{"value", from_data(std::vector<T>{number}, {})}}}; }
  void load(const PartState& from, Loc where) override {
    number = saved(from.state, "value", dtype, 1, where).template item<T>();
  }

  T& number;
};

}  // namespace

Tensor place_of(const Generator& g) {
  return from_data(
      std::vector<std::int64_t>{std::bit_cast<std::int64_t>(g.seed()), std::bit_cast<std::int64_t>(g.counter())}, {2});
}

void go_to(Generator& g, const Tensor& place) {
  g.reset(std::bit_cast<std::uint64_t>(place.at<std::int64_t>({0})),
          std::bit_cast<std::uint64_t>(place.at<std::int64_t>({1})));
}

Part::Part(nn::ModuleBase& net) : model_(std::make_shared<Net>(net)) {}
Part::Part(optim::OptimizerBase& opt) : model_(std::make_shared<Opt>(opt)) {}
Part::Part(optim::Scheduler& schedule) : model_(std::make_shared<Schedule>(schedule)) {}
Part::Part(optim::ReduceLROnPlateau& plateau) : model_(std::make_shared<Plateau>(plateau)) {}
Part::Part(data::Batches& batches) : model_(std::make_shared<Data>(batches)) {}
Part::Part(Generator& generator) : model_(std::make_shared<Random>(generator)) {}
Part::Part(double& number) : model_(std::make_shared<Number<double>>(number)) {}
Part::Part(std::int64_t& number) : model_(std::make_shared<Number<std::int64_t>>(number)) {}

}  // namespace gradus::train
