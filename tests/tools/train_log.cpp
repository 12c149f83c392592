// What gradus train writes of a run, and the rate that it suggests.
#ifdef GRADUS_TOOL
#include <gradus/gradus.hpp>

#include <nlohmann/json.hpp>

#include "run.hpp"

using namespace gradus;
using Json = nlohmann::json;
using support::contains, support::Program, support::read;

TEST_CASE("train: a log of events, and event files") {
  const Program gradus;
  const auto run = gradus("train --net mlp:16 --epochs 2 --log run.jsonl --tensorboard tb --seed 5");
  INFO(run.out, run.err);
  CHECK(run.code == 0);
  CHECK_PARTS(run.out, "run.jsonl");
  std::istringstream lines(read(gradus.file("run.jsonl")));
  std::vector<Json> all;
  for (std::string line; std::getline(lines, line);) all.push_back(Json::parse(line));
  REQUIRE(all.size() > 90);
  CHECK(all[0]["format"] == "gradus-run");
  CHECK(all[0]["settings"]["net"] == "mlp:16");
  CHECK(all[0]["settings"]["opt"] == "adamw:lr=1e-3");
  CHECK(all[0]["seed"] == 5);
  CHECK(all[0]["batches"] == 45);
  CHECK(all[0]["batch"] == 32);
  CHECK(all.back()["ok"] == true);
  int epochs = 0;
  for (const Json& j : all) {
    if (j["ev"] != "epoch") continue;
    ++epochs;
    CHECK(j["metrics"]["val_accuracy"].get<double>() > 0.3);
    CHECK(j["accuracy"].get<double>() > 0.1);
  }
  CHECK(epochs == 2);
#ifdef GRADUS_HAVE_PROTOZERO
  CHECK(contains(run.out, "tb/events.out.tfevents."));
#endif
  const auto nowhere = gradus("train --net mlp:16 --epochs 1 --log nowhere/run.jsonl");
  CHECK(nowhere.code == 3);
  CHECK_PARTS(nowhere.err, "--log nowhere/run.jsonl: No such file or directory");
}

TEST_CASE("train: the log changes no number") {
  const Program gradus;
  const auto weights = [&](const std::string& more) {
    CHECK(gradus("train --net mlp:16 --epochs 2 --quiet --save m.st " + more).code == 0);
    return read(gradus.file("m.st"));
  };
  CHECK(weights("") == weights("--log run.jsonl"));
}

TEST_CASE("train: a rate is suggested, and nothing trained") {
  const Program gradus;
  const auto run = gradus("train --net mlp:32 --opt sgd:momentum=0.9 --find-lr --save m.st");
  INFO(run.out, run.err);
  CHECK(run.code == 0);
  CHECK_PARTS(run.out, "suggested", "2/λmax", "try: --opt sgd:lr=");
  CHECK(!std::filesystem::exists(gradus.file("m.st")));
  const auto at = run.out.find("suggested");
  const double lr = std::stod(run.out.substr(at + 9));
  CHECK(lr > 1e-3);
  CHECK(lr < 1);
}
#endif
