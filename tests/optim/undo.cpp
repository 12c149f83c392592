// A step that throws has changed nothing, and the next one goes on as if it had not been tried.
#include <stdexcept>

#include <gradus/nn/nn.hpp>
#include <gradus/observe.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/optim.hpp>

#include "support.hpp"

using namespace gradus;
using namespace gradus::optim;

namespace {

struct MomentumOptions {
  double lr = 0.1;
};
// Momentum, which can be told to fail at its n-th update from now.
struct Failing : Optimizer<MomentumOptions> {
  using Optimizer::Optimizer;
  int fails_in = 0;

  void init(State& s, const Tensor& p, const MomentumOptions&) override { s.add("momentum", zeros_like(p)); }
  void update(Tensor& p, const Tensor& g, State& s, const MomentumOptions& o) override {
    s[0] = s[0] * 0.9 + g;
    s.at("late", p).add_(g);
    p.add_(s[0], -o.lr);
    if (fails_in > 0 && --fails_in == 0) throw std::runtime_error("no more");
  }
};

struct FailingObserver : Observer {
  int fails_in = 0;
  void on_step(const StepEvent&) override {
    if (--fails_in == 0) throw std::runtime_error("the disk is full");
  }
};

struct Walked {
  nn::Linear net{3, 2};
  void walk() {
    net.zero_grad();
    Tape tape;
    tape.backward(sum(square(net(ones({4, 3})))));
  }
};

void check_same(const StateDict& a, const StateDict& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].first == b[i].first);
    CHECK(equal(a[i].second, b[i].second));
  }
}

template <class Opt>
void check_same(const Walked& a, const Opt& of_a, const Walked& b, const Opt& of_b) {
  check_same(a.net.state_dict(), b.net.state_dict());
  check_same(of_a.state_dict(), of_b.state_dict());
}

}  // namespace

TEST_CASE("undo: an update that throws, at any parameter of any step") {
  for (int steps = 0; steps < 2; ++steps) {
    for (int fails_in = 1; fails_in <= 2; ++fails_in) {
      CAPTURE(steps);
      CAPTURE(fails_in);
      Walked tried;
      Walked plain{tried.net};
      Failing opt(tried.net), of_plain(plain.net);
      for (int i = 0; i < steps; ++i) {
        tried.walk();
        opt.step();
        plain.walk();
        of_plain.step();
      }
      tried.walk();
      opt.fails_in = fails_in;
      CHECK_THROWS_AS(opt.step(), std::runtime_error);
      check_same(tried, opt, plain, of_plain);
      opt.step();
      plain.walk();
      of_plain.step();
      check_same(tried, opt, plain, of_plain);
    }
  }
}

TEST_CASE("undo: an observer that throws") {
  Walked tried;
  const Walked plain{tried.net};
  SGD opt(tried.net, {.lr = 0.1, .momentum = 0.9});
  const SGD of_plain(plain.net, {.lr = 0.1, .momentum = 0.9});
  tried.walk();
  for (const int fails_in : {2, 3, 4}) {
    CAPTURE(fails_in);
    FailingObserver observer;
    observer.fails_in = fails_in;
    const Observing watch(observer);
    CHECK_THROWS(opt.step());
    check_same(tried, opt, plain, of_plain);
  }
}

TEST_CASE("undo: what a tape has saved of a parameter is right again") {
  Walked tried;
  Failing opt(tried.net);
  tried.walk();
  Tape tape;
  const Tensor y = sum(square(tried.net(ones({4, 3}).requires_grad_())));
  opt.fails_in = 2;
  CHECK_THROWS_AS(opt.step(), std::runtime_error);
  CHECK_NOTHROW(tape.backward(y));
}
