// Optimizers by spec: adamw:lr=1e-3,weight_decay=0.1.
#pragma once

#include <gradus/gradus.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gradus::tool {

// Clears the gradients, computes the loss, walks back, and returns the loss.
using Closure = std::function<double()>;

// An optimizer whose kind the caller need not know.
class AnyOptimizer {
 public:
  using Step = double (*)(optim::OptimizerBase& optimizer, const Closure& loss);
  AnyOptimizer(std::unique_ptr<optim::OptimizerBase> optimizer, Step how)
      : optimizer_(std::move(optimizer)), step_(how) {}

  double step(const Closure& loss) { return step_(*optimizer_, loss); }  // returns the loss before it
  optim::OptimizerBase& base() { return *optimizer_; }

 private:
  std::unique_ptr<optim::OptimizerBase> optimizer_;
  Step step_;
};

using MakeOptimizer = std::function<AnyOptimizer(const nn::Sequential& net)>;

// Throws Stop for an optimizer, an option or a value that does not exist.
MakeOptimizer parse_optimizer(const std::string& text);

// For --help: every optimizer with its options and their defaults, a line each.
std::string optimizer_list();

}  // namespace gradus::tool
