// All kernels compiled for x86-64-v3: AVX2 and FMA.
#include "isa.hpp"

#define GRADUS_ISA_NAME "v3"
#define GRADUS_ISA_FUNCTION kernels_v3
#include "isa.inl"
