// Infinities that a program puts in itself, as a mask, are no fault; those that are computed are.
#include "study/traced.hpp"

using namespace gradus;
using traced::of;
using traced::trace_of;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

// The operation that a trace calls the first with a NaN or an infinity, and the one that the guard stops at: both are
// the same. "" if there is none.
std::string first_fault(const std::function<void()>& body) {
  const auto all = trace_of([&] {
    Tape tape;
    body();
  });
  std::string name;
  for (const auto& warning : of(all, "warning")) {
    if (warning["code"] != "nonfinite") continue;
    for (const auto& op : of(all, "op"))
      if (op["node"] == warning["node"]) name = op["op"];
    if (warning.contains("walk")) name += " backward";
  }
  std::string stopped;
  try {
    const auto guard = study::guard_nonfinite();
    Tape tape;
    body();
  } catch (const Error& e) {
    const std::string text = e.what();
    const std::size_t at = text.find('\'') + 1;
    stopped = text.substr(at, text.find('\'', at) - at);
  }
  CHECK(stopped == name);
  return name;
}

Tensor scores() {
  Tensor x = randn({3, 3}, f64).requires_grad_();
  return x;
}

}  // namespace

TEST_CASE("a mask of -inf is not called the first infinity, wherever it goes") {
  const Tensor x = scores();
  const Tensor row = reshape(arange(3), {1, 3});
  const Tensor later = row > reshape(arange(3), {3, 1});
  const Tensor added = where(later, full({3, 3}, -inf, f64), zeros({3, 3}, f64));
  const auto walk = [&](const Tensor& y) { Tape::current()->backward(sum(softmax(y, -1) * x)); };
  CHECK(first_fault([&] { walk(masked_fill(x * 2, later, -inf)); }) == "");
  CHECK(first_fault([&] { walk(x + added); }) == "");
  CHECK(first_fault([&] { walk((x + added) * 0.5 / full({3, 3}, 2.0, f64)); }) == "");
  CHECK(first_fault([&] {
          walk(transpose(reshape(masked_fill(x, transpose(later, 0, 1), -inf), {3, 3}), 0, 1));
        }) == "");
  CHECK(first_fault([&] { (void)((x + added)[0] + 1); }) == "");
}

TEST_CASE("what is computed is a fault, beside a mask too") {
  Tensor x = tensor({{1, 2}, {1e300, 0}}, f64).requires_grad_();
  const Tensor mask = tensor({{0, -inf}, {0, 0}}, f64);
  CHECK(first_fault([&] { (void)(log(x) + mask); }) == "log");
  CHECK(first_fault([&] { (void)((x + mask) * tensor({{1, 1}, {1e300, 1}}, f64)); }) == "mul");
  CHECK(first_fault([&] { (void)((x + mask) * tensor({{1, 0}, {1, 1}}, f64)); }) == "mul");  // -inf times 0
  CHECK(first_fault([&] { (void)softmax(x + full({2, 2}, -inf, f64), -1); }) == "softmax");
  CHECK(first_fault([&] { (void)matmul(x, mask); }) == "matmul");
  CHECK(first_fault([&] { (void)sum(x + mask); }) == "sum");
  CHECK(first_fault([&] { (void)(x * inf); }) == "mul_scalar");
  Tensor gone = tensor({{1, inf}, {0, 0}}, f64).requires_grad_();
  CHECK(first_fault([&] { (void)(gone + 1); }) == "add_scalar");  // a parameter is no mask
  CHECK(first_fault([&] { (void)sqrt(masked_fill(x, x > 5, inf)); }) == "sqrt");
}
