// Small trainings of every kind, which the tests stop and let go on.
#pragma once

#include <bit>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gradus/gradus.hpp>

namespace trainings {

using namespace gradus;

// The last output of a GRU.
struct LastOutput : nn::Module<LastOutput> {
  nn::GRU gru{4, 5, {.batch_first = true}};
  Tensor forward(Arg x) const { return select(gru(x).y, 1, -1); }
  void fields(auto& v) { v("gru", gru); }
};

// What a kind of training is made of.
struct Kind {
  std::string name;
  std::function<nn::Sequential()> net;
  std::function<optim::AnyOptimizer(nn::Sequential&)> opt;
  Shape input{6};
  std::int64_t batch = 8;
  bool plateau = false, warmup = false;
};

// One run: all that its loop uses, and the loop. 37 examples, so that the last batch of an epoch is small.
struct Training {
  Training(const Kind& k, const std::string& dir, std::int64_t every)
      : kind(k),
        net((manual_seed(5), k.net())),
        opt(k.opt(net)),
        schedule(opt.base(), k.warmup ? optim::Schedule(optim::LinearLR{.total_iters = 7})
                                      : optim::Schedule(optim::CosineAnnealingLR{.T_max = 50})),
        plateau(opt.base(), {.patience = 0, .threshold = 0.5}),
        batches(data::batches(examples(k), {.size = k.batch, .shuffle = true})),
        checkpoint(net, opt, schedule, batches, {.dir = dir, .every = every, .keep = 2}) {
    checkpoint.add("plateau", plateau);
    checkpoint.add("sum", sum);
  }

  static data::Dataset examples(const Kind& k) {
    Shape shape = k.input;
    shape.insert(0, 37);
    const std::uint64_t seed = default_generator().seed(), counter = default_generator().counter();
    manual_seed(77);
    data::Dataset set{randn(shape), randint(0, 3, {37})};
    default_generator().reset(seed, counter);
    return set;
  }

  // Until the step is done. Losses are bits, by their step.
  void run(std::int64_t until, const std::function<void(std::int64_t)>& after = {}) {
    while (checkpoint.count() < until) {
      for (auto [x, y] : batches) {
        step(x + 0.1 * randn(x.shape()), y);
        if (after) after(checkpoint.count());
        if (checkpoint.count() == until) return;
      }
      if (kind.plateau) plateau.step(sum);
      checkpoint.best(sum);
      epochs.push_back(sum);
      sum = 0;
    }
  }

  void step(const Tensor& x, const Tensor& y) {
    const double loss = opt.step([&] { return cross_entropy(net(x), y); });
    schedule.step();
    sum += loss;
    losses.push_back(loss);
    checkpoint.step();
  }

  Kind kind;
  nn::Sequential net;
  optim::AnyOptimizer opt;
  optim::Scheduler schedule;
  optim::ReduceLROnPlateau plateau;
  data::Batches batches;
  double sum = 0;  // of the losses of this epoch
  std::vector<double> losses, epochs;
  train::Checkpointer checkpoint;
};

inline nn::Sequential mlp() { return nn::Sequential(nn::Linear(6, 8), nn::Tanh(), nn::Dropout(0.3), nn::Linear(8, 3)); }
inline nn::Sequential batch_norm() {
  return nn::Sequential(nn::Linear(6, 8), nn::BatchNorm1d(8), nn::ReLU(), nn::Dropout(0.2), nn::Linear(8, 3));
}
inline nn::Sequential gru() { return nn::Sequential(LastOutput(), nn::Linear(5, 3)); }

template <class Optimizer, class Options>
auto with(Options options) {
  return [options](nn::Sequential& net) { return optim::AnyOptimizer(Optimizer(net, options)); };
}

// The six of the promise first.
inline std::vector<Kind> kinds() {
  using namespace optim;
  return {
      {"SGD", mlp, with<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true})},
      {"AdamW", mlp, with<AdamW>(AdamWOptions{.lr = 0.01})},
      {"Muon", mlp, with<Muon>(MuonOptions{}), {6}, 8, true},
      {"schedule-free", mlp, with<ScheduleFreeAdamW>(ScheduleFreeAdamWOptions{.lr = 0.01, .warmup_steps = 9})},
      {"GRU", gru, with<AdamW>(AdamWOptions{.lr = 0.01}), {7, 4}},
      {"batch norm", batch_norm, with<SGD>(SGDOptions{.lr = 0.1}), {6}, 8, true, true},
      {"Adam", mlp, with<Adam>(AdamOptions{.lr = 0.01, .amsgrad = true}), {6}, 8, true, true},
      {"NAdam", mlp, with<NAdam>(NAdamOptions{})},
      {"RAdam", mlp, with<RAdam>(RAdamOptions{.lr = 0.01})},
      {"Adamax", mlp, with<Adamax>(AdamaxOptions{})},
      {"Adagrad", mlp, with<Adagrad>(AdagradOptions{.lr = 0.01, .lr_decay = 0.01})},
      {"Adadelta", mlp, with<Adadelta>(AdadeltaOptions{})},
      {"ASGD", mlp, with<ASGD>(ASGDOptions{.lr = 0.01})},
      {"RMSprop", mlp, with<RMSprop>(RMSpropOptions{.lr = 0.01, .momentum = 0.5, .centered = true})},
      {"Rprop", mlp, with<Rprop>(RpropOptions{.lr = 0.01})},
      {"Lion", mlp, with<Lion>(LionOptions{.lr = 1e-3})},
      {"LBFGS", batch_norm, with<LBFGS>(LBFGSOptions{.max_iter = 3, .history_size = 4}), {6}, 0},
      {"NewtonCG", mlp, with<NewtonCG>(NewtonCGOptions{.cg_iter = 4}), {6}, 0},
  };
}

}  // namespace trainings
