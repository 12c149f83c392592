// The first NaN or infinity is an error that says where it came from.
#include <limits>
#include <optional>

#include "study/traced.hpp"

using namespace gradus;

TEST_CASE("forward: the operation, its line, and the input") {
  Tensor x = tensor({{1, 2}, {0, 4}}, f64).requires_grad_();
  const auto guard = study::guard_nonfinite();
  Tape tape;
  const Tensor y = x * 1;
  const Scope scope("net.fc1");
  unsigned line = 0;
  const auto f = [&] {
    line = __LINE__ + 1;
    return log(y);
  };
  CHECK_SAYS(f(), "guard_nonfinite", "'log' in net.fc1", "-inf at (1, 0)", "input 0 (mul_scalar, ",
             "from 0 to 4, 0 there", "guard.cpp:" + std::to_string(line));
  const Tensor z = exp(y * 2);  // the program may go on
  CHECK(tape[tape.index_of(z)].scope() == "net.fc1");
}

TEST_CASE("forward: a NaN that comes with an input, a constant, a leaf; f32 and views") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const DType dtype : {f32, f64}) {
    Tensor x = ones({2, 3}, dtype).requires_grad_(), bad = ones({2, 3}, dtype);
    bad.set({1, 2}, nan);
    const auto guard = study::guard_nonfinite();
    {
      Tape tape;
      CHECK_SAYS(x + bad, "'add'", "nan at (1, 2)", "input 1 (a constant)", "already holds nan at (1, 2)");
      CHECK_SAYS(x * HUGE_VAL, "'mul_scalar'", "inf at (0, 0)", "from 1 to 1, 1 there");
    }
    bad.requires_grad_();
    bad.set_name("w");
    Tape tape;
    const Tensor t = transpose(bad, 0, 1);  // a leaf and its views are judged by what is computed from them
    CHECK_SAYS(t * 1, "'mul_scalar'", "nan at (2, 1)", "input 0 (permute, ", "already holds nan at (2, 1)");
  }
}

TEST_CASE("backward: the rule, its input and the line; one of several readers; the cotangent") {
  Tensor x = tensor({4, 0, 1}, f64).requires_grad_();
  x.set_name("x");
  const auto guard = study::guard_nonfinite();
  {
    Tape tape;
    const unsigned line = __LINE__ + 1;
    const Tensor y = sqrt(x) + exp(x) * x;
    const Tensor l = sum(y);
    CHECK_SAYS(tape.backward(l), "the rule of 'sqrt'", "input 0 (x)", "inf at (1,)", "the incoming gradient",
               "from 1 to 1", "its output", "0 there", "dx = g / (2 y)", "guard.cpp:" + std::to_string(line));
    CHECK(!x.grad().defined());
  }
  Tape tape;
  const Tensor y = x * 2;
  CHECK_SAYS(tape.gradient(y, {x}, {.cotangent = tensor({1, HUGE_VAL, 1}, f64)}), "'mul_scalar'", "inf at (1,)",
             "the cotangent");
}

TEST_CASE("a value read very often is looked at once, and still found") {
  Tensor x = tensor({4, 0, 1}, f64).requires_grad_();
  const auto guard = study::guard_nonfinite();
  Tape tape;
  Tensor total = sum(sqrt(x));
  for (int i = 0; i < 20; ++i) total = total + sum(slice(x, 0, {0, 1}));
  CHECK_SAYS(tape.backward(total), "not finite", "inf at (1,)");
}

TEST_CASE("nothing when all is finite, nothing after its scope, and nothing changes") {
  const auto run = [](bool guarded) {
    manual_seed(1);
    std::optional<study::NonfiniteGuard> guard;
    if (guarded) guard.emplace();
    nn::Sequential net{nn::Linear(4, 8), nn::BatchNorm1d(8), nn::ReLU(), nn::Linear(8, 2)};
    optim::AdamW opt(net, {.lr = 0.1});
    for (int i = 0; i < 5; ++i) {
      Tape tape;
      tape.backward(mean(square(net(randn({5, 4})))));
      opt.step();
      opt.zero_grad();
    }
    std::vector<double> all;
    for (const Tensor& p : net.parameters())
      for (const double v : p.to_vector()) all.push_back(v);
    return all;
  };
  CHECK(run(true) == run(false));
  Tensor x = tensor({-1}, f64).requires_grad_();
  Tape tape;
  CHECK(std::isnan(log(x).item()));
}
