// The kernels in f64 compiled for x86-64-v3: AVX2 and fused multiply-adds.
#include "isa.hpp"

#define GRADUS_ISA_F64 f64_v3
#include "isa.inl"
