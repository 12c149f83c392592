// The measurements of gradus bench. Each takes some tenths of a second and returns the best of many short ones, so that
// a busy neighbour does not count.
#pragma once

#include <string>

namespace gradus::tool {

double fma_peak(int threads);  // GFLOP/s that the processor's widest multiply-add reaches, f32
double gemm_peak();            // GFLOP/s of matmul, 1024 x 1024
double memory_bandwidth();     // GB/s read and written by x += y, 64 MiB each
struct Overhead {
  double record, walk;  // ns an operation of one element
};
Overhead overhead();
double cold_start();  // ms from starting this program until it has ended, having done next to nothing

std::string processor();  // its name
// The widest vectors it has: "v4", "v3" or "base", as instruction_set() names them.
std::string processor_level();

}  // namespace gradus::tool
