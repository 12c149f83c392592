// Every built-in operation computed again from a trace: with the attributes that were recorded, and with any others.
#include <algorithm>
#include <limits>
#include <set>

#include <doctest/doctest.h>

#include <gradus/gradus.hpp>

#include "gate/run.hpp"
#include "study/trace/rerun.hpp"
#include "support.hpp"

using namespace gradus;
using study::trace::Attribute, study::trace::Op;

namespace {

struct Recorded {
  Op op;
  std::vector<Tensor> in;
};

// The calls of one operation that a case of the gate makes.
std::vector<Recorded> record(const gate::Row& row, const gate::Case& c) {
  const support::TempDir dir;
  {
    const study::Trace trace(dir / "t.jsonl", {.steps = "all", .checks = study::Checks::off, .values = 1 << 20});
    Tape tape;
    for (const Tensor& x : c.x)
      if (is_floating(x.dtype())) tape.watch(x);
    c.f(c.x);
  }
  const study::trace::File file = study::read_trace(dir / "t.jsonl");
  std::map<int, Tensor> values;
  std::vector<Recorded> found;
  for (const study::trace::Event& e : file.events) {
    if (const auto* leaf = std::get_if<study::trace::Leaf>(&e.body)) values[leaf->node] = leaf->value.tensor();
    const auto* op = std::get_if<Op>(&e.body);
    if (!op) continue;
    values[op->node] = op->value.tensor();
    if (op->op != row.name) continue;
    Recorded r{*op, {}};
    for (const int k : op->inputs) r.in.push_back(values.at(k));
    found.push_back(r);
  }
  return found;
}

std::vector<Attribute> others(const Attribute& a) {
  std::vector<Attribute> all;
  const auto add = [&](auto change) {
    Attribute b = a;
    change(b);
    all.push_back(b);
  };
  add([](Attribute& b) { b.name += 'x'; });
  add([](Attribute& b) { b.flag = !b.flag; });
  for (const auto kind : {Attribute::Kind::number, Attribute::Kind::flag, Attribute::Kind::list})
    if (kind != a.kind) add([&](Attribute& b) { b.kind = kind; });
  constexpr std::int64_t large = std::int64_t{1} << 53;
  for (const std::int64_t n : {-large, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, std::int64_t{2},
                               std::int64_t{3}, std::int64_t{7}, std::int64_t{40}, std::int64_t{1000000000},
                               std::int64_t{1} << 31, large, std::numeric_limits<std::int64_t>::max()}) {
    add([n](Attribute& b) { b.number = static_cast<double>(b.integer = n); });
    for (std::size_t i = 0; i < a.list.size(); ++i) add([n, i](Attribute& b) { b.list[i] = n; });
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const double x : {0.5, -0.5, 1e308, infinity, -infinity, std::numeric_limits<double>::quiet_NaN()})
    add([x](Attribute& b) { b.number = x, b.integer = 0; });
  for (const std::size_t size : {0, 1, 2, 3, 8, 9, 1000}) add([size](Attribute& b) { b.list.resize(size, 1); });
  return all;
}

// The recorded call with one thing changed.
std::vector<Recorded> mutants(const Recorded& r) {
  std::vector<Recorded> all;
  for (std::size_t i = 0; i < r.op.attributes.size(); ++i)
    for (const Attribute& a : others(r.op.attributes[i])) {
      all.push_back(r);
      all.back().op.attributes[i] = a;
    }
  for (std::size_t i = 0; i < r.in.size(); ++i)
    for (const Tensor& x : {Tensor(scalar(1, f64)), ones({0}, f64), ones({7}, f64), ones({2, 3}, f64),
                            ones({2, 1, 3, 4}, f64), r.in[i].to(f32), r.in[i].to(boolean), zeros(r.in[i].shape(), i64),
                            full(r.in[i].shape(), 1000, i64), full(r.in[i].shape(), -1, i64)}) {
      all.push_back(r);
      all.back().in[i] = x;
    }
  for (const bool more : {true, false}) {
    all.push_back(r);
    more ? all.back().in.push_back(r.in[0]) : all.back().in.pop_back();
  }
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{3}, Shape{2, 2}, Shape{1, 2, 3, 4}}) {
    all.push_back(r);
    all.back().op.value.shape = shape;
  }
  return all;
}

// Runs it and walks back from it: a result of the recorded shape, or an Error. True for a result.
bool run(const Recorded& r) {
  try {
    Tape tape;
    std::vector<Tensor> targets;
    for (const Tensor& x : r.in)
      if (is_floating(x.dtype())) {
        tape.watch(x);
        targets.push_back(x);
      }
    const Tensor y = study::trace::rerun(r.op, r.in);
    CHECK(y.shape() == r.op.value.shape);
    CHECK(y.dtype() == r.op.value.dtype);
    if (tape.index_of(y) >= 0) tape.gradient(y, targets, {.cotangent = ones_like(y)});
    return true;
  } catch (const Error&) { return false; } catch (const study::trace::TooMuchWork&) {
    return false;
  }
}

}  // namespace

TEST_CASE("every built-in operation can be computed again from a trace") {
  std::set<std::string_view> built_in, known;
  for (const detail::OpTable* table : operations()) built_in.insert(table->name);
  for (const std::string_view name : study::trace::rerun_names()) known.insert(name);
  CHECK(built_in == known);
}

TEST_CASE("computed again with what was recorded, an operation gives what was recorded") {
  for (const gate::Row& row : gate::rows()) {
    int calls = 0;
    for (int n = 0; n < 8; ++n)
      for (const Recorded& r : record(row, gate::draw_case(row, n))) {
        CAPTURE(std::string(row.name));
        CAPTURE(n);
        CHECK(allclose(study::trace::rerun(r.op, r.in), r.op.value.tensor(), 1e-9, 1e-11));
        ++calls;
      }
    CHECK(calls > 0);
  }
}

TEST_CASE("with other attributes, inputs or shapes it gives an Error or a result of the recorded shape") {
  for (const gate::Row& row : gate::rows())
    for (int n = 0; n < 3; ++n)
      for (const Recorded& r : record(row, gate::draw_case(row, n))) {
        CAPTURE(std::string(row.name));
        CHECK(run(r));
        int refused = 0;
        for (const Recorded& mutant : mutants(r)) refused += !run(mutant);
        CHECK(refused > 0);
      }
}
