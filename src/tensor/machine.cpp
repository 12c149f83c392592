// What the library runs on.
#include <gradus/machine.hpp>

#include "kernels/kernels.hpp"
#include "tensor/environment.hpp"

namespace gradus {

std::string instruction_set() {
  detail::check_environment();
  return kernels::active().isa;
}
std::string blas() { return kernels::blas_name(); }

}  // namespace gradus
