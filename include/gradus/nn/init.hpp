// Where weights start. Each fills a tensor in place, a parameter too, and returns it; none is recorded. Numbers come
// from the default generator, so manual_seed() fixes them.
//
//   nn::init::kaiming_normal_(net.fc1.weight);
//   for (auto& [name, p] : net.named_parameters())
//     if (p.dim() > 1) nn::init::orthogonal_(p);
//
// Bounds, means, deviations and gains must be finite numbers of the tensor's dtype; deviations and the gains of xavier
// 0 or more.
//
// For a weight of shape (out, in, k…), fan_in = in · k… and fan_out = out · k…; fewer than two axes are an error where
// a fan is needed.
#pragma once

#include <gradus/tensor.hpp>

namespace gradus::nn::init {

Tensor zeros_(Tensor w, Loc where = Loc::current());                                     ///< all 0
Tensor ones_(Tensor w, Loc where = Loc::current());                                      ///< all 1
Tensor constant_(Tensor w, double value, Loc where = Loc::current());                    ///< every element is `value`
Tensor uniform_(Tensor w, double low = 0, double high = 1, Loc where = Loc::current());  ///< in [low, high]
Tensor normal_(Tensor w, double mean = 0, double std = 1, Loc where = Loc::current());   ///< normal
/// Normal, but inside [low, high] (numbers, not multiples of std), by the inverse of the distribution function. low and
/// high may be infinite. A range that is farther than 37 std from the mean is an error.
Tensor trunc_normal_(Tensor w, double mean = 0, double std = 1, double low = -2, double high = 2,
                     Loc where = Loc::current());

/// What follows a layer. Its gain is the factor of the weights that keeps the variance: 1 for linear, conv and
/// sigmoid, 5/3 for tanh, sqrt(2) for relu, sqrt(2 / (1 + slope²)) for leaky_relu, 3/4 for selu.
enum class Nonlinearity { linear, conv, sigmoid, tanh, relu, leaky_relu, selu };
/// the gain of PyTorch's function of this name
double calculate_gain(Nonlinearity nonlinearity, double slope = 0.01, Loc where = Loc::current());

/// Variance gain² · 2 / (fan_in + fan_out) (Glorot and Bengio, "Understanding the difficulty of training deep
/// feedforward neural networks", 2010).
Tensor xavier_uniform_(Tensor w, double gain = 1, Loc where = Loc::current());
/// normal, variance 2 gain² / (fan_in + fan_out)
Tensor xavier_normal_(Tensor w, double gain = 1, Loc where = Loc::current());

/// Which fan scales the variance.
enum class Fan { in, out };
struct KaimingOptions {
  double a = 0;        ///< the slope of leaky_relu
  Fan mode = Fan::in;  ///< which fan: keep the variance of activations (in) or of gradients (out)
  Nonlinearity nonlinearity = Nonlinearity::leaky_relu;
};
/// Variance gain² / fan (He et al., "Delving deep into rectifiers", 2015).
Tensor kaiming_uniform_(Tensor w, const KaimingOptions& options = {}, Loc where = Loc::current());
/// normal, variance gain² / fan
Tensor kaiming_normal_(Tensor w, const KaimingOptions& options = {}, Loc where = Loc::current());

/// gain times a random matrix with orthonormal rows or columns, whichever are fewer; axes after the first count as
/// columns (Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning", 2014).
Tensor orthogonal_(Tensor w, double gain = 1, Loc where = Loc::current());

/// Ones on the diagonal of a matrix, zeros elsewhere.
Tensor eye_(Tensor w, Loc where = Loc::current());
/// A convolution (out, in/groups, k…) that passes each group's channels on as they are, as far as there are channels.
Tensor dirac_(Tensor w, std::int64_t groups = 1, Loc where = Loc::current());

}  // namespace gradus::nn::init
