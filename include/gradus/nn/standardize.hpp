// Layers that change units: data in any unit to mean 0 and deviation 1, and back.
#pragma once

#include <string>

#include <gradus/nn/module.hpp>

namespace gradus::nn {

/// y = (x - mean) / deviation. A network that begins with it takes data in any unit, and is saved with what it needs to
/// know about them. The two are buffers: not trained, but saved.
struct Standardize : Module<Standardize> {
  Buffer mean, deviation;  ///< of one shape, which is broadcast against an example's

  /// The statistics of x (N, …) over some axes, as a rule those of the training data: over axis 0, each feature has its
  /// own; over all axes ({}), all share one. The variance is the biased one; a deviation of 0 counts as 1.
  static Standardize of(const Tensor& x, const Axes& axes = 0, Loc where = Loc::current());
  /// Mean 0, deviation 1: the place for what load_state_dict brings.
  explicit Standardize(const Shape& shape, DType dtype = default_dtype(), Loc where = Loc::current());

  Tensor forward(Arg x) const;
  std::string describe() const;
  void fields(auto& v) { v("mean", mean), v("deviation", deviation); }
};

/// y = x · deviation + mean: the inverse, for targets. A regression network that ends with it is trained on targets of
/// mean 0 and deviation 1, and answers in their own unit.
struct Unstandardize : Module<Unstandardize> {
  Buffer mean, deviation;  ///< as above

  /// The statistics of y (N, …), as in Standardize::of.
  static Unstandardize of(const Tensor& y, const Axes& axes = 0, Loc where = Loc::current());
  /// Mean 0, deviation 1.
  explicit Unstandardize(const Shape& shape, DType dtype = default_dtype(), Loc where = Loc::current());

  Tensor forward(Arg x) const;
  std::string describe() const;
  void fields(auto& v) { v("mean", mean), v("deviation", deviation); }
};

}  // namespace gradus::nn
