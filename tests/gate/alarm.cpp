// The checks of a trace: every wrong rule is called bad.
#include <set>

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

// A check asks the rule for one input at a time. These mistakes show only where several inputs are wanted at once, or
// they are skipped; the gate finds them, a trace does not.
const std::set<std::string> unseen = {
    "mul: each operand gets its own value",
    "chain_mul: each operand gets its own value",
    "pow: the exponent not lowered",
    "pow: the logarithm left out",
    "index_add: x is overwritten at the indices",
    "scatter_add: x is overwritten at the indices",
    "matmul: b not transposed",
    "matmul: a not transposed",
    "matmul: only the first operand is a variable",
    "addmm: c forgotten",
    "bce_loss: not divided by 1 - x",
    "bce_loss: the sign of the target's",
    "attention: the softmax's sum forgotten",
    "attention: the keys' gradient not scaled",
    "attention: summed over the queries",
    "layer_norm: the mean's part forgotten",
    "layer_norm: the variance's part forgotten",
    "layer_norm: the weight forgotten",
    "lstm_gates: the hidden state's part of the memory's gradient forgotten",
    "lstm_gates: input and forget gate exchanged",
};

}  // namespace

TEST_CASE("the checks of a trace call wrong rules bad, and no right one") {
  std::vector<gate::Mutant> all = gate::mutants_by_hand();
  for (gate::Mutant& m : gate::generic_mutants()) all.push_back(std::move(m));
  int planted = 0, found = 0;
  for (const gate::Mutant& m : all) {
    if (m.severed) continue;  // right at first order
    const gate::Planted wrong(m);
    ++planted;
    bool bad = false;
    for (int i = 0; i < 60 && !bad; ++i) bad = called_bad(gate::row_of(m.op), i, wrong.swap);
    const std::string mistake = std::string(m.op) + ": " + std::string(m.mistake);
    INFO(mistake);
    CHECK(bad != unseen.contains(mistake));
    found += bad;
  }
  MESSAGE(found, " of ", planted, " wrong rules called bad");
  CHECK(planted > 300);
  for (const gate::Row& row : gate::rows()) {
    INFO(std::string(row.name));
    for (int i = 0; i < 6; ++i) CHECK_UNARY_FALSE(called_bad(row, i, {}));
  }
}
