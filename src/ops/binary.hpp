// Operations of two operands: numbers become constants, smaller shapes are expanded.
#pragma once

#include <cmath>

#include "ops/common.hpp"
#include "tensor/format.hpp"

namespace gradus::detail {

// May i64 hold this number?
inline bool is_integer(double k) { return k == std::floor(k) && k >= -0x1p63 && k < 0x1p63; }

// May a tensor of this dtype be combined with the number as it is?
inline bool takes(DType dtype, double k) { return is_floating(dtype) || is_integer(k); }

// A number among the operands as a constant of the other operand's dtype.
inline Tensor constant(const char* operation, const Arg& number, const Arg& other) {
  if (other.is_number())
    fail(operation,
         {.wrong = "both operands are numbers",
          .got = formatted("{} and {}", number_text(number.number()), number_text(other.number())),
          .expected = "at least one tensor, which gives the dtype",
          .advice = "make one a tensor: scalar(…)"},
         number);
  check_defined(other, operation, number.where);
  const DType dtype = other.tensor().dtype();
  if (!takes(dtype, number.number()))
    fail(operation,
         {.wrong = "a tensor of integers cannot take this number",
          .got = formatted("{} and a tensor of {}", number_text(number.number()), name(dtype)),
          .expected = "an integer",
          .advice = "convert the tensor: x.to(f32)"},
         number);
  return scalar(number.number(), dtype, user_line(number.where));
}

// Two operands of any shapes that broadcast.
template <class Op>
Tensor binary(const Op& op, Arg a, Arg b) {
  if (!a.is_number() && !b.is_number()) {  // the common case first: it is a good part of a small operation's cost
    const TensorImpl *x = a.tensor().impl(), *y = b.tensor().impl();
    if (x && y && x->dtype == y->dtype && x->shape == y->shape) return apply(op, a, b);
  }
  Tensor number;
  if (a.is_number()) {
    number = constant(Op::name, a, b);
    a = Arg(number, a.where);
  } else if (b.is_number()) {
    number = constant(Op::name, b, a);
    b = Arg(number, b.where);
  }
  check_same_dtype(Op::name, a, b);
  const Shape &sa = a.tensor().shape(), &sb = b.tensor().shape();
  if (sa == sb) return apply(op, a, b);
  const Shape to = broadcast_shape(sa, sb, Op::name, a.where);
  const Tensor ea = sa == to ? a.tensor() : expand(a, to);
  const Tensor eb = sb == to ? b.tensor() : expand(Arg(b, a.where), to);
  return apply(op, Arg(ea, a.where), Arg(eb, a.where));
}

}  // namespace gradus::detail
