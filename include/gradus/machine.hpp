// The machine this build of the library runs on: for benchmarks and bug reports.
#pragma once

#include <string>

namespace gradus {

/// The instruction set of the loops, chosen at the first use: "base", "v3" (AVX2) or "v4" (AVX-512). The environment
/// variable GRADUS_ISA sets a lower one; any other value is an error at the first use of the library.
std::string instruction_set();
/// The library that multiplies matrices, and the processor it detected: "OpenBLAS 0.3.21, Cooperlake"; or "built-in".
std::string blas();
/// Which matrix products the library makes by its own kernel and which by that library, as measured here, on one
/// thread, in about `seconds`; both made each class of shapes in turns, and its own was chosen where it was 5 % faster.
/// In use from then on. Written to a file that the environment variable GRADUS_PRODUCTS names, it is used from the
/// start; without, a table that comes with the library is.
std::string measure_products(double seconds = 15);

}  // namespace gradus
