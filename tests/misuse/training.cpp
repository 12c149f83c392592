// Wrong calls of optimizers, schedules and clipping.
#include <optional>

#include "misuse/misuse.hpp"

using namespace gradus;
using misuse::leaf, misuse::numbers;

namespace {

constexpr const char* here = "misuse/training.cpp";

Tensor with_gradient(const Tensor& g) {
  Tensor w = leaf({2});
  w.set_grad(g);
  return w;
}

template <class O>
O moved_from() {
  O a({with_gradient(numbers({2}))}, {.lr = 0.1});
  const O b = std::move(a);
  return a;
}

}  // namespace

TEST_CASE("misuse: optimizers") {
  const Tensor w = leaf({2});
  misuse::refuse(
      here,
      {
          {"no parameters", [] { optim::SGD(std::vector<Tensor>{}, {.lr = 0.1}).step(); }},
          {"no gradients", [&] { optim::SGD({w}, {.lr = 0.1}).step(); }},
          {"a parameter of integers", [] { optim::SGD({numbers({2}, i64)}, {.lr = 0.1}); }},
          {"a parameter that is nothing", [] { optim::SGD({Tensor()}, {.lr = 0.1}); }},
          {"a recorded parameter",
           [&] {
             Tape tape;
             optim::SGD({w * 2}, {.lr = 0.1});
           }},
          {"a parameter twice",
           [&] {
             optim::SGD({w, w}, {.lr = 0.1});
           }},
          {"a parameter in two groups",
           [&] {
             optim::SGD opt({w}, {.lr = 0.1});
             opt.add_group(std::vector<Tensor>{w});
           }},
          {"a negative rate", [&] { optim::SGD({w}, {.lr = -1}); }},
          {"a rate of NaN", [&] { optim::Adam({w}, {.lr = std::nan("")}); }},
          {"a beta of 1",
           [&] {
             optim::Adam({w}, {.betas = {1, 0.9}});
           }},
          {"nesterov without momentum", [&] { optim::SGD({w}, {.lr = 0.1, .nesterov = true}); }},
          {"set_lr of -1", [&] { optim::SGD({w}, {.lr = 0.1}).set_lr(-1); }},
          {"set_lr of group 1 of one", [&] { optim::SGD({w}, {.lr = 0.1}).set_lr(0.1, 1); }},
          {"the rate of group 3", [&] { (void)optim::SGD({w}, {.lr = 0.1}).lr(3); }},
          {"options of group 3", [&] { (void)optim::SGD({w}, {.lr = 0.1}).options(3); }},
          {"a momentum of NaN", [&] { optim::SGD({w}, {.lr = 0.1, .momentum = 0.5}).set_momentum(std::nan(""), 0); }},
          {"a step of one moved from", [] { moved_from<optim::Adam>().step(); }},
          {"the rate of one moved from", [] { (void)moved_from<optim::SGD>().lr(); }},
          {"a state of other parameters",
           [&] {
             optim::Adam a({with_gradient(numbers({2}))});
             a.step();
             optim::Adam b({leaf({3})});
             b.load_state_dict(a.state_dict());
           }},
          {"an empty state after steps",
           [&] {
             optim::Adam a({with_gradient(numbers({2}))});
             a.step();
             a.load_state_dict({{"x", numbers({1})}});
           }},
          {"a parameter whose shape has changed",
           [] {
             Tensor p = with_gradient(numbers({2}));
             optim::Adam opt({p});
             opt.step();
             Tensor other = leaf({3});
             opt.load_state_dict({{"0.step", numbers({2})}});
           }},
          {"a plain step of LBFGS", [&] { optim::LBFGS({w}).step(); }},
          {"LBFGS with two groups",
           [&] {
             optim::LBFGS opt({w});
             opt.add_group(std::vector<Tensor>{leaf({2})});
             opt.step([] { return 1.0; });
           }},
          {"a plain step of Newton", [&] { optim::Newton({w}).step(); }},
          {"Newton of a loss of two numbers", [&] { optim::Newton({w}).step([&] { return w * 2; }); }},
          {"Newton of what does not depend", [&] { optim::Newton({w}).step([] { return sum(numbers({2})); }); }},
          {"NewtonCG of nothing", [&] { optim::NewtonCG({w}).step([] { return Tensor(); }); }},
          {"a step of AnyOptimizer moved from",
           [&] {
             optim::AnyOptimizer a(optim::SGD({w}, {.lr = 0.1}));
             const optim::AnyOptimizer b = std::move(a);
             (void)a.base();
           }},
      });
}

TEST_CASE("misuse: schedules") {
  optim::SGD opt({leaf({2})}, {.lr = 1});
  misuse::refuse(
      here,
      {
          {"StepLR without a size", [&] { optim::Scheduler(opt, optim::StepLR{}); }},
          {"StepLR with a factor of NaN",
           [&] { optim::Scheduler(opt, optim::StepLR{.step_size = 1, .gamma = std::nan("")}); }},
          {"ExponentialLR of -1", [&] { optim::Scheduler(opt, optim::ExponentialLR{.gamma = -1}); }},
          {"CosineAnnealingLR without an end", [&] { optim::Scheduler(opt, optim::CosineAnnealingLR{}); }},
          {"CosineAnnealingWarmRestarts without a period",
           [&] { optim::Scheduler(opt, optim::CosineAnnealingWarmRestarts{}); }},
          {"LinearLR over 0 steps", [&] { optim::Scheduler(opt, optim::LinearLR{.total_iters = 0}); }},
          {"LinearLR from a negative factor", [&] { optim::Scheduler(opt, optim::LinearLR{.start_factor = -1}); }},
          {"PolynomialLR over -1 steps", [&] { optim::Scheduler(opt, optim::PolynomialLR{.total_iters = -1}); }},
          {"ConstantLR of NaN", [&] { optim::Scheduler(opt, optim::ConstantLR{.factor = std::nan("")}); }},
          {"LambdaLR that gives NaN",
           [&] { optim::Scheduler(opt, optim::LambdaLR{[](std::int64_t) { return std::nan(""); }}); }},
          {"LambdaLR that gives -1",
           [&] { optim::Scheduler(opt, optim::LambdaLR{[](std::int64_t) { return -1.0; }}); }},
          {"SequentialLR of nothing", [&] { optim::Scheduler(opt, optim::SequentialLR{}); }},
          {"SequentialLR with too few milestones",
           [&] {
             optim::Scheduler(opt, optim::SequentialLR{.schedules = {optim::ConstantLR{}, optim::ConstantLR{}}});
           }},
          {"OneCycleLR without steps", [&] { optim::Scheduler(opt, optim::OneCycleLR{.max_lr = 1}); }},
          {"OneCycleLR beyond its end",
           [&] {
             optim::Scheduler s(opt, optim::OneCycleLR{.max_lr = 1, .total_steps = 2, .cycle_momentum = false});
             for (int i = 0; i < 3; ++i) s.step();
           }},
          {"CyclicLR of 0 steps", [&] { optim::Scheduler(opt, optim::CyclicLR{.max_lr = 1, .step_size_up = 0}); }},
          {"step -1 of a schedule", [] { (void)optim::StepLR{.step_size = 1}(-1, 1); }},
          {"a plateau with a factor of 1", [&] { optim::ReduceLROnPlateau(opt, {.factor = 1}); }},
          {"a plateau with a patience of -1", [&] { optim::ReduceLROnPlateau(opt, {.patience = -1}); }},
          {"a scheduler of an optimizer that has ended",
           [] {
             std::optional<optim::SGD> short_lived;
             short_lived.emplace(std::vector<Tensor>{leaf({2})}, optim::SGDOptions{.lr = 1});
             optim::Scheduler s(*short_lived, optim::StepLR{.step_size = 1});
             short_lived.reset();
             s.step();
           }},
          {"the state of another schedule",
           [&] {
             optim::Scheduler s(opt, optim::StepLR{.step_size = 1});
             s.load_state_dict({{"x", numbers({1})}});
           }},
      });
}

TEST_CASE("misuse: clipping") {
  const Tensor p = with_gradient(tensor({3, std::nan("")}));
  const Tensor q = with_gradient(numbers({2}));
  misuse::refuse(here, {
                           {"a norm of -1", [&] { optim::clip_grad_norm({q}, -1); }},
                           {"a norm of NaN", [&] { optim::clip_grad_norm({q}, std::nan("")); }},
                           {"the norm of order 0", [&] { optim::clip_grad_norm({q}, 1, 0); }},
                           {"the norm of order NaN", [&] { optim::clip_grad_norm({q}, 1, std::nan("")); }},
                           {"a NaN in the gradient", [&] { optim::clip_grad_norm({p}, 1, 2, true); }},
                           {"a parameter that is nothing", [&] { optim::clip_grad_norm({Tensor()}, 1); }},
                           {"a value of -1", [&] { optim::clip_grad_value({q}, -1); }},
                           {"a value of NaN", [&] { optim::clip_grad_value({q}, std::nan("")); }},
                       });
}
