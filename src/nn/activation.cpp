#include <gradus/nn/activation.hpp>

#include <fmt/format.h>

namespace gradus::nn {

std::string LeakyReLU::describe() const { return fmt::format("slope {}", negative_slope); }
std::string ELU::describe() const { return alpha == 1 ? "" : fmt::format("alpha {}", alpha); }
std::string Softplus::describe() const { return beta == 1 ? "" : fmt::format("beta {}", beta); }
std::string Softmax::describe() const { return fmt::format("axis {}", axis); }
std::string LogSoftmax::describe() const { return fmt::format("axis {}", axis); }

}  // namespace gradus::nn
