// The monitor: what it measures, what it writes, and that it changes nothing.
#include <gradus/gradus.hpp>

#include <cmath>
#include <nlohmann/json.hpp>

#include "support.hpp"

using namespace gradus;
using Json = nlohmann::json;
using support::contains, support::read, support::TempDir;

namespace {

struct Clouds {
  Tensor x, y;
};

Clouds clouds(std::int64_t n) {
  manual_seed(3);
  Tensor x = randn({n, 4});
  return {x, argmax(x, 1).clone()};
}

nn::Sequential small_net() {
  manual_seed(1);
  return nn::Sequential{nn::Linear(4, 8), nn::ReLU(), nn::Linear(8, 8), nn::Tanh(), nn::Linear(8, 4)};
}

std::vector<Json> lines(const std::string& path) {
  std::vector<Json> all;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) all.push_back(Json::parse(line));
  return all;
}

std::vector<Json> of_kind(const std::vector<Json>& all, const std::string& kind) {
  std::vector<Json> some;
  for (const Json& j : all) {
    if (j["ev"] == kind) some.push_back(j);
  }
  return some;
}

// 8 batches each.
void two_epochs(nn::Sequential& net, optim::OptimizerBase& opt, train::Monitor* mon, double clip = 0) {
  const auto [x, y] = clouds(128);
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (const auto& batch : data::batches({x, y}, {.size = 16, .shuffle = true})) {
      Tape tape;
      const Tensor out = net(batch.x);
      const Tensor loss = cross_entropy(out, batch.y);
      tape.backward(loss);
      if (clip > 0) optim::clip_grad_norm(net, clip);
      opt.step();
      if (mon) mon->step(loss, {.output = out, .target = batch.y});
      opt.zero_grad();
    }
    if (mon) mon->end_epoch({{"val_accuracy", accuracy(net, x, y)}});
  }
}

}  // namespace

TEST_CASE("monitor: a run has the same bits with it and without") {
  const TempDir dir;
  nn::Sequential plain = small_net();
  nn::Sequential watched = small_net();
  optim::AdamW opt(plain, {.lr = 1e-2});
  optim::AdamW same(watched, {.lr = 1e-2});
  two_epochs(plain, opt, nullptr);
  {
    train::Monitor mon(watched, same, {.log = dir / "run.jsonl", .csv = dir / "run.csv", .every = 2});
    two_epochs(watched, same, &mon);
  }
  const StateDict a = plain.state_dict();
  const StateDict b = watched.state_dict();
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(equal(a[i].second, b[i].second));
  const StateDict s = opt.state_dict();
  const StateDict t = same.state_dict();
  for (std::size_t i = 0; i < s.size(); ++i) CHECK(equal(s[i].second, t[i].second));
}

TEST_CASE("monitor: the log says what the run is, then each step and each epoch") {
  const TempDir dir;
  nn::Sequential net = small_net();
  optim::AdamW opt(net, {.lr = 1e-2, .weight_decay = 0.5});
  {
    train::Monitor mon(
        net, opt, {.log = dir / "run.jsonl", .epochs = 2, .batches = 8, .every = 4, .settings = {{"data", "clouds"}}});
    two_epochs(net, opt, &mon);
    CHECK(mon.trouble().empty());
  }
  const std::vector<Json> all = lines(dir / "run.jsonl");
  const Json& run = all.front();
  CHECK(run["ev"] == "run");
  CHECK(run["format"] == "gradus-run");
  CHECK(run["version"] == 1);
  CHECK(run["net"]["type"] == "Sequential");
  CHECK(run["net"]["parameters"] == 4 * 8 + 8 + 8 * 8 + 8 + 8 * 4 + 4);
  CHECK(run["net"]["layers"][0] == Json{{"name", "0"}, {"type", "Linear"}, {"details", "4 -> 8"}});
  CHECK(run["net"]["tensors"][0] == Json{{"name", "0.weight"}, {"shape", {8, 4}}, {"trained", true}});
  CHECK(run["optimizer"]["type"] == "AdamW");
  CHECK(run["optimizer"]["groups"][0]["lr"] == 0.01);
  CHECK(run["optimizer"]["groups"][0]["betas"] == Json{0.9, 0.999});
  CHECK(run["optimizer"]["groups"][0]["weight_decay"] == 0.5);
  CHECK(run["optimizer"]["groups"][0]["amsgrad"] == false);
  CHECK(run["batch"] == 16);
  CHECK(run["seed"] == 3);
  CHECK(run["epochs"] == 2);
  CHECK(run["batches"] == 8);
  CHECK(run["every"] == 4);
  CHECK(run["settings"]["data"] == "clouds");

  const std::vector<Json> steps = of_kind(all, "step");
  REQUIRE(steps.size() == 16);
  CHECK(steps[9]["step"] == 10);
  CHECK(steps[9]["epoch"] == 2);
  CHECK(steps[9]["lr"] == 0.01);
  CHECK(steps[0].contains("sample"));
  CHECK(!steps[1].contains("sample"));
  CHECK(steps[3].contains("sample"));
  const std::vector<Json> layers = of_kind(all, "layer");
  REQUIRE(layers.size() == 2);
  CHECK(layers[0]["layer"] == "1.relu");
  CHECK(layers[0]["units"] == 8);
  CHECK(contains(layers[0]["loc"]["file"], "monitor.cpp"));

  const std::vector<Json> epochs = of_kind(all, "epoch");
  REQUIRE(epochs.size() == 2);
  double sum = 0;
  for (int i = 0; i < 8; ++i) sum += steps[static_cast<std::size_t>(i)]["loss"].get<double>();
  CHECK(epochs[0]["loss"].get<double>() == doctest::Approx(sum / 8));
  CHECK(epochs[0]["items"] == 128);
  CHECK(epochs[1]["step"] == 16);
  CHECK(epochs[1]["metrics"].contains("val_accuracy"));
  CHECK(epochs[1]["units"]["1.relu"]["examples"] == 32);
  CHECK(all.back()["ev"] == "end");
  CHECK(all.back()["ok"] == true);
  CHECK(all.back()["steps"] == 16);
}

TEST_CASE("monitor: norms, ratios and accuracy are those of the plain formulas") {
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 0.5});
  const auto [x, y] = clouds(16);
  train::Monitor mon(net, opt);
  std::vector<Tensor> before;
  for (const Tensor& p : net.parameters()) before.push_back(p.clone());
  Tape tape;
  const Tensor out = net(x);
  const Tensor loss = cross_entropy(out, y);
  tape.backward(loss);
  const double norm = optim::clip_grad_norm(net, 1e-3);
  opt.step();
  const train::StepReport& r = mon.step(loss, {.output = out, .target = y});
  CHECK(r.sampled);
  CHECK(r.clipped);
  CHECK(r.grad_norm == doctest::Approx(norm));
  CHECK(r.loss == loss.item());
  CHECK(r.accuracy == eq(argmax(out, 1), y).to(f64).mean().item());
  const auto norm_of = [](const Tensor& t) { return std::sqrt(square(t.detach().to(f64)).sum().item()); };
  REQUIRE(r.parameters.size() == before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    const Tensor p = net.parameters()[i].detach();
    CHECK(r.parameters[i].norm == doctest::Approx(norm_of(before[i])));
    if (norm_of(before[i]) > 0)
      CHECK(r.parameters[i].update_ratio == doctest::Approx(norm_of(p - before[i]) / norm_of(before[i])).epsilon(1e-4));
  }
  double weights = 0;
  for (const Tensor& b : before) weights += std::pow(norm_of(b), 2);
  CHECK(r.update_ratio == doctest::Approx(0.5 * 1e-3 / std::sqrt(weights)).epsilon(1e-3));
}

TEST_CASE("monitor: step() before the optimizer's step tells updates one step later") {
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 0.1});
  const auto [x, y] = clouds(16);
  train::Monitor mon(net, opt);
  for (int i = 0; i < 2; ++i) {
    Tape tape;
    const Tensor loss = cross_entropy(net(x), y);
    tape.backward(loss);
    mon.step(loss);
    opt.step();
    opt.zero_grad();
    CHECK(mon.last_step().sampled == (i == 1));
  }
  CHECK(mon.last_sample().step == 2);
  CHECK(mon.last_sample().update_ratio > 0);
}

TEST_CASE("monitor: dead and saturated units") {
  nn::Sequential net = small_net();
  Tensor bias = net.get<nn::Linear>(0).bias;
  for (int unit = 0; unit < 3; ++unit) bias.set({unit}, -100);  // their sum is below 0 for every example
  Tensor before_tanh = net.get<nn::Linear>(2).bias;
  before_tanh.fill_(50);
  optim::SGD opt(net, {.lr = 0.1});
  const auto [x, y] = clouds(32);
  train::Monitor mon(net, opt);
  Tape tape;
  const Tensor loss = cross_entropy(net(x), y);
  tape.backward(loss);
  opt.step();
  const train::StepReport& r = mon.step(loss);
  REQUIRE(r.units.size() == 2);
  CHECK(r.units[0].layer == "1.relu");
  CHECK(r.units[0].units == 8);
  CHECK(r.units[0].dead == 3.0 / 8);
  CHECK(std::isnan(r.units[0].saturated));
  CHECK(r.units[1].layer == "3.tanh");
  CHECK(r.units[1].saturated == 1);
  CHECK(mon.end_epoch().units[0].dead == 3.0 / 8);
}

TEST_CASE("monitor: a channel of a convolution is a unit, and a column behind a linear layer") {
  manual_seed(2);
  nn::Sequential net{nn::Conv2d(1, 3, 3), nn::ReLU(), nn::Conv1d(1, 5, 3), nn::Flatten()};
  Tensor bias = net.get<nn::Conv2d>(0).bias;
  bias.set({1}, -100);
  optim::SGD opt(net, {.lr = 0.1});
  train::Monitor mon(net, opt);
  Tape tape;
  Tensor h = net.get<nn::Conv2d>(0)(randn({2, 1, 6, 6}));
  const Tensor images = relu(h);
  const Tensor signals = relu(net.get<nn::Conv1d>(2)(randn({2, 1, 8})));
  const Tensor loss = images.mean() + signals.mean() + relu(h.reshape({2, 3, 16}).mean({1})).mean();
  tape.backward(loss);
  opt.step();
  const train::StepReport& r = mon.step(loss);
  REQUIRE(r.units.size() == 3);
  CHECK(r.units[0].layer == "relu");
  CHECK(r.units[0].units == 3);
  CHECK(r.units[0].dead == 1.0 / 3);
  CHECK(r.units[1].layer == "relu#2");
  CHECK(r.units[1].units == 5);
  CHECK(r.units[2].units == 16);
}

TEST_CASE("monitor: an exception under way is told at the end of the log") {
  const TempDir dir;
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 0.1});
  try {
    const train::Monitor mon(net, opt, {.log = dir / "run.jsonl"});
    throw 1;
  } catch (int) {}
  const std::vector<Json> all = lines(dir / "run.jsonl");
  REQUIRE(all.size() == 2);
  CHECK(all[0]["ev"] == "run");
  CHECK(all[1]["ok"] == false);
}

TEST_CASE("monitor: a loss that is not finite is written and read") {
  const TempDir dir;
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 0.1});
  {
    train::Monitor mon(net, opt, {.log = dir / "run.jsonl"});
    mon.step(std::nan(""), {.items = 4, .metrics = {{"size", 2}}});
    mon.step(INFINITY);
  }
  const std::vector<Json> steps = of_kind(lines(dir / "run.jsonl"), "step");
  CHECK(steps[0]["loss"] == "nan");
  CHECK(steps[0]["metrics"]["size"] == 2);
  CHECK(steps[1]["loss"] == "inf");
}

TEST_CASE("monitor: the table has the same columns in each row") {
  const TempDir dir;
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 0.1});
  {
    train::Monitor mon(net, opt, {.csv = dir / "run.csv", .every = 4});
    two_epochs(net, opt, &mon);
  }
  std::ifstream in(dir / "run.csv");
  std::string line;
  int rows = 0;
  while (std::getline(in, line)) {
    ++rows;
    CHECK(std::count(line.begin(), line.end(), ',') == 11);
  }
  CHECK(rows == 1 + 16 + 2);
}

TEST_CASE("monitor: what it refuses") {
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 0.1});
  CHECK_SAYS(train::Monitor(net, opt, {.log = "/nowhere/run.jsonl"}), "Monitor", "/nowhere/run.jsonl", "No such file",
             "monitor.cpp");
  CHECK_SAYS(train::Monitor(net, opt, {.every = 0}), "out of range", "every = 0");
  train::Monitor mon(net, opt);
  CHECK_SAYS(mon.end_epoch(), "an epoch without a step", "monitor.cpp");
  CHECK_SAYS(mon.step(zeros({2})), "item");
}

TEST_CASE("monitor: a full disk ends the log and not the run") {
  nn::Sequential net = small_net();
  optim::SGD opt(net, {.lr = 0.1});
  train::Monitor mon(net, opt, {.log = "/dev/full"});
  two_epochs(net, opt, &mon);
  CHECK(contains(mon.trouble(), "/dev/full: No space left on device"));
}
