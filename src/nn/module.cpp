// What every module has: calls that name and locate what they record, and everything that follows from fields().
#include <gradus/nn/module.hpp>

#include <algorithm>
#include <mutex>
#include <set>

#include "nn/visitors.hpp"
#include "tape/observers.hpp"
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

const char* Fields::indexed(const char* name, int i) {
  fmt::memory_buffer text;
  fmt::format_to(std::back_inserter(text), "{}.{}", name, i);
  return intern({text.data(), text.size()});
}

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

ModuleBase::Call::Call(const ModuleBase& m, bool own_lines) : watcher(detail::watcher()) {
  auto& s = thread_state();
  at_set_ = own_lines && s.at_set;
  if (at_set_) at_ = s.at, s.at_set = false;
  if (!s.tape || !s.recording) return;
  if (!m.named_.load(std::memory_order_acquire)) m.name_children();
  const char* name = m.name_.load(std::memory_order_relaxed);
  if (*name) scope_.emplace(name);
  if (gradus::detail::observed()) gradus::detail::Observers::tell([&](Observer& o) { o.on_module({m}); });
}

ModuleBase::Call::~Call() {
  if (!at_set_) return;
  auto& s = thread_state();
  s.at = at_, s.at_set = true;
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

}  // namespace

std::vector<NamedParameter> ModuleBase::list(bool buffers, Loc where) const {
  Lister lister(buffers);
  const_cast<ModuleBase*>(this)->visit(lister);
  std::vector<std::string_view> names;
  for (const auto& p : lister.all) names.push_back(p.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end())
    throw Error(type(),
                {.wrong = "two members have one name",
                 .got = formatted("'{}' twice", *twice),
                 .advice = "look through the names in fields()"},
                gradus::detail::user_line(where));
  return std::move(lister.all);
}

std::vector<Tensor> ModuleBase::parameters() const {
  std::vector<Tensor> all;
  for (auto& p : named_parameters()) all.push_back(std::move(p.value));
  return all;
}

std::int64_t ModuleBase::parameter_count() const {
  std::int64_t n = 0;
  for_each(const_cast<ModuleBase&>(*this), [&]<class T>(T& t) { n += std::is_same_v<T, Parameter> ? t.numel() : 0; });
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

void ModuleBase::load_state_dict(const StateDict& state, const LoadOptions& options, Loc where) {
  const std::vector<NamedParameter> own = list(true, where);
  std::vector<std::string> wrong;
  const auto complain = [&]<class... T>(fmt::format_string<T...> text, T&&... args) {
    wrong.push_back(formatted(text, std::forward<T>(args)...));
  };
  for (const auto& [name, mine] : own) {
    const Tensor* theirs = find(state, name);
    if (!theirs) {
      if (options.strict) complain("missing:    {} {}", name, to_string(mine.shape()));
    } else if (!theirs->defined()) {
      complain("undefined:  {}", name);
    } else if (theirs->shape() != mine.shape()) {
      complain("shape:      {} is {}, the module's {}", name, to_string(theirs->shape()), to_string(mine.shape()));
    }
  }
  for (const auto& [name, theirs] : state) {
    const auto known = [&](const NamedParameter& p) { return p.name == name; };
    if (options.strict && std::none_of(own.begin(), own.end(), known)) complain("unexpected: {}", name);
  }
  if (!wrong.empty())
    throw Error("load_state_dict",
                {.wrong = formatted("the state does not fit this {}", type()),
                 .got = formatted("{}", fmt::join(wrong, "\n            ")),
                 .expected = "the names and shapes of state_dict()",
                 .advice = options.strict ? "{.strict = false} skips missing and unexpected names" : ""},
                gradus::detail::user_line(where));
  for (const auto& [name, mine] : own)
    if (const Tensor* theirs = find(state, name)) Tensor(mine).copy_(*theirs, where);
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

void ModuleBase::convert(DType dtype, Loc where) {
  if (!is_floating(dtype))
    throw Error("to", {.wrong = "modules hold fractions", .got = gradus::name(dtype), .expected = "f32 or f64"},
                gradus::detail::user_line(where));
  for_each(*this, [&](Owned& t) {
    if (is_floating(t.dtype())) t.convert(dtype);
  });
}

void ModuleBase::freeze(bool requires_grad) {
  for_each(*this, [&]<class T>(T& t) {
    if constexpr (std::is_same_v<T, Parameter>) t.requires_grad_(requires_grad);
  });
}

// ---- evaluating ----

Evaluating::Evaluating(const ModuleBase& m) {
  struct Noting : Visitor {
    bool enter(const char*, ModuleBase& inside) override {
      all.push_back(&inside);
      return true;
    }
    std::vector<ModuleBase*> all;
  } noting;
  auto& self = const_cast<ModuleBase&>(m);
  noting.enter("", self);
  self.visit(noting);
  for (ModuleBase* inside : noting.all) before_.emplace_back(inside, std::exchange(inside->training_, false));
}

Evaluating::~Evaluating() {
  for (const auto& [m, training] : before_) m->training_ = training;
}

}  // namespace gradus::nn
