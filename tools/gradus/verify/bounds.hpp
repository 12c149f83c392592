// What a case of a kit may take. A kit may come from a stranger: nothing is computed before its size is known.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "verify/settings.hpp"

namespace gradus::tool {

class Case;

// Numbers that a call makes, and multiplications that it takes: at most, and as far as shapes and attributes tell.
struct Cost {
  double elements = 0;
  double work = 0;
};

// Of an operation of the kit. What the operation refuses by itself costs nothing.
Cost cost_of(std::string_view operation, const StateDict& operands, const Json& attributes);
// Of making a layer: its parameters.
Cost cost_of_making(std::string_view layer, const Json& config);
// Of one forward of a layer that has been made, on one of its inputs.
Cost cost_of_forward(std::string_view layer, const Json& config, const StateDict& parameters, const Tensor& input);

// A case asks for more than its kit has numbers to justify.
struct TooLarge : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What one case may spend altogether.
class Budget {
 public:
  explicit Budget(double stored_numbers);
  void spend(std::string_view what, const Cost& cost);  // throws TooLarge
  void free_numbers() { left_.elements = elements_; }   // those made so far are gone; the work stays done

 private:
  double elements_;
  Cost left_;
};

// Throws Stop unless a tensor has an entry for each step, and `more`.
void need_entries(const Case& c, const char* what, std::int64_t steps, std::int64_t more, const Tensor& stored);

}  // namespace gradus::tool
