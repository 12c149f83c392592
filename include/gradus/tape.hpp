// The tape: what was computed, in order. Walking it backwards with the chain rule is backpropagation.
//
//   Tensor x = scalar(3).requires_grad_();
//   Tape tape;                      // recording starts; the brace ends it
//   Tensor y = x * x;               // node 1 (node 0 is the leaf x)
//   tape.backward(y);               // x.grad() is 6
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <gradus/tensor.hpp>

namespace gradus {

class Attributes;
class Tape;
class BackwardPass;

namespace detail {
struct Node;
struct Saved;
struct TapeState;  ///< src/tape/state.hpp: nodes, leaves, scopes
}  // namespace detail

struct TapeOptions {
  bool replay = false;  ///< keep constants too, so that replay() can run every forward again
};

struct BackwardOptions {
  bool keep = false;              ///< keep saved tensors, so that the tape can be walked again
  std::vector<Tensor> into = {};  ///< reach only these leaves; none: all
};

struct GradientOptions {
  bool record = false;    ///< append the walk to the tape, so that its result can be differentiated again
  Tensor cotangent = {};  ///< dL/dy, of y's shape; undefined means 1, for a y of one element
};

struct ReplayOptions {
  bool current = false;  ///< take leaves as they are now; otherwise one changed since its record is an error
  int node = -1;         ///< replace this node's value …
  Tensor value = {};     ///< … by this one
};

/// One entry of a tape, for tools to look at. Valid while the tape lives.
class NodeView {
 public:
  NodeView(const Tape& tape, int index) : tape_(&tape), index_(index) {}
  int index() const { return index_; }
  const char* name() const;  ///< "matmul"; "leaf" or "constant" for what was not computed
  const char* rule() const;  ///< its derivative, as text
  bool is_leaf() const;
  bool is_constant() const;
  std::vector<int> inputs() const;  ///< node numbers; -1 for a constant that was not kept
  Shape shape() const;
  DType dtype() const;
  std::string attributes() const;  ///< "transpose_b=true"
  void attributes(Attributes& to) const;
  std::string scope() const;  ///< "encoder.fc1"
  Loc where() const;          ///< the user's line
  Tensor leaf() const;        ///< the tensor of a leaf or constant
  bool released() const;
  std::vector<Shape> saved() const;  ///< what it holds for the walk
  /// Runs the same operation, with the same attributes, on other inputs of the recorded shapes, in f32 or f64: recorded
  /// if a tape is live. Needs TapeOptions.replay where an input was a constant.
  Tensor apply(std::span<const Tensor> inputs) const;

 private:
  const detail::Node& node() const;
  void check_inputs(const detail::Node& n, std::span<const Tensor> given) const;
  const Tape* tape_;
  int index_;
};

/// Records operations on its thread while it lives. A second live tape on one thread throws.
class [[nodiscard]] Tape {
 public:
  explicit Tape(TapeOptions options = {}, Loc where = Loc::current());
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// Walks from `loss` (one element) back to the leaves and adds dloss/dleaf to each leaf's grad(), once the whole walk
  /// has succeeded. Saved tensors are released on the way unless .keep.
  void backward(const Arg& loss, const BackwardOptions& options = {});

  /// dL/dx for each x, where L = sum(cotangent * y). Touches no grad() and releases nothing. x may be any recorded
  /// tensor; zeros where y does not depend on it.
  std::vector<Tensor> gradient(const Arg& y, const std::vector<Tensor>& inputs, const GradientOptions& options = {});

  /// Makes a tensor a leaf of this tape alone, without requires_grad_(): for gradients of inputs.
  void watch(const Tensor& x, Loc where = Loc::current());

  /// The value of every node, computed again from leaves and constants. Needs TapeOptions.replay.
  std::vector<Tensor> replay(const ReplayOptions& options = {}, Loc where = Loc::current()) const;

  int size() const;  ///< nodes so far
  NodeView operator[](int i) const { return {*this, i}; }
  std::uint64_t id() const;  ///< unique in the process
  /// The node number of a tensor, or -1 if it is not on this tape.
  int index_of(const Tensor& x) const;

  static Tape* current();  ///< this thread's live tape, or null

  detail::TapeState& state() const { return *state_; }  ///< for the library itself

 private:
  detail::TapeState* state_;
};

/// Walks a tape one node at a time. tape.backward(loss) is
///   BackwardPass pass(tape, loss);
///   while (pass.step()) {}
class BackwardPass {
 public:
  BackwardPass(Tape& tape, const Arg& loss, const BackwardOptions& options = {});
  ~BackwardPass();
  BackwardPass(const BackwardPass&) = delete;
  BackwardPass& operator=(const BackwardPass&) = delete;

  /// Visits the next node that a gradient has reached. False when none is left: then the leaves have their gradients.
  bool step();
  int node() const { return at_; }           ///< the node of the last step, -1 before the first
  const Tensor& grad() const { return g_; }  ///< the complete gradient it arrived with
  Tensor grad(int node) const;               ///< what has been accumulated for another node so far; may be undefined

 private:
  friend class Tape;
  friend class Vjp;
  BackwardPass(Tape& tape, const Arg& y, const std::vector<Tensor>& inputs, const GradientOptions& options);
  void begin(const Arg& y, Tensor cotangent);
  void mark(const std::vector<Tensor>& targets);
  void announce();
  void visit(int i);
  void add_to(int from, int input, int to, Tensor gradient, bool fused);
  void commit();

  Tape& tape_;
  detail::TapeState& state_;
  const char* what_;  ///< "backward" or "gradient", for errors and observers
  Loc where_;
  bool record_ = false, release_ = false, done_ = false;
  int at_ = -1, next_ = -1, start_ = -1;
  Tensor g_;
  std::vector<Tensor> slots_;         ///< per node, the gradient accumulated so far
  std::vector<std::uint8_t> needed_;  ///< per node: 1 on the way to a target, 2 a target; empty: all
};

/// Suspends recording on this thread until the end of the scope.
class [[nodiscard]] NoRecord {
 public:
  NoRecord();
  ~NoRecord();
  NoRecord(const NoRecord&) = delete;
  NoRecord& operator=(const NoRecord&) = delete;

 private:
  bool before_;
};

/// Names a stretch of the tape: operations recorded inside carry the path of open scopes. Modules push their names.
class [[nodiscard]] Scope {
 public:
  explicit Scope(const char* name);  ///< the text must outlive the tape; a string literal does
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  bool pushed_;
};

}  // namespace gradus
