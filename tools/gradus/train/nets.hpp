// Networks by spec: mlp:128,64, lenet, cnn.
#pragma once

#include <gradus/gradus.hpp>

#include <functional>
#include <string>

namespace gradus::tool {

struct NetSpec {
  std::string text;
  bool for_images;  // takes (N, C, H, W); otherwise (N, features)
  std::function<nn::Sequential(const Shape& input, std::int64_t classes)> make;  // input: the shape of one example
};

// Subtracts the mean of the training data and divides by their deviation, taken over `axes`: a net that begins with it
// takes numbers in any unit, and is saved with what it needs to know about them.
struct Standardize : nn::Module<Standardize> {
  Buffer mean, deviation;
  Standardize(const Tensor& x, Axes axes);
  Tensor forward(Arg x) const { return (x - mean) / deviation; }
  void fields(auto& v) { v("mean", mean), v("deviation", deviation); }
};

// Throws Stop for a net that does not exist and for widths that are none.
NetSpec parse_net(const std::string& text);

}  // namespace gradus::tool
