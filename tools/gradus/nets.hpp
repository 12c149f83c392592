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

// Subtracts the mean of each feature and divides by its deviation, as they were in x: a net that begins with it takes
// numbers in any unit, and is saved with what it needs to know about them.
struct Standardize : nn::Module<Standardize> {
  Buffer mean, deviation;
  explicit Standardize(const Tensor& x);
  Tensor forward(Arg x) const { return (x - mean) / deviation; }
  void fields(auto& v) { v("mean", mean), v("deviation", deviation); }
};

// Throws Stop for a net that does not exist and for widths that are none.
NetSpec parse_net(const std::string& text);

}  // namespace gradus::tool
