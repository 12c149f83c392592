// What a trace of a small program holds: all of it, in order, to the bit.
#include <map>

#include "study/traced.hpp"

using namespace gradus;
using traced::Json;
using traced::numbers;
using traced::of, traced::trace_of;

namespace {

struct Net : nn::Module<Net> {
  nn::Linear fc1{2, 3}, fc2{3, 1};
  Tensor forward(const Tensor& x) const {
    const Tensor h = tanh(fc1(x));
    return fc2(sigmoid(h) + h);  // h is used twice
  }
  void fields(auto& v) { v("fc1", fc1), v("fc2", fc2); }
};

struct Half {
  static constexpr auto name = "half", rule = "da = g, and b is forgotten";
  static constexpr Saves saves{};
  void fields(auto&) const {}
  Tensor forward(Fwd&, Ins in) const { return in[0] + in[1]; }
  void vjp(Vjp& v) const { v.give(0, v.g); }
};

}  // namespace

TEST_CASE("the header comes first, the end last, and what an event names has been there before") {
  const auto all = trace_of([] {
    Net net;
    optim::SGD opt(net, {.lr = 0.1, .momentum = 0.9});
    for (int step = 0; step < 3; ++step) {
      Tape tape;
      tape.backward(mean(square(net(randn({4, 2})))));
      opt.step();
      opt.zero_grad();
      study::scalar("step", step);
    }
  });
  CHECK(all.front()["ev"] == "header");
  CHECK(all.front()["format"] == "gradus-trace");
  CHECK(all.front()["version"] == 1);
  CHECK(all.back()["ev"] == "end");
  CHECK(all.back()["events"] == all.size() - 1);
  CHECK(all.back()["ok"] == true);
  std::map<std::pair<int, int>, Json> nodes;
  int tape = 0;
  for (const Json& e : all) {
    const std::string ev = e["ev"];
    if (ev == "tape") CHECK(e["tape"] == ++tape);
    if (ev == "leaf" || ev == "op") {
      for (const Json& k : e.value("inputs", Json::array())) CHECK(nodes.count({e["tape"], k}));
      nodes[{e["tape"], e["node"]}] = e;
    }
    for (const char* key : {"from", "to"})
      if (ev == "contribution") CHECK(nodes.count({e["tape"], e[key]}));
    if (ev == "visit") {
      REQUIRE(nodes.count({e["tape"], e["node"]}));
      CHECK(e["grad"]["shape"] == nodes[{e["tape"], e["node"]}]["value"]["shape"]);
    }
  }
  CHECK(tape == 3);
  // The same parameter has the same number and name on every tape.
  std::map<int, std::string> names;
  for (const Json& leaf : of(all, "leaf"))
    if (!leaf["constant"]) {
      const auto [at, fresh] = names.emplace(leaf["tensor"], leaf["name"]);
      CHECK(at->second == leaf["name"].get<std::string>());
    }
  CHECK(names.size() == 4);
  std::string list;
  for (const auto& [number, name] : names) list += name + " ";
  for (const char* name : {"fc1.weight ", "fc1.bias ", "fc2.weight ", "fc2.bias "})
    CHECK(support::contains(list, name));
  CHECK(of(all, "zero_grad").size() == 12);
  CHECK(of(all, "scalar").size() == 3);
  CHECK(of(all, "scalar")[2]["value"] == 2);
  CHECK(of(all, "scalar")[2]["step"] == 3);
  REQUIRE(of(all, "step").size() == 12);
  const Json step = of(all, "step")[11];
  CHECK(step["optimizer"] == "SGD");
  CHECK(step["step"] == 2);
  CHECK(step["count"] == 3);
  CHECK(step["lr"] == 0.1);
  CHECK(step["state"].contains("momentum_buffer"));
  const auto before = numbers(step["before"]), after = numbers(step["after"]);
  double change = 0, size = 0;
  for (std::size_t i = 0; i < before.size(); ++i)
    change += std::pow(after[i] - before[i], 2), size += std::pow(before[i], 2);
  CHECK(step["ratio"].get<double>() == doctest::Approx(std::sqrt(change / size)));
}

TEST_CASE("the contributions of each leaf add up to its grad, to the bit") {
  for (const DType dtype : {f32, f64}) {
    CAPTURE(name(dtype));
    Tensor w = randn({6, 5}, dtype).requires_grad_(), b = randn({5}, dtype).requires_grad_();
    const Tensor x = randn({4, 6}, dtype);
    const auto all = trace_of([&] {
      Tape tape;
      const Tensor h = tanh(matmul(x, w) + b);
      Tensor total = sum(h * h) + sum(b * b);
      for (int i = 0; i < 4; ++i) total = total + sum(exp(slice(w, 0, {i, i + 2})));  // windows of one slot
      tape.backward(total);
    });
    int leaves = 0, fused = 0;
    for (const Json& leaf : of(all, "leaf")) {
      if (leaf["constant"]) continue;
      ++leaves;
      std::vector<double> sum;
      int k = 0;
      for (const Json& c : of(all, "contribution")) {
        if (c["to"] != leaf["node"]) continue;
        CHECK(c["k"] == ++k);
        const auto added = numbers(c["added"]);
        if (sum.empty()) {
          CHECK(c["before"].is_null());
          sum = added;
          continue;
        }
        CHECK(numbers(c["before"]) == sum);
        for (std::size_t i = 0; i < sum.size(); ++i) {
          sum[i] += added[i];
          if (dtype == f32) sum[i] = static_cast<float>(sum[i]);
        }
        if (!c["fused"]) {
          CHECK(numbers(c["after"]) == sum);
          continue;
        }
        const auto after = numbers(c["after"]);  // a product that added itself: equal up to rounding
        for (std::size_t i = 0; i < sum.size(); ++i)
          CHECK(after[i] == doctest::Approx(sum[i]).epsilon(dtype == f32 ? 1e-5 : 1e-13));
        sum = after;
        ++fused;
      }
      CHECK(k > 1);
      const Tensor& x_ = leaf["value"]["shape"].size() == 2 ? w : b;
      CHECK(sum == x_.grad().to_vector());
    }
    CHECK(leaves == 2);
    CHECK(fused == 4);  // three windows behind the first, and a product
  }
}

TEST_CASE("a value used twice gets 1 of 2 and 2 of 2; a broadcast bias is two visits") {
  Tensor b = randn({3}, f64).requires_grad_();
  const Tensor x = randn({4, 3}, f64);
  const auto all = trace_of([&] {
    Tape tape;
    const Tensor h = tanh(x + b);  // 0 b, 1 expand, 2 add, 3 tanh
    tape.backward(sum(sigmoid(h) + h));
  });
  std::vector<std::string> counts;
  for (const Json& c : of(all, "contribution"))
    if (c["to"] == 3) counts.push_back(c["k"].dump() + "/" + c["of"].dump());
  CHECK(counts == std::vector<std::string>{"1/2", "2/2"});

  Json expand, bias;
  for (const Json& c : of(all, "contribution")) {
    if (c["from"] == 2) expand = c;
    if (c["from"] == 1) bias = c;
  }
  CHECK(expand["to"] == 1);
  CHECK(expand["added"]["shape"] == Json{4, 3});
  CHECK(bias["to"] == 0);
  CHECK(bias["added"]["shape"] == Json{3});
  const auto wide = numbers(expand["added"]), summed = numbers(bias["added"]);
  for (std::size_t c = 0; c < 3; ++c) {
    double total = 0;
    for (std::size_t r = 0; r < 4; ++r) total += wide[r * 3 + c];
    CHECK(summed[c] == doctest::Approx(total).epsilon(1e-14));
  }
  std::string visits;
  for (const Json& v : of(all, "visit")) visits += v["node"].dump() + " ";
  CHECK(visits == "6 5 4 3 2 1 0 ");
}

TEST_CASE("numbers round-trip, and what JSON cannot say is text") {
  const double third = 1.0 / 3, tiny = 4.9e-324, big = 1.7976931348623157e308;
  Tensor x = tensor({third, tiny, big, -0.0}, f64).requires_grad_();
  Tensor y = tensor({0.1, 16777217.0}, f32).requires_grad_();
  const auto all = trace_of([&] {
    Tape tape;
    const Tensor z = log(x - tensor({0, 0, HUGE_VAL, 1}, f64));
    const Tensor u = y * 3;
  });
  const auto leaves = of(all, "leaf");
  CHECK(leaves[0]["value"]["data"].dump() == "[0.3333333333333333,5e-324,1.7976931348623157e+308,-0.0]");
  CHECK(numbers(leaves[0]["value"]) == x.to_vector());
  CHECK(std::signbit(numbers(leaves[0]["value"])[3]));
  CHECK(numbers(leaves[1]["value"]) == std::vector<double>{0, 0, HUGE_VAL, 1});
  CHECK(leaves[1]["value"]["data"][2] == "inf");
  CHECK(numbers(leaves[2]["value"]) == y.to_vector());
  CHECK(of(all, "op")[1]["value"]["data"][2] == "nan");
  const auto warnings = of(all, "warning");
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0]["code"] == "nonfinite");
  CHECK(warnings[0]["node"] == 2);  // log: the infinity before it is that of the constant
}

TEST_CASE("large tensors are summarised") {
  Tensor x = arange(0, 100, 1, f64).requires_grad_();
  const auto all = trace_of(
      [&] {
        Tape tape;
        tape.backward(sum(x));
      },
      {.checks = study::Checks::off, .values = 99});
  const Json value = of(all, "leaf")[0]["value"];
  CHECK(!value.contains("data"));
  CHECK(value["shape"] == Json{100});
  CHECK(value["stats"]["min"] == 0);
  CHECK(value["stats"]["max"] == 99);
  CHECK(value["stats"]["mean"] == 49.5);
  CHECK(value["stats"]["std"].get<double>() == doctest::Approx(std::sqrt(833.25)));
  CHECK(value["stats"]["norm"].get<double>() == doctest::Approx(std::sqrt(328350.0)));
  CHECK(value["stats"]["zero"] == 1);
  CHECK(value["head"].size() == 16);
  CHECK(value["tail"][15] == 99);
  CHECK(of(all, "check").empty());
}

TEST_CASE("steps that are not asked for are recorded in outline") {
  const auto steps_in_full = [](const std::string& steps) {
    Tensor x = ones({2}, f64).requires_grad_();
    const auto all = trace_of(
        [&] {
          optim::SGD opt({x}, {.lr = 0.1});
          for (int i = 0; i < 6; ++i) {
            Tape tape;
            tape.backward(sum(x * x));
            opt.step();
            opt.zero_grad();
          }
        },
        {.steps = steps, .checks = study::Checks::off});
    CHECK(of(all, "walk").size() == 6);  // the loss is there always
    CHECK(of(all, "step").size() == 6);
    std::string full;
    for (const Json& t : of(all, "tape"))
      if (t["full"]) full += t["step"].dump() + " ";
    std::string with_values;
    for (const Json& s : of(all, "step"))
      if (s.contains("before")) with_values += s["step"].dump() + " ";
    CHECK(with_values == full);
    CHECK(of(all, "op").size() == 2 * static_cast<std::size_t>(std::count(full.begin(), full.end(), ' ')));
    return full;
  };
  CHECK(steps_in_full("all") == "0 1 2 3 4 5 ");
  CHECK(steps_in_full("none") == "");
  CHECK(steps_in_full("1,3-4") == "1 3 4 ");
  CHECK(steps_in_full("0-9") == "0 1 2 3 4 5 ");
  const support::TempDir dir;
  for (const char* wrong : {"", "1,", "3-1", "x", "-1", "1 2", "1--2"})
    CHECK_SAYS(study::Trace(dir / "t", {.steps = wrong}), "'steps' is not a list of steps");
  CHECK_SAYS(study::Trace(dir / "t", {.values = -1}), "negative");
}

TEST_CASE("without an optimizer, tapes that were walked are the steps") {
  Tensor x = ones({2}, f64).requires_grad_();
  const auto all = trace_of(
      [&] {
        for (int i = 0; i < 4; ++i) {
          Tape tape;
          tape.backward(sum(x * x));
          x.add_(x.grad(), -0.1);
          x.zero_grad();
        }
      },
      {.steps = "2"});
  std::string steps;
  for (const Json& t : of(all, "tape")) steps += t["step"].dump() + (t["full"] ? "! " : " ");
  CHECK(steps == "0 1 2! 3 ");
  const auto mutations = of(all, "mutation");
  REQUIRE(mutations.size() == 1);
  CHECK(mutations[0]["what"] == "add_");
}

TEST_CASE("a ring keeps the last events, what they refer to, and stops at the first NaN") {
  const support::TempDir dir;
  const std::string path = dir / "t.jsonl";
  Tensor x = ones({2}, f64).requires_grad_();
  const auto run = [&](int steps, int bad) {
    const study::Trace trace(path, {.steps = "all", .checks = study::Checks::off, .ring = 30});
    for (int i = 0; i < steps; ++i) {
      Tape tape;
      tape.backward(sum(log(i == bad ? x - 2 : x + 1)));
    }
  };
  run(200, -1);
  auto all = traced::events(path);
  CHECK(all.size() >= 30);
  CHECK(all.size() <= 50);
  CHECK(all[1]["ev"] == "dropped");
  CHECK(all.back()["ev"] == "end");
  CHECK(of(all, "tape_end").back()["tape"] == 200);
  std::map<std::pair<int, int>, bool> nodes;
  for (const Json& e : all)
    if (e["ev"] == "leaf" || e["ev"] == "op") nodes[{e["tape"], e["node"]}] = true;
  for (const Json& v : of(all, "visit")) CHECK(nodes.count({v["tape"], v["node"]}));
  run(200, 120);
  all = traced::events(path);
  CHECK(of(all, "warning")[0]["code"] == "nonfinite");
  CHECK(of(all, "warning")[0]["tape"] == 121);
  CHECK(of(all, "tape").back()["tape"] == 121);
  CHECK(all.back()["ev"] == "end");
}

TEST_CASE("two traces at once both record; a tape that was live before is left out") {
  const support::TempDir dir;
  Tensor x = ones({2}, f64).requires_grad_();
  {
    Tape early;
    const study::Trace a(dir / "a", {.checks = study::Checks::off}), b(dir / "b", {.checks = study::Checks::off});
    early.backward(sum(x * x));
  }
  CHECK(of(traced::events(dir / "a"), "op").empty());
  {
    const study::Trace a(dir / "a"), b(dir / "b");
    Tape tape;
    tape.backward(sum(x * x));
  }
  CHECK(of(traced::events(dir / "a"), "op").size() == 2);
  CHECK(of(traced::events(dir / "b"), "op").size() == 2);
}

TEST_CASE("a walk that an error ends, a gradient, a recorded walk") {
  Tensor x = tensor({1, 2}, f64).requires_grad_(), z = tensor({3, 4}, f64).requires_grad_();
  const auto all = trace_of([&] {
    Tape tape;
    const Tensor y = sum(x * x * z);
    const Tensor g = tape.gradient(y, {x}, {.record = true})[0];
    const Tensor n = sum(g * g);
    tape.gradient(n, {z});
    tape.backward(y);
    CHECK_THROWS_AS(tape.backward(y), Error);
  });
  const auto walks = of(all, "walk");
  REQUIRE(walks.size() == 4);
  CHECK(walks[0]["what"] == "gradient");
  CHECK(walks[0]["recorded"] == true);
  CHECK(walks[0]["targets"] == Json{0});
  CHECK(walks[1]["recorded"] == false);
  CHECK(!walks[2].contains("targets"));
  CHECK(walks[2]["value"] == 3 + 16);
  const auto ends = of(all, "walk_end");
  REQUIRE(ends.size() == 4);
  CHECK(ends[2]["complete"] == true);
  CHECK(ends[3]["complete"] == false);
  for (const Json& c : of(all, "check")) CHECK(c["verdict"] == "ok");
  CHECK(of(all, "check").size() > 20);
  for (const Json& c : of(all, "contribution")) CHECK(c["k"] <= c["of"]);
  CHECK(of(all, "warning").empty());
}

TEST_CASE("a rule that gives less than the tape promises is told of") {
  Tensor a = ones({2}, f64).requires_grad_(), b = ones({2}, f64).requires_grad_();
  const auto all = trace_of([&] {
    Tape tape;
    tape.backward(sum(apply(Half{}, a, b)));
  });
  const auto warnings = of(all, "warning");
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0]["code"] == "contributions");
  CHECK(warnings[0]["node"] == 1);
  std::string bad;
  for (const Json& c : of(all, "check"))
    if (c["verdict"] == "bad")
      bad += c["kind"].get<std::string>() + c["node"].dump() + ":" + c.value("slot", Json()).dump();
  CHECK(bad == "local2:1");
}
