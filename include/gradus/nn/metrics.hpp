// How good is a classifier?
#pragma once

#include <cstdint>
#include <type_traits>

#include <gradus/nn/module.hpp>

namespace gradus {

namespace detail {

/// The part of accuracy() that does not depend on the network.
using Classify = Tensor (*)(const void* net, Arg x);
double accuracy(Classify classify, const void* net, const Tensor& x, const Tensor& y, std::int64_t batch, Loc where);

}  // namespace detail

/// The share of examples, 0 to 1, whose largest output is the one at the label: net(x) is (N, C), y i64 (N). The
/// network evaluates, batch by batch, and nothing is recorded; afterwards it is in training mode again if it was
/// before. Works under a live tape. `net` is a module, or a callable of one tensor.
template <class M>
double accuracy(const M& net, const Tensor& x, const Tensor& y, std::int64_t batch = 256, Loc where = Loc::current()) {
  const auto classify = [](const void* n, Arg some) -> Tensor {
    return (*const_cast<M*>(static_cast<const M*>(n)))(some);
  };
  if constexpr (std::is_base_of_v<nn::ModuleBase, M>) {
    const nn::Evaluating evaluating(net);
    return detail::accuracy(classify, &net, x, y, batch, where);
  } else {
    return detail::accuracy(classify, &net, x, y, batch, where);
  }
}

/// The same for a data::Dataset: accuracy(net, test).
template <class M, class D>
requires requires(const D& d) { d.x, d.y; }
double accuracy(const M& net, const D& data, std::int64_t batch = 256, Loc where = Loc::current()) {
  return accuracy(net, data.x, data.y, batch, where);
}

}  // namespace gradus
