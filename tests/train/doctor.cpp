// What is seen of an optimizer: where another one begins, and which rate would suit it.
#include <gradus/gradus.hpp>

#include <nlohmann/json.hpp>

#include "support.hpp"
#include "train/diagnosis/doctor.hpp"

using namespace gradus;
using Json = nlohmann::json;

namespace {

struct Patient {
  Tensor x = randn({64, 10}), y = randint(0, 4, {64});
  nn::Sequential net{nn::Linear(10, 32), nn::ReLU(), nn::Linear(32, 4)};

  void train(optim::OptimizerBase& opt, int steps) {
    for (int i = 0; i < steps; ++i) {
      opt.zero_grad();
      Tape tape;
      tape.backward(cross_entropy(net(x), y));
      opt.step();
    }
  }
};

// The last word on each optimizer.
std::vector<Json> verdicts(const std::function<void()>& body) {
  std::vector<Json> all;
  {
    const train::diagnosis::Doctor doctor(
        [&](const std::string& members) { all.push_back(Json::parse('{' + members + '}')); });
    body();
  }
  std::erase_if(all, [](const Json& e) { return e["ev"] != "verdict"; });
  return all;
}

double rate_in(const std::string& advice) {
  const std::string before = "a rate near ";
  const std::size_t at = advice.find(before);
  REQUIRE(at != std::string::npos);
  return std::stod(advice.substr(at + before.size()));
}

}  // namespace

TEST_CASE("doctor: another optimizer of the same parameters is another run") {
  manual_seed(1);
  const auto runs = verdicts([] {
    Patient p;
    {
      optim::SGD first(p.net, {.lr = 0.05});
      p.train(first, 12);
    }
    optim::AdamW second(p.net, {.lr = 1e-3});
    p.train(second, 20);
    optim::AdamW third(p.net, {.lr = 50});  // of the same type, and sick
    p.train(third, 60);
    for (int i = 0; i < 8; ++i) {  // made anew for each step: one run
      optim::SGD brief(p.net, {.lr = 1e-3});
      p.train(brief, 1);
    }
  });
  REQUIRE(runs.size() == 4);
  CHECK(runs[3]["steps"] == 8);
  CHECK(runs[0]["optimizer"] == "SGD");
  CHECK(runs[0]["steps"] == 12);
  CHECK(runs[0]["diagnoses"].empty());
  CHECK(runs[1]["optimizer"] == "AdamW");
  CHECK(runs[1]["steps"] == 20);
  CHECK(runs[2]["steps"] == 60);
  CHECK(runs[2]["number"] == 3);
  CHECK(runs[2]["diagnoses"].size() == 1);
}

TEST_CASE("doctor: an optimizer that is moved, or given to a part of the network, stays the same one") {
  manual_seed(1);
  const auto runs = verdicts([] {
    Patient p;
    optim::SGD first(p.net, {.lr = 0.05});
    p.train(first, 12);
    optim::SGD moved = std::move(first);
    p.train(moved, 12);
  });
  REQUIRE(runs.size() == 1);
  CHECK(runs[0]["steps"] == 24);
}

TEST_CASE("doctor: of Adam at a rate far too large the advice is a rate that suits Adam, and says from where") {
  for (const double lr : {10.0, 1000.0}) {
    for (const int seed : {1, 2, 3}) {
      manual_seed(static_cast<std::uint64_t>(seed));
      const auto runs = verdicts([&] {
        Patient p;
        optim::Adam opt(p.net, {.lr = lr});
        p.train(opt, 120);
      });
      INFO(lr, " ", seed, " ", runs[0].dump(1));
      REQUIRE(runs[0]["diagnoses"].size() == 1);
      const Json& d = runs[0]["diagnoses"][0];
      const std::string advice = d["advice"];
      CHECK(rate_in(advice) >= 2e-4);
      CHECK(rate_in(advice) <= 2e-3);
      CHECK_PARTS(advice, "Adam", "of the size that the weights began with");
      CHECK(d["evidence"].get<std::string>().find("2/λmax") == std::string::npos);
    }
  }
}

TEST_CASE("monitor: the log has all options of an optimizer that was chosen while the program runs") {
  const support::TempDir dir;
  Patient p;
  const auto log_of = [&](auto& opt) {
    { const train::Monitor mon(p.net, opt, {.log = dir / "run.jsonl"}); }
    const std::string text = support::read(dir / "run.jsonl");
    return Json::parse(text.substr(0, text.find('\n')))["optimizer"];
  };
  const auto check = [&]<class Optimizer>(Optimizer opt) {
    const Json own = log_of(opt);
    optim::AnyOptimizer any(std::move(opt));
    const Json chosen = log_of(any);
    INFO(own.dump(), " ", chosen.dump());
    CHECK(own == chosen);
    CHECK(own["groups"][0].size() > 2);
  };
  check(optim::SGD(p.net, {.lr = 0.1, .momentum = 0.9, .nesterov = true}));
  check(optim::Adam(p.net, {.lr = 1e-3, .betas = {0.8, 0.99}, .weight_decay = 0.01, .amsgrad = true}));
  check(optim::AdamW(p.net, {}));
  check(optim::NAdam(p.net, {.decoupled_weight_decay = true}));
  check(optim::RAdam(p.net, {}));
  check(optim::Adamax(p.net, {}));
  check(optim::Adagrad(p.net, {.eps_inside_root = true}));
  check(optim::Adadelta(p.net, {}));
  check(optim::RMSprop(p.net, {.centered = true}));
  check(optim::Rprop(p.net, {}));
  check(optim::ASGD(p.net, {}));
  check(optim::Lion(p.net, {}));
  check(optim::Muon(p.net, {}));
  check(optim::LBFGS(p.net, {}));
}
