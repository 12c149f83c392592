// The tester is tested: right rules pass, wrong ones are caught and blamed, kinks are told apart, nothing passes on
// zeros.
#include <gradus/gradus.hpp>

#include <cmath>
#include <limits>

#include "support.hpp"

using namespace gradus;

namespace {

// x³, with a rule that can be got wrong in several ways.
enum class Fault { none, factor, sign, severed };
struct Cube {
  Fault fault = Fault::none;
  static constexpr auto name = "cube", rule = "dx = 3 g x²";
  static constexpr Saves saves{in0};
  void fields(auto& v) const { v("fault", fault); }
  Tensor forward(Fwd&, Ins in) const { return in[0] * in[0] * in[0]; }
  void vjp(Vjp& v) const {
    const Tensor x = fault == Fault::severed ? v.in(0).detach() : v.in(0);  // right at first order only
    const double k = fault == Fault::factor ? 2 : fault == Fault::sign ? -3 : 3;
    v.give(0, v.g * x * x * k);
  }
};
Tensor cube(Arg x, Fault fault = Fault::none) { return apply(Cube{fault}, x); }

}  // namespace

TEST_CASE("right rules pass at both orders, whatever the number of inputs") {
  manual_seed(1);
  CHECK(gradcheck([](Tensor x) { return cube(x); }, {randn({3})}, {.order = 2}));
  CHECK(gradcheck([](Tensor a, Tensor b, Tensor c) { return cube(a * b) + c; },
                  {randn({2, 3}), randn({3}), randn({2, 1})}, {.order = 2}));
  CHECK(gradcheck(
      [](const std::vector<Tensor>& x) {
        return std::vector<Tensor>{exp(x[0]), x[0] * x[1]};
      },
      {randn({2}), randn({2})}, {.order = 2}));
}

TEST_CASE("wrong rules are caught, and the operation is named with its line") {
  for (const Fault fault : {Fault::factor, Fault::sign}) {
    const int line = __LINE__ + 1;
    const auto r = gradcheck([=](Tensor x) { return sum(exp(cube(tanh(x), fault)) * 2); }, {randn({4})});
    CHECK(!r);
    CHECK(r.inputs[0].verdict == Verdict::wrong);
    CHECK(r.blame.find("cube (") == 0);
    CHECK(r.blame.find("gradcheck.cpp:" + std::to_string(line)) != std::string::npos);
    CHECK(to_string(r).find("FAILED") != std::string::npos);
  }
}

TEST_CASE("a severed graph passes at first order and fails at second") {
  const auto f = [](Tensor x) { return cube(x, Fault::severed); };
  CHECK(gradcheck(f, {randn({3})}));
  const auto r = gradcheck(f, {randn({3})}, {.order = 2});
  CHECK(!r);
  CHECK(r.blame.find("cube") == 0);
}

TEST_CASE("a kink is no error, a wrong slope beside it is") {
  const auto r = gradcheck([](Tensor x) { return relu(x); }, {tensor({0, 1, -2})});
  CHECK(r);
  CHECK(r.inputs[0].verdict == Verdict::kink);
  const auto smooth = gradcheck([](Tensor x) { return relu(x); }, {tensor({0.5, 1, -2})});
  CHECK(smooth);
  CHECK(smooth.inputs[0].verdict == Verdict::ok);
}

TEST_CASE("a check that compared only zeros fails and says so") {
  const auto r = gradcheck([](Tensor x) { return sign(x) * 1; }, {tensor({1, 2})});
  CHECK(!r);
  CHECK(r.reason.find("only zeros were compared") != std::string::npos);
  const auto none = gradcheck([](Tensor x) { return to(x, f64); }, {arange(3)});
  CHECK(!none);
  CHECK(none.reason.find("nothing was compared") != std::string::npos);
  const auto empty = gradcheck([](Tensor x) { return exp(x); }, {zeros({0})});
  CHECK(!empty);
}

TEST_CASE("a part cut off with detach() is found, for differences call the function afresh") {
  const auto r = gradcheck([](Tensor x) { return x * x.detach(); }, {randn({3})});
  CHECK(!r);
  CHECK(r.blame.empty());  // every rule is right; the program is not
}

TEST_CASE("dropout draws the same mask in every call") {
  manual_seed(5);
  CHECK(gradcheck([](Tensor x) { return dropout(exp(x), 0.5); }, {randn({6})}, {.order = 2}));
}

TEST_CASE("large inputs are checked along random directions") {
  const auto r = gradcheck([](Tensor x) { return tanh(x); }, {randn({40, 30})}, {.order = 2});
  CHECK(r);
  CHECK(!gradcheck([](Tensor x) { return cube(x, Fault::factor); }, {randn({40, 30})}));
}

TEST_CASE("it works under a live tape, which it leaves alone") {
  const Tensor x = scalar(2, f64).requires_grad_();
  Tape tape;
  const Tensor y = x * x;
  CHECK(gradcheck([](Tensor t) { return cube(t); }, {y}));
  CHECK(tape.size() == 2);
  tape.backward(y);
  CHECK(x.grad().item() == 4);
}

TEST_CASE("a function that is not deterministic is an error, not a verdict") {
  int calls = 0;
  const auto counting = [&](const Tensor& x) { return sum(x) * static_cast<double>(++calls); };
  CHECK_SAYS(gradcheck(counting, {ones({2})}), "gradcheck: the function is not deterministic", "result 0: 2, then 4",
             "gradcheck.cpp");
  Generator own(3);
  CHECK_SAYS(gradcheck([&](const Tensor& x) { return x * static_cast<double>(own.draw(1)); }, {ones({2})}),
             "is not deterministic", "shape (2,)");
  const auto varying = [&](const Tensor& x) { return std::vector<Tensor>(static_cast<std::size_t>(++calls), x); };
  CHECK_SAYS(gradcheck(varying, {ones({2})}), "is not deterministic", "no result, then shape (2,)");
  CHECK(gradcheck([](const Tensor& x) { return where(x > 0, x, std::nan("")) * 1; }, {ones({2})}));  // NaN is itself
}

TEST_CASE("a jump is an error and not a kink; the gradient may jump where the function has a kink") {
  const auto step = [](const Tensor& x) { return where(x > 0, x + 1, x); };
  const auto r = gradcheck(step, {tensor({0, 1})});
  CHECK(!r);
  CHECK(r.inputs[0].verdict == Verdict::jump);
  CHECK(support::contains(r.reason, "the function jumps at this value of input 0"));
  CHECK(support::contains(to_string(r), "jump"));
  CHECK(gradcheck(step, {tensor({0.5, -1})}));
  for (const auto& f : {+[](const Tensor& x) { return relu(x); }, +[](const Tensor& x) { return abs(x); }}) {
    const auto kink = gradcheck(f, {tensor({0, 2})}, {.order = 2});
    CHECK(kink);
    for (const InputVerdict& v : kink.inputs) CHECK(v.verdict != Verdict::wrong);
    CHECK(std::abs(kink.inputs[0].numeric) < 2);
  }
}

TEST_CASE("a network of f32 is told to become f64, with the line of its complaint") {
  nn::Linear net(2, 1);
  for (const Tensor& x : {ones({1, 2}), ones({1, 2}, f64)})
    CHECK_SAYS(gradcheck([&](const Tensor& t) { return net(t); }, {x}),
               "gradcheck: the function works in f32 and not in f64: linear", "net.to(f64)", "gradcheck.cpp");
  net.to(f64);
  CHECK(gradcheck([&](const Tensor& t) { return net(t); }, {ones({1, 2})}));
  const auto broken = [](const Tensor& t) { return matmul(t, ones({3, 3})); };
  CHECK_SAYS(gradcheck(broken, {ones({1, 2})}), "matmul: ", "gradcheck.cpp");  // wrong in any dtype: as it is
}

TEST_CASE("errors inside the check name the line of its call") {
  const auto undefined = [](const Tensor&) { return Tensor(); };
  CHECK(!gradcheck(undefined, {ones({2})}));
  const auto with_tape = [](const Tensor& x) {
    const Tape tape;
    return x * 1;
  };
  CHECK_SAYS(gradcheck(with_tape, {ones({2})}), "Tape: a tape is already live", "the one made at", "gradcheck.cpp");
  CHECK_SAYS(gradcheck([](const Tensor& x) { return x; }, {Tensor()}), "the tensor is undefined", "gradcheck.cpp");
}

TEST_CASE("options out of range") {
  const auto with = [](GradcheckOptions o) {
    return support::message([&] { (void)gradcheck([](const Tensor& x) { return x * x; }, {ones({2})}, o); });
  };
  for (const double bad : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK_PARTS(with({.rtol = bad}), "gradcheck: a tolerance is out of range", "gradcheck.cpp");
    CHECK_PARTS(with({.atol = bad}), "gradcheck: a tolerance is out of range");
  }
  CHECK_PARTS(with({.each_up_to = -1}), "each_up_to or directions is out of range");
  CHECK_PARTS(with({.directions = 0}), "directions of 1 or more");
  CHECK_PARTS(with({.order = 0}), "order is out of range", "1 or 2");
  CHECK(with({.rtol = 0, .atol = 1e-4, .each_up_to = 0}) == "nothing was thrown");
}

TEST_CASE("bad calls") {
  CHECK_SAYS(gradcheck([](Tensor a, Tensor b) { return a * b; }, {randn({2})}),
             "gradcheck: the function takes another number of tensors", "1", "2");
  CHECK_SAYS(gradcheck([](Tensor a) { return a; }, {randn({2})}, {.order = 3}), "order is out of range", "3", "1 or 2");
}
