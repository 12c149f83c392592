#include <gradus/nn/activation.hpp>

#include "tensor/format.hpp"

namespace gradus::nn {

std::string LeakyReLU::describe() const { return formatted("slope {}", negative_slope); }
std::string ELU::describe() const { return alpha == 1 ? "" : formatted("alpha {}", alpha); }
std::string Softplus::describe() const { return beta == 1 ? "" : formatted("beta {}", beta); }
std::string Softmax::describe() const { return formatted("axis {}", axis); }
std::string LogSoftmax::describe() const { return formatted("axis {}", axis); }

}  // namespace gradus::nn
