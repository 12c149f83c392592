// Saving and loading the same tensors as safetensors and as .npz, in turns: npz [MEGABYTES] [ROUNDS] [FOLDER]
#include <gradus/gradus.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "bench/clock.hpp"

using namespace gradus;

int main(int argc, char** argv) {
  const long megabytes = argc > 1 ? std::atol(argv[1]) : 400;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 7;
  const std::string folder = argc > 3 ? argv[3] : ".";
  constexpr int tensors = 50;
  manual_seed(1);
  StateDict state;
  for (int i = 0; i < tensors; ++i)
    state.emplace_back("layer." + std::to_string(i), randn({megabytes * 1'000'000 / tensors / 1000 / 4, 1000}));
  const std::string names[2] = {folder + "/bench.safetensors", folder + "/bench.npz"};
  std::vector<double> saves[2], loads[2];
  for (int round = -1; round < rounds; ++round) {  // the first round only warms
    for (const int npz : {0, 1}) {
      const double save = bench::seconds_of([&] { npz ? io::save_npz(names[1], state) : io::save(names[0], state); });
      const double load = bench::seconds_of([&] { (void)(npz ? io::load_npz(names[1]) : io::load(names[0])); });
      if (round < 0) continue;
      saves[npz].push_back(save);
      loads[npz].push_back(load);
    }
  }
  for (const std::string& name : names) std::filesystem::remove(name);
  const auto report = [&](const char* what, const std::vector<double>(&times)[2]) {
    const double a = bench::median(times[0]), b = bench::median(times[1]);
    std::printf("%s: safetensors %.3f s, npz %.3f s, ratio %.2f\n", what, a, b, b / a);
  };
  std::printf("%ld MB in %d tensors, medians of %d\n", megabytes, tensors, rounds);
  report("save", saves);
  report("load", loads);
}
