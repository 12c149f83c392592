// The table of operations, in parts: each file of operations lists its own at its end.
#pragma once

#include <span>

#include <gradus/op.hpp>

namespace gradus::detail {

using Rows = std::span<const OpTable* const>;
Rows elementwise_rows();
Rows chain_rows();
Rows function_rows();
Rows rounding_rows();
Rows angle_rows();
Rows gamma_rows();
Rows activation_rows();
Rows reduce_rows();
Rows scan_rows();
Rows norm_rows();
Rows view_rows();
Rows select_rows();
Rows arrange_rows();
Rows index_rows();
Rows matmul_rows();
Rows solve_rows();
Rows determinant_rows();
Rows conv_rows();
Rows pool_rows();
Rows nn_rows();
Rows layer_norm_rows();
Rows attention_rows();
Rows recurrent_rows();
Rows loss_rows();
Rows class_loss_rows();

}  // namespace gradus::detail
