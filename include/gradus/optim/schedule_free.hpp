// Schedule-free AdamW: averaging in place of a falling learning rate, so that the number of steps need not be known
// (Defazio et al., "The Road Less Scheduled", 2024). Three points: z moves as AdamW would, x is the average of z, which
// is what was learned, and gradients are taken between them, at y. Parameters hold y while training:
//
//   optim::ScheduleFreeAdamW opt(net, {.lr = 2.5e-3});
//   …                  // train
//   opt.eval();        // now the parameters hold x: measure, save
//   opt.train();       // and y again: go on
#pragma once

#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

struct ScheduleFreeAdamWOptions {
  double lr = 2.5e-3;  ///< larger than AdamW's, 1 to 10 times
  std::array<double, 2> betas{0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;
  std::int64_t warmup_steps = 0;  ///< the rate grows linearly over so many steps
  double r = 0;                   ///< weighs the average by t^r
  bool maximize = false;

  void fields(auto& v) {
    v("lr", lr);
    v("betas", betas);
    v("eps", eps);
    v("weight_decay", weight_decay);
    v("warmup_steps", warmup_steps);
    v("r", r);
    v("maximize", maximize);
  }
  const char* wrong() const { return betas[0] > 0 ? nullptr : "the first beta, which mixes x into y, must be above 0"; }
};

///   v = β2 v + (1 - β2) g²,  γ = lr min(1, t / warmup_steps),  d = g / (sqrt(v / (1 - β2^t)) + eps) + weight_decay y
///   z -= γ d,  c = w / Σ w with w = t^r max(γ)²,  x = (1 - c) x + c z,  y = (1 - β1) z + β1 x
class ScheduleFreeAdamW : public Optimizer<ScheduleFreeAdamWOptions> {
 public:
  using Optimizer::Optimizer;

  void eval();   ///< parameters become x
  void train();  ///< and y again, for further steps
  bool is_training() const { return training_; }

  /// Of training: train() before saving and before loading, or it throws.
  StateDict state_dict() const override;
  void load_state_dict(const StateDict& state, Loc where = Loc::current()) override;
  void step(Loc where = Loc::current()) override;  ///< throws after eval()

 private:
  void init(State& s, const Tensor& p, const ScheduleFreeAdamWOptions& o) override;
  void update(Tensor& p, const Tensor& g, State& s, const ScheduleFreeAdamWOptions& o) override;
  std::string formula(const State& s, const Tensor& p, const ScheduleFreeAdamWOptions& o) const override;
  void mix(bool to_average);
  void check_training(const char* operation, Loc where) const;

  bool training_ = true;
};

}  // namespace gradus::optim
