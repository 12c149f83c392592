// The kernels in f64 compiled for x86-64-v4: AVX-512.
#include "isa.hpp"

#define GRADUS_ISA_F64 f64_v4
#include "isa.inl"
