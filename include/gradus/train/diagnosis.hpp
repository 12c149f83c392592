// What is wrong with a training, with the evidence.
//
//   for (const train::Diagnosis& d : mon.diagnoses()) std::puts(to_string(d).c_str());
//
//   VANISHING  0.weight
//       evidence: the gradient shrinks by 0.24 a layer over 12 layers: …
//       try:      ReLU with He initialisation, normalisation layers, or fewer layers
//       at:       train.cpp:31
//
// src/train/DIAGNOSES.md lists the codes, their rules and thresholds. `gradus doctor -- ./program` finds them in any
// program, without a change to its source.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gradus::train {

/// A line of the user's program. `line` 0: not known.
struct SourceLine {
  std::string file = {};   ///< as the compiler was given it
  std::uint32_t line = 0;  ///< from 1
};

/// One thing that is wrong.
struct Diagnosis {
  std::string code = {};                                     ///< "VANISHING"
  std::int64_t step = 0;                                     ///< the optimizer step at which it was certain, from 1
  std::string layer = {};                                    ///< a parameter or an activation, or ""
  std::string evidence = {};                                 ///< what was seen, with its numbers
  std::string advice = {};                                   ///< what to try
  std::vector<std::pair<std::string, double>> numbers = {};  ///< the numbers of the evidence, by name
  SourceLine at = {};                                        ///< where in the program
};

/// The diagnosis as lines of text, without the last line's end.
std::string to_string(const Diagnosis& d);

}  // namespace gradus::train
