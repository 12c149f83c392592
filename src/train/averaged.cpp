// The average of a schedule-free optimizer, shown for a while.
#include "train/averaged.hpp"

#include <gradus/optim/schedule_free.hpp>
#include <gradus/tape.hpp>

namespace gradus::train {
namespace {

std::vector<Tensor> copies(const std::vector<Tensor>& all) {
  std::vector<Tensor> made;
  for (const Tensor& x : all) made.push_back(x.detach().clone());
  return made;
}

}  // namespace

Averaged::Averaged(optim::OptimizerBase& optimizer) {
  auto* const schedule_free = dynamic_cast<optim::ScheduleFreeAdamW*>(&optimizer);
  if (schedule_free == nullptr || !schedule_free->is_training()) return;
  const NoRecord pause;
  const std::vector<Tensor> parameters = optimizer.parameters();
  std::vector<Tensor> before = copies(parameters);
  schedule_free->eval();
  const std::vector<Tensor> average = copies(parameters);
  schedule_free->train();
  parameters_ = parameters;
  before_ = std::move(before);
  set(average);
}

Averaged::~Averaged() {
  try {
    set(before_);
  } catch (...) {  // a parameter that can no longer be written stays as it is
  }
}

void Averaged::set(const std::vector<Tensor>& values) {
  const NoRecord pause;
  for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].copy_(values[i]);
}

}  // namespace gradus::train
