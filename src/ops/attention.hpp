// What attention shares with the layer of several heads.
#pragma once

#include <gradus/tensor.hpp>

namespace gradus::detail {

// softmax of masked scores over the last axis. A query that may attend to nothing, whose scores are all -inf, has
// weights of 0 and no gradient.
Tensor attention_weights(const Tensor& scores);

}  // namespace gradus::detail
