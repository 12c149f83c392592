// One run over a text: the loop, what it prints, and what it saves.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "cli/terminal.hpp"
#include "text/nets.hpp"
#include "train/training.hpp"

namespace gradus::tool {

class TextRun {
 public:
  TextRun(const TrainOptions& options, std::string name, data::Tokenizer tokenizer, data::WindowSplit text, TextNet net,
          const MakeOptimizer& make_optimizer, MakeSchedule schedule);
  Exit run();

 private:
  void announce() const;
  double step();                           // the loss
  double test_loss(std::int64_t batches);  // the mean over so many batches, evenly spread
  void report(double loss, double seconds);
  void live(std::int64_t first, double loss, double seconds) const;
  Exit finished(double seconds);
  Exit stopped(int signal);
  io::Metadata metadata() const;
  void check_save() const;
  bool save();
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
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> log_{nullptr, std::fclose};
  std::int64_t steps_ = 0;
  double test_ = 0;  // the last test loss
};

}  // namespace gradus::tool
