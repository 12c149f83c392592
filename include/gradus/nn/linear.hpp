// The fully connected layer, and Identity, Flatten and Dropout.
#pragma once

#include <cstdint>
#include <string>

#include <gradus/nn/module.hpp>

namespace gradus::nn {

struct LinearOptions {
  bool bias = true;
  DType dtype = default_dtype();
};

/// y = x Wᵀ + b. x (…, in_features), y (…, out_features). Weight and bias start uniform in ±1/sqrt(in_features).
struct Linear : Module<Linear> {
  std::int64_t in_features, out_features;
  Parameter weight;  ///< (out_features, in_features)
  Parameter bias;    ///< (out_features), or undefined

  Linear(std::int64_t in, std::int64_t out, const LinearOptions& options = {}, Loc where = Loc::current());
  Tensor forward(Arg x) const;
  std::string describe() const;
  void fields(auto& v) {
    v("weight", weight);
    v("bias", bias);
  }
};

/// y = x.
struct Identity : Module<Identity> {
  Tensor forward(Arg x) const { return x; }
};

/// Joins the axes first … last; of a batch of images (N, C, H, W) it makes rows (N, C H W).
struct Flatten : Module<Flatten> {
  int first, last;  ///< the axes to merge

  explicit Flatten(int first_axis = 1, int last_axis = -1) : first(first_axis), last(last_axis) {}
  Tensor forward(Arg x) const;
};

/// While training, zeroes each element with probability p and scales the rest by 1/(1-p) (Srivastava et al., "Dropout:
/// a simple way to prevent neural networks from overfitting", 2014); while evaluating, y = x.
struct Dropout : Module<Dropout> {
  double p;  ///< the probability that an element becomes 0

  explicit Dropout(double probability = 0.5, Loc where = Loc::current());
  Tensor forward(Arg x) const;
  std::string describe() const;
};

}  // namespace gradus::nn
