// Derivatives of a function, without a tape of your own.
//
//   auto [loss, grads] = value_and_grad([&] { return mse_loss(net(x), y); }, net.parameters());
//   Tensor h = hessian([&] { return rosenbrock(p); }, p);
//
// Each function here records f() on a tape of its own; a live tape is put aside meanwhile. x need not be leaves: they
// are watched. No grad() changes. All throw if f is empty or returns an undefined tensor, and if an x is not
// floating-point.
#pragma once

#include <functional>
#include <vector>

#include <gradus/tape.hpp>

namespace gradus {

/// A function of tensors that it has captured: [&] { return mse_loss(net(x), y); }. It is called while a tape records
/// it, must make no tape of its own for the result, and must compute the same each time.
using Objective = std::function<Tensor()>;

/// A value and its gradients.
struct ValueAndGrad {
  Tensor value;               ///< f(), off every tape
  std::vector<Tensor> grads;  ///< df/dx for each x, with its shape and dtype; zeros if f does not depend on it
};

/// The value of f, one element, and its gradient for each x, by one walk. As in JAX and MLX.
ValueAndGrad value_and_grad(const Objective& f, const std::vector<Tensor>& x, Loc where = Loc::current());

/// A value and its derivative along a direction.
struct ValueAndTangent {
  Tensor value;    ///< f(), off every tape
  Tensor tangent;  ///< J v, of the shape and dtype of value; zeros if f does not depend on x
};

/// The value of any f, and J v: how it changes as each x moves along its v, which has the shape of that x. What a
/// forward mode computes, by two walks: J v is the derivative for u of (Jᵀ u) · v. As in JAX and PyTorch. Throws where
/// a rule has no second derivative.
ValueAndTangent jvp(const Objective& f, const std::vector<Tensor>& x, const std::vector<Tensor>& v,
                    Loc where = Loc::current());

/// df/dx of any f: shape f.shape + x.shape, in the dtype of f. One walk for each element of f; or, where x has fewer, a
/// recorded walk and then one for each element of x, as in jvp.
Tensor jacobian(const Objective& f, const Tensor& x, Loc where = Loc::current());

/// d²f/dx² of f, one element: shape x.shape + x.shape, f64. One walk for each element of x.
Tensor hessian(const Objective& f, const Tensor& x, Loc where = Loc::current());

/// H v of f, one element, where H is its Hessian and v has one tensor for each x, of its shape: a tensor like each x.
/// Two walks.
std::vector<Tensor> hvp(const Objective& f, const std::vector<Tensor>& x, const std::vector<Tensor>& v,
                        Loc where = Loc::current());

}  // namespace gradus
