// The kernels that a network of the page can call, for the linker in place of the library's.
#include "kernels/isa.hpp"

#define GRADUS_ISA_NAME "base"
#define GRADUS_ISA_FUNCTION kernels_base
#define GRADUS_ISA_ROWS
#include "kernels/isa.inl"
