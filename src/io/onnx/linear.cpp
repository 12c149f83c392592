// Recipes of matrix products and convolutions.
#include <string_view>

#include "io/onnx/step.hpp"

namespace gradus::io::onnx {
namespace {

std::int64_t bit(bool on) { return on ? 1 : 0; }

// A batch of matrices with its last two axes swapped.
std::string transposed(Step& s, const std::string& x, std::size_t rank) {
  std::vector<std::int64_t> axes;
  for (std::size_t i = 0; i < rank; ++i) axes.push_back(static_cast<std::int64_t>(i));
  std::swap(axes[rank - 2], axes[rank - 1]);
  return s.node("Transpose", {x}, {{"perm", axes}});
}

// A factor as it was before its batch axes were expanded: MatMul broadcasts those by itself.
Operand factor(Step& s, int i) {
  const Operand x = s.narrow(i);
  const Sizes all = s.sizes(i);
  const std::size_t n = x.sizes.size();
  if (n >= 2 && x.sizes[n - 1] == all.back() && x.sizes[n - 2] == all[all.size() - 2]) return x;
  return {s.in(i), all};
}

void matmul(Step& s) {
  const bool ta = s.flag("transpose_a"), tb = s.flag("transpose_b");
  if (s.rank(0) == 2) {
    s.give(s.node("Gemm", {s.in(0), s.in(1)}, {{"transA", bit(ta)}, {"transB", bit(tb)}}));
    return;
  }
  Operand a = factor(s, 0), b = factor(s, 1);
  const std::size_t batch = s.sizes().size() - 2;
  for (std::size_t i = 0; i < batch; ++i) {  // one of the two has each batch axis in full
    const auto has = [&](const Operand& o) {
      return i + o.sizes.size() >= batch + 2 && o.sizes[i + o.sizes.size() - batch - 2] == s.sizes()[i];
    };
    if (!has(a) && !has(b)) a = {s.in(0), s.sizes(0)};
  }
  if (ta) a.name = transposed(s, a.name, a.sizes.size());
  if (tb) b.name = transposed(s, b.name, b.sizes.size());
  s.give(s.node("MatMul", {a.name, b.name}));
}

void addmm(Step& s) {
  s.give(s.node("Gemm", {s.in(1), s.in(2), s.narrow(0).name},
                {{"transA", bit(s.flag("transpose_a"))}, {"transB", bit(s.flag("transpose_b"))}}));
}

// ---- convolutions ----

std::vector<OnnxAttribute> geometry(Step& s, int weight) {
  const auto padding = s.fixed_list("padding");
  return {{"kernel_shape", std::vector<std::int64_t>{s.size(weight, 2), s.size(weight, 3)}},
          {"strides", s.fixed_list("stride")},
          {"pads", std::vector<std::int64_t>{padding[0], padding[1], padding[0], padding[1]}},
          {"dilations", s.fixed_list("dilation")},
          {"group", s.integer("groups")}};
}

// The bias itself, if the addend is expand(reshape(bias)), as of a layer; else "".
std::string bias_list(Step& s) {
  int node = s.input(2);
  for (const char* operation : {"expand", "reshape"}) {
    const Entry& e = s.graph().entry(node);
    if (!e.op || e.op->name != std::string_view(operation)) return "";
    node = e.in[0];
  }
  return s.graph().entry(node).shape.size() == 1 ? s.graph().full(node) : "";
}

void conv2d(Step& s) {
  std::vector<std::string> inputs{s.in(0), s.in(1)};
  if (s.inputs() == 2) return s.give(s.node("Conv", inputs, geometry(s, 1)));
  const Operand bias = s.narrow(2);
  const std::int64_t channels = s.size(1, 0);
  const Sizes by_channel{fixed(1), fixed(channels), fixed(1), fixed(1)};
  if (bias.sizes == by_channel) {
    const std::string list = bias_list(s);
    inputs.push_back(list.empty() ? s.graph().reshape(s.entry().scope, bias.name, {fixed(channels)}) : list);
    return s.give(s.node("Conv", inputs, geometry(s, 1)));
  }
  s.give(s.node("Add", {s.node("Conv", inputs, geometry(s, 1)), bias.name}));
}

// What conv_transpose2d records: the adjoint of a convolution, inputs weight and g.
void conv2d_input(Step& s) {
  std::vector<OnnxAttribute> attributes = geometry(s, 0);
  const auto size = s.fixed_list("size"), stride = s.fixed_list("stride"), padding = s.fixed_list("padding"),
             dilation = s.fixed_list("dilation");
  std::vector<std::int64_t> extra;
  for (int i = 0; i < 2; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const std::int64_t least =
        (s.size(1, i + 2) - 1) * stride[at] - 2 * padding[at] + dilation[at] * (s.size(0, i + 2) - 1) + 1;
    extra.push_back(size[at] - least);
  }
  attributes.push_back({"output_padding", extra});
  s.give(s.node("ConvTranspose", {s.in(1), s.in(0)}, attributes));
}

void logabsdet(Step& s) { s.give(s.node("Log", {s.node("Abs", {s.node("Det", {s.in(0)})})})); }

constexpr Recipe recipes[] = {
    {"det", nullptr, "Det"}, {"logabsdet", logabsdet}, {"matmul", matmul},
    {"addmm", addmm},        {"conv2d", conv2d},       {"conv2d_input", conv2d_input},
};

}  // namespace

Recipes linear_recipes() { return recipes; }

}  // namespace gradus::io::onnx
