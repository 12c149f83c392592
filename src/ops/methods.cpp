// The members of Tensor that are recorded: the functions of the same name, with the caller's line.
#include "ops/common.hpp"

namespace gradus {

Tensor Tensor::to(DType dtype, Loc where) const { return gradus::to(Arg(*this, where), dtype); }
Tensor Tensor::clone(Loc where) const { return gradus::clone(Arg(*this, where)); }
Tensor Tensor::contiguous(Loc where) const { return gradus::contiguous(Arg(*this, where)); }
Tensor Tensor::reshape(Shape shape, Loc where) const { return gradus::reshape(Arg(*this, where), shape); }
Tensor Tensor::permute(Axes axes, Loc where) const { return gradus::permute(Arg(*this, where), axes); }
Tensor Tensor::transpose(int axis0, int axis1, Loc where) const {
  return gradus::transpose(Arg(*this, where), axis0, axis1);
}
Tensor Tensor::flatten(int first, int last, Loc where) const { return gradus::flatten(Arg(*this, where), first, last); }
Tensor Tensor::squeeze(Loc where) const { return gradus::squeeze(Arg(*this, where)); }
Tensor Tensor::squeeze(int axis, Loc where) const { return gradus::squeeze(Arg(*this, where), axis); }
Tensor Tensor::unsqueeze(int axis, Loc where) const { return gradus::unsqueeze(Arg(*this, where), axis); }
Tensor Tensor::sum(Axes axes, bool keepdim, Loc where) const { return gradus::sum(Arg(*this, where), axes, keepdim); }
Tensor Tensor::mean(Axes axes, bool keepdim, Loc where) const { return gradus::mean(Arg(*this, where), axes, keepdim); }
Tensor Tensor::max(Axes axes, bool keepdim, Loc where) const { return gradus::max(Arg(*this, where), axes, keepdim); }
Tensor Tensor::min(Axes axes, bool keepdim, Loc where) const { return gradus::min(Arg(*this, where), axes, keepdim); }
Tensor Tensor::var(Axes axes, bool keepdim, double correction, Loc where) const {
  return gradus::var(Arg(*this, where), axes, keepdim, correction);
}
Tensor Tensor::std(Axes axes, bool keepdim, double correction, Loc where) const {
  return gradus::stddev(Arg(*this, where), axes, keepdim, correction);
}
Tensor Tensor::argmax(Loc where) const { return gradus::argmax(Arg(*this, where)); }
Tensor Tensor::argmax(int axis, bool keepdim, Loc where) const {
  return gradus::argmax(Arg(*this, where), axis, keepdim);
}
Tensor Tensor::matmul(Arg other) const { return gradus::matmul(Arg(*this, other.where), other); }
Tensor Tensor::pow(Arg exponent) const { return gradus::pow(Arg(*this, exponent.where), exponent); }
Tensor Tensor::abs(Loc where) const { return gradus::abs(Arg(*this, where)); }
Tensor Tensor::exp(Loc where) const { return gradus::exp(Arg(*this, where)); }
Tensor Tensor::log(Loc where) const { return gradus::log(Arg(*this, where)); }
Tensor Tensor::sqrt(Loc where) const { return gradus::sqrt(Arg(*this, where)); }
Tensor Tensor::clamp(double low, double high, Loc where) const { return gradus::clamp(Arg(*this, where), low, high); }

Tensor Tensor::t(Loc where) const {
  const Arg x(*this, where);
  detail::check_defined(*this, "t", where);
  if (dim() < 2)
    detail::fail("t",
                 {.wrong = "the tensor has fewer than two axes",
                  .got = "shape " + to_string(shape()),
                  .expected = "at least two axes",
                  .advice = "to get a row call unsqueeze(x, 0), for a column unsqueeze(x, 1)"},
                 x);
  return gradus::transpose(x, -2, -1);
}

}  // namespace gradus
