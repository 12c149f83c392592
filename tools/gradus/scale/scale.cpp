// gradus scale: what more ranks would bring to the training of a network.
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>

#include <gradus/dist/dist.hpp>
#include <gradus/gradus.hpp>

#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/print.hpp"
#include "scale/measure.hpp"
#include "scale/plot.hpp"
#include "train/nets.hpp"
#include "train/ranks.hpp"

namespace gradus::tool {
namespace {

struct ScaleOptions {
  std::string net = "mlp:1024,1024";
  std::int64_t ranks = 1;
  Workload work = {};
  double latency = 0, rate = 0;  // microseconds and Mbit/s; 0: measured
  double compute = 0;            // milliseconds; 0: measured
  std::string output, into;
};

std::string bar(double part) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += part * 20 > i + 0.5 ? "█" : "·";
  return text;
}

void print_future(const dist::StepCost& step, const dist::Line& line) {
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
  print("\nEach rank keeps its samples. The model knows no contention and no slow rank: see it as the upper limit.\n");
}

// What was measured beside what the model says.
void print_held(const Prediction& p) {
  if (p.measured.empty()) return;
  const bool shares = crowd(p, p.measured.back().ranks) > 1;
  print("      seen and said by the model, milliseconds{}\n",
        shares ? fmt::format("; shared: if {} processors do the work of all ranks, and nothing beside it", p.processors)
               : "");
  print("ranks   ring: seen  said{0}   halving: seen  said{0}   step: seen  said{1}   speed per rank\n",
        shares ? "  shared" : "", shares ? "  shared" : "");
  double bytes = 0;
  for (const double b : p.step.buckets) bytes += b;
  for (const Measured& m : p.measured) {
    const auto ms = [](double seconds, int columns) {
      return seconds > 0 ? fmt::format("{:>{}.4g}", seconds * 1e3, columns) : fmt::format("{:>{}}", "-", columns);
    };
    const auto sum = [&](double seen, dist::SumBy by, int columns) {
      const bool any = seen > 0;
      return ms(seen, columns) + "  " + ms(any ? dist::sum_seconds(p.line, by, m.ranks, bytes) : 0, 4) +
             (shares ? "  " + ms(any ? shared_sum(p, by, m.ranks) : 0, 6) : "");
    };
    print("{:5}   {}   {}   {}  {}{}   {:.0f} %\n", m.ranks, sum(m.ring, dist::SumBy::ring, 10),
          sum(m.halving, dist::SumBy::halving_doubling, 13), ms(m.step, 10),
          ms(dist::step_seconds(p.step, p.line, dist::SumBy::ring, m.ranks), 4),
          shares ? "  " + ms(shared_step(p, m.ranks), 6) : "", 100 * p.measured.front().step / m.step);
  }
  print("\n");
}

int threads_of_rank() {
  const char* text = std::getenv("GRADUS_NUM_THREADS");
  return std::max(1, text != nullptr ? std::atoi(text) : static_cast<int>(std::thread::hardware_concurrency()));
}

int processors_for_ranks() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / threads_of_rank());
}

// This program again, as 1, 2, 4 … ranks, one after another, with as many threads for each.
std::vector<Measured> measure_here(std::int64_t ranks) {
  std::string file = (std::filesystem::temp_directory_path() / "gradus-scale-XXXXXX").string();
  const int descriptor = ::mkstemp(file.data());
  if (descriptor < 0) throw Stop(file_trouble, "scale: no temporary file can be made; is TMPDIR right?");
  ::close(descriptor);
  const auto cores = static_cast<std::int64_t>(std::thread::hardware_concurrency());
  ::setenv("GRADUS_NUM_THREADS", std::to_string(std::max<std::int64_t>(1, cores / ranks)).c_str(), 0);
  Exit code = success;
  for (std::int64_t n = 1; code == success; n = std::min(2 * n, ranks)) {
    code = launch_this(n, {"--into", file});
    if (n == ranks) break;
  }
  std::vector<Measured> all = read_lines(file);
  std::filesystem::remove(file);
  if (code != success) throw Stop(code, "scale: the ranks could not be measured");
  return all;
}

Exit scale(const ScaleOptions& o) {
  const bool given = o.latency > 0 && o.rate > 0;
  if (!o.output.empty() && std::filesystem::path(o.output).extension() != ".svg")
    throw Stop(usage, fmt::format("-o {}: a name that ends in .svg is expected", o.output));
  if (!given && o.ranks < 2 && !is_rank())
    throw Stop(usage,
               "scale: which line? try --ranks 2 to measure this machine, gradus launch --hosts A,B -- gradus scale,\n"
               "  or --latency-us 30 --mbit 10000");
  check_output({"-o", o.output});
  manual_seed(1);
  nn::Sequential net = train::make_net(o.net, {o.work.inputs}, o.work.classes);
  Prediction p;
  if (is_rank()) {
    dist::Group group;
    const Measured m = measure(group, net, o.work);
    if (group.rank() != 0) return success;
    if (!o.into.empty()) {
      std::ofstream(o.into, std::ios::app) << to_line(m);
      return success;
    }
    p.measured = {{.ranks = 1, .compute = m.compute, .step = m.compute}, m};
    if (group.address() == "127.0.0.1") p.processors = processors_for_ranks();
  } else if (o.ranks > 1) {
    p.measured = measure_here(o.ranks);
    p.processors = processors_for_ranks();
  } else if (o.compute <= 0) {
    p.step.compute = measured_compute(net, o.work);
  }
  if (!p.measured.empty()) {
    p.step.compute = p.measured.front().compute;
    p.line = p.measured.at(1).line;
  }
  if (o.compute > 0) p.step.compute = o.compute / 1e3;
  if (o.latency > 0) p.line.alpha = o.latency / 1e6;
  if (o.rate > 0) p.line.beta = 8 / (o.rate * 1e6);
  p.step.buckets = dist::bucket_bytes(net, o.work.bucket);
  double bytes = 0;
  for (const double b : p.step.buckets) bytes += b;
  const std::string size = fmt::format("{} numbers, {:.2f} MB of gradients in {} buckets",
                                       grouped(net.parameter_count()), bytes / 1e6, p.step.buckets.size());
  const std::string line =
      fmt::format("{:.4g} µs for a message, {:.5g} Mbit/s", p.line.alpha * 1e6, 8 / p.line.beta / 1e6);
  print("net   {}: {}\n", o.net, size);
  print("step  {:.4g} ms on one rank, {} samples\n", p.step.compute * 1e3, o.work.batch);
  print("line  {}{}\n\n", line,
        given ? ", as given" : fmt::format(", measured between {} ranks", p.measured.at(1).ranks));
  print_held(p);
  print_future(p.step, p.line);
  if (o.output.empty()) return success;
  p.title = fmt::format("{}, {} samples for each rank", o.net, o.work.batch);
  p.subtitle = fmt::format("{:.2f} MB of gradients · a step of {:.3g} ms · {:.3g} µs for a message, {:.5g} Mbit/s",
                           bytes / 1e6, p.step.compute * 1e3, p.line.alpha * 1e6, 8 / p.line.beta / 1e6);
  write_page(o.output, picture_of(p), "scale");
  return success;
}

}  // namespace

void add_scale(CommandLine& program) {
  auto options = std::make_shared<ScaleOptions>();
  ScaleOptions& o = *options;
  Command& command = program.add("scale", "predict how training speeds up with 2 to 1,024 ranks");
  command.runs([options] { return scale(*options); });
  command.text("--net", o.net, "NET", "a network, as gradus train takes it: mlp:1024,1024");
  command.whole("--inputs", o.work.inputs, at_least(1), "numbers of an example");
  command.whole("--classes", o.work.classes, at_least(2), "classes");
  command.whole("--batch", o.work.batch, at_least(1), "samples of one rank");
  command.number("--bucket-mb", o.work.bucket, {1e-6, 1e6}, "MB", "the size of a bucket of gradients");
  command.number("--latency-us", o.latency, {0, 1e9}, "US", "for a message; 0: measured");
  command.number("--mbit", o.rate, {0, 1e9}, "MBIT", "per second, of the line; 0: measured");
  command.number("--compute-ms", o.compute, {0, 1e9}, "MS", "a step of one rank alone; 0: measured");
  command.whole("--ranks", o.ranks, {.least = 1, .most = 64}, "measure 1, 2, 4 … and so many ranks on this machine");
  command.text("-o,--output", o.output, "FILE", "draw the prediction here, as .svg");
  command.text("--into", o.into, "FILE", "of one of the ranks that --ranks starts: add what is measured to this file");
  command.footer(
      "gradus scale --ranks 8 -o scale.svg\n"
      "gradus scale --latency-us 30 --mbit 10000 --net mlp:4096,4096 --compute-ms 50\n"
      "gradus launch --hosts 10.0.0.2,10.0.0.3 -- gradus scale\n\n"
      "A sum of m bytes over n ranks takes 2 (n - 1) alpha + 2 (n - 1) / n m beta by a ring, and 2 log2(n) alpha + "
      "the\n"
      "same by halving and doubling, which deterministic mode uses. What is measured is held against it. More ranks "
      "than\n"
      "processors share them: each then computes, and copies what it sends, at a part of the speed.");
}

}  // namespace gradus::tool
