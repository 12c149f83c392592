// Recipes of reductions, scans and the losses made of them.
#include "io/onnx/step.hpp"

namespace gradus::io::onnx {
namespace {

// Before opset 18 the axes are an attribute, except for ReduceSum.
void reduce(Step& s, const char* type) {
  const auto axes = s.fixed_list("axes");
  if (axes.empty()) return s.give(s.in(0));  // of a 0-d tensor
  s.give(s.node(type, {s.in(0)}, {{"axes", axes}, {"keepdims", std::int64_t{s.flag("keepdim")}}}));
}

void sum(Step& s) {
  const auto axes = s.fixed_list("axes");
  if (axes.empty()) return s.give(s.in(0));
  s.give(s.node("ReduceSum", {s.in(0), s.graph().integers(axes)}, {{"keepdims", std::int64_t{s.flag("keepdim")}}}));
}

void mean(Step& s) { reduce(s, "ReduceMean"); }
void prod(Step& s) { reduce(s, "ReduceProd"); }
void max(Step& s) { reduce(s, "ReduceMax"); }
void min(Step& s) { reduce(s, "ReduceMin"); }
void logsumexp(Step& s) { reduce(s, "ReduceLogSumExp"); }

// (sum |x|^p)^(1/p)
void norm(Step& s) {
  const double p = s.number("p");
  if (p == 1) return reduce(s, "ReduceL1");
  if (p == 2) return reduce(s, "ReduceL2");
  const auto axes = s.fixed_list("axes");
  const std::string powers = s.node("Pow", s.node("Abs", {s.in(0)}), p);
  const std::vector<OnnxAttribute> keep{{"keepdims", std::int64_t{s.flag("keepdim")}}};
  const std::string total = axes.empty() ? powers : s.node("ReduceSum", {powers, s.graph().integers(axes)}, keep);
  s.give(s.node("Pow", total, 1 / p));
}

void cumsum(Step& s) { s.give(s.node("CumSum", {s.in(0), s.graph().integer(s.integer("axis"))})); }
void softmax(Step& s) { s.give(s.node("Softmax", {s.in(0)}, {{"axis", s.integer("axis")}})); }
void log_softmax(Step& s) { s.give(s.node("LogSoftmax", {s.in(0)}, {{"axis", s.integer("axis")}})); }

// The factor is one over the number of elements, which may depend on the batch.
void mse_loss(Step& s) {
  const std::string d = s.node("Sub", {s.in(0), s.in(1)});
  s.give(s.node("ReduceMean", {s.node("Mul", {d, d})}, {{"keepdims", std::int64_t{0}}}));
}

// -(t max(log x, -100) + (1 - t) max(log(1 - x), -100))
void bce_loss(Step& s) {
  const std::string x = s.in(0), t = s.in(1);
  const auto cut_log = [&](const std::string& p) { return s.node("Max", s.node("Log", {p}), -100); };
  const auto rest = [&](const std::string& p) { return s.node("Sub", {s.graph().number(1), p}); };
  const std::string yes = s.node("Mul", {t, cut_log(x)}), no = s.node("Mul", {rest(t), cut_log(rest(x))});
  s.give(s.node("Neg", {s.node("Add", {yes, no})}));
}

void cross_entropy(Step& s) {
  const std::string p = s.node("LogSoftmax", {s.in(0)}, {{"axis", std::int64_t{1}}});
  const std::string at = s.node("Unsqueeze", {s.in(1), s.graph().integers({1})});
  const std::string picked = s.node("GatherElements", {p, at}, {{"axis", std::int64_t{1}}});
  s.give(s.node("Neg", {s.node("Squeeze", {picked, s.graph().integers({1})})}));
}

constexpr Recipe recipes[] = {
    {"sum", sum},
    {"mean", mean},
    {"prod", prod},
    {"max", max},
    {"min", min},
    {"logsumexp", logsumexp},
    {"norm", norm},
    {"cumsum", cumsum},
    {"softmax", softmax},
    {"log_softmax", log_softmax},
    {"mse_loss", mse_loss},
    {"bce_loss", bce_loss},
    {"cross_entropy", cross_entropy},
};

}  // namespace

Recipes reduce_recipes() { return recipes; }

}  // namespace gradus::io::onnx
