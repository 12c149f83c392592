// Watching a program differentiate: every event that the library emits, and how to receive them.
//
//   struct Count : Observer { int n = 0; void on_record(const RecordEvent&) override { ++n; } } count;
//   Observing watching(count);       // until the end of the scope, on this thread
#pragma once

#include <memory>
#include <span>

#include <gradus/tape.hpp>

namespace gradus {

namespace detail {
struct Attached;
}
namespace nn {
class ModuleBase;
}
namespace optim {
class OptimizerBase;
}

/// an operation, a leaf or a constant got a node
struct RecordEvent {
  const Tape& tape;
  int node;
  const Tensor& value;
  std::span<const Tensor* const> in = {};  ///< what an operation was given, constants too; empty for a leaf
};
/// a walk begins or ends
struct WalkEvent {
  const Tape& tape;
  int node;          ///< where it starts
  const char* what;  ///< "backward" or "gradient"
  Loc where;
  bool recorded;
  std::span<const Need> needed;  ///< per node up to `node`; empty: all are passages
};
/// a node's gradient is complete: its rule runs next, or has run (on_visited)
struct VisitEvent {
  const Tape& tape;
  int node;
  const Tensor& grad;
  const BackwardPass& pass;  ///< .grad(i): what has been accumulated for another node so far
};
/// `from` gave a gradient to its input number `slot`, node `to`
struct ContributionEvent {
  const Tape& tape;
  int from, slot, to;
  const Tensor& added;
  const Tensor& before;  ///< undefined for the first contribution
  const Tensor& after;
  bool fused;  ///< a kernel accumulated by itself: `added` is after - before, up to rounding
};
/// backward() is done: a leaf's grad() changed
struct AccumulateEvent {
  const Tape& tape;
  int node;
  const Tensor& leaf;
};
/// a tensor was changed in place
struct MutationEvent {
  const Tensor& tensor;  ///< the tensor, already changed
  const char* what;      ///< "fill_"
  Loc where;
};
/// the gradient of a leaf was dropped
struct ZeroGradEvent {
  const Tensor& leaf;
};
/// an optimizer is about to update, or has updated, one parameter
struct StepEvent {
  const char* optimizer;  ///< its type: "AdamW"
  const std::string& parameter;
  const Tensor& value;
  const Tensor& grad;
  std::span<const Tensor> state;
  std::span<const std::string> state_names;
  double lr;
  std::int64_t step;
  bool before;
  /// After the update: what it did, with the numbers of this step, "momentum_buffer ← 0.9 momentum_buffer + g   …";
  /// "" if the optimizer does not say.
  std::string formula = {};
};
/// an optimizer's step begins or has ended: all of its parameters together, those without a gradient too
struct OptimizerEvent {
  const optim::OptimizerBase& optimizer;  ///< it may be asked for its parameters and rates
  bool before;                            ///< nothing has been checked or changed yet
};
/// a scope begins or ends
struct ScopeEvent {
  const char* name;
  bool enter;
};
/// a module is called while a tape records; its scope, if it has a name, is open already
struct ModuleEvent {
  const nn::ModuleBase& module;  ///< the module
};
/// An Error has been made on this thread: as a rule it is thrown next, and ends the tape. The library itself may make
/// one and go on.
struct ErrorEvent {
  const Error& error;  ///< that is on its way
};
/// study::scalar("loss", …)
struct ScalarEvent {
  const char* name;
  double value;
};

/// An exception from an observer passes through the call that told it. From the end of a tape or a scope, which are
/// destructors, it is thrown by the next call on that thread that tells an observer, or by the next tape.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_record(const RecordEvent&) {}
  virtual void on_walk_begin(const WalkEvent&) {}
  virtual void on_visit(const VisitEvent&) {}
  virtual void on_visited(const VisitEvent&) {}
  virtual void on_contribution(const ContributionEvent&) {}
  virtual void on_accumulate(const AccumulateEvent&) {}
  virtual void on_walk_end(const WalkEvent&) {}
  virtual void on_mutation(const MutationEvent&) {}
  virtual void on_zero_grad(const ZeroGradEvent&) {}
  virtual void on_step(const StepEvent&) {}
  virtual void on_scope(const ScopeEvent&) {}
  virtual void on_module(const ModuleEvent&) {}
  virtual void on_scalar(const ScalarEvent&) {}
  virtual void on_tape_begin(const Tape&) {}
  virtual void on_tape_end(const Tape&) {}
  /// Contributions and optimizer steps cost most to tell. Return false to do without both; read when it is attached.
  virtual bool wants_contributions() const { return true; }
  virtual void on_optimizer(const OptimizerEvent&) {}  ///< told in any case
  virtual void on_error(const ErrorEvent&) {}          ///< what it throws is dropped
};

/// Attaches an observer to this thread until the end of the scope. Several may be attached; the newest is called first.
/// It may end on another thread while its own one tells nobody anything.
class [[nodiscard]] Observing {
 public:
  explicit Observing(Observer& observer);  ///< from here to the end of the scope, on this thread
  ~Observing();
  Observing(const Observing&) = delete;
  Observing& operator=(const Observing&) = delete;

 private:
  std::shared_ptr<detail::Attached> attached_;
};

}  // namespace gradus
