// What the functions that record an Objective check before and after.
#pragma once

#include <gradus/derivatives.hpp>

#include "tape/guards.hpp"
#include "tensor/loops.hpp"

namespace gradus::detail {

inline Tensor record(Tape& tape, const Objective& f, const std::vector<Tensor>& x, const char* what, Loc where) {
  if (!f)
    throw Error(what,
                {.wrong = "the function is empty", .got = "a std::function without a target", .expected = "a function"},
                where);
  for (const Tensor& t : x) {
    check_defined(t, what, where);
    if (!is_floating(t.dtype())) refuse_dtype(what, t.dtype(), where);
    if (!t.requires_grad()) tape.watch(t, where);
  }
  Tensor y = f();
  if (!y.defined())
    throw Error(what, {.wrong = "the function returned an undefined tensor", .expected = "its result"}, where);
  return y;
}

// The same for a function whose result is one number.
inline Tensor record_number(Tape& tape, const Objective& f, const std::vector<Tensor>& x, const char* what, Loc where) {
  Tensor y = record(tape, f, x, what, where);
  if (y.numel() != 1)
    throw Error(what,
                {.wrong = "the result of the function does not have exactly one element",
                 .got = "shape " + to_string(y.shape()),
                 .expected = "one element",
                 .advice = "reduce it with sum(…) or mean(…); jacobian() takes results of any shape"},
                where);
  return y;
}

}  // namespace gradus::detail
