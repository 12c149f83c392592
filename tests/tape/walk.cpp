// Walking back: accumulation, release, pruning, gradients of gradients, and everything that can go wrong.
#include <gradus/gradus.hpp>

#include <pthread.h>

#include <cmath>
#include <thread>

#include "support.hpp"

using namespace gradus;

namespace {
Tensor leaf(double v) { return scalar(v, f64).requires_grad_(); }
}  // namespace

TEST_CASE("a value used twice gathers two contributions") {
  const Tensor a = leaf(1);
  Tape tape;
  const Tensor b = a + a, c = b + b;  // naive recursion says 8
  tape.backward(c);
  CHECK(a.grad().item() == 4);
}

TEST_CASE("backward adds to grad; zero_grad makes it undefined") {
  Tensor x = leaf(3);
  CHECK(!x.grad().defined());
  for (int i = 1; i <= 2; ++i) {
    Tape tape;
    tape.backward(2 * x * x);
    CHECK(x.grad().item() == 12 * i);
  }
  x.zero_grad();
  CHECK(!x.grad().defined());
}

TEST_CASE("accumulation over several tapes equals one big batch") {
  const Tensor x = randn({4, 3}, f64);
  Tensor w = randn({3}, f64).requires_grad_();
  {
    Tape tape;
    tape.backward(sum(square(matmul(x, w))));
  }
  const Tensor whole = w.grad();
  w.zero_grad();
  for (int i = 0; i < 4; ++i) {
    Tape tape;
    tape.backward(sum(square(matmul(slice(x, 0, {i, i + 1}), w))));
  }
  CHECK(allclose(w.grad(), whole, 1e-12));
}

TEST_CASE("a second walk needs keep, and the message names both calls") {
  const Tensor x = leaf(3);
  Tape tape;
  const Tensor y = x * x;
  tape.backward(y, {.keep = true});
  tape.backward(y);
  CHECK(x.grad().item() == 12);
  CHECK(tape[1].released());
  CHECK_SAYS(tape.backward(y), "backward: the saved tensors of 'mul (", "released by the backward() at", "walk.cpp",
             ".keep = true");
  CHECK(x.grad().item() == 12);  // nothing was added by the failed call
}

TEST_CASE("gradient touches no grad() and releases nothing; zeros where nothing reaches") {
  const Tensor x = leaf(3), z = leaf(1);
  Tape tape;
  const Tensor y = x * x;
  const auto g = tape.gradient(y, {x, z});
  CHECK(g[0].item() == 6);
  CHECK(g[1].item() == 0);
  CHECK(!x.grad().defined());
  CHECK(tape.gradient(y, {x})[0].item() == 6);
  tape.backward(y);
  CHECK(x.grad().item() == 6);
}

TEST_CASE("gradient of an intermediate tensor and of the result itself") {
  const Tensor x = leaf(2);
  Tape tape;
  const Tensor h = x * x, y = h * h * x;
  const auto g = tape.gradient(y, {h, x, y});
  CHECK(g[0].item() == 2 * 4 * 2);
  CHECK(g[1].item() == 5 * 16);
  CHECK(g[2].item() == 1);
}

TEST_CASE("a cotangent turns gradient into a vector-Jacobian product") {
  const Tensor x = tensor({1, 2, 3}, f64).requires_grad_();
  Tape tape;
  const Tensor y = x * x;
  const auto g = tape.gradient(y, {x}, {.cotangent = tensor({1, 0, -1}, f64)});
  CHECK(g[0].to_vector() == std::vector<double>{2, 0, -6});
  CHECK_SAYS(tape.gradient(y, {x}), "does not have exactly one element", "shape", "(3,)");
  CHECK_SAYS(tape.gradient(y, {x}, {.cotangent = ones({2}, f64)}), "the cotangent must have the shape", "(2,)", "(3,)");
  CHECK_SAYS(tape.gradient(y, {x}, {.cotangent = ones({3})}), "the cotangent must have the shape", "f32", "f64");
}

TEST_CASE("gradients of gradients, to the third order") {
  const Tensor x = leaf(0.5);
  Tape tape;
  const Tensor y = tanh(x);
  const Tensor d1 = tape.gradient(y, {x}, {.record = true})[0];
  const Tensor d2 = tape.gradient(d1, {x}, {.record = true})[0];
  const Tensor d3 = tape.gradient(d2, {x})[0];
  const double t = std::tanh(0.5), s = 1 - t * t;
  CHECK(d1.item() == doctest::Approx(s).epsilon(1e-14));
  CHECK(d2.item() == doctest::Approx(-2 * t * s).epsilon(1e-14));
  CHECK(d3.item() == doctest::Approx(s * (6 * t * t - 2)).epsilon(1e-13));
}

TEST_CASE("gradient before backward: a derivative inside the loss") {
  const Tensor w = leaf(0.7), x = leaf(0.3);
  Tape tape;
  const Tensor u = sin(w * x);
  const Tensor du = tape.gradient(u, {x}, {.record = true})[0];  // w cos(wx)
  tape.backward(square(du));
  CHECK(w.grad().item() == doctest::Approx(2 * 0.7 * std::cos(0.21) * (std::cos(0.21) - 0.21 * std::sin(0.21))));
}

TEST_CASE("two losses on one tape, each into its own parameters") {
  Tensor g = leaf(2), d = leaf(3);
  Tape tape;
  const Tensor fake = g * 5, score = fake * d;
  tape.backward(score, {.keep = true, .into = {d}});
  CHECK(d.grad().item() == 10);
  CHECK(!g.grad().defined());
  tape.backward(-score, {.into = {g}});
  CHECK(g.grad().item() == -15);
  CHECK(d.grad().item() == 10);
}

TEST_CASE("watch makes an input a leaf for one tape") {
  const Tensor x = tensor({1, 2}, f64);
  {
    Tape tape;
    tape.watch(x);
    const Tensor y = sum(x * x);
    CHECK(tape.gradient(y, {x})[0].to_vector() == std::vector<double>{2, 4});
  }
  Tape tape;
  const Tensor y = sum(x * x);
  CHECK(tape.size() == 0);
  CHECK_SAYS(tape.watch(arange(3)), "watch:", "i64");
}

TEST_CASE("asking for the gradient of a constant is an error, not zeros") {
  const Tensor x = leaf(1), k = scalar(2, f64);
  Tape tape;
  const Tensor y = x * k;
  CHECK_SAYS(tape.gradient(y, {k}), "was used on this tape as a constant", "requires_grad_() or tape.watch(x)");
}

TEST_CASE("freezing: requires_grad_(false) makes a constant") {
  Tensor a = leaf(2), b = leaf(3);
  a.requires_grad_(false);
  Tape tape;
  tape.backward(a * b);
  CHECK(!a.grad().defined());
  CHECK(b.grad().item() == 2);
}

TEST_CASE("stepping is the implementation") {
  const Tensor x = leaf(3);
  Tape tape;
  const Tensor y = x * x + x;
  BackwardPass pass(tape, y);
  std::vector<int> visits;
  while (pass.step()) {
    visits.push_back(pass.node());
    CHECK(!x.grad().defined());  // leaves get theirs at the end
  }
  CHECK(visits == std::vector<int>{2, 1, 0});
  CHECK(x.grad().item() == 7);
  CHECK(!pass.step());
  CHECK(x.grad().item() == 7);
}

TEST_CASE("a changed saved tensor is caught, and the message says who changed it") {
  Tensor w = ones({2}, f64).requires_grad_();
  Tape tape;
  const Tensor y = sum(w * w);
  w.mul_(2);
  CHECK_SAYS(tape.backward(y), "'mul (", "saved in", "it has been changed since", "mul_ at", "walk.cpp",
             "before the change");
  CHECK(!w.grad().defined());
}

namespace {
struct Lying {  // reads what it did not save
  static constexpr auto name = "lying", rule = "dx = g x";
  static constexpr Saves saves{};
  void fields(auto&) const {}
  Tensor forward(Fwd&, Ins in) const { return in[0] * 1; }
  void vjp(Vjp& v) const { v.give(0, v.g * v.in(0)); }
};
struct Misshapen {
  static constexpr auto name = "misshapen", rule = "dx = sum(g)";
  static constexpr Saves saves{};
  void fields(auto&) const {}
  Tensor forward(Fwd&, Ins in) const { return in[0] * 1; }
  void vjp(Vjp& v) const { v.give(0, sum(v.g)); }
};
struct Forgetful {
  double a = 1, b = 2;
  static constexpr auto name = "forgetful", rule = "dx = g";
  static constexpr Saves saves{};
  void fields(auto& v) const { v("a", a); }
  Tensor forward(Fwd&, Ins in) const { return in[0] * a; }
  void vjp(Vjp& v) const { v.give(0, v.g * a); }
};
}  // namespace

TEST_CASE("faults of a user's operation are named") {
  const Tensor x = ones({2}, f64).requires_grad_();
  {
    Tape tape;
    const Tensor y = sum(apply(Lying{}, x));
    CHECK_SAYS(tape.backward(y), "the rule of 'lying", "reads in0, which the operation does not save", "`saves`");
  }
  {
    Tape tape;
    const Tensor y = sum(apply(Misshapen{}, x));
    CHECK_SAYS(tape.backward(y), "the rule of 'misshapen", "gave a gradient of the wrong shape or dtype to input 0",
               "()", "(2,)");
    CHECK(!x.grad().defined());
  }
  const int line = __LINE__ + 1;
  const std::string text = support::message([&] { (void)apply(Forgetful{}, x); });
  CHECK_PARTS(text, "forgetful: fields() of the operation does not list every attribute", "1 in fields(), 2 members",
              "walk.cpp:" + std::to_string(line));
}

TEST_CASE("an error inside the walk changes no gradient and leaves recording as it was") {
  const Tensor x = leaf(1), z = leaf(1);
  Tape tape;
  const Tensor y = apply(Lying{}, x * z) + z;
  CHECK_SAYS(tape.backward(y), "lying");
  CHECK(!x.grad().defined());
  CHECK(!z.grad().defined());
  const int before = tape.size();
  const Tensor w = x * z;
  CHECK(tape.size() == before + 1);
}

TEST_CASE("replay computes the same values again, and follows a replaced one") {
  manual_seed(3);
  const Tensor x = randn({5}, f64).requires_grad_(), k = randn({5}, f64);
  Tape tape({.replay = true});
  const Tensor y = sum(dropout(x * k, 0.5) + 1);
  auto values = tape.replay();
  CHECK(equal(values.back(), y));
  tape.backward(y);
  values = tape.replay();  // from leaves and constants: releasing does not matter
  CHECK(equal(values.back(), y));
  const int leaf_number = tape.index_of(x);
  values = tape.replay({.node = leaf_number, .value = zeros({5}, f64)});
  CHECK(values.back().item() == 5);
  Tensor changed = x;
  changed.fill_(0);
  CHECK_SAYS(tape.replay(), "replay: a leaf has changed since it was recorded", "{.current = true}");
  CHECK(tape.replay({.current = true}).back().item() == 5);
}

TEST_CASE("one operation runs again on inputs like those recorded, and on no others") {
  const Tensor w = tensor({1, 2}).requires_grad_();
  const Tensor c = tensor({3, 4});
  Tape tape({.replay = true});
  mul(w, c);
  const NodeView mul = tape[2];
  const auto again = [&](Tensor a, Tensor b) { return mul.apply(std::vector<Tensor>{a, b}); };
  CHECK(equal(again(c, c), tensor({9, 16})));
  CHECK(again(c.to(f64), c.to(f64)).dtype() == f64);
  CHECK_SAYS(again(c, zeros({3})), "NodeView::apply: input 1 of 'mul' differs from the recorded one", "(3,) f32",
             "(2,) f32", "walk.cpp:");
  CHECK_SAYS(again(c, c.to(f64)), "(2,) f64", "(2,) f32");
  CHECK_SAYS(again(c, c.to(i64)), "(2,) i64");
  CHECK_SAYS(mul.apply(std::vector<Tensor>{c}), "wrong number of inputs for 'mul'", "1", "2");
  CHECK_SAYS(tape[0].apply(std::vector<Tensor>{}), "this node is a leaf, not an operation");
}

TEST_CASE("replay needs a tape that keeps its constants") {
  const Tensor x = leaf(1);
  Tape tape;
  mul(x, ones({}, f64));
  CHECK_SAYS(tape.replay(), "replay: this tape does not keep its constants", "{.replay = true}");
  CHECK_SAYS(tape[1].apply(std::vector<Tensor>{x, x}), "a constant input that the tape did not keep");
}

TEST_CASE("a tape is walked on its own thread") {
  const Tensor x = leaf(1);
  Tape tape;
  const Tensor y = x * x;
  std::string said;
  std::thread([&] { said = support::message([&] { tape.backward(y); }); }).join();
  CHECK(said.find("another thread") != std::string::npos);
  tape.backward(y);
}

TEST_CASE("threads share parameters, each with a tape of its own") {
  const Tensor w = ones({8}, f64).requires_grad_();
  std::vector<Tensor> g(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < g.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        Tape tape;
        g[t] = tape.gradient(sum(w * w * static_cast<double>(t)), {w})[0];
      }
    });
  for (auto& t : threads) t.join();
  for (std::size_t t = 0; t < g.size(); ++t) CHECK(g[t].at({0}) == 2 * static_cast<double>(t));
}

TEST_CASE("a chain of a million operations walks back and is freed on a stack of 256 KiB") {
  Tensor x = leaf(1);
  pthread_attr_t small;
  pthread_attr_init(&small);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr std::size_t stack = 8 << 20;  // the sanitizers' own frames do not fit
#else
  constexpr std::size_t stack = 256 << 10;
#endif
  REQUIRE(pthread_attr_setstacksize(&small, stack) == 0);
  pthread_t thread;
  const auto chain = [](void* leaf) -> void* {
    Tape tape;
    Tensor y = *static_cast<Tensor*>(leaf);
    for (int i = 0; i < 1'000'000; ++i) y = y + 1;
    tape.backward(y);
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &small, chain, &x) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&small);
  CHECK(x.grad().item() == 1);
}

TEST_CASE("a gradient from views is dense and owned") {
  const Tensor w = randn({3, 2}, f64).requires_grad_();
  Tape tape;
  tape.backward(sum(w.t()));
  CHECK(w.grad().is_contiguous());
  Tensor g = w.grad();
  g.add_(ones({3, 2}, f64));  // no expanded view hides here
  CHECK(w.grad().at({2, 1}) == 2);
}

TEST_CASE("gradients that two inputs share are handed out apart") {
  const Tensor a = ones({2}, f64).requires_grad_(), b = ones({2}, f64).requires_grad_();
  Tape tape;
  auto g = tape.gradient(sum(a + b), {a, b});
  g[0].fill_(7);
  CHECK(g[1].at({0}) == 1);
}
