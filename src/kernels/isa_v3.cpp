#include "isa.hpp"

#define GRADUS_ISA_NAME "v3"
#define GRADUS_ISA_FUNCTION kernels_v3
#include "isa.inl"
