// What the compilations of isa.inl give; v3 and v4 are there on x86-64 only.
#pragma once

#include "kernels.hpp"

namespace gradus::kernels {

const Kernels& kernels_base();
const Kernels& kernels_v3();
const Kernels& kernels_v4();

}  // namespace gradus::kernels
