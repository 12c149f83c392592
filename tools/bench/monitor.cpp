// What train::Monitor costs: the training steps W2 and W4 of bench/steps.cpp without it and with it, in turns of 100
// steps, one of which is sampled. It writes its log; accuracy is counted in each step.
//
//   bench_monitor [SECONDS [EVERY]]      two lines: workload, CPU ms off and on, their ratio (medians over turns)
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gradus/gradus.hpp>

#include "bench/clock.hpp"
#include "bench/nets.hpp"

using namespace gradus;

namespace {

constexpr int turn = 100;

struct Run {
  nn::Sequential net;
  Tensor x, y;
};

template <class Optimizer>
void steps(Run& run, Optimizer& opt, train::Monitor* mon) {
  for (int i = 0; i < turn; ++i) {
    Tape tape;
    const Tensor out = run.net(run.x);
    const Tensor loss = cross_entropy(out, run.y);
    tape.backward(loss);
    opt.step();
    if (mon) mon->step(loss, {.output = out, .target = run.y});
    opt.zero_grad();
  }
}

template <class Optimizer, class Options>
void measure(const char* name, Run run, Options options, double seconds, std::int64_t every) {
  run.y = randint(0, 10, {64});
  Run watched{nn::Sequential(run.net), run.x, run.y};
  Optimizer opt(run.net, options);
  Optimizer same(watched.net, options);
  const std::string log =
      std::filesystem::temp_directory_path() / ("bench_monitor." + std::to_string(::getpid()) + ".jsonl");
  std::vector<double> off, on, ratios;
  {
    train::Monitor mon(watched.net, same, {.log = log, .every = every});
    steps(run, opt, nullptr);
    steps(watched, same, &mon);
    const double begin = bench::seconds(CLOCK_MONOTONIC);
    while (bench::seconds(CLOCK_MONOTONIC) - begin < seconds || ratios.size() < 3) {
      const double a = bench::seconds(CLOCK_PROCESS_CPUTIME_ID);
      steps(run, opt, nullptr);
      const double b = bench::seconds(CLOCK_PROCESS_CPUTIME_ID);
      steps(watched, same, &mon);
      const double c = bench::seconds(CLOCK_PROCESS_CPUTIME_ID);
      off.push_back((b - a) / turn);
      on.push_back((c - b) / turn);
      ratios.push_back((c - b) / (b - a));
    }
  }
  std::remove(log.c_str());
  std::printf("%s %.4f %.4f %.4f\n", name, 1e3 * bench::median(off), 1e3 * bench::median(on), bench::median(ratios));
}

}  // namespace

int main(int count, char** argument) {
  const double seconds = count > 1 ? std::atof(argument[1]) : 5;
  const std::int64_t every = count > 2 ? std::atoi(argument[2]) : 100;
  set_num_threads(1);
  manual_seed(1);
  measure<optim::Adam>("W2", {bench::mlp(), randn({64, 784}), {}}, optim::AdamOptions{.lr = 1e-3}, seconds, every);
  measure<optim::SGD>("W4", {bench::lenet(), randn({64, 1, 28, 28}), {}},
                      optim::SGDOptions{.lr = 0.01, .momentum = 0.9}, seconds, every);
}
