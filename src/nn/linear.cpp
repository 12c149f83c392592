// Linear, Flatten and Dropout: what they check, how they start, what they call.
#include <gradus/nn/linear.hpp>

#include <cmath>

#include <gradus/nn/init.hpp>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "nn/check.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {

Linear::Linear(std::int64_t in, std::int64_t out, const LinearOptions& options, Loc where)
    : in_features(in), out_features(out) {
  check_sizes("Linear", {{"in_features", in}, {"out_features", out}}, where);
  check_floating("Linear", options.dtype, where);
  check_weight("Linear", {out, in}, where);
  const double bound = 1 / std::sqrt(static_cast<double>(in));  // kaiming_uniform_ with a = sqrt(5)
  weight = init::uniform_(zeros({out, in}, options.dtype, where), -bound, bound);
  if (options.bias) bias = init::uniform_(zeros({out}, options.dtype, where), -bound, bound);
}

Tensor Linear::forward(Arg x) const {
  const At at(x);
  return linear(x, weight, bias);
}

std::string Linear::describe() const {
  return formatted("{} -> {}{}", in_features, out_features, bias.defined() ? "" : ", no bias");
}

Tensor Flatten::forward(Arg x) const { return flatten(x, first, last); }

Dropout::Dropout(double probability, Loc where) : p(probability) { check_probability("Dropout", "p", p, where); }

Tensor Dropout::forward(Arg x) const { return dropout(x, p, is_training()); }

std::string Dropout::describe() const { return formatted("p {}", p); }

}  // namespace gradus::nn
