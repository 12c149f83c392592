// L-BFGS: quasi-Newton steps from the last few changes of the gradient (Nocedal and Wright, 2006, sections 7.2
// and 3.5). For whole batches: each step evaluates the loss several times.
//
//   optim::LBFGS opt(net, {.line_search_fn = optim::LineSearch::strong_wolfe});
//   double loss = opt.step([&] {
//     opt.zero_grad();
//     Tape tape;
//     Tensor loss = mse_loss(net(x), y);
//     tape.backward(loss);
//     return loss.item();
//   });
#pragma once

#include <type_traits>
#include <vector>

#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

/// How the length of a step is found.
enum class LineSearch { none, strong_wolfe };

struct LBFGSOptions {
  double lr = 1;
  std::int64_t max_iter = 20;      ///< per step
  std::int64_t max_eval = 0;       ///< of the loss, per step; 0: max_iter * 5 / 4
  double tolerance_grad = 1e-7;    ///< stops when no element of the gradient is larger, …
  double tolerance_change = 1e-9;  ///< … or when neither loss nor parameters change by more
  std::int64_t history_size = 100;
  LineSearch line_search_fn = LineSearch::none;
  static constexpr bool elementwise = false;

  void fields(auto& v) {
    v("lr", lr);
    v("max_iter", max_iter);
    v("max_eval", max_eval);
    v("tolerance_grad", tolerance_grad);
    v("tolerance_change", tolerance_change);
    v("history_size", history_size);
    v("line_search_fn", line_search_fn);
  }
};

///   y = g - g_before,  s = the last step;  kept where y·s > 1e-10
///   d = -H g by the two-loop recursion over the pairs, from H0 = y·s / y·y;  p += t d
/// t is lr, or what the line search finds; for the very first step min(1, 1/|g|₁) lr. All parameters are one
/// vector, in f64 whatever their dtype; one without gradient has the gradient 0.
class LBFGS : public Optimizer<LBFGSOptions> {
 public:
  using Optimizer::Optimizer;

  /// Up to max_iter iterations. The closure clears the gradients, computes the loss, walks back, and returns the loss,
  /// a tensor of one element or a number. Returns the first loss. When the closure throws, parameters and memory are as
  /// before.
  template <class F>
  double step(F&& closure, Loc where = Loc::current()) {
    const auto call = [](void* f) -> double {
      auto&& loss = (*static_cast<std::remove_reference_t<F>*>(f))();
      if constexpr (std::is_base_of_v<Tensor, std::remove_cvref_t<decltype(loss)>>)
        return loss.item();
      else
        return loss;
    };
    return run({call, const_cast<void*>(static_cast<const void*>(&closure))}, where);
  }
  void step(Loc where = Loc::current()) override;  ///< throws: there is no step without a closure

  /// how often the closure was called
  std::int64_t evaluations() const { return memory_.evaluations; }

  StateDict state_dict() const override;
  void load_state_dict(const StateDict& state, Loc where = Loc::current()) override;

 private:
  struct Closure {
    double (*call)(void*);
    void* f;
  };
  struct Pair {
    Tensor y, s;
    double rho;  ///< 1 / y·s
  };
  /// Tensors here are never changed in place, so that copying it is cheap.
  struct Memory {
    std::vector<Pair> pairs;
    Tensor direction, gradient;  ///< of the last iteration
    double t = 1;
    std::int64_t iterations = 0, evaluations = 0;
  };
  struct Point {
    double loss;
    Tensor gradient;
  };

  void update(Tensor&, const Tensor&, State&, const LBFGSOptions&) override {}
  std::string formula(const State& s, const Tensor& p, const LBFGSOptions& o) const override;
  double run(Closure closure, Loc where);
  double iterate(Memory& m, Closure closure, Loc where);
  Tensor direction(Memory& m, const Tensor& gradient) const;
  Point evaluate(Memory& m, Closure closure, Loc where) const;
  Tensor values() const;
  void move(const Tensor& x, Loc where);
  std::int64_t size() const;

  Memory memory_;
};

}  // namespace gradus::optim
