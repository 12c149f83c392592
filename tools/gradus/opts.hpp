// Optimizers by spec: adamw:lr=1e-3,weight_decay=0.1.
#pragma once

#include <gradus/gradus.hpp>

#include <concepts>
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
  template <std::derived_from<optim::OptimizerBase> Optimizer>
  explicit AnyOptimizer(std::unique_ptr<Optimizer> optimizer)
      : optimizer_(std::move(optimizer)), step_(step_of<Optimizer>) {}

  double step(const Closure& loss) { return step_(*optimizer_, loss); }  // returns the loss before it
  optim::OptimizerBase& base() { return *optimizer_; }

 private:
  // L-BFGS asks for the loss as often as it likes; the others need it once.
  template <class Optimizer>
  static double step_of(optim::OptimizerBase& base, const Closure& loss) {
    auto& optimizer = static_cast<Optimizer&>(base);
    if constexpr (requires {
                    { optimizer.step(loss) } -> std::same_as<double>;
                  }) {
      return optimizer.step(loss);
    } else {
      const double before = loss();
      optimizer.step();
      return before;
    }
  }

  std::unique_ptr<optim::OptimizerBase> optimizer_;
  double (*step_)(optim::OptimizerBase& optimizer, const Closure& loss);
};

template <class Optimizer>
using OptionsOf = std::remove_cvref_t<decltype(std::declval<Optimizer&>().options())>;

using MakeOptimizer = std::function<AnyOptimizer(const nn::Sequential& net)>;

// Throws Stop for an optimizer, an option or a value that does not exist.
MakeOptimizer parse_optimizer(const std::string& text);

// For --help: every optimizer with its options and their defaults, a line each.
std::string optimizer_list();

}  // namespace gradus::tool
