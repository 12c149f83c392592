// A training in ten lines: fit() with validation, early stopping and the best weights kept; then a rate that was
// found, and the first epoch of it in a loop by hand with a monitor.
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

nn::Sequential make_net() {
  manual_seed(1);
  return nn::Sequential{nn::Linear(64, 64), nn::ReLU(), nn::Linear(64, 10)};
}

int main() {
  const auto [train, test] = data::digits();
  const auto batches = data::batches(train, {.size = 32, .shuffle = true, .seed = 1});
  const auto loss = [](const Tensor& out, const Tensor& y) { return cross_entropy(out, y); };

  nn::Sequential net = make_net();
  optim::AdamW opt(net, {.lr = 1e-3});
  const auto found = train::find_lr(net, opt, batches, loss);
  std::printf("a rate between 1e-4 and 1e-1 is suggested: %s\n",
              found.suggested > 1e-4 && found.suggested < 1e-1 ? "yes" : "no");

  const auto run = train::fit(net, opt, batches, loss,
                              {.epochs = 40,
                               .validation = test,
                               .schedule = optim::CosineAnnealingLR{.T_max = 40},
                               .schedule_per = train::Per::epoch,
                               .watch = "val_accuracy",
                               .mode = optim::PlateauMode::max,
                               .patience = 10,
                               .restore_best_weights = true});
  std::printf("the best epoch had more than 95 %% right: %s\n", run.best > 0.95 ? "yes" : "no");
  std::printf("the network is that of the best epoch: %s\n", accuracy(net, test) == run.best ? "yes" : "no");

  nn::Sequential again = make_net();
  optim::AdamW other(again, {.lr = 1e-3});
  train::Monitor mon(again, other, {.every = 10});  // .log = "run.jsonl" would write, .live = stdout show
  for (auto [x, y] : data::batches(train, {.size = 32, .shuffle = true, .seed = 1})) {
    Tape tape;
    const Tensor out = again(x);
    const Tensor l = cross_entropy(out, y);
    tape.backward(l);
    other.step();
    mon.step(l, {.output = out, .target = y});
    other.zero_grad();
  }
  const auto& report = mon.end_epoch({{"val_accuracy", accuracy(again, test)}});
  std::printf("the first epoch by hand: loss %.2f, in fit %.2f\n", report.loss, run.history[0].loss);
  std::printf("a step moves the weights by %.1f %%\n", 100 * mon.last_sample().update_ratio);
}

// Prints:
// a rate between 1e-4 and 1e-1 is suggested: yes
// the best epoch had more than 95 % right: yes
// the network is that of the best epoch: yes
// the first epoch by hand: loss 2.18, in fit 2.18
// a step moves the weights by 0.6 %
