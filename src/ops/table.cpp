// The table of built-in operations.
#include <vector>

#include "ops/rows.hpp"

namespace gradus {

using namespace detail;

std::span<const OpTable* const> operations() {
  static const std::vector<const OpTable*> all = [] {
    std::vector<const OpTable*> rows;
    for (const Rows part :
         {elementwise_rows(), chain_rows(),       function_rows(),  rounding_rows(), angle_rows(),
          gamma_rows(),       activation_rows(),  reduce_rows(),    scan_rows(),     norm_rows(),
          view_rows(),        select_rows(),      arrange_rows(),   index_rows(),    matmul_rows(),
          solve_rows(),       determinant_rows(), conv_rows(),      pool_rows(),     nn_rows(),
          layer_norm_rows(),  attention_rows(),   recurrent_rows(), loss_rows(),     class_loss_rows()})
      rows.insert(rows.end(), part.begin(), part.end());
    return rows;
  }();
  return all;
}

}  // namespace gradus
