// The layers of a kit by name.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "verify/kit.hpp"

namespace gradus::tool {

// A layer whose class the caller need not know. Inputs and outputs have names.
struct Layer {
  std::shared_ptr<nn::ModuleBase> module;
  std::function<void(bool on)> train;
  std::function<void(DType dtype)> to;
  std::function<StateDict(const StateDict& inputs)> call;
};

// Throws NotImplemented, and TooLarge if the budget is too small for it.
Layer make_layer(const std::string& name, const Json& config, Budget& budget);

}  // namespace gradus::tool
