// What every operation's gradient must stand: the differences, at both orders, and the fused rule beside the recorded
// one.
#pragma once

#include <gradus/gradcheck.hpp>
#include <gradus/ops.hpp>
#include <gradus/tape.hpp>

#include <vector>

#include "support.hpp"

namespace support {

using gradus::Tensor;

// The gradients of sum(c f(x)), for a fixed random c, from a walk that is recorded or from one that is not.
template <class F>
std::vector<Tensor> walk(const F& f, std::vector<Tensor> x, bool record) {
  for (Tensor& t : x)
    if (gradus::is_floating(t.dtype())) t = t.clone().requires_grad_();
  gradus::manual_seed(5);
  gradus::Tape tape;
  const Tensor y = f(x);
  std::vector<Tensor> inputs;
  for (const Tensor& t : x)
    if (t.requires_grad()) inputs.push_back(t);
  return tape.gradient(y, inputs, {.record = record, .cotangent = gradus::randn(y.shape(), y.dtype())});
}

template <class F>
void check_walks(const F& f, const std::vector<Tensor>& x) {
  const auto result = gradus::gradcheck([&](const std::vector<Tensor>& in) { return f(in); }, x, {.order = 2});
  INFO(to_string(result));
  CHECK(result);
  const auto fused = walk(f, x, false), plain = walk(f, x, true);
  for (std::size_t i = 0; i < fused.size(); ++i) CHECK(allclose(fused[i], plain[i], 1e-11, 1e-13));
}

// The names of a tape's operations, in order: "reshape matmul reshape".
inline std::string names(const gradus::Tape& tape) {
  std::string text;
  for (int i = 0; i < tape.size(); ++i)
    if (!tape[i].is_leaf() && !tape[i].is_constant()) text += (text.empty() ? "" : " ") + std::string(tape[i].name());
  return text;
}

}  // namespace support
