// What options mean by their names: which values they may have, and what descent() makes of them.

#include <gradus/ops/elementwise.hpp>
#include <gradus/optim/optimizer.hpp>

#include "tensor/format.hpp"
#include "tensor/impl.hpp"
#include "tensor/number.hpp"

namespace gradus::optim::detail {
namespace {

struct Limit {
  double low, high;
  bool closed;  // may it be `high`?
  const char* text;
};
constexpr double inf = std::numeric_limits<double>::infinity();
constexpr Limit number{-std::numeric_limits<double>::max(), inf, false, "a finite number"};
constexpr Limit non_negative{0, inf, false, "a finite number, 0 or more"};
constexpr Limit fraction{0, 1, true, "0 or more, and at most 1"};
constexpr Limit decay{0, 1, false, "0 or more, and less than 1"};
constexpr Limit count{1, inf, false, "1 or more"};
constexpr Limit few{1, 100, false, "1 or more, and less than 100"};

struct Rule {
  std::string_view name;
  const Limit& limit;
};
constexpr Rule rules[] = {
    {"lr", non_negative},
    {"momentum", non_negative},
    {"dampening", number},
    {"weight_decay", non_negative},
    {"eps", non_negative},
    {"betas", decay},
    {"rho", fraction},
    {"alpha", non_negative},
    {"lambd", non_negative},
    {"t0", non_negative},
    {"lr_decay", non_negative},
    {"etas", non_negative},
    {"step_sizes", non_negative},
    {"max_iter", count},
    {"max_eval", non_negative},
    {"tolerance_grad", non_negative},
    {"tolerance_change", non_negative},
    {"initial_accumulator_value", non_negative},
    {"history_size", count},
    {"momentum_decay", non_negative},
    {"damping", non_negative},
    {"cg_iter", non_negative},
    {"ns_steps", few},
    {"adam_ratio", non_negative},
    {"adam_betas", decay},
    {"warmup_steps", non_negative},
    {"r", non_negative},
};

}  // namespace

void OptionCheck::operator()(std::string_view name, double value) const {
  for (const auto& [rule, limit] : rules)
    if (rule == name && !(value >= limit.low && (limit.closed ? value <= limit.high : value < limit.high)))
      throw Error(options,
                  {.wrong = std::string(name) + " is out of range",
                   .got = gradus::detail::number_text(value),
                   .expected = limit.text},
                  gradus::detail::user_line(where));
}

namespace {

std::string text_of(const OptionValues::Value& v) {
  return v.numbers[1] == 0 ? formatted("{}", v.numbers[0]) : formatted("{}/{}", v.numbers[0], v.numbers[1]);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> texts_of(const OptionValues& options) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const OptionValues::Value& v : options.all) all.emplace_back(v.name, text_of(v));
  return all;
}

void check_inherited(std::string_view options, const OptionValues& given, const OptionValues& defaults,
                     const OptionValues& constructors, Loc where) {
  const auto text = [](const OptionValues::Value& v) {
    return v.numbers[1] == 0 ? formatted("{}", v.numbers[0]) : formatted("{{{}, {}}}", v.numbers[0], v.numbers[1]);
  };
  for (std::size_t i = 0; i < given.all.size(); ++i) {
    const OptionValues::Value& value = given.all[i];
    if (value.numbers != defaults.all[i].numbers || value.numbers == constructors.all[i].numbers) continue;
    throw Error(options,
                {.wrong = formatted("it is not clear whether the group keeps the constructor's {}", value.name),
                 .got = formatted("the default {} here, {} in the constructor", text(value), text(constructors.all[i])),
                 .expected = "add_group(parameters), which keeps all of the constructor's options",
                 .advice = formatted("opt.add_group(parameters).lr = … changes one; "
                                     "opt.add_group(parameters) = {}{{…}} sets all",
                                     options)},
                gradus::detail::user_line(where));
  }
}

void OptionCheck::fail(const char* wrong) const {
  throw Error(options, {.wrong = wrong, .advice = "change one of these options, or leave them out"},
              gradus::detail::user_line(where));
}

void shrink(Tensor& p, double factor) { p.mul_(factor); }

Tensor descent(const Tensor& p, const Tensor& g, bool maximize, double weight_decay) {
  const Tensor d = maximize ? -g : g;
  return weight_decay != 0 ? d + p * weight_decay : d;
}

}  // namespace gradus::optim::detail
