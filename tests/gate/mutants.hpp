// Wrong rules, as a developer might have written them. The gate has to refuse every one.
#pragma once

#include <map>

#include "gate/run.hpp"

namespace gate {

using gradus::Shape;
using gradus::Vjp;

// The attributes of the operation whose rule runs, by name.
class Fields : public gradus::Attributes {
 public:
  Fields(const gradus::detail::OpTable& of, const void* at) : table(of), op(at) { table.fields(op, *this); }
  double real(const char* name) const { return reals_.at(name); }
  std::int64_t whole(const char* name) const { return wholes_.at(name); }
  int axis() const { return static_cast<int>(whole("axis")); }
  bool is(const char* name) const { return flags_.at(name); }
  const Shape& shape(const char* name) const { return lists_.at(name); }
  gradus::Axes axes(const char* name = "axes") const {
    return gradus::Axes(std::span(shape(name).begin(), shape(name).end()));
  }

  void right(Vjp& v) const { table.vjp(op, v); }  // the rule as it should be

  const gradus::detail::OpTable& table;
  const void* op;

 private:
  void number(const char* name, double& value) override { reals_[name] = value; }
  void integer(const char* name, std::int64_t& value) override { wholes_[name] = value; }
  void flag(const char* name, bool& value) override { flags_[name] = value; }
  void list(const char* name, Shape& value) override { lists_.insert_or_assign(name, value); }
  std::map<std::string, double> reals_;
  std::map<std::string, std::int64_t> wholes_;
  std::map<std::string, bool> flags_;
  std::map<std::string, Shape> lists_;
};

struct Mutant {
  const char* op;
  const char* mistake;
  std::function<void(const Fields&, Vjp&)> rule;
  bool severed = false;  // right at first order, wrong at second
  bool detach = false;   // what was saved is cut off before the rule reads it
  bool fused = false;    // in the place of the fused rule, beside the right one
};

// Written by hand, for one operation each.
std::vector<Mutant> elementwise_mutants(), unary_mutants(), reduce_mutants(), view_mutants(), index_mutants(),
    linalg_mutants(), matrix_mutants(), nn_mutants(), layer_mutants();
// The same mistakes made in every operation.
std::vector<Mutant> generic_mutants();

// All of the first kind.
std::vector<Mutant> mutants_by_hand();

// Puts a mutant in the place of its operation while it lives; one at a time.
class Planted {
 public:
  explicit Planted(const Mutant& m);
  ~Planted();
  Planted(const Planted&) = delete;
  Planted& operator=(const Planted&) = delete;

 private:
  gradus::detail::OpTable wrong_;

 public:
  Swap swap;
};

// The row of an operation.
const Row& row_of(const char* op);

// The same rule for another incoming gradient.
void right_with(const Fields& a, Vjp& v, const Tensor& g);

}  // namespace gate
