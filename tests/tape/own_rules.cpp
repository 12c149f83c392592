// Operations that users write, and what they can get wrong: a derivative that would be lost without a word is an error.
#include <gradus/gradus.hpp>

#include <optional>
#include <span>

#include "support.hpp"

using namespace gradus;

namespace {

enum class How { item, at, data, to_vector, copy_to, flags, none };

// y = x², with a rule that reads the numbers of x.
struct Reading {
  How how = How::none;
  bool pause = false;
  static constexpr auto name = "reading", rule = "dx = 2 g x";
  static constexpr Saves saves{in0};
  void fields(auto& v) const {
    v("how", how);
    v("pause", pause);
  }
  Tensor forward(Fwd&, Ins in) const { return in[0] * in[0]; }
  Tensor numbers(const Tensor& x) const {
    if (how == How::item) return scalar(x.item(), f64);
    if (how == How::at) return scalar(x.at({}), f64);
    if (how == How::data) return from_data(x.data<double>(), {});
    if (how == How::to_vector) return from_data(x.to_vector(), {});
    if (how == How::flags) return scalar(x.to_vector<bool>()[0] ? 3 : 0, f64);
    if (how == How::none) return x;
    std::vector<double> copy(1);
    x.copy_to(std::span(copy));
    return from_data(copy, {});
  }
  void vjp(Vjp& v) const {
    std::optional<NoRecord> paused;
    if (pause) paused.emplace();
    const Tensor x = numbers(v.in(0));
    paused.reset();
    v.give(0, v.g * x * 2);
  }
};

struct FirstOnly {
  static constexpr auto name = "first_only", rule = "dx = 2 g x";
  static constexpr Saves saves{in0};
  static constexpr bool first_order = true;
  void fields(auto&) const {}
  Tensor forward(Fwd&, Ins in) const { return in[0] * in[0]; }
  void vjp(Vjp& v) const { v.give(0, v.g * (2 * v.in(0).item())); }
};

struct Accumulating {
  bool by = false;
  static constexpr auto name = "accumulating", rule = "dx = g";
  static constexpr Saves saves{};
  void fields(auto& v) const { v("by", by); }
  Tensor forward(Fwd&, Ins in) const { return in[0] * 1; }
  void vjp(Vjp& v) const {
    if (by)
      v.give_by(0, [&](const Tensor& to, bool) { Tensor(to).copy_(v.g); });
    else
      Tensor(v.accumulator(0)).add_(v.g);
  }
};

// Faults that would read beyond what an operation has.
enum class Slip { saves, forward, in, extra, shape, give, undefined };
template <Slip slip>
struct Slips {
  static constexpr auto name = "slips", rule = "dx = g";
  static constexpr Saves saves = slip == Slip::saves ? Saves{in0 | in3} : Saves{in0 | out0};
  void fields(auto&) const {}
  Tensor forward(Fwd&, Ins in) const {
    if (slip == Slip::undefined) return {};
    return slip == Slip::forward ? in[0] * in[2] : in[0] * 1;
  }
  void vjp(Vjp& v) const {
    if (slip == Slip::in) v.in(8);  // whose bit would be that of the output
    if (slip == Slip::extra) v.extra(40);
    if (slip == Slip::shape) v.shape(1);
    if (slip == Slip::give) v.give(-1, v.g);
    v.give(0, v.g);
  }
};
template <Slip slip>
std::string said_of(int inputs = 1) {
  const Tensor x = scalar(2, f64).requires_grad_(), k = scalar(3, f64);
  return support::message([&] {
    Tape tape;
    tape.backward(inputs == 1 ? apply(Slips<slip>{}, x) : apply(Slips<slip>{}, x, k));
  });
}

}  // namespace

TEST_CASE("a rule that reads the numbers of a tracked tensor: once it serves, a recorded walk refuses it") {
  for (const How how : {How::item, How::at, How::data, How::to_vector, How::copy_to, How::flags}) {
    const Tensor x = scalar(3, f64).requires_grad_();
    Tape tape;
    const int line = __LINE__ + 1;
    const Tensor y = apply(Reading{how}, x * 1);
    CHECK(tape.gradient(y, {x})[0].item() == 6);
    CHECK_SAYS(tape.gradient(y, {x}, {.record = true}), "gradient: the rule of 'reading (",
               "own_rules.cpp:" + std::to_string(line) + ")'", "reads numbers of a tracked tensor",
               "first_order = true", "own_rules.cpp");
    CHECK(x.item() == 3);  // the refusal ends with the walk
  }
}

TEST_CASE("a rule may read constants, read under NoRecord, and be right at second order otherwise") {
  const Tensor x = scalar(3, f64).requires_grad_();
  Tape tape;
  const auto second = [&](const Reading& op) {
    const Tensor first = tape.gradient(apply(op, x), {x}, {.record = true})[0];
    return tape.gradient(first, {x})[0].item();
  };
  CHECK(second({How::none}) == 2);
  const Tensor first = tape.gradient(apply(Reading{How::item, true}, x), {x}, {.record = true})[0];
  CHECK(first.item() == 6);
  const Tensor k = scalar(2, f64);  // a constant: the rule never runs for it
  CHECK(tape.gradient(apply(Reading{How::item}, k) * x, {x}, {.record = true})[0].item() == 4);
}

TEST_CASE("observers may read anything while a recorded rule runs") {
  struct Reader : Observer {
    double sum = 0;
    void on_record(const RecordEvent& e) override { sum += e.value.item(); }
  } reader;
  const Observing watching(reader);
  const Tensor x = scalar(3, f64).requires_grad_();
  Tape tape;
  tape.gradient(exp(x * 0), {x}, {.record = true});
  CHECK(reader.sum > 0);
}

TEST_CASE("first_order: a recorded walk over the operation is an error with its line") {
  const Tensor x = scalar(3, f64).requires_grad_();
  Tape tape;
  const int line = __LINE__ + 1;
  const Tensor y = apply(FirstOnly{}, x);
  CHECK(tape.gradient(y, {x})[0].item() == 6);
  CHECK_SAYS(tape.gradient(y, {x}, {.record = true}), "gradient: 'first_only (",
             "own_rules.cpp:" + std::to_string(line) + ")' has no second derivative", "first_order = true",
             "own_rules.cpp");
  CHECK(gradcheck([](const Tensor& t) { return apply(FirstOnly{}, t); }, {scalar(2)}));
  CHECK_SAYS(gradcheck([](const Tensor& t) { return apply(FirstOnly{}, t); }, {scalar(2)}, {.order = 2}),
             "'first_only (", "own_rules.cpp");
}

TEST_CASE("accumulators belong to fast rules: in a recorded walk they are an error") {
  for (const bool by : {false, true}) {
    const Tensor x = scalar(3, f64).requires_grad_();
    Tape tape;
    const Tensor y = apply(Accumulating{by}, x);
    CHECK(tape.gradient(y, {x})[0].item() == 1);
    CHECK_SAYS(tape.gradient(y, {x}, {.record = true}), "the rule of 'accumulating (",
               by ? "give_by()" : "accumulator()", "in a walk that is recorded", "fast()");
  }
}

TEST_CASE("what an operation does not have is named, and nothing is read beyond it") {
  CHECK_PARTS(said_of<Slip::saves>(), "slips: `saves` of the operation names an input that it does not have", "1 input",
              "own_rules.cpp");
  CHECK_PARTS(said_of<Slip::forward>(2), "forward() reads an input that it was not given", "input 2 of 2",
              "own_rules.cpp");
  CHECK_PARTS(said_of<Slip::in>(), "reads in8, which the operation does not save");
  CHECK_PARTS(said_of<Slip::extra>(), "reads extra40, which the operation does not save");
  CHECK_PARTS(said_of<Slip::shape>(2), "uses input 1, whose gradient is not needed", "wants(i)");
  CHECK(said_of<Slip::give>() == "nothing was thrown");
  CHECK_PARTS(said_of<Slip::undefined>(), "slips: forward() of the operation returned an undefined tensor",
              "own_rules.cpp");
}

TEST_CASE("a number that the dtype cannot hold is refused by the operation, at the user's line") {
  const Tensor i = arange(3);
  CHECK_SAYS(apply(Slips<Slip::give>{}, i, 0.5), "slips:", "own_rules.cpp");
}
