// What --net says.
#pragma once

#include <gradus/train/nets.hpp>

#include <string>

namespace gradus::tool {

struct NetSpec {
  std::string text;
  bool for_images;  // takes (N, C, H, W); otherwise (N, features)
};

// Throws Stop for a network that does not exist and for options that are not valid.
NetSpec parse_net(const std::string& text);

}  // namespace gradus::tool
