// Optimizers: the paths they take on two problems.
#include "verify/optimizers.hpp"

#include <algorithm>

#include "verify/run.hpp"

namespace gradus::tool {
namespace {

// ---- by name ----

template <class Optimizer>
optim::AnyOptimizer make(const std::vector<ParameterGroup>& groups) {
  std::unique_ptr<Optimizer> optimizer;
  for (const ParameterGroup& group : groups) {
    OptionsOf<Optimizer> options;
    Settings hyper(group.hyper);
    options.fields(hyper);
    hyper.finish();
    if (optimizer)
      optimizer->add_group(group.parameters) = options;
    else
      optimizer = std::make_unique<Optimizer>(group.parameters, options);
  }
  return optim::AnyOptimizer(std::move(*optimizer));
}

struct Known {
  std::string_view name;
  optim::AnyOptimizer (*make)(const std::vector<ParameterGroup>& groups);
};
constexpr Known known_optimizers[] = {
    {"SGD", make<optim::SGD>},         {"Adam", make<optim::Adam>},         {"AdamW", make<optim::AdamW>},
    {"NAdam", make<optim::NAdam>},     {"RAdam", make<optim::RAdam>},       {"Adamax", make<optim::Adamax>},
    {"Adagrad", make<optim::Adagrad>}, {"Adadelta", make<optim::Adadelta>}, {"RMSprop", make<optim::RMSprop>},
    {"Rprop", make<optim::Rprop>},     {"ASGD", make<optim::ASGD>},         {"Lion", make<optim::Lion>},
    {"LBFGS", make<optim::LBFGS>},
};

// ---- the problems ----

struct Problem {
  StateDict constants, parameters;
  Settings scalars;
  Budget budget;

  const Tensor& operator[](std::string_view name) const {
    for (const StateDict* all : {&constants, &parameters}) {
      if (const Tensor* found = find(*all, name)) return *found;
    }
    throw std::runtime_error(fmt::format("the problem has no value {}", name));
  }
};

// What each evaluation takes besides: some optimizers make many in a step.
constexpr Cost evaluation{.elements = 0, .work = 1e5};

// sum((A W + b - Y)^2) / (2k)
Tensor quadratic(Problem& p) {
  p.budget.free_numbers();
  p.budget.spend("the quadratic", cost_of("matmul", {{"x", p["A"]}, {"y", p["W"]}}, {}));
  p.budget.spend("the quadratic", evaluation);
  const Tensor residual = matmul(p["A"], p["W"]) + p["b"] - p["Y"];
  return sum(square(residual)) / (2.0 * static_cast<double>(p["A"].size(0)));
}

// (a - p0)^2 + b (p1 - p0^2)^2
Tensor rosenbrock(Problem& p) {
  p.budget.spend("Rosenbrock's function", evaluation);
  const Tensor x = p["p"][0], y = p["p"][1];
  return square(p.scalars.get<double>("a") - x) + p.scalars.get<double>("b") * square(y - square(x));
}

using Objective = Tensor (*)(Problem& p);

Objective objective(const std::string& name) {
  if (name == "quadratic") return quadratic;
  if (name == "rosenbrock") return rosenbrock;
  throw NotImplemented{name};
}

Problem load(const Case& c, const Json& json) {
  Problem p{.constants = {}, .parameters = {}, .scalars = Settings(json.at("scalars")), .budget = c.budget()};
  for (const auto& [name, stored] : json.at("constants").items()) p.constants.emplace_back(name, c.tensor(stored));
  for (const auto& [name, stored] : json.at("start").items()) {
    p.parameters.emplace_back(name, c.tensor(stored).clone().requires_grad_().set_name(name));
  }
  return p;
}

// All parameters together, or each with settings of its own.
std::vector<ParameterGroup> groups_of(const Case& c, const Problem& p) {
  std::vector<ParameterGroup> groups;
  for (std::size_t i = 0; i < p.parameters.size(); ++i) {
    if (i == 0 || c.has("groups")) groups.push_back({{}, c["hyper"]});
    groups.back().parameters.push_back(p.parameters[i].second);
    if (c.has("groups")) groups.back().hyper.update(c["groups"].at(i));
  }
  return groups;
}

// Values of one tensor over time.
using Path = std::vector<Tensor>;

struct Run {
  Problem problem;
  std::vector<Path> parameters = {}, averages = {};  // per parameter
  Path loss = {};

  void note(Objective f) {
    for (std::size_t i = 0; i < parameters.size(); ++i)
      parameters[i].push_back(problem.parameters[i].second.detach().clone());
    loss.push_back(f(problem));
  }
  void note_averages(const StateDict& state) {
    for (std::size_t i = 0; i < averages.size(); ++i) {
      const Tensor* ax = find(state, problem.parameters[i].first + ".ax");
      averages[i].push_back(ax ? *ax : throw std::runtime_error("the optimizer's state has no averages"));
    }
  }
};

bool contains(const Json& list, std::int64_t number) {
  return std::find(list.begin(), list.end(), number) != list.end();
}

}  // namespace

optim::AnyOptimizer make_optimizer(const std::string& name, const std::vector<ParameterGroup>& groups) {
  if (name == "NAdam_torch113") throw Skipped{name};  // a fault of that version
  const auto known = std::ranges::find(known_optimizers, name, &Known::name);
  if (known == std::end(known_optimizers)) throw NotImplemented{name};
  return known->make(groups);
}

void run_optimizer(const Case& c) {
  const auto problem = c["problem"].get<std::string>();
  const Objective f = objective(problem);
  Run run{.problem = load(c, c.index.at("problems").at(problem))};
  const StateDict& parameters = run.problem.parameters;
  run.parameters.resize(parameters.size());
  optim::AnyOptimizer optimizer = make_optimizer(c["optimizer"].get<std::string>(), groups_of(c, run.problem));
  optim::OptimizerBase& base = optimizer.base();

  const auto steps = c["steps"].get<std::int64_t>();
  need_entries(c, "loss", steps, 1, c.tensor(c["loss"]));
  run.note(f);
  for (std::int64_t step = 0; step < steps; ++step) {
    if (c.has("lr_change") && c["lr_change"].at("before_step") == step) {
      for (std::size_t g = 0; g < base.groups(); ++g)
        base.set_lr(base.lr(g) * c["lr_change"].at("factor").get<double>(), g);
    }
    const auto lose_gradient = [&] {
      if (c.has("missing_grad") && contains(c["missing_grad"].at("steps"), step)) {
        Tensor(parameters.at(c["missing_grad"].at("param").get<std::size_t>()).second).zero_grad();
      }
    };
    optimizer.step([&] { return f(run.problem) * c["objective_sign"].get<double>(); }, lose_gradient);
    run.note(f);
    if (c.has("averages")) run.averages.resize(parameters.size()), run.note_averages(base.state_dict());
  }

  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].first;
    c.expect(name, stack(run.parameters[i]), c["trajectory"].at(name));
    if (c.has("averages")) c.expect("average of " + name, stack(run.averages[i]), c["averages"].at(name));
  }
  c.expect("loss", stack(run.loss), c["loss"]);
}

}  // namespace gradus::tool
