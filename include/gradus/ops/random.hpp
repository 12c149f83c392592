// Random tensors made from tensors, by default_generator(): a function of its seed and counter, on every machine and
// with every number of threads. Draws carry no gradient, but for gumbel_softmax.
#pragma once

#include <gradus/tensor.hpp>

namespace gradus {

/// Uniform in [0, 1), of the shape and dtype of `like`: f32 or f64.
Tensor rand_like(const Tensor& like, Loc where = Loc::current());
/// Normal, mean 0, variance 1, likewise.
Tensor randn_like(const Tensor& like, Loc where = Loc::current());
/// 1 with probability p, else 0, of p's shape and dtype. Error: an element of p outside of 0 to 1.
Tensor bernoulli(Arg p);
/// i64 (…, num_samples): indices drawn with probabilities proportional to each row of weights (C) or (N, C). Without
/// replacement no index comes twice, and they are in the order drawn. Error: a weight that is negative or not finite, a
/// row of zeros, fewer weights above 0 than samples without replacement.
Tensor multinomial(Arg weights, std::int64_t num_samples, bool replacement = false);
/// softmax((logits + noise) / tau) with Gumbel noise (Jang et al., 2017): almost one-hot for a small tau. hard: exactly
/// one-hot, with the gradient of the soft one. Error: tau not above 0.
Tensor gumbel_softmax(Arg logits, double tau = 1, bool hard = false, int axis = -1);

}  // namespace gradus
