// gradus train --data text:FILE with --checkpoint, --resume, a log of events and --find-lr.
#ifdef GRADUS_TOOL
#include <gradus/gradus.hpp>

#include "resumed.hpp"

using namespace gradus;
using support::cells, support::contains, support::once, support::Program, support::read, support::same_tensors;
using support::write;

namespace {

// Lines that differ, so that a window at another place gives another loss.
std::string counting() {
  std::string text;
  for (int i = 0; i < 700; ++i) text += std::to_string(i * i % 997) + (i % 7 == 0 ? "\n" : " ");
  return text;
}

const std::string what =
    "train --data text:numbers.txt --net gpt:layers=1,heads=2,width=32,block=16,dropout=0.1 --batch 8 --opt muon ";

std::vector<std::vector<std::string>> log_of(const Program& gradus, const std::string& name) {
  auto rows = cells(read(gradus.file(name)));
  for (auto& row : rows)
    if (row.size() > 3) row[3] = "";  // seconds
  return rows;
}

}  // namespace

TEST_CASE("train --resume: a text goes on after each signal to the bits of an unbroken run") {
  const Program gradus;
  write(gradus.file("numbers.txt"), counting());
  const std::string run_of = what + "--quiet --steps 300 --schedule cosine ";
  const auto whole = gradus(run_of + "--save whole.st --log whole.csv");
  INFO(whole.err);
  REQUIRE(whole.code == 0);
  for (const auto& [signal, code] : {std::pair{"KILL", -1}, {"TERM", 143}, {"INT", 130}}) {
    INFO(signal);
    std::filesystem::remove_all(gradus.file("run"));
    std::filesystem::remove(gradus.file("part.csv"));
    const std::string again = run_of + "--save part.st --log part.csv --checkpoint run --checkpoint-every 7 --resume";
    const auto first = gradus(again, once(3, signal));
    INFO(first.out, first.err);
    CHECK(first.code == code);
    if (code > 0) CHECK_PARTS(first.out, "interrupted after ", "state run/step-", "--resume goes on from there");
    const auto rest = gradus(again);
    INFO(rest.out, rest.err);
    CHECK(rest.code == 0);
    CHECK(rest.out.substr(0, rest.out.find('\n')) == whole.out.substr(0, whole.out.find('\n')));
    CHECK(same_tensors(gradus.file("whole.st"), gradus.file("part.st")));
    CHECK(log_of(gradus, "part.csv") == log_of(gradus, "whole.csv"));
  }
}

TEST_CASE("train --resume: a text that is finished takes more steps, and other options are refused") {
  const Program gradus;
  write(gradus.file("numbers.txt"), counting());
  const std::string kept = what + "--checkpoint run --checkpoint-every 10 ";
  REQUIRE(gradus(kept + "--steps 23 --quiet").code == 0);
  const auto more = gradus(kept + "--steps 41 --resume --save more.st");
  INFO(more.err);
  CHECK(more.code == 0);
  CHECK_PARTS(more.out, "from  run/step-000000023.safetensors: 23 steps", "step 41/41");
  REQUIRE(gradus(what + "--steps 41 --quiet --save whole.st").code == 0);
  CHECK(same_tensors(gradus.file("whole.st"), gradus.file("more.st")));

  const auto refused = [&](const std::string& options, const char* here) {
    const auto run = gradus(kept + "--resume " + options);
    INFO(options, run.err);
    CHECK(run.code == 2);
    CHECK(contains(run.err, here));
  };
  refused("--clip 2", "here:  --clip 2");
  refused("--tokenizer bpe:5", "here:  --tokenizer bpe:5");
  refused("--schedule cosine", "--schedule cosine");
  write(gradus.file("numbers.txt"), counting() + "1");
  refused("--steps 50", "here:  text ");
  CHECK_PARTS(gradus(kept).err, "there is run/step-", "try: --resume");
  CHECK(gradus("train --data text:numbers.txt --resume").code == 2);
}

TEST_CASE("train: a text has a log of events, and a rate is suggested for it") {
  const Program gradus;
  write(gradus.file("numbers.txt"), counting());
  const auto run = gradus(what + "--quiet --steps 30 --save a.st --log run.jsonl");
  INFO(run.err);
  CHECK(run.code == 0);
  CHECK_PARTS(run.out, "log   run.jsonl");
  const auto log = train::read_run(gradus.file("run.jsonl"));
  CHECK(log.steps.size() == 30);
  CHECK(log.epochs.size() == 10);  // one for each report
  CHECK(std::isfinite(train::find(log.epochs.back().metrics, "val_loss")));
  REQUIRE(gradus(what + "--quiet --steps 30 --save b.st").code == 0);
  CHECK(read(gradus.file("a.st")) == read(gradus.file("b.st")));  // watching changes no number
  const auto rate = gradus(what + "--find-lr");
  INFO(rate.out, rate.err);
  CHECK(rate.code == 0);
  CHECK_PARTS(rate.out, "suggested", "try: --opt muon:lr=");
}
#endif
