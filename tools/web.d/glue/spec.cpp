// Reading the page's description, with the limits that keep a page responsive.
#include "spec.hpp"

#include <fmt/format.h>

namespace gradus::web {
namespace {

[[noreturn]] void refuse(const char* name, const std::string& got, const std::string& expected) {
  throw Error("playground", {.wrong = fmt::format("'{}' is not valid", name), .got = got, .expected = expected});
}

void take(const Json& from, const char* name, std::string& to) {
  if (!from.contains(name)) return;
  if (!from[name].is_string()) refuse(name, from[name].dump(), "a text");
  to = from[name];
}

void take(const Json& from, const char* name, bool& to) {
  if (!from.contains(name)) return;
  if (!from[name].is_boolean()) refuse(name, from[name].dump(), "true or false");
  to = from[name];
}

void take(const Json& from, const char* name, double& to, double low, double high) {
  if (!from.contains(name)) return;
  const double value = from[name].is_number() ? from[name].get<double>() : low - 1;
  if (!(value >= low && value <= high))
    refuse(name, from[name].dump(), fmt::format("a number from {} to {}", low, high));
  to = value;
}

template <class Integer>
void take(const Json& from, const char* name, Integer& to, std::int64_t low, std::int64_t high) {
  if (!from.contains(name)) return;
  const Json& value = from[name];
  if (!value.is_number_integer() || value < low || value > high) {
    refuse(name, value.dump(), fmt::format("a whole number from {} to {}", low, high));
  }
  to = value.get<Integer>();
}

void take_widths(const Json& from, std::vector<std::int64_t>& to) {
  constexpr std::size_t most_layers = 8;
  constexpr int most_wide = 256;
  if (!from.contains("widths")) return;
  const Json& widths = from["widths"];
  if (!widths.is_array() || widths.size() > most_layers) {
    refuse("widths", widths.dump(), fmt::format("up to {} hidden layers", most_layers));
  }
  to.clear();
  for (const Json& width : widths) {
    if (!width.is_number_integer() || width < 1 || width > most_wide) {
      refuse("widths", width.dump(), fmt::format("layers of 1 to {} units", most_wide));
    }
    to.push_back(width);
  }
}

void take_object(const Json& from, const char* name, Json& to) {
  if (!from.contains(name)) return;
  if (!from[name].is_object()) refuse(name, from[name].dump(), "an object");
  to = from[name];
}

}  // namespace

Spec spec_from(const Json& json) {
  if (!json.is_object()) refuse("spec", json.dump(), "an object");
  Spec spec;
  DataSpec& data = spec.data;
  take(json, "set", data.set);
  take(json, "count", data.count, 10, 5000);
  take(json, "noise", data.noise, 0, 1);
  take(json, "test", data.test, 0.05, 0.9);
  take(json, "seed", data.seed, 0, std::int64_t{1} << 31);
  take(json, "csv", data.csv);
  take(json, "label", data.label);
  take(json, "classes", data.classes);
  take(json, "missing", data.missing);
  take(json, "categories", data.categories);
  NetSpec& net = spec.net;
  take_widths(json, net.widths);
  take(json, "activation", net.activation);
  take(json, "norm", net.norm);
  take(json, "init", net.init);
  take(json, "dropout", net.dropout, 0, 0.95);
  take(json, "residual", net.residual);
  TrainingSpec& training = spec.training;
  take(json, "loss", training.loss);
  take(json, "optimizer", training.optimizer);
  take(json, "schedule", training.schedule);
  take_object(json, "options", training.options);
  take_object(json, "schedule_options", training.schedule_options);
  take(json, "batch", training.batch, 1, 5000);
  take(json, "clip", training.clip, 0, 1e6);
  return spec;
}

}  // namespace gradus::web
