// Keeping averages of weights, and showing them in place of the weights.
#include "train/averages.hpp"

#include <gradus/ops.hpp>
#include <gradus/optim/optimizer.hpp>

namespace gradus::train {

Averages::Averages(const nn::ModuleBase& net, double decay) : weights_(net.parameters()), decay_(decay) {
  for (const Tensor& w : weights_) averages_.push_back(w.detach().clone());
}

void Averages::add() {
  const NoRecord pause;
  for (std::size_t i = 0; i < weights_.size(); ++i) optim::average(averages_[i], weights_[i].detach(), decay_);
}

void Averages::leave() {
  for (std::size_t i = 0; i < weights_.size(); ++i) weights_[i].copy_(averages_[i]);
}

Averages::Shown::Shown(Averages* averages) : averages_(averages) {
  if (averages_ == nullptr) return;
  for (const Tensor& w : averages_->weights_) own_.push_back(w.detach().clone());
  averages_->leave();
}

Averages::Shown::~Shown() {
  if (averages_ == nullptr) return;
  for (std::size_t i = 0; i < own_.size(); ++i) averages_->weights_[i].copy_(own_[i]);
}

}  // namespace gradus::train
