// Measuring and saving what a schedule-free optimizer has learnt.
#pragma once

#include <vector>

#include <gradus/optim/optimizer.hpp>
#include <gradus/tensor.hpp>

namespace gradus::train {

// While it lives, the parameters of a schedule-free optimizer hold the average, which is what was learned. Then they
// are what they were, to the bit, so that measuring does not change a training. Of other optimizers nothing changes.
class Averaged {
 public:
  explicit Averaged(optim::OptimizerBase& optimizer);
  ~Averaged();
  Averaged(const Averaged&) = delete;
  Averaged& operator=(const Averaged&) = delete;

 private:
  void set(const std::vector<Tensor>& values);

  std::vector<Tensor> parameters_, before_;  // empty where nothing changes
};

}  // namespace gradus::train
