// GRADUS_TRACE: a program that knows nothing of it is traced, prints what it prints, and ends as it ends.
#if defined(GRADUS_TOOL) && defined(GRADUS_EXAMPLES)
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "study/traced.hpp"

using traced::Json;
using traced::of;

namespace {

struct Ran {
  int code;
  std::string out, err;
};

// `environment` as a shell takes it; in `dir`.
Ran run(const support::TempDir& dir, const std::string& environment, const std::string& program) {
  const std::string line =
      "cd '" + dir.str() + "'; ulimit -c 0; " + environment + " timeout 120 " + program + " >out 2>err";
  const int status = std::system(line.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, support::read(dir / "out"), support::read(dir / "err")};
}

std::string example(const std::string& name) { return "'" GRADUS_EXAMPLES "/example_" + name + "'"; }
const std::string check = "'" GRADUS_TOOL "' check t.jsonl";

}  // namespace

TEST_CASE("the examples print the same with a trace as without, and their traces hold together") {
  for (const char* name : {"01_chain_rule", "02_line_fit", "03_xor", "08_custom_layer", "10_hessian_vector"}) {
    CAPTURE(name);
    const support::TempDir dir;
    const Ran plain = run(dir, "", example(name)), traced = run(dir, "GRADUS_TRACE=t.jsonl", example(name));
    CHECK(plain.code == 0);
    CHECK(traced.code == 0);
    CHECK(traced.out == plain.out);
    CHECK(traced.err == "");
    const Ran checked = run(dir, "", check);
    INFO(checked.out);
    CHECK(checked.code == 0);
    CHECK(checked.err == "");
    const auto all = traced::events(dir / "t.jsonl");
    CHECK(of(all, "op").size() >= 10);
    CHECK(all.back()["ev"] == "end");
    CHECK(all.size() < 10000);
  }
}

TEST_CASE("a wrong rule: named by the trace, and the program ends as it did") {
  const support::TempDir dir;
  const Ran plain = run(dir, "", example("12_wrong_rule")),
            traced = run(dir, "GRADUS_TRACE=t.jsonl", example("12_wrong_rule"));
  CHECK(traced.code == plain.code);
  CHECK(traced.out == plain.out);
  const auto all = traced::events(dir / "t.jsonl");
  std::set<int> bad, above;
  int guilty = -1, local = 0;
  for (const Json& c : of(all, "check")) {
    if (c["verdict"] != "bad") continue;
    if (c["kind"] == "local") {
      ++local, guilty = c["node"];
      CHECK(c["op"] == "swish");
    } else {
      bad.insert(c["node"].get<int>());
    }
  }
  CHECK(local == 1);
  // Every tensor that swish was computed from, and no other.
  std::map<int, std::vector<int>> inputs;
  for (const Json& op : of(all, "op"))
    for (const int k : op["inputs"])
      if (k >= 0) inputs[op["node"]].push_back(k);
  std::vector<int> waiting = inputs[guilty];
  while (!waiting.empty()) {
    const int node = waiting.back();
    waiting.pop_back();
    above.insert(node);
    waiting.insert(waiting.end(), inputs[node].begin(), inputs[node].end());
  }
  CHECK(bad == above);
  CHECK(above.size() >= 3);
  const Ran checked = run(dir, "", check);
  CHECK(checked.code == 1);
  CHECK(support::contains(checked.out, "swish"));
}

TEST_CASE("options by environment, and what is none of them") {
  const support::TempDir dir;
  run(dir, "GRADUS_TRACE=t.jsonl GRADUS_TRACE_STEPS=2,5-6 GRADUS_TRACE_CHECK=local GRADUS_TRACE_VALUES=8",
      example("03_xor"));
  auto all = traced::events(dir / "t.jsonl");
  CHECK(all[0]["checks"] == "local");
  CHECK(all[0]["steps"] == "2,5-6");
  int full = 0;
  for (const Json& t : of(all, "tape")) full += t["full"].get<bool>();
  CHECK(full == 3);
  for (const Json& c : of(all, "check")) CHECK(c["kind"] == "local");
  for (const Json& op : of(all, "op")) {
    std::int64_t n = 1;
    for (const Json& s : op["value"]["shape"]) n *= s.get<std::int64_t>();
    CHECK(op["value"].contains("data") == (n <= 8));
  }
  run(dir, "GRADUS_TRACE=t.jsonl GRADUS_TRACE_RING=50 GRADUS_TRACE_CHECK=off", example("03_xor"));
  all = traced::events(dir / "t.jsonl");
  CHECK(all.size() < 200);
  CHECK(all[0]["steps"] == "all");
  CHECK(of(all, "tape").back()["full"] == true);
  CHECK(run(dir, "", check).code == 0);

  const Ran plain = run(dir, "", example("01_chain_rule"));
  for (const char* wrong :
       {"GRADUS_TRACE_CHECK=foo", "GRADUS_TRACE_STEPS=5-", "GRADUS_TRACE_VALUES=many", "GRADUS_TRACE_RING=-1"}) {
    const Ran r = run(dir, "GRADUS_TRACE=none.jsonl " + std::string(wrong), example("01_chain_rule"));
    CHECK(r.code == 0);
    CHECK(r.out == plain.out);
    CHECK(support::contains(r.err, std::string(wrong).substr(0, std::string(wrong).find('='))));
    CHECK(std::count(r.err.begin(), r.err.end(), '\n') == 1);
    CHECK(!std::filesystem::exists(dir / "none.jsonl"));
  }
}

TEST_CASE("a file that cannot be written is one line on stderr, and the program goes on") {
  const support::TempDir dir;
  const Ran plain = run(dir, "", example("01_chain_rule"));
  const auto goes_on = [&](const std::string& environment, const std::string& said) {
    const Ran r = run(dir, environment, example("01_chain_rule"));
    CAPTURE(r.err);
    CHECK(r.code == 0);
    CHECK(r.out == plain.out);
    CHECK(support::contains(r.err, said));
    CHECK(r.err.starts_with("gradus: "));
    const std::string own = r.err.substr(0, r.err.find("libgcov"));  // which cannot write its files either
    CHECK(std::count(own.begin(), own.end(), '\n') == 1);
  };
  goes_on("GRADUS_TRACE=/nonexistent/x.jsonl", "'/nonexistent/x.jsonl': No such file or directory");
  goes_on("GRADUS_TRACE=" + dir.str(), "Is a directory");
  goes_on("GRADUS_TRACE=/dev/full", "No space left on device");
  // Full in the middle: a limit on the size of files does it.
  goes_on("trap '' XFSZ; ulimit -f 8; GRADUS_TRACE=t.jsonl", "stopped writing");
  const Ran checked = run(dir, "", check);
  CHECK(checked.code == 0);
  CHECK(support::contains(checked.out, "the trace ends early, after line "));
  CHECK(traced::events(dir / "t.jsonl").size() > 5);  // whole lines only
}

// Run by the next test, in a process of its own.
TEST_CASE("four threads that train" * doctest::skip()) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([] {
      gradus::Tensor x = gradus::ones({30}, gradus::f64).requires_grad_();
      for (int i = 0; i < 2; ++i) {
        gradus::Tape tape;
        tape.backward(gradus::sum(tanh(x) * x));
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(threads.size() == 4);
}

TEST_CASE("threads record into one file, line by line") {
  const support::TempDir dir;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  CHECK(run(dir, "GRADUS_TRACE=t.jsonl", "'" + self + "' --no-skip --test-case='four threads that train'").code == 0);
  const auto all = traced::events(dir / "t.jsonl");
  std::set<int> threads, tapes;
  for (const Json& t : of(all, "tape")) threads.insert(t["thread"].get<int>()), tapes.insert(t["tape"].get<int>());
  CHECK(threads == std::set<int>{0, 1, 2, 3});
  CHECK(tapes.size() == 8);
  CHECK(of(all, "tape_end").size() == 8);
  CHECK(all.back()["ev"] == "end");
  const Ran checked = run(dir, "", check);
  INFO(checked.out);
  CHECK(checked.code == 0);
}
#endif
