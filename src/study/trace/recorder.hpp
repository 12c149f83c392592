// The observer that writes a trace: one for each thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <gradus/observe.hpp>

#include "study/intended.hpp"
#include "study/trace/checks.hpp"
#include "study/trace/run.hpp"

namespace gradus::study {

class Recorder : public Observer {
 public:
  explicit Recorder(std::shared_ptr<Run> run) : run_(std::move(run)), thread_(run_->new_thread()) {}

  void on_tape_begin(const Tape& tape) override;
  void on_tape_end(const Tape& tape) override;
  void on_record(const RecordEvent& e) override;
  void on_module(const ModuleEvent& e) override;
  void on_walk_begin(const WalkEvent& e) override;
  void on_visit(const VisitEvent& e) override;
  void on_contribution(const ContributionEvent& e) override;
  void on_accumulate(const AccumulateEvent& e) override;
  void on_walk_end(const WalkEvent& e) override;
  void on_mutation(const MutationEvent& e) override;
  void on_zero_grad(const ZeroGradEvent& e) override;
  void on_step(const StepEvent& e) override;
  void on_scalar(const ScalarEvent& e) override;
  void on_error(const ErrorEvent& e) override;

 private:
  struct Walking {
    int number, from;
    std::vector<int> of, arrived;  // contributions for each node: how many there will be, how many there have been
    std::vector<Tensor> grads;     // complete gradients, for the checks
  };
  struct OnTape {
    int number;
    bool full, walked = false;
    Inputs inputs;
    std::vector<double> numbers;                                   // the values of nodes that are one number
    std::unordered_map<int, std::uint32_t> versions;               // of leaves, by node, when their values were written
    std::unordered_map<const detail::TensorImpl*, int> constants;  // their (negative) node numbers
    std::optional<Walking> walk;
    Intended intended;
  };
  struct Pending {  // a parameter before its update
    std::string before;
    std::vector<double> numbers;
    Loc where;
    bool located;
  };
  OnTape* find(const Tape& tape);
  OnTape* full(const Tape& tape);  // null also for a tape in outline
  int constant(OnTape& t, const Tensor& x, NodeView of);
  void write_leaf(OnTape& t, NodeView node, const Tensor& value);
  void write_op(OnTape& t, const RecordEvent& e);
  void break_off(OnTape& t);

  std::shared_ptr<Run> run_;
  int thread_;
  std::map<std::uint64_t, OnTape> tapes_;  // live ones, by id
  std::unordered_map<const detail::TensorImpl*, Pending> pending_;
};

}  // namespace gradus::study
