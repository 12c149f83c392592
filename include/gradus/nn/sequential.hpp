// Layers one after another.
//
//   nn::Sequential net{nn::Linear(64, 128), nn::ReLU(), nn::Linear(128, 10)};
//   nn::Sequential cnn{[](Tensor x) { return x.reshape({-1, 1, 8, 8}); }, nn::Conv2d(1, 8, 3), nn::Flatten(), …};
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gradus/nn/module.hpp>

namespace gradus::nn {

class Sequential;

namespace detail {

/// Is Sequential(those) made of them as layers? A lone Sequential is copied instead.
template <class... Layers>
inline constexpr bool are_layers = sizeof...(Layers) > 0;
template <class One>
inline constexpr bool are_layers<One> = !std::is_base_of_v<Sequential, std::remove_cvref_t<One>>;

template <class F>
consteval bool function_brings_line() {
  if constexpr (std::is_pointer_v<F>)
    return decltype(first_is_arg(std::declval<F>()))::value;
  else if constexpr (requires { first_is_arg(&F::operator()); })
    return decltype(first_is_arg(&F::operator()))::value;
  else
    return false;
}

/// A lambda or function as a module without members.
template <class F>
struct Callable : Module<Callable<F>> {
  explicit Callable(F function) : f(std::move(function)) {}
  Tensor forward(std::conditional_t<function_brings_line<F>(), Arg, const Tensor&> x) { return f(x); }
  F f;
};
template <class F>
inline constexpr std::string_view module_type<Callable<F>> = std::is_pointer_v<F> ? "function" : "lambda";

template <class M>
concept Layer = requires {
  { std::declval<M&>().forward(std::declval<Arg>()) } -> std::convertible_to<Tensor>;
};

/// A layer of any type, held by value: copying it copies the layer, and assigning one of the same type assigns the
/// layer.
class AnyLayer {
 public:
  template <class M>
  explicit AnyLayer(std::in_place_t, M layer) : held_(std::make_unique<Held<M>>(std::move(layer))) {}
  AnyLayer(const AnyLayer& o) : held_(o.held_->clone()) {}
  AnyLayer(AnyLayer&&) noexcept = default;
  AnyLayer& operator=(const AnyLayer& o) {
    if (!held_->assign(*o.held_)) held_ = o.held_->clone();
    return *this;
  }
  AnyLayer& operator=(AnyLayer&&) noexcept = default;
  ~AnyLayer() = default;

  Tensor operator()(Arg x) const { return held_->call(x); }
  ModuleBase& module() const { return held_->module(); }
  template <class M>
  M* as() const {
    auto* held = dynamic_cast<Held<M>*>(held_.get());
    return held ? &held->layer : nullptr;
  }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual std::unique_ptr<Base> clone() const = 0;
    virtual bool assign(const Base& from) = 0;  ///< false: another type
    virtual Tensor call(Arg x) = 0;
    virtual ModuleBase& module() = 0;
  };
  template <class M>
  struct Held final : Base {
    explicit Held(M m) : layer(std::move(m)) {}
    std::unique_ptr<Base> clone() const override { return std::make_unique<Held>(M(layer)); }
    bool assign(const Base& from) override {
      if constexpr (std::is_copy_assignable_v<M>) {
        if (auto* same = dynamic_cast<const Held*>(&from)) {
          layer = same->layer;
          return true;
        }
      }
      return false;
    }
    Tensor call(Arg x) override { return layer(x); }
    ModuleBase& module() override { return layer; }
    M layer;
  };
  std::unique_ptr<Base> held_;
};

}  // namespace detail

/// y = last(… second(first(x))). Takes modules and callables of one tensor by value, so that a layer given by name is
/// copied, and copying a Sequential copies its layers. The state of layer i is named "i.…"; callables have none. What a
/// layer records carries the line of net(x), what a lambda records its own.
class Sequential : public Module<Sequential> {
 public:
  Sequential() = default;
  template <class... Layers>
  /// of modules and of functions of one tensor
  requires detail::are_layers<Layers...>
  explicit Sequential(Layers&&... layers) {
    layers_.reserve(sizeof...(Layers));
    (push_back(std::forward<Layers>(layers)), ...);
  }
  Sequential(const Sequential&) = default;
  Sequential(Sequential&&) = default;
  /// Layer by layer, and in place where the types agree, so that optimizers stay attached. Assigning a temporary copies
  /// too.
  Sequential& operator=(const Sequential&) = default;
  ~Sequential() = default;

  template <class L>
  Sequential& push_back(L&& layer) {
    using T = std::decay_t<L>;
    static_assert(std::is_copy_constructible_v<T>, "a layer is held by value and copied with its network");
    if constexpr (std::is_base_of_v<ModuleBase, T>) {
      static_assert(detail::Layer<T>, "a layer's forward takes one tensor and returns one");
      layers_.emplace_back(std::in_place, T(std::forward<L>(layer)));
    } else {
      static_assert(std::is_invocable_r_v<Tensor, T&, const Tensor&>,
                    "a layer is a module, or a callable that takes a tensor and returns one");
      layers_.emplace_back(std::in_place, detail::Callable<T>(std::forward<L>(layer)));
    }
    rename();
    return *this;
  }

  /// how many layers
  std::int64_t size() const { return static_cast<std::int64_t>(layers_.size()); }
  bool empty() const { return layers_.empty(); }
  /// Layer i, as what it is: net.get<nn::Linear>(0).weight. Negative i counts from the end. Throws if it is of another
  /// type.
  template <class L>
  L& get(std::int64_t i, Loc where = Loc::current()) {
    if (L* layer = at(i, where).as<L>()) return *layer;
    refuse(i, detail::module_type<L>, where);
  }
  template <class L>
  const L& get(std::int64_t i, Loc where = Loc::current()) const {
    return const_cast<Sequential*>(this)->get<L>(i, where);
  }
  /// Layer i, as any module.
  ModuleBase& operator[](Position i) { return at(i.index, i.where).module(); }
  const ModuleBase& operator[](Position i) const { return at(i.index, i.where).module(); }

  Tensor forward(Arg x) const;
  void fields(Fields& v);

 private:
  const detail::AnyLayer& at(std::int64_t i, Loc where) const;
  [[noreturn]] void refuse(std::int64_t i, std::string_view wanted, Loc where) const;

  std::vector<detail::AnyLayer> layers_;
};

}  // namespace gradus::nn
