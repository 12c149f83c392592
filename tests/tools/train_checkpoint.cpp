// gradus train --checkpoint and --resume, as a user runs them.
#ifdef GRADUS_TOOL
#include <gradus/io/io.hpp>

#include "resumed.hpp"

using namespace gradus;
using support::cells, support::contains, support::once, support::Program, support::read, support::same_tensors;
using support::write;

namespace {

using Cells = std::vector<std::vector<std::string>>;

Cells log_of(const Program& gradus, const std::string& name) {
  Cells rows = cells(read(gradus.file(name)));
  for (auto& row : rows)
    if (row.size() > 5) row[5] = "";  // seconds
  return rows;
}

// The line that ends a quiet run.
std::string verdict(const std::string& out) { return out.substr(0, out.find('\n')); }

}  // namespace

TEST_CASE("train --resume: after kill -9, SIGTERM and SIGINT the run ends as an unbroken one") {
  const Program gradus;
  const std::string what = "train --quiet --net mlp:32 --epochs 40 --schedule cosine --opt muon";
  const auto whole = gradus(what + " --save whole.st --log whole.csv");
  REQUIRE(whole.code == 0);
  for (const auto& [signal, code] : {std::pair{"KILL", -1}, {"TERM", 143}, {"INT", 130}}) {
    INFO(signal);
    std::filesystem::remove_all(gradus.file("run"));
    std::filesystem::remove(gradus.file("part.csv"));
    const std::string again = what + " --save part.st --log part.csv --checkpoint run --checkpoint-every 7 --resume";
    const auto first = gradus(again, once(3, signal));
    INFO(first.out, first.err);
    CHECK(first.code == code);
    if (code > 0) CHECK_PARTS(first.out, "interrupted in epoch", "state run/step-", "--resume goes on from there");
    const auto run = gradus(again);
    INFO(run.out, run.err);
    CHECK(run.code == 0);
    CHECK(run.err.empty());
    CHECK(same_tensors(gradus.file("whole.st"), gradus.file("part.st")));
    CHECK(log_of(gradus, "part.csv") == log_of(gradus, "whole.csv"));
    CHECK(verdict(run.out) == verdict(whole.out));
  }
}

TEST_CASE("train --resume: a finished run goes on with more epochs") {
  const Program gradus;
  const std::string what = "train --quiet --net mlp:16 --log l.csv --checkpoint run ";
  REQUIRE(gradus(what + "--epochs 2").code == 0);
  const auto done = gradus(what + "--epochs 2 --resume");
  CHECK(done.code == 0);
  CHECK_PARTS(done.out, "test accuracy ");
  REQUIRE(gradus(what + "--epochs 4 --resume").code == 0);
  const Cells log = log_of(gradus, "l.csv");
  REQUIRE(gradus("train --quiet --net mlp:16 --log whole.csv --epochs 4").code == 0);
  CHECK(log == log_of(gradus, "whole.csv"));
  const auto run = gradus("train --net mlp:16 --log l.csv --checkpoint run --epochs 4 --resume");
  CHECK_PARTS(run.out, "from  run/step-000000180.safetensors: 180 steps");
}

TEST_CASE("train --resume: other options or data are named and refused") {
  const Program gradus;
  std::string csv = "a,b,k\n";
  for (int i = 0; i < 60; ++i) csv += std::to_string(i % 7) + ',' + std::to_string(i % 5) + ',' + "xy"[i % 2] + "\n";
  write(gradus.file("t.csv"), csv);
  const std::string what = "train --data t.csv --quiet --checkpoint run --checkpoint-every 1 ";
  REQUIRE(gradus(what + "--net mlp:8 --schedule cosine").code == 0);
  const auto refused = [&](const std::string& options, std::initializer_list<const char*> parts) {
    const auto run = gradus(what + "--resume " + options);
    INFO(options, run.out, run.err);
    CHECK(run.code == 2);
    CHECK(run.out.empty());
    for (const char* part : parts) CHECK(contains(run.err, part));
  };
  refused("--net mlp:9 --schedule cosine", {"--resume: run/step-", "here:  --net mlp:9", "saved: --net mlp:8"});
  refused("--net mlp:8 --schedule cosine --opt sgd --seed 2 --batch 16",
          {"here:  --batch 16, --opt sgd, --seed 2", "saved: --batch 32, --opt adamw:lr=1e-3, --seed 1"});
  refused("--net mlp:8", {"--schedule constant", "--schedule cosine"});
  refused("--net mlp:8 --schedule cosine --epochs 13", {"--epochs 13", "--epochs 12"});  // it stretches the schedule
  write(gradus.file("t.csv"), csv + "3,3,x\n");
  refused("--net mlp:8 --schedule cosine", {"batches.checksum"});
  write(gradus.file("t.csv"), csv);
  const auto without = gradus(what + "--net mlp:8 --schedule cosine");
  CHECK(without.code == 2);
  CHECK_PARTS(without.err, "--checkpoint run: there is run/step-", "try: --resume");
  CHECK_PARTS(gradus("train --resume").err, "--resume: from where? try --checkpoint DIR --resume");
}

TEST_CASE("train --resume: a damaged checkpoint is said, and the one before is used") {
  const Program gradus;
  const std::string what = "train --net mlp:8 --epochs 2 --quiet --checkpoint run --checkpoint-every 10 --save m.st ";
  REQUIRE(gradus(what).code == 0);
  const std::string model = read(gradus.file("m.st"));
  write(gradus.file("run/step-000000090.safetensors"), "");
  const auto run = gradus(what + "--resume");
  CHECK(run.code == 0);
  CHECK_PARTS(run.err, "gradus: run/step-000000090.safetensors: ", "an older one is used");
  CHECK(read(gradus.file("m.st")) == model);
}

TEST_CASE("train --checkpoint: what cannot be written ends with 3, one sentence, and nothing lost") {
  const Program gradus;
  const auto one_sentence = [](const std::string& err) {
    INFO(err);
    CHECK(std::count(err.begin(), err.end(), '\n') == 1);
  };
  write(gradus.file("file"), "mine");
  const auto file = gradus("train --quiet --epochs 1 --checkpoint file");
  CHECK(file.code == 3);
  one_sentence(file.err);
  CHECK(read(gradus.file("file")) == "mine");

  // A disk that is full after some checkpoints: files may have no more than so many blocks.
  const std::string what = "train --net mlp:64 --epochs 2 --quiet --checkpoint run --checkpoint-every 10 --resume";
  REQUIRE(gradus("train --net mlp:64 --epochs 1 --quiet --checkpoint run --checkpoint-every 10").code == 0);
  const auto full = gradus(what, "ulimit -f 10; trap '' XFSZ;");
  CHECK(full.code == 3);
  CHECK_PARTS(full.err, "--checkpoint run/step-000000050.safetensors: cannot be written: File too large");
  one_sentence(full.err);
  CHECK(gradus(what).code == 0);  // goes on from where it was

  gradus("--version", "('" GRADUS_TOOL
                      "' train --net mlp:4 --epochs 1 --checkpoint words >/dev/full 2>full); echo $? "
                      ">code;");
  CHECK(read(gradus.file("code")) == "3\n");
  CHECK(read(gradus.file("full")) == "gradus: standard output cannot be written: No space left on device\n");
  CHECK(gradus("train --net mlp:4 --epochs 1 --quiet --checkpoint words --resume").code == 0);
  if (::geteuid() == 0) return;
  const auto read_only = gradus("train --quiet --epochs 1 --checkpoint ro/run", "mkdir ro; chmod 555 ro;");
  CHECK(read_only.code == 3);
  CHECK_PARTS(read_only.err, "--checkpoint ro/run: cannot be made: Permission denied");
  one_sentence(read_only.err);
  std::filesystem::permissions(gradus.file("ro"), std::filesystem::perms::all);
}
#endif
