// gradus diff: traces and run logs that are the same, that part, and that cannot be read.
#ifdef GRADUS_TOOL
#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include <gradus/gradus.hpp>

#include "tools/run.hpp"

using namespace gradus;
using Json = nlohmann::json;
using support::Program, support::read, support::write;

namespace {

// An operation that can be wrong in two ways, without a word about it in the trace.
struct Doubled {
  static constexpr auto name = "doubled", rule = "dx = 2 g";
  static constexpr Saves saves{};
  inline static float value = 2, derivative = 2;
  void fields(auto&) const {}
  Tensor forward(Fwd&, Ins in) const { return in[0] * value; }
  void vjp(Vjp& v) const { v.give(0, v.g * derivative); }
};

struct Training {
  std::vector<int> batches = {0, 1, 2};  // which the steps see
  int seed = 1, rows = 4;
  double lr = 0.1, momentum = 0.9;
  bool flip_weight = false;  // the last bit of w[1, 2]
  int flip_input = -1;       // in the step
  int wrong_value = -1, wrong_derivative = -1;
  int fails = -1;
};

void flip(const Tensor& x, std::size_t at) {
  float& number = x.reshape({-1}).mutable_data<float>()[at];
  number = std::bit_cast<float>(std::bit_cast<std::uint32_t>(number) ^ 1U);
}

constexpr unsigned first_line = __LINE__;
void train_w(const Training& t) {
  manual_seed(static_cast<std::uint64_t>(t.seed));
  Tensor w = randn({2, 3});
  if (t.flip_weight) flip(w, 5);
  w.set_name("w");
  w.requires_grad_();
  optim::SGD opt({w}, {.lr = t.lr, .momentum = t.momentum});
  for (int step = 0; step < static_cast<int>(t.batches.size()); ++step) {
    const int batch = t.batches[static_cast<std::size_t>(step)];
    std::vector<float> numbers;
    for (int i = 0; i < t.rows * 2; ++i) numbers.push_back(0.1F * static_cast<float>(batch * t.rows * 2 + i + 1));
    const Tensor x = from_data(std::span<const float>(numbers), {t.rows, 2});
    if (step == t.flip_input) flip(x, 3);
    Doubled::value = step == t.wrong_value ? 3 : 2;
    Doubled::derivative = step == t.wrong_derivative ? 3 : 2;
    Tape tape;
    const Tensor y = apply(Doubled{}, matmul(x, w));
    if (step == t.fails) matmul(y, y);
    tape.backward(mean(square(y)));
    opt.step();
    opt.zero_grad();
  }
}
constexpr unsigned last_line = __LINE__;

class Diff {
 public:
  void trace(const std::string& name, const Training& t = {}, study::TraceOptions options = {}) const {
    options.checks = study::Checks::off;
    const study::Trace trace(gradus_.file(name), options);
    try {
      train_w(t);
    } catch (const Error&) { CHECK(t.fails >= 0); }
  }
  void log(const std::string& name, const std::string& more, const std::string& before = "") const {
    const auto run = gradus_("train --net mlp:16 --batch 128 --quiet --log " + name + " " + more, before);
    INFO(run.err);
    REQUIRE(run.code == 0);
  }
  // Of a.jsonl and b.jsonl, as text; and looks at --json.
  support::Ran operator()(const std::string& options = "") {
    const auto text = gradus_("diff a.jsonl b.jsonl " + options);
    const auto other = gradus_("diff a.jsonl b.jsonl --json " + options);
    CHECK(other.code == text.code);
    CHECK(other.err == text.err);
    json = Json::parse(other.out, nullptr, false);
    CHECK(json.is_discarded() == other.out.empty());
    return text;
  }
  std::string file(const std::string& name) const { return gradus_.file(name); }
  // Changes the text of a file.
  void replace(const std::string& name, const std::string& old, const std::string& with) const {
    std::string text = read(file(name));
    const auto at = text.find(old);
    REQUIRE(at != std::string::npos);
    write(file(name), text.replace(at, old.size(), with));
  }
  Json json;

 private:
  Program gradus_;
};

// They part, in the same file of the same lines that trained.
void check_parting(const Json& json, int step, const std::string& what, const std::string& meaning) {
  INFO(json.dump(1));
  CHECK(json["same"] == false);
  REQUIRE(json["parting"].is_object());
  const Json& p = json["parting"];
  CHECK(p["step"] == step);
  CHECK(p["what"] == what);
  CHECK_PARTS(p["meaning"], meaning);
  if (!p.contains("loc")) return;
  CHECK_PARTS(p["loc"]["file"], "diff.cpp");
  CHECK(p["loc"]["line"] > first_line);
  CHECK(p["loc"]["line"] < last_line);
}

}  // namespace

TEST_CASE("diff: traces of the same run, with numbers, with hashes, and one of each") {
  for (const bool hashes_a : {false, true}) {
    for (const bool hashes_b : {false, true}) {
      CAPTURE(hashes_a);
      CAPTURE(hashes_b);
      Diff diff;
      diff.trace("a.jsonl", {}, {.hashes = hashes_a});
      diff.trace("b.jsonl", {}, {.hashes = hashes_b});
      const auto run = diff();
      INFO(run.out, run.err);
      CHECK(run.code == 0);
      CHECK_PARTS(run.out, "The same: 3 steps, ");
      CHECK(diff.json["same"] == true);
      CHECK(diff.json["steps"]["same"] == 3);
      CHECK(diff.json["numbers"] > 40);
      CHECK(diff.json["parting"].is_null());
      CHECK(diff.json["notes"].empty());

      diff.trace("b.jsonl", {.flip_weight = true}, {.hashes = hashes_b});
      CHECK(diff().code == 1);
      check_parting(diff.json, 0, "the numbers of w", "begin with other weights");
      diff.trace("b.jsonl", {.flip_input = 2}, {.hashes = hashes_b});
      CHECK(diff().code == 1);
      CHECK(diff.json["steps"]["same"] == 2);
      CHECK(diff.json["parting"]["step"] == 2);
      CHECK_PARTS(diff.json["parting"]["meaning"], "the input is another one");
      CHECK(diff.json["parting"]["a"] != diff.json["parting"]["b"]);
    }
  }
}

TEST_CASE("diff: one bit of one weight: the step, the line, the element and how far") {
  Diff diff;
  diff.trace("a.jsonl");
  diff.trace("b.jsonl", {.flip_weight = true});
  const auto run = diff();
  INFO(run.out);
  CHECK_PARTS(run.out, "They part at step 0, in the numbers of w (diff.cpp:", "at [1, 2]",
              "apart: 1 of 6 elements, at most 1 ulp of f32, ", "the same before: 0 steps");
  const Json& p = diff.json["parting"];
  CHECK(p["index"] == "[1, 2]");
  CHECK(p["apart"]["ulps"] == 1);
  CHECK(p["apart"]["different"] == 1);
  CHECK(p["apart"]["elements"] == 6);
  CHECK(p["apart"]["dtype"] == "f32");
  CHECK(p["apart"]["relative"] > 1e-9);
  CHECK(p["apart"]["relative"] < 2e-7);
  manual_seed(1);
  const auto weights = randn({2, 3}).to_vector<float>();
  CHECK(std::stof(p["a"].get<std::string>()) == weights[5]);
  // The lines of the files that it names hold these numbers.
  std::istringstream lines(read(diff.file("b.jsonl")));
  std::string line;
  for (int n = 0; n < p["line_b"].get<int>(); ++n) std::getline(lines, line);
  CHECK_PARTS(line, "\"name\":\"w\"", p["b"].get<std::string>());
}

TEST_CASE("diff: what parted first, told apart") {
  Diff diff;
  diff.trace("a.jsonl");
  const auto part = [&](const Training& t, int step, const std::string& what, const std::string& meaning) {
    diff.trace("b.jsonl", t);
    CHECK(diff().code == 1);
    check_parting(diff.json, step, what, meaning);
  };
  part({.seed = 2}, 0, "the numbers of w", "another seed");
  part({.wrong_value = 1}, 1, "the value of doubled", "its inputs are the same");
  part({.wrong_derivative = 1}, 1, "what the rule of doubled gives matmul", "the rule came to another result");
  part({.lr = 0.2}, 0, "the learning rate of w, by SGD", "another rate");
  part({.momentum = 0.8}, 1, "momentum_buffer of w, by SGD", "the optimizer made another step");
  part({.rows = 5}, 0, "what the program does", "the programs do different things");
  CHECK_PARTS(diff.json["parting"]["a"], "(4, 2)");
  CHECK_PARTS(diff.json["parting"]["b"], "(5, 2)");
}

TEST_CASE("diff: runs of other lengths are the same as far as both go, unless --whole") {
  Diff diff;
  diff.trace("a.jsonl");
  diff.trace("b.jsonl", {.batches = {0, 1, 2, 3, 4}});
  const auto run = diff();
  INFO(run.out);
  CHECK(run.code == 0);
  CHECK_PARTS(run.out, "The same: 3 steps", "B goes on for 2 more steps, after step 2");
  CHECK(diff.json["steps"] == Json{{"same", 3}, {"a", 3}, {"b", 5}});
  CHECK(diff("--whole").code == 1);
  // Steps in outline have only a few numbers.
  diff.trace("a.jsonl", {.batches = {0, 1, 2, 3, 4}}, {.steps = "0,3"});
  CHECK(diff().code == 0);
  CHECK(diff.json["steps"]["same"] == 5);
  diff.trace("b.jsonl", {.batches = {0, 1, 2, 0, 4}}, {.steps = "1"});
  CHECK(diff().code == 1);
  check_parting(diff.json, 3, "the value that backward() starts from", "");
  // A ring has lost the first steps.
  diff.trace("a.jsonl", {.batches = std::vector<int>(40, 1)}, {.steps = "all", .ring = 100});
  diff.trace("b.jsonl", {.batches = std::vector<int>(40, 1)}, {.steps = "all", .ring = 200});
  const auto rings = diff();
  INFO(rings.out);
  CHECK(rings.code == 0);
  CHECK(diff.json["steps"]["same"] == diff.json["steps"]["a"]);
  CHECK(diff.json["steps"]["a"] < diff.json["steps"]["b"]);
  CHECK_PARTS(rings.out, "steps earlier");
}

TEST_CASE("diff: the same batches in another order, other batches, an error at the end") {
  Diff diff;
  diff.trace("a.jsonl");
  diff.trace("b.jsonl", {.batches = {2, 1, 0}});
  const auto run = diff();
  INFO(run.out);
  CHECK(run.code == 1);
  CHECK_PARTS(run.out, "at step 0, in the input constant -1", "the input is another one",
              "the same 3 batches in another order: that of step 0 of A is that of step 2 of B");
  CHECK(diff.json["batches"]["common"] == 3);
  CHECK(diff.json["batches"]["same_order"] == false);
  diff.trace("b.jsonl", {.batches = {5, 1, 6}});
  CHECK_PARTS(diff().out, "other batches: 1 of 3 of A are in B too");
  diff.trace("b.jsonl", {.fails = 2});
  const auto failed = diff();
  INFO(failed.out);
  CHECK(failed.code == 0);  // as far as both go
  CHECK_PARTS(failed.out, "B ends with an error: matmul: ");
}

TEST_CASE("diff: the numbers of threads change no bit") {
  Diff diff;
  const Program gradus;
  for (const char* n : {"1", "2"}) {
    const std::string path = diff.file(std::string(*n == '1' ? "a" : "b") + ".jsonl");
    const auto run =
        gradus("train --net mlp:64,64 --epochs 1 --batch 256 --quiet",
               "export GRADUS_NUM_THREADS=" + std::string(n) + " GRADUS_TRACE_HASH=1 GRADUS_TRACE='" + path + "';");
    REQUIRE(run.code == 0);
    CHECK(std::filesystem::file_size(path) < 200'000);
  }
  CHECK(diff().code == 0);
  CHECK(diff.json["settings"]["threads"] == Json{"1", "2"});
  CHECK(diff.json["steps"]["same"] == 6);
}

TEST_CASE("diff: run logs: the same, two seeds, another length, another order, an epoch") {
  Diff diff;
  diff.log("a.jsonl", "--epochs 1 --seed 5");
  diff.log("b.jsonl", "--epochs 1 --seed 5", "export GRADUS_NUM_THREADS=1;");
  CHECK(diff().code == 0);
  CHECK(diff.json["kind"] == "run log");
  CHECK(diff.json["steps"]["same"] == 12);
  diff.log("b.jsonl", "--epochs 2 --seed 5");
  const auto longer = diff();
  CHECK(longer.code == 0);
  CHECK_PARTS(longer.out, "The same: 12 steps", "B goes on for 12 more steps, after step 12", "epochs: 1 / 2");
  CHECK(diff("--whole").code == 1);
  diff.log("b.jsonl", "--epochs 1 --seed 6");
  CHECK(diff().code == 1);
  check_parting(diff.json, 1, "the norm of 1.0.weight before the step", "the weights are others");
  CHECK(diff.json["settings"]["seed"] == Json{"5", "6"});
  diff.log("b.jsonl", "--epochs 1 --seed 5 --opt adamw:lr=2e-3");
  CHECK(diff().code == 1);
  check_parting(diff.json, 1, "the learning rate", "another rate or schedule");

  // Two batches change places: their losses do too.
  std::vector<std::string> lines;
  std::istringstream in(read(diff.file("a.jsonl")));
  std::vector<std::size_t> steps;
  for (std::string line; std::getline(in, line); lines.push_back(line))
    if (line.starts_with("{\"ev\":\"step\"")) steps.push_back(lines.size());
  REQUIRE(steps.size() == 12);
  const auto write_b = [&](const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& line : all) text += line + '\n';
    write(diff.file("b.jsonl"), text);
  };
  const auto with_step = [](const std::string& line, int step) {
    Json j = Json::parse(line);
    j["step"] = step;
    return j.dump();
  };
  auto other = lines;
  other[steps[3]] = with_step(lines[steps[5]], 4);
  other[steps[5]] = with_step(lines[steps[3]], 6);
  write_b(other);
  const auto order = diff();
  CHECK(order.code == 1);
  check_parting(diff.json, 4, "the loss", "the batch is another one");
  CHECK_PARTS(order.out, "the same 12 batches in another order: that of step 4 of A is that of step 6 of B");
  CHECK(diff.json["steps"]["same"] == 3);

  // The steps are the same, and what was measured at the end of the epoch is not.
  other = lines;
  const auto epoch = std::ranges::find_if(other, [](const auto& l) { return l.starts_with("{\"ev\":\"epoch\""); });
  REQUIRE(epoch != other.end());
  Json j = Json::parse(*epoch);
  j["metrics"]["val_accuracy"] = std::nextafter(j["metrics"]["val_accuracy"].get<double>(), 9.0);
  *epoch = j.dump();
  write_b(other);
  CHECK(diff().code == 1);
  check_parting(diff.json, 12, "val_accuracy at the end of an epoch", "other data to measure it on");
  CHECK(diff.json["steps"]["same"] == 12);
  CHECK(diff.json["parting"]["apart"]["ulps"] == 1);
}

TEST_CASE("diff: files that cannot be compared") {
  Diff diff;
  const auto refused = [&](const std::string& why) {
    const auto run = diff();
    INFO(run.out, run.err);
    CHECK(run.code == 3);
    CHECK_PARTS(run.err, why);
  };
  refused("a.jsonl: cannot be opened");
  diff.trace("a.jsonl");
  refused("b.jsonl: cannot be opened");
  diff.log("b.jsonl", "--epochs 1 --seed 5");
  refused("b.jsonl is a run log, and a.jsonl is a trace");
  std::filesystem::remove(diff.file("a.jsonl"));
  refused("a.jsonl: cannot be opened");  // and not that it is another kind
  write(diff.file("a.jsonl"), "");
  refused("the file is empty");
  diff.log("a.jsonl", "--epochs 1 --seed 5");
  diff.replace("a.jsonl", "\"version\":1", "\"version\":9");
  refused("newer version");
  diff.trace("a.jsonl");
  diff.trace("b.jsonl");
  diff.replace("b.jsonl", "\"version\":1", "\"version\":9");
  refused("newer version");

  // A file that ends in the middle of a line is that of a program that was killed.
  diff.trace("b.jsonl");
  const std::string whole = read(diff.file("b.jsonl"));
  write(diff.file("b.jsonl"), whole.substr(0, whole.size() / 3));
  const auto cut = diff();
  CHECK(cut.code == 0);
  CHECK_PARTS(cut.out, "is cut off", "A goes on");
  // One with a damaged line may hold anything after it.
  write(diff.file("b.jsonl"), whole);
  diff.replace("b.jsonl", "\"ev\":\"step\",\"step\":1", "\"ev\":\"step\",\"step\":x");
  const auto damaged = diff();
  INFO(damaged.out);
  CHECK(damaged.code == 3);
  CHECK_PARTS(damaged.out, "cannot be read");
  CHECK(diff.json["same"] == false);
  // Nothing in common.
  diff.trace("b.jsonl", {.batches = {}});
  CHECK(diff().code == 1);
  CHECK_PARTS(diff().out, "There is nothing that both have");
}
#endif
