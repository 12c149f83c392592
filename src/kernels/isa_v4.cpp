// All kernels compiled for x86-64-v4: AVX-512.
#include "isa.hpp"

#define GRADUS_ISA_NAME "v4"
#define GRADUS_ISA_FUNCTION kernels_v4
#include "isa.inl"
