#include <gradus/machine.hpp>

#include "kernels/kernels.hpp"

namespace gradus {

std::string instruction_set() { return kernels::active().isa; }
std::string blas() { return kernels::blas_name(); }

}  // namespace gradus
