// The prediction as a picture.
#pragma once

#include <string>
#include <vector>

#include "scale/measure.hpp"

namespace gradus::tool {

struct Prediction {
  std::string title, subtitle;
  dist::StepCost step;
  dist::Line line;
  std::vector<Measured> measured = {};  // the first of them for one rank; may be empty
  int processors = 0;                   // that the measured ranks share; 0: each rank has its own
};

// How many ranks share a processor.
double crowd(const Prediction& p, int ranks);
// Of so many ranks that share the processors of one machine: there, who copies what is sent cannot compute meanwhile.
double shared_step(const Prediction& p, int ranks);
double shared_sum(const Prediction& p, dist::SumBy by, int ranks);

std::string picture_of(const Prediction& p);

}  // namespace gradus::tool
