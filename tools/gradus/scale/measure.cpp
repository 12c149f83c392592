// Medians of steps and sums.
#include "scale/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>

namespace gradus::tool {
namespace {

double seconds_of(const std::function<void()>& f) {
  const auto begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Batch {
  Tensor x, y;
  explicit Batch(const Workload& w) : x(randn({w.batch, w.inputs})), y(randint(0, w.classes, {w.batch})) {}
};

// The slowest of all ranks.
double slowest(dist::Group& group, double seconds) {
  for (const std::string& of_one : group.all_gather(fmt::format("{}", seconds)))
    seconds = std::max(seconds, std::stod(of_one));
  return seconds;
}

// All begin together; the first turn warms up.
double median_of(dist::Group& group, const std::function<void()>& f) {
  std::vector<double> seconds;
  for (int i = 0; i < 8; ++i) {
    group.barrier();
    const double mine = slowest(group, seconds_of(f));
    if (i > 0) seconds.push_back(mine);
  }
  return median(seconds);
}

}  // namespace

double measured_compute(nn::Sequential& net, const Workload& work) {
  dist::Group alone({.rank = 0, .size = 1});
  return measure(alone, net, work).compute;
}

Measured measure(dist::Group& group, nn::Sequential& net, const Workload& work) {
  Measured m{.ranks = group.size()};
  const Batch batch(work);
  optim::AdamW opt(net, {});
  const auto update = [&] {
    opt.step();
    opt.zero_grad();
  };
  m.compute = m.step = median_of(group, [&] {
    {
      Tape tape;
      tape.backward(cross_entropy(net(batch.x), batch.y));
    }
    update();
  });
  if (group.size() == 1) return m;
  m.line = dist::measure_line(group);
  dist::DataParallel sync(net, group, {.bucket_mb = work.bucket});
  m.step = median_of(group, [&] {
    {
      Tape tape;
      sync.backward(cross_entropy(net(batch.x), batch.y), work.batch);
    }
    update();
  });
  double bytes = 0;
  for (const double b : dist::bucket_bytes(net, work.bucket)) bytes += b;
  m.ring = dist::measure_sum(group, dist::SumBy::ring, bytes);
  const int n = group.size();
  if ((n & (n - 1)) == 0) m.halving = dist::measure_sum(group, dist::SumBy::halving_doubling, bytes);
  return m;
}

std::string to_line(const Measured& m) {
  return fmt::format("{} {} {} {} {} {} {}\n", m.ranks, m.compute, m.step, m.ring, m.halving, m.line.alpha,
                     m.line.beta);
}

std::vector<Measured> read_lines(const std::string& file) {
  std::ifstream in(file);
  std::vector<Measured> all;
  for (Measured m; in >> m.ranks >> m.compute >> m.step >> m.ring >> m.halving >> m.line.alpha >> m.line.beta;)
    all.push_back(m);
  return all;
}

}  // namespace gradus::tool
