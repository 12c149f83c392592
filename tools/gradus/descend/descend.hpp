// What gradus descend was asked for, and the pictures that answer it.
#pragma once

#include <gradus/gradus.hpp>

#include <string>
#include <vector>

#include "cli/command.hpp"

namespace gradus::tool {

struct DescendOptions {
  std::string surface = {}, formula = {}, sweep = {}, start = {}, until = {}, window = {}, output = {}, gallery = {};
  std::vector<std::string> opts = {};
  std::int64_t steps = 0;   // 0: 200, or 20,000 with --until
  std::int64_t basins = 0;  // points across; 0: none
  std::int64_t seed = 1;
  double noise = 0;
  bool json = false, list = false;
};

// Throws Stop for what does not exist or makes no sense.
study::Landscape descend(const DescendOptions& o);

// Writes the gallery's pages, their pictures and an index into a directory.
Exit write_gallery(const std::string& directory);

}  // namespace gradus::tool
