// What several kinds of saved state have in common.
#pragma once

#include <cmath>
#include <string>

#include "tensor/impl.hpp"
#include "tensor/number.hpp"

namespace gradus::optim {

// The count `n`, as it was saved under `key`.
inline std::int64_t saved_count(double n, const std::string& key, Loc where) {
  if (!(n >= 0 && n < 0x1p53 && n == std::floor(n)))
    throw Error(
        "load_state_dict",
        {.wrong = "'" + key + "' is not a count", .got = gradus::detail::number_text(n), .expected = "0, 1, 2, …"},
        gradus::detail::user_line(where));
  return static_cast<std::int64_t>(n);
}

}  // namespace gradus::optim
