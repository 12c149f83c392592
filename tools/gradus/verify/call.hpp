// One call of a kit's operation: its operands and attributes, and how the tables of operations read them.
#pragma once

#include <limits>
#include <span>

#include "verify/operations.hpp"

namespace gradus::tool {

// The operands and attributes of a call. Those that the operation does not read are an error.
class KitCall : public Settings {
 public:
  KitCall(const StateDict& operands, const Json& attributes, Budget& limit)
      : Settings(attributes), budget(limit), operands_(operands) {}

  Budget& budget;

  const Tensor& operator[](std::string_view role) {
    if (const Tensor* found = look(role)) return *found;
    throw std::runtime_error(fmt::format("operand {} is missing", role));
  }
  Tensor maybe(std::string_view role) {  // undefined if it is not given
    const Tensor* found = look(role);
    return found ? *found : Tensor();
  }
  std::vector<Tensor> all() {
    std::vector<Tensor> list;
    for (const auto& [role, tensor] : operands_) list.push_back(tensor);
    asked_ = operands_.size();
    return list;
  }
  const StateDict& named() {
    asked_ = operands_.size();
    return operands_;
  }
  void finish() const {
    Settings::finish();
    if (asked_ != operands_.size()) throw std::runtime_error("more operands than the operation takes");
  }

 private:
  const Tensor* look(std::string_view role) {
    const Tensor* found = gradus::find(operands_, role);
    asked_ += found != nullptr;  // each is asked for once
    return found;
  }
  const StateDict& operands_;
  std::size_t asked_ = 0;
};

struct Results : std::vector<Tensor> {
  Results(Tensor y) { push_back(std::move(y)); }
  Results(std::vector<Tensor> all) : vector(std::move(all)) {}
  Results(ValuesIndices y) : vector{y.values, y.indices} {}
};

inline constexpr double kit_infinity = std::numeric_limits<double>::infinity();

// ---- operations that differ in nothing but their function ----

template <Tensor (*f)(Arg)>
Results unary(KitCall& c) {
  return f(c["x"]);
}
template <Tensor (*f)(Arg, Arg)>
Results binary(KitCall& c) {
  return f(c["x"], c["y"]);
}
template <Tensor (*f)(Arg, Axes, bool)>
Results reduce(KitCall& c) {
  return f(c["x"], c.get<Axes>("dims", {}), c.get("keepdim", false));
}
template <Tensor (*f)(Arg, Axes, bool, double)>
Results spread(KitCall& c) {
  return f(c["x"], c.get<Axes>("dims", {}), c.get("keepdim", false), c.get("correction", 1.0));
}
template <ValuesIndices (*f)(Arg, int, bool)>
Results along(KitCall& c) {
  return f(c["x"], c.get<int>("dim"), c.get("keepdim", false));
}
template <Tensor (*f)(Arg, int)>
Results axis(KitCall& c) {
  return f(c["x"], c.get<int>("dim"));
}
template <Tensor (*f)(Arg, std::int64_t)>
Results triangle(KitCall& c) {
  return f(c["x"], c.get<std::int64_t>("diagonal", 0));
}
template <Tensor (*f)(Arg, Arg, Reduction)>
Results loss(KitCall& c) {
  return f(c["input"], c["target"], c.get("reduction", Reduction::mean));
}

// An operation by its name in kits.
struct KnownOperation {
  std::string_view name;
  Results (*run)(KitCall& c);
};
// Those of special functions, order, selection and linear algebra.
std::span<const KnownOperation> vocabulary_operations();

}  // namespace gradus::tool
