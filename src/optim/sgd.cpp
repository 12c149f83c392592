// SGD: its state, and the update by one fused kernel.
#include <gradus/optim/sgd.hpp>

#include "optim/pieces.hpp"

namespace gradus::optim {

void SGD::init(State& s, const Tensor& p, const SGDOptions& o) {
  if (o.momentum != 0) s.add("momentum_buffer", zeros_like(p));
}

void SGD::update(Tensor& p, const Tensor& g, State& s, const SGDOptions& o) {
  const bool first = s.step == 1 || s.tensors.empty();
  const Tensor* buffer = o.momentum != 0 ? &s.at("momentum_buffer", p) : nullptr;
  gradus::detail::for_pieces(p, g, [&]<class T>(T* to, const T* from, std::int64_t begin, std::int64_t n) {
    kernels::table<T>().sgd(n, to + begin, from + begin, buffer ? gradus::detail::data<T>(*buffer) + begin : nullptr,
                            first, o.lr, o.momentum, o.dampening, o.weight_decay, o.nesterov, o.maximize);
  });
}

}  // namespace gradus::optim
