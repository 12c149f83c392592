// Initialisers and what layers start from: by their statistics.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "verify/modules.hpp"
#include "verify/run.hpp"

namespace gradus::tool {
namespace {

using namespace nn::init;

// ---- drawing ----

KaimingOptions kaiming(Settings& args) {
  return {.a = args.get("a", 0.0),
          .mode = args.get("mode", Fan::in),
          .nonlinearity = args.get("nonlinearity", Nonlinearity::leaky_relu)};
}

struct Known {
  std::string_view name;
  void (*draw)(Tensor w, Settings& args);
};
constexpr Known known_initialisers[] = {
    {"xavier_uniform", [](Tensor w, Settings& args) { xavier_uniform_(w, args.get("gain", 1.0)); }},
    {"xavier_normal", [](Tensor w, Settings& args) { xavier_normal_(w, args.get("gain", 1.0)); }},
    {"kaiming_uniform", [](Tensor w, Settings& args) { kaiming_uniform_(w, kaiming(args)); }},
    {"kaiming_normal", [](Tensor w, Settings& args) { kaiming_normal_(w, kaiming(args)); }},
    {"orthogonal", [](Tensor w, Settings& args) { orthogonal_(w, args.get("gain", 1.0)); }},
    {"trunc_normal",
     [](Tensor w, Settings& args) {
       trunc_normal_(w, args.get("mean", 0.0), args.get("std", 1.0), args.get("a", -2.0), args.get("b", 2.0));
     }},
};

Tensor draw(const Case& c, const Shape& shape) {
  const auto name = c["init"].get<std::string>();
  const auto known = std::ranges::find(known_initialisers, name, &Known::name);
  if (known == std::end(known_initialisers)) throw NotImplemented{name};
  const Tensor w = zeros(shape, f64);
  Settings args(c["args"]);
  known->draw(w, args);
  args.finish();
  return w;
}

// The layer whose parameter has this shape, where weights start in ±1/sqrt(fan).
Json config_of(const std::string& layer, const Shape& shape, std::int64_t fan) {
  const std::int64_t width = shape.size() > 1 ? shape[1] : 1;
  if (layer == "Linear") return {{"in_features", fan}, {"out_features", shape[0]}};
  if (layer == "Embedding") return {{"num_embeddings", shape[0]}, {"embedding_dim", width}};
  if (layer == "Conv2d") {
    const bool has_window = shape.size() > 3;
    const std::int64_t h = has_window ? shape[2] : 1;
    const std::int64_t w = has_window ? shape[3] : 1;
    return {{"in_channels", fan / (h * w)}, {"out_channels", shape[0]}, {"kernel_size", {h, w}}};
  }
  return {{"input_size", width}, {"hidden_size", fan}};
}

// "default/Linear.weight": what a layer starts from.
Tensor start(const Case& c, const Shape& shape, Budget& budget) {
  const auto slash = c.name.find('/') + 1, dot = c.name.find('.');
  const std::string name = c.name.substr(slash, dot - slash);
  const double bound = c.has("bound") ? c["bound"].get<double>() : 1;
  const double fan = 1 / (bound * bound);
  if (!(fan >= 1 && fan < 1e9)) throw std::runtime_error("bound is out of range");
  const Layer layer = make_layer(name, config_of(name, shape, std::llround(fan)), budget);
  const StateDict state = layer.module->state_dict();
  const Tensor* parameter = find(state, c.name.substr(dot + 1));
  return parameter ? parameter->to(f64) : Tensor();
}

// ---- judging ----

void expect_near(const char* what, double got, double want, double tolerance) {
  if (!(std::abs(got - want) <= tolerance)) throw Difference{what, nullptr, to_json(got), want, tolerance};
}

void expect_statistics(const Case& c, const Tensor& w) {
  const auto x = w.to_vector();
  const auto n = static_cast<double>(x.size());
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  double squares = 0;
  for (const double v : x) squares += (v - mean) * (v - mean);
  expect_near("mean", mean, c["mean"], c["mean_tolerance"]);
  expect_near("standard deviation", std::sqrt(squares / (n - 1)), c["std"], c["std_tolerance"]);
  const auto [least, most] = std::ranges::minmax(x);
  constexpr double rounding = 1e-6;  // layers start in f32
  const auto expect_at_least = [&](double bound) {
    if (least < bound - rounding * std::abs(bound)) throw Difference{"smallest element", nullptr, least, bound};
  };
  const auto expect_at_most = [&](double bound) {
    if (most > bound + rounding * std::abs(bound)) throw Difference{"largest element", nullptr, most, bound};
  };
  if (c.has("bound")) {
    expect_at_least(-c["bound"].get<double>());
    expect_at_most(c["bound"]);
  }
  if (c.has("lowest")) expect_at_least(c["lowest"]);
  if (c.has("highest")) expect_at_most(c["highest"]);
}

// M Mᵀ or Mᵀ M is a multiple of the identity.
void expect_orthogonal(const Case& c, const Tensor& w, Budget& budget) {
  const Tensor m = w.reshape({c["rows"].get<std::int64_t>(), c["columns"].get<std::int64_t>()});
  const bool of_rows = c["identity"] == "rows";
  const auto side = static_cast<double>(m.size(of_rows ? 0 : 1));
  budget.spend("the product with itself", {side * side, static_cast<double>(m.numel()) * side});
  const Tensor product = of_rows ? matmul(m, m.t()) : matmul(m.t(), m);
  c.compare("product with itself", product, eye(product.size(0), f64) * c["diagonal"].get<double>());
}

// To make a matrix orthogonal takes the most.
Cost cost_of_drawing(const Shape& shape) {
  double n = 1;
  for (const std::int64_t size : shape) n *= std::abs(static_cast<double>(size));
  const double rows = shape.empty() ? 1 : std::max(1.0, std::abs(static_cast<double>(shape[0])));
  return {n, n * std::min(rows, n / rows)};
}

void expect_gains(const Case& c) {
  for (const Json& row : c.index.at("gains")) {
    Settings gain(row);
    const auto name = gain.get<Nonlinearity>("nonlinearity");
    const double got = gain.has("param") ? calculate_gain(name, gain.get<double>("param")) : calculate_gain(name);
    expect_near("gain", got, gain.get<double>("gain"), 1e-12);
    gain.finish();
  }
}

}  // namespace

void run_init(const Case& c) {
  expect_gains(c);
  Shape shape;
  if (Expected expected = read(c["shape"], shape)) throw std::runtime_error(expected);
  Budget budget = c.budget();
  budget.spend(c["init"].get<std::string>(), cost_of_drawing(shape));
  manual_seed(1);
  const Tensor w = c["init"].get<std::string>().starts_with("default") ? start(c, shape, budget) : draw(c, shape);
  if (!w.defined() || w.shape() != shape)
    throw Difference{"shape", nullptr, w.defined() ? to_string(w.shape()) : "none", to_string(shape)};
  if (c.has("identity"))
    expect_orthogonal(c, w, budget);
  else
    expect_statistics(c, w);
}

}  // namespace gradus::tool
