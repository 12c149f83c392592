// How large the results of a kit's operations can become, from shapes and attributes alone.
#include "verify/bounds.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "cli/command.hpp"
#include "verify/kit.hpp"

namespace gradus::tool {
namespace {

// ---- numbers of shapes and attributes, as doubles: those do not overflow ----

double numel(const Tensor& x) { return static_cast<double>(x.numel()); }
double size(const Tensor& x, int axis) { return static_cast<double>(x.size(axis)); }

// The sizes of the axes from `first` on, counted from the last one: 1 is the last.
double product_beyond(const Tensor& x, int first) {
  double n = 1;
  for (int axis = first; axis <= x.dim(); ++axis) n *= size(x, -axis);
  return n;
}

// Elements of the shape that both expand to, counted from axis `first` as above.
double broadcast_beyond(const Tensor& x, const Tensor& y, int first) {
  double n = 1;
  for (int axis = first; axis <= std::max(x.dim(), y.dim()); ++axis)
    n *= std::max(axis <= x.dim() ? size(x, -axis) : 1, axis <= y.dim() ? size(y, -axis) : 1);
  return n;
}

// The numbers in an attribute, also in lists of lists; what is none counts as 0.
void append_numbers(const Json& json, std::vector<double>& to) {
  if (json.is_array())
    for (const Json& inner : json) append_numbers(inner, to);
  else
    to.push_back(json.is_number() ? json.get<double>() : 0);
}
std::vector<double> numbers(const Json& attributes, const char* name) {
  std::vector<double> all;
  if (const auto found = attributes.find(name); found != attributes.end() && !found->is_null())
    append_numbers(*found, all);
  return all;
}

using Both = std::array<double, 2>;  // height and width; one number serves for both

Both both(const Json& attributes, const char* name, Both otherwise) {
  const std::vector<double> all = numbers(attributes, name);
  if (all.empty()) return otherwise;
  return {all[0], all.size() > 1 ? all[1] : all[0]};
}

// What a call reads, by name.
struct Call {
  const StateDict& operands;
  const Json& attributes;

  bool has(std::string_view role, int axes) const {
    const Tensor* x = gradus::find(operands, role);
    return x && x->defined() && x->dim() >= axes;
  }
  const Tensor& operator[](std::string_view role) const { return *gradus::find(operands, role); }
};

// ---- operations; what misses an operand is refused by itself, and costs nothing ----

Cost of_largest(const Call& c) {
  double n = 0;
  for (const auto& [role, x] : c.operands) n = std::max(n, numel(x));
  return {n, 10 * n};
}

Cost of_all(const Call& c) {
  double n = 0;
  for (const auto& [role, x] : c.operands) n += numel(x);
  return {n, n};
}

// Element by element: the shape that all operands expand to.
Cost of_broadcast(const Call& c) {
  std::vector<double> sizes;  // the last axis first
  for (const auto& [role, x] : c.operands) {
    if (sizes.size() < static_cast<std::size_t>(x.dim())) sizes.resize(static_cast<std::size_t>(x.dim()), 1);
    for (int axis = 1; axis <= x.dim(); ++axis) {
      double& n = sizes[static_cast<std::size_t>(axis - 1)];
      n = std::max(n, size(x, -axis));
    }
  }
  double n = 1;
  for (const double s : sizes) n *= s;
  return {n, 10 * n};
}

Cost expanded(const Call& c) {
  if (!c.has("x", 0)) return {};
  double n = std::max(1.0, numel(c["x"]));
  for (const double s : numbers(c.attributes, "shape")) n *= std::max(1.0, s);
  return {n, n};
}

Cost repeated(const Call& c) {
  if (!c.has("x", 0)) return {};
  double n = numel(c["x"]);
  for (const double times : numbers(c.attributes, "repeats")) n *= std::max(1.0, times);
  return {n, n};
}

Cost padded(const Call& c) {
  if (!c.has("x", 0)) return {};
  const std::vector<double> by = numbers(c.attributes, "pad");
  double n = 1;
  for (int axis = 0; axis < c["x"].dim(); ++axis) {
    const auto at = 2 * static_cast<std::size_t>(axis);
    n *= size(c["x"], axis) + (at + 1 < by.size() ? std::abs(by[at]) + std::abs(by[at + 1]) : 0);
  }
  return {n, n};
}

// Each piece is a tensor, which takes memory of its own.
Cost divided(const Call& c) {
  if (!c.has("x", 1)) return {};
  constexpr double of_a_piece = 64;
  auto pieces = static_cast<double>(numbers(c.attributes, "sizes").size());
  for (int axis = 0; pieces == 0 && axis < c["x"].dim(); ++axis) pieces = std::max(pieces, size(c["x"], axis));
  return {numel(c["x"]) + of_a_piece * pieces, numel(c["x"])};
}

Cost multiplied(const Call& c) {
  if (!c.has("x", 1) || !c.has("y", 1)) return {};
  const Tensor &x = c["x"], &y = c["y"];
  const double rows = x.dim() > 1 ? size(x, -2) : 1, columns = y.dim() > 1 ? size(y, -1) : 1;
  const double n = broadcast_beyond(x, y, 3) * rows * columns;
  return {n, n * size(x, -1)};
}

// At most one number for each choice of all indices.
Cost summed_over_indices(const Call& c) {
  const auto found = c.attributes.find("equation");
  if (found == c.attributes.end() || !found->is_string()) return {};
  std::array<double, 256> sizes;
  sizes.fill(1);
  double of_ellipses = 1;  // more than enough: all numbers of an operand that has one
  std::size_t operand = 0, axis = 0, dots = 0;
  for (const char letter : found->get_ref<const std::string&>()) {
    if (letter == '-' || operand >= c.operands.size()) break;
    const Tensor& x = c.operands[operand].second;
    if (letter == ',') {
      ++operand;
      axis = 0;
    } else if (letter == '.') {
      if (dots++ % 3 == 0) of_ellipses *= std::max(1.0, numel(x));
    } else if (letter != ' ' && axis < static_cast<std::size_t>(x.dim())) {
      double& n = sizes[static_cast<unsigned char>(letter)];
      n = std::max(n, size(x, static_cast<int>(axis++)));
    }
  }
  double n = of_ellipses;
  for (const double s : sizes) n *= s;
  return {n, n};
}

Cost by_index(const Call& c) {
  if (!c.has("x", 1) || !c.has("index", 0)) return {};
  double n = 0;  // whichever axis is chosen
  for (int axis = 0; axis < c["x"].dim(); ++axis)
    n = std::max(n, numel(c["x"]) / std::max(1.0, size(c["x"], axis)) * numel(c["index"]));
  return {n, n};
}

Cost embedded(const Call& c) {
  if (!c.has("weight", 2) || !c.has("indices", 0)) return {};
  const double n = size(c["weight"], -1) * numel(c["indices"]);
  return {n, n};
}

// ---- windows ----

struct Windows {
  Both window, stride, padding, dilation;
};

// Places at which the windows lie on an image; in ceil mode one more on each axis.
double places(const Tensor& x, int axes, const Windows& w) {
  double n = 1;
  for (int i = 0; i < axes; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double room = size(x, i - axes) + 2 * w.padding[at] - std::max(1.0, w.dilation[at]) * (w.window[at] - 1) - 1;
    n *= std::max(0.0, std::floor(room / std::max(1.0, w.stride[at]))) + 2;
  }
  return n;
}

Cost convolved(const Call& c, int axes) {
  if (!c.has("x", axes + 1) || !c.has("weight", axes + 2)) return {};
  const Tensor &x = c["x"], &weight = c["weight"];
  const Both window{size(weight, 2), size(weight, -1)};
  const double n = places(x, axes,
                          {window, both(c.attributes, "stride", {1, 1}), both(c.attributes, "padding", {0, 0}),
                           both(c.attributes, "dilation", {1, 1})});
  const double results = product_beyond(x, axes + 2) * size(weight, 0) * n;
  const double columns = size(x, -axes - 1) * numel(weight) / std::max(1.0, product_beyond(weight, axes + 1)) * n;
  return {results + columns, results * numel(weight) / std::max(1.0, size(weight, 0))};
}
Cost convolved1d(const Call& c) { return convolved(c, 1); }
Cost convolved2d(const Call& c) { return convolved(c, 2); }

Cost convolved_back(const Call& c) {
  if (!c.has("x", 3) || !c.has("weight", 4)) return {};
  const Tensor &x = c["x"], &weight = c["weight"];
  const Both stride = both(c.attributes, "stride", {1, 1}), dilation = both(c.attributes, "dilation", {1, 1});
  const Both more = both(c.attributes, "output_padding", {0, 0});
  const std::vector<double> groups = numbers(c.attributes, "groups");
  double n = product_beyond(x, 4) * size(weight, 1) * (groups.empty() ? 1 : std::max(1.0, groups[0]));
  for (int i = 0; i < 2; ++i) {
    const auto at = static_cast<std::size_t>(i);
    n *= size(x, i - 2) * std::max(1.0, stride[at]) + std::max(1.0, dilation[at]) * size(weight, i - 2) +
         std::max(0.0, more[at]);
  }
  const double columns = numel(x) * size(weight, 1) * size(weight, 2) * size(weight, 3);
  return {n + columns, columns};
}

Cost pooled(const Call& c) {
  if (!c.has("x", 2)) return {};
  const Both window = both(c.attributes, "kernel", {1, 1});
  Both stride = both(c.attributes, "stride", window);
  for (std::size_t i = 0; i < 2; ++i)
    if (stride[i] == 0) stride[i] = window[i];
  const double n = product_beyond(c["x"], 3) * places(c["x"], 2,
                                                      {window, stride, both(c.attributes, "padding", {0, 0}),
                                                       both(c.attributes, "dilation", {1, 1})});
  return {n, n * std::max(1.0, window[0]) * std::max(1.0, window[1])};
}

Cost pooled_to_size(const Call& c) {
  if (!c.has("x", 2)) return {};
  const Both to = both(c.attributes, "output_size", {1, 1});
  const double n = product_beyond(c["x"], 3) * std::max(1.0, to[0]) * std::max(1.0, to[1]);
  return {n, 4 * (n + numel(c["x"]))};
}

Cost attended(const Call& c) {
  if (!c.has("q", 2) || !c.has("k", 2) || !c.has("v", 2)) return {};
  const double batch = broadcast_beyond(c["q"], c["k"], 3) * broadcast_beyond(c["v"], c["v"], 3);
  const double scores = batch * size(c["q"], -2) * size(c["k"], -2);
  const double results = batch * size(c["q"], -2) * size(c["v"], -1);
  return {scores + results, scores * (size(c["q"], -1) + size(c["v"], -1))};
}

// Matrices made of vectors.
Cost squared(const Call& c) {
  double n = 0;
  for (const auto& [role, x] : c.operands) n += numel(x);
  for (const char* name : {"diagonal", "n", "minlength"})
    for (const double k : numbers(c.attributes, name)) n += std::abs(k);
  return {n * n, 10 * n * n};
}

// Of square matrices: about n³ for each, and for the gradient of a singular determinant n^5 with minors of n² elements.
Cost of_matrices(const Call& c) {
  if (!c.has("x", 2)) return {};
  const double n = size(c["x"], -1), all = numel(c["x"]) + (c.has("y", 0) ? broadcast_beyond(c["x"], c["y"], 1) : 0);
  return {all * n, 10 * all * n};
}
Cost of_determinants(const Call& c) {
  if (!c.has("x", 2)) return {};
  const double n = size(c["x"], -1), all = numel(c["x"]);
  return {all * n * n, all * n * n * n};
}

struct Row {
  std::string_view name;
  Cost (*of)(const Call& c);
};
constexpr Row rows[] = {
    {"expand", expanded},
    {"repeat", repeated},
    {"pad", padded},
    {"split", divided},
    {"concat", of_all},
    {"stack", of_all},
    {"program", of_all},
    {"matmul", multiplied},
    {"einsum", summed_over_indices},
    {"index_select", by_index},
    {"gather", of_largest},
    {"scatter_add", of_largest},
    {"embedding", embedded},
    {"conv1d", convolved1d},
    {"conv2d", convolved2d},
    {"conv_transpose2d", convolved_back},
    {"max_pool2d", pooled},
    {"avg_pool2d", pooled},
    {"adaptive_avg_pool2d", pooled_to_size},
    {"batch_norm", of_largest},
    {"layer_norm", of_largest},
    {"group_norm", of_largest},
    {"rms_norm", of_largest},
    {"scaled_dot_product_attention", attended},
    {"cross_entropy", of_largest},
    {"nll_loss", of_largest},
    {"diag", squared},
    {"outer", squared},
    {"unpack_tril", squared},
    {"bincount", squared},
    {"cholesky", of_matrices},
    {"inverse", of_matrices},
    {"solve", of_matrices},
    {"solve_triangular", of_matrices},
    {"det", of_determinants},
    {"logabsdet", of_matrices},
    {"slogdet", of_matrices},
};

}  // namespace

Cost cost_of(std::string_view operation, const StateDict& operands, const Json& attributes) {
  const Call call{operands, attributes};
  const auto row = std::ranges::find(rows, operation, &Row::name);
  return row == std::end(rows) ? of_broadcast(call) : row->of(call);
}

}  // namespace gradus::tool
