// Where the time goes: calls, time, bytes and rate of every operation, forwards and backwards, and of optimizer steps.
//
//   GRADUS_PROFILE=1 ./program      prints profile_table() to stderr when the program ends (the only thing here
//                                   that prints)
//
// or in process: set_profiling(true), then profile(). While it is off it costs one predictable branch an operation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gradus {

/// Only the outermost operation is timed: what a forward, a rule or an optimizer calls counts to it.
struct ProfileRow {
  /// Where time was spent.
  enum Pass { forward, backward, step };
  std::string name;        ///< of the operation, or the optimizer's class
  Pass pass = forward;     ///< where
  std::int64_t calls = 0;  ///< those that threw are not counted
  double seconds = 0;      ///< wall time
  double bytes = 0;        ///< of tensors read and written, each once; 0 for a view
  double flops = 0;        ///< of operations that say so (`flops` in op.hpp): products and convolutions
};

bool profiling();             ///< at first: whether the environment's GRADUS_PROFILE is set, and neither empty nor 0
void set_profiling(bool on);  ///< begins and ends a profile
std::vector<ProfileRow> profile();  ///< of all threads, since the last reset; the longest time first
void reset_profile();               ///< forgets what has been counted
std::string profile_table();        ///< the same as text, with GFLOP/s where the arithmetic is known, else GB/s

}  // namespace gradus
