// Clipping: gradients of separate parameters, before and after.
#include "verify/run.hpp"

namespace gradus::tool {

void run_clip(const Case& c) {
  std::vector<Tensor> parameters;
  for (const Json& stored : c["grads"]) {
    const Tensor& g = c.tensor(stored);
    parameters.push_back(zeros_like(g).requires_grad_());
    parameters.back().set_grad(g.clone());
  }
  Settings attrs(c["attrs"]);
  const auto kind = attrs.get<std::string>("kind");
  if (kind == "norm") {
    const double norm = optim::clip_grad_norm(parameters, attrs.get<double>("max_norm"), attrs.get("norm_type", 2.0));
    const Tensor& total = c.tensor(c["total_norm"]);
    c.compare("total norm", full(total.shape(), norm, total.dtype()), total);
  } else if (kind == "value") {
    optim::clip_grad_value(parameters, attrs.get<double>("clip_value"));
  } else {
    throw NotImplemented{"clipping by " + kind};
  }
  attrs.finish();
  for (std::size_t i = 0; i < parameters.size(); ++i)
    c.expect(fmt::format("grad {}", i), parameters[i].grad(), c["clipped"].at(i));
}

}  // namespace gradus::tool
