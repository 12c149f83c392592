// The optimizers of a kit by name.
#pragma once

#include <string>
#include <vector>

#include "cli/optimizers.hpp"
#include "verify/kit.hpp"

namespace gradus::tool {

// Parameters that share their hyperparameters, under PyTorch's names.
struct ParameterGroup {
  std::vector<Tensor> parameters;
  Json hyper;
};

// Throws NotImplemented or Skipped.
optim::AnyOptimizer make_optimizer(const std::string& name, const std::vector<ParameterGroup>& groups);

}  // namespace gradus::tool
