// What this build of the library runs on: for benchmarks, and for reports of errors.
#pragma once

#include <string>

namespace gradus {

/// Of the loops, chosen when the program starts: "base", "v3" (AVX2) or "v4" (AVX-512). The environment's GRADUS_ISA
/// forces a lower one.
std::string instruction_set();
/// What multiplies matrices, and the processor it thinks it runs on: "OpenBLAS 0.3.21, Cooperlake"; or "built-in".
std::string blas();

}  // namespace gradus
