// Schedules: the learning rate and the momentum that are in force at each step.
#include <algorithm>
#include <cmath>

#include "verify/run.hpp"

namespace gradus::tool {
namespace {

optim::Schedule make_schedule(const Json& json);

template <class Form>
optim::Schedule form(Settings& args) {
  Form form;
  form.fields(args);
  return form;
}

optim::Schedule sequential(Settings& args) {
  optim::SequentialLR all{.milestones = args.get<std::vector<std::int64_t>>("milestones")};
  for (const Json& part : args.get<Json>("schedulers")) all.schedules.push_back(make_schedule(part));
  return all;
}

optim::Schedule lambda(Settings& args) {
  const auto name = args.get<std::string>("lambda");
  if (name == "inverse_sqrt") {
    const double slope = std::pow(args.get<double>("warmup"), -1.5);
    return optim::LambdaLR{[=](std::int64_t k) {
      const auto n = static_cast<double>(k + 1);
      return std::min(1 / std::sqrt(n), n * slope);
    }};
  }
  if (name == "exponential_floor") {
    const double gamma = args.get<double>("gamma"), floor = args.get<double>("floor");
    return optim::LambdaLR{[=](std::int64_t k) { return std::max(std::pow(gamma, k), floor); }};
  }
  throw NotImplemented{"the function " + name};
}

struct Known {
  std::string_view name;
  optim::Schedule (*make)(Settings& args);
};
constexpr Known known_schedules[] = {
    {"StepLR", form<optim::StepLR>},
    {"MultiStepLR", form<optim::MultiStepLR>},
    {"ExponentialLR", form<optim::ExponentialLR>},
    {"CosineAnnealingLR", form<optim::CosineAnnealingLR>},
    {"CosineAnnealingWarmRestarts", form<optim::CosineAnnealingWarmRestarts>},
    {"LinearLR", form<optim::LinearLR>},
    {"PolynomialLR", form<optim::PolynomialLR>},
    {"ConstantLR", form<optim::ConstantLR>},
    {"LambdaLR", lambda},
    {"SequentialLR", sequential},
    {"OneCycleLR", form<optim::OneCycleLR>},
    {"CyclicLR", form<optim::CyclicLR>},
};

optim::Schedule make_schedule(const Json& json) {
  const auto name = json.at("scheduler").get<std::string>();
  const auto known = std::ranges::find(known_schedules, name, &Known::name);
  if (known == std::end(known_schedules)) throw NotImplemented{name};
  Settings args(json.at("args"));
  optim::Schedule schedule = known->make(args);
  args.finish();
  return schedule;
}

optim::ReduceLROnPlateauOptions plateau_options(const Case& c) {
  optim::ReduceLROnPlateauOptions options;
  Settings args(c["args"]);
  options.fields(args);
  args.finish();
  return options;
}

}  // namespace

void run_schedule(const Case& c) {
  optim::SGD sgd({zeros({1}).requires_grad_()},
                 {.lr = c["base_lr"].get<double>(), .momentum = c["base_momentum"].get<double>()});
  std::vector<double> rates, momenta;
  const auto note = [&] { rates.push_back(sgd.lr()), momenta.push_back(*sgd.momentum()); };
  const auto steps = c["steps"].get<std::int64_t>();
  need_entries(c, "lr", steps, 1, c.tensor(c["lr"]));
  if (c["scheduler"] == "ReduceLROnPlateau") {
    optim::ReduceLROnPlateau plateau(sgd, plateau_options(c));
    note();
    const auto metric = c.tensor(c["metric"]).to_vector();
    for (std::int64_t k = 0; k < steps; ++k) plateau.step(metric.at(static_cast<std::size_t>(k))), note();
  } else {
    optim::Scheduler scheduler(sgd, make_schedule(c.spec()));
    note();
    for (std::int64_t k = 0; k < steps; ++k) scheduler.step(), note();
  }
  c.expect("lr", from_data(rates, {steps + 1}), c["lr"]);
  if (c.has("momentum")) c.expect("momentum", from_data(momenta, {steps + 1}), c["momentum"]);
}

}  // namespace gradus::tool
