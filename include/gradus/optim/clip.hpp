// Gradients cut to size, between backward() and step().
#pragma once

#include <vector>

#include <gradus/tensor.hpp>

namespace gradus::optim {

/// Scales all gradients together so that their norm is at most max_norm: times max_norm / (norm + 1e-6) where that is
/// below 1 (Pascanu, Mikolov and Bengio, 2013). Returns the norm before: of all elements as one vector, summed in f64,
/// scaled so that squares neither overflow nor vanish; norm_type is its power, or infinity for the largest element.
/// Parameters without gradient do not count, one given twice counts once. Not finite, as in PyTorch: a NaN makes the
/// norm and every gradient NaN; an infinity makes the norm infinite, itself NaN and all other elements 0. With
/// error_if_nonfinite both are an error, and nothing has changed then.
double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm, double norm_type = 2,
                      bool error_if_nonfinite = false, Loc where = Loc::current());

/// Cuts every element of every gradient to [-clip_value, clip_value].
void clip_grad_value(const std::vector<Tensor>& parameters, double clip_value, Loc where = Loc::current());

/// The same for anything with parameters(): a module, an optimizer.
template <class M>
requires requires(const M& m) { m.parameters(); }
double clip_grad_norm(const M& m, double max_norm, double norm_type = 2, bool error_if_nonfinite = false,
                      Loc where = Loc::current()) {
  return clip_grad_norm(m.parameters(), max_norm, norm_type, error_if_nonfinite, where);
}
template <class M>
/// the same for the parameters of a module
requires requires(const M& m) { m.parameters(); }
void clip_grad_value(const M& m, double clip_value, Loc where = Loc::current()) {
  clip_grad_value(m.parameters(), clip_value, where);
}

}  // namespace gradus::optim
