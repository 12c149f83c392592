// What activation layers check when they are made, and their descriptions.
#include <gradus/nn/activation.hpp>

#include "nn/check.hpp"
#include "tensor/format.hpp"
#include "tensor/number.hpp"

namespace gradus::nn {

LeakyReLU::LeakyReLU(double slope, Loc where) : negative_slope(slope) {
  check_finite("LeakyReLU", "negative_slope", slope, where);
}
ELU::ELU(double a, Loc where) : alpha(a) { check_finite("ELU", "alpha", a, where); }
Softplus::Softplus(double b, double t, Loc where) : beta(b), threshold(t) {
  check_finite("Softplus", "beta", b, where);
  check_finite("Softplus", "threshold", t, where);
  if (!(b > 0)) fail("Softplus", {.wrong = "beta is not positive", .got = gradus::detail::number_text(b)}, where);
}

std::string LeakyReLU::describe() const { return formatted("slope {}", negative_slope); }
std::string ELU::describe() const { return alpha == 1 ? "" : formatted("alpha {}", alpha); }
std::string Softplus::describe() const { return beta == 1 ? "" : formatted("beta {}", beta); }
std::string Softmax::describe() const { return formatted("axis {}", axis); }
std::string LogSoftmax::describe() const { return formatted("axis {}", axis); }

}  // namespace gradus::nn
