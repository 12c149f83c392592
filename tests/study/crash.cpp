// A program that dies leaves a trace that can be read up to there.
#include <algorithm>
#include <csignal>
#include <thread>

#include "study/traced.hpp"
#ifdef GRADUS_TOOL
#include "tools/run.hpp"
#endif

using namespace gradus;
using traced::of;

namespace {

// Three tapes, and in the middle of the walk of the third: the end.
struct Killer : Observer {
  int signal, walks = 0;
  explicit Killer(int s) : signal(s) {}
  void on_walk_begin(const WalkEvent&) override { ++walks; }
  void on_visit(const VisitEvent& e) override {
    if (walks == 3 && e.node == 1) std::raise(signal);
  }
};

void die(const std::string& path, int signal) {
  std::signal(signal, SIG_DFL);  // the test program's own handler would speak
  Tensor x = ones({2, 2}, f64).requires_grad_();
  Killer killer(signal);
  const study::Trace trace(path);
  const Observing watching(killer);
  for (int i = 0; i < 5; ++i) {
    Tape tape;
    tape.backward(sum(tanh(x) * x));
  }
}

}  // namespace

TEST_CASE("killed or aborted in the middle of a walk: every line is whole, and readers say where it ends") {
  for (const int signal : {SIGKILL, SIGABRT, SIGSEGV}) {
    CAPTURE(signal);
    const support::TempDir dir;
    const std::string path = dir / "t.jsonl";
    const int status = traced::in_child([&] { die(path, signal); });
    CHECK(!(WIFEXITED(status) && WEXITSTATUS(status) == 0));
    const auto all = traced::events(path);
    CHECK(of(all, "walk").size() == 3);
    CHECK(of(all, "walk_end").size() == 2);
    CHECK(of(all, "end").empty());
    CHECK(all.back()["ev"] == "contribution");
#ifdef GRADUS_TOOL
    const support::Program gradus;
    const auto r = gradus("check '" + path + "'");
    CHECK(r.code == 0);
    CHECK(support::contains(r.out, "the trace ends early, after line " + std::to_string(all.size())));
#endif
  }
}

TEST_CASE("an operation that throws is in the trace with its shapes, caught or not") {
  for (const bool caught : {true, false}) {
    const support::TempDir dir;
    const std::string path = dir / "t.jsonl";
    traced::in_child([&] {
      std::signal(SIGABRT, SIG_DFL);
      const study::Trace trace(path);
      const auto run = [] {
        const Tensor w = ones({2, 5}, f64).requires_grad_(), x = ones({4, 3}, f64);
        Tape tape;
        const Tensor y = matmul(tanh(x), w);
        tape.backward(sum(y));
      };
      if (!caught) [&]() noexcept { run(); }();
      try {
        run();
      } catch (const Error&) {}
    });
    const auto errors = of(traced::events(path), "error");
    REQUIRE(errors.size() == 1);
    CHECK(errors[0]["op"] == "matmul");
    CHECK(errors[0]["wrong"] == "the inner sizes differ");
    CHECK_PARTS(errors[0]["got"].get<std::string>(), "(4, 3)", "(2, 5)");
    CHECK_PARTS(errors[0]["loc"]["file"].get<std::string>(), "crash.cpp");
    const study::trace::File file = study::read_trace(path);
    const auto found = std::ranges::count_if(
        file.events, [](const auto& e) { return std::holds_alternative<study::trace::Failure>(e.body); });
    CHECK(found == 1);
  }
}

TEST_CASE("an exception through a trace is said in its last line") {
  const support::TempDir dir;
  try {
    const study::Trace trace(dir / "t");
    Tape tape;
    throw std::runtime_error("x");
  } catch (const std::runtime_error&) {}
  const auto all = traced::events(dir / "t");
  CHECK(all.back()["ev"] == "end");
  CHECK(all.back()["ok"] == false);
}

TEST_CASE("a trace in each of several threads") {
  const support::TempDir dir;
  const std::string path = dir / "t.jsonl";
  std::string said;
  const int status = traced::in_child(
      [&] {
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
          threads.emplace_back([&, t] {
            const study::Trace trace(path + std::to_string(t), {.checks = study::Checks::local});
            Tensor x = ones({50}, f64).requires_grad_();
            for (int i = 0; i < 20; ++i) {
              Tape tape;
              tape.backward(sum(tanh(x) * x));
            }
          });
        for (std::thread& t : threads) t.join();
      },
      &said);
  CHECK(status == 0);
  CHECK(said == "");
  for (int t = 0; t < 4; ++t) CHECK(of(traced::events(path + std::to_string(t)), "tape_end").size() == 20);
}
