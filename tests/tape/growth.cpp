// A tape that was made outside the loop: said once, by the optimizer, before it changes anything.
#include <gradus/gradus.hpp>

#include "support.hpp"

using namespace gradus;

namespace {

struct Training {
  Tensor w = scalar(1, f64).requires_grad_();
  optim::SGD opt{{w}, {.lr = 1e-6}};
  void step(Tape& tape) {
    tape.backward(w * w);
    opt.step();
    opt.zero_grad();
  }
};

}  // namespace

TEST_CASE("a tape outside the loop is an error at the thousandth step, and only there") {
  Training t;
  const int line = __LINE__ + 1;
  Tape tape;
  for (int i = 0; i < 999; ++i) t.step(tape);
  const double before = t.w.item();
  CHECK_SAYS(t.step(tape), "SGD: one tape has been live for 1000 steps and still grows", "nodes on the tape made at",
             "growth.cpp:" + std::to_string(line), "put `Tape tape;` inside the loop", "{.long_lived = true}");
  CHECK(t.w.item() == before);
  for (int i = 0; i < 1500; ++i) t.step(tape);
  CHECK(t.w.item() < before);
}

TEST_CASE("a tape that says long_lived may grow, and one that does not grow may stay") {
  Training t;
  {
    Tape tape({.long_lived = true});
    for (int i = 0; i < 1100; ++i) t.step(tape);
  }
  Tape tape;
  const Tensor loss = t.w * 2;
  for (int i = 0; i < 1100; ++i) {  // the same nodes, walked again
    tape.backward(loss, {.keep = true});
    t.opt.step();
    t.opt.zero_grad();
  }
  CHECK(tape.size() == 2);
}

TEST_CASE("a tape for each step is never refused") {
  Training t;
  for (int i = 0; i < 1100; ++i) {
    Tape tape;
    t.step(tape);
  }
  CHECK(t.w.item() < 1);
}
