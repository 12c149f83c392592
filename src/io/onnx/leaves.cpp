// Leaves and constants of a recording: which input, parameter or recorded value each one is.
#include <gradus/ops.hpp>

#include "io/onnx/graph.hpp"
#include "tensor/format.hpp"
#include "tensor/impl.hpp"

namespace gradus::io::onnx {

bool same_numbers(const Tensor& a, const Tensor& b) {
  return a.numel() > 0 && a.impl()->data == b.impl()->data && a.numel() == b.numel() && a.dtype() == b.dtype() &&
         a.is_contiguous() && b.is_contiguous();
}

namespace {

// x with one entry left on the axes for which `collapses` holds.
template <class Collapses>
Tensor collapsed(const Tensor& x, const Collapses& collapses) {
  Shape shape = x.shape();
  for (int i = 0; i < shape.size(); ++i)
    if (shape[i] > 1 && collapses(i)) shape[i] = 1;
  return gradus::detail::view(x, shape, x.strides());
}

}  // namespace

void Graph::resolve(int node) {
  if (!known(node).name.empty() || !known(node).narrow.name.empty()) return;
  if (resolve_input(node) || resolve_state(node) || resolve_value(node)) return;
  resolve_literal(node);
}

bool Graph::resolve_input(int node) {
  const Entry& e = entry(node);
  for (std::size_t k = 0; k < small_.inputs.size(); ++k) {
    const Tensor& x = small_.inputs[k];
    const std::string& name = model_.inputs[k].name;
    if (e.value.impl()->storage != x.impl()->storage) continue;
    if (!same_numbers(e.value, x))
      throw Error("save_onnx",
                  {.wrong = formatted("a part of input '{}' is used, and taking it was not recorded", name),
                   .got = formatted("{} of shape {} out of {}", gradus::name(x.dtype()), gradus::to_string(e.shape),
                                    gradus::to_string(x.shape())),
                   .advice = "give each part as an input of its own"},
                  e.where);
    define(node, e.shape == x.shape() ? name : reshape(e.scope, name, sizes(node)));
    return true;
  }
  return false;
}

bool Graph::resolve_state(int node) {
  const Entry& e = entry(node);
  for (const auto& [name, x] : state_) {
    if (!same_numbers(e.value, x)) continue;
    const std::string there = parameter(name);
    define(node, e.shape == x.shape() ? there : reshape(e.scope, there, sizes(node)));
    return true;
  }
  return false;
}

// What detach() returned.
bool Graph::resolve_value(int node) {
  const Entry& e = entry(node);
  const auto at = by_data_.find(e.value.impl()->data);
  if (at == by_data_.end() || at->second > node || !same_numbers(e.value, entry(at->second).value)) return false;
  const std::string there = full(at->second);
  define(node, e.shape == entry(at->second).shape ? there : reshape(e.scope, there, sizes(node)));
  return true;
}

// Numbers that the file holds. Where they repeat along an axis, or the axis depends on the batch, one entry is enough.
void Graph::resolve_literal(int node) {
  const Entry &e = entry(node), &other = entry_of_large(node);
  const Sizes to = sizes(node);
  const auto in_batch = [&](int axis) { return to[static_cast<std::size_t>(axis)].depends(); };
  const auto repeats = [&](int axis) { return in_batch(axis) || e.value.strides()[axis] == 0; };
  const Tensor once = collapsed(e.value, in_batch), once_in_large = collapsed(other.value, in_batch);
  if (!equal(once, once_in_large) || !equal(expand(once, e.shape), e.value))
    throw Error(
        "save_onnx",
        {.wrong = "a constant depends on the input, and how it was computed was not recorded",
         .got = formatted("{} of shape {}", gradus::name(e.dtype), to_string(to)),
         .expected = "constants that are the same for every input, and along the batch",
         .advice = "comparisons, argmax and integers are not recorded: use relu, clamp, maximum or where with a "
                   "mask that is an input"},
        e.where);
  const Tensor kept = collapsed(e.value, repeats);
  std::string name;
  for (const auto& [parameter_name, x] : state_) {  // a buffer that was expanded
    if (!same_numbers(kept, x)) continue;
    name = parameter(parameter_name);
    if (x.shape() != kept.shape()) name = reshape(e.scope, name, fixed(kept.shape()));
    break;
  }
  if (name.empty()) name = constant(e.scope, kept.contiguous());
  if (kept.shape() == e.shape)
    define(node, name);
  else
    define_narrow(node, {name, fixed(kept.shape())});
}

}  // namespace gradus::io::onnx
