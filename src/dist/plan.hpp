// What travels, in which buckets: the same on all ranks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gradus/nn/module.hpp>

#include "dist/link.hpp"

namespace gradus::dist {

// A parameter or a buffer of the network.
struct Item {
  std::string name;
  Tensor value;        // shares the network's numbers
  bool parameter;      // else a buffer
  int bucket = -1;     // -1: it does not travel after the start
  std::size_t at = 0;  // its first number in the bucket
  std::size_t count = 0;
};

struct Bucket {
  DType dtype;
  std::size_t count = 0;        // numbers
  std::vector<int> items = {};  // that lie in it
};

struct Plan {
  std::vector<Item> items;      // parameters in the order of fields(), then buffers
  std::size_t parameters = 0;   // how many of them come first
  std::vector<Bucket> buckets;  // in the order in which they become complete; the last has loss, count, flags, and
                                // whether numbers were drawn
  std::string text;             // a line for each item and option: what must be the same on all ranks
  std::uint64_t hash = 0;       // of the text
};

// `options`: lines of text for what else must agree.
Plan make_plan(nn::ModuleBase& net, double bucket_mb, const std::string& options, Loc where);

// Trouble, on all ranks, that names the first difference.
void compare_plans(const Plan& plan, const Link& link, Engine& engine);

}  // namespace gradus::dist
