// Optimizers and their options by name: parsing, checking, and the list for the help.
#include "cli/optimizers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/command.hpp"
#include "cli/nearest.hpp"
#include "cli/spec.hpp"

namespace gradus::tool {
namespace {

constexpr const char* searches[] = {"none", "strong_wolfe"};  // by the number of optim::LineSearch

// Reads a value from text. Returns null, or what was expected instead.
using Expected = const char*;
Expected read(std::string_view text, double& to) {
  const auto value = to_number(text);
  if (value) to = *value;
  return value ? nullptr : "a number";
}
Expected read(std::string_view text, std::int64_t& to) {
  const auto value = to_integer(text);
  if (value) to = *value;
  return value ? nullptr : "a whole number";
}
Expected read(std::string_view text, bool& to) {
  to = text.empty() || text == "true";
  return to || text == "false" ? nullptr : "true or false";
}
Expected read(std::string_view text, std::array<double, 2>& to) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || read(text.substr(0, slash), to[0]) || read(text.substr(slash + 1), to[1])) {
    return "two numbers, as in 0.9/0.999";
  }
  return nullptr;
}
Expected read(std::string_view text, optim::LineSearch& to) {
  const auto found = std::find(std::begin(searches), std::end(searches), text);
  if (found == std::end(searches)) return "none or strong_wolfe";
  to = static_cast<optim::LineSearch>(found - std::begin(searches));
  return nullptr;
}

std::string write(double value) { return fmt::format("{}", value); }
std::string write(std::int64_t value) { return fmt::format("{}", value); }
std::string write(bool value) { return value ? "true" : "false"; }
std::string write(const std::array<double, 2>& pair) { return fmt::format("{}/{}", pair[0], pair[1]); }
std::string write(optim::LineSearch search) { return searches[static_cast<int>(search)]; }

// The same in C++.
std::string code(double value) { return fmt::format("{}", value); }
std::string code(std::int64_t value) { return fmt::format("{}", value); }
std::string code(bool value) { return value ? "true" : "false"; }
std::string code(const std::array<double, 2>& pair) { return fmt::format("{{{}, {}}}", pair[0], pair[1]); }
std::string code(optim::LineSearch search) {
  return fmt::format("optim::LineSearch::{}", searches[static_cast<int>(search)]);
}

// Visit the fields of an optimizer's options: one by name, or all.
struct Set {
  std::string_view name, text;
  bool found = false;
  Expected expected = nullptr;
  void operator()(std::string_view field, auto& value) {
    if (field != name) return;
    found = true;
    expected = read(text, value);
  }
};
struct Names {
  std::vector<std::string> list = {};
  void operator()(std::string_view field, const auto&) { list.emplace_back(field); }
};
struct Describe {
  std::vector<std::string> list = {};
  void operator()(std::string_view field, const auto& value) {
    list.push_back(fmt::format("{}={}", field, write(value)));
  }
};

struct Codes {
  std::vector<std::string> list = {};
  void operator()(std::string_view field, const auto& value) {
    list.push_back(fmt::format(".{} = {}", field, code(value)));
  }
};

// The rate, and what is not the default, in the order of the fields, which is that of the struct.
template <class Options>
std::string code_of(Options options) {
  Codes given, standard;
  options.fields(given);
  Options{}.fields(standard);
  std::string text;
  for (std::size_t i = 0; i < given.list.size(); ++i) {
    if (i == 0 || given.list[i] != standard.list[i]) text += (text.empty() ? "" : ", ") + given.list[i];
  }
  return text;
}

template <class Optimizer>
constexpr StepCall step_call() {
  if constexpr (requires(Optimizer & o, std::function<double()> f) { o.step(f); }) return StepCall::closure;
  if constexpr (requires(Optimizer & o, std::function<Tensor()> f) { o.step(f); }) return StepCall::loss;
  return StepCall::plain;
}

template <class Options>
Options parse_options(const std::string& text, const Spec& spec) {
  Options options;
  for (const std::string& argument : spec.arguments) {
    const auto equals = argument.find('=');
    Set set{std::string_view(argument).substr(0, equals), {}};
    if (equals != std::string::npos) set.text = std::string_view(argument).substr(equals + 1);
    options.fields(set);
    if (!set.found) {
      Names names;
      options.fields(names);
      throw Stop(usage, fmt::format("--opt {}: option '{}' of {} is {}", text, set.name, spec.name,
                                    unknown(set.name, names.list)));
    }
    if (set.expected) {
      throw Stop(usage, fmt::format("--opt {}: {} must be {}, not '{}'", text, set.name, set.expected, set.text));
    }
  }
  return options;
}

template <class Optimizer>
MakeOptimizer parse(const std::string& text, const Spec& spec) {
  const auto options = parse_options<OptionsOf<Optimizer>>(text, spec);
  const auto made = [options](const auto& of) { return optim::AnyOptimizer(Optimizer(of, options)); };
  try {
    made(std::vector{zeros({1}).requires_grad_()});  // checks the values before any data are read
  } catch (const Error& e) { throw Stop(usage, fmt::format("--opt {}: {}", text, without_line(e))); }
  return {made, made, made, optim::is_elementwise<Optimizer>, step_call<Optimizer>(), code_of(options)};
}

template <class Optimizer>
std::vector<std::string> describe() {
  Describe options;
  OptionsOf<Optimizer>{}.fields(options);
  return options.list;
}

struct Known {
  const char* name;
  MakeOptimizer (*parse)(const std::string& text, const Spec& spec);
  std::vector<std::string> (*describe)();
};

template <class Optimizer>
constexpr Known known(const char* name) {
  return {name, parse<Optimizer>, describe<Optimizer>};
}

constexpr Known optimizers[] = {
    known<optim::SGD>("sgd"),
    known<optim::Adam>("adam"),
    known<optim::AdamW>("adamw"),
    known<optim::NAdam>("nadam"),
    known<optim::RAdam>("radam"),
    known<optim::Adamax>("adamax"),
    known<optim::Adagrad>("adagrad"),
    known<optim::Adadelta>("adadelta"),
    known<optim::RMSprop>("rmsprop"),
    known<optim::Rprop>("rprop"),
    known<optim::ASGD>("asgd"),
    known<optim::Lion>("lion"),
    known<optim::LBFGS>("lbfgs"),
    known<optim::Newton>("newton"),
    known<optim::NewtonCG>("newton_cg"),
    known<optim::Muon>("muon"),
    known<optim::ScheduleFreeAdamW>("schedule_free"),
};

}  // namespace

MakeOptimizer parse_optimizer(const std::string& text) {
  const Spec spec = parse_spec(text);
  std::vector<std::string> names;
  for (const Known& optimizer : optimizers) {
    if (optimizer.name == spec.name) return optimizer.parse(text, spec);
    names.emplace_back(optimizer.name);
  }
  throw Stop(usage, fmt::format("--opt {}: {}", spec.name, unknown(spec.name, names)));
}

std::string optimizer_list() {
  constexpr std::size_t indent = 11, width = 79;
  std::string text;
  for (const Known& optimizer : optimizers) {
    std::string line = fmt::format("  {:<{}}", optimizer.name, indent - 3);
    for (const std::string& option : optimizer.describe()) {
      if (line.size() + 1 + option.size() > width) {
        text += line + '\n';
        line.assign(indent - 1, ' ');
      }
      line += ' ' + option;
    }
    text += line + '\n';
  }
  return text;
}

}  // namespace gradus::tool
