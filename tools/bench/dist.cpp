// What training by several ranks costs. Run it by tools/bench/cluster, or as ranks: gradus launch -n 2 -- bench_dist
// ring.
//
//   bench_dist ring [MB]      sums of one bucket by the ring: seconds, and the share of the line's rate, if LINE_MBIT
//   is set bench_dist tree [MB]      the same in the fixed order of deterministic mode bench_dist hidden         how
//   much of the communication disappears behind the walk bench_dist train [STEPS]  samples per second of a network of
//   W3's size, 64 samples for each rank
#include <gradus/dist/dist.hpp>
#include <gradus/gradus.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "dist/link.hpp"
#include "dist/tree.hpp"

using namespace gradus;

namespace {

double wall() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// The slowest rank's seconds, since each step waits for all.
double slowest(dist::Group& group, double seconds) {
  double worst = 0;
  for (const std::string& text : group.all_gather(std::to_string(seconds))) worst = std::max(worst, std::stod(text));
  return worst;
}

int sums(dist::Group& group, bool tree, double megabytes) {
  const auto count = static_cast<std::int64_t>(megabytes * 1e6 / 4);
  const Tensor x = zeros({count});
  std::vector<char> scratch;
  std::vector<double> times;
  for (int i = 0; i < 7; ++i) {
    group.barrier();
    const double begin = wall();
    group.link().run("bench", Loc::current(), [&](dist::Engine& e) {
      auto* numbers = const_cast<float*>(x.data<float>().data());
      if (tree)
        dist::tree_sum(e, group.rank(), group.size(), numbers, f32, static_cast<std::size_t>(count), scratch);
      else
        e.sum(numbers, f32, static_cast<std::size_t>(count));
    });
    times.push_back(slowest(group, wall() - begin));
  }
  if (group.rank() != 0) return 0;
  const double seconds = median(times);
  const double sent = 2.0 * (group.size() - 1) / group.size() * megabytes * 1e6;  // bytes that each rank sends
  std::printf("%s of %g MB, %d ranks: %.1f ms, %.0f Mbit/s", tree ? "tree" : "ring", megabytes, group.size(),
              seconds * 1e3, sent * 8 / seconds / 1e6);
  if (const char* line = std::getenv("LINE_MBIT"))
    std::printf(", %.1f %% of the line", 100 * sent * 8 / seconds / 1e6 / std::stod(line));
  std::printf("\n");
  return 0;
}

nn::Sequential network() {
  return nn::Sequential{nn::Linear(784, 1024), nn::ReLU(), nn::Linear(1024, 1024), nn::ReLU(), nn::Linear(1024, 10)};
}

// Twelve layers of a megabyte: the gradient of the last bucket, which nothing can hide, is a small part.
nn::Sequential deep_network() {
  nn::Sequential net;
  for (int i = 0; i < 12; ++i) {
    net.push_back(nn::Linear(512, 512));
    net.push_back(nn::Tanh());
  }
  return net;
}

// Compute alone, communication alone, both: what of the shorter one is hidden. The batch is chosen so that the walk
// takes as long as the communication.
int hidden(dist::Group& group) {
  nn::Sequential net = deep_network();
  dist::DataParallel sync(net, group, {.bucket_mb = 1});
  const auto loss = [&](const Tensor& x, const Tensor& y) { return cross_entropy(net(x), y); };
  Tensor g = zeros({net.parameter_count()});
  const auto seconds_of = [&](const auto& f) {
    std::vector<double> times;
    for (int i = 0; i < 7; ++i) {
      group.barrier();
      const double begin = wall();
      f();
      times.push_back(slowest(group, wall() - begin));
    }
    return median(times);
  };
  const double talk = seconds_of([&] { group.all_reduce(g); });
  std::int64_t each = 64;
  double compute = 0;
  data::Dataset part;
  for (; each < 100'000; each = each * 5 / 4) {
    part = {randn({each, 512}), randint(0, 10, {each})};
    compute = seconds_of([&] {
      Tape tape;
      tape.backward(loss(part.x, part.y));
      net.zero_grad();
    });
    if (compute >= talk) break;
  }
  const double both = seconds_of([&] {
    Tape tape;
    sync.backward(loss(part.x, part.y), each);
    net.zero_grad();
  });
  if (group.rank() == 0)
    std::printf(
        "hidden, %d ranks: compute %.1f ms (batch %lld), communication %.1f ms, together %.1f ms: %.0f %% of the "
        "communication is hidden\n",
        group.size(), compute * 1e3, static_cast<long long>(each), talk * 1e3, both * 1e3,
        100 * (compute + talk - both) / talk);
  return 0;
}

int train_steps(dist::Group& group, int steps) {
  manual_seed(1);
  nn::Sequential net = network();
  optim::Adam opt(net, {.lr = 1e-3});
  dist::DataParallel sync(net, group);
  const std::int64_t all = 64 * group.size();
  const data::Dataset batch{randn({all, 784}), randint(0, 10, {all})};
  double value = 0;
  std::vector<double> times;
  for (int i = 0; i < steps; ++i) {
    const double begin = wall();
    value = sync.backward(batch, [&](const Tensor& x, const Tensor& y) { return cross_entropy(net(x), y); });
    opt.step();
    opt.zero_grad();
    times.push_back(slowest(group, wall() - begin));
  }
  if (group.rank() == 0)
    std::printf("train, %d ranks: %.0f samples/s (%.1f ms a step, loss %.3f)\n", group.size(),
                static_cast<double>(all) / median(times), median(times) * 1e3, value);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "ring";
  dist::Group group;
  if (what == "hidden") return hidden(group);
  if (what == "train") return train_steps(group, argc > 2 ? std::atoi(argv[2]) : 20);
  return sums(group, what == "tree", argc > 2 ? std::atof(argv[2]) : 25);
}
