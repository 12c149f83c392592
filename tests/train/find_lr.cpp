// find_lr(): it leaves no trace, and finds a rate that trains.
#include <gradus/gradus.hpp>

#include <algorithm>
#include <cmath>

#include "support.hpp"

using namespace gradus;

namespace {

const auto loss_of = [](const Tensor& output, const Tensor& y) { return cross_entropy(output, y); };

StateDict copy_of(const StateDict& state) {
  StateDict copy;
  for (const auto& [name, tensor] : state) copy.emplace_back(name, tensor.detach().clone());
  return copy;
}

bool same(const StateDict& a, const StateDict& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!equal(a[i].second, b[i].second)) return false;
  }
  return true;
}

// w² x
struct Bowl : nn::Module<Bowl> {
  Parameter w{tensor({1, 1}, f64)};
  Tensor forward(const Tensor& x) const { return square(w) * x; }
  void fields(auto& v) { v("w", w); }
};

}  // namespace

TEST_CASE("find_lr: network, optimizer, gradients, random numbers and batches are as before") {
  const auto train = data::digits().train.slice(0, 256);
  manual_seed(1);
  nn::Sequential net{nn::Linear(64, 16), nn::BatchNorm1d(16), nn::Dropout(0.5), nn::ReLU(), nn::Linear(16, 10)};
  optim::AdamW opt(net, {.lr = 1e-2});
  const auto batches = data::batches(train, {.size = 32, .shuffle = true});
  const auto seeded = data::batches(train, {.size = 32, .shuffle = true, .seed = 4});
  train::fit(net, opt, batches, loss_of);  // a state that is worth keeping
  {
    Tape tape;
    tape.backward(cross_entropy(net(train.x), train.y));
  }
  const Tensor gradient = net.parameters()[0].grad().clone();
  const StateDict weights = copy_of(net.state_dict());
  const StateDict state = copy_of(opt.state_dict());
  const auto counter = default_generator().counter();

  const auto found = train::find_lr(net, opt, seeded, loss_of, {.steps = 30});
  CHECK(found.lr.size() > 10);
  CHECK(same(net.state_dict(), weights));
  CHECK(same(opt.state_dict(), state));
  CHECK(equal(net.parameters()[0].grad(), gradient));
  CHECK(default_generator().counter() == counter);
  CHECK(opt.lr() == 1e-2);
  const auto fresh = data::batches(train, {.size = 32, .shuffle = true, .seed = 4});
  CHECK(equal((*seeded.begin()).x, (*fresh.begin()).x));  // the first epoch is still to come

  const auto fails = [&](nn::Sequential& n, const data::Dataset& b) -> Tensor {
    if (default_generator().counter() > counter + 2000) throw 1;
    return cross_entropy(n(b.x), b.y);
  };
  CHECK_THROWS_AS(train::find_lr(net, opt, batches, fails, {.curvature = false}), int);
  CHECK(same(net.state_dict(), weights));
  CHECK(default_generator().counter() == counter);
}

TEST_CASE("find_lr: of a quadratic, the limit is 2/λmax and the suggestion is below it") {
  Bowl bowl;
  optim::SGD opt(bowl, {.lr = 1});
  const std::vector<Tensor> batches{tensor({0.5, 2}, f64)};  // λ = 1 and 4
  const auto found = train::find_lr(bowl, opt, batches, [](Bowl& net, const Tensor& x) { return net(x).sum(); });
  CHECK(found.limit == doctest::Approx(0.5).epsilon(0.02));
  CHECK(found.suggested > 0.01);
  CHECK(found.suggested < 0.5);
  CHECK(found.lr.size() == found.loss.size());
  CHECK(found.lr.back() < 10);  // it ended when the loss rose
  CHECK_PARTS(found.text(), "suggested", "tried", "2/λmax     0.5", "█");
}

TEST_CASE("find_lr: the trials take the best of the rates below the curve's lowest") {
  Bowl bowl;
  optim::SGD opt(bowl, {.lr = 1});
  const std::vector<Tensor> batches{tensor({1}, f64)};  // λ = 2: the rate 0.5 is Newton's, 1 cycles
  const auto loss = [](Bowl& net, const Tensor& x) { return net(x).sum(); };
  const auto found = train::find_lr(bowl, opt, batches, loss, {.trial_steps = 20});
  REQUIRE(found.tried.size() == found.tried_loss.size());
  REQUIRE(found.tried.size() >= 3);
  CHECK(found.tried[0] == found.lowest);
  for (std::size_t i = 0; i < found.tried.size(); ++i) {
    // w shrinks by 1 - 2 lr in each step; the loss is twice its square.
    double mean = 0;
    for (int step = 16; step < 20; ++step) mean += 2 * std::pow(1 - 2 * found.tried[i], 2 * step) / 4;
    if (found.tried[i] < 1) CHECK(found.tried_loss[i] == doctest::Approx(mean));
    const auto best = std::min_element(found.tried_loss.begin(), found.tried_loss.end());
    CHECK(found.suggested == found.tried[static_cast<std::size_t>(best - found.tried_loss.begin())]);
  }
  CHECK(bowl.w.to_vector() == std::vector<double>{1, 1});
  const auto curve = train::find_lr(bowl, opt, batches, loss, {.trial_steps = 0});
  CHECK(curve.tried.empty());
  CHECK(curve.lowest == found.lowest);
}

TEST_CASE("find_lr: what it refuses") {
  manual_seed(1);
  nn::Sequential net{nn::Linear(64, 10)};
  optim::SGD opt(net, {.lr = 0.1});
  const auto batches = data::batches(data::digits().test);
  CHECK_SAYS(train::find_lr(net, opt, batches, loss_of, {.min_lr = 0}), "out of range", "find_lr.cpp");
  CHECK_SAYS(train::find_lr(net, opt, batches, loss_of, {.min_lr = 1, .max_lr = 0.1}), "out of range");
  CHECK_SAYS(train::find_lr(net, opt, batches, loss_of, {.trial_steps = 4}), "out of range", "trial_steps 0 or 5");
  const auto bad = [](const Tensor& out, const Tensor&) { return out.sum() * NAN; };
  CHECK_SAYS(train::find_lr(net, opt, batches, bad, {.curvature = false}), "not finite from the start");
}
