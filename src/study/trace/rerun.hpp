// A recorded operation computed again. The trace may come from a stranger: nothing in it is trusted.
#pragma once

#include <string_view>
#include <vector>

#include <gradus/study/read_trace.hpp>

namespace gradus::study::trace {

struct TooMuchWork {};

// Calls the public function that records this operation, with the attributes of the trace. So the function's own checks
// hold, and no kernel runs with numbers that it does not expect. The result has the shape and dtype of op.value.
// Throws an Error if inputs, attributes and result do not fit each other, or the operation is not a built-in one, and
// TooMuchWork if it could take more than about 10^9 multiplications. If a tape is live, the call is recorded.
Tensor rerun(const Op& op, const std::vector<Tensor>& in);

// The operations that rerun() knows: all built-in ones.
std::vector<std::string_view> rerun_names();

}  // namespace gradus::study::trace
