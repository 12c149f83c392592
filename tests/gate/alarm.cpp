// The checks of a trace: every wrong rule is called bad.
#include <doctest/doctest.h>

#include "gate/draw.hpp"
#include "gate/mutants.hpp"
#include "support.hpp"
#include "tape/state.hpp"

using namespace gradus;

namespace {

// Walks back through one case with a rule planted; does the trace call it bad? An error is as good a refusal.
bool called_bad(const gate::Row& row, int number, const gate::Swap& swap) {
  const gate::Case c = gate::draw_case(row, number);
  const support::TempDir dir;
  try {
    const study::Trace trace(dir / "t", {.steps = "all", .checks = study::Checks::local});
    Tape tape;
    std::vector<Tensor> inputs;
    for (const Tensor& x : c.x)
      if (is_floating(x.dtype())) {
        tape.watch(x);
        inputs.push_back(x);
      }
    manual_seed(11);
    const Tensor y = c.f(c.x);
    if (tape.index_of(y) < 0) return false;
    for (int i = 0; i < tape.size(); ++i)
      if (detail::Node& n = tape.state()[i]; n.op == swap.from) n.op = swap.to;
    gate::Rng rng(static_cast<std::uint64_t>(number) + 1);
    tape.gradient(y, inputs, {.cotangent = gate::normal(rng, y.shape()).to(y.dtype())});
  } catch (const Error&) { return true; }
  return support::read(dir / "t").find("\"verdict\":\"bad\"") != std::string::npos;
}

}  // namespace

TEST_CASE("the checks of a trace call every wrong rule bad, and no right one") {
  std::vector<gate::Mutant> all = gate::mutants_by_hand();
  for (gate::Mutant& m : gate::generic_mutants()) all.push_back(std::move(m));
  int planted = 0, found = 0;
  for (const gate::Mutant& m : all) {
    if (m.severed) continue;  // right at first order
    const gate::Planted wrong(m);
    ++planted;
    bool bad = false;
    for (int i = 0; i < 60 && !bad; ++i) bad = called_bad(gate::row_of(m.op), i, wrong.swap);
    INFO(std::string(m.op), ": ", std::string(m.mistake));
    CHECK(bad);
    found += bad;
  }
  MESSAGE(found, " of ", planted, " wrong rules called bad");
  CHECK(planted > 300);
  for (const gate::Row& row : gate::rows()) {
    INFO(std::string(row.name));
    for (int i = 0; i < 6; ++i) CHECK_UNARY_FALSE(called_bad(row, i, {}));
  }
}
