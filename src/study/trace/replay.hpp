// A recorded tape computed again, in f64, with any of its values replaced.
#pragma once

#include <span>
#include <vector>

#include "study/trace/checks.hpp"

namespace gradus::study {

class Replay {
 public:
  // Throws an Error if a leaf or constant has changed since it was recorded. To be used while no tape is live.
  explicit Replay(const Walked& w);

  const Tensor& value(int node) const { return values_[static_cast<std::size_t>(node)]; }  // undefined: not below
  std::vector<Tensor> inputs(int node) const;                                              // constants too
  // One operation on other inputs, all floating ones f64. One that refuses f64 is run in its own dtype.
  Tensor run(int node, std::span<const Tensor> in);
  bool single() const { return single_; }  // has there been such a one? Then differences are only good to f32
  // The value that was walked from, if that of `node` were `value`.
  Tensor from(int node, const Tensor& value);
  int above(int node);  // how many operations `from` runs
  // The gradients of all values, by the rules, in f64; undefined where none comes.
  std::vector<Tensor> gradients(const Tensor& cotangent);
  std::int64_t work() const { return work_; }  // in operations run; looking through a long tape counts too

 private:
  void take_constant(std::size_t k, Loc met);
  const Tensor& input(int number, const std::vector<Tensor>& values) const;
  std::vector<bool> reached(int node);

  const Walked& w_;
  std::vector<bool> below_;  // does what was walked from depend on it?
  std::vector<Tensor> values_, constants_;
  std::int64_t work_ = 0;
  bool single_ = false;
};

}  // namespace gradus::study
