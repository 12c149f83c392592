// Reading a trace: what the sample holds, and what a damaged or hostile file may ask for.
#include <algorithm>
#include <variant>

#include <gradus/gradus.hpp>
#include <gradus/study/read_trace.hpp>

#include "support.hpp"

using namespace gradus;
using study::parse_trace, study::read_trace;

namespace {

const std::string sample = GRADUS_TEST_DIR "/study/sample.trace.jsonl";
const std::string header = [] {
  const std::string all = support::read(sample);
  return all.substr(0, all.find('\n') + 1);
}();

// Why reading the line behind a header stopped.
std::string broken(const std::string& line) { return parse_trace(header + line + "\n", "t").broken; }

std::string leaf(const std::string& value) {
  return R"({"ev":"leaf","tape":1,"node":0,"name":"x","constant":false,"scope":"","loc":{"file":"a","line":1},"value":)" +
         value + "}";
}

}  // namespace

TEST_CASE("the sample: header, events in order, tensors") {
  const study::trace::File file = read_trace(sample);
  CHECK(file.header.checks == "dir");
  CHECK(file.header.values == 4096);
  CHECK(file.ended);
  CHECK(file.remarks().empty());
  REQUIRE(file.events.size() == 58);
  CHECK(file.events.front().line == 2);
  CHECK(std::holds_alternative<study::trace::TapeBegin>(file.events.front().body));
  const auto* leaf = std::get_if<study::trace::Leaf>(&file.events[2].body);
  REQUIRE(leaf);
  CHECK(leaf->name == "W");
  CHECK(leaf->loc.line == 9);
  CHECK(equal(leaf->value.tensor(), tensor({{0.5, -0.25, 1}, {0.75, 0.5, -1}}, f64)));
  CHECK(parse_trace(support::read(sample), "bytes").events.size() == 58);
}

TEST_CASE("a trace in which results have names is read to its end") {
  const support::TempDir dir;
  {
    const study::Trace trace(dir / "t.jsonl", study::TraceOptions{});
    const Tensor x = tensor({1.0, 2.0}, f64).requires_grad_();
    Tape tape;
    const Tensor h = tanh(x).set_name("h"), n = tanh(x).set_name("nan");
    tape.backward(sum(h * n));
  }
  const study::trace::File file = read_trace(dir / "t.jsonl");
  CHECK(file.broken == "");
  CHECK(file.ended);
  CHECK(file.remarks().empty());
}

TEST_CASE("what is no trace is an Error that names the file and the caller's line") {
  const support::TempDir dir;
  CHECK_SAYS(read_trace(dir / "none"), "read_trace: ", "none: cannot be opened", "read_trace.cpp");
  CHECK_SAYS(read_trace(dir.str()), "is a folder", "a regular file");
  CHECK_SAYS(parse_trace("", "t"), "'t' is not a Gradus trace", "the file is empty", "read_trace.cpp");
  CHECK_SAYS(parse_trace(R"({"ev":"run","format":"gradus-run","version":1})"
                         "\n",
                         "t"),
             "the log of a training", "gradus report");
  CHECK_SAYS(parse_trace("{}\n", "t"), "'ev' is missing");
  CHECK_SAYS(parse_trace(std::string(100000, ' ') + header, "t"), "line 1 is not a header");
}

TEST_CASE("nesting, counts and sizes are bounded by the bytes that are there") {
  CHECK(broken(std::string(100000, '[')).find("a list of lists") != std::string::npos);
  std::string deep;
  for (int i = 0; i < 20; ++i) deep += R"({"a":)";
  CHECK(broken(deep).find("nested too deeply") != std::string::npos);
  std::string members = R"({"ev":"end")";
  for (int i = 0; i < 20000; ++i) members += ",\"a\":1";
  CHECK(broken(members + "}").find("more than 10000 members") != std::string::npos);
  const auto refused = [](const std::string& value) { return broken(leaf(value)); };
  CHECK(refused(R"({"dtype":"f64","shape":[-1],"data":[]})").find("negative size") != std::string::npos);
  CHECK(refused(R"({"dtype":"f64","shape":[4],"data":[1]})").find("1 numbers for its shape (4,)") != std::string::npos);
  CHECK(
      refused(R"({"dtype":"f64","shape":[0,9000000000000000,9000000000000000],"data":[]})").find("too many elements") !=
      std::string::npos);
  CHECK(refused(R"({"dtype":"f64","shape":[1,1,1,1,1,1,1,1,1],"data":[1]})").find("more than 8 axes") !=
        std::string::npos);
  CHECK(refused(R"({"dtype":"f16","shape":[1],"data":[1]})").find("unknown dtype 'f16'") != std::string::npos);
  CHECK(refused(R"({"dtype":"i64","shape":[1],"data":["nan"]})").find("does not fit its dtype i64") !=
        std::string::npos);
  CHECK(refused(R"({"dtype":"bool","shape":[1],"data":[2]})").find("does not fit its dtype bool") != std::string::npos);
  CHECK(refused(R"({"dtype":"f64","shape":[1],"data":[1]})").empty());
}
