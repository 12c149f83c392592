// Activations as layers, for Sequential; each is the function of the same name, element by element but for softmax.
#pragma once

#include <string>

#include <gradus/nn/module.hpp>
#include <gradus/ops/elementwise.hpp>
#include <gradus/ops/reduce.hpp>

namespace gradus::nn {

/// max(x, 0)
struct ReLU : Module<ReLU> {
  Tensor forward(Arg x) const { return relu(x); }
};

/// tanh(x)
struct Tanh : Module<Tanh> {
  Tensor forward(Arg x) const { return tanh(x); }
};

/// 1 / (1 + e^-x)
struct Sigmoid : Module<Sigmoid> {
  Tensor forward(Arg x) const { return sigmoid(x); }
};

/// x sigmoid(x) (Elfwing, Uchibe and Doya, 2018)
struct SiLU : Module<SiLU> {
  Tensor forward(Arg x) const { return silu(x); }
};

/// x Phi(x), Phi the normal distribution function, or its tanh form (Hendrycks and Gimpel, "Gaussian error linear
/// units", 2016).
struct GELU : Module<GELU> {
  Gelu form;  ///< exact, or by tanh
  explicit GELU(Gelu f = Gelu::exact) : form(f) {}
  Tensor forward(Arg x) const { return gelu(x, form); }
  std::string describe() const { return form == Gelu::tanh ? "tanh" : ""; }
};

/// x > 0 ? x : negative_slope x
struct LeakyReLU : Module<LeakyReLU> {
  double negative_slope;
  explicit LeakyReLU(double slope = 0.01, Loc where = Loc::current());
  Tensor forward(Arg x) const { return leaky_relu(x, negative_slope); }
  std::string describe() const;
};

/// x > 0 ? x : alpha (e^x - 1) (Clevert, Unterthiner and Hochreiter, 2016)
struct ELU : Module<ELU> {
  double alpha;  ///< the limit at -∞ is -alpha
  explicit ELU(double a = 1, Loc where = Loc::current());
  Tensor forward(Arg x) const { return elu(x, alpha); }
  std::string describe() const;
};

/// log(1 + e^(beta x)) / beta, beta > 0; x itself where beta x > threshold
struct Softplus : Module<Softplus> {
  double beta, threshold;  ///< as in softplus()
  explicit Softplus(double b = 1, double t = 20, Loc where = Loc::current());
  Tensor forward(Arg x) const { return softplus(x, beta, threshold); }
  std::string describe() const;
};

/// e^x / sum(e^x) along an axis
struct Softmax : Module<Softmax> {
  int axis;  ///< the axis along which the sum is 1
  explicit Softmax(int a = -1) : axis(a) {}
  Tensor forward(Arg x) const { return softmax(x, axis); }
  std::string describe() const;
};

/// x - logsumexp(x) along an axis
struct LogSoftmax : Module<LogSoftmax> {
  int axis;  ///< the axis along which the sum is 1
  explicit LogSoftmax(int a = -1) : axis(a) {}
  Tensor forward(Arg x) const { return log_softmax(x, axis); }
  std::string describe() const;
};

}  // namespace gradus::nn
