// The alpha-beta model, and its two numbers measured.
#include <gradus/dist/cost_model.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "dist/link.hpp"
#include "dist/plan.hpp"
#include "dist/tree.hpp"

namespace gradus::dist {
namespace {

void check_ranks(const char* operation, int ranks, Loc where) {
  if (ranks < 1)
    throw Error(
        operation,
        {.wrong = "the number of ranks is out of range", .got = fmt::format("{}", ranks), .expected = "1 or more"},
        where);
}

}  // namespace

double sum_seconds(const Line& line, SumBy by, int ranks, double bytes, Loc where) {
  check_ranks("sum_seconds", ranks, where);
  const double n = ranks;
  const double messages = by == SumBy::ring ? n - 1 : std::ceil(std::log2(n));
  return 2 * messages * line.alpha + 2 * (n - 1) / n * bytes * line.beta;
}

double step_seconds(const StepCost& step, const Line& line, SumBy by, int ranks, Loc where) {
  double all = 0;
  for (const double bytes : step.buckets) all += bytes;
  double end = 0;   // of the communication
  double done = 0;  // bytes of the buckets that are complete
  for (const double bytes : step.buckets) {
    done += bytes;
    const double ready = step.compute * (step.forward + (1 - step.forward) * done / all);
    end = std::max(end, ready) + sum_seconds(line, by, ranks, bytes, where);
  }
  return std::max(step.compute, ranks > 1 ? end : 0);
}

double efficiency(const StepCost& step, const Line& line, SumBy by, int ranks, Loc where) {
  return step.compute / step_seconds(step, line, by, ranks, where);
}

std::vector<double> bucket_bytes(nn::ModuleBase& net, double bucket_mb, Loc where) {
  std::vector<double> bytes;
  for (const Bucket& b : make_plan(net, bucket_mb, "", where).buckets)
    bytes.push_back(static_cast<double>(b.count) * (b.dtype == f32 ? 4 : 8));
  return bytes;
}

double measure_sum(const Group& group, SumBy by, double bytes, Loc where) {
  const auto count = static_cast<std::size_t>(std::max(1.0, bytes / 4));
  std::vector<float> numbers(count);
  std::vector<double> seconds;
  Link& link = group.link();
  if (by == SumBy::halving_doubling && !is_power_of_two(group.size()))
    throw Error("measure_sum",
                {.wrong = "halving and doubling needs a power of two",
                 .got = fmt::format("{} ranks", group.size()),
                 .advice = "measure the ring"},
                where);
  link.run("measure_sum", where, [&](Engine& e) {
    std::vector<char> scratch;
    std::vector<double> of_all(static_cast<std::size_t>(group.size()));
    for (int i = 0; i < 6; ++i) {
      link.agree(e, {.kind = CallKind::barrier});
      const auto begin = std::chrono::steady_clock::now();
      if (by == SumBy::ring)
        e.sum(numbers.data(), f32, count);
      else
        tree_sum(e, group.rank(), group.size(), numbers.data(), f32, count, scratch);
      const double mine = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      e.gather(&mine, of_all.data(), sizeof mine);
      if (i > 0) seconds.push_back(*std::max_element(of_all.begin(), of_all.end()));  // the first one warms up
    }
  });
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

Line measure_line(const Group& group, Loc where) {
  const int n = group.size();
  if (n < 2)
    throw Error("measure_line",
                {.wrong = "there is no line in a group of one", .advice = "gradus launch -n 2 -- PROGRAM"}, where);
  constexpr double bytes = 4e6;
  const double small = measure_sum(group, SumBy::ring, 4, where);
  const double large = measure_sum(group, SumBy::ring, bytes, where);
  const double messages = 2.0 * (n - 1);
  return {.alpha = small / messages, .beta = std::max(0.0, large - small) / (messages / n * bytes)};
}

}  // namespace gradus::dist
