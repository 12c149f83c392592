// Memory for time: a part of a network that is computed again in the backward pass, and kept by its input alone.
//
//   for (const auto& layer : net.layers) x = nn::checkpoint(layer, x);
//   Tensor y = nn::checkpoint([&](const Tensor& h) { return net.head(relu(net.body(h))); }, x);
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <type_traits>
#include <utility>

#include <gradus/nn/module.hpp>

namespace gradus::nn {

namespace detail {

using CheckpointFunction = std::function<Tensor(std::span<const Tensor>)>;
Tensor checkpoint(CheckpointFunction f, std::span<const Arg> x);

}  // namespace detail

/// y = f(x), or f(x, more …), of which the tape keeps the one to three tensors x and nothing that f computes (Chen et
/// al., "Training deep nets with sublinear memory cost", 2016). The walk calls f once more, with the same random
/// numbers: gradients have the same bits, dropout included, and a batch normalisation updates its statistics once. The
/// parameters that f uses get their gradients. A module is not copied and must live until the walk; of a lambda, so
/// must what it refers to. Recorded tensors reach f as arguments: one that it captures is an error. Between the two
/// calls neither train() nor eval() may be called, nor a parameter changed. Without a tape, or on one with .replay, it
/// is f(x). It has no second derivative. Throws if f returns an undefined tensor, or at the second call other numbers.
template <class F, class... More>
Tensor checkpoint(F&& f, Arg x, const More&... more) {
  static_assert(sizeof...(More) < 3, "checkpoint takes one to three tensors");
  const Arg all[] = {x, Arg(more, x.where)...};
  const auto call =
      [where = x.where]<std::size_t... i>(auto& g, std::span<const Tensor> in, std::index_sequence<i...>)->Tensor {
    (void)where;  // a function of yours knows its own lines
    if constexpr (std::is_base_of_v<ModuleBase, std::remove_cvref_t<F>>)
      return g(Arg(in[i], where)...);
    else
      return g(in[i]...);
  };
  using Indices = std::make_index_sequence<1 + sizeof...(More)>;
  if constexpr (std::is_base_of_v<ModuleBase, std::remove_cvref_t<F>>) {
    static_assert(std::is_lvalue_reference_v<F>, "the module must live until the walk: give it a name");
    return detail::checkpoint([m = &f, call](std::span<const Tensor> in) { return call(*m, in, Indices{}); }, all);
  } else {
    return detail::checkpoint([g = std::decay_t<F>(std::forward<F>(f)),
                               call](std::span<const Tensor> in) mutable { return call(g, in, Indices{}); },
                              all);
  }
}

/// The loss of one example: x and y with a first axis of size 1.
using ExampleLoss = std::function<Tensor(const Tensor& x, const Tensor& y)>;

/// The gradient of each example's loss, for clipping each by itself or for the noise of a batch: for each parameter
/// one tensor (N, …), … its shape. x (N, …) and y (N, …); a walk for each example. The loss of an example must be one
/// number and must not depend on the others, as batch normalisation would make it. Changes no grad(). Throws if N is 0
/// or differs, and as value_and_grad().
std::vector<Tensor> per_sample_gradients(const ExampleLoss& loss, const Tensor& x, const Tensor& y,
                                         const std::vector<Tensor>& parameters, Loc where = Loc::current());

}  // namespace gradus::nn
