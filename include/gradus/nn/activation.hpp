// Activations as layers, for Sequential; each is the function of the same name, element by element but for softmax.
#pragma once

#include <string>

#include <gradus/nn/module.hpp>
#include <gradus/ops/elementwise.hpp>
#include <gradus/ops/reduce.hpp>

namespace gradus::nn {

struct ReLU : Module<ReLU> {  ///< max(x, 0)
  Tensor forward(Arg x) const { return relu(x); }
};

struct Tanh : Module<Tanh> {  ///< tanh(x)
  Tensor forward(Arg x) const { return tanh(x); }
};

struct Sigmoid : Module<Sigmoid> {  ///< 1 / (1 + e^-x)
  Tensor forward(Arg x) const { return sigmoid(x); }
};

struct SiLU : Module<SiLU> {  ///< x sigmoid(x) (Elfwing, Uchibe and Doya, 2018)
  Tensor forward(Arg x) const { return silu(x); }
};

/// x Phi(x), Phi the normal distribution function, or its tanh form (Hendrycks and Gimpel, "Gaussian error linear
/// units", 2016).
struct GELU : Module<GELU> {
  Gelu form;
  explicit GELU(Gelu f = Gelu::exact) : form(f) {}
  Tensor forward(Arg x) const { return gelu(x, form); }
  std::string describe() const { return form == Gelu::tanh ? "tanh" : ""; }
};

struct LeakyReLU : Module<LeakyReLU> {  ///< x > 0 ? x : negative_slope x
  double negative_slope;
  explicit LeakyReLU(double slope = 0.01, Loc where = Loc::current());
  Tensor forward(Arg x) const { return leaky_relu(x, negative_slope); }
  std::string describe() const;
};

struct ELU : Module<ELU> {  ///< x > 0 ? x : alpha (e^x - 1) (Clevert, Unterthiner and Hochreiter, 2016)
  double alpha;
  explicit ELU(double a = 1, Loc where = Loc::current());
  Tensor forward(Arg x) const { return elu(x, alpha); }
  std::string describe() const;
};

struct Softplus : Module<Softplus> {  ///< log(1 + e^(beta x)) / beta, beta > 0; x itself where beta x > threshold
  double beta, threshold;
  explicit Softplus(double b = 1, double t = 20, Loc where = Loc::current());
  Tensor forward(Arg x) const { return softplus(x, beta, threshold); }
  std::string describe() const;
};

struct Softmax : Module<Softmax> {  ///< e^x / sum(e^x) along an axis
  int axis;
  explicit Softmax(int a = -1) : axis(a) {}
  Tensor forward(Arg x) const { return softmax(x, axis); }
  std::string describe() const;
};

struct LogSoftmax : Module<LogSoftmax> {  ///< x - logsumexp(x) along an axis
  int axis;
  explicit LogSoftmax(int a = -1) : axis(a) {}
  Tensor forward(Arg x) const { return log_softmax(x, axis); }
  std::string describe() const;
};

}  // namespace gradus::nn
