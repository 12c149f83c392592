// What all optimizers share: which parameters step, what is remembered, who is told.
#include <cmath>

#include <gradus/observe.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/optim.hpp>

#include "support.hpp"
#include "tensor/impl.hpp"
#include "tensor/pool.hpp"

using namespace gradus;
using namespace gradus::optim;

namespace {

struct Layer : nn::Module<Layer> {
  Parameter weight = ones({2, 2}), bias = zeros({2});
  Tensor forward(const Tensor& x) const { return matmul(x, weight) + bias; }
  void fields(auto& v) { v("weight", weight), v("bias", bias); }
};
struct Net : nn::Module<Net> {
  Layer fc1, fc2;
  Tensor forward(const Tensor& x) const { return fc2(tanh(fc1(x))); }
  void fields(auto& v) { v("fc1", fc1), v("fc2", fc2); }
};

struct Nothing : nn::Module<Nothing> {};

// A dozen lines: sign descent whose step shrinks with the parameter's own step count.
struct SignOptions {
  double lr = 1e-3;
};
struct Sign : Optimizer<SignOptions> {
  using Optimizer::Optimizer;
  void init(State& s, const Tensor& p, const SignOptions&) override { s.add("total", zeros_like(p)); }
  void update(Tensor& p, const Tensor& g, State& s, const SignOptions& o) override {
    s[0] = s[0] + g;
    p.add_(sign(g), -o.lr / static_cast<double>(s.step));
  }
};

Tensor leaf(const std::vector<double>& numbers, DType dtype = f64) {
  return from_data(numbers, {static_cast<std::int64_t>(numbers.size())}).to(dtype).requires_grad_();
}

void walk_back(Net& net) {
  Tape tape;
  const Tensor y = net(tensor({{1, 2}, {-1, 0.5}}, net.fc1.weight.dtype()));
  tape.backward(sum(y * y));
}

}  // namespace

TEST_CASE("optimizer: one of your own, for a module or for tensors") {
  Net net;
  Sign opt(net, {.lr = 0.25});
  walk_back(net);
  opt.step();
  CHECK(net.fc2.bias.at({0}) == -0.25);
  CHECK(opt.parameters().size() == 4);
  CHECK(std::string(opt.type()) == "Sign");

  const Tensor a = leaf({1, 2}), b = leaf({3});
  Sign two({a, b}, {.lr = 1});
  Tensor(a).set_grad(tensor({1, -1}, f64));
  two.step();
  two.step();
  CHECK(a.to_vector() == std::vector{-0.5, 3.5});
  CHECK(b.item() == 3);
}

TEST_CASE("optimizer: a parameter without gradient is left alone, and so are its state and its count") {
  Tensor a = leaf({1}).set_name("a"), b = leaf({1}).set_name("b");
  Adam opt({a, b}, {.lr = 0.1});
  for (int i = 0; i < 3; ++i) {
    a.set_grad(tensor({1}, f64));
    b.set_grad(i == 1 ? tensor({1}, f64) : Tensor());
    opt.step();
  }
  const StateDict state = opt.state_dict();
  CHECK(find(state, "a.step")->item() == 3);
  CHECK(find(state, "b.step")->item() == 1);
  CHECK(b.item() == doctest::Approx(0.9));
  opt.zero_grad();
  CHECK_FALSE(a.grad().defined());
  CHECK_SAYS(opt.step(), "Adam: no parameter has a gradient", "2 parameters, 0 of them frozen", "tape.backward(loss)",
             "optimizer.cpp");
}

TEST_CASE("optimizer: frozen parameters are skipped while they are frozen") {
  Tensor a = leaf({1}), b = leaf({1}).requires_grad_(false);
  SGD opt({a, b}, {.lr = 1});
  a.set_grad(tensor({1}, f64));
  b.set_grad(tensor({1}, f64));
  opt.step();
  CHECK(b.item() == 1);
  b.requires_grad_();
  a.requires_grad_(false);
  opt.step();
  CHECK(a.item() == 0);
  CHECK(b.item() == 0);
  b.requires_grad_(false);
  CHECK_SAYS(opt.step(), "no parameter has a gradient", "2 parameters, 2 of them frozen");
}

TEST_CASE("optimizer: groups have options of their own") {
  Tensor a = leaf({0}), b = leaf({0}), c = leaf({0});
  SGD opt({a}, {.lr = 1});
  opt.add_group({b, c}, {.lr = 0.5, .momentum = 0.5});
  const auto step = [&] {
    for (Tensor* p : {&a, &b, &c}) p->set_grad(tensor({1}, f64));
    opt.step();
  };
  step();
  step();
  CHECK(a.item() == -2);
  CHECK(b.item() == -1.25);
  CHECK(c.item() == -1.25);
  CHECK(opt.groups() == 2);
  opt.set_lr(0.25, 0);
  CHECK(opt.lr(0) == 0.25);
  CHECK(opt.lr(1) == 0.5);
  opt.set_lr(0);
  step();
  CHECK(a.item() == -2);
  CHECK(c.item() == -1.25);
  CHECK_SAYS(opt.lr(2), "there is no group 2", "got:      2 groups", "0 to 1");
  CHECK_SAYS(opt.options(2).lr = 1, "there is no group 2");
}

TEST_CASE("optimizer: momentum by one name, whatever it is called") {
  Tensor a = leaf({0});
  OptimizerBase&& sgd = SGD({a}, {.momentum = 0.5});
  OptimizerBase&& adam = Adam({a});
  OptimizerBase&& adagrad = Adagrad({a});
  CHECK(sgd.momentum() == 0.5);
  CHECK(adam.momentum() == 0.9);
  CHECK_FALSE(adagrad.momentum());
  adam.set_momentum(0.75, 0);
  CHECK(static_cast<Adam&>(adam).options().betas == std::array{0.75, 0.999});
  adagrad.set_momentum(0.75, 0);
}

TEST_CASE("optimizer: works under a live tape, unrecorded, and names itself to a walk that comes too late") {
  Net net;
  AdamW opt(net, {.lr = 0.1});
  walk_back(net);
  Tape tape;
  const Tensor loss = sum(net(ones({1, 2})));
  const int size = tape.size();
  const unsigned line = Loc::current().line() + 1;
  opt.step();
  CHECK(tape.size() == size);
  const std::string place = "optimizer.cpp:" + std::to_string(line);
  CHECK_SAYS(tape.backward(loss), "it has been changed since", "AdamW at ", place);

  Sign own(net);
  Tape* live = &tape;
  const Tensor again = sum(net(ones({1, 2})));
  own.step();
  CHECK_SAYS(live->backward(again), "Sign at ");
}

TEST_CASE("optimizer: a gradient that was itself recorded serves by its numbers, also after its tape") {
  Tensor x = leaf({2});
  RMSprop opt({x}, {.lr = 1, .alpha = 0, .eps = 0});
  {
    Tape tape;
    x.set_grad(tape.gradient(sum(x * x), {x}, {.record = true})[0]);
  }
  opt.step();
  CHECK(x.item() == 1);
}

TEST_CASE("optimizer: state by name") {
  Net net;
  Adam opt(net);
  CHECK(opt.state_dict().empty());
  walk_back(net);
  opt.step();
  const StateDict state = opt.state_dict();
  CHECK(state.size() == 12);
  CHECK(state[0].first == "fc1.weight.exp_avg");
  CHECK(state[1].first == "fc1.weight.exp_avg_sq");
  CHECK(state[2].first == "fc1.weight.step");
  const Tensor before = find(state, "fc1.weight.exp_avg")->clone();
  opt.step();
  CHECK(equal(*find(state, "fc1.weight.exp_avg"), before));  // a copy
}

TEST_CASE("optimizer: two networks with the same names") {
  Net generator, critic;
  Sign opt(generator);
  opt.add_group(critic, {.lr = 1});
  walk_back(generator);
  walk_back(critic);
  opt.step();
  CHECK(find(opt.state_dict(), "fc1.bias.total"));
  CHECK(find(opt.state_dict(), "fc1.bias.2.total"));
}

TEST_CASE_TEMPLATE("optimizer: what was saved goes on bit by bit", Opt, SGD, Adam, AdamW, NAdam, RAdam, Adamax, Adagrad,
                   Adadelta, RMSprop, Rprop, ASGD, Lion, Sign) {
  Tensor a = leaf({1, -2, 3}).set_name("a"), b = leaf({0.5}, f32).set_name("b"), late = leaf({1}).set_name("late");
  Opt opt({a, b, late});
  if constexpr (requires { opt.options().momentum; }) opt.options().momentum = 0.9;
  const auto steps = [](std::vector<Tensor> p, Opt& o, int from, int to, bool all) {
    for (int i = from; i < to; ++i) {
      p[0].set_grad(tensor({0.1 * i, 1, -0.3}, f64));
      p[1].set_grad(tensor({i % 2 - 0.25}));
      p[2].set_grad(all ? tensor({0.7}, f64) : Tensor());
      o.step();
    }
  };
  steps({a, b, late}, opt, 0, 4, false);

  Tensor a2 = a.clone().requires_grad_().set_name("a"), b2 = b.clone().requires_grad_().set_name("b"),
         late2 = late.clone().requires_grad_().set_name("late");
  Opt other({a2, b2, late2}, opt.options());
  other.load_state_dict(opt.state_dict());
  CHECK(find(opt.state_dict(), "late.step") == nullptr);
  steps({a, b, late}, opt, 4, 8, true);
  steps({a2, b2, late2}, other, 4, 8, true);
  CHECK(equal(a, a2));
  CHECK(equal(b, b2));
  CHECK(equal(late, late2));
  CHECK(opt.state_dict().size() == other.state_dict().size());
}

TEST_CASE("optimizer: a state dict is checked before anything changes") {
  Tensor a = leaf({1, 2}).set_name("a"), b = leaf({1}).set_name("b");
  Adam opt({a, b});
  for (Tensor* p : {&a, &b}) p->set_grad(zeros_like(*p));
  opt.step();
  const StateDict good = opt.state_dict();
  const auto with = [&](const std::string& key, Tensor value) {
    StateDict s = good;
    std::erase_if(s, [&](auto& e) { return e.first == key; });
    if (value.defined()) s.emplace_back(key, value);
    return s;
  };
  CHECK_SAYS(opt.load_state_dict(with("b.exp_avg", {})), "load_state_dict: 'b.exp_avg' is missing",
             "an Adam with the same parameters", "optimizer.cpp");
  CHECK_SAYS(opt.load_state_dict(with("b.exp_avg", zeros({2}))), "'b.exp_avg' has the wrong shape", "got:      (2,)",
             "(1,)");
  CHECK_SAYS(opt.load_state_dict(with("b.step", scalar(-1))), "'b.step' is not a count");
  CHECK_SAYS(opt.load_state_dict(with("b.step", scalar(0.5))), "'b.step' is not a count");
  CHECK_SAYS(opt.load_state_dict(with("b.step", scalar(1e300, f64))), "'b.step' is not a count");
  CHECK_SAYS(opt.load_state_dict(with("b.step", {})), "'b.exp_avg' is an unknown key");
  CHECK_SAYS(opt.load_state_dict(with("c.exp_avg", zeros({2}))), "'c.exp_avg' is an unknown key");
  SGD sgd({a, b}, {.momentum = 0.9});
  CHECK_SAYS(sgd.load_state_dict(good), "'a.momentum_buffer' is missing", "an SGD with");
  CHECK(opt.state_dict().size() == 6);
  CHECK(find(opt.state_dict(), "b.step")->item() == 1);
  opt.load_state_dict({});
  CHECK(opt.state_dict().empty());
}

TEST_CASE("optimizer: a copy shares parameters and has a state of its own") {
  Tensor a = leaf({0});
  SGD opt({a}, {.lr = 1, .momentum = 0.5});
  a.set_grad(tensor({1}, f64));
  opt.step();
  SGD copy = opt;
  copy.step();  // buffer 1.5
  CHECK(a.item() == -2.5);
  opt.step();  // buffer 1.5, too
  CHECK(a.item() == -4);
  opt.options().lr = 0;
  CHECK(copy.lr() == 1);
  CHECK(find(copy.state_dict(), "0.step")->item() == 2);
}

TEST_CASE("optimizer: stays attached when the net is converted, assigned, or given another shape") {
  Net net;
  NAdam opt(net, {.lr = 0.1});
  walk_back(net);
  opt.step();
  net.to(f64);
  opt.zero_grad();
  walk_back(net);
  opt.step();
  CHECK(net.fc1.weight.dtype() == f64);
  CHECK(find(opt.state_dict(), "fc1.weight.exp_avg")->dtype() == f64);

  const Net best = net;
  opt.step();
  CHECK_FALSE(equal(net.fc1.weight, best.fc1.weight));
  net = best;
  CHECK(equal(net.fc1.weight, best.fc1.weight));
  CHECK(opt.parameters()[0].is_same(net.fc1.weight));

  net.fc1.weight = Parameter(ones({3, 3}, f64));
  Tensor(net.fc1.weight).set_grad(ones({3, 3}, f64));
  const Tensor bias = net.fc2.bias.clone();
  CHECK_SAYS(opt.step(), "NAdam: 'fc1.weight' has another shape than its state", "(3, 3)", "(2, 2)");
  CHECK(equal(bias, net.fc2.bias));
}

TEST_CASE("optimizer: gradients are checked before anything changes") {
  Tensor a = leaf({1}), b = leaf({1});
  SGD opt({a, b}, {.lr = 1});
  a.set_grad(tensor({1}, f64));
  b.impl()->grad = tensor({1, 2}, f64);
  CHECK_SAYS(opt.step(), "SGD: the gradient of '1' has another shape or dtype", "(2,) f64", "(1,) f64");
  b.impl()->grad = tensor({1}, f32);
  CHECK_SAYS(opt.step(), "(1,) f32", "(1,) f64");
  CHECK(a.item() == 1);
}

TEST_CASE("optimizer: parameters that cannot be trained") {
  const Tensor a = leaf({1}).set_name("a"), b = leaf({2});
  CHECK_SAYS(SGD({a, b, a}), "parameter 'a' was given twice", "already in group 0 as 'a'", "optimizer.cpp");
  SGD opt({a});
  CHECK_SAYS(opt.add_group({b, a}, {}), "parameter 'a' was given twice");
  CHECK(opt.groups() == 1);
  CHECK(opt.parameters().size() == 1);
  CHECK_SAYS(SGD({a, Tensor()}), "parameter '1' is undefined");
  CHECK_SAYS(SGD({ones({2}, i64)}), "parameter '0' is not floating-point", "i64");
  CHECK_SAYS(SGD({expand(scalar(1), {2, 2})}), "is an expanded view");
  CHECK_SAYS(SGD(Nothing()), "there are no parameters to train");
  Tape tape;
  const Tensor y = a * 2;
  CHECK_SAYS(SGD({y}), "is the result of a recorded operation, not a leaf", "requires_grad_()");
}

TEST_CASE("optimizer: options out of range") {
  const Tensor a = leaf({1});
  CHECK_SAYS(SGD({a}, {.lr = -1}), "SGDOptions: lr is out of range", "got:      -1", "a finite number, 0 or more",
             "optimizer.cpp");
  CHECK_SAYS(SGD({a}, {.lr = NAN}), "lr is out of range");
  CHECK_SAYS(SGD({a}, {.momentum = 0.9, .dampening = 0.5, .nesterov = true}),
             "nesterov needs a momentum and no dampening");
  CHECK_SAYS(SGD({a}, {.nesterov = true}), "nesterov needs a momentum and no dampening");
  CHECK_SAYS(Adam({a}, {.betas = {0.9, 1}}), "AdamOptions: betas is out of range", "got:      1",
             "0 or more, and less than 1");
  CHECK_SAYS(Adam({a}, {.eps = -1e-8}), "eps is out of range");
  CHECK_SAYS(AdamW({a}, {.weight_decay = -1}), "AdamWOptions: weight_decay is out of range");
  CHECK_SAYS(Adadelta({a}, {.rho = 1.5}), "rho is out of range", "at most 1");
  CHECK_SAYS(Rprop({a}, {.etas = {1.2, 0.5}}), "etas must be a factor below 1 and one above it");
  CHECK_SAYS(Rprop({a}, {.step_sizes = {1, 0.5}}), "step_sizes must be");
  CHECK_SAYS(RMSprop({a}, {.alpha = 1.5}), "alpha must be from 0 to 1");
  CHECK_SAYS(LBFGS({a}, {.max_iter = 0}), "max_iter is out of range");
  SGD opt({a});
  CHECK_SAYS(opt.add_group({leaf({1})}, {.lr = -1}), "lr is out of range");
  CHECK(opt.groups() == 1);
}

TEST_CASE("optimizer: observers see each update once, before and after") {
  struct Watch : Observer {
    std::vector<std::string> events;
    std::vector<double> values;
    void on_step(const StepEvent& e) override {
      events.push_back(std::string(e.before ? "before " : "after ") + e.optimizer + " " + e.parameter + " " +
                       std::to_string(e.step) + " " + std::to_string(e.state.size()));
      values.push_back(e.value.item());
      CHECK(e.lr == 0.5);
      CHECK(e.grad.item() == 1);
    }
    void on_mutation(const MutationEvent& e) override { events.push_back(std::string("mutation ") + e.what); }
    void on_zero_grad(const ZeroGradEvent&) override { events.push_back("zero_grad"); }
  } watch;
  Tensor a = leaf({1}).set_name("a");
  Sign opt({a}, {.lr = 0.5});
  a.set_grad(tensor({1}, f64));
  const Observing observing(watch);
  opt.step();
  opt.zero_grad();
  CHECK(watch.events ==
        std::vector<std::string>{"before Sign a 1 1", "mutation Sign", "after Sign a 1 1", "zero_grad"});
  CHECK(watch.values == std::vector{1, 0.5});
}

TEST_CASE("optimizer: a steady step asks the system for nothing") {
  Net net;
  walk_back(net);
  SGD sgd(net, {.momentum = 0.9});
  Adam adam(net);
  Lion lion(net);
  for (OptimizerBase* opt : std::initializer_list<OptimizerBase*>{&sgd, &adam, &lion}) {
    for (int i = 0; i < 3; ++i) opt->step();
    const auto before = memory_stats().system_calls;
    for (int i = 0; i < 10; ++i) opt->step();
#ifndef GRADUS_NO_POOL
    CHECK(memory_stats().system_calls == before);
#endif
  }
}
