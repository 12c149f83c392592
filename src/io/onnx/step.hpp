// One recorded operation on its way into the graph: what recipes are written in.
#pragma once

#include <span>

#include "io/onnx/graph.hpp"

namespace gradus::io::onnx {

class Step {
 public:
  Step(Graph& graph, int node) : graph_(graph), node_(node) {}

  Graph& graph() { return graph_; }
  const Entry& entry() const { return graph_.entry(node_); }
  int inputs() const { return static_cast<int>(entry().in.size()); }
  int input(int i) const { return entry().in[static_cast<std::size_t>(i)]; }
  Sizes sizes() const { return graph_.sizes(node_); }
  Sizes sizes(int i) const { return graph_.sizes(input(i)); }
  int rank(int i) const { return graph_.entry(input(i)).shape.size(); }
  std::int64_t size(int i, int axis) const;  // throws if it depends on the batch

  std::string in(int i) { return graph_.full(input(i)); }
  Operand narrow(int i) { return graph_.narrow(input(i)); }
  // The inputs, not expanded where ONNX does that by itself.
  std::vector<std::string> broadcast(std::span<const int> which);

  // Attributes of the operation.
  double number(const char* name) const;
  std::int64_t integer(const char* name) const;
  bool flag(const char* name) const;
  Sizes list(const char* name) const;
  std::vector<std::int64_t> fixed_list(const char* name) const;

  std::string node(const char* type, const std::vector<std::string>& inputs,
                   const std::vector<OnnxAttribute>& attributes = {}) {
    return graph_.add(entry().scope, type, inputs, attributes)[0];
  }
  std::string node(const char* type, const std::string& x, double k) { return node(type, {x, graph_.number(k)}); }
  void give(const std::string& y) {
    graph_.define(node_, y);
    given_ = true;
  }
  void give_narrow(const Operand& y) {
    graph_.define_narrow(node_, y);
    given_ = true;
  }
  bool given() const { return given_; }
  [[noreturn]] void refuse(std::string wrong, std::string advice = {}) const;

 private:
  const Field& field(const char* name, bool large = false) const;
  Graph& graph_;
  int node_;
  bool given_ = false;
};

struct Recipe {
  const char* operation;
  void (*emit)(Step&);
  const char* node = nullptr;  // instead of emit: one node of this type that takes all inputs, broadcast
};
using Recipes = std::span<const Recipe>;
Recipes elementwise_recipes();
Recipes reduce_recipes();
Recipes view_recipes();
Recipes linear_recipes();
Recipes pool_recipes();
Recipes layer_recipes();

// Null if there is none.
const Recipe* recipe_of(const gradus::detail::OpTable& op);

// Writes one node of the recording; throws if nobody knows how.
void emit(Graph& graph, int node);

// A module that ONNX has a node for: writes what a call recorded and returns true, or returns false.
bool emit_call(Graph& graph, const Call& call);

}  // namespace gradus::io::onnx
