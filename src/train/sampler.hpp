// What is measured at a sampled step: gradients as the walk leaves them, updates, dead and saturated units.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <gradus/nn/module.hpp>
#include <gradus/observe.hpp>
#include <gradus/train/monitor.hpp>

namespace gradus::train {

// Watches the tape of its thread between begin() and end().
class Sampler final : public Observer {
 public:
  // An activation whose units are counted.
  struct Layer {
    std::string name, op;
    std::int64_t units = 0;
    Loc where;
    std::vector<char> alive = {}, alive_in_epoch = {};  // of relu, one for each unit
    std::int64_t examples = 0;                          // of the epoch
    std::int64_t saturated = 0, looked_at = 0;
    bool called = false;  // in this sample
    bool told = false;    // the log knows it
  };

  Sampler(std::vector<nn::NamedParameter> parameters, SummaryWriter* writer)
      : parameters_(std::move(parameters)), writer_(writer) {}

  void begin();
  void end();                       // no longer watches; the copies of weights stay
  bool any_update() const;          // has a weight changed since it was copied?
  void report(StepReport& to);      // of what was watched, and of updates since
  std::vector<UnitReport> epoch();  // and begins the next one
  std::vector<Layer>& layers() { return layers_; }
  const std::vector<nn::NamedParameter>& parameters() const { return parameters_; }
  Tensor gradient(std::size_t i) const;  // a copy, kept for histograms; undefined without a writer

  bool wants_contributions() const override { return false; }
  void on_tape_begin(const Tape&) override { calls_.clear(); }
  void on_record(const RecordEvent& e) override;
  void on_walk_begin(const WalkEvent& e) override;
  void on_accumulate(const AccumulateEvent& e) override;
  void on_mutation(const MutationEvent& e) override;

 private:
  struct Sample {
    double grad_squares = Progress::unknown;
    bool copied = false;
    std::uint32_t version = 0;      // of the weights when they were copied
    std::vector<std::byte> before;  // the weights as they were
    Tensor gradient;
  };
  Layer& layer(const RecordEvent& e, const char* op);

  std::vector<nn::NamedParameter> parameters_;
  std::vector<Sample> samples_{parameters_.size()};
  std::unordered_map<const void*, std::size_t> index_;
  std::unordered_map<std::string, int> calls_;  // of each layer on this tape
  std::vector<Layer> layers_;
  SummaryWriter* writer_;
  bool clipped_ = false, graph_written_ = false, watched_ = false;
  std::optional<Observing> observing_;
};

}  // namespace gradus::train
