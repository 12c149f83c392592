// Accuracy: how often a classifier is right.
#pragma once

#include <cstdint>

#include <gradus/nn/module.hpp>

namespace gradus {

namespace detail {

/// The part of accuracy() that does not depend on the network.
using Classify = Tensor (*)(const void* net, Arg x);
double accuracy(Classify classify, const void* net, const Tensor& x, const Tensor& y, std::int64_t batch, Loc where);

}  // namespace detail

/// The share of examples, 0 to 1, whose largest output is the one at the label: net(x) is (N, C), C at least 2, y i64
/// (N), from 0 to C - 1. A row with a NaN counts as wrong. One column is refused, since a logit and a probability have
/// different thresholds. `net` is a module, or a callable of one tensor. Modules evaluate, batch by batch, and nothing
/// is recorded; no module is changed, so threads may share one. Works under a live tape.
template <class M>
double accuracy(const M& net, const Tensor& x, const Tensor& y, std::int64_t batch = 256, Loc where = Loc::current()) {
  const auto classify = [](const void* network, Arg batch_x) -> Tensor {
    return (*const_cast<M*>(static_cast<const M*>(network)))(batch_x);
  };
  const nn::Evaluating evaluating;
  return detail::accuracy(classify, &net, x, y, batch, where);
}

/// The same for a data::Dataset: accuracy(net, test).
template <class M, class D>
requires requires(const D& d) { d.x, d.y; }
double accuracy(const M& net, const D& data, std::int64_t batch = 256, Loc where = Loc::current()) {
  return accuracy(net, data.x, data.y, batch, where);
}

}  // namespace gradus
