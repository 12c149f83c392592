// The profile: what is counted, and what is not.
#include <gradus/gradus.hpp>

#include <algorithm>
#include <thread>

#include "support.hpp"

using namespace gradus;

namespace {

// A profile of what happens in its scope.
class Profiled {
 public:
  Profiled() {
    reset_profile();
    set_profiling(true);
  }
  ~Profiled() {
    set_profiling(false);
    reset_profile();
  }
};

// The row of that name and pass; calls is 0 where there is none.
ProfileRow row(const std::string& name, ProfileRow::Pass pass = ProfileRow::forward) {
  for (const ProfileRow& r : profile())
    if (r.name == name && r.pass == pass) return r;
  return {};
}

struct Gate {  // a tanh(b)
  static constexpr auto name = "profiled_gate", rule = "da = g tanh(b)   db = g a (1 - tanh²(b))";
  static constexpr Saves saves{in1, in0 | in1};
  void fields(auto&) const {}
  Tensor forward(Fwd& f, Ins in) const {
    if (in[0].numel() == 3) f.fail({.wrong = "three is too many"});
    return in[0] * tanh(in[1]);
  }
  void vjp(Vjp& v) const {
    const Tensor t = tanh(v.in(1));
    if (v.wants(0)) v.give(0, v.g * t);
    if (v.wants(1)) v.give(1, v.g * v.in(0) * (1.0 - t * t));
  }
};

}  // namespace

TEST_CASE("profile: nothing is counted while it is off") {
  reset_profile();
  CHECK(!profiling());
  tanh(ones({3}));
  CHECK(profile().empty());
  const Profiled on;
  CHECK(profiling());
  tanh(ones({3}));
  CHECK(profile().size() == 1);
  set_profiling(false);
  tanh(ones({3}));
  CHECK(row("tanh").calls == 1);
  reset_profile();
  CHECK(profile().empty());
}

TEST_CASE("profile: calls, bytes, time") {
  const Profiled on;
  const Tensor a = ones({30, 10}).requires_grad_(), b = ones({30, 10});
  Tape tape;
  Tensor y = a;
  for (int i = 0; i < 5; ++i) y = y * b;
  tape.backward(sum(y));
  const ProfileRow forward = row("mul"), backward = row("mul", ProfileRow::backward);
  CHECK(forward.calls == 5);
  CHECK(forward.bytes == 5 * 3 * 300 * 4);
  CHECK(forward.flops == 0);
  CHECK(forward.seconds > 0);
  CHECK(backward.calls == 5);
  CHECK(backward.bytes == 5 * 3 * 300 * 4 - 299 * 4);  // g and b read, one gradient written; the first g is one number
  CHECK(row("sum").bytes == 300 * 4 + 4);
  const auto rows = profile();
  CHECK(rows.size() == 4);
  CHECK(std::is_sorted(rows.begin(), rows.end(), [](auto& p, auto& q) { return p.seconds > q.seconds; }));
}

TEST_CASE("profile: a view moves nothing, and what an axis repeats counts once") {
  const Profiled on;
  const Tensor a = ones({6}).requires_grad_();
  Tape tape;
  const Tensor wide = expand(a, {100, 6});
  CHECK(row("expand").calls == 1);
  CHECK(row("expand").bytes == 0);
  const Tensor y = reshape(wide * ones({100, 6}), {600});
  CHECK(row("mul").bytes == (6 + 600 + 600) * 4);
  CHECK(row("reshape").bytes == 0);
  tape.backward(sum(y));
  CHECK(row("reshape", ProfileRow::backward).calls == 1);
  CHECK(row("reshape", ProfileRow::backward).bytes == 0);
}

TEST_CASE("profile: a gradient passed on as it is moves nothing") {
  const Profiled on;
  const Tensor a = ones({50}).requires_grad_(), b = ones({50}).requires_grad_();
  Tape tape;
  tape.backward(sum(a + b));
  CHECK(row("add").bytes == 3 * 50 * 4);
  CHECK(row("add", ProfileRow::backward).calls == 1);
  CHECK(row("add", ProfileRow::backward).bytes == 0);
}

TEST_CASE("profile: the arithmetic of products, and of their gradients") {
  const Profiled on;
  const double product = 2. * 20 * 30 * 40;
  const Tensor a = ones({20, 30}).requires_grad_(), b = ones({30, 40}).requires_grad_(), bias = ones({20, 40});
  {
    Tape tape;
    tape.backward(sum(matmul(a, b)));
    CHECK(row("matmul").flops == product);
    CHECK(row("matmul", ProfileRow::backward).flops == 2 * product);
  }
  {
    Tape tape;  // one gradient is half the work
    tape.backward(sum(matmul(a, b.detach())));
    CHECK(row("matmul").flops == 2 * product);
    CHECK(row("matmul", ProfileRow::backward).flops == 3 * product);
    reset_profile();
  }
  matmul(ones({7, 20, 30}), ones({7, 40, 30}), {.transpose_b = true});
  CHECK(row("matmul").flops == 7 * product);
  {
    Tape tape;
    tape.backward(sum(addmm(bias.detach().requires_grad_(), a, b)));
    CHECK(row("addmm").flops == product);
    CHECK(row("addmm", ProfileRow::backward).flops == 2 * product);  // the sum's gradient is no product
  }
  {
    reset_profile();
    Tape tape;
    tape.backward(sum(matmul(a.detach().t().requires_grad_(), b, {.transpose_a = true})));
    CHECK(row("matmul").flops == product);
    CHECK(row("matmul", ProfileRow::backward).flops == 2 * product);
  }
}

TEST_CASE("profile: the arithmetic of convolutions") {
  const Profiled on;
  const Tensor x = ones({2, 4, 9, 8}).requires_grad_(), w = ones({6, 2, 3, 3}).requires_grad_();
  const Conv2dOptions o{.stride = 2, .padding = 1, .groups = 2};
  const double work = 2. * (2 * 6 * 5 * 4) * (2 * 3 * 3);
  Tape tape;
  const Tensor y = conv2d(x, w, {}, o);
  CHECK(row("conv2d").flops == work);
  tape.backward(sum(y));
  CHECK(row("conv2d", ProfileRow::backward).flops == 2 * work);
  const Tensor g = ones(y.shape());
  conv2d_input(w.detach(), g, {9, 8}, o);
  conv2d_weight(x.detach(), g, {3, 3}, o);
  CHECK(row("conv2d_input").flops == work);
  CHECK(row("conv2d_weight").flops == work);
}

TEST_CASE("profile: only the outermost operation counts, also where a walk is recorded") {
  const Profiled on;
  const Tensor a = ones({4}).requires_grad_(), b = ones({4}).requires_grad_();
  Tape tape;
  const Tensor y = sum(apply(Gate{}, a, b));
  tape.gradient(y, {a, b});
  tape.gradient(y, {a, b}, {.record = true});
  CHECK(row("profiled_gate").calls == 1);
  CHECK(row("profiled_gate", ProfileRow::backward).calls == 2);
  CHECK(row("profiled_gate", ProfileRow::backward).bytes == 2 * (1 + 2 * 4 + 2 * 4) * 4);  // g is one number, expanded
  CHECK(row("sum", ProfileRow::backward).calls == 2);
  CHECK(profile().size() == 4);  // no tanh, no mul
}

TEST_CASE("profile: a walk of second order knows the arithmetic of what the first recorded") {
  const Profiled on;
  const Tensor a = ones({20, 30}).requires_grad_(), b = ones({30, 40}).requires_grad_();
  Tape tape;
  const Tensor y = sum(square(matmul(a, b)));
  const Tensor da = tape.gradient(y, {a}, {.record = true})[0];
  CHECK(row("matmul").calls == 1);  // the product in the rule counts to the rule
  CHECK(row("matmul", ProfileRow::backward).calls == 1);
  const double product = 2. * 20 * 30 * 40;
  CHECK(row("matmul", ProfileRow::backward).flops == product);
  tape.gradient(sum(da), {a});
  CHECK(row("matmul", ProfileRow::backward).calls == 3);
  CHECK(row("matmul", ProfileRow::backward).flops == 3 * product);
}

TEST_CASE("profile: optimizers are rows") {
  const Profiled on;
  Tensor p = ones({1000}).requires_grad_(), q = ones({10, 10}).requires_grad_();
  optim::Adam adam({p, q});
  for (int i = 0; i < 3; ++i) {
    Tape tape;
    tape.backward(sum(square(p)));  // q has no gradient
    adam.step();
  }
  const ProfileRow step = row("Adam", ProfileRow::step);
  CHECK(step.calls == 3);
  CHECK(step.seconds > 0);
  CHECK(step.bytes == 3 * 1000 * 4 * (1 + 2 + 2 * 2));  // g read, p and two moments read and written
  CHECK(row("mul").calls == 0);
}

TEST_CASE("profile: what an optimizer's closure does is its own business") {
  const Profiled on;
  Tensor p = tensor({3, -1}, f64).requires_grad_();
  optim::LBFGS opt({p}, {.lr = 0.5, .max_iter = 1});
  opt.step([&] {
    opt.zero_grad();
    Tape tape;
    const Tensor y = sum(square(p));
    tape.backward(y);
    return y;
  });
  CHECK(row("LBFGS", ProfileRow::step).calls == 1);
  CHECK(row("square").calls == opt.evaluations());
  CHECK(row("square", ProfileRow::backward).calls == opt.evaluations());
}

TEST_CASE("profile: what throws is not counted, and does not stay open") {
  const Profiled on;
  CHECK_THROWS_AS(apply(Gate{}, ones({3}), ones({3})), const Error&);
  CHECK(profile().empty());
  apply(Gate{}, ones({4}), ones({4}));
  REQUIRE(profile().size() == 1);
  CHECK(profile()[0].name == "profiled_gate");
  CHECK(profile()[0].calls == 1);
}

TEST_CASE("profile: threads add up") {
  const Profiled on;
  const auto work = [] {
    for (int i = 0; i < 100; ++i) tanh(ones({3}));
  };
  std::thread one(work), two(work);
  one.join(), two.join();
  CHECK(row("tanh").calls == 200);
}

TEST_CASE("profile: the table") {
  const Profiled on;
  CHECK_PARTS(profile_table(), "gradus profile: 0.000 ms in operations");
  const Tensor a = ones({64, 64}).requires_grad_();
  Tape tape;
  tape.backward(sum(tanh(matmul(a, a))));
  const std::string text = profile_table();
  CHECK_PARTS(text, "operation", "matmul ", "forward", "backward", "tanh", "GFLOP/s", "GB/s", "us a call");
  CHECK(std::count(text.begin(), text.end(), '\n') == 2 + 6);
}
