// The step, which all optimizers share: what is checked before it, what observers see of it, how its state is kept.
#include <gradus/optim/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cxxabi.h>
#include <limits>
#include <memory>
#include <typeinfo>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "tape/state.hpp"

namespace gradus::optim {

using gradus::detail::changed;
using gradus::detail::Observers;
using gradus::detail::TensorImpl;
using gradus::detail::thread_state;
using gradus::detail::user_line;

// ---- state ----

void State::add(std::string name, const Tensor& start) {
  names.push_back(std::move(name));
  tensors.emplace_back(clone(start.detach()));
}

Tensor& State::at(std::string_view name, const Tensor& p) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return tensors[static_cast<std::size_t>(found - names.begin())];
  add(std::string(name), zeros_like(p));
  return tensors.back();
}

void average(Tensor& s, const Tensor& x, double beta) { s = s * beta + x * (1 - beta); }

// ---- options ----

namespace detail {
namespace {

struct Limit {
  std::string_view name;
  double low, high;  // both allowed, …
  bool below;        // … unless it must stay below `high`
};
constexpr double inf = std::numeric_limits<double>::infinity();
constexpr Limit limits[] = {
    {"lr", 0, inf, false},        {"momentum", 0, inf, false},      {"weight_decay", 0, inf, false},
    {"eps", 0, inf, false},       {"betas", 0, 1, true},            {"rho", 0, 1, false},
    {"lr_decay", 0, inf, false},  {"momentum_decay", 0, inf, false}, {"initial_accumulator_value", 0, inf, false},
    {"max_iter", 1, inf, false},  {"history_size", 1, inf, false},  {"etas", 0, inf, false},
};

}  // namespace

void OptionCheck::operator()(std::string_view name, double value) const {
  for (const Limit& l : limits) {
    if (l.name != name || (value >= l.low && (l.below ? value < l.high : value <= l.high))) continue;
    std::string expected = std::to_string(static_cast<int>(l.low)) + " or more";
    if (l.high < inf) expected += std::string(l.below ? ", and less than " : ", and at most ") + std::to_string(static_cast<int>(l.high));
    throw Error(options,
                {.wrong = std::string(name) + " is out of range", .got = std::to_string(value), .expected = expected},
                user_line(where));
  }
}

void OptionCheck::fail(const char* wrong) const { throw Error(options, {.wrong = wrong}, user_line(where)); }

void shrink(Tensor& p, double factor) { p.mul_(factor); }

Tensor descent(const Tensor& p, const Tensor& g, bool maximize, double weight_decay) {
  const Tensor d = maximize ? -g : g;
  return weight_decay != 0 ? d + p * weight_decay : d;
}

}  // namespace detail

// ---- parameters ----

const char* OptimizerBase::type() const {
  if (type_) return type_;
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(typeid(*this).name(), nullptr, nullptr, &status),
                                                    std::free);
  std::string_view name = text ? text.get() : "optimizer";
  name = name.substr(0, name.find('<'));
  if (const auto colon = name.rfind(':'); colon != name.npos) name.remove_prefix(colon + 1);
  return type_ = nn::Fields::intern(name);
}

void OptimizerBase::add_entries(std::vector<nn::NamedParameter> parameters, std::size_t group, Loc where) {
  const auto refuse = [&](const std::string& name, const char* wrong, std::string got, std::string advice) {
    throw Error("optimizer",
                {.wrong = "parameter '" + name + "' " + wrong, .got = std::move(got), .advice = std::move(advice)},
                user_line(where));
  };
  if (parameters.empty())
    throw Error("optimizer", {.wrong = "there are no parameters to train", .got = "an empty list"}, user_line(where));

  std::vector<Entry> entries = entries_;
  for (nn::NamedParameter& p : parameters) {
    if (!p.value.defined()) refuse(p.name, "is undefined", "a default-constructed tensor", "make it first");
    const TensorImpl& t = *p.value.impl();
    if (!is_floating(t.dtype)) refuse(p.name, "is not floating-point", name(t.dtype), "convert it: x.to(f32)");
    if (t.tape)
      refuse(p.name, "is the result of a recorded operation, not a leaf", "shape " + to_string(t.shape),
             "train the leaves it was computed from, or x.detach().requires_grad_()");
    for (int i = 0; i < t.shape.size(); ++i)
      if (t.strides[i] == 0 && t.shape[i] > 1)
        refuse(p.name, "is an expanded view: several elements are one number in memory", "shape " + to_string(t.shape),
               "train a copy: x.clone().detach().requires_grad_()");
    for (const Entry& e : entries)
      if (e.value.is_same(p.value))
        refuse(p.name, "is there twice", "it is already in group " + std::to_string(e.group) + " as '" + e.name + "'",
               "give each parameter once, in one group");
    // Two networks may both have a "0.weight": the later one is called "0.weight.2".
    const auto taken = [&](const std::string& name) {
      return std::any_of(entries.begin(), entries.end(), [&](const Entry& e) { return e.name == name; });
    };
    std::string name = p.name;
    for (int n = 2; taken(name); ++n) name = p.name + "." + std::to_string(n);
    entries.push_back({.name = std::move(name), .value = p.value, .group = group});
  }
  entries_ = std::move(entries);
  group_count_ = group + 1;
}

void OptimizerBase::check_group(std::size_t group, Loc where) const {
  if (group >= group_count_)
    throw Error("optimizer",
                {.wrong = "there is no such group", .got = std::to_string(group),
                 .expected = "less than " + std::to_string(group_count_)},
                user_line(where));
}

void OptimizerBase::set_lr(double lr) {
  for (std::size_t group = 0; group < group_count_; ++group) set_lr(lr, group);
}

std::vector<Tensor> OptimizerBase::parameters() const {
  std::vector<Tensor> all;
  for (const Entry& e : entries_) all.push_back(e.value);
  return all;
}

void OptimizerBase::zero_grad() {
  for (Entry& e : entries_) e.value.zero_grad();
}

// ---- the step ----

namespace {

bool is_active(const Tensor& p) { return p.impl()->requires_grad && p.impl()->grad.defined(); }

// What an update does inside is its own business: observers see the parameter change once.
class Unobserved {
 public:
  Unobserved() : before_(std::exchange(thread_state().hooks, nullptr)) {}
  ~Unobserved() { thread_state().hooks = before_; }
  Unobserved(const Unobserved&) = delete;
  Unobserved& operator=(const Unobserved&) = delete;

 private:
  const gradus::detail::Hooks* before_;
};

}  // namespace

void OptimizerBase::check_gradients(Loc where) const {
  bool any = false;
  for (const Entry& e : entries_) {
    const TensorImpl& p = *e.value.impl();
    if (!is_active(e.value)) continue;
    any = true;
    const TensorImpl& g = *p.grad.impl();
    if (g.shape != p.shape || g.dtype != p.dtype)
      throw Error(type(),
                  {.wrong = "the gradient of '" + e.name + "' does not fit it",
                   .got = to_string(g.shape) + " " + name(g.dtype),
                   .expected = to_string(p.shape) + " " + name(p.dtype),
                   .advice = "zero_grad(), and walk back again"},
                  where);
    if (e.ready && !e.state.tensors.empty() && e.state.shape != p.shape)
      throw Error(type(),
                  {.wrong = "'" + e.name + "' has changed its shape since its state was made",
                   .got = to_string(p.shape), .expected = to_string(e.state.shape), .advice = "make a new optimizer"},
                  where);
  }
  if (any) return;
  const auto frozen = std::count_if(entries_.begin(), entries_.end(), [](const Entry& e) { return !e.value.requires_grad(); });
  throw Error(type(),
              {.wrong = "no parameter has a gradient",
               .got = std::to_string(entries_.size()) + " parameters, " + std::to_string(frozen) + " of them frozen",
               .advice = "call tape.backward(loss) between zero_grad() and step(); requires_grad_() unfreezes"},
              where);
}
