// A network before it exists: its layers, how many numbers they have, and how they are written in C++. A file may claim
// any network; what it claims is counted before memory is taken.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <gradus/nn/sequential.hpp>

namespace gradus::train {

struct PlannedLayer {
  std::string code;    // "nn::Linear(64, 128)"
  double numbers = 0;  // in its parameters and buffers; a double, for a claim has any size
  std::function<void(nn::Sequential&)> add_to{};
};
using Plan = std::vector<PlannedLayer>;

// What make_net would make. Throws as make_net does.
Plan plan_net(const std::string& spec, const Shape& input, std::int64_t outputs, Loc where);

double numbers(const Plan& plan);
nn::Sequential make(const Plan& plan);

}  // namespace gradus::train
