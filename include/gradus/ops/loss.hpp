// Losses. Input and target of different shapes are an error: broadcasting would give a wrong number.
#pragma once

#include <limits>

#include <gradus/tensor.hpp>

namespace gradus {

/// How the losses of the elements become one number; none: not at all; batch_mean: the sum divided by the size of axis
/// 0.
enum class Reduction { mean, sum, none, batch_mean };

Tensor mse_loss(Arg input, Arg target, Reduction reduction = Reduction::mean);  ///< (input - target)^2
Tensor l1_loss(Arg input, Arg target, Reduction reduction = Reduction::mean);   ///< |input - target|
/// d^2/2 up to |d| = delta, then linear; delta is above 0, infinity: always d^2/2.
Tensor huber_loss(Arg input, Arg target, double delta = 1, Reduction reduction = Reduction::mean);
/// huber_loss / beta; beta = 0: l1_loss. beta is finite and 0 or more.
Tensor smooth_l1_loss(Arg input, Arg target, double beta = 1, Reduction reduction = Reduction::mean);

/// No label has this value.
inline constexpr std::int64_t no_index = std::numeric_limits<std::int64_t>::min();

struct NllOptions {
  Tensor weight = {};                     ///< (C); undefined: all 1
  std::int64_t ignore_index = no_index;   ///< targets of this value do not count
  Reduction reduction = Reduction::mean;  ///< mean divides by the sum of the weights that count
};
/// -w[t] input[t]: input (C), (N, C) or (N, C, d…) of log-probabilities, target i64 of that shape without C.
Tensor nll_loss(Arg input, Arg target, const NllOptions& options = {});

struct CrossEntropyOptions {
  Tensor weight = {};  ///< (C)
  std::int64_t ignore_index = no_index;
  double label_smoothing = 0;  ///< eps: (1 - eps) of the target's mass, eps/C on every class
  Reduction reduction = Reduction::mean;
};
/// nll_loss of log_softmax. Targets are class indices (i64), or probabilities (0 to 1) of input's shape; 0 log 0 is 0,
/// so a class of probability 0 may have the logit -inf. The gradient is softmax(x) - y.
Tensor cross_entropy(Arg input, Arg target, const CrossEntropyOptions& options = {});

struct BceOptions {
  Tensor weight = {}, pos_weight = {};  ///< broadcast to input; pos_weight with logits only
  Reduction reduction = Reduction::mean;
};
/// -t log x - (1 - t) log(1 - x); logarithms are at least -100. Error: an input or target outside 0 to 1.
Tensor bce_loss(Arg input, Arg target, const BceOptions& options = {});
/// bce_loss of sigmoid(input), stable: 0 for a logit of ±inf that is right. Error: a target outside 0 to 1.
Tensor bce_with_logits_loss(Arg input, Arg target, const BceOptions& options = {});

struct KlDivOptions {
  bool log_target = false;                ///< the target holds log-probabilities
  Reduction reduction = Reduction::mean;  ///< over every element, as elsewhere; the divergence's own mean is batch_mean
};
/// target (log target - input), 0 where target is 0: input holds log-probabilities, target probabilities (0 to 1, else
/// an error).
Tensor kl_div(Arg input, Arg target, const KlDivOptions& options = {});

/// Targets are 1 and -1, of input's shape and dtype.
Tensor hinge_loss(Arg input, Arg target, Reduction reduction = Reduction::mean);  ///< max(0, 1 - target input)
/// input where target is 1, max(0, margin - input) where it is -1.
Tensor hinge_embedding_loss(Arg input, Arg target, double margin = 1, Reduction reduction = Reduction::mean);
/// 1 - cos(a, b) where target is 1, max(0, cos(a, b) - margin) where it is -1: a and b (N, D), target (N).
Tensor cosine_embedding_loss(Arg a, Arg b, Arg target, double margin = 0, Reduction reduction = Reduction::mean);

struct TripletOptions {
  double margin = 1;  ///< by which negatives are to be farther away than positives
  double p = 2;       ///< of the norm
  double eps = 1e-6;  ///< added to each difference
  bool swap = false;  ///< d(positive, negative) counts instead of d(anchor, negative) where it is smaller
  Reduction reduction = Reduction::mean;
};
/// max(0, d(anchor, positive) - d(anchor, negative) + margin), all (N, D), where d(u, v) = norm(u - v + eps, p). The
/// gradient at a distance of 0 is 0. Error: p not above 0, margin not finite, eps negative or not finite.
Tensor triplet_margin_loss(Arg anchor, Arg positive, Arg negative, const TripletOptions& options = {});

}  // namespace gradus
