// The examples that gradus predict and gradus eval read for a model.
#pragma once

#include <gradus/train/model.hpp>

#include <string>

#include "cli/options.hpp"
#include "train/data.hpp"

namespace gradus::tool {

struct InputOptions : DataOptions {
  std::string labels;  // an IDX file with the classes of IDX images
  std::string part;    // of the examples: all, train, test; empty: not given
};

// Declares the options that say how to read.
void add_input_options(Command& command, InputOptions& options);

// Examples in the model's shape, and their answers if `labelled`. Throws Stop with exit code 3 for what cannot be read.
data::Dataset read_input(const train::Model& model, const InputOptions& options, bool labelled);

}  // namespace gradus::tool
