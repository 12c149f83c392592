// Modules are values: copying one copies its weights. A module lists its members once, in fields(); parameters, names,
// saving, printing, train() and eval() follow from that.
//
//   struct Mlp : nn::Module<Mlp> {
//     nn::Linear fc1{2, 8}, fc2{8, 1};
//     Tensor forward(const Tensor& x) const { return fc2(tanh(fc1(x))); }
//     void fields(auto& v) {
//       v("fc1", fc1);
//       v("fc2", fc2);
//     }
//   };
//
//   Mlp net;
//   Tensor y = net(x);
//
// A forward may take and return several tensors. One that takes an Arg first knows the line of net(x); with
// `const At at(x);` all it records carries that line, as the library's layers do. What others record carries the lines
// of their own code.
//
// operator() is a template, so it cannot take an argument in braces. A layer whose callers write layer(x, {.mask = m})
// declares an operator() of its own that forwards to this one, as MultiheadAttention does:
//
//   Tensor operator()(Arg x, const Options& options = {}) const { return Module::operator()(x, options); }
//
// A Parameter that a module uses but no fields() lists is neither trained nor saved: the next step of an optimizer is
// then an Error that names it. To leave a Parameter out on purpose, freeze it with requires_grad_(false).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <gradus/io/state_dict.hpp>
#include <gradus/nn/hooks.hpp>
#include <gradus/parameter.hpp>
#include <gradus/tape.hpp>

namespace gradus::nn {

class Fields;
class ModuleBase;

/// A parameter and its path.
struct NamedParameter {
  std::string name;  ///< "encoder.fc1.weight"
  Tensor value;      ///< shares the module's numbers
};

struct LoadOptions {
  bool strict = true;  ///< a missing or unexpected name, or a shape that differs, is an error
};

/// What load_state_dict() has left out, by name. All three are empty after a strict load.
struct LoadResult {
  std::vector<std::string> missing;     ///< in the module, not in the state
  std::vector<std::string> unexpected;  ///< in the state, not in the module
  std::vector<std::string> mismatched;  ///< in both, with different shapes
};

namespace detail {

/// What the base needs from a derived class: one table per type, as for operations.
struct ModuleTable {
  std::string_view type;                            ///< "Linear"
  void (*visit)(ModuleBase& self, Fields& v);       ///< its fields(), if it has members
  std::string (*describe)(const ModuleBase& self);  ///< its describe(), or ""
};

struct UseCheck;  ///< src/nn/unlisted.hpp: parameters that a module uses and no fields() lists

/// For summary(): is called with the results of every call on this thread.
struct Watcher {
  virtual void returned(const ModuleBase& m, const std::vector<Tensor>& results) = 0;

 protected:
  ~Watcher() = default;
};

}  // namespace detail

/// What every module has. Write modules by deriving from Module<Self>, below.
class ModuleBase {
 public:
  std::string_view type() const { return table_->type; }               ///< "Linear"
  std::string description() const { return table_->describe(*this); }  ///< "64 -> 128"
  /// The last train() or eval(); false on a thread where an Evaluating lives.
  bool is_training() const { return training_ && !evaluating(); }
  /// The last train() or eval() of this module and of each one inside, in the order of fields(): for checkpoints.
  std::vector<bool> training_modes() const;
  /// Sets what training_modes() of the same kind of module gave; another number of modules is an error.
  void set_training_modes(const std::vector<bool>& modes, Loc where = Loc::current());
  /// calls fields() of the module
  void visit(Fields& v) { table_->visit(*this, v); }

  /// Calls f(y) after each forward, y its result, or the first of several. What f returns takes its place; a function
  /// that returns nothing only looks. On a tape f records, with the lines of its own code. Hooks belong to this object:
  /// copies have none, and assigning to it keeps its own. Not while another thread calls the module.
  template <detail::HookCallable F>
  HookHandle on_forward(F f) {
    return add_hook(&detail::Hooks::forward, detail::as_hook(std::move(f)));
  }
  /// Calls f(g) in each walk, g the gradient of that result, with its shape. What f returns goes on instead; for a
  /// function that returns nothing, g is off the tape. A module called twice has two gradients. An error in f stops
  /// the walk before any leaf has changed.
  template <detail::HookCallable F>
  HookHandle on_backward(F f) {
    return add_hook(&detail::Hooks::backward, detail::as_hook(std::move(f)));
  }

  /// All of them, those of modules inside too, in the order of fields(). A parameter that is listed under two names
  /// comes once, under the first. Two parameters of the same name are an error.
  std::vector<NamedParameter> named_parameters(Loc where = Loc::current()) const;
  /// The same, named "prefix.…": opt.add_group(critic.named_parameters("critic")).
  std::vector<NamedParameter> named_parameters(std::string_view prefix, Loc where = Loc::current()) const;
  std::vector<Tensor> parameters() const;  ///< all parameters, shared with the module
  std::int64_t parameter_count() const;    ///< numbers in all of them, each parameter counted once
  void zero_grad();                        ///< leaves every gradient undefined

  /// Parameters and buffers by name, sharing their numbers; io::save() writes it.
  StateDict state_dict(Loc where = Loc::current()) const;
  /// Copies the numbers in, converted to each parameter's dtype. Everything is checked before anything changes, and
  /// the error lists all that differs. Without .strict, names and shapes that differ are left out and returned. A state
  /// from which nothing could be loaded is an error either way.
  LoadResult load_state_dict(const StateDict& state, const LoadOptions& options = {}, Loc where = Loc::current());

 protected:
  explicit ModuleBase(const detail::ModuleTable& table) : table_(&table) {}
  /// A copy does not take the name: it belongs to the place in a parent. A module that has been moved from can only be
  /// assigned to or destroyed; calling it is an error.
  ModuleBase(const ModuleBase& o) noexcept : table_(o.table_), training_(o.training_), moved_(o.moved_) {}
  ModuleBase(ModuleBase&& o) noexcept : ModuleBase(std::as_const(o)) {
    o.moved_ = true;
    hooks_ = std::move(o.hooks_);
  }
  ModuleBase& operator=(const ModuleBase& o) {
    training_ = o.training_;
    moved_ = o.moved_;
    return rename();
  }
  ModuleBase& operator=(ModuleBase&& o) {
    *this = std::as_const(o);
    if (this != &o) o.moved_ = true;
    return *this;  // with the hooks that it had
  }
  ~ModuleBase() = default;

  /// Around every call: names the children, opens the scope. With `own_lines` the operations inside report the lines
  /// they stand in, even if a layer above reports its caller's.
  class Call {
   public:
    Call(const ModuleBase& m, bool own_lines, Loc where);  ///< opens the scope of the module
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    void succeeded() {  ///< after forward
      if (first_leaf_ >= 0) check_listed();
    }

    void run_hooks(Tensor* first);  ///< of what forward has returned

    detail::Watcher* watcher;    ///< or null
    const detail::Hooks* hooks;  ///< or null

   private:
    static Call*& innermost();  ///< of this thread, among those that are recorded
    void begin_check();
    void check_listed();

    const ModuleBase& module_;
    Loc line_;  ///< of the call
    std::optional<Scope> scope_;
    bool at_set_;
    Loc at_;
    Call* outer_ = nullptr;              ///< the call that this one is made in, on the same tape
    Call* before_ = nullptr;             ///< the same, on any tape
    std::uint64_t tape_ = 0;             ///< the tape that records it, or 0
    int first_leaf_ = -1;                ///< how many leaves the tape had before; -1: this call is not checked
    detail::UseCheck* check_ = nullptr;  ///< what the outermost call gathers
    std::unique_ptr<detail::UseCheck> own_check_;
  };

  ModuleBase& rename() {  ///< children have come or gone: names them again at the next call
    named_.store(false, std::memory_order_relaxed);
    checked_.store(false, std::memory_order_relaxed);
    return *this;
  }
  void set_training(bool on);
  void convert(DType dtype, Loc where);
  void freeze(bool requires_grad);

 private:
  struct Naming;
  struct Training;
  struct Modes;
  static bool evaluating();  ///< does an Evaluating live on this thread?
  HookHandle add_hook(std::vector<detail::HookEntry> detail::Hooks::*list, detail::HookEntry hook);
  void check_not_moved(const char* operation, Loc where) const;
  std::vector<NamedParameter> list(bool buffers, Loc where) const;
  void name_children() const;

  const detail::ModuleTable* table_;
  std::shared_ptr<detail::Hooks> hooks_;  ///< null: none, as a rule
  bool training_ = true;
  bool moved_ = false;                          ///< another module has taken the members
  mutable std::atomic<bool> named_ = false;     ///< are the children? Atomic, since threads may share a network
  mutable std::atomic<bool> checked_ = false;   ///< has a recorded call been checked for members not in fields()?
  mutable std::atomic<const char*> name_ = "";  ///< in its parent; interned
};

/// Visits the members of a module. enter() and leave() enclose the members of a module inside: a visitor that wants
/// full names builds the path itself.
class Fields {
 public:
  virtual ~Fields() = default;
  virtual void parameter(const char* name, Parameter& p) = 0;  ///< a parameter
  virtual void buffer(const char* name, Buffer& b) = 0;        ///< a buffer
  virtual bool enter(const char* name, ModuleBase& m) = 0;     ///< false: do not look inside
  virtual void leave() = 0;                                    ///< the end of a module within this one

  /// A member: a Parameter or Buffer (if defined), a module, or a vector, array or optional of them.
  template <class T>
  void operator()(const char* name, const T& field) {
    auto& member = const_cast<T&>(field);  // a fields() that is const lists the same members
    if constexpr (std::is_base_of_v<Parameter, T>) {
      if (member.defined()) parameter(name, member);
    } else if constexpr (std::is_base_of_v<Buffer, T>) {
      if (member.defined()) buffer(name, member);
    } else if constexpr (std::is_base_of_v<ModuleBase, T>) {
      if (!enter(name, member)) return;
      member.visit(*this);
      leave();
    } else if constexpr (requires { member.begin(), member.end(), member.size(); }) {
      int i = 0;
      for (auto& m : member) (*this)(indexed(name, i++), m);
    } else {
      static_assert(
          requires { member.has_value(), *member; },
          "a field is a Parameter, a Buffer, a module, or a vector, array or optional of them");
      if (member) (*this)(name, *member);
    }
  }
  static const char* indexed(const char* name, int i);  ///< "layers.3", for as long as the program runs
  static const char* intern(std::string_view text);     ///< the same text for as long as the program runs
};

namespace detail {

template <class T>
constexpr std::string_view type_name() {
  std::string_view text = __PRETTY_FUNCTION__;  // "… [with T = gradus::nn::Linear; …]" or "… [T = gradus::nn::Linear]"
  text.remove_prefix(text.find("T = ") + 4);
  text = text.substr(0, text.find_first_of(";]"));
  const auto colon = text.substr(0, text.find('<')).rfind(':');
  return colon == text.npos ? text : text.substr(colon + 1);
}
template <class T>
inline constexpr std::string_view module_type = type_name<T>();

template <class Self>
inline constexpr ModuleTable module_table{
    .type = module_type<Self>,
    .visit =
        [](ModuleBase& m, Fields& v) {
          if constexpr (requires { static_cast<Self&>(m).fields(v); }) static_cast<Self&>(m).fields(v);
        },
    .describe = [](const ModuleBase& m) -> std::string {
      if constexpr (requires { static_cast<const Self&>(m).describe(); })
        return static_cast<const Self&>(m).describe();
      else
        return {};
    },
};

/// Does a function take an Arg first? Then it knows its caller's line, and a layer above may give that of its own
/// caller.
template <class R, class C, class X, class... Rest>
std::is_same<std::remove_cvref_t<X>, Arg> first_is_arg(R (C::*)(X, Rest...));
template <class R, class C, class X, class... Rest>
std::is_same<std::remove_cvref_t<X>, Arg> first_is_arg(R (C::*)(X, Rest...) const);
template <class R, class X, class... Rest>
std::is_same<std::remove_cvref_t<X>, Arg> first_is_arg(R (*)(X, Rest...));
template <class F>
std::false_type first_is_arg(F);

template <class Self>
consteval bool brings_line() {
  if constexpr (requires { first_is_arg(&Self::forward); })
    return decltype(first_is_arg(&Self::forward))::value;
  else
    return false;  // overloaded, or a template
}

/// Tensors among the further arguments of a call carry its line.
template <class T>
decltype(auto) pass(T&& x, Loc where) {
  if constexpr (std::is_base_of_v<Tensor, std::remove_cvref_t<T>>)
    return Arg(x, where);
  else
    return std::forward<T>(x);
}

}  // namespace detail

/// The base of modules: struct Net : nn::Module<Net>.
template <class Self>
class Module : public ModuleBase {
 public:
  Module() : ModuleBase(detail::module_table<Self>) {}

  /// Calls Self::forward with the same arguments. The first one brings the caller's file and line.
  template <class... Rest>
  auto operator()(Arg x, Rest&&... rest) {
    return call(self(), x, std::forward<Rest>(rest)...);
  }
  template <class... Rest>
  auto operator()(Arg x, Rest&&... rest) const {
    return call(self(), x, std::forward<Rest>(rest)...);
  }

  /// For this module and all inside it: what dropout and batch normalisation do differently.
  Self& train(bool on = true) {
    set_training(on);
    return self();
  }
  /// evaluation mode
  Self& eval() { return train(false); }
  /// f32 or f64, in place: optimizers stay attached.
  Self& to(DType dtype, Loc where = Loc::current()) {
    convert(dtype, where);
    return self();
  }
  /// Freezes (false) or unfreezes every parameter.
  Self& requires_grad_(bool on = true) {
    freeze(on);
    return self();
  }

 private:
  Self& self() { return static_cast<Self&>(*this); }
  const Self& self() const { return static_cast<const Self&>(*this); }
  template <class S, class... Rest>
  static auto call(S& self, Arg x, Rest&&... rest) {
    Call call(self, !detail::brings_line<Self>(), x.where);
    auto y = self.forward(x, detail::pass(std::forward<Rest>(rest), x.where)...);
    call.succeeded();
    if (call.hooks) [[unlikely]]
      call.run_hooks(detail::first_tensor(y));
    if (call.watcher) call.watcher->returned(self, detail::tensors_in(y));
    return y;
  }
};

/// Until the end of the scope, modules called on this thread evaluate and nothing is recorded. No module is changed:
/// other threads may train or evaluate the same one.
class [[nodiscard]] Evaluating {
 public:
  Evaluating();
  /// until the end of the scope
  explicit Evaluating(const ModuleBase&) : Evaluating() {}
  ~Evaluating();
  Evaluating(const Evaluating&) = delete;
  Evaluating& operator=(const Evaluating&) = delete;

 private:
  NoRecord pause_;
};

}  // namespace gradus::nn
