// Recording: what gets a node, what refuses one, and which line it carries.
#include <gradus/gradus.hpp>

#include "support.hpp"

using namespace gradus;

TEST_CASE("without a tape nothing is recorded") {
  const Tensor x = scalar(2).requires_grad_();
  const Tensor y = x * x;
  CHECK(y.item() == 4);
  CHECK(Tape::current() == nullptr);
  Tape tape;
  CHECK(tape.index_of(y) == -1);
  const Tensor z = y * 3;  // y is a constant to this tape
  CHECK(tape.size() == 0);
  CHECK_SAYS(tape.backward(z), "backward: nothing was recorded for this tensor", "from constants only",
             "requires_grad_()", "record.cpp");
}

TEST_CASE("leaves come first, then operations in the order they ran") {
  const Tensor x = scalar(2).requires_grad_(), k = scalar(5);
  Tape tape;
  const Tensor y = (x * k) + x;
  REQUIRE(tape.size() == 3);
  CHECK(tape[0].is_leaf());
  CHECK(tape[0].leaf().is_same(x));
  CHECK(std::string(tape[1].name()) == "mul");
  CHECK(tape[1].inputs() == std::vector<int>{0, -1});
  CHECK(std::string(tape[2].name()) == "add");
  CHECK(tape[2].inputs() == std::vector<int>{1, 0});
  CHECK(tape.index_of(y) == 2);
}

TEST_CASE("constants, NoRecord and comparisons leave no node") {
  const Tensor x = ones({3}).requires_grad_();
  Tape tape;
  const Tensor k = ones({3}) * 2;
  CHECK(tape.size() == 0);
  {
    const NoRecord pause;
    const Tensor y = exp(x);
    CHECK(tape.size() == 0);
  }
  const Tensor positive = x > 0;
  CHECK(tape.size() == 0);
  CHECK(positive.dtype() == boolean);
  const Tensor labels = x.to(i64);
  CHECK(tape.size() == 0);
  const Tensor y = exp(x) + k;
  CHECK(tape.size() == 3);
}

TEST_CASE("only one tape at a time, and the message names the first") {
  Tape tape;
  CHECK_SAYS(Tape{}, "Tape: a tape is already live on this thread", "record.cpp", "end that one first");
}

TEST_CASE("a tensor of an ended tape is refused, with and without a live tape; its numbers stay") {
  const Tensor x = scalar(3).requires_grad_();
  Tensor y;
  {
    Tape tape;
    y = x * x;
  }
  CHECK(y.item() == 9);
  CHECK(to_string(y).find('9') != std::string::npos);
  CHECK(y.detach().item() == 9);
  CHECK_SAYS(y + 1, "belongs to a tape that has ended", "x.detach()", "no tape is live on this thread");
  Tape tape;
  CHECK_SAYS(y + 1, "belongs to a tape that has ended");
  CHECK_SAYS(tape.backward(y), "belongs to a tape that has ended");
  const Tensor z = y.detach() * x;  // state carried over a step
  tape.backward(z);
  CHECK(x.grad().item() == 9);
}

TEST_CASE("changing a recorded tensor in place is refused; a leaf may be changed") {
  Tensor x = ones({2}).requires_grad_();
  Tape tape;
  Tensor y = x * 2;
  CHECK_SAYS(y.fill_(0), "fill_: the result of a recorded operation cannot be changed");
  x.fill_(3);  // add_scalar saves nothing of x
  CHECK(x.version() == 1);
}

namespace {
int line_of(const Tape& tape, int node) { return static_cast<int>(tape[node].where().line()); }
Tensor twice(Arg x) {
  const At at(x);
  return exp(x) * 2;
}
template <class T>
Tensor inside_a_template(const T& x) {
  return x + x;
}
constexpr int template_line = __LINE__ - 2;
}  // namespace

TEST_CASE("every node carries the user's line") {
  const Tensor x = ones({2}).requires_grad_();
  Tape tape;
  int line = __LINE__ + 1;
  const Tensor a = x + x;
  CHECK(line_of(tape, tape.index_of(a)) == line);
  line = __LINE__ + 1;
  const Tensor b = a * 2;
  CHECK(line_of(tape, tape.index_of(b)) == line);
  line = __LINE__ + 1;
  const Tensor c = 2 - tanh(b);
  CHECK(line_of(tape, tape.index_of(c)) == line);
  line = __LINE__ + 1;
  const Tensor d = twice(c);  // a composite reports its caller, for every node inside
  CHECK(line_of(tape, tape.index_of(d)) == line);
  CHECK(line_of(tape, tape.index_of(d) - 1) == line);
  line = __LINE__ + 1;
  const auto lambda = [](const Tensor& t) { return sum(t); };
  const Tensor e = lambda(d);
  CHECK(line_of(tape, tape.index_of(e)) == line);  // a lambda is user code: its own line
  const Tensor f = inside_a_template(e);
  CHECK(line_of(tape, tape.index_of(f)) == template_line);
  line = __LINE__ + 1;
  const Tensor g = d[0];
  CHECK(line_of(tape, tape.index_of(g)) == line);
  line = __LINE__ + 1;
  const Tensor h = x.sum();
  CHECK(line_of(tape, tape.index_of(h)) == line);
  CHECK(std::string(tape[1].where().file_name()).find("record.cpp") != std::string::npos);
}

TEST_CASE("what a recorded walk appends carries its forward node's line") {
  const Tensor x = scalar(2, f64).requires_grad_();
  Tape tape;
  const int line = __LINE__ + 1;
  const Tensor y = x * x * x;
  const int before = tape.size();
  tape.gradient(y, {x}, {.record = true});
  CHECK(tape.size() > before);
  for (int i = before; i < tape.size(); ++i) CHECK(line_of(tape, i) == line);
}

TEST_CASE("scopes name a stretch of the tape") {
  const Tensor x = scalar(1).requires_grad_();
  Tape tape;
  const Scope outer("encoder");
  const Tensor a = x * 2;
  Tensor b;
  {
    const Scope inner("fc1");
    b = a * 3;
  }
  const Tensor c = b * 4;
  CHECK(tape[tape.index_of(a)].scope() == "encoder");
  CHECK(tape[tape.index_of(b)].scope() == "encoder.fc1");
  CHECK(tape[tape.index_of(c)].scope() == "encoder");
}

TEST_CASE("nodes show their attributes, saves and rule") {
  const Tensor x = ones({2, 3}).requires_grad_();
  Tape tape;
  const Tensor y = clamp(x, -1, 0.5) * x;
  CHECK(tape[1].attributes() == "low=-1, high=0.5");
  CHECK(std::string(tape[2].rule()) == "da = g b   db = g a");
  CHECK(tape[2].saved().size() == 2);
  CHECK(tape[2].shape() == Shape{2, 3});
  CHECK(y.defined());
}
