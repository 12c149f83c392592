// What a trained network answers, as lines of a run log: the confusion matrix and the worst examples.
#pragma once

#include <string>

#include <gradus/train/monitor.hpp>

namespace gradus::train {

// `confusion` and `worst`, each with its end of line. Throws an Error of Monitor for what does not fit together.
std::string answer_lines(const Answers& answers, std::int64_t step, Loc where);

}  // namespace gradus::train
