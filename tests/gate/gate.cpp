// Every operation's rule against differences, at both orders, on drawn inputs.
#include <set>

#include <doctest/doctest.h>

#include "gate/run.hpp"

using namespace gate;

namespace {

static_assert(first_order_cases >= 150 * GRADUS_TEST_SCALE && second_order_cases >= 50 * GRADUS_TEST_SCALE);

// Draws cases until `enough` of them have counted: the operation was on the tape, and not only zeros were compared.
// Gives up after four times as many. Returns how many counted.
int run(const Row& row, int enough, Outcome (*once)(const Row&, const Case&, Rng&, const Swap&), bool curves) {
  int counted = 0, recorded = 0, curved = 0, tried = 0;
  for (; counted < enough && tried < 4 * enough; ++tried) {
    const Case c = draw_case(row, tried);
    Rng rng(static_cast<std::uint64_t>(tried) + 1);
    const Outcome r = once(row, c, rng, {});
    if (!r.wrong.empty()) {
      INFO(std::string(row.name), ", case ", tried, ": ", r.wrong);
      CHECK(false);
      return counted;
    }
    CHECK_UNARY_FALSE(row.flat && r.moved);
    counted += r.recorded && (r.moved || row.flat);
    recorded += r.recorded;
    curved += r.curved;
  }
  INFO(std::string(row.name), ": ", counted, " of ", tried, " cases counted, the operation was recorded in ", recorded);
  CHECK(counted >= enough);
  CHECK(recorded * 5 >= tried * 4);
  INFO("a second derivative other than zero was seen in ", curved);
  if (curves && row.no_curve)
    CHECK(curved == 0);
  else if (curves)
    CHECK(curved * 2 >= counted);
  return counted;
}

}  // namespace

TEST_CASE("every operation has a row with wrong inputs, every row an operation") {
  std::set<std::string> names;
  for (const Row& row : rows()) {
    INFO(std::string(row.name));
    CHECK(find(row.name));
    CHECK(names.insert(row.name).second);
    CHECK(!row.errors.empty());
  }
  for (const gradus::detail::OpTable* op : gradus::operations()) {
    INFO("operation ", std::string(op->name));
    CHECK(names.count(op->name) == 1);
  }
}

TEST_CASE("rules agree with differences") {
  int total = 0;
  for (const Row& row : rows()) total += run(row, first_order_cases, first_order, false);
  MESSAGE(total, " cases of the first order counted");
  CHECK(total >= 10000 * GRADUS_TEST_SCALE);
}

TEST_CASE("rules can be differentiated again, by the inputs and by the cotangent") {
  int total = 0;
  for (const Row& row : rows()) total += run(row, second_order_cases, second_order, true);
  MESSAGE(total, " cases of the second order counted");
  CHECK(total >= 3000 * GRADUS_TEST_SCALE);
}
