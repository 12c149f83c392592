// Modules are values: copying one copies its weights. A module lists its members once, in fields(); parameters, names,
// saving, printing, train() and eval() follow from that.
//
//   struct Mlp : nn::Module<Mlp> {
//     nn::Linear fc1{2, 8}, fc2{8, 1};
//     Tensor forward(const Tensor& x) const { return fc2(tanh(fc1(x))); }
//     void fields(auto& v) { v("fc1", fc1), v("fc2", fc2); }
//   };
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <gradus/io/state_dict.hpp>
#include <gradus/parameter.hpp>
#include <gradus/tape.hpp>

namespace gradus::nn {

class Fields;

struct NamedParameter {
  std::string name;  // "encoder.fc1.weight"
  Tensor value;      // shares the module's numbers
};

struct LoadOptions {
  bool strict = true;  // a missing or an unexpected name is an error
};

// What every module has. Write modules by deriving from Module<Self>, below.
class ModuleBase {
 public:
  bool is_training() const { return training_; }
  std::string_view type() const { return type_; }

  ModuleBase() = default;
  ModuleBase(const ModuleBase&) = default;
  ModuleBase& operator=(const ModuleBase& o) {  // keeps its own name: that is its place in the parent
    training_ = o.training_, named_ = false;
    return *this;
  }

 protected:
  using Visit = void (*)(ModuleBase& self, Fields& v);

  // Around every call: names the children, opens the scope, lets the operations inside report their own lines.
  class Call {
   public:
    Call(const ModuleBase& m, Visit visit);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    std::optional<Scope> scope_;
    bool at_set_;
  };
  // For summary(): notes what a call returned.
  static void returned(const ModuleBase& m, const Tensor& y);
  template <class T> static void returned(const ModuleBase&, const T&) {}

  std::vector<NamedParameter> list(Visit visit, bool buffers) const;
  void load(Visit visit, const StateDict& state, const LoadOptions& options, Loc where);
  void set_training(Visit visit, bool on);
  void convert(Visit visit, DType dtype);
  void freeze(Visit visit, bool requires_grad);

  std::string_view type_;

 private:
  friend class Fields;
  friend struct Naming;
  friend struct Training;
  bool training_ = true;
  mutable bool named_ = false;
  mutable const char* name_ = "";  // in its parent; interned
};

// Visits the members of a module. Names inside are the visitor's business.
class Fields {
 public:
  virtual ~Fields() = default;
  virtual void parameter(const char* name, Parameter& p) = 0;
  virtual void buffer(const char* name, Buffer& b) = 0;
  virtual bool enter(const char* name, ModuleBase& m) = 0;  // false: do not look inside
  virtual void leave() = 0;

  template <class T> void operator()(const char* name, T& member) {
    if constexpr (std::is_base_of_v<Parameter, T>) {
      if (member.defined()) parameter(name, member);
    } else if constexpr (std::is_base_of_v<Buffer, T>) {
      if (member.defined()) buffer(name, member);
    } else if constexpr (requires { member.begin(), member.end(), member.size(); } && !std::is_base_of_v<ModuleBase, T>) {
      int i = 0;
      for (auto& m : member) (*this)(indexed(name, i++), m);
    } else if constexpr (requires { member.has_value(), *member; }) {
      if (member) (*this)(name, *member);
    } else {
      static_assert(std::is_base_of_v<ModuleBase, T>, "a field is a Parameter, a Buffer, a Module, or a vector or optional of them");
      if (enter(name, member)) {
        if constexpr (requires { member.fields(*this); }) member.fields(*this);  // a module without members has no fields()
        leave();
      }
    }
  }
  static const char* indexed(const char* name, int i);  // "layers.3", for as long as the program runs
  static const char* intern(std::string_view text);
};

namespace detail {
template <class T> constexpr std::string_view type_name() {
  std::string_view text = __PRETTY_FUNCTION__;  // "… [with T = gradus::nn::Linear; …]" or "… [T = gradus::nn::Linear]"
  text.remove_prefix(text.find("T = ") + 4);
  text = text.substr(0, text.find_first_of(";]"));
  const auto colon = text.rfind(':');
  return colon == text.npos ? text : text.substr(colon + 1);
}
// Tensors among the further arguments of a call carry its line.
template <class T> decltype(auto) pass(T&& x, Loc where) {
  if constexpr (std::is_base_of_v<Tensor, std::remove_cvref_t<T>>) return Arg(x, where);
  else return std::forward<T>(x);
}
}  // namespace detail

template <class Self> class Module : public ModuleBase {
 public:
  Module() { type_ = detail::type_name<Self>(); }

  // Calls Self::forward with the same arguments. The first one brings the caller's file and line.
  template <class... Rest> auto operator()(Arg x, Rest&&... rest) {
    const Call call(*this, visit);
    auto y = self().forward(x, detail::pass(std::forward<Rest>(rest), x.where)...);
    returned(*this, y);
    return y;
  }
  template <class... Rest> auto operator()(Arg x, Rest&&... rest) const {
    const Call call(*this, visit);
    auto y = self().forward(x, detail::pass(std::forward<Rest>(rest), x.where)...);
    returned(*this, y);
    return y;
  }

  std::vector<NamedParameter> named_parameters() const { return list(visit, false); }
  std::vector<Tensor> parameters() const {
    std::vector<Tensor> all;
    for (auto& p : named_parameters()) all.push_back(std::move(p.value));
    return all;
  }
  std::int64_t parameter_count() const {
    std::int64_t n = 0;
    for (const auto& p : named_parameters()) n += p.value.numel();
    return n;
  }
  // Parameters and buffers by name, sharing their numbers; save() writes it.
  StateDict state_dict() const {
    StateDict state;
    for (auto& p : list(visit, true)) state.emplace_back(std::move(p.name), p.value.detach());
    return state;
  }
  // Copies the numbers in, converted to each parameter's dtype. All names and shapes are checked before anything changes.
  void load_state_dict(const StateDict& state, const LoadOptions& options = {}, Loc where = Loc::current()) {
    load(visit, state, options, where);
  }
  Self& train(bool on = true) {
    set_training(visit, on);
    return self();
  }
  Self& eval() { return train(false); }
  // In place: optimizers stay attached.
  Self& to(DType dtype) {
    convert(visit, dtype);
    return self();
  }
  // Freezes (false) or unfreezes every parameter.
  Self& requires_grad_(bool on = true) {
    freeze(visit, on);
    return self();
  }
  void zero_grad() {
    for (auto& p : named_parameters()) p.value.zero_grad();
  }

 private:
  Self& self() { return static_cast<Self&>(*this); }
  const Self& self() const { return static_cast<const Self&>(*this); }
  static void visit(ModuleBase& m, Fields& v) {
    if constexpr (requires(Self& s) { s.fields(v); }) static_cast<Self&>(m).fields(v);
  }
};

}  // namespace gradus::nn
