// Tapes, walks, scopes and observers that end early, late, on another thread or by an exception: an Error or no harm.
#include <gradus/gradus.hpp>

#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include "support.hpp"

using namespace gradus;

namespace {

Tensor leaf(double v) { return scalar(v, f64).requires_grad_(); }

// 6 if this thread can record and walk.
double works() {
  const Tensor x = leaf(3);
  Tape tape;
  tape.backward(x * x);
  return x.grad().item();
}

struct Thrown : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Throws once, in the call of that name.
struct Throwing : Observer {
  explicit Throwing(std::string call) : in(std::move(call)) {}
  std::string in;
  void at(const char* call) {
    if (in != call) return;
    in.clear();
    throw Thrown(call);
  }
  void on_record(const RecordEvent&) override { at("record"); }
  void on_walk_begin(const WalkEvent&) override { at("walk_begin"); }
  void on_visit(const VisitEvent&) override { at("visit"); }
  void on_visited(const VisitEvent&) override { at("visited"); }
  void on_contribution(const ContributionEvent&) override { at("contribution"); }
  void on_accumulate(const AccumulateEvent&) override { at("accumulate"); }
  void on_walk_end(const WalkEvent&) override { at("walk_end"); }
  void on_scope(const ScopeEvent& e) override { at(e.enter ? "enter" : "leave"); }
  void on_tape_begin(const Tape&) override { at("tape_begin"); }
  void on_tape_end(const Tape&) override { at("tape_end"); }
};

}  // namespace

// ---- observers that throw ----

TEST_CASE("an observer that throws at any place: the exception arrives, and the thread can go on") {
  for (const char* call : {"record", "walk_begin", "visit", "visited", "contribution", "accumulate", "walk_end",
                           "enter", "leave", "tape_begin", "tape_end"}) {
    CAPTURE(call);
    Throwing observer(call);
    const Observing watching(observer);
    const Tensor x = leaf(3), w = leaf(1);
    const auto program = [&] {
      {
        Tape tape;
        const Scope scope("net");
        tape.backward(x * x * w);
      }
      const Tape next;  // here at the latest: what was thrown in a destructor
    };
    CHECK_THROWS_AS(program(), Thrown);
    CHECK(observer.in.empty());
    CHECK(Tape::current() == nullptr);
    // All leaves have their gradients, or none.
    CHECK(x.grad().defined() == w.grad().defined());
    CHECK(works() == 6);
  }
}

TEST_CASE("what an observer threw in a destructor is thrown by the next call that tells one, once") {
  Throwing observer("leave");
  const Observing watching(observer);
  const Tensor x = leaf(3);
  Tape tape;
  { const Scope scope("net"); }
  CHECK_THROWS_AS(x * x, Thrown);
  tape.backward(x * x);
  CHECK(x.grad().item() == 6);
}

TEST_CASE("an exception on its way is not followed by one from a destructor") {
  Throwing observer("leave");
  const Observing watching(observer);
  const auto program = [] {
    Tape tape;
    const Scope scope("net");
    throw std::logic_error("first");
  };
  CHECK_THROWS_AS(program(), std::logic_error);
  CHECK(works() == 6);
}

TEST_CASE("the other observers are told although one has thrown") {
  struct Count : Observer {
    int ends = 0;
    void on_tape_end(const Tape&) override { ++ends; }
  } count;
  const Observing outer(count);
  Throwing observer("tape_end");
  const Observing inner(observer);
  { const Tape tape; }
  CHECK(count.ends == 1);
  CHECK_THROWS_AS(static_cast<void>(Tape()), Thrown);
}

TEST_CASE("a scope that an observer refuses is not entered") {
  Throwing observer("enter");
  const Observing watching(observer);
  const Tensor x = leaf(3);
  Tape tape;
  CHECK_THROWS_AS(static_cast<void>(Scope("net")), Thrown);
  CHECK(tape[tape.index_of(x * x)].scope().empty());
}

TEST_CASE("an observer may attach and detach others while it is told") {
  struct Other : Observer {
    int records = 0;
    void on_record(const RecordEvent&) override { ++records; }
  } other;
  struct Switching : Observer {
    explicit Switching(Observer& o) : other(o) {}
    Observer& other;
    std::optional<Observing> attached;
    void on_record(const RecordEvent&) override {
      if (attached)
        attached.reset();
      else
        attached.emplace(other);
    }
  } switching(other);
  const Observing watching(switching);
  Tape tape;
  const Tensor x = leaf(1);
  for (int i = 0; i < 10; ++i) (void)(x * 2);
  CHECK(other.records > 0);
}

// ---- other threads ----

TEST_CASE("a tape may end on another thread: its own can go on") {
  const Tensor x = leaf(3);
  auto tape = std::make_unique<Tape>();
  const Tensor y = x * x;
  std::thread([&] { tape.reset(); }).join();
  CHECK(Tape::current() == nullptr);
  const Tensor z = x * x;
  CHECK(z.item() == 9);
  CHECK_SAYS(y + 1, "belongs to a tape that has ended");
  CHECK(works() == 6);
}

TEST_CASE("a tape may outlive its thread") {
  std::unique_ptr<Tape> tape;
  Tensor y;
  std::thread([&] {
    tape = std::make_unique<Tape>();
    y = leaf(3) * 2;
  }).join();
  CHECK(tape->size() == 2);
  CHECK_SAYS(tape->backward(y), "backward: the tape of this walk is not the live tape of this thread", "lifetimes.cpp");
  tape.reset();
  CHECK(works() == 6);
}

TEST_CASE("a tape that is put aside may end, and is not put back") {
  auto tape = std::make_unique<Tape>();
  const Tensor x = scalar(3, f64);
  const auto [value, grads] = value_and_grad(
      [&] {
        tape.reset();
        return x * x;
      },
      {x});
  CHECK(grads[0].item() == 6);
  CHECK(Tape::current() == nullptr);
  CHECK(works() == 6);
}

TEST_CASE("a tape made under a tape that is put aside may outlive that") {
  const Tensor x = leaf(3);
  Tape tape;
  const Tensor y = x * x;
  std::unique_ptr<Tape> left;
  CHECK_SAYS(value_and_grad(
                 [&] {
                   left = std::make_unique<Tape>();  // beside the one that records this function
                   return x * x;
                 },
                 {x}),
             "Tape: a tape is already live on this thread", "lifetimes.cpp");
  CHECK(left == nullptr);
  tape.backward(y);
  CHECK(x.grad().item() == 6);
}

TEST_CASE("an Observing may end on another thread, or after its own has ended") {
  struct Count : Observer {
    int records = 0;
    void on_record(const RecordEvent&) override { ++records; }
  };
  {
    Count count;
    auto watching = std::make_unique<Observing>(count);
    CHECK(works() == 6);
    CHECK(count.records == 2);
    std::thread([&] { watching.reset(); }).join();
    CHECK(works() == 6);
    CHECK(count.records == 2);
  }
  Count count, later;
  std::unique_ptr<Observing> watching;
  std::thread([&] { watching = std::make_unique<Observing>(count); }).join();
  watching.reset();
  const Observing again(later);
  CHECK(works() == 6);
  CHECK(later.records == 2);
}

TEST_CASE("a walk that outlives its tape, or goes to another thread, refuses to go on") {
  auto tape = std::make_unique<Tape>();
  const Tensor x = leaf(3);
  const Tensor y = x * x * x;
  std::unique_ptr<BackwardPass> pass(new BackwardPass(*tape, y));  // make_unique would hide this line
  CHECK(pass->step());
  std::string said;
  std::thread([&] { said = support::message([&] { pass->step(); }); }).join();
  CHECK_PARTS(said, "backward: the tape of this walk is not the live tape of this thread", "lifetimes.cpp");
  tape.reset();
  CHECK_SAYS(pass->step(), "the tape of this walk is not the live tape of this thread: it has ended");
  pass.reset();
  CHECK_FALSE(x.grad().defined());
  CHECK(works() == 6);
}

TEST_CASE("an error stops a walk for good, and no leaf has changed") {
  Throwing observer("visited");
  const Observing watching(observer);
  const Tensor x = leaf(3), w = leaf(1);
  Tape tape;
  BackwardPass pass(tape, x * w * x);
  CHECK_THROWS_AS(pass.step(), Thrown);
  CHECK_SAYS(pass.step(), "backward: an error has stopped this walk", "lifetimes.cpp");
  CHECK_FALSE(x.grad().defined());
  CHECK_FALSE(w.grad().defined());
}

TEST_CASE("scopes end with their tape") {
  auto tape = std::make_unique<Tape>();
  auto scope = std::make_unique<Scope>("old");
  tape.reset();
  const Tensor x = leaf(1);
  Tape next;
  const Scope here("new");
  scope.reset();  // of another tape: this one keeps its scope
  CHECK(next[next.index_of(x * 2)].scope() == "new");
}

// ---- numbers that name no node ----

TEST_CASE("a node that is not there is an error at the user's line") {
  const Tensor x = leaf(1);
  Tape tape;
  CHECK_SAYS(tape[0], "Tape: there is no such node", "node 0 of a tape of 0", "the tape is empty", "lifetimes.cpp");
  const Tensor y = x * 2;
  CHECK(std::string(tape[1].name()) == "mul_scalar");
  for (const std::int64_t i : {std::int64_t{2}, std::int64_t{-1}, std::int64_t{1} << 32})
    CHECK_SAYS(tape[i], "Tape: there is no such node", "0 to 1");
  CHECK_SAYS(NodeView(tape, 7), "node 7 of a tape of 2", "lifetimes.cpp");
  CHECK_SAYS(tape[tape.index_of(scalar(1))], "there is no such node");
  CHECK_FALSE(BackwardPass(tape, y).grad(99).defined());
}

TEST_CASE("replay: a node to replace must be there, and its value must fit") {
  const Tensor x = tensor({1, 2}, f64).requires_grad_();
  Tape tape({.replay = true});
  const Tensor y = sum(x * 3);
  const Tensor value = zeros({2}, f64);
  CHECK(tape.replay({.node = 0, .value = value}).back().item() == 0);
  CHECK(tape.replay().back().item() == 9);
  CHECK_SAYS(tape.replay({.node = 77, .value = value}), "replay: there is no such node to replace", "node 77 of a tape",
             "lifetimes.cpp");
  CHECK_SAYS(tape.replay({.node = -2, .value = value}), "node -2");
  CHECK_SAYS(tape.replay({.value = value}), "there is no such node", ".node and .value together");
  CHECK_SAYS(tape.replay({.node = 0}), "the value that replaces node 0", "an undefined tensor", "(2,) f64");
  CHECK_SAYS(tape.replay({.node = 0, .value = zeros({3}, f64)}), "another shape or dtype", "(3,) f64", "(2,) f64");
  CHECK_SAYS(tape.replay({.node = 0, .value = zeros({2})}), "(2,) f32");
}
