// The settings of the environment, checked once.
#pragma once

namespace gradus::detail {

// An error if GRADUS_NUM_THREADS or GRADUS_ISA has a value that is not valid. Called where a program first uses the
// library (a tensor is made, the threads or the instruction set are read), never while static objects are made.
void check_environment();

}  // namespace gradus::detail
