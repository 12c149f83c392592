// The tape: what was computed, in order. To walk the tape is to visit its nodes from the last to the first and to apply
// the rule of each: the chain rule, which is backpropagation. One such pass is a walk.
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
class BackwardPass;
class Tape;
class Vjp;

namespace detail {
struct Node;
struct Saved;
struct TapeState;  ///< src/tape/state.hpp: nodes, leaves, scopes
struct WalkRoom;   ///< src/tape/room.hpp: the gradients added up so far
}  // namespace detail

struct TapeOptions {
  bool replay = false;      ///< keep constants too, so that replay() can run every forward again
  bool long_lived = false;  ///< allow it to grow over more than 1,000 optimizer steps, which is otherwise an error
};

struct BackwardOptions {
  bool keep = false;              ///< keep saved tensors, so that the tape can be walked again
  std::vector<Tensor> into = {};  ///< compute gradients of these leaves only; empty: of all
};

struct GradientOptions {
  bool record = false;    ///< record the walk on the tape, so that its result can be differentiated again
  Tensor cotangent = {};  ///< dL/dy, with the shape and dtype of y; undefined: 1, for a y of one element
};

struct ReplayOptions {
  bool current = false;  ///< take leaves as they are now; otherwise a leaf changed since it was recorded is an error
  int node = -1;         ///< replace the value of this node …
  Tensor value = {};     ///< … by this one, of the same shape and dtype
};

/// How a walk needs a node: bits, because a node may be both.
enum class Need : std::uint8_t {
  none = 0,     ///< not at all
  passage = 1,  ///< its rule runs: it lies between a target and the start
  target = 2,   ///< its gradient is a result
};
/// The bits of both.
constexpr Need operator|(Need a, Need b) { return static_cast<Need>(static_cast<int>(a) | static_cast<int>(b)); }
/// Is that bit set?
constexpr bool has(Need set, Need bit) { return (static_cast<int>(set) & static_cast<int>(bit)) != 0; }

/// One entry of a tape, for tools to look at. Valid while the tape lives.
class NodeView {
 public:
  NodeView(const Tape& tape, int index, Loc where = Loc::current());  ///< throws if there is no such node
  /// the number of the node
  int index() const { return index_; }
  const char* name() const;     ///< "matmul"; "leaf" or "constant" for what was not computed
  std::string formula() const;  ///< what it computes, with its attributes: "y = a bᵀ"; "" if it does not say
  std::string rule() const;     ///< its derivative likewise: "da = g b   db = gᵀ a"
  /// The letters of its inputs in these two lines, in their order: "a", "b".
  std::vector<std::string> letters() const;
  bool is_leaf() const;             ///< a parameter or watched tensor
  bool is_constant() const;         ///< an input that needs no gradient
  std::vector<int> inputs() const;  ///< node numbers; -1 for a constant that was not kept
  Shape shape() const;              ///< of the value
  DType dtype() const;
  std::string attributes() const;  ///< "transpose_b=true"
  void attributes(Attributes& to) const;
  std::string scope() const;         ///< "encoder.fc1"
  Loc where() const;                 ///< the user's line
  Tensor leaf() const;               ///< the tensor of a leaf or constant
  bool released() const;             ///< whether a walk has dropped its saved tensors
  std::vector<Shape> saved() const;  ///< shapes of the tensors that it keeps for the walk
  /// Runs the same operation, with the same attributes, on other inputs of the recorded shapes, in f32 or f64. Recorded
  /// if a tape is live. Needs TapeOptions.replay if an input was a constant. Throws for a leaf, and for inputs of
  /// another number, shape or kind of dtype.
  Tensor apply(std::span<const Tensor> inputs) const;

 private:
  const detail::Node& node() const;
  void check_inputs(const detail::Node& n, std::span<const Tensor> given) const;
  const Tape* tape_;
  int index_;
};

/// Records operations on its thread while it lives. A second live tape on one thread throws. A tape may end on another
/// thread, once its own thread no longer uses it.
class [[nodiscard]] Tape {
 public:
  explicit Tape(TapeOptions options = {}, Loc where = Loc::current());  ///< begins to record
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// Walks from `loss` (one element) back to the leaves and adds dloss/dleaf to the grad() of each leaf, once the whole
  /// walk has succeeded. Releases saved tensors on the way unless .keep. Throws if nothing was recorded for `loss`, if
  /// saved tensors have been released or changed, or if the tape is not the live one of this thread.
  void backward(const Arg& loss, const BackwardOptions& options = {});

  /// dL/dx for each x, with the shape and dtype of x, where L = sum(cotangent * y). Changes no grad() and releases
  /// nothing. x may be any recorded tensor; zeros if y does not depend on it. Throws as backward() does, and for an x
  /// that was used on this tape as a constant.
  std::vector<Tensor> gradient(const Arg& y, const std::vector<Tensor>& inputs, const GradientOptions& options = {});

  /// Makes a floating-point tensor a leaf of this tape alone, without requires_grad_(): for gradients of inputs. Throws
  /// if an operation has used x on this tape already (under NoRecord does not count): that use would be missing.
  void watch(const Tensor& x, Loc where = Loc::current());

  /// The value of every node, computed again from leaves and constants. Needs TapeOptions.replay.
  std::vector<Tensor> replay(const ReplayOptions& options = {}, Loc where = Loc::current()) const;

  int size() const;                        ///< nodes so far
  NodeView operator[](Position at) const;  ///< node i; throws if there is none
  std::uint64_t id() const;                ///< unique in the process
  /// The node number of a tensor, or -1 if it is not on this tape.
  int index_of(const Tensor& x) const;

  static Tape* current();  ///< the live tape of this thread, or null

  detail::TapeState& state() const { return *state_; }  ///< for the library itself

 private:
  void end() noexcept;        // no longer the live tape; its memory goes to the next one
  detail::TapeState* state_;  // its nodes, leaves and scopes
};

/// One walk, a node at a time. It costs what it visits, however much else is on the tape. tape.backward(loss) is
///   BackwardPass pass(tape, loss);
///   while (pass.step()) {}
class BackwardPass {
 public:
  BackwardPass(Tape& tape, const Arg& loss, const BackwardOptions& options = {});  ///< from this loss, of one element
  ~BackwardPass();
  BackwardPass(const BackwardPass&) = delete;
  BackwardPass& operator=(const BackwardPass&) = delete;

  /// Visits the next node that a gradient has reached. False when none is left: then the leaves have their gradients.
  /// After an error in a step every further one throws, and no leaf has changed.
  bool step();
  int node() const { return node_; }         ///< the node of the last step, -1 before the first
  const Tensor& grad() const { return g_; }  ///< the complete gradient of that node
  Tensor grad(int node) const;               ///< what has been added up for another node so far; may be undefined

 private:
  friend class Tape;
  friend class Vjp;
  BackwardPass(Tape& tape, const Arg& y, const std::vector<Tensor>& inputs, const GradientOptions& options);
  void begin(const Arg& y, Tensor cotangent);     // checks y, and puts the cotangent into its slot
  void mark(const std::vector<Tensor>& targets);  // which nodes are needed
  void check_target(const Tensor& x, int node) const;
  [[noreturn]] void refuse_other_tape() const;
  Complaint why_not_recorded(const Tensor& y) const;
  void visit(int i);  // runs the rule of one node
  void run_recorded(const detail::Node& n, int i, Vjp& v);
  void add_to(int from, int input, int to, Tensor gradient, bool fused);  // one contribution, under observation
  void commit();                                                          // adds the results to the grad() of each leaf
  void tell_walk(bool begins) const;                                      // observers

  Tape& tape_;
  detail::TapeState& state_;                // of tape_
  std::uint64_t tape_id_;                   // of tape_, which may have ended
  const char* what_;                        // "backward" or "gradient", for errors and observers
  Loc where_;                               // the line of that call
  bool commits_ = false;                    // backward(): the leaves get the results
  bool record_ = false;                     // what the rules compute goes onto the tape
  bool release_ = false;                    // saved tensors are freed on the way
  bool done_ = false;                       // the leaves have their gradients
  bool stopped_ = false;                    // a node is visited; for good after an error in it
  int node_ = -1;                           // the node of the last step
  int start_ = -1;                          // the node of y
  Tensor g_;                                // the gradient of node_
  std::unique_ptr<detail::WalkRoom> room_;  // lent by the tape
};

/// Suspends recording on this thread until the end of the scope.
class [[nodiscard]] NoRecord {
 public:
  NoRecord();
  ~NoRecord();
  NoRecord(const NoRecord&) = delete;
  NoRecord& operator=(const NoRecord&) = delete;

 private:
  bool before_;  // was it recording?
};

/// Names a part of the tape: operations recorded while it lives carry the path of open scopes, "encoder.fc1". Modules
/// open a scope for each call.
class [[nodiscard]] Scope {
 public:
  explicit Scope(const char* name);  ///< the text must outlive the tape; a string literal does
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  std::uint64_t tape_id_;  // of the tape it was opened on; 0: none was live
};

}  // namespace gradus
