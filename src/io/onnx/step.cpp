// How a recipe reads its operation, and which recipe an operation has.
#include "io/onnx/step.hpp"

#include <algorithm>
#include <string_view>

#include "tensor/format.hpp"

namespace gradus::io::onnx {

void Step::refuse(std::string wrong, std::string advice) const {
  throw Error("save_onnx",
              {.wrong = formatted("'{}': {}", entry().op->name, wrong),
               .got = formatted("shape {}{}", to_string(sizes()),
                                entry().scope.empty() ? "" : formatted(", in {}", entry().scope)),
               .advice = std::move(advice)},
              entry().where);
}

std::int64_t Step::size(int i, int axis) const {
  const Sizes all = sizes(i);
  const Size s = all[static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(all.size()) : axis)];
  if (s.depends()) refuse("a size must not depend on the batch here", "{.batch_axis = -1} fixes all sizes");
  return s.fixed;
}

// ---- broadcasting ----

namespace {

Sizes broadcast_sizes(const Sizes& a, const Sizes& b) {
  Sizes to = a.size() < b.size() ? b : a;
  const Sizes& other = a.size() < b.size() ? a : b;
  const std::size_t extra = to.size() - other.size();
  for (std::size_t i = 0; i < other.size(); ++i)
    if (to[i + extra] == fixed(1)) to[i + extra] = other[i];
  return to;
}

}  // namespace

std::vector<std::string> Step::broadcast(std::span<const int> which) {
  std::vector<Operand> all;
  for (const int i : which) all.push_back(narrow(i));
  for (std::size_t k = 0; k < all.size(); ++k) {  // expands one after the other until the result has its size
    Sizes to;
    for (const Operand& o : all) to = broadcast_sizes(to, o.sizes);
    if (to == sizes()) break;
    all[k] = {in(which[k]), sizes(which[k])};
  }
  std::vector<std::string> names;
  for (const Operand& o : all) names.push_back(o.name);
  return names;
}

// ---- attributes ----

const Field& Step::field(const char* name, bool large) const {
  const Entry& e = large ? graph_.entry_of_large(node_) : entry();
  for (const Field& f : e.fields)
    if (f.name == name) return f;
  throw Error("save_onnx", {.wrong = formatted("'{}' has no attribute '{}'", e.op->name, name)}, e.where);
}

double Step::number(const char* name) const { return std::get<double>(field(name).value); }
bool Step::flag(const char* name) const { return std::get<bool>(field(name).value); }

std::int64_t Step::integer(const char* name) const { return std::get<std::int64_t>(field(name).value); }

Sizes Step::list(const char* name) const {
  return onnx::sizes(std::get<Shape>(field(name).value), std::get<Shape>(field(name, true).value), graph_.batches());
}

std::vector<std::int64_t> Step::fixed_list(const char* name) const {
  const Shape& s = std::get<Shape>(field(name).value);
  return {s.begin(), s.end()};
}

// ---- the recipes ----

const Recipe* recipe_of(const gradus::detail::OpTable& op) {
  const auto builtin = operations();  // by identity: a user's operation may have the name of a built-in one
  if (std::find(builtin.begin(), builtin.end(), &op) == builtin.end()) return nullptr;
  for (const Recipes part :
       {elementwise_recipes(), reduce_recipes(), view_recipes(), linear_recipes(), pool_recipes(), layer_recipes()})
    for (const Recipe& r : part)
      if (std::string_view(op.name) == r.operation) return &r;
  return nullptr;
}

void emit(Graph& graph, int node) {
  Step step(graph, node);
  const Entry& e = step.entry();
  if (e.op->onnx) {
    OnnxRecipe recipe(step);
    e.op->onnx(e.self, recipe);
    if (!step.given()) step.refuse("onnx() gives no result", "end it with r.give(…)");
    return;
  }
  if (const Recipe* recipe = recipe_of(*e.op)) {
    if (recipe->emit) return recipe->emit(step);
    constexpr int inputs[] = {0, 1};
    return step.give(step.node(recipe->node, step.broadcast(std::span(inputs, e.in.size()))));
  }
  throw Error("save_onnx",
              {.wrong = formatted("the operation '{}' has no ONNX recipe", e.op->name),
               .got = formatted("node {}{}", node, e.scope.empty() ? "" : formatted(", in {}", e.scope)),
               .expected = "a built-in operation, or one whose struct has a member onnx()",
               .advice = "void onnx(io::OnnxRecipe& r) const { r.give(r.node(\"Mul\", {r.in(0), r.in(1)})); }"},
              e.where);
}

}  // namespace gradus::io::onnx

// ---- what users see of it ----

namespace gradus::io {

namespace {
Shape with_open_batch(const onnx::Sizes& sizes) {
  Shape shape;
  for (const onnx::Size& s : sizes) shape.push_back(s.depends() ? -1 : s.fixed);
  return shape;
}
}  // namespace

int OnnxRecipe::inputs() const { return step_.inputs(); }
std::string OnnxRecipe::in(int i) const {
  if (i < 0 || i >= step_.inputs()) step_.refuse(formatted("onnx() asks for input {} of {}", i, step_.inputs()));
  return step_.in(i);
}
Shape OnnxRecipe::shape(int input) const { return with_open_batch(step_.sizes(input)); }
Shape OnnxRecipe::shape() const { return with_open_batch(step_.sizes()); }
std::string OnnxRecipe::number(double k) { return step_.graph().number(k); }
std::string OnnxRecipe::integers(const std::vector<std::int64_t>& list) { return step_.graph().integers(list); }
std::string OnnxRecipe::constant(const Tensor& x) { return step_.graph().constant(step_.entry().scope, x); }
std::string OnnxRecipe::node(const char* type, const std::vector<std::string>& inputs,
                             const std::vector<OnnxAttribute>& attributes) {
  return step_.node(type, inputs, attributes);
}
void OnnxRecipe::give(const std::string& y) { step_.give(y); }

}  // namespace gradus::io
