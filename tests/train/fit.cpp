// fit(): the same bits as the loop by hand, and each option against what it stands for.
#include <gradus/gradus.hpp>

#include <cmath>

#include <atomic>

#include "support.hpp"

using namespace gradus;
using support::contains;
using train::Ended;

namespace {

struct Task {
  data::Dataset train, test;
};

Task task() {
  manual_seed(3);
  Tensor x = randn({96, 4});
  Tensor y = argmax(x, 1).clone();
  return {{x.clone(), y.clone()}, {x.clone(), y.clone()}};
}

nn::Sequential small_net() {
  manual_seed(1);
  return nn::Sequential{nn::Linear(4, 8), nn::ReLU(), nn::Linear(8, 4)};
}

const auto loss_of = [](const Tensor& output, const Tensor& y) { return cross_entropy(output, y); };

bool same(const StateDict& a, const StateDict& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!equal(a[i].second, b[i].second)) return false;
  }
  return true;
}

StateDict copy_of(const nn::Sequential& net) {
  StateDict copy;
  for (const auto& [name, tensor] : net.state_dict()) copy.emplace_back(name, tensor.detach().clone());
  return copy;
}

}  // namespace

TEST_CASE("fit: the loop by hand gives the same bits") {
  const Task t = task();
  nn::Sequential by_hand = small_net();
  nn::Sequential fitted = small_net();
  optim::AdamW opt(by_hand, {.lr = 1e-2});
  optim::AdamW other(fitted, {.lr = 1e-2});
  optim::Scheduler schedule(opt, optim::CosineAnnealingLR{.T_max = 30});
  manual_seed(7);
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (auto [x, y] : data::batches(t.train, {.size = 10, .shuffle = true})) {
      Tape tape;
      Tensor loss = cross_entropy(by_hand(x), y);
      tape.backward(loss);
      optim::clip_grad_norm(by_hand, 0.5);
      opt.step();
      opt.zero_grad();
      schedule.step();
    }
  }
  manual_seed(7);
  train::Monitor mon(fitted, other, {.every = 3});
  const auto result = train::fit(fitted, other, data::batches(t.train, {.size = 10, .shuffle = true}), loss_of,
                                 {.epochs = 3,
                                  .validation = t.test,
                                  .schedule = optim::CosineAnnealingLR{.T_max = 30},
                                  .clip_norm = 0.5,
                                  .monitor = &mon});
  CHECK(same(by_hand.state_dict(), fitted.state_dict()));
  CHECK(same(opt.state_dict(), other.state_dict()));
  CHECK(result.steps == 30);
  CHECK(result.ended == Ended::epochs);
  REQUIRE(result.history.size() == 3);
  CHECK(result.history[2].items == 96);
  CHECK(train::find(result.history[2].metrics, "val_accuracy") == accuracy(fitted, t.test));
  CHECK(train::find(result.history[2].metrics, "val_loss") ==
        doctest::Approx(cross_entropy(fitted(t.test.x), t.test.y).item()));
  CHECK(mon.last_step().step == 30);
}

TEST_CASE("fit: batches that are gathered are one large batch, also the last and smaller ones") {
  const Task t = task();
  nn::Sequential large = small_net();
  nn::Sequential gathered = small_net();
  large.to(f64);
  gathered.to(f64);
  optim::SGD opt(large, {.lr = 0.1, .momentum = 0.9});
  optim::SGD other(gathered, {.lr = 0.1, .momentum = 0.9});
  const data::Dataset odd{t.train.x.to(f64), t.train.y};
  const data::Dataset part = odd.slice(0, 41);  // 30 and 11 examples; 10, 10, 10; 10, 1
  CHECK(train::fit(large, opt, data::batches(part, {.size = 30}), loss_of, {.epochs = 2}).steps == 4);
  CHECK(train::fit(gathered, other, data::batches(part, {.size = 10}), loss_of, {.epochs = 2, .accumulate = 3}).steps ==
        4);
  const StateDict a = large.state_dict();
  const StateDict b = gathered.state_dict();
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(allclose(a[i].second, b[i].second, 1e-10, 1e-12));
}

TEST_CASE("fit: the best weights come back, whatever ended the run") {
  const Task t = task();
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 0.5});
  std::vector<StateDict> states;
  std::vector<double> values;
  const double course[] = {5, 3, 1, 2, 4};
  const auto result =
      train::fit(net, opt, data::batches(t.train, {.size = 32}), loss_of,
                 {.epochs = 5, .watch = "mine", .restore_best_weights = true, .after_epoch = [&](train::FitState& fit) {
                    states.push_back(copy_of(net));
                    fit.history.back().metrics.emplace_back("mine", course[fit.epoch - 1]);
                  }});
  CHECK(result.ended == Ended::epochs);
  CHECK(result.best_epoch == 3);
  CHECK(result.best == 1);
  CHECK(same(net.state_dict(), states[2]));
  CHECK(!same(net.state_dict(), states[4]));
}

TEST_CASE("fit: patience") {
  const Task t = task();
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 0.1});
  const double course[] = {0.5, 0.7, 0.69, 0.705, 0.6, 0.9};
  const auto result = train::fit(net, opt, data::batches(t.train), loss_of,
                                 {.epochs = 6,
                                  .watch = "mine",
                                  .mode = optim::PlateauMode::max,
                                  .min_delta = 0.01,
                                  .patience = 3,
                                  .after_epoch = [&](train::FitState& fit) {
                                    fit.history.back().metrics.emplace_back("mine", course[fit.epoch - 1]);
                                  }});
  CHECK(result.ended == Ended::patience);
  CHECK(result.history.size() == 5);
  CHECK(result.best_epoch == 2);
  CHECK(contains(result.reason, "mine was not better for 3 epochs"));
}

TEST_CASE("fit: averages of weights are validated and left in the network") {
  const Task t = task();
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 0.1});
  std::vector<Tensor> averages;
  for (const Tensor& p : net.parameters()) averages.push_back(p.detach().clone());
  std::vector<Tensor> seen;
  train::fit(net, opt, data::batches(t.train), loss_of,
             {.epochs = 2,
              .ema = 0.9,
              .after_step =
                  [&](train::FitState&) {
                    for (std::size_t i = 0; i < averages.size(); ++i)
                      averages[i] = 0.9 * averages[i] + 0.1 * net.parameters()[i].detach();
                  },
              .after_epoch = [&](train::FitState&) { seen.push_back(net.parameters()[0].detach().clone()); }});
  for (std::size_t i = 0; i < averages.size(); ++i)
    CHECK(allclose(net.parameters()[i].detach(), averages[i], 1e-5, 1e-6));
  CHECK(equal(seen.back(), net.parameters()[0].detach()));
}

TEST_CASE("fit: a schedule-free optimizer is validated where it has learned, and trains on to the same bits") {
  const Task t = task();
  nn::Sequential by_hand = small_net();
  nn::Sequential fitted = small_net();
  optim::ScheduleFreeAdamW opt(by_hand, {.lr = 5e-2});
  optim::ScheduleFreeAdamW other(fitted, {.lr = 5e-2});
  const auto batches = [&] { return data::batches(t.train, {.size = 10, .shuffle = true}); };
  manual_seed(7);
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (auto [x, y] : batches()) {
      Tape tape;
      tape.backward(cross_entropy(by_hand(x), y));
      opt.step();
      opt.zero_grad();
    }
  }
  manual_seed(7);
  const auto result = train::fit(fitted, other, batches(), loss_of, {.epochs = 3, .validation = t.test});
  CHECK(same(by_hand.state_dict(), fitted.state_dict()));
  const double between = loss_of(by_hand(t.test.x), t.test.y).item();
  opt.eval();
  const double learned = loss_of(by_hand(t.test.x), t.test.y).item();
  const double measured = train::find(result.history.back().metrics, "val_loss");
  CHECK(std::abs(measured - learned) < 1e-6);
  CHECK(std::abs(measured - between) > 1e-4);
}

TEST_CASE("fit: what ends a run early") {
  const Task t = task();
  const auto run = [&](const train::FitOptions& options) {
    nn::Sequential net = small_net();
    optim::SGD opt(net, {.lr = 0.1});
    return train::fit(net, opt, data::batches(t.train, {.size = 8}), loss_of, options);
  };
  std::atomic<bool> stop = false;
  CHECK(run({.epochs = 1000000, .time_budget = 0.05}).ended == Ended::time_budget);
  const auto flagged = run({.epochs = 5, .stop = &stop, .after_step = [&](train::FitState& fit) {
                              if (fit.step == 15) stop = true;
                            }});
  CHECK(flagged.ended == Ended::stop_flag);
  CHECK(flagged.steps == 15);
  CHECK(flagged.history.size() == 2);  // the second one in part
  const auto called = run({.epochs = 5, .after_epoch = [](train::FitState& fit) {
                             if (fit.epoch == 2) fit.stop_reason = "enough";
                           }});
  CHECK(called.ended == Ended::callback);
  CHECK(called.reason == "enough");
  CHECK(called.history.size() == 2);
  CHECK(run({.epochs = 0}).history.empty());
}

TEST_CASE("fit: a loss that is not finite ends the run before it reaches the weights") {
  Task t = task();
  t.train.x.set({90, 1}, NAN);
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 0.1});
  const auto result = train::fit(net, opt, data::batches(t.train, {.size = 8}), loss_of, {.epochs = 3});
  CHECK(result.ended == Ended::nonfinite_loss);
  CHECK_PARTS(result.reason, "nan in epoch 1, batch 12", "smaller rate");
  CHECK(result.steps == 11);
  for (const Tensor& p : net.parameters()) CHECK(std::isfinite(p.detach().sum().item()));
}

TEST_CASE("fit: a loss of the network and the batch, pairs, and an optimizer of any type") {
  const Task t = task();
  nn::Sequential net = small_net();
  optim::AnyOptimizer opt(optim::LBFGS(net, {.max_iter = 5}));
  const std::vector<std::pair<Tensor, Tensor>> batches{{t.train.x, t.train.y}};
  const auto first = train::fit(net, opt, batches, loss_of, {.epochs = 5});
  CHECK(first.history[4].loss < first.history[0].loss);
  CHECK(first.history[0].accuracy == first.history[0].accuracy);

  nn::Sequential other = small_net();
  optim::SGD sgd(other, {.lr = 0.1});
  const std::vector<Tensor> inputs{t.train.x, t.train.x};
  const auto reconstruct = [](nn::Sequential& n, const Tensor& x) { return square(n(x) - x).mean(); };
  const auto second = train::fit(other, sgd, inputs, reconstruct, {.epochs = 3});
  CHECK(second.steps == 6);
  CHECK(second.history[2].loss < second.history[0].loss);
}

TEST_CASE("fit: metrics of the user, and a schedule by epochs") {
  const Task t = task();
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 0.1});
  const auto result = train::fit(
      net, opt, data::batches(t.train, {.size = 32}), loss_of,
      {.epochs = 3,
       .validation = t.test,
       .validation_batch = 7,
       .metrics = {{"error", [](const Tensor& out,
                                const Tensor& y) { return 1 - eq(argmax(out, 1), y).to(f64).mean().item(); }}},
       .schedule = optim::ExponentialLR{.gamma = 0.5},
       .schedule_per = train::Per::epoch});
  for (const auto& epoch : result.history)
    CHECK(train::find(epoch.metrics, "val_error") == doctest::Approx(1 - train::find(epoch.metrics, "val_accuracy")));
  CHECK(result.history[0].lr == 0.1);
  CHECK(result.history[2].lr == doctest::Approx(0.025));
}

TEST_CASE("fit: a scheduler of the user goes on, and can be kept") {
  const Task t = task();
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 0.1});
  optim::Scheduler schedule(opt, optim::ExponentialLR{.gamma = 0.5});
  train::fit(net, opt, data::batches(t.train, {.size = 48}), loss_of, {.epochs = 2, .scheduler = &schedule});
  CHECK(schedule.count() == 4);
  CHECK(opt.lr() == doctest::Approx(0.1 / 16));
  CHECK_SAYS(train::fit(net, opt, data::batches(t.train), loss_of,
                        {.schedule = optim::ExponentialLR{.gamma = 0.5}, .scheduler = &schedule}),
             "two schedules");
}

TEST_CASE("fit: what it refuses") {
  const Task t = task();
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 0.1});
  const auto run = [&](const train::FitOptions& options) {
    train::fit(net, opt, data::batches(t.train), loss_of, options);
  };
  CHECK_SAYS(run({.epochs = -1}), "fit: epochs is out of range", "fit.cpp");
  CHECK_SAYS(run({.accumulate = 0}), "accumulate");
  CHECK_SAYS(run({.ema = 1}), "ema");
  CHECK_SAYS(run({.metrics = {{"x", {}}}}), "validation");
  CHECK_SAYS(run({.watch = "val_lss"}), "not measured", "val_lss", "loss, accuracy");
  const std::vector<data::Dataset> none;
  CHECK_SAYS(train::fit(net, opt, none, loss_of), "no batch");
  optim::AnyOptimizer any(optim::SGD(net, {.lr = 0.1}));
  CHECK_SAYS(train::fit(net, any, data::batches(t.train), loss_of, {.accumulate = 2}), "one walk");
}
