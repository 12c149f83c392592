// The same in f64.
#include "kernels/isa.hpp"

#define GRADUS_ISA_F64 f64_base
#define GRADUS_ISA_ROWS
#include "kernels/isa.inl"
