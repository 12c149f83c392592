// Losses. Each refuses an input and target of different shapes, which would silently broadcast into a wrong number.
#pragma once

#include <limits>

#include <gradus/tensor.hpp>

namespace gradus {

enum class Reduction { mean, sum, none };

Tensor mse_loss(Arg input, Arg target, Reduction reduction = Reduction::mean);                       // (input - target)^2
Tensor l1_loss(Arg input, Arg target, Reduction reduction = Reduction::mean);                        // |input - target|
Tensor huber_loss(Arg input, Arg target, double delta = 1, Reduction reduction = Reduction::mean);   // d^2/2, linear from delta on
Tensor smooth_l1_loss(Arg input, Arg target, double beta = 1, Reduction reduction = Reduction::mean);  // huber / beta

inline constexpr std::int64_t no_index = std::numeric_limits<std::int64_t>::min();

struct NllOptions {
  Tensor weight = {};                        // (C); undefined: all 1
  std::int64_t ignore_index = no_index;  // targets of this value do not count
  Reduction reduction = Reduction::mean;  // mean divides by the sum of the weights that count
};
// -w[t] input[t]: input (C), (N, C) or (N, C, d…) of log-probabilities, target i64 of that shape without C.
Tensor nll_loss(Arg input, Arg target, const NllOptions& options = {});

struct CrossEntropyOptions {
  Tensor weight = {};                        // (C)
  std::int64_t ignore_index = no_index;
  double label_smoothing = 0;           // eps: (1 - eps) of the target's mass, eps/C on every class
  Reduction reduction = Reduction::mean;
};
// nll_loss of log_softmax. Class indices (i64), or probabilities of input's shape. Its gradient is softmax(x) - y.
Tensor cross_entropy(Arg input, Arg target, const CrossEntropyOptions& options = {});

struct BceOptions {
  Tensor weight = {}, pos_weight = {};  // broadcast to input; pos_weight with logits only
  Reduction reduction = Reduction::mean;
};
Tensor bce_loss(Arg input, Arg target, const BceOptions& options = {});              // of probabilities; logs cut off at -100
Tensor bce_with_logits_loss(Arg input, Arg target, const BceOptions& options = {});  // stable

}  // namespace gradus
