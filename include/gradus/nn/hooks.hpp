// Functions of yours that a module calls: with what it returns, and with the gradient of that.
//
//   Tensor features;
//   net.fc1.on_forward([&](const Tensor& y) { features = y.detach(); });             // looks
//   net.fc1.on_backward([](const Tensor& g) { return clamp(g, -1, 1); });            // replaces
//   auto hook = net[2].on_forward([](const Tensor& y) { return y * 0; });            // hook.remove() ends it
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <gradus/tensor.hpp>

namespace gradus::nn {

namespace detail {

/// What stands in the place of its argument from then on; undefined: the argument stays.
using HookFunction = std::function<Tensor(const Tensor&)>;

struct HookEntry {
  std::int64_t id;
  bool replaces;  ///< it returns a tensor
  HookFunction call;
};

/// The functions of one module, in the order in which they came.
struct Hooks {
  std::vector<HookEntry> forward, backward;
  std::int64_t next_id = 0;
};

/// A function that returns a tensor, or nothing.
template <class F>
concept HookCallable = std::is_invocable_v<F&, const Tensor&> &&
    (std::is_void_v<std::invoke_result_t<F&, const Tensor&>> ||
     std::is_convertible_v<std::invoke_result_t<F&, const Tensor&>, Tensor>);

template <HookCallable F>
HookEntry as_hook(F f) {
  if constexpr (std::is_void_v<std::invoke_result_t<F&, const Tensor&>>)
    return {0, false, [f = std::move(f)](const Tensor& x) mutable {
              f(x);
              return Tensor();
            }};
  else
    return {0, true, [f = std::move(f)](const Tensor& x) mutable -> Tensor { return f(x); }};
}

/// The tensors in what a forward returned: one, a vector, a pair or tuple of them.
template <class T>
std::vector<Tensor> tensors_in(const T& y) {
  if constexpr (std::is_base_of_v<Tensor, T>)
    return {y};
  else if constexpr (std::is_same_v<T, std::vector<Tensor>>)
    return y;
  else if constexpr (requires { std::tuple_size<T>::value; })
    return std::apply(
        [](const auto&... part) {
          std::vector<Tensor> all;
          const auto append = [&](std::vector<Tensor> part_of) {
            all.insert(all.end(), part_of.begin(), part_of.end());
          };
          (append(tensors_in(part)), ...);
          return all;
        },
        y);
  else
    return {};
}

/// The tensor that hooks see: what forward returned, the first of several, or the member y of a struct; null: none.
template <class T>
Tensor* first_tensor(T& y) {
  if constexpr (std::is_same_v<T, Tensor>) {
    return &y;
  } else if constexpr (std::is_same_v<T, std::vector<Tensor>>) {
    return y.empty() ? nullptr : &y[0];
  } else if constexpr (requires { std::tuple_size<T>::value; }) {
    if constexpr (std::tuple_size_v < T >> 0) return first_tensor(std::get<0>(y));
  } else if constexpr (requires { first_tensor(y.y); }) {
    return first_tensor(y.y);
  }
  return nullptr;
}

}  // namespace detail

/// What on_forward() and on_backward() return. It may be dropped: the function stays until remove(), or as long as the
/// module.
class HookHandle {
 public:
  HookHandle() = default;  ///< of no function
  /// For the library itself.
  HookHandle(std::weak_ptr<detail::Hooks> hooks, std::int64_t id) : hooks_(std::move(hooks)), id_(id) {}
  void remove();  ///< the module calls it no more; nothing happens if it is gone. Not from inside a hook of that module

 private:
  std::weak_ptr<detail::Hooks> hooks_;
  std::int64_t id_ = -1;
};

}  // namespace gradus::nn
