// Starting this command as ranks, and what they tell each other.
#include "train/ranks.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "launch/run.hpp"
#include "train/training.hpp"

namespace gradus::tool {

bool is_rank() { return std::getenv("RANK") != nullptr && std::getenv("WORLD_SIZE") != nullptr; }

Exit launch_this(std::int64_t ranks, const std::vector<std::string>& more) {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  LaunchOptions o{.ranks = ranks, .hosts = {}};
  for (std::string word; std::getline(file, word, '\0');) o.words.push_back(word);
  o.words.insert(o.words.end(), more.begin(), more.end());
  o.words.at(0) = std::filesystem::read_symlink("/proc/self/exe").string();
  return launch(o);
}

void make_follower(TrainOptions& o) {
  o.quiet = true;
  o.summary = false;
  o.save.clear();
  o.log.clear();
  o.tensorboard.clear();
  o.emit.clear();
  o.checkpoint_every = 0;
}

double Ranks::sum(double x) {
  Tensor total = full({1}, x, f64);
  group_.all_reduce(total);
  return total.item();
}

int Ranks::agreed(int signal) {
  Tensor of_all = zeros({static_cast<std::int64_t>(group_.size())}, i64);
  of_all.mutable_data<std::int64_t>()[static_cast<std::size_t>(group_.rank())] = signal;
  group_.all_reduce(of_all);
  const auto signals = of_all.data<std::int64_t>();
  return static_cast<int>(*std::max_element(signals.begin(), signals.end()));
}

}  // namespace gradus::tool
