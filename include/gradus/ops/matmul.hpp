// Matrix products: matmul, addmm, linear, einsum.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include <gradus/tensor.hpp>

namespace gradus {

struct MatmulOptions {
  bool transpose_a = false, transpose_b = false;  ///< of the last two axes, without a copy
};
/// numpy's matmul: 1-d, 2-d and batches with broadcasting. An inner size of 0 gives zeros. Transposed views are not
/// copied.
///   dA = G Bᵀ   dB = Aᵀ G
Tensor matmul(Arg a, Arg b, MatmulOptions options = {});

/// c + a b of matrices, in one pass; c broadcasts to (m, n).
///   dc = G   da = G bᵀ   db = aᵀ G
Tensor addmm(Arg c, Arg a, Arg b, MatmulOptions options = {});

/// x (…, in) times weightᵀ (in, out), plus bias (out): (…, out). bias may be undefined. Records expand and
/// addmm.
Tensor linear(Arg x, Arg weight, const Tensor& bias = {});

/// numpy.einsum: einsum("bij,bjk->bik", {a, b}). A letter twice in one operand takes its diagonal: "ii->i". Without
/// '->' the result has the letters that occur once, in alphabetical order. No ellipsis. Operands are contracted from
/// left to right.
Tensor einsum(std::string_view equation, std::span<const Tensor> operands, Loc where = Loc::current());
Tensor einsum(std::string_view equation, std::initializer_list<Tensor> operands, Loc where = Loc::current());

}  // namespace gradus
