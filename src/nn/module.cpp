// What every module has: calls that name and locate what they record, and everything that follows from fields().
#include <gradus/nn/module.hpp>

#include <algorithm>
#include <mutex>
#include <set>

#include "nn/unlisted.hpp"
#include "nn/visitors.hpp"
#include "tape/observers.hpp"
#include "tape/state.hpp"
#include "tape/unlisted.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {

using gradus::detail::thread_state;

// ---- names ----

const char* Fields::intern(std::string_view text) {
  static std::mutex mutex;
  static std::set<std::string, std::less<>> names;  // its strings stay where they are
  const std::lock_guard lock(mutex);
  auto at = names.find(text);
  if (at == names.end()) at = names.emplace(text).first;
  return at->c_str();
}

const char* Fields::indexed(const char* name, int i) { return intern(std::string(name) + '.' + std::to_string(i)); }

struct ModuleBase::Naming : Visitor {
  bool enter(const char* name, ModuleBase& m) override {
    m.name_.store(intern(name), std::memory_order_relaxed);
    return false;
  }
};

void ModuleBase::name_children() const {
  Naming naming;
  const_cast<ModuleBase*>(this)->visit(naming);
  named_.store(true, std::memory_order_release);
}

// ---- calls ----

ModuleBase::Call*& ModuleBase::Call::innermost() {
  static constinit thread_local Call* call = nullptr;
  return call;
}

ModuleBase::Call::Call(const ModuleBase& m, bool own_lines, Loc where)
    : watcher(detail::watcher()), hooks(m.hooks_.get()), module_(m), line_(where) {
  if (m.moved_) [[unlikely]]
    m.check_not_moved("call", where);
  auto& s = thread_state();
  at_set_ = own_lines && s.at_set;
  if (s.tape && s.recording) {
    if (!m.named_.load(std::memory_order_acquire)) m.name_children();
    const char* name = m.name_.load(std::memory_order_relaxed);
    if (*name) scope_.emplace(name);
    before_ = innermost();
    if (before_ && before_->tape_ == s.tape_id) outer_ = before_;
    const bool due =
        !m.checked_.load(std::memory_order_relaxed) || gradus::detail::checks_due.load(std::memory_order_relaxed) > 0;
    if (outer_ ? outer_->first_leaf_ >= 0 : due) begin_check();
    if (gradus::detail::observed()) gradus::detail::Observers::tell([&](Observer& o) { o.on_module({m}); });
    tape_ = s.tape_id;
  }
  // From here on nothing fails: the destructor, which does not follow a constructor that has, takes it back.
  if (tape_) innermost() = this;
  if (!at_set_) return;
  at_ = s.at;
  s.at_set = false;
}

ModuleBase::Call::~Call() {
  if (tape_) innermost() = before_;
  if (!at_set_) return;
  auto& s = thread_state();
  s.at = at_;
  s.at_set = true;
}

void ModuleBase::Call::begin_check() {
  first_leaf_ = static_cast<int>(thread_state().tape->state().leaves.size());
  if (!outer_) own_check_ = std::make_unique<detail::UseCheck>();
  check_ = outer_ ? outer_->check_ : own_check_.get();
  if (own_check_) own_check_->still_due = gradus::detail::checks_due.load(std::memory_order_relaxed) - 1;
}

void ModuleBase::Call::check_listed() {
  const Tape* tape = Tape::current();
  if (!tape || tape->id() != tape_) return;
  std::vector<const ModuleBase*> modules;
  for (const Call* call = this; call; call = call->outer_) modules.insert(modules.begin(), &call->module_);
  check_->claim(*tape, first_leaf_, modules);
  if (outer_) return;
  check_->conclude(*tape, module_);
  module_.checked_.store(true, std::memory_order_relaxed);
  // The leaves of this call have been looked at; others may be waiting.
  gradus::detail::checks_due.store(std::max(0, check_->still_due), std::memory_order_relaxed);
}

void ModuleBase::check_not_moved(const char* operation, Loc where) const {
  if (!moved_) return;
  throw Error(type(),
              {.wrong = formatted("{} of a module that has been moved from", operation),
               .got = "its members belong to another module now",
               .advice = "use that module, or assign to this one first"},
              gradus::detail::user_line(where));
}

detail::Watcher*& detail::watcher() {
  static constinit thread_local Watcher* watching = nullptr;
  return watching;
}

// ---- what follows from fields() ----

namespace {

struct Lister : PathVisitor {
  explicit Lister(bool buffers) : with_buffers(buffers) {}
  void parameter(const char* name, Parameter& p) override { all.push_back({path(name), p}); }
  void buffer(const char* name, Buffer& b) override {
    if (with_buffers) all.push_back({path(name), b});
  }
  bool with_buffers;
  std::vector<NamedParameter> all;
};

// Calls f for every parameter and buffer.
template <class F>
void for_each(ModuleBase& m, const F& f) {
  struct Each : Visitor {
    explicit Each(const F& call) : f(call) {}
    void parameter(const char*, Parameter& p) override { f(p); }
    void buffer(const char*, Buffer& b) override { f(b); }
    const F& f;
  } each(f);
  m.visit(each);
}

std::vector<const gradus::detail::TensorImpl*> sorted_identities(const std::vector<NamedParameter>& all) {
  std::vector<const gradus::detail::TensorImpl*> ids;
  for (const NamedParameter& p : all) ids.push_back(p.value.impl());
  std::sort(ids.begin(), ids.end());
  return ids;
}

// Leaves out what has come before under another name.
void remove_repeated(std::vector<NamedParameter>& all) {
  const auto ids = sorted_identities(all);
  if (std::adjacent_find(ids.begin(), ids.end()) == ids.end()) return;
  std::set<const gradus::detail::TensorImpl*> seen;
  std::erase_if(all, [&](const NamedParameter& p) { return !seen.insert(p.value.impl()).second; });
}

}  // namespace

std::vector<NamedParameter> ModuleBase::list(bool buffers, Loc where) const {
  check_not_moved("parameters", where);
  Lister lister(buffers);
  const_cast<ModuleBase*>(this)->visit(lister);
  std::vector<std::string_view> names;
  for (const auto& p : lister.all) {
    names.push_back(p.name);
    detail::note_path(p.value, p.name);
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end())
    throw Error(type(),
                {.wrong = "two parameters or buffers have the same name",
                 .got = formatted("'{}' twice", *twice),
                 .expected = "a name of its own for each member",
                 .advice = "give the members different names in fields()"},
                gradus::detail::user_line(where));
  return std::move(lister.all);
}

std::vector<NamedParameter> ModuleBase::named_parameters(Loc where) const {
  std::vector<NamedParameter> all = list(false, where);
  remove_repeated(all);
  return all;
}

std::vector<NamedParameter> ModuleBase::named_parameters(std::string_view prefix, Loc where) const {
  std::vector<NamedParameter> all = named_parameters(where);
  for (NamedParameter& p : all) p.name = formatted("{}.{}", prefix, p.name);
  return all;
}

std::vector<Tensor> ModuleBase::parameters() const {
  std::vector<Tensor> all;
  for (auto& p : named_parameters()) all.push_back(std::move(p.value));
  return all;
}

std::int64_t ModuleBase::parameter_count() const {
  std::int64_t n = 0;
  for (const NamedParameter& p : named_parameters()) n += p.value.numel();
  return n;
}

void ModuleBase::zero_grad() {
  for_each(*this, []<class T>(T& t) {
    if constexpr (std::is_same_v<T, Parameter>) t.zero_grad();
  });
}

StateDict ModuleBase::state_dict(Loc where) const {
  StateDict state;
  for (auto& p : list(true, where)) state.emplace_back(std::move(p.name), p.value.detach());
  return state;
}

LoadResult ModuleBase::load_state_dict(const StateDict& state, const LoadOptions& options, Loc where) {
  const std::vector<NamedParameter> own = list(true, where);
  std::vector<std::string> wrong;
  const auto complain = [&]<class... T>(fmt::format_string<T...> text, T&&... args) {
    wrong.push_back(formatted(text, std::forward<T>(args)...));
  };
  LoadResult left_out;
  std::vector<std::pair<Tensor, Tensor>> fitting;  // to, from
  for (const auto& [name, mine] : own) {
    const Tensor* theirs = find(state, name);
    if (!theirs) {
      left_out.missing.push_back(name);
      if (options.strict) complain("missing:    {} {}", name, to_string(mine.shape()));
    } else if (!theirs->defined()) {
      complain("undefined:  {}", name);
    } else if (theirs->shape() != mine.shape()) {
      left_out.mismatched.push_back(name);
      if (options.strict)
        complain("shape:      {} is {}, the module's {}", name, to_string(theirs->shape()), to_string(mine.shape()));
    } else {
      fitting.emplace_back(mine, *theirs);
    }
  }
  for (const auto& [name, theirs] : state) {
    const auto known = [&](const NamedParameter& p) { return p.name == name; };
    if (std::any_of(own.begin(), own.end(), known)) continue;
    left_out.unexpected.push_back(name);
    if (options.strict) complain("unexpected: {}", name);
  }
  std::string complaints;
  for (const std::string& line : wrong) complaints += (complaints.empty() ? "" : "\n            ") + line;
  if (!wrong.empty())
    throw Error("load_state_dict",
                {.wrong = formatted("the state does not fit this {}", type()),
                 .got = std::move(complaints),
                 .expected = "the names and shapes of state_dict()",
                 .advice = options.strict ? "{.strict = false} leaves these out and returns their names" : ""},
                gradus::detail::user_line(where));
  if (fitting.empty() && !own.empty())
    throw Error(
        "load_state_dict",
        {.wrong = formatted("nothing in the state fits this {}", type()),
         .got = state.empty() ? "an empty state" : formatted("{} names, the first '{}'", state.size(), state[0].first),
         .expected = formatted("some of {} names, the first '{}' {}", own.size(), own[0].name,
                               to_string(own[0].value.shape()))},
        gradus::detail::user_line(where));
  // Conversions need memory: all are made before the first number changes.
  const NoRecord pause;
  for (auto& [mine, theirs] : fitting) {
    theirs = theirs.detach();
    if (theirs.dtype() != mine.dtype()) theirs = theirs.to(mine.dtype(), where);
    theirs = theirs.contiguous(where);
  }
  for (auto& [mine, theirs] : fitting)
    if (mine.impl()->data != theirs.impl()->data) mine.copy_(theirs, where);  // a module may load its own state
  return left_out;
}

struct ModuleBase::Training : Visitor {
  explicit Training(bool to) : on(to) {}
  bool enter(const char*, ModuleBase& m) override {
    m.training_ = on;
    return true;
  }
  bool on;
};

void ModuleBase::set_training(bool on) {
  Training training(on);
  training.enter("", *this);
  visit(training);
}

struct ModuleBase::Modes : Visitor {
  bool enter(const char*, ModuleBase& m) override {
    all.push_back(&m.training_);
    return true;
  }
  std::vector<bool*> all;
};

std::vector<bool> ModuleBase::training_modes() const {
  Modes modes;
  auto& self = const_cast<ModuleBase&>(*this);
  modes.enter("", self);
  self.visit(modes);
  std::vector<bool> on;
  for (const bool* mode : modes.all) on.push_back(*mode);
  return on;
}

void ModuleBase::set_training_modes(const std::vector<bool>& on, Loc where) {
  Modes modes;
  modes.enter("", *this);
  visit(modes);
  if (on.size() != modes.all.size())
    throw Error(type(),
                {.wrong = "the modes are those of another module",
                 .got = formatted("{} modules", on.size()),
                 .expected = formatted("{}", modes.all.size())},
                gradus::detail::user_line(where));
  for (std::size_t i = 0; i < on.size(); ++i) *modes.all[i] = on[i];
}

void ModuleBase::convert(DType dtype, Loc where) {
  if (!is_floating(dtype))
    throw Error("to",
                {.wrong = "a module needs a floating-point dtype",
                 .got = gradus::name(dtype),
                 .expected = "f32 or f64",
                 .advice = "convert a tensor instead: x.to(i64)"},
                gradus::detail::user_line(where));
  check_not_moved("to", where);
  // Copies need memory: all are made before the first member changes.
  struct Change {
    Owned* member;
    Owned numbers;
    Tensor grad;
  };
  const NoRecord pause;
  std::vector<Change> changes;
  for_each(*this, [&](Owned& t) {
    if (!is_floating(t.dtype()) || t.dtype() == dtype) return;
    const Tensor grad = t.grad();
    changes.push_back({&t, Owned(t.detach().to(dtype, where)), grad.defined() ? grad.detach().to(dtype, where) : grad});
  });
  const gradus::detail::Unobserved quiet;
  for (Change& c : changes) {
    if (c.member->dtype() == dtype) continue;  // listed under two names
    *c.member = std::move(c.numbers);
    c.member->set_grad(std::move(c.grad));
  }
}

void ModuleBase::freeze(bool requires_grad) {
  for_each(*this, [&]<class T>(T& t) {
    if constexpr (std::is_same_v<T, Parameter>) t.requires_grad_(requires_grad);
  });
  checked_.store(false, std::memory_order_relaxed);
}

// ---- evaluating ----

namespace {

constinit thread_local int evaluations = 0;  // how many Evaluating live on this thread

}  // namespace

bool ModuleBase::evaluating() { return evaluations > 0; }

Evaluating::Evaluating() { ++evaluations; }
Evaluating::~Evaluating() { --evaluations; }

}  // namespace gradus::nn
