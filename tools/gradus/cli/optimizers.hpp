// Optimizers by spec: adamw:lr=1e-3,weight_decay=0.1.
#pragma once

#include <gradus/gradus.hpp>

#include <functional>
#include <string>
#include <type_traits>
#include <vector>

namespace gradus::tool {

template <class Optimizer>
using OptionsOf = std::remove_cvref_t<decltype(std::declval<Optimizer&>().options())>;

// How a program calls step().
enum class StepCall {
  plain,    // step(), after a walk
  closure,  // step(f): f walks and returns the loss
  loss,     // step(f): f returns the loss as a tensor
};

struct MakeOptimizer {
  std::function<optim::AnyOptimizer(const nn::Sequential& net)> of_net;
  std::function<optim::AnyOptimizer(const std::vector<nn::NamedParameter>& parameters)> of_named;
  std::function<optim::AnyOptimizer(const std::vector<Tensor>& parameters)> of_tensors;
  // Is each number updated by itself, so that many runs can be one run of a long tensor?
  bool elementwise;
  StepCall step;
  std::string options;  // in C++, the rate and what is not the default: ".lr = 0.1, .nesterov = true"
};

// Throws Stop for an unknown optimizer or option and for a value that is not valid.
MakeOptimizer parse_optimizer(const std::string& text);

// For --help: every optimizer with its options and their defaults, a line each.
std::string optimizer_list();

}  // namespace gradus::tool
