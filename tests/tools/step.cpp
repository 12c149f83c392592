// gradus step, as from a pipe: whole sessions, the state after every step, and what it does with bad input.
#ifdef GRADUS_TOOL
#include <chrono>
#include <nlohmann/json.hpp>

#include "run.hpp"

using support::contains, support::Program, support::Ran, support::read, support::write;
using Json = nlohmann::json;

namespace {

// Its lines are those that the sample names.
const std::string source =
    R"(// y = mean(sigmoid(h) + h), h = tanh(x W + b): a bias that is broadcast, and a value used twice.
#include <gradus/gradus.hpp>

using namespace gradus;

int main() {
  const Tensor x = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}}), W = weight(), b = bias();
  Tape tape;
  Tensor z = matmul(x, W) + b;
  Tensor h = tanh(z);
  Tensor s = sigmoid(h) + h;  // h is used twice
  Tensor y = mean(s);
  tape.backward(y);
}
)";

const std::string sample = read(GRADUS_TEST_DIR "/study/sample.trace.jsonl");

// A directory with the sample, and its source as old as the run.
struct Sample {
  Program gradus;
  Sample() {
    write(gradus.file("sample.trace.jsonl"), sample);
    const std::string file = write(gradus.file("sample.cpp"), source);
    std::filesystem::last_write_time(file,
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours(24 * 3650));
  }
  Ran batch(const std::string& commands) const { return gradus("step sample.trace.jsonl --batch '" + commands + "'"); }
  Ran piped(const std::string& commands) const {
    write(gradus.file("commands"), commands);
    return gradus("step sample.trace.jsonl <commands");
  }
};

// A transcript: what follows "(gradus) " was typed, the rest was answered.
void replay(const std::string& name) {
  const std::string transcript = read(GRADUS_TEST_DIR "/tools/sessions/" + name);
  REQUIRE(!transcript.empty());
  std::istringstream lines(transcript);
  std::string typed, answered;
  for (std::string line; std::getline(lines, line);) {
    const bool command = line.starts_with("(gradus)");
    (command ? typed : answered) += (command && line.size() > 9 ? line.substr(9) : command ? "" : line) + "\n";
  }
  const auto run = Sample().piped(typed);
  CHECK(run.code == 0);
  CHECK(run.err.empty());
  CHECK(run.out == answered);
}

Json state(const std::string& line) { return Json::parse(line); }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

}  // namespace

TEST_CASE("step: a walk, with answers to every question") { replay("walk.txt"); }
TEST_CASE("step: breakpoints, and commands that make no sense") { replay("stops.txt"); }

TEST_CASE("step: s k times is goto k, and rs undoes it") {
  const Sample s;
  std::string on = "json\n", back, jumps;
  for (int k = 1; k <= 31; ++k) on += "s\njson\n";
  for (int k = 30; k >= 0; --k) back += "rs\njson\n";
  for (int k : {31, 0, 17, 3, 30, 16}) jumps += "goto " + std::to_string(k) + "\njson\n";
  std::vector<std::string> states;
  for (const std::string& line : lines_of(s.piped(on + back + jumps).out)) {
    if (line.starts_with("{")) states.push_back(line);
  }
  REQUIRE(states.size() == 32 + 31 + 6);
  for (int k = 0; k <= 31; ++k) {
    const auto at = s.gradus("step sample.trace.jsonl --json --at " + std::to_string(k));
    CHECK(at.code == 0);
    CHECK(at.out == states[k] + "\n");
    CHECK(state(states[k])["position"] == k);
    if (k < 31) CHECK(states[k] == states[31 + 31 - k]);
    if (k) CHECK(states[k] != states[k - 1]);
  }
  CHECK(states[63] == states[31]);
  CHECK(states[64] == states[0]);
  CHECK(states[65] == states[17]);
}

TEST_CASE("step: the state is what the trace says") {
  const Sample s;
  const Json first = state(s.gradus("step sample.trace.jsonl --at 12 --json").out);  // add gives to t5
  CHECK(first["event"]["ev"] == "contribution");
  CHECK(first["event"]["to"] == 5);
  for (const Json& node : first["nodes"]) {
    if (node["node"] == 5) CHECK(node["k"] == 1);
    if (node["node"] == 5) CHECK(node["of"] == 2);
    if (node["node"] == 5) CHECK(!node["visited"]);
    if (node["node"] == 2) CHECK(node["grad"].is_null());
  }
  const Json last = state(s.batch("goto 31; json").out.substr(s.batch("goto 31").out.size()));
  for (const Json& node : last["nodes"]) CHECK(node["visited"] == (node["node"] >= 0));
}

TEST_CASE("step: a parameter has the value that the optimizer gave it") {
  const Sample s;
  const std::size_t line = sample.find(R"({"ev":"step")");
  const Json update = Json::parse(sample.substr(line, sample.find('\n', line) - line));
  const auto first = [](const std::string& out) { return std::stod(lines_of(out).at(1)); };
  const std::string name = update["parameter"];
  const std::string at_5 = s.batch("goto 5").out, at_31 = s.batch("goto 31").out;
  const double old = first(s.batch("goto 5; p val " + name).out.substr(at_5.size()));
  const double now = first(s.batch("goto 31; p val " + name).out.substr(at_31.size()));
  CHECK(old == doctest::Approx(update["before"]["data"][0].get<double>()).epsilon(1e-3));
  CHECK(now == doctest::Approx(update["after"]["data"][0].get<double>()).epsilon(1e-3));
  CHECK(old != now);
}

TEST_CASE("step: nan, inf and a rule that is wrong") {
  const Sample s;
  std::string bad = sample;
  const auto swap = [&bad](const std::string& what, const std::string& by, std::size_t from = 0) {
    const std::size_t at = bad.find(what, from);
    REQUIRE(at != bad.npos);
    bad.replace(at, what.size(), by);
  };
  // The value of t6 gets a NaN and an infinity; the check of sigmoid's own rule is bad.
  const std::size_t op = bad.find(R"("node":6,"op":"sigmoid")"), data = bad.find("\"data\":[", op) + 8;
  bad.replace(data, bad.find(',', data) - data, "\"nan\"");
  const std::size_t second = bad.find(',', data) + 1;
  bad.replace(second, bad.find(',', second) - second, "\"-inf\"");
  const std::size_t check = bad.find(R"("kind":"local","node":6)");
  REQUIRE(check != bad.npos);
  swap(R"("verdict":"ok")", R"("verdict":"bad")", check);
  write(s.gradus.file("sample.trace.jsonl"), bad);
  CHECK_PARTS(s.batch("b nan; c").out, "[5/31] sigmoid makes t6", "breakpoint 1", "nan");
  CHECK_PARTS(s.batch("b inf; c").out, "[5/31] sigmoid makes t6", "-inf");
  CHECK_PARTS(s.batch("b check:bad; c; where").out, "[13/31] visit t6 (sigmoid)", "the rule of sigmoid is wrong",
              "sample.cpp:11");
  CHECK_PARTS(s.batch("stats t6").out, "nan 1  inf 1");
}

TEST_CASE("step: what cannot be fulfilled is refused, what is left out is the tensor of this step") {
  const Sample s;
  const auto refused = [&](const std::string& spec) {
    const auto run = s.batch("b " + spec);
    CHECK(run.code == 2);
    return run.err;
  };
  CHECK_PARTS(refused("op:tnah"), "no operation 'tnah'", "tanh");
  CHECK_PARTS(refused("scope:fc1"), "no module 'fc1'");
  CHECK_PARTS(refused("line:sample.cpp:12345"), "no operation was called at sample.cpp:12345");
  CHECK_PARTS(refused("t:nosuch"), "no tensor 'nosuch'");
  CHECK(s.batch("goto 14; p").out == s.batch("goto 14; p t5").out);
  CHECK(s.batch("goto 14; why").out == s.batch("goto 14; why t5").out);
  CHECK(s.batch("goto 14; stats").out == s.batch("goto 14; stats t5").out);
  CHECK(s.batch("goto 15; check").out == s.batch("goto 15; check t5").out);
  CHECK_PARTS(s.batch("p").err, "this step has no tensor of its own");
}

TEST_CASE("step: why and check do not give away what has not come") {
  const Sample s;
  const auto early = s.batch("goto 12; why b; why t5; check b; p grad b").out;
  const std::string final_gradient = "0.2532";  // of b
  CHECK_FALSE(contains(early, final_gradient));
  CHECK_PARTS(early, "1/1  expand", "still to come", "b: its gradient is still to come", "b has no gradient yet");
  CHECK(contains(s.batch("goto 31; why b").out, final_gradient));
}

TEST_CASE("step: a rule with the numbers of its letters") {
  const Sample s;
  CHECK_PARTS(s.batch("goto 14; rule").out, "sigmoid: dx = g y (1 - y)", "g 4x3", "y 4x3", "incoming");
  const auto product = s.batch("b op:matmul; c; c; s; rule").out;
  CHECK_PARTS(product, "da = g bᵀ   db = aᵀ g", "a = c1 4x2", "g 4x3");
}

TEST_CASE("step: results have the names that the program gave them, and their numbers too") {
  Sample of;
  std::string named;
  for (const std::string& line : lines_of(sample)) {
    Json e = Json::parse(line);
    if (e["ev"] == "op" && e["op"] == "sigmoid") e["names"] = {"hidden"};
    named += e.dump() + "\n";
  }
  write(of.gradus.file("sample.trace.jsonl"), named);
  CHECK(contains(of.batch("goto 4; where").out, "tanh makes hidden"));
  CHECK(contains(of.batch("goto 14; rule").out, "hidden (tanh)"));
  const std::string by_name = of.batch("goto 14; p hidden").out;
  CHECK(contains(by_name, "hidden (tanh)"));
  CHECK(by_name == of.batch("goto 14; p t5").out);
  CHECK(contains(of.batch("b t:hidden; c; where").out, "makes hidden"));
  CHECK(contains(of.batch("b t5; c; where").out, "makes hidden"));
}

TEST_CASE("step: an error that ended the program is the last step, with its shapes") {
  const Sample s;
  std::string text = sample;
  const std::size_t from = text.find(R"({"ev":"walk")");
  text.resize(from);
  const Json error = {{"ev", "error"},
                      {"tape", 1},
                      {"op", "matmul"},
                      {"wrong", "the inner sizes differ"},
                      {"got", "(4, 3) times (2, 5)"},
                      {"expected", "equal"},
                      {"advice", "transpose b"},
                      {"loc", {{"file", "sample.cpp"}, {"line", 12}}}};
  text += error.dump() + "\n";
  write(s.gradus.file("sample.trace.jsonl"), text);
  CHECK_PARTS(s.batch("goto 8").out, "[8/8] matmul fails", "the inner sizes differ", "(4, 3) times (2, 5)",
              "try       transpose b", "▶  12");
  CHECK(state(s.gradus("step sample.trace.jsonl --at 8 --json").out)["event"]["ev"] == "error");
}

TEST_CASE("gradus help: the list, or one command") {
  const Program gradus;
  CHECK(gradus("help").code == 0);
  CHECK(gradus("help").out == gradus("--help").out);
  CHECK(gradus("help check").out == gradus("check --help").out);
  CHECK_PARTS(gradus("check --help").out, "usage: gradus check FILE");
}

TEST_CASE("step: lines of a program that is gone, changed, elsewhere, or none of the trace's business") {
  const Sample s;
  std::filesystem::last_write_time(s.gradus.file("sample.cpp"), std::filesystem::file_time_type::clock::now());
  CHECK(contains(s.batch("s").out, "sample.cpp:9 (source changed since this run)"));
  std::filesystem::create_directory(s.gradus.file("other"));
  std::filesystem::rename(s.gradus.file("sample.cpp"), s.gradus.file("other/sample.cpp"));
  CHECK(contains(s.batch("s").out, "sample.cpp:9 (source not found; --src DIR)"));
  CHECK(contains(s.gradus("step sample.trace.jsonl --src other --batch s").out, "▶   9    Tensor z"));
  write(s.gradus.file("secret"), "1\n2\n3\n4\n5\n6\n7\n8\nhush\n");
  std::string text = sample;
  for (std::size_t at; (at = text.find("sample.cpp")) != text.npos;) text.replace(at, 10, "secret");
  write(s.gradus.file("sample.trace.jsonl"), text);
  const auto run = s.batch("s; l");
  CHECK(contains(run.out, "secret:9 (source not found"));
  CHECK(!contains(run.out, "hush"));
}

TEST_CASE("step: a name cannot steer the terminal, and a pipe has no colour") {
  const Sample s;
  std::string text = sample;
  for (std::size_t at = 0; (at = text.find(R"("name":"W")", at)) != text.npos;)
    text.replace(at, 10, R"("name":"\u001b[31mW")");
  write(s.gradus.file("sample.trace.jsonl"), text);
  const auto run = s.piped("tape\ngoto 20\nwhy \x1b[31mW\np nosuch\n");
  CHECK(run.code == 0);
  CHECK(contains(run.out, "\\x1b[31mW"));
  CHECK(!contains(run.out, "\x1b"));
  CHECK(!contains(run.out, "(gradus)"));
}

TEST_CASE("step: what cannot be opened, and what opens in part") {
  const Sample s;
  const auto step = [&s](const std::string& text) {
    write(s.gradus.file("t.jsonl"), text);
    return s.gradus("step t.jsonl --batch 'goto 0'");
  };
  CHECK(s.gradus("step none.jsonl").code == 3);
  CHECK(contains(s.gradus("step none.jsonl").err, "none.jsonl"));
  CHECK(s.gradus("step").code == 2);
  CHECK(s.gradus("step sample.trace.jsonl --at 32").code == 2);
  CHECK(s.gradus("step sample.trace.jsonl --at x").code == 2);
  CHECK(contains(s.gradus("step sample.trace.jsonl --at -1").err, "expected a step from 0 to 31"));
  for (const char* text : {"", "{}\n", "\x89PNG\r\n", "hello\n"}) {
    const auto run = step(text);
    CHECK(run.code == 3);
    CHECK(contains(run.err, "t.jsonl' is not a Gradus trace"));
    CHECK(run.out.empty());
  }
  std::string newer = sample;
  newer.replace(newer.find("\"version\":1"), 11, "\"version\":3");
  CHECK(step(newer).code == 3);
  CHECK(contains(step(newer).err, "newer version"));

  std::size_t cut = 0;  // line 20 is broken
  for (int line = 1; line < 20; ++line) cut = sample.find('\n', cut) + 1;
  const auto broken = step(sample.substr(0, cut) + "{\"ev\":\n" + sample.substr(cut));
  CHECK(broken.code == 0);
  CHECK_PARTS(broken.err, "line 20 cannot be read");
  CHECK(contains(broken.out, "[0/13]"));
  const auto header = step(sample.substr(0, sample.find('\n') + 1));
  CHECK(header.code == 0);
  CHECK(contains(header.err, "ends early, after line 1"));
  const auto fails = s.batch("s; p nosuch; s");
  CHECK(fails.code == 2);
  CHECK_PARTS(fails.err, "--batch: no tensor 'nosuch'");
}
#endif
