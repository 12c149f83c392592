// Modules, optimizers, tapes and derivatives whose memory ends at any allocation.
#include <doctest/doctest.h>

#include <memory>

#include "allocation/failing.hpp"

using namespace gradus;
using failing::Attempt, failing::check, failing::Look;

namespace {

// Made anew for each attempt, and shared by what is called and what is looked at.
template <class T, class Call>
Attempt on(std::shared_ptr<T> object, Call call) {
  return {[object, call] { call(*object); },
          [object](Look& look) {
            look(object->state_dict());
            for (const Tensor& p : object->parameters()) look(p);
          }};
}

Tensor ramp(const Shape& shape, DType dtype = f32) {
  return (arange(shape.numel()).to(f64) * 0.1 - 0.5).reshape(shape).to(dtype);
}

template <class M>
void module_survives(const std::string& name, const M& made, const Tensor& x) {
  check(name + ", copied", [&] { return Attempt{[&] { M copy(made); }}; });
  const auto copy = [&] { return std::make_shared<M>(made); };
  check(name + ", called", [&] { return on(copy(), [&](M& m) { m.eval()(x); }); });
  check(name + ", trained", [&] {
    return on(copy(), [&](M& m) {
      m.zero_grad();
      Tape tape;
      tape.backward(sum(square(m.eval()(x))));
      m.zero_grad();
    });
  });
  check(name + ", to f64", [&] { return on(copy(), [](M& m) { m.to(f64); }); });
  check(name + ", loaded", [&] {
    StateDict other;
    for (const auto& [key, value] : made.state_dict()) other.emplace_back(key, (value + 1).to(f64));
    return on(copy(), [other](M& m) { m.load_state_dict(other); });
  });
  check(name + ", listed", [&] {
    return on(copy(), [](M& m) {
      (void)m.state_dict();
      (void)nn::summary(m);
    });
  });
}

}  // namespace

TEST_CASE("modules") {
  set_num_threads(1);
  manual_seed(1);
  check("Linear, made", [] { return Attempt{[] { nn::Linear(3, 4); }}; });
  check("Sequential, made", [] { return Attempt{[] { nn::Sequential{nn::Linear(3, 4), nn::ReLU(), relu}; }}; });
  check("TransformerEncoderLayer, made",
        [] { return Attempt{[] { nn::TransformerEncoderLayer(4, 2, {.dim_feedforward = 4}); }}; });
  const Tensor x = ramp({2, 4});
  module_survives("Linear", nn::Linear(4, 3), x);
  module_survives("Sequential", nn::Sequential{nn::Linear(4, 3), nn::Tanh(), nn::Linear(3, 2)}, x);
  module_survives("Conv2d", nn::Conv2d(1, 2, 3), ramp({1, 1, 4, 4}));
  module_survives("BatchNorm1d", nn::BatchNorm1d(4), x);
  module_survives("LayerNorm", nn::LayerNorm(4), x);
  module_survives("Embedding", nn::Embedding(5, 2), tensor({1, 4}, i64));
  module_survives("TransformerEncoderLayer", nn::TransformerEncoderLayer(4, 2, {.dim_feedforward = 4}),
                  ramp({2, 1, 4}));
}

TEST_CASE("batch norm in training: its statistics move with the result, or not at all") {
  const Tensor x = ramp({4, 3});
  check("BatchNorm1d", [&] { return on(std::make_shared<nn::BatchNorm1d>(3), [&](nn::BatchNorm1d& m) { m(x); }); });
}

TEST_CASE("recurrent layers") {
  const Tensor x = ramp({2, 1, 3});
  const nn::LSTM lstm(3, 2);
  check("LSTM", [&] { return on(std::make_shared<nn::LSTM>(lstm), [&](nn::LSTM& m) { m(x); }); });
  const nn::GRU gru(3, 2);
  check("GRU", [&] { return on(std::make_shared<nn::GRU>(gru), [&](nn::GRU& m) { m(x); }); });
}

namespace {

// A network, its optimizer, and gradients.
template <class O>
struct Trained {
  nn::Linear net;
  O opt;

  explicit Trained(const nn::Linear& start) : net(start), opt(net) { walk(); }
  void walk() {
    Tape tape;
    tape.backward(sum(square(net(ramp({2, 3})))));
  }
  StateDict state_dict() const {
    StateDict all = opt.state_dict();
    for (auto& [name, value] : net.state_dict()) all.emplace_back("net." + name, value);
    return all;
  }
  std::vector<Tensor> parameters() const { return net.parameters(); }
};

template <class O>
void optimizer_survives(const std::string& name) {
  const nn::Linear start(3, 2);
  const auto fresh = [&] { return std::make_shared<Trained<O>>(start); };
  const auto stepped = [&] {
    auto t = fresh();
    t->opt.step();
    return t;
  };
  check(name + ", made", [&] { return Attempt{[&] { O made(start, {.lr = 0.1}); }}; });
  const auto step = [&](const std::shared_ptr<Trained<O>>& of) { return on(of, [](Trained<O>& t) { t.opt.step(); }); };
  check(name + ", first step", [&] { return step(fresh()); });
  check(name + ", second step", [&] { return step(stepped()); });
  check(name + ", copied", [&] { return on(stepped(), [](Trained<O>& t) { O copy(t.opt); }); });
  check(name + ", saved", [&] { return on(stepped(), [](Trained<O>& t) { (void)t.opt.state_dict(); }); });
  check(name + ", loaded", [&] {
    const auto other = stepped();
    other->opt.step();
    StateDict state;
    for (const auto& [key, value] : other->opt.state_dict()) state.emplace_back(key, value.clone());
    return on(stepped(), [state](Trained<O>& t) { t.opt.load_state_dict(state); });
  });
  check(name + ", a group added", [&] {
    return on(stepped(), [](Trained<O>& t) {
      std::vector<Tensor> more{zeros({2}).requires_grad_()};
      t.opt.add_group(std::move(more));
    });
  });
}

}  // namespace

TEST_CASE("optimizers") {
  set_num_threads(1);
  optimizer_survives<optim::SGD>("SGD");
  optimizer_survives<optim::Adam>("Adam");
  optimizer_survives<optim::AdamW>("AdamW");
  optimizer_survives<optim::RMSprop>("RMSprop");
  optimizer_survives<optim::Adagrad>("Adagrad");
  optimizer_survives<optim::Adadelta>("Adadelta");
  optimizer_survives<optim::Adamax>("Adamax");
  optimizer_survives<optim::NAdam>("NAdam");
  optimizer_survives<optim::RAdam>("RAdam");
  optimizer_survives<optim::Rprop>("Rprop");
  optimizer_survives<optim::ASGD>("ASGD");
  optimizer_survives<optim::Lion>("Lion");
  optimizer_survives<optim::Muon>("Muon");
  optimizer_survives<optim::ScheduleFreeAdamW>("ScheduleFreeAdamW");
}

TEST_CASE("an option that is switched on late") {
  const nn::Linear start(3, 2);
  const auto sgd = [&] {
    auto t = std::make_shared<Trained<optim::SGD>>(start);
    t->opt.step();
    t->opt.options().momentum = 0.9;
    return t;
  };
  check("momentum", [&] { return on(sgd(), [](Trained<optim::SGD>& t) { t.opt.step(); }); });
  const auto adam = [&] {
    auto t = std::make_shared<Trained<optim::Adam>>(start);
    t->opt.step();
    t->opt.options().amsgrad = true;
    return t;
  };
  check("amsgrad", [&] { return on(adam(), [](Trained<optim::Adam>& t) { t.opt.step(); }); });
}

TEST_CASE("optimizers that call the loss themselves") {
  const nn::Linear start(3, 2);
  const Tensor x = ramp({2, 3});
  // A step that fails half way may have moved the parameters: it says so by the exception, and loses nothing.
  check("LBFGS", [&] {
    return Attempt{[&] {
      const nn::Linear net(start);
      optim::LBFGS opt(net, {.max_iter = 2});
      opt.step([&] {
        opt.zero_grad();
        Tape tape;
        const Tensor y = sum(square(net(x)));
        tape.backward(y);
        return y.item();
      });
    }};
  });
  check("Newton", [&] {
    return Attempt{[&] {
      const nn::Linear net(start);
      optim::Newton opt(net, {.damping = 1});
      opt.step([&] { return sum(square(net(x))); });
    }};
  });
}

TEST_CASE("schedules") {
  const nn::Linear net(3, 2);
  check("Scheduler", [&] {
    const auto opt = std::make_shared<optim::SGD>(net, optim::SGDOptions{.lr = 1});
    return Attempt{[opt] { optim::Scheduler(*opt, optim::StepLR{.step_size = 1}).step(); },
                   [opt](Look& look) { look(opt->lr()); }};
  });
}
