// A training that is done a few steps at a time.
#pragma once

#include <memory>
#include <optional>

#include "kinds.hpp"
#include "network.hpp"
#include "sets.hpp"

namespace gradus::web {

class Session {
 public:
  // From the seed on. Throws for what the description cannot mean.
  explicit Session(Spec spec);

  // The training of another description, with the weights as they are; what it has learnt stays.
  void retrain(const TrainingSpec& training);

  // One step on the next batch. Throws what the library throws; a loss that is not finite is the guard's Error.
  void step();

  const Spec& spec() const { return spec_; }
  const Data& data() const { return data_; }
  Network& network() { return *network_; }
  std::int64_t steps() const { return step_; }
  std::int64_t epochs() const { return batches_->epoch(); }
  double last_loss() const { return loss_; }
  double lr() const { return optimizer_->base().lr(); }
  bool has_gradients() const { return step_ > 0; }
  bool changed() const { return changed_; }  // by retrain(): no program gives these numbers
  train::Monitor& monitor() { return *monitor_; }
  const std::vector<Tensor>& path() const { return path_; }  // snapshots, for the landscape
  void restored();                                           // other weights have been loaded

  // The loss of a part of the data, in evaluation. Nothing is recorded.
  double loss_of(const data::Dataset& part);
  // The share of right answers, or NaN for a regression.
  double accuracy_of(const data::Dataset& part);
  Tensor loss(const Tensor& output, const Tensor& target) const;

 private:
  void make_training();
  data::Dataset next_batch();
  void remember();
  void explain_nonfinite(const data::Dataset& batch);

  Spec spec_;
  Data data_ = {};
  std::unique_ptr<Network> network_ = nullptr;
  std::unique_ptr<optim::AnyOptimizer> optimizer_ = nullptr;
  std::unique_ptr<optim::Scheduler> schedule_ = nullptr;
  std::unique_ptr<train::Monitor> monitor_ = nullptr;
  std::unique_ptr<data::Batches> batches_ = nullptr;
  std::optional<data::Batches::Iterator> at_ = {};
  std::int64_t step_ = 0, snapshot_every_ = 1;
  double loss_ = 0;
  bool changed_ = false;
  std::vector<Tensor> path_ = {};
};

data::BatchOptions batch_options(const Spec& spec);

// Losses by name, as they stand in a program: "cross_entropy(net(x), y)".
std::string loss_code(const std::string& name);
bool loss_fits(const std::string& name, bool classes);

}  // namespace gradus::web
