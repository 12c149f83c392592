// The step, which all optimizers share: what is checked before it, and what observers see of it.
#include <gradus/optim/optimizer.hpp>

#include <cxxabi.h>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <typeinfo>
#include <utility>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "kernels/denormals.hpp"
#include "nn/unlisted.hpp"
#include "optim/undo.hpp"
#include "tape/observers.hpp"
#include "tape/profile.hpp"

namespace gradus::optim {

using gradus::detail::bytes_of;
using gradus::detail::changed;
using gradus::detail::observed;
using gradus::detail::Observers;
using gradus::detail::TensorImpl;
using gradus::detail::thread_state;
using gradus::detail::Timing;
using gradus::detail::Unobserved;
using gradus::detail::user_line;

// ---- the object: schedules find it again when it has been moved ----

OptimizerBase::OptimizerBase(const OptimizerBase& o) : entries_(o.entries_), group_count_(o.group_count_) {}

OptimizerBase::OptimizerBase(OptimizerBase&& o) noexcept
    : entries_(std::move(o.entries_)), group_count_(std::exchange(o.group_count_, 0)), place_(std::move(o.place_)) {
  if (place_) place_->optimizer = this;
}

OptimizerBase& OptimizerBase::operator=(const OptimizerBase& o) {
  entries_ = o.entries_;
  group_count_ = o.group_count_;
  return *this;
}

OptimizerBase& OptimizerBase::operator=(OptimizerBase&& o) noexcept {
  if (this == &o) return *this;
  entries_ = std::move(o.entries_);
  group_count_ = std::exchange(o.group_count_, 0);
  if (!o.place_) return *this;
  if (place_) place_->optimizer = nullptr;
  place_ = std::move(o.place_);
  place_->optimizer = this;
  return *this;
}

OptimizerBase::~OptimizerBase() {
  if (place_) place_->optimizer = nullptr;
}

std::shared_ptr<const detail::OptimizerPlace> OptimizerBase::place() {
  if (!place_) place_ = std::make_shared<detail::OptimizerPlace>(detail::OptimizerPlace{this});
  return place_;
}

// ---- parameters ----

std::vector<nn::NamedParameter> OptimizerBase::parameters_of(const nn::ModuleBase& module, Loc where) {
  std::vector<nn::NamedParameter> all = module.named_parameters(where);
  if (all.empty())
    throw Error("optimizer",
                {.wrong = "there are no parameters to train",
                 .got = std::string(module.type()) + ", whose fields() list no parameter",
                 .advice = "list its members in fields(); a module without fields() lists nothing"},
                user_line(where));
  return all;
}

std::vector<nn::NamedParameter> OptimizerBase::named(std::vector<Tensor> parameters) const {
  std::vector<nn::NamedParameter> all;
  for (Tensor& p : parameters) {
    std::string name = p.defined() && !p.name().empty() ? p.name() : std::to_string(entries_.size() + all.size());
    all.push_back({std::move(name), std::move(p)});
  }
  return all;
}

namespace {

[[noreturn]] void refuse(const nn::NamedParameter& p, const char* wrong, std::string got, std::string advice,
                         Loc where) {
  throw Error("optimizer",
              {.wrong = "parameter '" + p.name + "' " + wrong, .got = std::move(got), .advice = std::move(advice)},
              user_line(where));
}

void check_parameter(const nn::NamedParameter& p, Loc where) {
  if (!p.value.defined()) refuse(p, "is undefined", "a default-constructed tensor", "make it first", where);
  const TensorImpl& t = *p.value.impl();
  if (!is_floating(t.dtype)) refuse(p, "is not floating-point", name(t.dtype), "convert it: x.to(f32)", where);
  if (t.tape)
    refuse(p, "is the result of a recorded operation, not a leaf", "shape " + to_string(t.shape),
           "train the leaves it was computed from, or x.detach().requires_grad_()", where);
  for (int i = 0; i < t.shape.size(); ++i)
    if (t.strides[i] == 0 && t.shape[i] > 1)
      refuse(p, "is an expanded view: several elements are one number in memory", "shape " + to_string(t.shape),
             "train a copy: x.clone().requires_grad_()", where);
}

}  // namespace

const char* OptimizerBase::type() const {
  if (type_) return type_;
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(typeid(*this).name(), nullptr, nullptr, &status), std::free);
  std::string_view name = text ? text.get() : "optimizer";
  name = name.substr(0, name.find('<'));
  if (const auto colon = name.rfind(':'); colon != name.npos) name.remove_prefix(colon + 1);
  return type_ = nn::Fields::intern(name);
}

void OptimizerBase::add_entries(std::vector<nn::NamedParameter> parameters, std::size_t group, Loc where) {
  std::vector<Entry> added;
  const auto find = [&](const auto& fits) -> const Entry* {
    for (const std::vector<Entry>* list : {&std::as_const(entries_), &std::as_const(added)})
      for (const Entry& e : *list)
        if (fits(e)) return &e;
    return nullptr;
  };
  for (nn::NamedParameter& p : parameters) {
    check_parameter(p, where);
    if (const Entry* e = find([&](const Entry& other) { return other.value.is_same(p.value); }))
      refuse(p, "was given twice", "it is already in group " + std::to_string(e->group) + " as '" + e->name + "'",
             "give each parameter once, in one group", where);
    // Two networks may both have a "0.weight": the later one is called "0.weight.2".
    std::string name = p.name;
    for (int n = 2; find([&](const Entry& other) { return other.name == name; }); ++n)
      name = p.name + "." + std::to_string(n);
    added.push_back({.name = std::move(name), .given = std::move(p.name), .value = std::move(p.value), .group = group});
  }
  for (const Entry& e : added) e.value.impl()->listed.store(true, std::memory_order_relaxed);
  entries_.reserve(entries_.size() + added.size());
  std::move(added.begin(), added.end(), std::back_inserter(entries_));
  group_count_ = group + 1;
}

std::vector<std::size_t> OptimizerBase::chosen(const detail::Choice& choice, Loc where) const {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (choice({entries_[i].given, entries_[i].value})) all.push_back(i);
  if (!all.empty()) return all;
  std::string names;
  for (std::size_t i = 0; i < entries_.size() && i < 4; ++i) names += (i ? ", " : "") + entries_[i].given;
  throw Error("optimizer",
              {.wrong = "no parameter is chosen for the group",
               .got = entries_.empty() ? "an optimizer without parameters"
                                       : std::to_string(entries_.size()) + " parameters: " + names +
                                             (entries_.size() > 4 ? ", …" : ""),
               .expected = "one or more that the function says true for",
               .advice = "the names are those of named_parameters()"},
              user_line(where));
}

void OptimizerBase::check_group(std::size_t group, Loc where) const {
  if (group >= group_count_)
    throw Error("optimizer",
                {.wrong = "there is no group " + std::to_string(group),
                 .got = group_count_ == 0 ? "an optimizer that has been moved from, without groups"
                                          : std::to_string(group_count_) + " groups",
                 .expected = group_count_ == 0 ? "" : "0 to " + std::to_string(group_count_ - 1),
                 .advice = group_count_ == 0 ? "use the optimizer that it was moved to" : ""},
                user_line(where));
}

void OptimizerBase::set_lr(double lr, Loc where) {
  for (std::size_t group = 0; group < group_count_; ++group) set_lr(lr, group, where);
}

std::vector<Tensor> OptimizerBase::parameters() const {
  std::vector<Tensor> all;
  for (const Entry& e : entries_) all.push_back(e.value);
  return all;
}

std::vector<nn::NamedParameter> OptimizerBase::named_parameters() const {
  std::vector<nn::NamedParameter> all;
  for (const Entry& e : entries_) all.push_back({e.name, e.value});
  return all;
}

void OptimizerBase::zero_grad() {
  for (Entry& e : entries_) e.value.zero_grad();
}

// ---- the step ----

namespace {

bool is_active(const Tensor& p) { return p.impl()->requires_grad && p.impl()->grad.defined(); }

}  // namespace

void OptimizerBase::check_gradients(Loc where, bool walked) const {
  if (entries_.empty())
    throw Error(type(),
                {.wrong = "there are no parameters to train",
                 .got = std::to_string(group_count_) + " groups, all empty",
                 .advice = "list the members of your modules in fields(), or add_group(…)"},
                where);
  if (nn::detail::unlisted_count.load(std::memory_order_relaxed) > 0)
    nn::detail::refuse_unlisted(type(), parameters(), walked, where);
  bool any = false;
  for (const Entry& e : entries_) {
    const TensorImpl& p = *e.value.impl();
    if (!is_active(e.value)) continue;
    any = true;
    const TensorImpl& g = *p.grad.impl();
    if (g.shape != p.shape || g.dtype != p.dtype)
      throw Error(type(),
                  {.wrong = "the gradient of '" + e.name + "' has another shape or dtype",
                   .got = to_string(g.shape) + " " + name(g.dtype),
                   .expected = to_string(p.shape) + " " + name(p.dtype),
                   .advice = "call zero_grad() and then tape.backward(loss) again"},
                  where);
    if (!e.state.tensors.empty() && e.shape != p.shape)
      throw Error(type(),
                  {.wrong = "'" + e.name + "' has another shape than its state",
                   .got = to_string(p.shape),
                   .expected = to_string(e.shape),
                   .advice = "make a new optimizer"},
                  where);
  }
  if (any) return;
  const auto frozen =
      std::count_if(entries_.begin(), entries_.end(), [](const Entry& e) { return !e.value.requires_grad(); });
  throw Error(type(),
              {.wrong = "no parameter has a gradient",
               .got = std::to_string(entries_.size()) + " parameters, " + std::to_string(frozen) + " of them frozen",
               .advice = "call tape.backward(loss) between zero_grad() and step(); requires_grad_() unfreezes"},
              where);
}

// State is made at the first step that finds a gradient; it follows a parameter that has been converted to another
// dtype.
void OptimizerBase::prepare(Loc where) {
  std::vector<State> fresh;
  auto next = fresh.begin();
  // Memory may end: all new states are made before the first is used.
  const auto make_all = [&] {
    for (const Entry& e : entries_) {
      if (!is_active(e.value) || e.ready) continue;
      check_group_options(e.group, where);
      State state;
      init_entry(e, state);
      fresh.push_back(std::move(state));
    }
    next = fresh.begin();
  };
  bool made = false;
  for (Entry& e : entries_) {
    const TensorImpl& p = *e.value.impl();
    if (!is_active(e.value) || (e.ready && e.dtype == p.dtype)) continue;
    if (!std::exchange(made, true)) make_all();
    if (!e.ready) {
      e.state = std::move(*next++);
    } else {
      for (Buffer& t : e.state.tensors)
        if (t.dtype() == e.dtype && t.shape() == p.shape) t.convert(p.dtype);
    }
    e.ready = true;
    e.dtype = p.dtype;
    e.shape = p.shape;
  }
}

std::vector<std::pair<std::string, std::string>> OptimizerBase::option_texts(std::size_t group, Loc where) const {
  detail::OptionValues values;
  values("lr", lr(group, where));
  return detail::texts_of(values);
}

void OptimizerBase::step(Loc where) {
  const At at(where);
  const NoRecord pause;
  where = user_line(where);
  tell_step(true);
  check_gradients(where);
  gradus::detail::check_tape_growth(type(), where);
  for (std::size_t group = 0; group < group_count_; ++group)
    if (const double rate = lr(group, where); !(rate >= 0 && std::isfinite(rate))) check_group_options(group, where);
  Timing timing(type(), ProfileRow::step);
  Undo undo;
  for (Entry& e : entries_)
    if (is_active(e.value) && !cannot_fail(e)) undo.keep(e);
  prepare(where);
  {
    std::optional<kernels::FlushDenormals> flushed;  // once for all parameters; observers are not to feel it
    if (!observed()) flushed.emplace();
    for (Entry& e : entries_)
      if (is_active(e.value)) update(e, where);
  }
  undo.all_is_well();
  if (timing.stop()) timing.bytes = step_bytes();
  tell_step(false);
}

// An update in place takes no memory, unless it must copy to have its numbers side by side. An observer may throw.
bool OptimizerBase::cannot_fail(const Entry& e) const {
  const TensorImpl& p = *e.value.impl();
  return e.ready && updates_in_place(e) && !observed() && p.contiguous && p.grad.impl()->contiguous;
}

// What an update has read and written: parameter and state both ways, the gradient once.
double OptimizerBase::step_bytes() const {
  double bytes = 0;
  for (const Entry& e : entries_) {
    if (!is_active(e.value)) continue;
    bytes += 2 * bytes_of(e.value) + bytes_of(e.value.impl()->grad);
    for (const Tensor& s : e.state.tensors) bytes += 2 * bytes_of(s);
  }
  return bytes;
}

void OptimizerBase::tell(const Entry& e, const Tensor& g, std::int64_t step, bool before) const {
  if (!observed() || !observed()->contributions) return;
  const std::vector<Tensor> state(e.state.tensors.begin(), e.state.tensors.end());
  const std::string formula = before ? std::string() : formula_of_entry(e);
  Observers::tell([&](Observer& o) {
    o.on_step({type(), e.name, e.value, g, state, e.state.names, lr(e.group), step, before, formula});
  });
}

void OptimizerBase::tell_step(bool before) const {
  if (observed()) Observers::tell([&](Observer& o) { o.on_optimizer({*this, before}); });
}

void OptimizerBase::tell_all(std::int64_t step, bool before) const {
  tell_step(before);
  for (const Entry& e : entries_)
    if (e.value.requires_grad()) tell(e, e.value.grad(), step, before);
}

void OptimizerBase::refuse_plain_step(const char* advice, Loc where) const {
  throw Error(type(),
              {.wrong = "one step evaluates the loss several times",
               .got = "step() without an argument",
               .expected = "a callable that gives the loss",
               .advice = advice},
              user_line(where));
}

void OptimizerBase::check_one_group(Loc where) const {
  if (groups() > 1)
    throw Error(type(),
                {.wrong = "this optimizer has one direction and one step length for all parameters",
                 .got = std::to_string(groups()) + " groups",
                 .expected = "one group"},
                where);
}

void OptimizerBase::update(Entry& e, Loc where) {
  const TensorImpl& p = *e.value.impl();
  // A gradient that is itself the result of a recorded walk serves by its numbers.
  const Tensor numbers = p.grad.impl()->tape ? p.grad.detach() : Tensor();
  const Tensor& g = numbers.defined() ? numbers : p.grad;
  ++e.state.step;
  const bool told = observed() != nullptr;
  if (told) tell(e, g, e.state.step, true);
  changed(e.value, type(), where);
  {
    const Unobserved inside;
    // An average that decays would stay among the denormals, where it is slow. Where nobody observes, step() has seen
    // to it.
    std::optional<kernels::FlushDenormals> flushed;
    if (told) flushed.emplace();
    update_entry(e, g);
  }
  // Whatever calls the update was made of, a walk that meets the change names the optimizer.
  p.storage->changed_by = type();
  p.storage->changed_at = where;
  if (told) tell(e, g, e.state.step, false);
}

}  // namespace gradus::optim
