// Muon: momentum, orthogonalized so that all its singular values are near 1 (Jordan et al., "Muon: An optimizer for
// hidden layers in neural networks", 2024). For weight matrices; a parameter with fewer than two axes is updated as by
// AdamW, which the authors advise for first and last layers, too: give those a group of another optimizer.
#pragma once

#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

struct MuonOptions {
  double lr = 0.02;
  double momentum = 0.95;
  double weight_decay = 0;
  bool nesterov = true;
  std::int64_t ns_steps = 5;
  double adam_ratio = 0.015;  ///< for parameters with fewer than two axes: Adam's rate is adam_ratio lr
  std::array<double, 2> adam_betas{0.9, 0.95};  ///< betas of AdamW, for vectors and numbers
  double eps = 1e-8;                            ///< Adam's
  bool maximize = false;
  static constexpr bool decoupled_weight_decay = true;
  static constexpr bool elementwise = false;

  void fields(auto& v) {
    v("lr", lr);
    v("momentum", momentum);
    v("weight_decay", weight_decay);
    v("nesterov", nesterov);
    v("ns_steps", ns_steps);
    v("adam_ratio", adam_ratio);
    v("adam_betas", adam_betas);
    v("eps", eps);
    v("maximize", maximize);
  }
};

///   p *= 1 - lr weight_decay
///   b = momentum b + (1 - momentum) g,  m = nesterov ? momentum b + (1 - momentum) g : b
///   p -= lr sqrt(max(1, rows / columns)) O,  O = orthogonalize(m), all axes but the first of m counting as columns
struct Muon : Optimizer<MuonOptions> {
  using Optimizer::Optimizer;
  void init(State& s, const Tensor& p, const MuonOptions& o) override;
  void update(Tensor& p, const Tensor& g, State& s, const MuonOptions& o) override;
  std::string formula(const State& s, const Tensor& p, const MuonOptions& o) const override;
};

/// U S' Vᵀ for a matrix m = U S Vᵀ of any size, where every singular value in S' is near 1 (between 0.7 and 1.2 after 5
/// steps; one that was near 0 takes more). Newton and Schulz's iteration with the polynomial that Jordan et al. chose
/// for speed:
///   X = m / |m|,  then  X = 3.4445 X - 4.775 A X + 2.0315 A A X,  A = X Xᵀ
Tensor orthogonalize(const Tensor& m, std::int64_t steps = 5, Loc where = Loc::current());

}  // namespace gradus::optim
