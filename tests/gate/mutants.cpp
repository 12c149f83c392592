// The gate is tested: every wrong rule put in a right one's place must be refused, and the right one, put there the
// same way, must pass.
#include <set>
#include <string_view>

#include <doctest/doctest.h>

#include "gate/draw.hpp"
#include "gate/mutants.hpp"

namespace gate {

using namespace gradus;

void right_with(const Fields& a, Vjp& v, const Tensor& g) {
  const_cast<Tensor&>(v.g) = g;  // what it refers to is the walk's own, and not const
  a.right(v);
}

std::vector<Mutant> generic_mutants() {
  std::vector<Mutant> all;
  for (const Row& row : rows()) {
    if (row.flat) continue;  // multiples of zero are zero
    all.push_back({row.name, "wrong sign", [](const Fields& a, Vjp& v) { right_with(a, v, -v.g); }});
    all.push_back({row.name, "a thousandth too large", [](const Fields& a, Vjp& v) { right_with(a, v, v.g * 1.001); }});
    all.push_back({row.name, "the incoming gradient detached",
                   [](const Fields& a, Vjp& v) { right_with(a, v, v.g.detach()); }, true});
    if (std::string_view(row.name) != "mse_loss")  // of one element
      all.push_back({row.name, "off by one along the last axis",
                     [](const Fields& a, Vjp& v) { right_with(a, v, v.g.dim() ? roll(v.g, {1}, {-1}) : v.g); }});
    if (find(row.name)->fast)
      all.push_back({row.name, "the fused rule a thousandth too large",
                     [](const Fields& a, Vjp& v) {
                       const_cast<Tensor&>(v.g) = v.g * 1.001;
                       a.table.fast(a.op, v);
                     },
                     false, false, true});
    if (!row.no_curve)
      all.push_back({row.name, "what was saved detached", [](const Fields& a, Vjp& v) { a.right(v); }, true, true});
  }
  return all;
}

namespace {
const Mutant* active = nullptr;
}

Planted::Planted(const Mutant& m) : wrong_(*find(m.op)) {
  const auto rule = [](const void* op, Vjp& v) { active->rule(Fields(*find(active->op), op), v); };
  if (!m.fused) wrong_.vjp = rule;
  wrong_.fast = m.fused ? +rule : nullptr;
  swap = {find(m.op), &wrong_, m.detach};
  active = &m;
}
Planted::~Planted() { active = nullptr; }

const Row& row_of(const char* op) {
  for (const Row& row : rows())
    if (std::string_view(row.name) == op) return row;
  FAIL("a mutant of an operation without a row: ", std::string(op));
  return rows()[0];
}

std::vector<Mutant> mutants_by_hand() {
  std::vector<Mutant> all;
  for (const auto part : {elementwise_mutants, unary_mutants, reduce_mutants, view_mutants, index_mutants,
                          linalg_mutants, matrix_mutants, nn_mutants, layer_mutants})
    for (Mutant& m : part()) all.push_back(std::move(m));
  return all;
}

namespace {

// What the gate says of it first; "" if it passes. An error is as good a refusal as a wrong number, unless the mutant
// could never have run.
std::string refusal(const Row& row, const Swap& swap, int cases,
                    Outcome (*once)(const Row&, const Case&, Rng&, const Swap&)) {
  for (int i = 0; i < cases; ++i) {
    const Case c = draw_case(row, i);
    Rng rng(static_cast<std::uint64_t>(i) + 1);
    try {
      if (const Outcome r = once(row, c, rng, swap); !r.wrong.empty()) return r.wrong;
    } catch (const Error& e) {
      const std::string what = e.what();
      CHECK(what.find("does not save") == std::string::npos);
      return what;
    }
  }
  return {};
}

void all_refused(const std::vector<Mutant>& mutants) {
  MESSAGE(mutants.size(), " wrong rules planted");
  for (const Mutant& m : mutants) {
    INFO(std::string(m.op), ": ", std::string(m.mistake));
    const Row& row = row_of(m.op);
    const Planted planted(m);
    const std::string at_first = refusal(row, planted.swap, first_order_cases, first_order);
    INFO(at_first);
    if (m.severed) {
      CHECK(at_first.empty());
      CHECK(!refusal(row, planted.swap, second_order_cases, second_order).empty());
    } else {
      CHECK(!at_first.empty());
    }
  }
}

}  // namespace

TEST_CASE("right rules pass in the place of themselves") {
  for (const Row& row : rows()) {
    INFO(std::string(row.name));
    const Mutant none{row.name, "none", [](const Fields& a, Vjp& v) { a.right(v); }};
    const Planted planted(none);
    CHECK(refusal(row, planted.swap, first_order_cases, first_order).empty());
    CHECK(refusal(row, planted.swap, second_order_cases, second_order).empty());
  }
}

TEST_CASE("mistakes made by hand are refused") {
  const auto mutants = mutants_by_hand();
  std::set<std::string> operations;
  for (const Mutant& m : mutants) operations.insert(m.op);
  CHECK(mutants.size() >= 100);
  CHECK(operations.size() == rows().size());  // each operation has one at least
  all_refused(mutants);
}

TEST_CASE("mistakes made in every operation are refused") {
  const auto mutants = generic_mutants();
  CHECK(mutants.size() >= 4 * (rows().size() - 1) - 1);
  all_refused(mutants);
}

}  // namespace gate
