// What training by several ranks costs. Run it by tools/bench/cluster, or as ranks:
//   gradus launch -n 2 -- bench_dist ring
//
//   bench_dist ring [MB]      sums of one bucket by the ring: seconds, and the share of the line's rate, if LINE_MBIT
//   is
//                             set
//   bench_dist tree [MB]      the same in the fixed order of deterministic mode
//   bench_dist hidden [work]  how much of the communication disappears behind a walk that takes as long. The walk
//                             sleeps, or with `work` needs processors that nobody else uses
//   bench_dist train [STEPS]  samples per second of a network of W3's size, 64 samples for each rank
#include <gradus/dist/dist.hpp>
#include <gradus/gradus.hpp>

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
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

// The compute of a layer: in the walk it takes so long, before the gradients of the layer below. It sleeps, so that
// other programs of the machine cannot slow it down, or it works as long on a processor.
struct Compute {
  double seconds = 0;
  bool works = false;
  static constexpr auto name = "compute", rule = "g";
  static constexpr Saves saves{0u};
  void fields(auto& v) const {
    v("seconds", seconds);
    v("works", works);
  }
  Tensor forward(Fwd&, Ins in) const { return in[0] * 1; }
  void vjp(Vjp& v) const {
    if (!works) std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    for (const double end = used() + seconds; works && used() < end;) {}
    if (v.wants(0)) v.give(0, v.g);
  }
  static double used() {  // processor time of this thread
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  }
};

// Layers of a megabyte: the gradient of the last bucket, which nothing can hide, is a small part.
struct Layers : nn::Module<Layers> {
  std::vector<nn::Linear> all;
  Layers() {
    for (int i = 0; i < 24; ++i) all.emplace_back(512, 512);
  }
  Tensor forward(const Tensor& x, const Compute& compute) const {
    Tensor y = x;
    for (const nn::Linear& layer : all) y = gradus::apply(compute, layer(y));
    return y;
  }
  void fields(auto& v) { v("all", all); }
};

// In turns: the walk alone, which takes as long as the communication; the communication alone; both. What of the
// communication is hidden behind the walk.
int hidden(dist::Group& group, bool works) {
  Layers net;
  dist::DataParallel sync(net, group, {.bucket_mb = 1.1});
  const Tensor x = randn({1, 512}) * 1e-3;
  const auto seconds_of = [&](double compute, bool talk) {
    group.barrier();
    const double begin = wall();
    {
      Tape tape;
      const Tensor loss = mean(net(x, Compute{compute / static_cast<double>(net.all.size()), works}));
      if (talk)
        sync.backward(loss, 1);
      else
        tape.backward(loss);
    }
    const double seconds = slowest(group, wall() - begin);
    net.zero_grad();
    return seconds;
  };
  std::vector<double> talks, computes, boths;
  for (int i = 0; i < 4; ++i) talks.push_back(seconds_of(0, true));
  const double equal = median({talks.begin() + 1, talks.end()});
  talks.clear();
  for (int i = 0; i < 9; ++i) {
    computes.push_back(seconds_of(equal, false));
    talks.push_back(seconds_of(0, true));
    boths.push_back(seconds_of(equal, true));
  }
  const double compute = median(computes), talk = median(talks), both = median(boths);
  if (group.rank() == 0)
    std::printf(
        "hidden, %d ranks, medians of 9 turns: a walk that %s %.0f ms, communication %.0f ms, both %.0f ms: %.1f %% of "
        "the communication is hidden\n",
        group.size(), works ? "works" : "sleeps", compute * 1e3, talk * 1e3, both * 1e3,
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
  if (what == "hidden") return hidden(group, argc > 2 && std::string(argv[2]) == "work");
  if (what == "train") return train_steps(group, argc > 2 ? std::atoi(argv[2]) : 20);
  return sums(group, what == "tree", argc > 2 ? std::atof(argv[2]) : 25);
}
