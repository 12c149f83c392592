// Layers: built from PyTorch's arguments, loaded with PyTorch's state, then forward and backward, step after step.
#include "verify/modules.hpp"

#include <algorithm>

#include "cli/command.hpp"
#include "verify/run.hpp"

namespace gradus::tool {
namespace {

Tensor named(const StateDict& all, const std::string& name) {
  const Tensor* found = find(all, name);
  return found ? *found : Tensor();
}

void allow(const StateDict& inputs, std::initializer_list<std::string_view> names) {
  for (const auto& [name, x] : inputs) {
    if (std::ranges::find(names, name) == names.end())
      throw std::runtime_error(fmt::format("the layer takes no input '{}'", name));
  }
}

// `forward` calls the layer with inputs by name, and names what it returns.
template <class M, class Forward>
Layer layer(M made, Forward forward) {
  auto m = std::make_shared<M>(std::move(made));
  return {m, [m](bool on) { m->train(on); }, [m](DType dtype) { m->to(dtype); },
          [m, forward](const StateDict& inputs) -> StateDict { return forward(*m, inputs); }};
}

// Most take one tensor and return one.
template <class M>
Layer layer(M made) {
  return layer(std::move(made), [](M& m, const StateDict& inputs) -> StateDict {
    if (inputs.size() != 1) throw std::runtime_error("more inputs than the layer takes");
    return {{"y", m(inputs[0].second)}};
  });
}

std::int64_t integer(Settings& c, const char* name) { return c.get<std::int64_t>(name); }

Layer linear(Settings& c) {
  return layer(nn::Linear(integer(c, "in_features"), integer(c, "out_features"), {.bias = c.get("bias", true)}));
}

// A number, alone or in a list.
std::int64_t single(Settings& c, const char* name, std::int64_t otherwise) {
  const Json* json = c.find(name);
  return json && json->is_array() && json->size() == 1 ? json->front().get<std::int64_t>() : c.get(name, otherwise);
}

Layer conv1d(Settings& c) {
  return layer(nn::Conv1d(integer(c, "in_channels"), integer(c, "out_channels"), single(c, "kernel_size", 0),
                          {.stride = single(c, "stride", 1),
                           .padding = single(c, "padding", 0),
                           .dilation = single(c, "dilation", 1),
                           .groups = c.get<std::int64_t>("groups", 1),
                           .bias = c.get("bias", true)}));
}

Layer conv2d(Settings& c) {
  return layer(nn::Conv2d(integer(c, "in_channels"), integer(c, "out_channels"), c.get<Pair>("kernel_size", 0),
                          {.stride = c.get<Pair>("stride", 1),
                           .padding = c.get<Pair>("padding", 0),
                           .dilation = c.get<Pair>("dilation", 1),
                           .groups = c.get<std::int64_t>("groups", 1),
                           .bias = c.get("bias", true)}));
}

Layer conv_transpose2d(Settings& c) {
  return layer(nn::ConvTranspose2d(integer(c, "in_channels"), integer(c, "out_channels"), c.get<Pair>("kernel_size", 0),
                                   {.stride = c.get<Pair>("stride", 1),
                                    .padding = c.get<Pair>("padding", 0),
                                    .output_padding = c.get<Pair>("output_padding", 0),
                                    .groups = c.get<std::int64_t>("groups", 1),
                                    .bias = c.get("bias", true),
                                    .dilation = c.get<Pair>("dilation", 1)}));
}

// Its momentum may be null, which is not the same as absent.
template <class M>
Layer batch_norm(Settings& c) {
  nn::BatchNormOptions o{.eps = c.get("eps", 1e-5),
                         .affine = c.get("affine", true),
                         .track_running_stats = c.get("track_running_stats", true)};
  o.momentum = c.get("momentum", *o.momentum);
  if (c.is_null("momentum")) o.momentum.reset();
  return layer(M(integer(c, "num_features"), o));
}

Layer layer_norm(Settings& c) {
  return layer(nn::LayerNorm(c.get<Shape>("normalized_shape"),
                             {.eps = c.get("eps", 1e-5), .elementwise_affine = c.get("elementwise_affine", true)}));
}

Layer group_norm(Settings& c) {
  return layer(nn::GroupNorm(integer(c, "num_groups"), integer(c, "num_channels"),
                             {.eps = c.get("eps", 1e-5), .affine = c.get("affine", true)}));
}

Layer rms_norm(Settings& c) {
  const auto shape = c.get<Shape>("normalized_shape");
  if (shape.size() != 1) throw NotImplemented{"RMSNorm over several axes"};
  nn::RMSNormOptions o{.elementwise_affine = c.get("elementwise_affine", true)};
  if (c.has("eps")) o.eps = c.get<double>("eps");
  return layer(nn::RMSNorm(shape[0], o));
}

// RNNOptions or RecurrentOptions.
template <class Options>
Options recurrent_options(Settings& c) {
  Options o;
  o.num_layers = c.get<std::int64_t>("num_layers", 1);
  o.bias = c.get("bias", true);
  o.batch_first = c.get("batch_first", false);
  o.dropout = c.get("dropout", 0.0);
  o.bidirectional = c.get("bidirectional", false);
  return o;
}

template <class M>
Layer recurrent(M made) {
  return layer(std::move(made), [](M& m, const StateDict& inputs) -> StateDict {
    allow(inputs, {"x", "h0"});
    const auto [y, h] = m(named(inputs, "x"), named(inputs, "h0"));
    return {{"y", y}, {"hn", h}};
  });
}

Layer rnn(Settings& c) {
  auto o = recurrent_options<nn::RNNOptions>(c);
  o.nonlinearity = c.get("nonlinearity", o.nonlinearity);
  return recurrent(nn::RNN(integer(c, "input_size"), integer(c, "hidden_size"), o));
}

Layer gru(Settings& c) {
  return recurrent(
      nn::GRU(integer(c, "input_size"), integer(c, "hidden_size"), recurrent_options<nn::RecurrentOptions>(c)));
}

Layer lstm(Settings& c) {
  nn::LSTM made(integer(c, "input_size"), integer(c, "hidden_size"), recurrent_options<nn::RecurrentOptions>(c));
  return layer(std::move(made), [](nn::LSTM& m, const StateDict& inputs) -> StateDict {
    allow(inputs, {"x", "h0", "c0"});
    const auto r = m(named(inputs, "x"), named(inputs, "h0"), named(inputs, "c0"));
    return {{"y", r.y}, {"hn", r.h}, {"cn", r.c}};
  });
}

Layer attention(Settings& c) {
  nn::MultiheadAttention made(integer(c, "embed_dim"), integer(c, "num_heads"),
                              {.dropout = c.get("dropout", 0.0),
                               .bias = c.get("bias", true),
                               .kdim = c.get<std::int64_t>("kdim", 0),
                               .vdim = c.get<std::int64_t>("vdim", 0),
                               .batch_first = c.get("batch_first", false)});
  const bool average = c.get("average_attn_weights", true);
  return layer(std::move(made), [average](nn::MultiheadAttention& m, const StateDict& inputs) -> StateDict {
    allow(inputs, {"query", "key", "value", "key_padding_mask", "attn_mask"});
    const auto [y, weights] = m(named(inputs, "query"), named(inputs, "key"), named(inputs, "value"),
                                {.key_padding_mask = named(inputs, "key_padding_mask"),
                                 .attn_mask = named(inputs, "attn_mask"),
                                 .average_attn_weights = average});
    return {{"y", y}, {"weights", weights}};
  });
}

Layer encoder_layer(Settings& c) {
  nn::TransformerEncoderLayerOptions o;
  o.dim_feedforward = c.get("dim_feedforward", o.dim_feedforward);
  o.dropout = c.get("dropout", o.dropout);
  o.activation = c.get("activation", o.activation);
  o.layer_norm_eps = c.get("layer_norm_eps", o.layer_norm_eps);
  o.batch_first = c.get("batch_first", o.batch_first);
  o.norm_first = c.get("norm_first", o.norm_first);
  o.bias = c.get("bias", o.bias);
  nn::TransformerEncoderLayer made(integer(c, "d_model"), integer(c, "nhead"), o);
  return layer(std::move(made), [](nn::TransformerEncoderLayer& m, const StateDict& inputs) -> StateDict {
    allow(inputs, {"src", "src_mask", "src_key_padding_mask"});
    return {{"y", m(named(inputs, "src"), named(inputs, "src_mask"), named(inputs, "src_key_padding_mask"))}};
  });
}

Layer embedding(Settings& c) {
  return layer(nn::Embedding(integer(c, "num_embeddings"), integer(c, "embedding_dim"),
                             {.padding_idx = c.get<std::int64_t>("padding_idx", -1)}));
}

struct Known {
  std::string_view name;
  Layer (*make)(Settings& config);
};
constexpr Known known_layers[] = {
    {"Linear", linear},
    {"Conv1d", conv1d},
    {"Conv2d", conv2d},
    {"ConvTranspose2d", conv_transpose2d},
    {"BatchNorm1d", batch_norm<nn::BatchNorm1d>},
    {"BatchNorm2d", batch_norm<nn::BatchNorm2d>},
    {"LayerNorm", layer_norm},
    {"RMSNorm", rms_norm},
    {"GroupNorm", group_norm},
    {"Embedding", embedding},
    {"RNN", rnn},
    {"LSTM", lstm},
    {"GRU", gru},
    {"MultiheadAttention", attention},
    {"TransformerEncoderLayer", encoder_layer},
};

// Zeros where the walk has not come by.
Tensor gradient_of(const Tensor& x) { return x.grad().defined() ? x.grad() : zeros_like(x); }

StateDict stored(const Case& c, const Json& names) {
  StateDict tensors;
  for (const auto& [name, in_file] : names.items()) tensors.emplace_back(name, c.tensor(in_file));
  return tensors;
}

// One forward and one backward.
void run_step(const Case& c, const Layer& layer, const Json& step, const std::string& where) {
  const auto expect_all = [&](const char* what, const char* key, const auto& got) {
    if (!step.contains(key)) return;
    for (const auto& [name, in_file] : step[key].items()) {
      if (!in_file.is_null()) c.expect(fmt::format("{}{} {}", where, what, name), got(name), in_file);
    }
  };
  layer.train(step.at("training").get<bool>());
  layer.module->zero_grad();
  StateDict inputs = stored(c, step.at("inputs"));
  for (auto& [name, x] : inputs) {
    x = x.clone();
    if (step.at("input_grads").contains(name)) x.requires_grad_();
  }
  {
    Tape tape;
    const StateDict outputs = layer.call(inputs);
    expect_all("output", "outputs", [&](const std::string& name) { return named(outputs, name); });
    Tensor loss;
    for (const auto& [name, in_file] : step.at("cotangents").items()) {
      if (in_file.is_null()) continue;
      const Tensor part = sum(named(outputs, name) * c.tensor(in_file));
      loss = loss.defined() ? loss + part : part;
    }
    if (loss.defined()) tape.backward(loss);
  }
  StateDict parameters;
  for (auto& [name, p] : layer.module->named_parameters()) parameters.emplace_back(name, p);
  expect_all("grad", "input_grads", [&](const std::string& name) { return gradient_of(named(inputs, name)); });
  expect_all("grad", "param_grads", [&](const std::string& name) { return gradient_of(named(parameters, name)); });
  expect_all("buffer", "buffers_after",
             [&](const std::string& name) { return named(layer.module->state_dict(), name); });
}

}  // namespace

Layer make_layer(const std::string& name, const Json& config, Budget& budget) {
  const auto known = std::ranges::find(known_layers, name, &Known::name);
  if (known == std::end(known_layers)) throw NotImplemented{name};
  budget.spend(name, cost_of_making(name, config));
  Settings settings(config);
  Layer made = known->make(settings);
  settings.finish();
  return made;
}

void run_module(const Case& c) {
  Budget budget = c.budget();
  const auto name = c["module"].get<std::string>();
  const Layer layer = make_layer(name, c["config"], budget);
  layer.to(c.dtype());
  layer.module->load_state_dict(stored(c, c["state"]));
  const Json& steps = c["steps"];
  if (!steps.is_array() || steps.empty())
    throw Stop(file_trouble, c.path() + ": the case is not as the format says: it has no steps");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (const auto& [role, input] : stored(c, steps[i].at("inputs")))
      budget.spend(name, cost_of_forward(name, c["config"], layer.module->state_dict(), input));
    run_step(c, layer, steps[i], steps.size() > 1 ? fmt::format("step {} ", i) : "");
  }
}

}  // namespace gradus::tool
