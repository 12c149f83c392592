// What layers are made of: dropout, normalisation, attention, recurrent steps.
#pragma once

#include <gradus/tensor.hpp>

namespace gradus {

/// Zeroes each element with probability p and scales the rest by 1/(1-p) (Srivastava et al., 2014). The mask is a
/// function of the generator's seed and counter, so a replay draws the same. training = false: x itself.
Tensor dropout(Arg x, double p = 0.5, bool training = true);

/// (x - mean) / sqrt(var + eps) over `axes`, with the biased variance. No parameters. eps is 0 or more, here and below.
Tensor normalize(Arg x, Axes axes, double eps = 1e-5);
/// Over the trailing axes `normalized_shape` (Ba et al., 2016); weight and bias, of that shape, may be undefined.
Tensor layer_norm(Arg x, Shape normalized_shape, const Tensor& weight = {}, const Tensor& bias = {}, double eps = 1e-5);
/// x (N, C, …), weight and bias (C) or undefined (Wu and He, 2018).
Tensor group_norm(Arg x, std::int64_t num_groups, const Tensor& weight = {}, const Tensor& bias = {},
                  double eps = 1e-5);
/// x / sqrt(mean(x^2 over the last axis) + eps) * weight (Zhang and Sennrich, 2019); weight may be undefined.
Tensor rms_norm(Arg x, const Tensor& weight = {}, double eps = 1e-5);

/// What batch_norm returns.
struct BatchNormResult {
  Tensor y;          ///< of the shape of x
  Tensor mean, var;  ///< (C): the running statistics
};
/// Ioffe and Szegedy (2015). x (N, C, …), all others (C); weight and bias may be undefined. In training y uses the
/// batch's mean and biased variance, and `mean`, `var` are what the running statistics become: (1-momentum) old +
/// momentum batch, with the unbiased variance. Otherwise y uses the running statistics and returns them unchanged as
/// mean and var. Error: eps negative, momentum outside 0 to 1.
BatchNormResult batch_norm(Arg x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight = {},
                           const Tensor& bias = {}, bool training = true, double momentum = 0.1, double eps = 1e-5);

struct AttentionOptions {
  bool is_causal = false;  ///< query i sees keys 0 … i
  double scale = 0;        ///< finite; 0: 1/sqrt(E)
};
/// softmax(q kᵀ scale + mask) v (Vaswani et al., 2017). q (…, L, E), k (…, S, E), v (…, S, Ev). mask may be undefined;
/// bool: true may be attended to; float: added to the scores; it broadcasts to (…, L, S). A query that may attend to
/// nothing gets zeros, and its gradient is 0. Without a mask, and with
/// q, k and v of one (batch, heads, …), it is one operation, which skips the keys that a causal block does not see.
Tensor scaled_dot_product_attention(Arg q, Arg k, Arg v, const Tensor& mask = {}, const AttentionOptions& options = {});

/// What a long short-term memory does between its matrix products (Hochreiter and Schmidhuber, 1997; forget gate: Gers
/// et al., 2000). gates (N, 4 H): [i, f, u, o] before their functions; c (N, H): the memory. Returns (2, N, H):
///   [0] h = sigmoid(o) tanh(c')    [1] c' = sigmoid(f) c + sigmoid(i) tanh(u)
Tensor lstm_gates(Arg gates, Arg c);

}  // namespace gradus
