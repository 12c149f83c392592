// Learning rate schedules by name.
#include "train/schedules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/command.hpp"
#include "cli/nearest.hpp"

namespace gradus::tool {
namespace {

optim::Schedule constant(double, std::int64_t) {
  return [](std::int64_t, double base) { return base; };
}
optim::Schedule cosine(double, std::int64_t steps) { return optim::CosineAnnealingLR{.T_max = steps}; }
optim::Schedule linear(double, std::int64_t steps) { return optim::PolynomialLR{.total_iters = steps}; }
optim::Schedule onecycle(double lr, std::int64_t steps) {
  return optim::OneCycleLR{.max_lr = lr, .total_steps = steps};
}
// Up from almost nothing in a twentieth of the steps, then down in half a cosine to a tenth.
optim::Schedule warmup(double lr, std::int64_t steps) {
  const std::int64_t up = std::max<std::int64_t>(1, steps / 20);
  const auto rise = [up](std::int64_t k, double base) {
    return base * static_cast<double>(k + 1) / static_cast<double>(up + 1);
  };
  return optim::SequentialLR{
      .schedules = {rise, optim::CosineAnnealingLR{.T_max = std::max<std::int64_t>(1, steps - up), .eta_min = lr / 10}},
      .milestones = {up}};
}

struct Known {
  const char* name;
  MakeSchedule make;
};
constexpr Known schedules[] = {
    {"constant", constant}, {"cosine", cosine}, {"linear", linear}, {"onecycle", onecycle}, {"warmup", warmup}};

}  // namespace

MakeSchedule parse_schedule(const std::string& name) {
  std::vector<std::string> names;
  for (const Known& schedule : schedules) {
    if (schedule.name == name) return schedule.make;
    names.emplace_back(schedule.name);
  }
  throw Stop(usage, fmt::format("--schedule {}: {}", name, unknown(name, names)));
}

}  // namespace gradus::tool
