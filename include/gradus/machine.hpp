// The machine this build of the library runs on: for benchmarks and bug reports.
#pragma once

#include <string>

namespace gradus {

/// The instruction set of the loops, chosen at the first use: "base", "v3" (AVX2) or "v4" (AVX-512). The environment
/// variable GRADUS_ISA sets a lower one; any other value is an error at the first use of the library.
std::string instruction_set();
/// The library that multiplies matrices, and the processor it detected: "OpenBLAS 0.3.21, Cooperlake"; or "built-in".
std::string blas();

}  // namespace gradus
