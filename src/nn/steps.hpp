// One step of each recurrent cell. `x` (N, G H) is W_ih x and its bias; an LSTM's or RNN's has both biases in it.
#pragma once

#include <gradus/ops.hpp>

namespace gradus::nn {

struct StepState {
  Tensor h, c;  // (N, H); c for LSTM only
};

inline Tensor recur(const Tensor& x, const Tensor& weight_hh, const StepState& s) {
  return addmm(x, s.h, weight_hh, {.transpose_b = true});
}

inline StepState tanh_step(const Tensor& x, const Tensor& weight_hh, const Tensor&, const StepState& s) {
  return {tanh(recur(x, weight_hh, s)), {}};
}

inline StepState relu_step(const Tensor& x, const Tensor& weight_hh, const Tensor&, const StepState& s) {
  return {relu(recur(x, weight_hh, s)), {}};
}

inline StepState lstm_step(const Tensor& x, const Tensor& weight_hh, const Tensor&, const StepState& s) {
  const Tensor y = lstm_gates(recur(x, weight_hh, s), s.c);
  return {y[0], y[1]};
}

inline StepState gru_step(const Tensor& x, const Tensor& weight_hh, const Tensor& bias_hh, const StepState& s) {
  const auto gate = [size = s.h.size(1)](const Tensor& all, std::int64_t k) {  // the k-th of (N, G H)
    return slice(all, 1, {k * size, (k + 1) * size});
  };
  const Tensor own = linear(s.h, weight_hh, bias_hh);
  const Tensor r = sigmoid(gate(x, 0) + gate(own, 0)), z = sigmoid(gate(x, 1) + gate(own, 1));
  const Tensor n = tanh(gate(x, 2) + r * gate(own, 2));
  return {n + z * (s.h - n), {}};
}

}  // namespace gradus::nn
