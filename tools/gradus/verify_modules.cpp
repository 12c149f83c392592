// Layers: built from PyTorch's arguments, loaded with PyTorch's state, then forward and backward, step after step.
#include "verify_modules.hpp"

#include <algorithm>

#include "verify_run.hpp"

namespace gradus::tool {
namespace {

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

Layer conv2d(Settings& c) {
  return layer(nn::Conv2d(integer(c, "in_channels"), integer(c, "out_channels"), c.get<Pair>("kernel_size", 0),
                          {.stride = c.get<Pair>("stride", 1),
                           .padding = c.get<Pair>("padding", 0),
                           .dilation = c.get<Pair>("dilation", 1),
                           .groups = c.get<std::int64_t>("groups", 1),
                           .bias = c.get("bias", true)}));
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
    {"Conv2d", conv2d},
    {"BatchNorm1d", batch_norm<nn::BatchNorm1d>},
    {"BatchNorm2d", batch_norm<nn::BatchNorm2d>},
    {"LayerNorm", layer_norm},
    {"Embedding", embedding},
};

// Zeros where the walk has not come by.
Tensor gradient_of(const Tensor& x) { return x.grad().defined() ? x.grad() : zeros_like(x); }

Tensor named(const StateDict& all, const std::string& name) {
  const Tensor* found = find(all, name);
  return found ? *found : Tensor();
}

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
  expect_all("buffer", "buffers_after", [&](const std::string& name) { return named(layer.module->state_dict(), name); });
}

}  // namespace

Layer make_layer(const std::string& name, const Json& config) {
  const auto known = std::ranges::find(known_layers, name, &Known::name);
  if (known == std::end(known_layers)) throw NotImplemented{name};
  Settings settings(config);
  Layer made = known->make(settings);
  settings.finish();
  return made;
}

void run_module(const Case& c) {
  const Layer layer = make_layer(c["module"].get<std::string>(), c["config"]);
  layer.to(c.dtype());
  layer.module->load_state_dict(stored(c, c["state"]));
  const Json& steps = c["steps"];
  for (std::size_t i = 0; i < steps.size(); ++i) {
    run_step(c, layer, steps[i], steps.size() > 1 ? fmt::format("step {} ", i) : "");
  }
}

}  // namespace gradus::tool
