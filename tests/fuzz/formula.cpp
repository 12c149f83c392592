// Formulas: parse, evaluate, differentiate. Any text gives a value or an Error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <gradus/gradus.hpp>

#include "study/descent/formula.hpp"

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto f = study::parse_formula(text, Loc::current());
    const Tensor x = scalar(0.7, f64).requires_grad_(), y = scalar(-1.3, f64).requires_grad_();
    Tape tape;
    tape.gradient(f(x, y), {x, y});
  } catch (const Error&) {}
  return 0;
}
