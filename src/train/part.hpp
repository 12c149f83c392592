// Where a generator is, as a tensor: its seed and its counter.
#pragma once

#include <gradus/tensor.hpp>

namespace gradus::train {

Tensor place_of(const Generator& generator);
void go_to(Generator& generator, const Tensor& place);

}  // namespace gradus::train
