// The optimizers and schedules of the library by name.
#pragma once

#include <span>

#include "spec.hpp"

namespace gradus::web {

enum class StepCall { plain, closure, loss };  // how a program calls step()

struct OptimizerKind {
  const char *name, *type;
  StepCall step;
  Json (*defaults)();
  optim::AnyOptimizer (*make)(const std::vector<nn::NamedParameter>& parameters, const Json& options);
  std::string (*code)(const Json& options);
};

struct ScheduleKind {
  const char *name, *type;
  Json (*defaults)();
  optim::Schedule (*make)(const Json& options);
  std::string (*code)(const Json& options);
};

std::span<const OptimizerKind> optimizer_kinds();
std::span<const ScheduleKind> schedule_kinds();
// Throws an Error for an unknown name.
const OptimizerKind& optimizer_kind(const std::string& name);
const ScheduleKind& schedule_kind(const std::string& name);

}  // namespace gradus::web
