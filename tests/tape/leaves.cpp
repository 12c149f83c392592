// What becomes a leaf too late, and why nothing was recorded: each is an error that names the cause, never zeros.
#include <gradus/gradus.hpp>

#include <thread>

#include "support.hpp"

using namespace gradus;

TEST_CASE("watch after a use on the tape is an error, whatever the use was") {
  const auto late = [](const auto& use, TapeOptions options = {}) {
    const Tensor x = tensor({1, 2}, f64);
    Tensor w = tensor({3, 4}, f64).requires_grad_();
    Tape tape(options);
    use(x, w);
    return support::message([&] { tape.watch(x); });
  };
  const char* const said = "watch: the tensor has been used on this tape already, as a constant";
  CHECK_PARTS(late([](const Tensor& x, const Tensor& w) { return x * w; }), said, "right after the tape is made",
              "leaves.cpp");
  CHECK_PARTS(late([](const Tensor& x, const Tensor& w) { return x + w; }), said);  // saves nothing
  CHECK_PARTS(late([](const Tensor& x, const Tensor& w) { return exp(x) * w; }), said);
  CHECK_PARTS(late([](const Tensor& x, const Tensor&) { return x * x; }), said);  // records nothing
  CHECK_PARTS(late([](const Tensor& x, const Tensor& w) { return x[0] * w; }), said);
  CHECK_PARTS(late([](const Tensor& x, const Tensor& w) { return x * w; }, {.replay = true}), said);
}

TEST_CASE("watch: what does not count as a use") {
  const Tensor x = tensor({1, 2}, f64);
  const Tensor before = x * 2;
  {
    Tape other;
    const Tensor y = x * 2;
  }
  Tape tape;
  {
    const NoRecord pause;
    const Tensor m = x - mean(x);
  }
  CHECK(x.at({0}) == 1);
  CHECK(to_string(x).size() > 3);
  CHECK(equal(x.detach(), x));
  tape.watch(x);
  tape.watch(x);  // again: nothing to do
  const Tensor y = sum(x * x);
  tape.watch(x);
  CHECK(tape.gradient(y, {x})[0].to_vector() == std::vector<double>{2, 4});
  CHECK(before.defined());
}

TEST_CASE("a leaf that was a constant when it was used has no gradient to ask for") {
  for (const bool replay : {false, true}) {
    Tensor x = scalar(2, f64);
    const Tensor w = scalar(3, f64).requires_grad_();
    Tape tape({.replay = replay});
    const Tensor y = x * w;
    x.requires_grad_();
    CHECK_SAYS(tape.gradient(y, {x}), "gradient: one of the tensors to differentiate for was used on this tape as a",
               "before x is used", "leaves.cpp");
    CHECK_SAYS(tape.backward(y, {.into = {x}}), "backward: one of the tensors", "as a constant");
    const Tensor z = y * x;  // a use as a leaf counts, and only that one
    CHECK(tape.gradient(z, {x})[0].item() == 6);
    x.requires_grad_(false);
    const Tensor again = z * x;
    CHECK(tape.gradient(again, {x})[0].item() == 12);
    CHECK(tape.gradient(again, {w})[0].item() == 8);
  }
}

TEST_CASE("an unused leaf has a gradient of zeros; a constant is an error") {
  const Tensor w = scalar(3).requires_grad_(), unused = scalar(1).requires_grad_(), constant = scalar(1);
  Tape tape;
  const Tensor y = w * w;
  CHECK(tape.gradient(y, {unused})[0].item() == 0);
  CHECK_SAYS(tape.gradient(y, {constant}), "was never on the tape", "tape.watch(x)");
}

TEST_CASE("watch needs the live tape of this thread") {
  const Tensor x = scalar(1);
  Tape tape;
  std::string said;
  std::thread([&] { said = support::message([&] { tape.watch(x); }); }).join();
  CHECK_PARTS(said, "watch: the tape is not the live tape of this thread", "leaves.cpp");
  tape.watch(x);
}

// ---- nothing was recorded ----

TEST_CASE("nothing was recorded: computed before the tape, or under NoRecord") {
  const Tensor w = scalar(3).requires_grad_();
  const Tensor early = w * w;
  Tape tape;
  CHECK_SAYS(tape.backward(early), "nothing was recorded for this tensor: it was made before the tape, or under NoRec");
  const auto hidden = [&] {
    const NoRecord pause;
    return w * w;
  };
  CHECK_SAYS(tape.backward(hidden()), "made before the tape, or under NoRecord", "while the tape is live");
  CHECK_SAYS(tape.backward(early * 2), "computed on this tape from constants only", "before the tape");
}

TEST_CASE("nothing was recorded: frozen parameters, also of a network") {
  Tensor w = scalar(3).requires_grad_();
  w.requires_grad_(false);
  nn::Linear layer(2, 1);
  for (Tensor p : layer.parameters()) p.requires_grad_(false);
  Tape tape;
  const char* const said = "nothing was recorded for this tensor: each parameter it was computed from is frozen";
  CHECK_SAYS(tape.backward(exp(w * 2)), said, "requires_grad_()", "leaves.cpp");
  CHECK_SAYS(tape.backward(sum(layer(ones({1, 2})))), said);
  w.requires_grad_();
  tape.backward(w * 2);
  CHECK(w.grad().item() == 2);
}

TEST_CASE("nothing was recorded: operations without derivative") {
  const Tensor w = tensor({1, 3, 2}).requires_grad_();
  Tape tape;
  const char* const said = "constants are also the results of comparisons and argmax";
  CHECK_SAYS(tape.backward(mean(to(w > 2, f32))), "computed on this tape from constants only", said);
  CHECK_SAYS(tape.backward(sum(to(argmax(w, 0), f32))), said);
  CHECK_SAYS(tape.backward(sum(w.to(i64).to(f32))), "a conversion to i64 or bool stands between it and the leaves",
             "no derivative");
}

TEST_CASE("a second derivative needs a first one that was recorded, and the message says so") {
  const Tensor x = scalar(0.5, f64).requires_grad_();
  Tape tape;
  const Tensor y = sin(x);
  const char* const said = "it comes from a gradient that was not recorded";
  const char* const cure = "tape.gradient(y, {x}, {.record = true})";
  const Tensor du = tape.gradient(y, {x})[0];
  CHECK_SAYS(tape.gradient(du, {x}), said, cure, "leaves.cpp");
  CHECK_SAYS(tape.backward(square(du) * 2), said, cure);
  tape.backward(y, {.keep = true});
  CHECK_SAYS(tape.gradient(x.grad(), {x}), said, cure);
  CHECK(tape.gradient(tape.gradient(y * 1, {x}, {.record = true})[0], {x})[0].item() == doctest::Approx(-0.4794255386));
}
