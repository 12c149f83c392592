// Networks by spec: mlp:128,64, lenet, cnn.
#pragma once

#include <gradus/gradus.hpp>

#include <functional>
#include <string>

namespace gradus::tool {

struct NetSpec {
  std::string text;
  bool for_images;  // takes (N, C, H, W); otherwise (N, features)
  // input: the shape of one example
  std::function<nn::Sequential(const Shape& input, std::int64_t outputs)> make;
};

// Throws Stop for a network that does not exist and for widths that are not valid.
NetSpec parse_net(const std::string& text);

}  // namespace gradus::tool
