// Engines that are wrong in one thing, and by how much: numbers worked out by hand.
#include "study/traced.hpp"

using namespace gradus;
using study::Fault;

namespace {

Tensor leaf(double v) { return scalar(v, f64).requires_grad_(); }

std::vector<double> values(const std::vector<Tensor>& list) {
  std::vector<double> v;
  for (const Tensor& t : list) v.push_back(t.item());
  return v;
}

}  // namespace

TEST_CASE("without order a diamond gives 8 where 4 is right") {
  const Tensor a = leaf(3);
  Tape tape({.replay = true});
  const Tensor b = a + a, c = b + b;
  CHECK(values(study::faulty_backward(tape, c, {a}, Fault::order)) == std::vector<double>{8});
  CHECK(values(study::faulty_backward(tape, c, {a}, Fault::none)) == std::vector<double>{4});
  tape.backward(c);
  CHECK(a.grad().item() == 4);
}

TEST_CASE("without order two values that share inputs give (29, 22) where (25, 19) is right") {
  const Tensor a = leaf(2), b = leaf(3);
  Tape tape({.replay = true});
  const Tensor c = a + b, d = a * b, y = (c + d) + c * d;
  CHECK(values(study::faulty_backward(tape, y, {a, b}, Fault::order)) == std::vector<double>{29, 22});
  CHECK(values(study::faulty_backward(tape, y, {a, b}, Fault::none)) == std::vector<double>{25, 19});
}

TEST_CASE("without the sum a broadcast bias gets a gradient of the larger shape") {
  const Tensor b = zeros({3}, f64).requires_grad_(), x = ones({4, 3}, f64);
  Tape tape({.replay = true});
  const Tensor y = sum(x + b);
  CHECK(study::faulty_backward(tape, y, {b}, Fault::sum)[0].shape() == Shape{4, 3});
  CHECK(equal(study::faulty_backward(tape, y, {b}, Fault::none)[0], tensor({4, 4, 4}, f64)));
}

TEST_CASE("overwriting keeps the last contribution only") {
  const Tensor x = leaf(3);
  Tape tape({.replay = true});
  const Tensor y = x * x;
  CHECK(values(study::faulty_backward(tape, y, {x}, Fault::overwrite)) == std::vector<double>{3});
  CHECK(values(study::faulty_backward(tape, y, {x}, Fault::none)) == std::vector<double>{6});
}

TEST_CASE("walked twice, leaves may accumulate and intermediates may not: 36 where 24 is right") {
  const Tensor x = leaf(3);
  Tape tape({.replay = true});
  const Tensor z = square(x) * 2;
  CHECK(values(study::faulty_backward(tape, z, {x}, Fault::stale)) == std::vector<double>{12});
  CHECK(values(study::faulty_backward(tape, z, {x}, Fault::none, {.walks = 2})) == std::vector<double>{24});
  CHECK(values(study::faulty_backward(tape, z, {x}, Fault::stale, {.walks = 2})) == std::vector<double>{36});
}

TEST_CASE("the right one agrees with the library on a network, and touches nothing") {
  manual_seed(1);
  const nn::Sequential net{nn::Linear(3, 4), nn::Tanh(), nn::Linear(4, 2)};
  Tape tape({.replay = true});
  const Tensor loss = cross_entropy(net(randn({5, 3})), tensor({0, 1, 1, 0, 1}, i64));
  const int size = tape.size();
  const auto parameters = net.parameters();
  const auto mine = study::faulty_backward(tape, loss, parameters, Fault::none);
  CHECK(tape.size() == size);
  for (const Tensor& p : parameters) CHECK(!p.grad().defined());
  tape.backward(loss);
  for (std::size_t i = 0; i < mine.size(); ++i) CHECK(allclose(mine[i], parameters[i].grad(), 1e-6, 1e-7));
}

TEST_CASE("what it refuses") {
  const Tensor x = leaf(3), other = leaf(1);
  {
    Tape tape;
    const Tensor y = x * x;
    CHECK_SAYS(study::faulty_backward(tape, y, {x}, Fault::none), "replay", "faulty.cpp");
  }
  Tape tape({.replay = true});
  const Tensor y = x * x, v = ones({2}, f64).requires_grad_() * 2;
  CHECK_SAYS(study::faulty_backward(tape, other, {x}, Fault::none), "the loss is not on this tape");
  CHECK_SAYS(study::faulty_backward(tape, v, {x}, Fault::none), "not one number");
  CHECK_SAYS(study::faulty_backward(tape, y, {other}, Fault::none), "one of the inputs is not on this tape");
  Tensor deep = y;
  for (int i = 0; i < 40; ++i) deep = deep + deep;
  CHECK_SAYS(study::faulty_backward(tape, deep, {x}, Fault::order), "a million visits");
}
