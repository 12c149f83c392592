// Whether a tape is live and what is on it changes neither what a call gives nor what it refuses.
#include <doctest/doctest.h>

#include "gate/draw.hpp"
#include "gate/run.hpp"

using namespace gate;
using namespace gradus;

namespace {

enum class Mode { no_tape, idle_tape, recording };

struct Said {
  Tensor y;               // undefined if it threw
  std::string error;      // what it threw …
  std::string operation;  // … from which operation
  Loc where;              // … at which line
};

Said call(const Case& c, Mode mode) {
  manual_seed(11);
  Said said;
  const auto run = [&] {
    try {
      said.y = c.f(c.x).detach();
    } catch (const Error& e) {
      said.error = e.what();
      said.operation = e.operation();
      said.where = e.where();
    }
  };
  if (mode == Mode::no_tape) {
    run();
    return said;
  }
  Tape tape;
  for (const Tensor& x : c.x)
    if (mode == Mode::recording && x.defined() && is_floating(x.dtype())) tape.watch(x);
  run();
  return said;
}

bool same(const Said& a, const Said& b) {
  if (a.error != b.error || a.y.defined() != b.y.defined()) return false;
  return !a.y.defined() || equal(a.y, b.y);
}

// x with one thing about it changed, to something that may or may not still be legal.
Tensor mangled(Rng& rng, const Tensor& x) {
  const NoRecord off;
  const int dims = x.dim();
  const int a = dims ? static_cast<int>(rng.below(dims)) : 0;
  switch (rng.below(dims ? 9 : 4)) {
    case 0:
      return {};
    case 1:
      return to(x, rng.of({f32, f64, i64, boolean}));
    case 2:
      return unsqueeze(x, 0);
    case 3:
      return x.dtype() == boolean ? logical_not(x) : neg(x);
    case 4:
      return concat({x, x}, a);
    case 5:
      return slice(x, a, {1, Range::end});
    case 6:
      return slice(x, a, {0, 0});
    case 7:
      return reshape(x, {-1});
    default:
      return sum(to(x, f64), a).to(x.dtype());
  }
}

}  // namespace

TEST_CASE("every wrong call names its operation and line, the same with and without a tape") {
  for (const Row& row : rows())
    for (std::size_t i = 0; i < row.errors.size(); ++i) {
      INFO(std::string(row.name), ", error ", i);
      const Said plain = call(row.errors[i], Mode::no_tape);
      CHECK(!plain.error.empty());
      INFO(plain.error);
      CHECK(std::string(plain.where.file_name()).find("/gate/") != std::string::npos);  // the caller's line
      CHECK(plain.where.line() > 0);
      for (const char* inner : {"scalar", "argument", "tensor"}) CHECK(plain.operation != inner);
      CHECK(same(plain, call(row.errors[i], Mode::idle_tape)));
      CHECK(same(plain, call(row.errors[i], Mode::recording)));
    }
}

TEST_CASE("calls with one input changed either throw everywhere or give the same everywhere") {
  for (const Row& row : rows()) {
    int threw = 0;
    const int cases = 100 * GRADUS_TEST_SCALE;
    for (int i = 0; i < cases; ++i) {
      Case c = draw_case(row, i);
      Rng rng(static_cast<std::uint64_t>(i) + 1);
      Tensor& x = c.x[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(c.x.size())))];
      x = mangled(rng, x);
      INFO(std::string(row.name), ", case ", i);
      const Said plain = call(c, Mode::no_tape);
      INFO(plain.error);
      CHECK(same(plain, call(c, Mode::idle_tape)));
      CHECK(same(plain, call(c, Mode::recording)));
      threw += !plain.error.empty();
    }
    INFO(std::string(row.name), " refused ", threw, " of ", cases);
    CHECK(threw > 0);
    CHECK(threw < cases);
  }
}

TEST_CASE("what was accepted can be walked back") {
  for (const Row& row : rows())
    for (int i = 0; i < 100 * GRADUS_TEST_SCALE; ++i) {
      Case c = draw_case(row, i);
      Rng rng(static_cast<std::uint64_t>(i) + 1);
      Tensor& changed = c.x[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(c.x.size())))];
      changed = mangled(rng, changed);
      Tape tape;
      Tensors inputs;
      for (const Tensor& x : c.x)
        if (x.defined() && is_floating(x.dtype())) {
          tape.watch(x);
          inputs.push_back(x);
        }
      Tensor y;
      try {
        y = c.f(c.x);
      } catch (const Error&) { continue; }
      if (tape.index_of(y) < 0) continue;
      INFO(std::string(row.name), ", case ", i);
      const Tensor g = normal(rng, y.shape()).to(y.dtype());
      CHECK(tape.gradient(y, inputs, {.cotangent = g}).size() == inputs.size());
      CHECK(tape.gradient(y, inputs, {.record = true, .cotangent = g}).size() == inputs.size());
    }
}
