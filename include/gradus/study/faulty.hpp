// Engines that are wrong on purpose, for lessons: the gradients that backpropagation gives without one of its parts.
// Nothing here changes a .grad(), and nothing else in the library uses it.
#pragma once

#include <vector>

#include <gradus/tape.hpp>

namespace gradus::study {

/// What is wrong with the engine.
enum class Fault {
  none,       ///< the right engine, for comparison
  order,      ///< each gradient is passed on at once, not when it is complete: paths are counted twice
  sum,        ///< the gradient of a broadcast is not summed: it keeps the larger shape
  overwrite,  ///< a second contribution replaces the first
  stale,      ///< intermediate gradients are kept from one walk to the next; only those of leaves may be
};

struct FaultyOptions {
  int walks = 1;  ///< number of walks; the gradients of leaves accumulate
};

/// The gradients that an engine with `fault` finds for `inputs`, leaves of `tape`, which must have been made with
/// {.replay = true}. For Fault::sum a result may have another shape than its input. Throws after a million visits:
/// without order their number doubles with every value used twice.
std::vector<Tensor> faulty_backward(const Tape& tape, const Arg& loss, const std::vector<Tensor>& inputs, Fault fault,
                                    const FaultyOptions& options = {});

}  // namespace gradus::study
