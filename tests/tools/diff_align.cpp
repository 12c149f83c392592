// gradus diff: which step of one run belongs to which step of the other.
#ifdef GRADUS_TOOL
#include <nlohmann/json.hpp>

#include <gradus/gradus.hpp>

#include "tools/run.hpp"
#include "tools/run_logs.hpp"

using namespace gradus;
using Json = nlohmann::json;
using support::Program, support::write;

namespace {

struct Run {
  std::vector<int> batches = {};
  double lr = 0.1;
  std::size_t from = 0;  // the trace begins with this step, as that of a run that was resumed there
  int seed = 1;
  bool hashes = false;
};

void train(const std::string& path, const Run& r) {
  manual_seed(static_cast<std::uint64_t>(r.seed));
  Tensor w = randn({2, 3}).requires_grad_().set_name("w");
  optim::SGD opt({w}, {.lr = r.lr, .momentum = r.lr > 0 ? 0.9 : 0});
  std::unique_ptr<study::Trace> trace;
  for (std::size_t i = 0; i < r.batches.size(); ++i) {
    if (i == r.from)
      trace =
          std::make_unique<study::Trace>(path, study::TraceOptions{.checks = study::Checks::off, .hashes = r.hashes});
    std::vector<float> numbers;
    for (int k = 0; k < 8; ++k) numbers.push_back(0.1F * static_cast<float>(8 * r.batches[i] + k));
    const Tensor x = from_data(std::span<const float>(numbers), {4, 2});
    Tape tape;
    tape.backward(mean(square(matmul(x, w))));
    opt.step();
    opt.zero_grad();
  }
}

class Diff {
 public:
  void trace(const std::string& name, const Run& r) const { train(gradus_.file(name), r); }
  // The exit code; and looks at --json.
  int operator()(const std::string& options = "") {
    text = gradus_("diff a.jsonl b.jsonl " + options).out;
    const auto other = gradus_("diff a.jsonl b.jsonl --json " + options);
    json = Json::parse(other.out);
    INFO(text);
    CHECK(json["alignment"]["text"].get<std::string>().size() > 10);
    CHECK_PARTS(text, "aligned   " + json["alignment"]["text"].get<std::string>());
    return other.code;
  }
  Program gradus_;
  std::string text;
  Json json;
};

}  // namespace

TEST_CASE("diff: a run that was resumed begins in the middle of the other") {
  for (const bool hashes : {false, true}) {
    Diff diff;
    diff.trace("a.jsonl", {.batches = {0, 1, 2, 3, 4, 5}, .hashes = hashes});
    diff.trace("b.jsonl", {.batches = {0, 1, 2, 3, 4, 5, 6}, .from = 2, .hashes = hashes});
    CHECK(diff() == 0);
    CHECK(diff.json["alignment"]["by"] == "content");
    CHECK(diff.json["alignment"]["run"] == Json{{"steps", 4}, {"first_a", 2}, {"first_b", 0}});
    CHECK(diff.json["steps"]["same"] == 4);
    CHECK_PARTS(diff.text, "step 2 of A is step 0 of B",
                "4 steps one after the other begin with the same weights and batch", "A begins 2 steps earlier",
                "B goes on for 1 more steps, after step 3");
    CHECK(diff("--align number") == 1);
    CHECK(diff.json["parting"]["step"] == 0);
    CHECK(diff.json["alignment"]["by"] == "number");
    // They part later: at the fifth batch, which is step 4 of A and step 2 of B.
    diff.trace("b.jsonl", {.batches = {0, 1, 2, 3, 9, 5}, .from = 2, .hashes = hashes});
    CHECK(diff() == 1);
    CHECK(diff.json["parting"]["step"] == 4);
    CHECK(diff.json["parting"]["step_b"] == 2);
    CHECK_PARTS(diff.text, "They part at step 4 of A, 2 of B, in the input");
  }
}

TEST_CASE("diff: steps in another order are compared with those that begin alike, if there are more of them") {
  Diff diff;
  diff.trace("a.jsonl", {.batches = {0, 1, 2, 3}, .lr = 0});  // as in an evaluation
  diff.trace("b.jsonl", {.batches = {7, 2, 0, 3, 1}, .lr = 0});
  CHECK(diff() == 0);
  CHECK(diff.json["alignment"]["by"] == "content");
  CHECK(diff.json["alignment"]["pairs"] == 4);
  CHECK_PARTS(diff.text, "in any order", "B has 1 steps that are not in the other");
  // While it learns, another order makes other weights: there is nothing to align but the batches.
  diff.trace("a.jsonl", {.batches = {0, 1, 2}});
  diff.trace("b.jsonl", {.batches = {2, 1, 0}});
  CHECK(diff() == 1);
  CHECK(diff.json["alignment"]["by"] == "number");
  CHECK(diff("--align batch") == 1);
  CHECK(diff.json["alignment"]["by"] == "batch");
  CHECK(diff.json["parting"]["step"] == 0);
  CHECK(diff.json["parting"]["step_b"] == 2);
  CHECK_PARTS(diff.text, "in the numbers of w");
  // Other weights, and batches that are two steps late: the batches tell.
  diff.trace("a.jsonl", {.batches = {0, 1, 2, 3, 4}});
  diff.trace("b.jsonl", {.batches = {8, 9, 0, 1, 2, 3}, .seed = 2});
  CHECK(diff() == 1);
  CHECK(diff.json["alignment"]["by"] == "batch");
  CHECK_PARTS(diff.text, "step 0 of A is step 2 of B", "in the numbers of w");
}

TEST_CASE("diff: steps that begin alike keep their numbers") {
  Diff diff;
  diff.trace("a.jsonl", {.batches = {1, 1, 1, 1}, .lr = 0});  // all steps are the same
  diff.trace("b.jsonl", {.batches = {1, 1, 1, 1, 1, 1}, .lr = 0});
  CHECK(diff() == 0);
  CHECK(diff.json["alignment"]["by"] == "number");
  CHECK(diff.json["steps"]["same"] == 4);
  const auto run = diff.gradus_("diff a.jsonl b.jsonl --align nearest");
  CHECK(run.code == 2);
  CHECK_PARTS(run.err, "expected best, number, content or batch, got 'nearest'");
}

TEST_CASE("diff: logs of runs are aligned by batch and loss") {
  Diff diff;
  const auto log = [](int first, int steps, int number, double other = 0) {
    std::string text = support::first_line();
    for (int i = 0; i < steps; ++i) {
      const int batch = first + i;
      text += support::step_line(number + i, 2.0 / (1 + batch) + (i == 4 ? other : 0),
                                 {{"batch", "00000000000000a" + std::to_string(batch)}});
    }
    return text + support::end_line(number + steps - 1);
  };
  write(diff.gradus_.file("a.jsonl"), log(0, 8, 1));
  write(diff.gradus_.file("b.jsonl"), log(3, 6, 1));
  CHECK(diff() == 0);
  CHECK(diff.json["alignment"]["by"] == "content");
  CHECK(diff.json["steps"]["same"] == 5);
  CHECK_PARTS(diff.text, "step 4 of A is step 1 of B");
  write(diff.gradus_.file("b.jsonl"), log(3, 6, 1, 0.5));
  CHECK(diff() == 1);
  CHECK(diff.json["parting"]["step"] == 8);
  CHECK(diff.json["parting"]["step_b"] == 5);
  CHECK_PARTS(diff.text, "in the loss");
}
#endif
