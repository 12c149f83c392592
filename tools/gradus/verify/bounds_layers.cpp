// How large a kit's layers and their results can become; and what a case may spend.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/command.hpp"
#include "verify/bounds.hpp"
#include "verify/kit.hpp"

namespace gradus::tool {
namespace {

// A case may make as many numbers as this, and some for each that its file has: most of those are results.
constexpr double free_elements = 1 << 22;
constexpr double elements_each = 16;
constexpr double most_work = 1e9;

double number(const Json& config, const char* name, double otherwise = 1) {
  const auto found = config.find(name);
  return found != config.end() && found->is_number() ? std::abs(found->get<double>()) : otherwise;
}

double product(const Json& config, const char* name) {
  const auto found = config.find(name);
  if (found == config.end() || !found->is_array()) return number(config, name);
  double n = 1;
  for (const Json& size : *found) n *= size.is_number() ? std::abs(size.get<double>()) : 1;
  return n;
}

// A window of one number is as high as it is wide.
double window(const Json& config, bool image) {
  const auto found = config.find("kernel_size");
  const double n = product(config, "kernel_size");
  return image && found != config.end() && found->is_number() ? n * n : n;
}

double squared(double x) { return x * x; }

double of_convolution(const Json& c, bool image) {
  return (number(c, "in_channels") * window(c, image) + 1) * number(c, "out_channels");
}

double of_recurrent(const Json& c) {
  constexpr double gates = 4, directions = 2, of_a_layer = 1000;  // at most; a layer takes memory of its own
  const double hidden = number(c, "hidden_size");
  const double one = gates * hidden * (number(c, "input_size") + (directions + 1) * hidden + 2);
  return directions * number(c, "num_layers") * (one + of_a_layer);
}

double of_attention(const Json& c, const char* width) {
  const double e = number(c, width);
  return 4 * squared(e + 1) + e * (number(c, "kdim", 0) + number(c, "vdim", 0));
}

struct Row {
  std::string_view layer;
  double (*parameters)(const Json& config);
};
constexpr Row rows[] = {
    {"Linear", [](const Json& c) { return (number(c, "in_features") + 1) * number(c, "out_features"); }},
    {"Conv1d", [](const Json& c) { return of_convolution(c, false); }},
    {"Conv2d", [](const Json& c) { return of_convolution(c, true); }},
    {"ConvTranspose2d", [](const Json& c) { return of_convolution(c, true); }},
    {"BatchNorm1d", [](const Json& c) { return 4 * number(c, "num_features"); }},
    {"BatchNorm2d", [](const Json& c) { return 4 * number(c, "num_features"); }},
    {"LayerNorm", [](const Json& c) { return 2 * product(c, "normalized_shape"); }},
    {"RMSNorm", [](const Json& c) { return product(c, "normalized_shape"); }},
    {"GroupNorm", [](const Json& c) { return 2 * number(c, "num_channels"); }},
    {"Embedding", [](const Json& c) { return number(c, "num_embeddings") * number(c, "embedding_dim"); }},
    {"RNN", of_recurrent},
    {"LSTM", of_recurrent},
    {"GRU", of_recurrent},
    {"MultiheadAttention", [](const Json& c) { return of_attention(c, "embed_dim"); }},
    {"TransformerEncoderLayer",
     [](const Json& c) {
       const double d = number(c, "d_model");
       return of_attention(c, "d_model") + (2 * d + 1) * number(c, "dim_feedforward", 2048) + 5 * d;
     }},
};

}  // namespace

Cost cost_of_making(std::string_view layer, const Json& config) {
  const auto row = std::ranges::find(rows, layer, &Row::layer);
  const double n = row == std::end(rows) ? 0 : row->parameters(config);
  return {n, n};
}

Cost cost_of_forward(std::string_view layer, const Json& config, const StateDict& parameters, const Tensor& input) {
  const StateDict call{{"x", input},
                       {"weight", find(parameters, "weight") ? *find(parameters, "weight") : Tensor()},
                       {"indices", input}};
  if (layer == "Conv1d") return cost_of("conv1d", call, config);
  if (layer == "Conv2d") return cost_of("conv2d", call, config);
  if (layer == "ConvTranspose2d") return cost_of("conv_transpose2d", call, config);
  if (layer == "Embedding") return cost_of("embedding", call, config);
  // Each row is multiplied with every parameter; the results are as wide as the widest of those.
  double all = 0, widest = 1;
  for (const auto& [name, p] : parameters) {
    all += static_cast<double>(p.numel());
    for (int axis = 0; axis < p.dim(); ++axis) widest = std::max(widest, static_cast<double>(p.size(axis)));
  }
  const auto n = static_cast<double>(input.numel());
  const double length = input.dim() > 0 ? static_cast<double>(std::ranges::max(input.shape())) : 1;
  const double lines = input.dim() > 0 ? n / std::max(1.0, static_cast<double>(input.size(-1))) : 1;
  const bool attends = layer == "MultiheadAttention" || layer == "TransformerEncoderLayer";
  const double scores = attends ? lines * length * std::max(number(config, "num_heads"), number(config, "nhead")) : 0;
  return {n + 2 * number(config, "num_layers") * lines * widest + scores, n + lines * all + scores * widest};
}

Budget::Budget(double stored_numbers)
    : elements_(free_elements + elements_each * stored_numbers), left_{elements_, most_work} {}

void Budget::spend(std::string_view what, const Cost& cost) {
  if (!(cost.elements <= left_.elements))
    throw TooLarge(fmt::format("{} could make {:.3g} numbers, where {:.3g} are left for this case of the kit", what,
                               cost.elements, left_.elements));
  if (!(cost.work <= left_.work))
    throw TooLarge(fmt::format("{} could take {:.3g} multiplications, where {:.3g} are left for this case of the kit",
                               what, cost.work, left_.work));
  left_.elements -= cost.elements;
  left_.work -= cost.work;
}

void need_entries(const Case& c, const char* what, std::int64_t steps, std::int64_t more, const Tensor& stored) {
  const std::int64_t entries = stored.dim() > 0 ? stored.size(0) : 0;
  if (steps >= 0 && steps == entries - more) return;
  throw Stop(file_trouble, fmt::format("{}: the case is not as the format says: {} has {} entries for {} steps",
                                       c.path(), what, entries, steps));
}

}  // namespace gradus::tool
