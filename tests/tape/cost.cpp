// What a walk and a node cost: time that grows with what is visited, and bytes.
#include <gradus/gradus.hpp>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "support.hpp"
#include "tape/node.hpp"

using namespace gradus;

namespace {

// Of the fastest of some calls: what else the machine does makes them slower, never faster.
template <class F>
double seconds(const F& f) {
  double best = 1e9;
  for (int i = 0; i < 200; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

Tensor chain(Tensor x, int steps) {
  for (int i = 0; i < steps; ++i) x = x * 1.0000001;
  return x;
}

}  // namespace

TEST_CASE("a walk costs what it visits, not what else is on the tape") {
  const Tensor x = scalar(3, f64).requires_grad_(), other = scalar(1, f64).requires_grad_();
  const auto with = [&](int before, int behind, int between) {
    Tape tape;
    chain(other, before);
    const Tensor z = x * 2;
    const Tensor apart = chain(other * 1, between);
    const Tensor y = z * z + 0 * other;
    chain(other, behind);
    const double of_result = seconds([&] { CHECK(tape.gradient(y, {z})[0].item() == 12); });
    const double of_leaf = seconds([&] { CHECK(tape.gradient(y, {x})[0].item() == 24); });
    return std::max(of_result, of_leaf);
  };
  const double alone = with(0, 0, 0);
  CHECK(with(100'000, 0, 0) < 4 * alone);
  CHECK(with(0, 100'000, 0) < 4 * alone);
  CHECK(with(0, 0, 100'000) < 4 * alone);
}

TEST_CASE("a gradient in a loop costs the same at each step") {
  const auto per_step = [](int steps) {
    double best = 1e9;
    for (int round = 0; round < 5; ++round) {
      const Tensor w = scalar(0.5, f64).requires_grad_();
      const std::clock_t begin = std::clock();  // of the processor: other programs do not count
      Tape tape;
      Tensor x = scalar(1, f64) * w;
      for (int i = 0; i < steps; ++i) x = x - 0.01 * tape.gradient(x * x * w, {x}, {.record = true})[0];
      tape.backward(x);
      best = std::min(best, static_cast<double>(std::clock() - begin));
    }
    return best / steps;
  };
  CHECK(per_step(6000) < 6 * per_step(85));  // 18 where each walk looks at the whole tape
}

TEST_CASE("walks within walks, and after errors, find nothing of each other") {
  const Tensor x = scalar(2, f64).requires_grad_();
  Tape tape;
  const Tensor y = x * x, z = y * y;
  for (int i = 0; i < 3; ++i) {
    BackwardPass outer(tape, z, {.keep = true});
    CHECK(outer.step());
    CHECK(tape.gradient(z, {x})[0].item() == 32);  // while the outer one stands still
    CHECK(tape.gradient(y, {x})[0].item() == 4);
    if (i == 1) continue;  // left in the middle
    while (outer.step()) {}
  }
  CHECK(x.grad().item() == 64);
  Tensor w = tensor({1, 2}, f64).requires_grad_();
  const Tensor s = sum(w * w);
  w.fill_(3);
  for (int i = 0; i < 2; ++i) CHECK_SAYS(tape.gradient(s, {w}), "it has been changed since");
  CHECK(tape.gradient(z, {x, y})[1].item() == 8);
}

TEST_CASE("needed: what lies between y and the targets, for observers") {
  struct Needs : Observer {
    std::vector<Need> needed;
    void on_walk_begin(const WalkEvent& e) override { needed.assign(e.needed.begin(), e.needed.end()); }
  } seen;
  const Tensor a = scalar(2, f64).requires_grad_(), b = scalar(3, f64).requires_grad_();
  Tape tape;
  const Tensor p = a * 2, q = b * 2, r = p * q, beside = p * 5;  // a 0, p 1, b 2, q 3, r 4, beside 5
  const Tensor y = r * 1;                                        // 6
  const Observing watching(seen);
  CHECK(tape.gradient(y, {a, r})[0].item() == 12);
  using enum Need;
  CHECK(seen.needed == std::vector<Need>{target, passage, none, none, passage | target, none, passage});
  CHECK(tape.gradient(y, {b})[0].item() == 8);
  CHECK(seen.needed == std::vector<Need>{none, none, target, passage, passage, none, passage});
}

TEST_CASE("a node and its number take at most 450 bytes") {
  if constexpr (sizeof(void*) == 8) {
    const std::size_t block = (detail::numbers_at(sizeof(double)) + sizeof(double) + 63) / 64 * 64;
    CHECK(sizeof(detail::Node) + block + sizeof(Tensor) + sizeof(Need) <= 450);
  }
}

TEST_CASE("what does not fit into a node lies beside it") {
  const Tensor x = ones({1, 1, 1, 1, 2, 3}, f64).requires_grad_();  // six axes
  std::vector<Tensor> parts;
  for (int i = 0; i < 7; ++i) parts.push_back(x * i);
  Tape tape;
  const Tensor y = concat(std::vector<Tensor>{x, x * 2, x * 3, x * 4, x * 5, x * 6}, 4);
  CHECK(tape[tape.index_of(y)].shape() == Shape{1, 1, 1, 1, 12, 3});
  CHECK(tape[tape.index_of(y)].inputs().size() == 6);
  tape.backward(sum(permute(y, {5, 4, 3, 2, 1, 0})));
  CHECK(equal(x.grad(), full({1, 1, 1, 1, 2, 3}, 21, f64)));
}

TEST_CASE("x[i] is one node") {
  const Tensor x = tensor({{1, 2}, {3, 4}}, f64).requires_grad_();
  Tape tape;
  const Tensor y = x[1];
  CHECK(tape.size() == 2);
  CHECK(tape[1].attributes() == "axis=0, index=1");
  const Tensor z = sum(y * y) + sum(x[-1]) + x[0][1];
  CHECK(tape.gradient(z, {x})[0].to_vector() == std::vector<double>{0, 1, 7, 9});
  const Tensor g = tape.gradient(z, {x}, {.record = true})[0];
  CHECK(tape.gradient(sum(g * g), {x})[0].to_vector() == std::vector<double>{0, 0, 28, 36});
}
