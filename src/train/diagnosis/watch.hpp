// Watches tapes and optimizers, and makes a Look of each optimizer step.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gradus/observe.hpp>
#include <gradus/optim/optimizer.hpp>

#include "train/diagnosis/look.hpp"

namespace gradus::train::diagnosis {

class Watch final : public Observer {
 public:
  // Called after each step of an optimizer, with what was seen since the one before.
  using Closed = std::function<void(const optim::OptimizerBase&, Look&&)>;
  explicit Watch(Closed closed) : closed_(std::move(closed)) {}

  bool close = true;                    // measure gradients, layers and units too
  bool all_values = false;              // look for NaN in each value, not only when close
  bool ask_curvature = false;           // at the next walk
  void forget();                        // it was not attached for some steps
  Look unfinished() { return take(); }  // what no step has ended

  bool wants_contributions() const override { return false; }
  void on_tape_begin(const Tape& tape) override;
  void on_record(const RecordEvent& e) override;
  void on_module(const ModuleEvent& e) override;
  void on_walk_begin(const WalkEvent& e) override;
  void on_visit(const VisitEvent& e) override;
  void on_walk_end(const WalkEvent& e) override;
  void on_accumulate(const AccumulateEvent& e) override;
  void on_zero_grad(const ZeroGradEvent& e) override;
  void on_mutation(const MutationEvent& e) override;
  void on_optimizer(const OptimizerEvent& e) override;

 private:
  // What is known of the value of a node. Numbers of nodes, layers and units; -1: none.
  struct Node {
    int layer = -1;                                    // it is the product of this layer
    int output_of = -1;                                // a view of such a product, or its sum with a bias
    int unit = -1;                                     // it is this activation, or a view of it
    int soft = -1;                                     // a softmax, log_softmax or sigmoid, or a view of it
    const gradus::detail::TensorImpl* leaf = nullptr;  // a view of this leaf
    Tensor target = {};                                // it is a difference to this constant
    bool twice = false;                                // a log of what was normalised already
  };
  struct Unit {
    std::string name, op;
    SourceLine at;
    std::vector<char> alive = {};
    std::int64_t examples = 0, looks = 0;
    double saturated = unknown;
    bool hidden = false, called = false;
  };
  struct Parameter {
    Tensor value;
    std::string name;
    SourceLine at;
    bool owned = false, used = false, mixed = false, on_tape = false, touched = false;
    double grad_norm = unknown, used_norm = unknown, stale_norm = 0;
    Tensor before, update;
    std::int64_t update_step = -9, steps = 0, walks = 0, seen = 0;
    std::string path_end;
    SourceLine path_end_at;
  };

  Node& node(int i);
  void record_leaf(const RecordEvent& e);
  void record_product(const RecordEvent& e, const NodeView& view, const std::vector<int>& in, std::string_view op);
  void record_activation(const RecordEvent& e, const NodeView& view, std::string_view op);
  void record_loss(const RecordEvent& e, const NodeView& view, const std::vector<int>& in, std::string_view op);
  void look_for_nonfinite(const RecordEvent& e);
  void find_path_ends(const Tape& tape, int start);
  void begin_step(const optim::OptimizerBase& optimizer);
  void end_step(const optim::OptimizerBase& optimizer);
  Look take();

  Closed closed_;
  // Of the tape.
  std::vector<Node> nodes_;
  std::vector<std::pair<int, Tensor>> scalars_;
  std::unordered_map<std::string, int> calls_;
  std::vector<LayerLook> layers_;
  std::vector<const gradus::detail::TensorImpl*> layer_leaves_;
  std::optional<LossLook> term_;
  std::optional<InputLook> input_;
  bool sequence_ = false, walking_ = false;
  // Of the step.
  Look look_;
  double loss_sum_ = 0;
  std::int64_t losses_ = 0;
  bool stepping_ = false;
  // Of the run.
  std::vector<Unit> units_;
  std::unordered_map<const gradus::detail::TensorImpl*, Parameter> parameters_;
  std::vector<const void*> optimizers_;
  const void* last_optimizer_ = nullptr;
  bool in_turns_ = false;  // one has come again after another: a game, not one training after another
  std::int64_t steps_ = 0;
};

}  // namespace gradus::train::diagnosis
