// What GRADUS_DOCTOR watches is told here what no tape shows: validation. Without that variable nothing happens.
#pragma once

#include <gradus/tensor.hpp>

#include "train/diagnosis/look.hpp"

namespace gradus::train::diagnosis {

void tell_environment(const EpochLook& epoch);
void tell_environment_held_out(const Tensor& examples);

}  // namespace gradus::train::diagnosis
