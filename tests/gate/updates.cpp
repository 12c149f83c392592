// What tools show of an optimizer's step is what it did: the formula of every optimizer, computed, against its update.
#include <map>
#include <set>
#include <span>

#include <doctest/doctest.h>

#include <gradus/gradus.hpp>

#include "gate/formula.hpp"

using namespace gradus;
using formula::Array;

namespace {

Array plain(const Tensor& x) { return {{x.shape().begin(), x.shape().end()}, x.detach().to_vector()}; }

// Six digits of each number are shown: what a line multiplies or assigns agrees to about as many.
std::string differ(const std::string& what, const Array& line, const Array& right, const Array& before) {
  double size = 0;
  for (std::size_t i = 0; i < right.v.size(); ++i) size = std::max(size, std::abs(right.v[i] - before.v[i]));
  if (line.shape != right.shape) return what + " has another shape";
  for (std::size_t i = 0; i < right.v.size(); ++i)
    if (!(std::abs(line.v[i] - right.v[i]) <= 2e-5 * size + 2e-6 * std::abs(right.v[i])))
      return what + " is " + std::to_string(line.v[i]) + " by the line and " + std::to_string(right.v[i]);
  return {};
}

struct Hold : Observer {
  formula::Names before;
  std::string wrong;
  std::set<std::string> changes;  // which states the lines have assigned
  int held = 0;
  double factor = 1;  // a planted fault

  void on_step(const StepEvent& e) override {
    std::map<std::string, Array> now;
    now["p"] = plain(e.value);
    for (std::size_t i = 0; i < e.state.size(); ++i) now[e.state_names[i]] = plain(e.state[i]);
    if (e.before) {
      before = {};
      before.arrays = now;
      before.arrays["g"] = plain(e.grad);
      for (double& g : before.arrays["g"].v) g *= factor;
      return;
    }
    if (!wrong.empty()) return;
    try {
      const auto given = formula::compute(e.formula, before);
      for (const auto& [name, right] : now) {
        const Array& was = before.arrays.at(name);
        const auto found = given.find(name);
        wrong = differ(name, found == given.end() ? was : found->second, right, was);
        if (!wrong.empty()) break;
      }
    } catch (const formula::Wrong& w) { wrong = w.what(); }
    ++held;
    if (!wrong.empty())
      wrong = std::string(e.optimizer) + " step " + std::to_string(e.step) + ": " + wrong + "\n  " + e.formula;
  }
};

// Several steps of one optimizer on a matrix and a vector.
template <class Make>
Hold run(Make make, double factor = 1) {
  Hold hold;
  hold.factor = factor;
  std::vector<double> numbers(12);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = std::sin(1.0 + static_cast<double>(i) * 1.7);
  const Tensor w = from_data(std::span<const double>(numbers), {4, 3}).requires_grad_();
  const Tensor b = from_data(std::span<const double>(numbers).first(3), {3}).requires_grad_();
  auto opt = make(std::vector<Tensor>{w, b});
  const Observing watching(hold);
  for (int step = 0; step < 12; ++step) {
    for (const Tensor& p : {w, b}) {
      std::vector<double> g = p.detach().to_vector();
      for (std::size_t i = 0; i < g.size(); ++i)
        g[i] = std::cos(3.1 * static_cast<double>(step) + 2.3 * static_cast<double>(i)) + 0.1 * g[i];
      Tensor(p).set_grad(from_data(std::span<const double>(g), p.shape()));
    }
    opt.step();
  }
  return hold;
}

template <class Opt, class Options>
void check(const Options& options) {
  const auto make = [&](const std::vector<Tensor>& p) { return Opt(p, options); };
  const Hold right = run(make);
  INFO(right.wrong);
  CHECK(right.wrong.empty());
  CHECK(right.held == 24);
  CHECK_UNARY_FALSE(run(make, 1.5).wrong.empty());  // a line about another gradient is seen
}

}  // namespace

TEST_CASE("the formula that tools show of every optimizer's step is what the step did") {
  using namespace optim;
  for (const bool maximize : {false, true})
    for (const double decay : {0.0, 0.05}) {
      for (const double momentum : {0.0, 0.9}) {
        for (const double dampening : {0.0, 0.3})
          check<SGD>(SGDOptions{
              .lr = 0.1, .momentum = momentum, .dampening = dampening, .weight_decay = decay, .maximize = maximize});
        for (const bool centered : {false, true})
          check<RMSprop>(RMSpropOptions{
              .lr = 0.02, .weight_decay = decay, .momentum = momentum, .centered = centered, .maximize = maximize});
      }
      check<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9, .weight_decay = decay, .nesterov = true, .maximize = maximize});
      check<RMSprop>(RMSpropOptions{
          .lr = 0.02, .eps = 1e-3, .weight_decay = decay, .maximize = maximize, .eps_inside_root = true});
      check<Adagrad>(AdagradOptions{
          .lr = 0.02, .weight_decay = decay, .eps = 1e-3, .maximize = maximize, .eps_inside_root = true});
      check<Adam>(AdamOptions{
          .lr = 0.01, .eps = 1e-3, .weight_decay = decay, .maximize = maximize, .eps_before_correction = true});
      check<AdamW>(AdamWOptions{
          .lr = 0.01, .eps = 1e-3, .weight_decay = decay, .maximize = maximize, .eps_before_correction = true});
      for (const bool flag : {false, true}) {
        check<Adam>(AdamOptions{.lr = 0.01, .weight_decay = decay, .amsgrad = flag, .maximize = maximize});
        check<AdamW>(AdamWOptions{.lr = 0.01, .weight_decay = decay, .amsgrad = flag, .maximize = maximize});
        check<NAdam>(
            NAdamOptions{.lr = 0.01, .weight_decay = decay, .decoupled_weight_decay = flag, .maximize = maximize});
        check<RAdam>(
            RAdamOptions{.lr = 0.01, .weight_decay = decay, .decoupled_weight_decay = flag, .maximize = maximize});
        check<Muon>(MuonOptions{.lr = 0.01, .weight_decay = decay, .nesterov = flag, .maximize = maximize});
      }
      check<Adamax>(AdamaxOptions{.weight_decay = decay, .maximize = maximize});
      check<Adagrad>(AdagradOptions{
          .lr = 0.1, .lr_decay = 0.1, .weight_decay = decay, .initial_accumulator_value = 0.1, .maximize = maximize});
      check<Adadelta>(AdadeltaOptions{.weight_decay = decay, .maximize = maximize});
      check<ASGD>(ASGDOptions{.lr = 0.05, .lambd = 0.01, .t0 = 4, .weight_decay = decay, .maximize = maximize});
      check<Lion>(LionOptions{.lr = 0.01, .weight_decay = decay, .maximize = maximize});
      check<ScheduleFreeAdamW>(ScheduleFreeAdamWOptions{
          .lr = 0.01, .weight_decay = decay, .warmup_steps = 5, .r = 0.5, .maximize = maximize});
    }
  // Its signs are all that Rprop reads of a gradient, so half as much again changes nothing.
  const Hold rprop = run([](const std::vector<Tensor>& p) { return Rprop(p, {.lr = 0.02}); });
  INFO(rprop.wrong);
  CHECK(rprop.wrong.empty());
}

TEST_CASE("an optimizer that moves all parameters at once says so in its formula") {
  using namespace optim;
  struct Text : Observer {
    std::string formula;
    void on_step(const StepEvent& e) override { formula = e.formula; }
  };
  const Tensor p = tensor({1, 2}, f64).requires_grad_();
  const auto loss = [&] { return sum(square(p)); };
  const auto told = [&](auto&& step) {
    Text text;
    const Observing watching(text);
    step();
    return text.formula;
  };
  CHECK(told([&] { Newton(std::vector<Tensor>{p}, {.lr = 0.5}).step(loss); }) ==
        "p ← p - 0.5 H⁻¹ g, with H the Hessian of all parameters");
  CHECK(told([&] { NewtonCG(std::vector<Tensor>{p}, {}).step(loss); }).find("conjugate gradients") !=
        std::string::npos);
  CHECK(told([&] {
          LBFGS opt(std::vector<Tensor>{p}, {.max_iter = 2});
          opt.step([&] {
            opt.zero_grad();
            Tape tape;
            const Tensor y = loss();
            tape.backward(y);
            return y.item();
          });
        }).find("H⁻¹") != std::string::npos);
}
