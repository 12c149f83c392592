// Groups of parameters: what a new one inherits, and under which names their state is saved and loaded.
#include <cmath>
#include <optional>

#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/any.hpp>
#include <gradus/optim/optim.hpp>

#include "support.hpp"

using namespace gradus;
using namespace gradus::optim;

namespace {

struct Halves : nn::Module<Halves> {
  nn::Linear left{2, 2}, right{2, 2};
  Tensor forward(const Tensor& x) const { return right(left(x)); }
  void fields(auto& v) {
    v("left", left);
    v("right", right);
  }
};

void walk(const Halves& net) {
  Tape tape;
  tape.backward(sum(square(net(tensor({{1, 2}, {3, -1}})))));
}

Tensor leaf(double x = 1) { return full({1}, x).requires_grad_(); }

SGD of_parts(const nn::Linear& first, const nn::Linear& second) {
  SGD opt(first, {.momentum = 0.9});
  opt.add_group(second);
  return opt;
}

}  // namespace

TEST_CASE("a new group has the options of the constructor") {
  AdamW opt({leaf()}, {.lr = 0.1, .betas = {0.5, 0.9}, .weight_decay = 0.1});
  opt.set_lr(0.01);
  opt.add_group({leaf()}).lr = 1e-4;
  CHECK(opt.options(1).lr == 1e-4);
  CHECK(opt.options(1).betas[0] == 0.5);
  CHECK(opt.options(1).weight_decay == 0.1);
  opt.add_group(nn::Linear(1, 1));
  CHECK(opt.options(2).lr == 0.1);
  opt.add_group({leaf()}).weight_decay = 0;
  CHECK(opt.options(3).weight_decay == 0);
  CHECK(opt.options(3).betas[1] == 0.9);
  opt.add_group({leaf()}) = AdamWOptions{.lr = 1};
  CHECK(opt.options(4).betas[0] == 0.9);
  opt.add_group({leaf()}, {.lr = 1, .betas = {0.6, 0.9}, .weight_decay = 0.5});
  CHECK(opt.options(5).betas[0] == 0.6);
  CHECK(opt.groups() == 6);
}

TEST_CASE("options in braces that leave out what the constructor has set are an error, not a reset") {
  AdamW opt({leaf()}, {.lr = 0.1, .betas = {0.5, 0.9}});
  CHECK_SAYS(opt.add_group({leaf()}, {.lr = 1e-4}),
             "AdamWOptions: it is not clear whether the group keeps the constructor's betas",
             "the default {0.9, 0.999} here, {0.5, 0.9} in the constructor", "opt.add_group(parameters).lr",
             "tests/optim/groups.cpp:");
  CHECK_SAYS(opt.add_group({leaf()}, {}), "keeps the constructor's lr");
  CHECK(opt.groups() == 1);
  SGD plain({leaf()});
  plain.add_group({leaf()}, {.lr = 0.5, .momentum = 0.5});
  CHECK(plain.options(1).momentum == 0.5);
}

TEST_CASE("options of a group are checked at its first step") {
  Tensor a = leaf(), b = leaf();
  SGD opt({a}, {.lr = 1});
  opt.add_group({b}).momentum = -1;
  for (Tensor* p : {&a, &b}) p->set_grad(ones({1}));
  CHECK_SAYS(opt.step(), "SGDOptions: momentum is out of range", "tests/optim/groups.cpp:");
}

TEST_CASE("parameters with names of your own; an empty first group") {
  const Tensor w = leaf(), b = leaf();
  Adam opt(std::vector<nn::NamedParameter>{{"w", w}}, {.lr = 0.5});
  Adam later(std::vector<nn::NamedParameter>{}, {.lr = 0.5});
  later.add_group({{"w", w}}).weight_decay = 0.1;
  later.add_group(std::vector<nn::NamedParameter>{{"b", b}});
  CHECK(later.groups() == 3);
  CHECK(later.lr(2) == 0.5);
  Tensor(w).set_grad(ones({1}));
  later.step();
  CHECK(find(later.state_dict(), "w.exp_avg"));
  SGD none(std::vector<Tensor>{});
  CHECK_SAYS(none.step(), "SGD: there are no parameters to train", "list the members of your modules in fields()");
  CHECK(opt.parameters().size() == 1);
}

TEST_CASE("state of groups made of parts has the names of the whole: another order finds its own momenta") {
  Halves net;
  SGD opt = of_parts(net.left, net.right);
  walk(net);
  opt.step();
  const StateDict state = opt.state_dict();
  CHECK(find(state, "left.weight.momentum_buffer"));
  CHECK(find(state, "right.bias.step"));

  Halves fresh;
  fresh.load_state_dict(net.state_dict());  // its names are known from here on
  SGD swapped = of_parts(fresh.right, fresh.left);
  swapped.load_state_dict(state);
  CHECK(equal(*find(swapped.state_dict(), "left.weight.momentum_buffer"), *find(state, "left.weight.momentum_buffer")));
  for (Halves* p : {&net, &fresh}) {
    p->zero_grad();
    walk(*p);
  }
  opt.step();
  swapped.step();
  CHECK(equal(net.left.weight, fresh.left.weight));
  CHECK(equal(net.right.weight, fresh.right.weight));
}

TEST_CASE("names that only the order of groups tells apart cannot be loaded") {
  Halves net;
  SGD opt = of_parts(net.left, net.right);
  walk(net);
  opt.step();
  Halves unknown;  // neither called nor loaded
  SGD other = of_parts(unknown.right, unknown.left);
  CHECK_SAYS(other.load_state_dict(opt.state_dict()), "load_state_dict: several parameters are called 'weight'",
             "'left.weight', 'right.weight'", "named_parameters(\"part\")", "tests/optim/groups.cpp:");
  SGD one(unknown.left, {.momentum = 0.9});
  CHECK_SAYS(one.load_state_dict(opt.state_dict()), "several parameters are called 'weight'");

  nn::Linear a(2, 2), b(2, 2);
  SGD two = of_parts(a, b);
  for (const Tensor& p : two.parameters()) Tensor(p).set_grad(ones(p.shape()));
  two.step();
  CHECK(find(two.state_dict(), "weight.2.momentum_buffer"));
  CHECK_SAYS(two.load_state_dict(two.state_dict()), "'weight', numbered by the order of the groups");

  SGD named(a.named_parameters("a"), {.momentum = 0.9});
  named.add_group(b.named_parameters("b"));
  named.step();
  CHECK(find(named.state_dict(), "b.weight.momentum_buffer"));
  SGD again(b.named_parameters("b"), {.momentum = 0.9});
  again.add_group(a.named_parameters("a"));
  again.load_state_dict(named.state_dict());
  CHECK(
      equal(*find(again.state_dict(), "a.bias.momentum_buffer"), *find(named.state_dict(), "a.bias.momentum_buffer")));
}

TEST_CASE("the state of one part fits the part alone and the part in its network") {
  Halves net;
  SGD opt(net.right, {.momentum = 0.9});
  walk(net);
  opt.step();
  CHECK(find(opt.state_dict(), "right.weight.step"));
  Halves fresh;
  SGD other(fresh.right, {.momentum = 0.9});
  other.load_state_dict(opt.state_dict());
  CHECK(equal(*find(other.state_dict(), "weight.momentum_buffer"),
              *find(opt.state_dict(), "right.weight.momentum_buffer")));
  opt.load_state_dict(other.state_dict());
}

TEST_CASE("an optimizer that has been moved: schedules follow; the old one has no groups") {
  struct Both {
    SGD opt;
    Scheduler schedule;
  };
  const auto make = [] {
    SGD opt({leaf()}, {.lr = 1});
    Scheduler schedule(opt, StepLR{.step_size = 1, .gamma = 0.5});
    return Both{std::move(opt), std::move(schedule)};
  };
  Both both = make();
  both.schedule.step();
  CHECK(both.opt.lr() == 0.5);

  SGD kept = std::move(both.opt);
  both.schedule.step();
  CHECK(kept.lr() == 0.25);
  CHECK_SAYS(both.opt.lr(), "there is no group 0", "moved from");
  CHECK_SAYS(both.opt.options(), "there is no group 0");
  CHECK_SAYS(both.opt.step(), "there are no parameters to train");
  SGD copy = kept;
  both.schedule.step();
  CHECK(copy.lr() == 0.25);
  CHECK(kept.lr() == 0.125);

  SGD target({leaf()}, {.lr = 3});
  Scheduler lost(target, StepLR{.step_size = 1, .gamma = 0.5});
  target = std::move(kept);
  both.schedule.step();
  CHECK(target.lr() == 0.0625);
  CHECK_SAYS(lost.step(), "Scheduler: the optimizer has ended", "tests/optim/groups.cpp:");

  std::optional<SGD> ended(std::in_place, std::vector{leaf()}, SGDOptions{.lr = 1});
  Scheduler schedule(*ended, StepLR{.step_size = 1});
  ReduceLROnPlateau plateau(*ended);
  ended.reset();
  CHECK_SAYS(schedule.step(), "the optimizer has ended");
  CHECK_SAYS(plateau.step(1), "ReduceLROnPlateau: the optimizer has ended");
  CHECK_SAYS(plateau.state_dict(), "the optimizer has ended");

  AnyOptimizer any(SGD({leaf()}, {.lr = 1}));
  AnyOptimizer taken = std::move(any);
  CHECK_SAYS(any.step([] { return ones({1}); }), "AnyOptimizer: the optimizer has been moved from",
             "tests/optim/groups.cpp:");
  CHECK_SAYS(any.base(), "moved from");
  CHECK(taken.base().lr() == 1);
}

TEST_CASE("several schedules on one optimizer multiply") {
  SGD opt({leaf()}, {.lr = 1});
  Scheduler a(opt, LinearLR{.start_factor = 0.1, .total_iters = 2}), b(opt, ExponentialLR{.gamma = 0.5});
  for (const double wanted : {0.1, 0.275, 0.25, 0.125}) {
    CHECK(opt.lr() == doctest::Approx(wanted).epsilon(1e-12));
    a.step();
    b.step();
  }
  SGD other({leaf()}, {.lr = 1});
  Scheduler a2(other, LinearLR{.start_factor = 0.1, .total_iters = 2}), b2(other, ExponentialLR{.gamma = 0.5});
  a2.load_state_dict(a.state_dict());
  b2.load_state_dict(b.state_dict());
  a.step();
  b.step();
  a2.step();
  b2.step();
  CHECK(other.lr() == doctest::Approx(opt.lr()).epsilon(1e-12));
}

TEST_CASE("warm-up and plateau: a reduction stays") {
  SGD opt({leaf()}, {.lr = 8});
  Scheduler warm_up(opt, LinearLR{.start_factor = 0.25, .total_iters = 3});
  ReduceLROnPlateau plateau(opt, {.factor = 0.5, .patience = 0});
  plateau.step(1);
  plateau.step(1);
  CHECK(opt.lr() == 1);
  for (int i = 0; i < 3; ++i) warm_up.step();
  CHECK(opt.lr() == doctest::Approx(4).epsilon(1e-12));
  plateau.step(2);
  warm_up.step();
  CHECK(opt.lr() == doctest::Approx(2).epsilon(1e-12));
  opt.set_lr(1);
  warm_up.step();
  CHECK(opt.lr() == doctest::Approx(1).epsilon(1e-12));

  SGD from_zero({leaf()}, {.lr = 1});
  Scheduler rises(from_zero, LinearLR{.start_factor = 0, .total_iters = 2});
  from_zero.set_lr(1);
  CHECK_SAYS(rises.step(), "Scheduler: the schedule has set the rate to 0, and it has been changed since",
             "SequentialLR");
}

TEST_CASE("a plateau of negative metrics: the threshold is of their size") {
  SGD opt({leaf()}, {.lr = 1});
  ReduceLROnPlateau falls(opt, {.factor = 0.5, .patience = 0, .threshold = 0.1});
  falls.step(-1);
  falls.step(-1.05);  // not a tenth better
  CHECK(opt.lr() == 0.5);
  falls.step(-1.2);
  CHECK(opt.lr() == 0.5);
  falls.step(-1.1);  // worse
  CHECK(opt.lr() == 0.25);
  SGD up({leaf()}, {.lr = 1});
  ReduceLROnPlateau rises(up, {.mode = PlateauMode::max, .factor = 0.5, .patience = 0, .threshold = 0.1});
  rises.step(-1);
  rises.step(-0.95);
  CHECK(up.lr() == 0.5);
  rises.step(-0.8);
  CHECK(up.lr() == 0.5);
}

TEST_CASE("a loss that is not finite stops optimizers that follow it, before anything changes") {
  const Tensor p = leaf(2);
  const auto loss = [&] { return log(p * -1.0).sum(); };
  Newton newton({p});
  CHECK_SAYS(newton.step(loss), "Newton: the loss is not a finite number", "got:      nan", "tests/optim/groups.cpp:");
  NewtonCG cg({p});
  CHECK_SAYS(cg.step(loss), "NewtonCG: the loss is not a finite number");
  LBFGS lbfgs({p});
  CHECK_SAYS(lbfgs.step([&] {
    Tape tape;
    const Tensor y = loss();
    tape.backward(y);
    return y;
  }),
             "LBFGS: the loss is not a finite number");
  CHECK(p.item() == 2);
  Newton infinite({p});
  CHECK_SAYS(infinite.step([&] { return (sqrt(p - 2.0)).sum(); }), "the gradient or the Hessian has a NaN");
  CHECK(p.item() == 2);
}

TEST_CASE("which optimizers are elementwise") {
  static_assert(is_elementwise<SGD> && is_elementwise<Adam> && is_elementwise<ScheduleFreeAdamW>);
  static_assert(!is_elementwise<LBFGS> && !is_elementwise<Newton> && !is_elementwise<NewtonCG>);
  static_assert(!is_elementwise<Muon>);
}
