// The two tables.
#include "kinds.hpp"

#include <fmt/format.h>

#include <functional>

#include "options.hpp"

namespace gradus::web {
namespace {

template <class Optimizer>
using OptionsOf = std::remove_cvref_t<decltype(std::declval<Optimizer&>().options())>;

template <class Optimizer>
constexpr StepCall step_call() {
  if constexpr (requires(Optimizer & o, std::function<double()> f) { o.step(f); }) return StepCall::closure;
  if constexpr (requires(Optimizer & o, std::function<Tensor()> f) { o.step(f); }) return StepCall::loss;
  return StepCall::plain;
}

template <class Optimizer>
constexpr OptimizerKind optimizer(const char* name, const char* type) {
  using Options = OptionsOf<Optimizer>;
  return {name,
          type,
          step_call<Optimizer>(),
          defaults_of<Options>,
          [](const std::vector<nn::NamedParameter>& parameters, const Json& options) {
            return optim::AnyOptimizer(Optimizer(parameters, options_from<Options>(options)));
          },
          [](const Json& options) { return code_of<Options>(options, "lr"); }};
}

constexpr OptimizerKind optimizers[] = {
    optimizer<optim::SGD>("sgd", "SGD"),
    optimizer<optim::Adam>("adam", "Adam"),
    optimizer<optim::AdamW>("adamw", "AdamW"),
    optimizer<optim::NAdam>("nadam", "NAdam"),
    optimizer<optim::RAdam>("radam", "RAdam"),
    optimizer<optim::Adamax>("adamax", "Adamax"),
    optimizer<optim::Adagrad>("adagrad", "Adagrad"),
    optimizer<optim::Adadelta>("adadelta", "Adadelta"),
    optimizer<optim::RMSprop>("rmsprop", "RMSprop"),
    optimizer<optim::Rprop>("rprop", "Rprop"),
    optimizer<optim::ASGD>("asgd", "ASGD"),
    optimizer<optim::Lion>("lion", "Lion"),
    optimizer<optim::Muon>("muon", "Muon"),
    optimizer<optim::ScheduleFreeAdamW>("schedule_free", "ScheduleFreeAdamW"),
    optimizer<optim::LBFGS>("lbfgs", "LBFGS"),
    optimizer<optim::Newton>("newton", "Newton"),
    optimizer<optim::NewtonCG>("newton_cg", "NewtonCG"),
};

template <class Form>
constexpr ScheduleKind schedule(const char* name, const char* type) {
  return {name, type, defaults_of<Form>,
          [](const Json& options) { return optim::Schedule(options_from<Form>(options)); },
          [](const Json& options) { return code_of<Form>(options); }};
}

constexpr ScheduleKind schedules[] = {
    schedule<optim::StepLR>("step", "StepLR"),
    schedule<optim::ExponentialLR>("exponential", "ExponentialLR"),
    schedule<optim::CosineAnnealingLR>("cosine", "CosineAnnealingLR"),
    schedule<optim::CosineAnnealingWarmRestarts>("restarts", "CosineAnnealingWarmRestarts"),
    schedule<optim::LinearLR>("linear", "LinearLR"),
    schedule<optim::PolynomialLR>("polynomial", "PolynomialLR"),
    schedule<optim::OneCycleLR>("one_cycle", "OneCycleLR"),
    schedule<optim::CyclicLR>("cyclic", "CyclicLR"),
};

template <class Kind>
const Kind& find(std::span<const Kind> kinds, const std::string& name, const char* what) {
  for (const Kind& kind : kinds) {
    if (kind.name == name) return kind;
  }
  throw Error("playground", {.wrong = fmt::format("the {} is unknown", what), .got = fmt::format("'{}'", name)});
}

}  // namespace

std::span<const OptimizerKind> optimizer_kinds() { return optimizers; }
std::span<const ScheduleKind> schedule_kinds() { return schedules; }
const OptimizerKind& optimizer_kind(const std::string& name) { return find(optimizer_kinds(), name, "optimizer"); }
const ScheduleKind& schedule_kind(const std::string& name) { return find(schedule_kinds(), name, "schedule"); }

}  // namespace gradus::web
