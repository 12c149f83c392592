// The file and line of what a trace records, in every way of writing an operation.
#include "study/traced.hpp"

using namespace gradus;
using traced::Json;
using traced::of;

namespace {

struct Here {
  const char* op;
  unsigned line;
};

template <class T>
Tensor twice(const T& x) {
  return x * 2;  // in a template
}
constexpr unsigned template_line = __LINE__ - 2;

Tensor cube(Arg x) {  // a function of the user's that hands its caller's line on
  const At at(x);
  return x * x * x;
}

}  // namespace

TEST_CASE("each operation carries the user's line") {
  const support::TempDir dir;
  const nn::Linear layer(2, 2);
  std::vector<Here> expected;
  unsigned first = 0, last = 0;
  {
    const study::Trace trace(dir / "t", {.checks = study::Checks::off});
    Tensor a = ones({1, 2}).requires_grad_(), b = ones({1, 2}).requires_grad_();
    Tape tape;
    const Tensor s = a + b;
    expected.push_back({"add", __LINE__ - 1});
    const Tensor d = a * 2;
    expected.push_back({"mul_scalar", __LINE__ - 1});
    const Tensor f = tanh(a);
    expected.push_back({"tanh", __LINE__ - 1});
    const Tensor m = layer(a);
    expected.push_back({"expand", __LINE__ - 1});
    expected.push_back({"addmm", __LINE__ - 2});
    const Tensor t = twice(a);
    expected.push_back({"mul_scalar", template_line});
    const Tensor c = cube(b);
    expected.push_back({"mul", __LINE__ - 1});
    expected.push_back({"mul", __LINE__ - 2});
    // clang-format off
    first = __LINE__ + 1;
    const Tensor two_lines = sigmoid(a)
                             - sigmoid(b);
    last = __LINE__ - 1;
    // clang-format on
    tape.backward(sum(s));
    expected.push_back({"sum", __LINE__ - 1});
  }
  const auto all = traced::events(dir / "t");
  std::size_t k = 0;
  int on_two_lines = 0;
  for (const Json& op : of(all, "op")) {
    const unsigned line = op["loc"]["line"];
    CHECK(support::contains(op["loc"]["file"], "study/location.cpp"));
    if (line >= first && line <= last) {  // compilers differ in which of the two
      ++on_two_lines;
      continue;
    }
    REQUIRE(k < expected.size());
    CAPTURE(op.dump());
    CHECK(op["op"] == expected[k].op);
    CHECK(line == expected[k].line);
    ++k;
  }
  CHECK(k == expected.size());
  CHECK(on_two_lines == 3);
  CHECK(of(all, "walk")[0]["loc"]["line"] == expected.back().line);
}

TEST_CASE("an optimizer step and a change in place carry theirs") {
  const support::TempDir dir;
  unsigned step = 0, change = 0;
  {
    const study::Trace trace(dir / "t", {.checks = study::Checks::off});
    Tensor x = ones({2}).requires_grad_();
    optim::Adam opt({x}, {.lr = 0.1});
    Tape tape;
    tape.backward(sum(x * x));
    opt.step();
    step = __LINE__ - 1;
    x.mul_(0.5);
    change = __LINE__ - 1;
  }
  const auto all = traced::events(dir / "t");
  CHECK(of(all, "step")[0]["loc"]["line"] == step);
  REQUIRE(of(all, "mutation").size() == 1);
  CHECK(of(all, "mutation")[0]["loc"]["line"] == change);
}
