// All kernels compiled for every processor.
#include "isa.hpp"

#define GRADUS_ISA_NAME "base"
#define GRADUS_ISA_FUNCTION kernels_base
#include "isa.inl"
