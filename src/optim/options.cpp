// What options mean by their names: which values they may have, and what descent() makes of them.

#include <gradus/ops/elementwise.hpp>
#include <gradus/optim/optimizer.hpp>

#include "tensor/impl.hpp"
#include "tensor/number.hpp"

namespace gradus::optim::detail {
namespace {

struct Limit {
  double low, high;
  bool closed;  // may it be `high`?
  const char* text;
};
constexpr Limit non_negative{0, gradus::detail::infinity, true, "0 or more"};
constexpr Limit fraction{0, 1, true, "0 or more, and at most 1"};
constexpr Limit decay{0, 1, false, "0 or more, and less than 1"};
constexpr Limit count{1, gradus::detail::infinity, true, "1 or more"};

struct Rule {
  std::string_view name;
  const Limit& limit;
};
constexpr Rule rules[] = {
    {"lr", non_negative},
    {"momentum", non_negative},
    {"weight_decay", non_negative},
    {"eps", non_negative},
    {"betas", decay},
    {"rho", fraction},
    {"lr_decay", non_negative},
    {"max_iter", count},
    {"initial_accumulator_value", non_negative},
    {"history_size", count},
    {"momentum_decay", non_negative},
    {"damping", non_negative},
    {"cg_iter", non_negative},
    {"ns_steps", non_negative},
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

void OptionCheck::fail(const char* wrong) const {
  throw Error(options, {.wrong = wrong}, gradus::detail::user_line(where));
}

void shrink(Tensor& p, double factor) { p.mul_(factor); }

Tensor descent(const Tensor& p, const Tensor& g, bool maximize, double weight_decay) {
  const Tensor d = maximize ? -g : g;
  return weight_decay != 0 ? d + p * weight_decay : d;
}

}  // namespace gradus::optim::detail
