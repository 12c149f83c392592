// gradus doctor: the program is run as without, and its diagnoses come on standard error.
#include <nlohmann/json.hpp>

#include "run.hpp"

using Json = nlohmann::json;
using support::contains, support::Program;

namespace {

const std::string self = "'" GRADUS_TOOL "'";

}  // namespace

TEST_CASE("doctor: output and exit code of the program pass through") {
  const Program gradus;
  const auto run = gradus("doctor -- sh -c 'cat; echo out; echo err >&2; exit 7'", "echo in |");
  CHECK(run.code == 7);
  CHECK(run.out == "in\nout\n");
  CHECK(run.err.starts_with("err\n"));
  CHECK(contains(run.err, "exit code 7"));
  CHECK(contains(run.err, "no tape of Gradus was seen"));
}

TEST_CASE("doctor: what gradus train would say at its end is said once") {
  const Program gradus;
  const auto run =
      gradus("doctor -- " + self + " train --data digits --net mlp:16 --epochs 2 --seed 3 --opt sgd:lr=1e-7");
  CHECK(run.code == 0);
  CHECK(contains(run.err, "LR_LOW"));
  CHECK(!contains(run.out, "LR_LOW"));
  CHECK(contains(gradus("train --data digits --net mlp:16 --epochs 2 --seed 3 --opt sgd:lr=1e-7").out, "LR_LOW"));
}

TEST_CASE("doctor: a signal ends the program, and is told as shells do") {
  const Program gradus;
  CHECK(gradus("doctor -- sh -c 'kill -9 $$'").code == 137);
  // Sent to the doctor alone, it reaches the program.
  const auto run =
      gradus("doctor -- sh -c 'trap \"echo caught; exit 5\" TERM; sleep 0.2; kill -TERM $PPID; sleep 20 & wait'");
  CHECK(run.code == 5);
  CHECK(run.out == "caught\n");
}

TEST_CASE("doctor: a program that is not there is an error with the codes of shells") {
  const Program gradus;
  const auto missing = gradus("doctor -- ./no_such_program");
  CHECK(missing.code == 127);
  CHECK(contains(missing.err, "no_such_program: No such file"));
  CHECK(gradus("doctor -- .").code == 126);
  CHECK(gradus("doctor").code == 2);
  CHECK(gradus("doctor --").code == 2);
  CHECK(gradus("doctor --jsn -- true").code == 2);
}

TEST_CASE("doctor: a rate that is too low is found in gradus train, and nothing in a healthy run") {
  const Program gradus;
  const std::string train = " train --data digits --net mlp:16 --epochs 2 --seed 3 --quiet";
  const auto alone = gradus(train.substr(1));
  const auto healthy = gradus("doctor -- " + self + train);
  CHECK(healthy.code == 0);
  CHECK(healthy.out == alone.out);
  INFO(healthy.err);
  CHECK(contains(healthy.err, "nothing wrong was found"));
  const auto slow = gradus("doctor --json -- " + self + train + " --opt sgd:lr=1e-7");
  CHECK(slow.code == 0);
  const Json report = Json::parse(slow.err);
  CHECK(report["format"] == "gradus-doctor");
  CHECK(report["exit"] == 0);
  REQUIRE(report["runs"].size() == 1);
  const Json& run = report["runs"][0];
  CHECK(run["optimizer"] == "SGD");
  CHECK(run["ended"] == true);
  REQUIRE(run["diagnoses"].size() == 1);
  const Json& d = run["diagnoses"][0];
  CHECK(d["code"] == "LR_LOW");
  CHECK(d["numbers"]["lr"] == 1e-7);
  CHECK(contains(d["evidence"], "of their size"));
}
