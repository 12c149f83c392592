#include <cmath>

#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>

#include "support.hpp"

using namespace gradus;

namespace {
Tensor labels(std::vector<std::int64_t> y) { return from_data(y, {static_cast<std::int64_t>(y.size())}); }
const Tensor& scores() {
  static const Tensor x = tensor({{0, 1}, {3, 2}, {0, 4}, {1, 0}, {5, 6}});
  return x;
}
}  // namespace

TEST_CASE("accuracy is the share of examples whose largest score is at the label") {
  const nn::Identity net;
  const Tensor y = labels({1, 0, 0, 0, 1});
  CHECK(accuracy(net, scores(), y) == 0.8);
  CHECK(accuracy(net, scores(), y, 2) == 0.8);
  CHECK(accuracy([](const Tensor& x) { return -x; }, scores(), y) == doctest::Approx(0.2));
  struct Set {
    Tensor x, y;
  };
  CHECK(accuracy(net, Set{scores(), y}) == 0.8);
}

TEST_CASE("it evaluates, records nothing and leaves the network as it was") {
  nn::Sequential net{nn::Linear(2, 2), nn::Dropout(0.9), nn::BatchNorm1d(2)};
  net.get<nn::Dropout>(1).eval();
  Tape tape;
  accuracy(net, scores(), labels({1, 0, 0, 0, 1}), 2);
  CHECK(tape.size() == 0);
  CHECK(net.is_training());
  CHECK_FALSE(net[1].is_training());
  CHECK(net.get<nn::BatchNorm1d>(2).num_batches_tracked.item() == 0);
}

TEST_CASE("a row with a NaN is wrong, whatever the label") {
  const double nan = std::nan("");
  const Tensor all = full({4, 3}, nan), some = tensor({{1, nan}, {nan, 1}, {2, 1}, {0, 1}});
  const nn::Identity net;
  CHECK(accuracy(net, all, labels({0, 0, 1, 2})) == 0);
  CHECK(accuracy(net, some, labels({0, 0, 0, 0})) == 0.25);
  CHECK(accuracy(net, some, labels({1, 1, 0, 1}), 2) == 0.5);
}

TEST_CASE("a callable that holds a network evaluates it too") {
  const nn::Sequential net{nn::Linear(2, 2), nn::Dropout(0.9)};
  const auto call = [&](const Tensor& x) {
    CHECK_FALSE(net.is_training());
    return net(x);
  };
  const Tensor y = labels({1, 0, 0, 0, 1});
  CHECK(accuracy(call, scores(), y) == accuracy(net, scores(), y));
}

TEST_CASE("wrong calls of accuracy") {
  const nn::Identity net;
  CHECK_SAYS(accuracy(net, scores(), labels({1})), "accuracy: x and y are not examples with their labels",
             "x (5, 2), y (1,) i64", "tests/nn/metrics.cpp:");
  CHECK_SAYS(accuracy(net, scores(), zeros({5})), "y (5,) f32");
  CHECK_SAYS(accuracy(net, zeros({0, 2}), labels({})), "accuracy: there are no examples");
  CHECK_SAYS(accuracy(net, scores(), labels({1, 0, 0, 0, 1}), 0), "accuracy: batch is too small");
  CHECK_SAYS(accuracy(net, ones({2, 3, 4}), labels({1, 0})), "does not return one row of scores", "(2, 3, 4)",
             "tests/nn/metrics.cpp:");
  CHECK_SAYS(accuracy(net, ones({2, 1}), labels({1, 0})), "fewer than two scores", "(2, 1)", "zeros_like(z)");
  CHECK_SAYS(accuracy(net, scores(), labels({1, 0, 0, 2, 1}), 2), "accuracy: a label is not one of the classes",
             "2 at position 3", "0 to 1: the network returns 2 scores", "tests/nn/metrics.cpp:");
  CHECK_SAYS(accuracy(net, scores(), labels({1, 0, 0, -1, 1})), "-1 at position 3");
  CHECK_SAYS(accuracy([](const Tensor&) { return Tensor(); }, scores(), labels({1, 0, 0, 0, 1})),
             "an undefined tensor");
  CHECK_SAYS(accuracy(nn::Linear(3, 1), scores(), labels({1, 0, 0, 0, 1})), "linear", "tests/nn/metrics.cpp:");
}
