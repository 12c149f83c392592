// Refusing what the environment sets wrongly.
#include "tensor/environment.hpp"

#include <gradus/error.hpp>

#include "kernels/kernels.hpp"
#include "kernels/products.hpp"
#include "kernels/settings.hpp"
#include "tensor/thread_state.hpp"

namespace gradus::detail {
namespace {

void check(const kernels::Setting& setting) {
  if (!setting.expected) return;
  throw Error(setting.name,
              {.wrong = "this environment variable has an invalid value",
               .got = "'" + std::string(setting.text) + "'",
               .expected = setting.expected,
               .advice = "unset it for the default"},
              user_line(Loc()));
}

bool checked() {
  int threads = 0;
  check(kernels::threads_setting(threads));
  const kernels::Kernels* isa = nullptr;
  check(kernels::isa_setting(isa));
  kernels::ProductTable products;
  check(kernels::products_setting(products));
  return true;
}

}  // namespace

void check_environment() { [[maybe_unused]] static const bool once = checked(); }

}  // namespace gradus::detail
