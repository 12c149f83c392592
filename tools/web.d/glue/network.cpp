// Putting layers together.
#include "network.hpp"

#include <fmt/format.h>

namespace gradus::web {
namespace {

constexpr std::int64_t most_parameters = 150'000;

[[noreturn]] void unknown(const char* what, const std::string& name) {
  throw Error("playground", {.wrong = fmt::format("the {} is unknown", what), .got = fmt::format("'{}'", name)});
}

// Calls take(layer, text) for each layer between two linear ones.
template <class Take>
void with_norm(const std::string& name, std::int64_t width, const Take& take) {
  if (name == "batch") return take(nn::BatchNorm1d(width), fmt::format("nn::BatchNorm1d({})", width));
  if (name == "layer") return take(nn::LayerNorm(width), fmt::format("nn::LayerNorm({})", width));
  if (name == "rms") return take(nn::RMSNorm(width), fmt::format("nn::RMSNorm({})", width));
  if (name != "none") unknown("normalisation", name);
}

template <class Take>
void with_activation(const std::string& name, const Take& take) {
  if (name == "tanh") return take(nn::Tanh(), "nn::Tanh()");
  if (name == "relu") return take(nn::ReLU(), "nn::ReLU()");
  if (name == "sigmoid") return take(nn::Sigmoid(), "nn::Sigmoid()");
  if (name == "gelu") return take(nn::GELU(), "nn::GELU()");
  if (name == "silu") return take(nn::SiLU(), "nn::SiLU()");
  if (name == "elu") return take(nn::ELU(), "nn::ELU()");
  if (name == "leaky_relu") return take(nn::LeakyReLU(), "nn::LeakyReLU()");
  if (name == "softplus") return take(nn::Softplus(), "nn::Softplus()");
  if (name == "none") return take(nn::Identity(), "nn::Identity()");
  unknown("activation", name);
}

void initialize(const nn::Sequential& net, const std::string& how) {
  if (how == "default") return;
  for (auto& [name, p] : net.named_parameters()) {
    if (p.dim() < 2) continue;
    if (how == "kaiming")
      nn::init::kaiming_normal_(p);
    else if (how == "xavier")
      nn::init::xavier_normal_(p);
    else if (how == "orthogonal")
      nn::init::orthogonal_(p);
    else if (how == "normal")
      nn::init::normal_(p);
    else if (how == "zeros")
      nn::init::zeros_(p);
    else
      unknown("initialisation", how);
  }
}

std::int64_t count_of(const NetSpec& spec, std::int64_t inputs, std::int64_t outputs) {
  std::int64_t count = 0, in = inputs;
  for (const std::int64_t width : spec.widths) {
    count += (in + 1) * width;
    in = width;
  }
  return count + (in + 1) * outputs;
}

}  // namespace

template <class Layer>
void Network::add(Layer layer, const std::string& text) {
  const std::int64_t i = net.size();
  net.push_back(std::move(layer));
  calls_.push_back([this, i](const Tensor& x) { return net.get<Layer>(i)(x); });
  shown_.push_back(false);
  code += (code.empty() ? "" : ", ") + text;
}

void Network::add_hidden(const NetSpec& spec, std::int64_t in, std::int64_t out) {
  const bool residual = spec.residual && in == out;
  nn::Sequential inner;
  std::string text;
  const auto take = [&](auto layer, const std::string& name) {
    if (!residual) return add(std::move(layer), name);
    inner.push_back(std::move(layer));
    text += (text.empty() ? "" : ", ") + name;
  };
  take(nn::Linear(in, out), fmt::format("nn::Linear({}, {})", in, out));
  with_norm(spec.norm, out, take);
  with_activation(spec.activation, take);
  if (residual) add(Residual(std::move(inner)), fmt::format("Residual(nn::Sequential{{{}}})", text));
  shown_.back() = true;
  if (spec.dropout > 0) add(nn::Dropout(spec.dropout), fmt::format("nn::Dropout({})", spec.dropout));
}

Network::Network(const NetSpec& spec, std::int64_t inputs, std::int64_t outputs, const Tensor& standardize) {
  const std::int64_t count = count_of(spec, inputs, outputs);
  if (count > most_parameters) {
    throw Error("playground", {.wrong = "the network is too large for a page",
                               .got = fmt::format("{} parameters", count),
                               .expected = fmt::format("up to {}", most_parameters),
                               .advice = "take narrower layers, or compile the program on the Code tab"});
  }
  if (standardize.defined()) add(nn::Standardize::of(standardize), "nn::Standardize::of(train.x)");
  std::int64_t in = inputs;
  for (const std::int64_t width : spec.widths) {
    add_hidden(spec, in, width);
    in = width;
  }
  add(nn::Linear(in, outputs), fmt::format("nn::Linear({}, {})", in, outputs));
  initialize(net, spec.init);
}

std::vector<Tensor> Network::outputs(const Tensor& x) {
  std::vector<Tensor> all;
  Tensor y = x;
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    y = calls_[i](y);
    if (shown_[i]) all.push_back(y);
  }
  all.push_back(y);
  return all;
}

std::vector<nn::NamedParameter> Network::weights() const {
  std::vector<nn::NamedParameter> all = net.named_parameters();
  std::erase_if(all, [](const nn::NamedParameter& p) { return p.value.dim() != 2; });
  return all;
}

}  // namespace gradus::web
