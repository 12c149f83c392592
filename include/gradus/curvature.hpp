// How the gradient itself changes: products with the Hessian, and its largest eigenvalue. All of it is walks over a
// walk that was recorded.
//
//   double limit = 2 / largest_eigenvalue([&] { return rosenbrock(x); }, {x}).value;  // of stable learning rates
#pragma once

#include <cstdint>
#include <vector>

#include <gradus/derivatives.hpp>
#include <gradus/tape.hpp>

namespace gradus {

/// The Hessian H of y, one element, with respect to all x together, as one vector of n numbers in f64. It is multiplied
/// without being formed. The constructor records one walk on the tape; after the end of the tape every call throws.
class Curvature {
 public:
  /// y is one number, recorded on `tape` from the tensors x
  Curvature(Tape& tape, const Arg& y, std::vector<Tensor> x);

  std::int64_t size() const { return size_; }           ///< n
  const Tensor& gradient() const { return gradient_; }  ///< (n): dy/dx
  /// H v for v (n), by one walk: the gradient of (dy/dx)·v (Pearlmutter, 1994). Throws for a v of another shape.
  Tensor times(const Tensor& v, Loc where = Loc::current()) const;
  Tensor matrix(Loc where = Loc::current()) const;  ///< (n, n), by n walks

 private:
  Tape* tape_;
  std::uint64_t tape_id_;  // of *tape_, which may have ended
  std::vector<Tensor> x_;
  std::int64_t size_ = 0;
  Tensor recorded_, gradient_;  // the same numbers, on the tape and off it
};

struct EigenvalueOptions {
  int iterations = 1000;    ///< at most so many products H v; at least 1
  double tolerance = 1e-7;  ///< stops when |H v - λ v| is at most this part of |H v|; 0 or more
  std::uint64_t seed = 1;   ///< of the first v
};

/// An eigenvalue and its vector.
struct Eigenvalue {
  double value = 0;    ///< the largest λ; gradient descent is stable only with a rate below 2/λ. NaN if H has a NaN
  Tensor vector;       ///< (n), of length 1: its direction
  int iterations = 0;  ///< products that were computed
  bool converged = false;  ///< false: two eigenvalues were too close for so few iterations, or a number was not finite
};

/// The largest eigenvalue of the Hessian of f, one element, by power iteration: v = H v / |H v|, λ = v·H v (von Mises
/// and Pollaczek-Geiringer, 1929). That finds the λ of the largest size; if it is negative, or the signs alternate, a
/// second iteration on H + |λ| I finds the largest. Records f() as the functions of derivatives.hpp do.
Eigenvalue largest_eigenvalue(const Objective& f, const std::vector<Tensor>& x, const EigenvalueOptions& options = {},
                              Loc where = Loc::current());
/// The same of a Curvature.
Eigenvalue largest_eigenvalue(const Curvature& h, const EigenvalueOptions& options = {}, Loc where = Loc::current());

}  // namespace gradus
