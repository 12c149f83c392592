// Derivatives of derivatives: how the gradient itself changes. All of it is walks over a walk that was recorded.
//
//   Tensor x = tensor({-1.2, 1}, f64);
//   Tensor h = hessian([&] { return rosenbrock(x); }, x);                            // (2, 2)
//   double limit = 2 / largest_eigenvalue([&] { return rosenbrock(x); }, {x}).value;  // of stable learning rates
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <gradus/tape.hpp>

namespace gradus {

/// Computes a tensor from others that it has captured: [&] { return mse_loss(net(x), y); }. It is called with a tape
/// that is not its own business, and has to compute the same each time.
using Objective = std::function<Tensor()>;

/// The Hessian H of y, one number, at x: a matrix that need not be formed to be multiplied. All x count as one vector
/// of n numbers, in f64 whatever their dtypes. The constructor walks once and records it; the tape must outlive this.
class Curvature {
 public:
  Curvature(Tape& tape, const Arg& y, std::vector<Tensor> x);

  std::int64_t size() const { return size_; }           ///< n
  const Tensor& gradient() const { return gradient_; }  ///< (n): dy/dx
  /// H v for v (n), by one walk: the gradient of (dy/dx)·v (Pearlmutter, 1994).
  Tensor times(const Tensor& v, Loc where = Loc::current()) const;
  Tensor matrix() const;  ///< (n, n), by n walks

 private:
  Tape* tape_;
  std::vector<Tensor> x_;
  std::int64_t size_ = 0;
  Tensor recorded_, gradient_;  ///< the same numbers, on the tape and off it
};

/// What follows records f() on a tape of its own, beside a live one if there is one; x need not be leaves. No grad() is
/// touched.

/// H v of f, one number, for a v like each x: a tensor like each x.
std::vector<Tensor> hvp(const Objective& f, const std::vector<Tensor>& x, const std::vector<Tensor>& v,
                        Loc where = Loc::current());
/// d²f/dx² of f, one number: shape x.shape + x.shape, f64.
Tensor hessian(const Objective& f, const Tensor& x, Loc where = Loc::current());
/// df/dx of any f: shape f.shape + x.shape, in f's dtype. A walk for each number of f.
Tensor jacobian(const Objective& f, const Tensor& x, Loc where = Loc::current());

struct EigenvalueOptions {
  int iterations = 1000;    ///< products H v at the most
  double tolerance = 1e-7;  ///< stops when |H v - λ v| is less than this part of the largest |λ|
  std::uint64_t seed = 1;   ///< of the first v
};

struct Eigenvalue {
  double value = 0;        ///< the largest λ; gradient descent settles here only with a rate below 2/λ
  Tensor vector;           ///< (n), of length 1: the direction of that curvature
  int iterations = 0;      ///< products that were needed
  bool converged = false;  ///< false: two eigenvalues were too close for so few iterations
};

/// The largest eigenvalue of the Hessian of f, one number, by power iteration: v = H v / |H v|, λ = v·H v (von Mises
/// and Pollaczek-Geiringer, 1929). That finds the λ of the largest size; where it is negative, or the signs alternate,
/// a second iteration on H + |λ| I finds the largest.
Eigenvalue largest_eigenvalue(const Objective& f, const std::vector<Tensor>& x, const EigenvalueOptions& options = {},
                              Loc where = Loc::current());
/// The same of a Hessian at hand.
Eigenvalue largest_eigenvalue(const Curvature& h, const EigenvalueOptions& options = {});

}  // namespace gradus
