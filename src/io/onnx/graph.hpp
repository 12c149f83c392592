// The graph of an ONNX file as it grows out of a recording.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "io/onnx/recording.hpp"

namespace gradus::io::onnx {

// A value that may be smaller than what was recorded: ONNX broadcasts by itself.
struct Operand {
  std::string name;
  Sizes sizes;
};

// The same memory in the same order, if not in the same shape.
bool same_numbers(const Tensor& a, const Tensor& b);

class Graph {
 public:
  Graph(const Recording& small, const Recording& large, const Batches& batches, const StateDict& state,
        const OnnxOptions& options, Loc where);

  const Recording& recording() const { return small_; }
  const Entry& entry(int node) const { return small_.nodes[static_cast<std::size_t>(node)]; }
  const Entry& entry_of_large(int node) const { return large_.nodes[static_cast<std::size_t>(node)]; }
  const Batches& batches() const { return batches_; }
  const StateDict& state() const { return state_; }
  Sizes sizes(int node) const;

  // The value of a node with its recorded sizes; leaves and constants enter the graph when they are asked for.
  std::string full(int node);
  // The same, or what broadcasts to it.
  Operand narrow(int node);
  void define(int node, const std::string& name);
  void define_narrow(int node, const Operand& value);

  // Nodes and constants. `base` is what names begin with.
  std::vector<std::string> add(const std::string& base, const char* type, const std::vector<std::string>& inputs,
                               const std::vector<OnnxAttribute>& attributes = {}, int outputs = 1);
  std::string number(double k);
  std::string integers(const std::vector<std::int64_t>& list);
  std::string integer(std::int64_t i);  // of shape ()
  std::string constant(const std::string& base, const Tensor& x);
  // The same, for a constant of the graph that many places use: -inf where a query may not see a key, else 0.
  std::string causal_mask(std::int64_t queries, std::int64_t keys);
  std::string parameter(const std::string& name);  // a tensor of the state dict, under its name
  std::string reshape(const std::string& base, const std::string& x, const Sizes& to);
  std::string shape(const Sizes& sizes);  // an i64 list

  // The finished model. Values that no output needs are left out.
  Model finish();
  std::vector<std::string> notes() const;

 private:
  struct Known {
    std::string name;
    Operand narrow;  // or this, if its name is set
  };
  Known& known(int node) { return known_[static_cast<std::size_t>(node)]; }
  void resolve(int node);
  bool resolve_input(int node);
  bool resolve_state(int node);
  bool resolve_value(int node);
  void resolve_literal(int node);
  std::string size(const Size& size);
  std::string batch();
  std::string fresh(const std::string& base);
  std::string initializer(const std::string& name, const Tensor& x);
  void name_outputs();
  void drop_unused();

  const Recording &small_, &large_;
  Batches batches_;
  const StateDict& state_;
  const OnnxOptions& options_;
  Loc where_;
  Model model_;
  std::vector<Known> known_;
  std::set<std::string> names_;
  std::map<std::string, std::string> shared_;  // constants and sizes that are there already, by what they hold
  std::map<const void*, int> by_data_;         // the node whose value lies there
  std::vector<std::string> outputs_;
  std::int64_t converted_ = 0;
};

}  // namespace gradus::io::onnx
