// Training on several processes or machines: each rank computes its share of a batch, and all take the same step.
//
//   gradus launch -n 4 -- build/release/examples/example_16_data_parallel
//
// Alone it is a group of one. In deterministic mode the numbers below are the same bits for 1, 2, 4 and 8 ranks: the
// batch is always cut into 8 shards, and their gradients are added in one order.

#include <gradus/dist/dist.hpp>
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

int main() {
  set_deterministic(true);
  manual_seed(1);
  dist::Group group;  // who am I? RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT say it
  const auto digits = data::digits();
  nn::Sequential net{nn::Linear(64, 32), nn::ReLU(), nn::Linear(32, 10)};
  optim::AdamW opt(net, {.lr = 3e-3});
  dist::DataParallel sync(net, group);  // all ranks get the weights of rank 0

  auto batches = dist::batches(digits.train, {.size = 64, .shuffle = true, .seed = 1});  // 64 examples of all ranks
  while (batches.epoch() < 8) {
    double loss = 0;
    for (const dist::Batch& batch : batches) {  // of which each rank reads its share
      loss = sync.backward(batch, [&](const Tensor& x, const Tensor& y) { return cross_entropy(net(x), y); });
      opt.step();
      opt.zero_grad();
    }
    if (group.rank() == 0) std::printf("epoch %lld: loss %.3f\n", static_cast<long long>(batches.epoch()), loss);
  }
  const nn::Evaluating evaluating;
  if (group.rank() == 0) std::printf("good: %s\n", accuracy(net, digits.test) > 0.9 ? "yes" : "no");
}

// Prints:
//   epoch 1: loss 1.952
//   epoch 2: loss 1.419
//   epoch 3: loss 0.870
//   epoch 4: loss 0.459
//   epoch 5: loss 0.470
//   epoch 6: loss 0.496
//   epoch 7: loss 0.196
//   epoch 8: loss 0.307
//   good: yes
