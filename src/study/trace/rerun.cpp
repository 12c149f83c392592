// One row for each built-in operation: how many inputs it has, and how its public function is called with the
// attributes of a trace. Before the call a row makes sure that the result has the recorded size.
#include "study/trace/rerun.hpp"

#include <algorithm>
#include <cmath>

#include <gradus/ops.hpp>

#include "study/trace/call.hpp"

namespace gradus::study::trace {

namespace {

// ---- element by element ----

void need_one_shape(const Call& c) {
  for (std::size_t i = 0; i < c.in.size(); ++i) c.need_shape(c.shape(i), "the shape of an input");
}

template <Tensor (*f)(Arg)>
Tensor unary(const Call& c) {
  need_one_shape(c);
  return f(c[0]);
}

template <Tensor (*f)(Arg, Arg)>
Tensor binary(const Call& c) {
  need_one_shape(c);
  return f(c[0], c[1]);
}

template <Tensor (*f)(Arg, Arg)>
Tensor with_number(const Call& c) {
  need_one_shape(c);
  return f(c[0], c.number("k"));
}

// A product in which a factor of 0 gives 0. The public call keeps that for the first factor; the rule of the rule, with
// `either`, for both: the order decides nothing else.
Tensor chained(const Call& c) {
  need_one_shape(c);
  const Tensor y = chain_mul(c[0], c[1]);
  const std::vector<double> numbers = y.to_vector();
  const bool has_nan = std::ranges::any_of(numbers, [](double v) { return std::isnan(v); });
  return c.flag("either") && has_nan ? chain_mul(c[1], c[0]) : y;
}

Tensor as_dtype(const Call& c) {
  need_one_shape(c);
  const auto dtype = static_cast<DType>(c.integer("dtype", 0, static_cast<std::int64_t>(boolean)));
  if (dtype != c.op.value.dtype)
    c.refuse("attribute 'dtype' is not the dtype of the result", name(dtype), name(c.op.value.dtype));
  return to(c[0], dtype);
}

Tensor dropped(const Call& c) {
  need_one_shape(c);
  // The function draws from the generator: lend it the recorded place, and give back the present one.
  struct Lent {
    Generator& g = default_generator();
    std::uint64_t seed = g.seed(), counter = g.counter();
    ~Lent() { g.reset(seed, counter); }
  } lent;
  lent.g.reset(static_cast<std::uint64_t>(c.integer("seed")), static_cast<std::uint64_t>(c.integer("counter")));
  return dropout(c[0], c.number("p"));
}

// ---- shapes ----

std::vector<Range> ranges(const Call& c, int axes) {
  const Shape start = c.list("start", axes), stop = c.list("stop", axes), step = c.list("step", axes);
  std::vector<Range> all;
  for (int i = 0; i < axes; ++i) all.push_back({start[i], stop[i], step[i]});
  return all;
}

Tensor expanded(const Call& c) {
  c.need_shape(c.list("shape"), "attribute 'shape'");
  return expand(c[0], c.result());
}
Tensor reshaped(const Call& c) {
  c.need_shape(c.list("shape"), "attribute 'shape'");
  return reshape(c[0], c.result());
}
Tensor unsliced(const Call& c) {
  c.need_shape(c.list("shape"), "attribute 'shape'");
  return unslice(c[0], c.result(), ranges(c, c.result().size()));
}

double elements(const Call& c) {
  double n = 0;
  for (const Tensor& x : c.in) n += static_cast<double>(x.numel());
  return n;
}
void need_all_elements(const Call& c) {
  if (elements(c) != static_cast<double>(c.result().numel()))
    c.refuse("the result has another number of elements than the inputs", to_string(c.result()),
             formatted("{} elements", elements(c)));
}

Tensor concatenated(const Call& c) {
  if (c.in.empty()) c.refuse("it has no inputs");
  need_all_elements(c);
  const int axis = c.axis(c[0].dim());
  const Shape sizes = c.list("sizes");
  for (std::size_t i = 0; i < c.in.size(); ++i) {
    const bool listed = sizes.size() == 1 || static_cast<int>(i) < sizes.size();
    const int at = sizes.size() == 1 ? 0 : static_cast<int>(i);
    if (!listed || c[i].dim() <= axis || c.shape(i)[axis] != sizes[at])
      c.refuse("attribute 'sizes' does not fit the inputs", to_string(sizes));
  }
  return concat(c.in, axis);
}
Tensor stacked(const Call& c) {
  if (c.in.empty()) c.refuse("it has no inputs");
  need_all_elements(c);
  return stack(c.in, c.axis(c[0].dim() + 1));
}

// ---- by index ----

Tensor selected(const Call& c) {
  const int axis = c.axis(c[0].dim());
  Shape to = c.shape(0);
  to[axis] = c[1].numel();
  c.need_shape(to, "the shape of the selected entries");
  return index_select(c[0], axis, c[1]);
}

// ---- products ----

MatmulOptions transposed(const Call& c) { return {c.flag("transpose_a"), c.flag("transpose_b")}; }

void need_product(const Call& c, const Tensor& a, const Tensor& b, MatmulOptions o) {
  const int last = c.result().size() - 1;
  if (last < 1 || a.dim() != last + 1 || b.dim() != last + 1)
    c.refuse("its inputs are not matrices, or batches of them", to_string(a.shape()) + " and " + to_string(b.shape()));
  Shape to = a.shape();
  to[last - 1] = a.shape()[o.transpose_a ? last : last - 1];
  to[last] = b.shape()[o.transpose_b ? last - 1 : last];
  c.need_shape(to, "the shape of the product");
}

Tensor product(const Call& c) {
  need_product(c, c[0], c[1], transposed(c));
  return matmul(c[0], c[1], transposed(c));
}
Tensor product_and_sum(const Call& c) {
  need_product(c, c[1], c[2], transposed(c));
  return addmm(c[0], c[1], c[2], transposed(c));
}

Tensor attended(const Call& c) {
  for (std::size_t i = 0; i < 3; ++i) c.need_axes(i, 4);
  const Shape &q = c.shape(0), &k = c.shape(1), &v = c.shape(2);
  c.need_shape({q[0], q[1], q[2], v[3]}, "the shape of the attention's result");
  c.need_work(static_cast<double>(q.numel()) * static_cast<double>(k[2]) +
              static_cast<double>(c.result().numel()) * static_cast<double>(k[2]));
  return scaled_dot_product_attention(c[0], c[1], c[2], {}, {c.flag("is_causal"), c.number("scale")});
}

// ---- the table ----

struct Row {
  std::string_view name;
  int inputs;  // -1: the row counts them itself
  Tensor (*run)(const Call& c);
};

template <Tensor (*f)(Arg, Axes, bool)>
Tensor reduced(const Call& c) {
  return f(c[0], c.axes(), c.flag("keepdim"));
}
template <Tensor (*f)(Arg, int)>
Tensor scanned(const Call& c) {
  return f(c[0], c.axis(c[0].dim()));
}

constexpr Row rows[] = {
    {"neg", 1, unary<neg>},
    {"abs", 1, unary<abs>},
    {"sign", 1, unary<sign>},
    {"square", 1, unary<square>},
    {"sqrt", 1, unary<sqrt>},
    {"rsqrt", 1, unary<rsqrt>},
    {"reciprocal", 1, unary<reciprocal>},
    {"exp", 1, unary<exp>},
    {"expm1", 1, unary<expm1>},
    {"log", 1, unary<log>},
    {"log1p", 1, unary<log1p>},
    {"sin", 1, unary<sin>},
    {"cos", 1, unary<cos>},
    {"tan", 1, unary<tan>},
    {"erf", 1, unary<erf>},
    {"floor", 1, unary<floor>},
    {"ceil", 1, unary<ceil>},
    {"round", 1, unary<round>},
    {"log2", 1, unary<log2>},
    {"asin", 1, unary<asin>},
    {"acos", 1, unary<acos>},
    {"atan", 1, unary<atan>},
    {"sinh", 1, unary<sinh>},
    {"cosh", 1, unary<cosh>},
    {"lgamma", 1, unary<lgamma>},
    {"polygamma", 1, [](const Call& c) { return polygamma(c.integer("n", 0, 100), c[0]); }},
    {"tanh", 1, unary<tanh>},
    {"sigmoid", 1, unary<sigmoid>},
    {"log_sigmoid", 1, unary<log_sigmoid>},
    {"relu", 1, unary<relu>},
    {"silu", 1, unary<silu>},
    {"mish", 1, unary<mish>},
    {"clone", 1, unary<clone>},
    {"leaky_relu", 1, [](const Call& c) { return leaky_relu(c[0], c.number("slope")); }},
    {"elu", 1, [](const Call& c) { return elu(c[0], c.number("alpha")); }},
    {"gelu", 1, [](const Call& c) { return gelu(c[0], static_cast<Gelu>(c.integer("form", 0, 1))); }},
    {"softplus", 1, [](const Call& c) { return softplus(c[0], c.number("beta"), c.number("threshold")); }},
    {"clamp", 1, [](const Call& c) { return clamp(c[0], c.number("low"), c.number("high")); }},
    {"to", 1, as_dtype},
    {"dropout", 1, dropped},
    {"add", 2, binary<add>},
    {"sub", 2, binary<sub>},
    {"mul", 2, binary<mul>},
    {"div", 2, binary<div>},
    {"pow", 2, binary<pow>},
    {"maximum", 2, binary<maximum>},
    {"minimum", 2, binary<minimum>},
    {"remainder", 2, binary<remainder>},
    {"atan2", 2, binary<atan2>},
    {"chain_mul", 2, chained},
    {"chain_div", 2, binary<chain_div>},
    {"where", 3,
     [](const Call& c) {
       need_one_shape(c);
       return where(c[0], c[1], c[2]);
     }},
    {"add_scalar", 1, with_number<add>},
    {"mul_scalar", 1, with_number<mul>},
    {"pow_scalar", 1, with_number<pow>},
    {"sum", 1, reduced<sum>},
    {"mean", 1, reduced<mean>},
    {"prod", 1, reduced<prod>},
    {"max", 1, reduced<max>},
    {"min", 1, reduced<min>},
    {"logsumexp", 1, reduced<logsumexp>},
    {"norm", 1, [](const Call& c) { return norm(c[0], c.number("p"), c.axes(), c.flag("keepdim")); }},
    {"cumsum", 1, scanned<cumsum>},
    {"cumprod", 1, scanned<cumprod>},
    {"softmax", 1, scanned<softmax>},
    {"log_softmax", 1, scanned<log_softmax>},
    {"expand", 1, expanded},
    {"reshape", 1, reshaped},
    {"permute", 1, [](const Call& c) { return permute(c[0], c.axes()); }},
    {"slice", 1, [](const Call& c) { return gradus::slice(c[0], ranges(c, c[0].dim())); }},
    {"unslice", 1, unsliced},
    {"select", 1,
     [](const Call& c) {
       const int axis = c.axis(c[0].dim());
       return gradus::select(c[0], axis, c.integer("index", 0, c.shape(0)[axis] - 1));
     }},
    {"concat", -1, concatenated},
    {"stack", -1, stacked},
    {"flip", 1, [](const Call& c) { return flip(c[0], c.axes()); }},
    {"index_select", 2, selected},
    {"index_add", 3, [](const Call& c) { return index_add(c[0], c.axis(c[0].dim()), c[1], c[2]); }},
    {"gather", 2, [](const Call& c) { return gather(c[0], c.axis(c[0].dim()), c[1]); }},
    {"scatter_add", 3, [](const Call& c) { return scatter_add(c[0], c.axis(c[0].dim()), c[1], c[2]); }},
    {"scatter", 3, [](const Call& c) { return scatter(c[0], c.axis(c[0].dim()), c[1], c[2]); }},
    {"cholesky", 1, factored},
    {"inverse", 1, inverted},
    {"solve", 2, solved},
    {"solve_triangular", 2, solved_triangular},
    {"det", 1, determinant},
    {"logabsdet", 1, log_determinant},
    {"matmul", 2, product},
    {"addmm", 3, product_and_sum},
    {"attention", 3, attended},
    {"conv2d", -1, convolved},
    {"conv2d_input", 2, convolved_input},
    {"conv2d_weight", 2, convolved_weight},
    {"max_pool2d", 1, max_pooled},
    {"avg_pool2d", 1, averaged},
    {"avg_pool2d_input", 1, averaged_input},
    {"adaptive_avg_pool2d", 1, adaptive},
    {"adaptive_avg_pool2d_input", 1, adaptive_input},
    {"normalize", 1, [](const Call& c) { return normalize(c[0], c.axes(), c.number("eps")); }},
    {"layer_norm", 3, [](const Call& c) { return layer_norm(c[0], c.shape(1), c[1], c[2], c.number("eps")); }},
    {"lstm_gates", 2, [](const Call& c) { return lstm_gates(c[0], c[1]); }},
    {"mse_loss", 2,
     [](const Call& c) {
       const double scale = 1.0 / static_cast<double>(c[0].numel());
       if (c.number("scale") != scale)
         c.refuse("attribute 'scale' is not 1 / n", formatted("{}", c.number("scale")), formatted("{}", scale));
       return mse_loss(c[0], c[1]);
     }},
    {"bce_loss", 2, [](const Call& c) { return bce_loss(c[0], c[1], {.reduction = Reduction::none}); }},
    {"cross_entropy", 2, [](const Call& c) { return cross_entropy(c[0], c[1], {.reduction = Reduction::none}); }},
};

}  // namespace

std::vector<std::string_view> rerun_names() {
  std::vector<std::string_view> names;
  for (const Row& row : rows) names.push_back(row.name);
  return names;
}

Tensor rerun(const Op& op, const std::vector<Tensor>& in) {
  const Call call{op, in};
  const auto row = std::ranges::find(rows, std::string_view(op.op), &Row::name);
  if (row == std::end(rows)) call.refuse("it is not a built-in operation of this version");
  if (row->inputs >= 0 && static_cast<std::size_t>(row->inputs) != in.size())
    call.refuse("it has the wrong number of inputs", std::to_string(in.size()), std::to_string(row->inputs));
  const Tensor y = row->run(call);
  if (y.shape() != op.value.shape || y.dtype() != op.value.dtype)
    call.refuse("computed again its value has another shape or dtype",
                formatted("{} {}", to_string(y.shape()), name(y.dtype())),
                formatted("{} {}", to_string(op.value.shape), name(op.value.dtype)));
  return y;
}

}  // namespace gradus::study::trace
