// One run over a text: the loop, what it prints, and what it saves.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "cli/terminal.hpp"
#include "train/text/nets.hpp"
#include "train/training.hpp"

namespace gradus::tool {

struct TextSource {
  std::string name;      // for people
  std::string checksum;  // of its bytes
};

class TextRun {
 public:
  // Throws Stop for a model, a log or a checkpoint that could not be written.
  TextRun(const TrainOptions& options, TextSource source, data::Tokenizer tokenizer, data::WindowSplit text,
          TextNet net, const MakeOptimizer& make_optimizer, MakeSchedule schedule);
  Exit run();
  Exit find_lr();  // suggests a rate, and trains nothing

 private:
  std::int64_t resume(const std::string& text);
  void announce() const;
  void step();
  double test_loss(std::int64_t batches);  // the mean over so many batches, evenly spread
  void report(std::int64_t done);
  void live(std::int64_t done) const;
  std::unique_ptr<gradus::train::Monitor> make_monitor();
  nn::ModuleBase& net();
  Exit finished();
  Exit stopped(int signal);
  io::Metadata metadata() const;
  void check_save() const;
  bool save();
  Tensor logits_of(const Tensor& x);  // (N, C), the windows of a batch one after the other
  Tensor loss_of(const data::Dataset& batch);
  StateDict state() const;

  const TrainOptions o_;
  const std::string name_;
  const data::Tokenizer tokenizer_;
  const data::WindowSplit text_;
  TextNet net_;
  optim::AnyOptimizer optimizer_;
  optim::Scheduler schedule_;
  const Terminal terminal_ = standard_output();
  const std::int64_t every_;  // steps from one report to the next
  Keeper keeper_;
  std::chrono::steady_clock::time_point begin_;      // as if the run had been unbroken
  double seconds_ = 0;                               // of the run
  double sum_ = 0;                                   // of the losses since the last report,
  std::int64_t summed_ = 0;                          // which are so many
  double test_ = 0;                                  // the last test loss
  RunLog log_;                                       // as CSV
  std::unique_ptr<gradus::train::Monitor> monitor_;  // null where nobody would see it
};

}  // namespace gradus::tool
