// gradus scale: what more ranks would bring to the training of a network.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include <gradus/dist/dist.hpp>
#include <gradus/gradus.hpp>

#include "cli/options.hpp"
#include "cli/print.hpp"
#include "train/nets.hpp"
#include "train/ranks.hpp"

namespace gradus::tool {
namespace {

struct ScaleOptions {
  std::string net = "mlp:1024,1024";
  std::int64_t inputs = 784, classes = 10, batch = 64, ranks = 1;
  double bucket = 25;            // MB
  double latency = 0, rate = 0;  // microseconds and Mbit/s; 0: measured
  double compute = 0;            // milliseconds; 0: measured
};

double measured_step(nn::Sequential& net, const ScaleOptions& o) {
  optim::AdamW opt(net, {});
  const Tensor x = randn({o.batch, o.inputs});
  const Tensor y = randint(0, o.classes, {o.batch});
  std::vector<double> seconds;
  for (int i = 0; i < 6; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    {
      Tape tape;
      tape.backward(cross_entropy(net(x), y));
    }
    opt.step();
    opt.zero_grad();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

std::string bar(double part) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += part * 20 > i + 0.5 ? "█" : "·";
  return text;
}

void table(const dist::StepCost& step, const dist::Line& line) {
  print("ranks   sum by ring   by halving   step by ring   by halving   efficiency by ring and by halving\n");
  for (int n = 2; n <= 1024; n *= 2) {
    const auto ms = [](double seconds) { return fmt::format("{:.4g} ms", seconds * 1e3); };
    const auto sum = [&](dist::SumBy by) {
      double all = 0;
      for (const double b : step.buckets) all += dist::sum_seconds(line, by, n, b);
      return ms(all);
    };
    const double ring = dist::efficiency(step, line, dist::SumBy::ring, n);
    const double halving = dist::efficiency(step, line, dist::SumBy::halving_doubling, n);
    print("{:5}   {:>11}   {:>10}   {:>12}   {:>10}   {} {:3.0f} %   {} {:3.0f} %\n", n, sum(dist::SumBy::ring),
          sum(dist::SumBy::halving_doubling), ms(dist::step_seconds(step, line, dist::SumBy::ring, n)),
          ms(dist::step_seconds(step, line, dist::SumBy::halving_doubling, n)), bar(ring), 100 * ring, bar(halving),
          100 * halving);
  }
}

Exit scale(const ScaleOptions& o) {
  const bool given = o.latency > 0 && o.rate > 0;
  if (o.ranks > 1 && !is_rank()) return launch_this(o.ranks);
  std::optional<dist::Group> group;
  if (is_rank()) group.emplace();
  if (!given && (!group || group->size() < 2))
    throw Stop(usage,
               "scale: which line? try --ranks 2 to measure this machine, gradus launch --hosts A,B -- gradus scale,\n"
               "  or --latency-us 30 --mbit 10000");
  manual_seed(1);
  nn::Sequential net = train::make_net(o.net, {o.inputs}, o.classes);
  const double compute = o.compute > 0 ? o.compute / 1e3 : measured_step(net, o);
  dist::Line line{.alpha = o.latency / 1e6, .beta = o.rate > 0 ? 8 / (o.rate * 1e6) : 0};
  if (group && group->size() > 1) {
    const dist::Line measured = dist::measure_line(*group);
    if (o.latency <= 0) line.alpha = measured.alpha;
    if (o.rate <= 0) line.beta = measured.beta;
  }
  const dist::StepCost step{.compute = compute, .buckets = dist::bucket_bytes(net, o.bucket)};
  double bytes = 0;
  for (const double b : step.buckets) bytes += b;
  std::vector<std::string> held;
  if (group && group->size() > 1) {
    const auto hold = [&](const char* name, dist::SumBy by) {
      const double seen = dist::measure_sum(*group, by, bytes);
      const double said = dist::sum_seconds(line, by, group->size(), bytes);
      held.push_back(fmt::format("{} ranks, {}: measured {:.4g} ms, predicted {:.4g} ms\n", group->size(), name,
                                 seen * 1e3, said * 1e3));
    };
    hold("ring", dist::SumBy::ring);
    if ((group->size() & (group->size() - 1)) == 0) hold("halving", dist::SumBy::halving_doubling);
  }
  if (group && group->rank() != 0) return success;
  print("net   {}: {} numbers, {:.2f} MB of gradients in {} buckets\n", o.net, grouped(net.parameter_count()),
        bytes / 1e6, step.buckets.size());
  print("step  {:.4g} ms on one rank, {} samples\n", compute * 1e3, o.batch);
  print("line  {:.4g} µs for a message, {:.5g} Mbit/s{}\n", line.alpha * 1e6, 8 / line.beta / 1e6,
        given ? ", as given" : ", measured");
  for (const std::string& text : held) print("      {}", text);
  print("\n");
  table(step, line);
  print("\nEach rank keeps its samples. The model knows no contention and no slow rank: see it as the upper limit.\n");
  return success;
}

}  // namespace

void add_scale(CommandLine& program) {
  auto options = std::make_shared<ScaleOptions>();
  ScaleOptions& o = *options;
  Command& command = program.add("scale", "predict how training speeds up with 2 to 1,024 ranks");
  command.runs([options] { return scale(*options); });
  command.text("--net", o.net, "NET", "a network, as gradus train takes it: mlp:1024,1024");
  command.whole("--inputs", o.inputs, at_least(1), "numbers of an example");
  command.whole("--classes", o.classes, at_least(2), "classes");
  command.whole("--batch", o.batch, at_least(1), "samples of one rank");
  command.number("--bucket-mb", o.bucket, {1e-6, 1e6}, "MB", "the size of a bucket of gradients");
  command.number("--latency-us", o.latency, {0, 1e9}, "US", "for a message; 0: measured");
  command.number("--mbit", o.rate, {0, 1e9}, "MBIT", "per second, of the line; 0: measured");
  command.number("--compute-ms", o.compute, {0, 1e9}, "MS", "a step of one rank alone; 0: measured");
  command.whole("--ranks", o.ranks, {.least = 1, .most = 64}, "measure the line between so many ranks on this machine");
  command.footer(
      "gradus scale --ranks 4\n"
      "gradus scale --latency-us 30 --mbit 10000 --net mlp:4096,4096 --compute-ms 50\n"
      "gradus launch --hosts 10.0.0.2,10.0.0.3 -- gradus scale\n\n"
      "A sum of m bytes over n ranks takes 2 (n - 1) alpha + 2 (n - 1) / n m beta by a ring, and 2 log2(n) alpha + "
      "the\n"
      "same by halving and doubling, which deterministic mode uses. What is measured is held against it.");
}

}  // namespace gradus::tool
