// The names in a trace: of results, of tensors and of scopes.
#include "study/traced.hpp"

using namespace gradus;
using traced::Json;
using traced::of, traced::trace_of;

TEST_CASE("a result that was named is called so by the operations that read it") {
  const auto all = trace_of([] {
    const Tensor x = tensor({1.0, 2.0}, f64).requires_grad_();
    Tape tape;
    Tensor h = tanh(x);
    h.set_name("h");
    tape.backward(sum(h * x));
  });
  const auto ops = of(all, "op");
  REQUIRE(ops.size() == 3);
  CHECK(!ops[0].contains("names"));
  CHECK(ops[1]["names"] == Json{"h", ""});
  CHECK(!ops[2].contains("names"));
}

TEST_CASE("a parameter that has no name is called parameter 0, not 0") {
  const auto all = trace_of([] {
    const Tensor x = ones({2}, f64).requires_grad_(), named = ones({2}, f64).requires_grad_().set_name("w");
    optim::SGD opt({x, named}, {.lr = 0.1});
    Tape tape;
    tape.backward(sum(x * named));
    opt.step();
    opt.zero_grad();
  });
  CHECK(of(all, "step")[0]["parameter"] == "parameter 0");
  CHECK(of(all, "step")[1]["parameter"] == "w");
  CHECK(of(all, "zero_grad")[0]["name"] == "parameter 0");
}

TEST_CASE("names of tensors and scopes are text, whatever they hold") {
  Tensor x = ones({2}, f64).requires_grad_();
  const std::string name = "</script>\"\\\n\x01 \xff ∇";
  x.set_name(name);
  const auto all = trace_of([&] {
    Tape tape;
    const Scope scope("a \"b\"");
    const Tensor y = x * x;
  });
  CHECK(of(all, "leaf")[0]["name"] == "</script>\"\\\n\x01 \xEF\xBF\xBD ∇");
  CHECK(of(all, "op")[0]["scope"] == "a \"b\"");
}
