// The checks of a trace never call a right network wrong: random ones, with ties of zeros, kinks and tiny gradients.
#include <ctime>
#include <map>

#include "study/traced.hpp"

using namespace gradus;
using traced::Json;
using traced::of;

namespace {

// Numbers of which some are exactly 0, as the black of images.
Tensor speckled(const Shape& shape, DType dtype) {
  const Tensor x = randn(shape, f64);
  return masked_fill(x, rand(shape, f64) < 0.4, 0).to(dtype);
}

// Zero biases, as they are at the start of training, so that zeros stay zeros and tie.
template <class Net>
void without_biases(Net& net) {
  for (const nn::NamedParameter& p : net.named_parameters())
    if (p.name.find("bias") != std::string::npos) Tensor(p.value).fill_(0);
}

Tensor cnn(DType dtype, double scale) {
  nn::Sequential net{nn::Conv2d(1, 4, 3, {.padding = 1}),
                     nn::ReLU(),
                     nn::MaxPool2d(2),
                     nn::Conv2d(4, 6, 3),
                     nn::ReLU(),
                     nn::MaxPool2d(2),
                     nn::Flatten(),
                     nn::Linear(6, 3)};
  net.to(dtype);
  without_biases(net);
  return cross_entropy(net(speckled({2, 1, 8, 8}, dtype)), randint(0, 3, {2})) * scale;
}
Tensor residual(DType dtype, double scale) {
  nn::Linear first(6, 6), second(6, 6), last(6, 2);
  first.to(dtype), second.to(dtype), last.to(dtype);
  without_biases(first), without_biases(second);
  const Tensor x = speckled({3, 6}, dtype);
  Tensor h = x + relu(first(x));
  h = h + relu(second(relu(h))) - relu(-h);
  return mse_loss(last(h), speckled({3, 2}, dtype)) * scale;
}
Tensor recurrent(DType dtype, double scale) {
  nn::LSTM net(3, 4);
  net.to(dtype);
  return mean(square(net(speckled({2, 3, 3}, dtype)).y)) * scale;
}
Tensor attention(DType dtype, double scale) {
  nn::TransformerEncoderLayer net(8, 2, {.dim_feedforward = 12});
  net.to(dtype);
  net.eval();
  return mean(square(net(speckled({2, 3, 8}, dtype)))) * scale;
}
Tensor norms(DType dtype, double scale) {
  nn::Sequential net{nn::Conv2d(1, 4, 3), nn::BatchNorm2d(4), nn::LeakyReLU(),  nn::GroupNorm(2, 4),
                     nn::Flatten(),       nn::Linear(64, 5),  nn::LayerNorm(5), nn::GELU()};
  net.to(dtype);
  return sum(abs(net(speckled({2, 1, 6, 6}, dtype)))) * scale;
}

struct Counts {
  int ok = 0, kink = 0, skipped = 0, bad = 0;
  std::string first;  // bad one
};
Counts count(const std::vector<Json>& checks) {
  Counts c;
  for (const Json& check : checks) {
    const std::string verdict = check["verdict"];
    c.ok += verdict == "ok";
    c.kink += verdict == "kink";
    c.skipped += verdict == "skipped";
    if (verdict == "bad" && ++c.bad == 1) c.first = check.dump().substr(0, 400);
  }
  return c;
}

}  // namespace

TEST_CASE("on random correct networks no check is bad, with every element measured") {
  const std::vector<Tensor (*)(DType, double)> nets{cnn, residual, recurrent, attention, norms};
  Counts all;
  for (int seed = 0; seed < 50; ++seed) {
    manual_seed(static_cast<std::uint64_t>(seed) + 100);
    const DType dtype = seed / 5 % 2 ? f32 : f64;
    const double scale = seed % 3 == 0 ? 1e-6 : 1;
    const support::TempDir dir;
    {
      const study::Trace trace(dir / "t", {.checks = study::Checks::all});
      Tape tape;
      tape.backward(nets[static_cast<std::size_t>(seed) % nets.size()](dtype, scale));
    }
    const Counts c = count(of(traced::events(dir / "t"), "check"));
    INFO("network ", seed, ": ", c.first);
    CHECK(c.bad == 0);
    CHECK(c.ok > c.skipped);
    all.ok += c.ok, all.kink += c.kink, all.skipped += c.skipped, all.bad += c.bad;
  }
  MESSAGE(all.ok, " ok, ", all.kink, " kinks, ", all.skipped, " skipped, ", all.bad, " bad");
  CHECK(all.kink > 50);
}

TEST_CASE("ties of zeros before a pooling are kinks, however small the gradient") {
  for (const double scale : {1.0, 1e-5, 1e-7, 1e-9}) {
    Tensor x = zeros({1, 1, 4, 4}, f64).requires_grad_();
    const support::TempDir dir;
    {
      const study::Trace trace(dir / "t", {.checks = study::Checks::all});
      Tape tape;
      tape.backward(sum(max_pool2d(relu(x), 2)) * scale + 2.0);
    }
    const Counts c = count(of(traced::events(dir / "t"), "check"));
    INFO(c.first);
    CHECK(c.bad == 0);
  }
}

TEST_CASE("kinks that make up for each other are not called bad: relu(x) - relu(-x) is x") {
  Tensor x = tensor({0, 1, 0, -2}, f64).requires_grad_();
  const support::TempDir dir;
  {
    const study::Trace trace(dir / "t", {.checks = study::Checks::all});
    Tape tape;
    tape.backward(sum((relu(x) - relu(-x)) * 3));
  }
  const Counts c = count(of(traced::events(dir / "t"), "check"));
  INFO(c.first);
  CHECK(c.bad == 0);
  CHECK(c.kink > 0);
}

TEST_CASE("of a large tensor a sample is measured, and the whole along a direction: the price stays in proportion") {
  nn::Sequential net{nn::Conv2d(1, 6, 5, {.padding = 2}),
                     nn::ReLU(),
                     nn::MaxPool2d(2),
                     nn::Conv2d(6, 16, 5),
                     nn::ReLU(),
                     nn::MaxPool2d(2),
                     nn::Flatten(),
                     nn::Linear(400, 120),
                     nn::ReLU(),
                     nn::Linear(120, 10)};
  const Tensor x = randn({16, 1, 28, 28}), t = randint(0, 10, {16});
  const auto run = [&] {  // time of the processor: others may be at work on this machine
    const std::clock_t begin = std::clock();
    Tape tape;
    tape.backward(cross_entropy(net(x), t));
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  run();
  const double plain = std::min({run(), run(), run()});
  const support::TempDir dir;
  double traced_time = 0;
  {
    const study::Trace trace(dir / "t", {.checks = study::Checks::all});
    traced_time = run();
  }
  const auto checks = of(traced::events(dir / "t"), "check");
  MESSAGE("checked: ", traced_time, " s, plain ", plain, " s");
  CHECK(traced_time < 3000 * plain);
  std::map<std::string, int> kinds;
  for (const Json& c : checks) {
    ++kinds[c["kind"]];
    if (c["kind"] != "sample" || c["verdict"] == "skipped") continue;
    CHECK(c["measured"].get<int>() >= 8);
    CHECK(c["measured"].get<int>() < c["of"].get<int>());
  }
  CHECK(count(checks).bad == 0);
  CHECK(kinds["sample"] >= 5);
  CHECK(kinds["direction"] == kinds["sample"]);
  CHECK(kinds["elements"] >= 5);
}
