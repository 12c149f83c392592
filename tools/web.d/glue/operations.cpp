// The table of operations, for the linker in place of the library's: only those that a network of the page can have.
// The library's own would keep all of them, from atan2 to the LSTM, with their rules.
#include <vector>

#include "ops/rows.hpp"

namespace gradus {

using namespace detail;

std::span<const OpTable* const> operations() {
  static const std::vector<const OpTable*> all = [] {
    std::vector<const OpTable*> rows;
    for (const Rows part : {elementwise_rows(), chain_rows(), function_rows(), activation_rows(), reduce_rows(),
                            norm_rows(), view_rows(), select_rows(), arrange_rows(), index_rows(), matmul_rows(),
                            nn_rows(), layer_norm_rows(), loss_rows(), class_loss_rows()})
      rows.insert(rows.end(), part.begin(), part.end());
    return rows;
  }();
  return all;
}

}  // namespace gradus
