// A training that is stopped in the middle of an epoch, and goes on as if it had not been: to the same bits.
//
// The first run ends after 60 steps, which a power cut would do as well. The second is a new process in all but name:
// new network, new optimizer, another random state. It loads the newest checkpoint and does the other steps.

#include <gradus/gradus.hpp>

#include <cstdio>
#include <filesystem>

using namespace gradus;

namespace {

const std::string folder = std::filesystem::temp_directory_path() / "gradus_example_resume";

// Trains up to that step, and gives the weights.
Tensor train_until(std::int64_t last, const std::string& dir, std::uint64_t seed) {
  manual_seed(seed);
  nn::Sequential net{nn::Linear(64, 32), nn::ReLU(), nn::Dropout(0.2), nn::Linear(32, 10)};
  optim::AdamW opt(net, {.lr = 1e-3});
  optim::Scheduler schedule(opt, optim::CosineAnnealingLR{.T_max = 90});
  auto batches = data::batches(data::digits().train, {.size = 32, .shuffle = true});  // 45 in an epoch

  train::Checkpointer checkpoint(net, opt, schedule, batches, {.dir = dir, .every = 25, .keep = 2});
  const auto resumed = checkpoint.resume();
  std::printf("from step %lld to %lld\n", static_cast<long long>(resumed.step), static_cast<long long>(last));
  while (batches.epoch() < 2) {
    for (auto [x, y] : batches) {
      opt.zero_grad();
      Tape tape;
      tape.backward(cross_entropy(net(x), y));
      opt.step();
      schedule.step();
      checkpoint.step();
      if (checkpoint.count() == last) return net.parameters()[0].detach().clone();
    }
  }
  return {};
}

}  // namespace

int main() {
  std::filesystem::remove_all(folder);
  const Tensor unbroken = train_until(90, folder + "/unbroken", 1);
  train_until(60, folder + "/stopped", 1);
  const Tensor gone_on = train_until(90, folder + "/stopped", 2);
  std::printf("the same bits: %s\n", equal(gone_on, unbroken) ? "yes" : "no");
  for (const auto& [key, value] : io::metadata(folder + "/stopped/step-000000075.safetensors"))
    if (key == "gradus.checkpoint") std::printf("a safetensors file, version %s\n", value.c_str());
  std::filesystem::remove_all(folder);
}

// Prints:
//   from step 0 to 90
//   from step 0 to 60
//   from step 50 to 90
//   the same bits: yes
//   a safetensors file, version 1
