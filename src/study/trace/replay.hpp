// A recorded tape computed again, in f64, with any of its values replaced.
#pragma once

#include <span>
#include <vector>

#include <gradus/tape.hpp>

namespace gradus::study {

// What the operations of a tape read: node numbers, and -1 - k for constant number k, which the tape does not keep.
struct Inputs {
  std::vector<std::vector<int>> of;  // per node
  std::vector<Tensor> constants;
  std::vector<std::uint32_t> versions;  // of the constants, when they were recorded
};

// A tape that has been walked back.
struct Walked {
  const Tape& tape;
  const Inputs& inputs;
  int from;
  bool recorded;                     // the walk itself was recorded: readable rules, no fused ones
  const std::vector<int>& of;        // per node: how many contributions it should get
  const std::vector<Tensor>& grads;  // per node; undefined for nodes that the walk did not visit
};

class Replay {
 public:
  // Throws an Error if a leaf or constant has changed since it was recorded. To be used while no tape is live.
  explicit Replay(const Walked& w);

  const Tensor& value(int node) const { return values_[static_cast<std::size_t>(node)]; }  // undefined: not needed
  std::vector<Tensor> inputs(int node) const;                                              // constants too
  // One operation on other inputs, all floating ones f64. An operation that refuses f64 is run in its own dtype.
  Tensor run(int node, std::span<const Tensor> in);
  bool single() const { return single_; }  // was there such an operation? Then differences are only good to f32
  // The value that the walk started from, with `value` as the value of `node`.
  Tensor from(int node, const Tensor& value) { return all_from(node, value).back(); }
  std::vector<Tensor> all_from(int node, const Tensor& value);  // per node
  int above(int node);                                          // how many operations `from` runs
  // What they cost, and what the whole forward does, about in multiplications.
  double cost_above(int node);
  double cost() const;
  // The gradients of all values, by the rules, in f64; undefined for a value that gets none.
  std::vector<Tensor> gradients(const Tensor& cotangent);
  std::int64_t work() const { return work_; }  // operations run; a look through a long tape counts too

 private:
  void take_constant(std::size_t k, Loc where);
  const Tensor& input(int number, const std::vector<Tensor>& values) const;
  std::vector<bool> reached(int node);
  double cost_of(int node) const;

  const Walked& w_;
  std::vector<bool> below_;  // does the value that the walk started from depend on it?
  std::vector<Tensor> values_, constants_;
  std::int64_t work_ = 0;
  bool single_ = false;
};

}  // namespace gradus::study
