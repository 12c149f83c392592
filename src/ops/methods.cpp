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
Tensor Tensor::sum(Axes axes, bool keepdim, Loc where) const { return gradus::sum(Arg(*this, where), axes, keepdim); }
Tensor Tensor::mean(Axes axes, bool keepdim, Loc where) const { return gradus::mean(Arg(*this, where), axes, keepdim); }
Tensor Tensor::operator[](Position at) const { return gradus::select(Arg(*this, at.where), 0, at.index); }

Tensor Tensor::t(Loc where) const {
  const Arg x(*this, where);
  detail::check_defined(*this, "t", where);
  if (dim() < 2)
    detail::fail("t",
                 {.wrong = "there are no two axes to swap",
                  .got = "shape " + to_string(shape()),
                  .advice = "unsqueeze(x, 0) makes a row, unsqueeze(x, 1) a column"},
                 x);
  return gradus::transpose(x, -2, -1);
}

}  // namespace gradus
