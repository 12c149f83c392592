// The derivatives that a trace measures: right where the rule is, and blame on the one that is wrong.
#include <map>
#include <optional>
#include <set>

#include "study/traced.hpp"

using namespace gradus;
using traced::Json;
using traced::of;

namespace {

struct Swish {
  static constexpr auto name = "swish", rule = "dx = g (σ + x σ (1 - σ))";
  static constexpr Saves saves{in0};
  void fields(auto&) const {}
  Tensor forward(Fwd&, Ins in) const { return in[0] * sigmoid(in[0]); }
  void vjp(Vjp& v) const {
    const Tensor s = sigmoid(v.in(0));
    v.give(0, v.g * (s + v.in(0) * s));  // wrong
  }
};

struct SingleOnly {  // as one that goes through the numbers of an f32 tensor by hand
  static constexpr auto name = "single_only", rule = "dx = 3 g x²";
  static constexpr Saves saves{in0};
  void fields(auto&) const {}
  Tensor forward(Fwd& f, Ins in) const {
    if (in[0].dtype() != f32) f.fail({.wrong = "takes f32 only"});
    return in[0] * in[0] * in[0];
  }
  void vjp(Vjp& v) const { v.give(0, v.g * square(v.in(0)) * (wrong ? 4.0 : 3.0)); }
  static inline bool wrong = false;
};

std::vector<Json> checks_of(const std::function<Tensor()>& f, study::Checks level = study::Checks::dir) {
  const support::TempDir dir;
  {
    const study::Trace trace(dir / "t", {.checks = level});
    Tape tape;
    tape.backward(f());
  }
  return of(traced::events(dir / "t"), "check");
}

std::set<std::string> with(const std::vector<Json>& checks, const std::string& verdict, const std::string& kind = "") {
  std::set<std::string> found;
  for (const Json& c : checks)
    if (c["verdict"] == verdict && (kind.empty() || c["kind"] == kind))
      found.insert(c["kind"].get<std::string>() + " t" + c["node"].dump());
  return found;
}

}  // namespace

TEST_CASE("a network is right in every node; large tensors along a direction") {
  for (const DType dtype : {f32, f64}) {
    nn::Sequential net{nn::Linear(20, 30), nn::Tanh(), nn::LayerNorm(30), nn::Linear(30, 4)};
    net.to(dtype);
    const Tensor x = randn({8, 20}, dtype), t = randint(0, 4, {8});
    const auto checks = checks_of([&] { return cross_entropy(net(x), t); });
    std::map<std::string, int> kinds;
    for (const Json& c : checks) {
      CAPTURE(c.dump());
      CHECK(c["verdict"] == "ok");
      CHECK(c["error"].get<double>() < 1e-5);
      ++kinds[c["kind"]];
    }
    CHECK(kinds["local"] >= 8);
    CHECK(kinds["elements"] >= 5);   // biases, the logits, the loss
    CHECK(kinds["direction"] >= 5);  // weights and activations
  }
}

TEST_CASE("levels: off, local, dir, all") {
  Tensor x = randn({10, 10}, f64).requires_grad_();
  const auto f = [&] { return sum(tanh(x)); };
  CHECK(checks_of(f, study::Checks::off).empty());
  CHECK(with(checks_of(f, study::Checks::local), "ok") == std::set<std::string>{"local t1", "local t2"});
  CHECK(with(checks_of(f, study::Checks::dir), "ok") ==
        std::set<std::string>{"local t1", "local t2", "direction t0", "direction t1", "elements t2"});
  CHECK(with(checks_of(f, study::Checks::all), "ok") ==
        std::set<std::string>{"local t1", "local t2", "elements t0", "elements t1", "elements t2"});
}

TEST_CASE("a wrong rule: locally that operation alone, globally every tensor that its gradient flows through") {
  for (const DType dtype : {f32, f64}) {
    Tensor w = randn({3, 2}, dtype).requires_grad_();
    const Tensor x = randn({2, 4}, dtype);
    // 0 w, 1 matmul, 2 tanh, 3 swish, 4 exp, 5 sum
    const auto checks = checks_of([&] { return sum(exp(apply(Swish{}, tanh(matmul(w, x))))); });
    CHECK(with(checks, "bad", "local") == std::set<std::string>{"local t3"});
    CHECK(with(checks, "bad", "elements") == std::set<std::string>{"elements t0", "elements t1", "elements t2"});
    CHECK(with(checks, "ok", "elements") == std::set<std::string>{"elements t3", "elements t4", "elements t5"});
  }
}

TEST_CASE("where there is no derivative the verdict is kink, and a wrong rule is still seen beside it") {
  Tensor x = tensor({-1, 0, 2, 0}, f64).requires_grad_();
  auto checks = checks_of([&] { return sum(relu(x)); });
  CHECK(with(checks, "kink") == std::set<std::string>{"elements t0", "local t1"});
  CHECK(with(checks, "bad").empty());
  checks = checks_of([&] { return sum(abs(x) * maximum(x, 0)); });
  CHECK(with(checks, "bad").empty());
  CHECK(with(checks, "kink").size() >= 2);
  checks = checks_of([&] { return sum(relu(apply(Swish{}, x))); });
  CHECK(with(checks, "bad", "local") == std::set<std::string>{"local t1"});
}

TEST_CASE("near a kink, at the edge of a domain, small beside the bends, huge and tiny numbers") {
  Tensor x = tensor({1e-7, -3e-6, 2e-6, 9e-7, 1e-5}, f64).requires_grad_();
  auto checks = checks_of([&] { return sum(relu(x)); });
  CHECK(with(checks, "bad").empty());
  CHECK(with(checks, "kink").empty());
  Tensor p = tensor({1e-6, 1e-3, 1, 1e6, 1e-9}, f64).requires_grad_();
  checks = checks_of([&] { return sum(log(p)) + sum(sqrt(p)); });
  CHECK(with(checks, "bad").empty());
  CHECK(with(checks, "kink").empty());
  Tensor s = tensor({1e-8, 0, 1e8}, f64).requires_grad_();
  checks = checks_of([&] { return sum(s * s); });
  CHECK(with(checks, "bad").empty());
  CHECK(with(checks, "kink").empty());
  // A value that is not finite can be said nothing about, and is not called bad.
  Tensor z = tensor({0, 1}, f64).requires_grad_();
  checks = checks_of([&] { return sum(log(z)); });
  CHECK(with(checks, "bad").empty());
  CHECK(!with(checks, "skipped").empty());
}

TEST_CASE("a right gradient is not called wrong where the function bends much within a step") {
  for (const DType dtype : {f32, f64})
    for (const double size : {1e-1, 1e-2, 2e-3, 5e-4, 1e-4, 1e-5}) {
      CAPTURE(size);
      manual_seed(7);
      Tensor x = randn({8, 64}, dtype);
      slice(x, 0, {5, 6}).mul_(size);  // one row near 0: sqrt of its sum of squares bends within any usual step
      x.requires_grad_();
      const auto checks = checks_of([&] { return mean(square(sqrt(sum(square(relu(x)), {1})) - 1)); });
      CHECK(with(checks, "bad").empty());
    }
  // A wrong rule is still named.
  Tensor x = (randn({8, 64}, f64) * 1e-3).requires_grad_();
  const auto checks = checks_of([&] { return sum(sqrt(sum(square(apply(Swish{}, x)), {1}))); });
  CHECK(with(checks, "bad", "local") == std::set<std::string>{"local t1"});
}

TEST_CASE("the local derivative of rules that work element by element, and of no others") {
  Tensor x = randn({2, 3}, f64).requires_grad_(), y = randn({3, 3}, f64).requires_grad_();
  const auto checks = checks_of([&] { return sum(softmax(matmul(tanh(x) * x, y), 1) * x); });
  int tanhs = 0;
  for (const Json& c : checks) {
    if (c["kind"] != "local") continue;
    const std::string op = c["op"];
    CAPTURE(op);
    CHECK(c.contains("local") == (op == "tanh" || op == "mul"));
    if (op != "tanh") continue;
    ++tanhs;
    const auto local = traced::numbers(c["local"]), v = x.to_vector();
    for (std::size_t i = 0; i < v.size(); ++i)
      CHECK(local[i] == doctest::Approx(1 - std::tanh(v[i]) * std::tanh(v[i])).epsilon(1e-12));
  }
  CHECK(tanhs == 1);
}

TEST_CASE("an operation that refuses f64 is checked in f32, less closely") {
  Tensor x = tensor({0.5, -1.25, 2}).requires_grad_();
  const auto run = [&](bool wrong) {
    SingleOnly::wrong = wrong;
    return checks_of([&] { return sum(tanh(apply(SingleOnly{}, tanh(x)))); });
  };
  const auto right = run(false);
  CHECK(with(right, "bad").empty());
  CHECK(with(right, "skipped").empty());
  CHECK(with(run(true), "bad", "local") == std::set<std::string>{"local t2"});
}

TEST_CASE("a leaf that has changed since it was recorded is said, not measured") {
  Tensor x = ones({2}, f64).requires_grad_();
  const support::TempDir dir;
  {
    const study::Trace trace(dir / "t");
    Tape tape;
    const Tensor y = sum(x * 3);
    x.fill_(5);
    tape.backward(y);
  }
  const auto all = traced::events(dir / "t");
  CHECK(of(all, "check").empty());
  REQUIRE(of(all, "warning").size() == 1);
  CHECK(of(all, "warning")[0]["code"] == "check");
}

TEST_CASE("checks change nothing: random numbers, gradients and tapes are as without them") {
  const auto run = [](bool traced) {
    manual_seed(3);
    const support::TempDir dir;
    std::optional<study::Trace> trace;
    if (traced) trace.emplace(dir / "t", study::TraceOptions{});
    nn::Sequential net{nn::Linear(4, 8), nn::ReLU(), nn::Dropout(0.5), nn::Linear(8, 2)};
    optim::Adam opt(net, {.lr = 0.1});
    int nodes = 0;
    for (int i = 0; i < 4; ++i) {
      Tape tape;
      tape.backward(mean(square(net(randn({5, 4})) - 1)));
      opt.step();
      opt.zero_grad();
      nodes += tape.size();
    }
    std::vector<double> all{static_cast<double>(nodes), randn({1}).item()};
    for (const Tensor& p : net.parameters())
      for (const double v : p.to_vector()) all.push_back(v);
    return all;
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("a tape too long to measure at every tensor is measured in part, and says so") {
  Tensor x = ones({1}, f64).requires_grad_();
  const support::TempDir dir;
  {
    const study::Trace trace(dir / "t");
    Tape tape;
    Tensor y = x;
    for (int i = 0; i < 6000; ++i) y = y * 1.0001;
    tape.backward(y);
  }
  const auto all = traced::events(dir / "t");
  std::map<std::string, int> kinds;
  for (const Json& c : of(all, "check")) {
    CHECK(c["verdict"] == "ok");
    ++kinds[c["kind"]];
  }
  CHECK(kinds["local"] == 6000);
  CHECK(kinds["elements"] > 100);
  CHECK(kinds["elements"] < 6000);
  REQUIRE(of(all, "warning").size() == 1);
  CHECK(of(all, "warning")[0]["code"] == "check");
}
