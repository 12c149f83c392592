// The kernels in f64 compiled for every processor.
#include "isa.hpp"

#define GRADUS_ISA_F64 f64_base
#include "isa.inl"
