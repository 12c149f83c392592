// The operations of a kit by name, called with the kit's operands and attributes.
#include "verify/call.hpp"

#include <algorithm>
#include <limits>

namespace gradus::tool {
namespace {

// The index of the extreme element: along an axis, or of the flattened tensor, whose only axis keepdim keeps for all.
template <Tensor (*along_axis)(Arg, int, bool), Tensor (*of_all)(Arg)>
Results extreme(KitCall& c) {
  const Tensor x = c["x"];
  const bool keep = c.get("keepdim", false);
  if (c.has("dim")) return along_axis(x, c.get<int>("dim"), keep);
  return keep ? of_all(x).reshape(Shape(std::vector<std::int64_t>(static_cast<std::size_t>(x.dim()), 1))) : of_all(x);
}

// ---- operations that need more than a line ----

Results pieces(KitCall& c) {
  const Tensor x = c["x"];
  const int dim = c.get("dim", 0);
  if (c.has("sizes")) return split(x, c.get<std::vector<std::int64_t>>("sizes"), dim);
  return split(x, c.get<std::int64_t>("size"), dim);
}

Pool2dOptions pool_options(KitCall& c) {
  return {
      .stride = c.get<Pair>("stride", 0), .padding = c.get<Pair>("padding", 0), .ceil_mode = c.get("ceil_mode", false)};
}

Results max_pool(KitCall& c) {
  Pool2dOptions options = pool_options(c);
  options.dilation = c.get<Pair>("dilation", 1);
  return max_pool2d(c["x"], c.get<Pair>("kernel", 0), options);
}

Results avg_pool(KitCall& c) {
  Pool2dOptions options = pool_options(c);
  options.count_include_pad = c.get("count_include_pad", true);
  return avg_pool2d(c["x"], c.get<Pair>("kernel", 0), options);
}

Results convolve1d(KitCall& c) {
  return conv1d(c["x"], c["weight"], c.maybe("bias"),
                {.stride = c.get<std::int64_t>("stride", 1),
                 .padding = c.get<std::int64_t>("padding", 0),
                 .dilation = c.get<std::int64_t>("dilation", 1),
                 .groups = c.get<std::int64_t>("groups", 1)});
}

Results convolve2d(KitCall& c) {
  return conv2d(c["x"], c["weight"], c.maybe("bias"),
                {.stride = c.get<Pair>("stride", 1),
                 .padding = c.get<Pair>("padding", 0),
                 .dilation = c.get<Pair>("dilation", 1),
                 .groups = c.get<std::int64_t>("groups", 1)});
}

Results convolve_back2d(KitCall& c) {
  return conv_transpose2d(c["x"], c["weight"], c.maybe("bias"),
                          {.stride = c.get<Pair>("stride", 1),
                           .padding = c.get<Pair>("padding", 0),
                           .output_padding = c.get<Pair>("output_padding", 0),
                           .dilation = c.get<Pair>("dilation", 1),
                           .groups = c.get<std::int64_t>("groups", 1)});
}

Results normalize_batch(KitCall& c) {
  const bool training = c.get("training", false);
  const BatchNormResult r = batch_norm(c["x"], c["running_mean"], c["running_var"], c.maybe("weight"), c.maybe("bias"),
                                       training, c.get("momentum", 0.1), c.get("eps", 1e-5));
  return training ? Results({r.y, r.mean, r.var}) : Results(r.y);
}

Results attend(KitCall& c) {
  return scaled_dot_product_attention(c["q"], c["k"], c["v"], c.maybe("mask"),
                                      {.is_causal = c.get("is_causal", false), .scale = c.get("scale", 0.0)});
}

Results entropy(KitCall& c) {
  return cross_entropy(c["input"], c["target"],
                       {.weight = c.maybe("weight"),
                        .ignore_index = c.get("ignore_index", no_index),
                        .label_smoothing = c.get("label_smoothing", 0.0),
                        .reduction = c.get("reduction", Reduction::mean)});
}

Results likelihood(KitCall& c) {
  return nll_loss(c["input"], c["target"],
                  {.weight = c.maybe("weight"),
                   .ignore_index = c.get("ignore_index", no_index),
                   .reduction = c.get("reduction", Reduction::mean)});
}

Results bce(KitCall& c) {
  return bce_loss(c["input"], c["target"],
                  {.weight = c.maybe("weight"), .reduction = c.get("reduction", Reduction::mean)});
}

Results bce_with_logits(KitCall& c) {
  return bce_with_logits_loss(c["input"], c["target"],
                              {.weight = c.maybe("weight"),
                               .pos_weight = c.maybe("pos_weight"),
                               .reduction = c.get("reduction", Reduction::mean)});
}

Results triplet(KitCall& c) {
  return triplet_margin_loss(c["anchor"], c["positive"], c["negative"],
                             {.margin = c.get("margin", 1.0),
                              .p = c.get("p", 2.0),
                              .eps = c.get("eps", 1e-6),
                              .swap = c.get("swap", false),
                              .reduction = c.get("reduction", Reduction::mean)});
}

// A small graph of other operations; its values have names.
Results program(KitCall& c) {
  StateDict values = c.named();
  const auto value = [&](const Json& name) -> const Tensor& {
    const Tensor* found = gradus::find(values, name.get_ref<const std::string&>());
    return found ? *found : throw std::runtime_error(fmt::format("value {} is missing", name.dump()));
  };
  for (const Json& step : c.get<Json>("steps")) {
    StateDict operands;
    for (const auto& [role, name] : step.at("in").items()) operands.emplace_back(role, value(name));
    Results out = call_operation(step.at("op").get<std::string>(), operands, step.at("attrs"), c.budget);
    values.emplace_back(step.at("out").get<std::string>(), out.at(0));
  }
  std::vector<Tensor> results;
  for (const Json& name : c.get<Json>("results")) results.push_back(value(name));
  return results;
}

constexpr KnownOperation known_operations[] = {
    {"add", binary<add>},
    {"sub", binary<sub>},
    {"mul", binary<mul>},
    {"div", binary<div>},
    {"pow", binary<pow>},
    {"maximum", binary<maximum>},
    {"minimum", binary<minimum>},
    {"eq", binary<eq>},
    {"ne", binary<ne>},
    {"lt", binary<lt>},
    {"le", binary<le>},
    {"gt", binary<gt>},
    {"ge", binary<ge>},
    {"where", [](KitCall& c) -> Results { return where(c["cond"], c["x"], c["y"]); }},
    {"masked_fill", [](KitCall& c) -> Results { return masked_fill(c["x"], c["mask"], c.get<double>("value")); }},

    {"add_scalar", [](KitCall& c) -> Results { return c["x"] + c.get<double>("scalar"); }},
    {"mul_scalar", [](KitCall& c) -> Results { return c["x"] * c.get<double>("scalar"); }},
    {"rsub_scalar", [](KitCall& c) -> Results { return c.get<double>("scalar") - c["x"]; }},
    {"div_scalar", [](KitCall& c) -> Results { return c["x"] / c.get<double>("scalar"); }},
    {"rdiv_scalar", [](KitCall& c) -> Results { return c.get<double>("scalar") / c["x"]; }},
    {"pow_scalar", [](KitCall& c) -> Results { return pow(c["x"], c.get<double>("exponent")); }},
    {"rpow_scalar", [](KitCall& c) -> Results { return pow(c.get<double>("base"), c["x"]); }},
    {"clamp",
     [](KitCall& c) -> Results { return clamp(c["x"], c.get("min", -kit_infinity), c.get("max", kit_infinity)); }},

    {"neg", unary<neg>},
    {"sqrt", unary<sqrt>},
    {"rsqrt", unary<rsqrt>},
    {"reciprocal", unary<reciprocal>},
    {"square", unary<square>},
    {"exp", unary<exp>},
    {"log", unary<log>},
    {"log1p", unary<log1p>},
    {"expm1", unary<expm1>},
    {"sin", unary<sin>},
    {"cos", unary<cos>},
    {"tan", unary<tan>},
    {"tanh", unary<tanh>},
    {"sigmoid", unary<sigmoid>},
    {"erf", unary<erf>},
    {"abs", unary<abs>},
    {"sign", unary<sign>},
    {"log_sigmoid", unary<log_sigmoid>},
    {"relu", unary<relu>},
    {"silu", unary<silu>},
    {"mish", unary<mish>},
    {"softplus", [](KitCall& c) -> Results { return softplus(c["x"], c.get("beta", 1.0), c.get("threshold", 20.0)); }},
    {"leaky_relu", [](KitCall& c) -> Results { return leaky_relu(c["x"], c.get("negative_slope", 0.01)); }},
    {"elu", [](KitCall& c) -> Results { return elu(c["x"], c.get("alpha", 1.0)); }},
    {"gelu", [](KitCall& c) -> Results { return gelu(c["x"], c.get("approximate", Gelu::exact)); }},
    {"dropout", [](KitCall& c) -> Results { return dropout(c["x"], c.get("p", 0.5), c.get("training", false)); }},

    {"sum", reduce<sum>},
    {"mean", reduce<mean>},
    {"prod", reduce<prod>},
    {"max", reduce<max>},
    {"min", reduce<min>},
    {"logsumexp", reduce<logsumexp>},
    {"var", spread<var>},
    {"std", spread<gradus::stddev>},
    {"max_dim", along<max_dim>},
    {"min_dim", along<min_dim>},
    {"argmax", extreme<argmax, argmax>},
    {"argmin", extreme<argmin, argmin>},
    {"cumsum", axis<cumsum>},
    {"softmax", axis<softmax>},
    {"log_softmax", axis<log_softmax>},
    {"matmul", [](KitCall& c) -> Results { return matmul(c["x"], c["y"]); }},
    {"einsum", [](KitCall& c) -> Results { return einsum(c.get<std::string>("equation"), c.all()); }},

    {"reshape", [](KitCall& c) -> Results { return reshape(c["x"], c.get<Shape>("shape")); }},
    {"transpose", [](KitCall& c) -> Results { return transpose(c["x"], c.get<int>("dim0"), c.get<int>("dim1")); }},
    {"permute", [](KitCall& c) -> Results { return permute(c["x"], c.get<Axes>("dims")); }},
    {"squeeze",
     [](KitCall& c) -> Results { return c.has("dim") ? squeeze(c["x"], c.get<int>("dim")) : squeeze(c["x"]); }},
    {"unsqueeze", axis<unsqueeze>},
    {"expand", [](KitCall& c) -> Results { return expand(c["x"], c.get<Shape>("shape")); }},
    {"slice", [](KitCall& c) -> Results { return slice(c["x"], c.get<std::vector<Range>>("ranges")); }},
    {"select", [](KitCall& c) -> Results { return select(c["x"], c.get<int>("dim"), c.get<std::int64_t>("index")); }},
    {"concat", [](KitCall& c) -> Results { return concat(c.all(), c.get("dim", 0)); }},
    {"stack", [](KitCall& c) -> Results { return stack(c.all(), c.get("dim", 0)); }},
    {"split", pieces},
    {"flip", [](KitCall& c) -> Results { return flip(c["x"], c.get<Axes>("dims")); }},
    {"roll", [](KitCall& c) -> Results { return roll(c["x"], c.get<Axes>("shifts"), c.get<Axes>("dims")); }},
    {"repeat", [](KitCall& c) -> Results { return repeat(c["x"], c.get<Shape>("repeats")); }},
    {"tril", triangle<tril>},
    {"triu", triangle<triu>},
    {"pad",
     [](KitCall& c) -> Results {
       return pad(c["x"], c.get<std::vector<Pad>>("pad"), c.get("mode", PadMode::constant), c.get("value", 0.0));
     }},
    {"index_select", [](KitCall& c) -> Results { return index_select(c["x"], c.get<int>("dim"), c["index"]); }},
    {"gather", [](KitCall& c) -> Results { return gather(c["x"], c.get<int>("dim"), c["index"]); }},
    {"scatter_add", [](KitCall& c) -> Results { return scatter_add(c["x"], c.get<int>("dim"), c["index"], c["src"]); }},
    {"embedding",
     [](KitCall& c) -> Results {
       return embedding(c["weight"], c["indices"], c.get<std::int64_t>("padding_idx", -1));
     }},

    {"conv1d", convolve1d},
    {"conv2d", convolve2d},
    {"conv_transpose2d", convolve_back2d},
    {"max_pool2d", max_pool},
    {"avg_pool2d", avg_pool},
    {"adaptive_avg_pool2d",
     [](KitCall& c) -> Results { return adaptive_avg_pool2d(c["x"], c.get<Pair>("output_size", 0)); }},
    {"layer_norm",
     [](KitCall& c) -> Results {
       return layer_norm(c["x"], c.get<Shape>("normalized_shape"), c.maybe("weight"), c.maybe("bias"),
                         c.get("eps", 1e-5));
     }},
    {"group_norm",
     [](KitCall& c) -> Results {
       return group_norm(c["x"], c.get<std::int64_t>("num_groups"), c.maybe("weight"), c.maybe("bias"),
                         c.get("eps", 1e-5));
     }},
    {"batch_norm", normalize_batch},
    {"rms_norm", [](KitCall& c) -> Results { return rms_norm(c["x"], c.maybe("weight"), c.get("eps", 1e-5)); }},
    {"scaled_dot_product_attention", attend},

    {"mse_loss", loss<mse_loss>},
    {"l1_loss", loss<l1_loss>},
    {"hinge_loss", loss<hinge_loss>},
    {"huber_loss",
     [](KitCall& c) -> Results {
       return huber_loss(c["input"], c["target"], c.get("delta", 1.0), c.get("reduction", Reduction::mean));
     }},
    {"smooth_l1_loss",
     [](KitCall& c) -> Results {
       return smooth_l1_loss(c["input"], c["target"], c.get("beta", 1.0), c.get("reduction", Reduction::mean));
     }},
    {"hinge_embedding_loss",
     [](KitCall& c) -> Results {
       return hinge_embedding_loss(c["input"], c["target"], c.get("margin", 1.0), c.get("reduction", Reduction::mean));
     }},
    {"cosine_embedding_loss",
     [](KitCall& c) -> Results {
       return cosine_embedding_loss(c["x1"], c["x2"], c["target"], c.get("margin", 0.0),
                                    c.get("reduction", Reduction::mean));
     }},
    {"kl_div",
     [](KitCall& c) -> Results {
       return kl_div(c["input"], c["target"],
                     {.log_target = c.get("log_target", false), .reduction = c.get("reduction", Reduction::mean)});
     }},
    {"bce_loss", bce},
    {"bce_with_logits_loss", bce_with_logits},
    {"cross_entropy", entropy},
    {"nll_loss", likelihood},
    {"triplet_margin_loss", triplet},
    {"program", program},
};

}  // namespace

std::vector<Tensor> call_operation(const std::string& name, const StateDict& operands, const Json& attributes,
                                   Budget& budget) {
  const KnownOperation* known = nullptr;
  for (const std::span<const KnownOperation> part :
       {std::span<const KnownOperation>(known_operations), vocabulary_operations()})
    if (const auto found = std::ranges::find(part, name, &KnownOperation::name); found != part.end()) known = &*found;
  if (!known) throw NotImplemented{name};
  budget.spend(name, cost_of(name, operands, attributes));
  KitCall call(operands, attributes, budget);
  Results results = known->run(call);
  call.finish();
  return results;
}

}  // namespace gradus::tool
