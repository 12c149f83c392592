// Surfaces, weights, norms and losses of a session.
#include "views.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace gradus::web {
namespace {

constexpr std::int64_t most_points = 3000, most_drawn = 16;

struct Window {
  double left = -1.2, right = 1.2, bottom = -1.2, top = 1.2;
};

Window window_of(const Data& data) {
  if (!data.standardize || data.inputs < 1) return {};
  Window w;
  const auto side = [&](std::int64_t column, double& low, double& high) {
    const Tensor x = data.train.x.t()[column];
    low = min(x).item();
    high = max(x).item();
    const double room = low < high ? 0.08 * (high - low) : 1;
    low -= room;
    high += room;
  };
  side(0, w.left, w.right);
  if (data.inputs > 1) side(1, w.bottom, w.top);
  return w;
}

// Points of the window, row by row from the top; other inputs have their mean.
Tensor grid(const Data& data, int points) {
  const Window w = window_of(data);
  const Tensor middle = mean(data.train.x, 0);
  const std::vector<float> others = middle.to_vector<float>();
  std::vector<float> numbers;
  numbers.reserve(static_cast<std::size_t>(points * points * data.inputs));
  for (int row = 0; row < points; ++row) {
    for (int column = 0; column < points; ++column) {
      const double across = (column + 0.5) / points, down = (row + 0.5) / points;
      numbers.push_back(static_cast<float>(w.left + across * (w.right - w.left)));
      if (data.inputs > 1) numbers.push_back(static_cast<float>(w.top - down * (w.top - w.bottom)));
      for (std::size_t i = 2; i < others.size(); ++i) numbers.push_back(others[i]);
    }
  }
  return from_data(std::span<const float>(numbers), {points * points, data.inputs});
}

// What the page colours: probabilities of classes, or the number.
Tensor shown(const Session& session, const Tensor& output) {
  return session.data().classes ? softmax(output, 1) : output;
}

Json points_of(const data::Dataset& part, Floats& floats) {
  const std::int64_t n = std::min(part.size(), most_points), inputs = part.x.size(1);
  std::vector<double> x1, x2, y;
  const auto x = part.x.to_vector<double>(), targets = part.y.to_vector<double>();
  for (std::int64_t i = 0; i < n; ++i) {
    const auto first = static_cast<std::size_t>(i * inputs);
    x1.push_back(x[first]);
    x2.push_back(inputs > 1 ? x[first + 1] : 0);
    y.push_back(targets[static_cast<std::size_t>(i)]);
  }
  return {{"x1", floats.add(x1)}, {"x2", floats.add(x2)}, {"y", floats.add(y)}, {"size", part.size()}};
}

Json finite(double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }

Json norms(Session& session) {
  Json list = Json::array();
  for (const train::ParameterReport& p : session.monitor().last_sample().parameters) {
    list.push_back(
        {{"name", p.name}, {"grad", finite(p.grad_norm)}, {"norm", finite(p.norm)}, {"ratio", finite(p.update_ratio)}});
  }
  return list;
}

Json diagnoses(Session& session) {
  Json list = Json::array();
  for (const train::Diagnosis& d : session.monitor().diagnoses()) {
    list.push_back(
        {{"code", d.code}, {"layer", d.layer}, {"evidence", d.evidence}, {"advice", d.advice}, {"step", d.step}});
  }
  return list;
}

Json neurons_of(Session& session, int points, Floats& floats) {
  Json layers = Json::array();
  const nn::Evaluating evaluating;
  std::vector<Tensor> outputs = session.network().outputs(grid(session.data(), points));
  outputs.pop_back();
  for (const Tensor& layer : outputs) {
    const std::int64_t width = std::min(layer.size(1), most_drawn);
    layers.push_back(floats.add(slice(layer.t(), 0, Range(0, width)).contiguous()));
  }
  return layers;
}

Json weights_of(Session& session, Floats& floats) {
  Json list = Json::array();
  for (const nn::NamedParameter& p : session.network().weights()) {
    Json one = {{"name", p.name}, {"w", floats.add(p.value)}};
    if (p.value.grad().defined()) one["g"] = floats.add(p.value.grad());
    list.push_back(one);
  }
  return list;
}

std::string bits_of(double loss) {
  return fmt::format("{:08x}", std::bit_cast<std::uint32_t>(static_cast<float>(loss)));
}

}  // namespace

Json Floats::add(const Tensor& x) {
  Json shape = Json::array();
  for (int i = 0; i < x.dim(); ++i) shape.push_back(x.size(i));
  const std::size_t at = all_.size();
  for (const float v : x.to_vector<float>()) all_.push_back(v);
  return {{"at", at}, {"shape", shape}};
}

Json Floats::add(std::span<const double> numbers) {
  const std::size_t at = all_.size();
  for (const double v : numbers) all_.push_back(static_cast<float>(v));
  return {{"at", at}, {"shape", {numbers.size()}}};
}

Json catalogue() {
  Json all = {{"optimizers", Json::array()}, {"schedules", Json::array()}, {"sets", Json::array()}};
  for (const OptimizerKind& kind : optimizer_kinds()) {
    all["optimizers"].push_back({{"name", kind.name},
                                 {"type", kind.type},
                                 {"options", kind.defaults()},
                                 {"curvature", kind.step == StepCall::loss}});
  }
  for (const ScheduleKind& kind : schedule_kinds()) {
    all["schedules"].push_back({{"name", kind.name}, {"type", kind.type}, {"options", kind.defaults()}});
  }
  for (const SetKind& kind : set_kinds()) all["sets"].push_back({{"name", kind.name}, {"classes", kind.classes}});
  return all;
}

Json describe(Session& session, Floats& floats) {
  const Data& data = session.data();
  const Window w = window_of(data);
  Json json = {{"inputs", data.inputs},
               {"outputs", data.outputs},
               {"classes", data.classes},
               {"columns", data.columns},
               {"class_names", data.class_names},
               {"parameters", session.network().net.parameter_count()},
               {"window", {w.left, w.right, w.bottom, w.top}},
               {"code", session.network().code},
               {"loss", session.spec().training.loss}};
  json["train"] = points_of(data.train, floats);
  json["test"] = points_of(data.test, floats);
  constexpr std::int64_t picture = 64, some = 24;
  if (data.inputs == picture) json["samples"] = floats.add(data.test.slice(0, std::min(some, data.test.size())).x);
  return json;
}

Json look(Session& session, const Wanted& wanted, Floats& floats) {
  const Data& data = session.data();
  Json json = {{"step", session.steps()},
               {"epoch", session.epochs()},
               {"lr", finite(session.lr())},
               {"loss", finite(session.last_loss())},
               {"bits", bits_of(session.last_loss())},
               {"changed", session.changed()}};
  if (wanted.surface > 0 && data.inputs < 64) {
    const nn::Evaluating evaluating;
    json["surface"] = floats.add(shown(session, session.network().net(grid(data, wanted.surface))));
  }
  if (wanted.neurons > 0 && data.inputs < 64) json["neurons"] = neurons_of(session, wanted.neurons, floats);
  if (wanted.weights) json["weights"] = weights_of(session, floats);
  if (wanted.evaluate) {
    json["train_loss"] = finite(session.loss_of(data.train));
    json["test_loss"] = finite(session.loss_of(data.test));
    json["train_accuracy"] = finite(session.accuracy_of(data.train));
    json["test_accuracy"] = finite(session.accuracy_of(data.test));
    json["norms"] = norms(session);
    json["diagnoses"] = diagnoses(session);
  }
  return json;
}

Json answers(Session& session, const Json& example, Floats& floats) {
  const std::int64_t inputs = session.data().inputs;
  if (!example.is_array() || static_cast<std::int64_t>(example.size()) != inputs) {
    throw Error("playground", {.wrong = "the example has another number of inputs",
                               .got = fmt::format("{}", example.size()),
                               .expected = fmt::format("{}", inputs)});
  }
  std::vector<float> numbers;
  for (const Json& x : example) numbers.push_back(x.is_number() ? x.get<float>() : 0);
  const nn::Evaluating evaluating;
  const Tensor x = from_data(std::span<const float>(numbers), {1, inputs});
  std::vector<Tensor> outputs = session.network().outputs(x);
  Json json = {{"answer", floats.add(shown(session, outputs.back()))}, {"hidden", Json::array()}};
  outputs.pop_back();
  for (const Tensor& layer : outputs) json["hidden"].push_back(floats.add(layer));
  return json;
}

Json landscape_of(Session& session, int points, Floats& floats) {
  const auto loss = [&] {
    const nn::Evaluating evaluating;
    return session.loss(session.network().net(session.data().train.x), session.data().train.y);
  };
  study::SliceOptions options{.points = points};
  const bool with_path = session.path().size() >= 3;
  if (with_path) options.trajectory = session.path();
  study::Landscape l;
  try {
    l = study::slice(session.network().net, loss, options);
  } catch (const Error&) {  // a path along a line has no plane
    if (!with_path) throw;
    options.trajectory.clear();
    l = study::slice(session.network().net, loss, options);
  }
  Json json = {{"window", {l.window.left, l.window.right, l.window.bottom, l.window.top}},
               {"x", l.x_name},
               {"y", l.y_name},
               {"facts", l.facts},
               {"rows", l.grid.rows},
               {"columns", l.grid.columns}};
  json["heights"] = floats.add(l.grid.f);
  json["paths"] = Json::array();
  for (const study::Path& path : l.paths) {
    std::vector<double> xy;
    for (const study::Place& place : path.places) {
      xy.push_back(place.at[0]);
      xy.push_back(place.at[1]);
    }
    json["paths"].push_back(floats.add(xy));
  }
  return json;
}

std::string csv_of(const Session& session) {
  const Data& data = session.data();
  std::string text;
  for (std::int64_t i = 0; i < data.inputs; ++i) text += fmt::format("x{},", i + 1);
  text += data.classes ? "class\n" : "y\n";
  for (const data::Dataset* part : {&data.train, &data.test}) {
    const auto x = part->x.to_vector<float>(), y = part->y.to_vector<float>();
    for (std::size_t i = 0; i < y.size(); ++i) {
      for (std::size_t k = 0; k < x.size() / y.size(); ++k)
        text += fmt::format("{},", x[i * (x.size() / y.size()) + k]);
      text += fmt::format("{}\n", y[i]);
    }
  }
  return text;
}

Json weights_to_json(Session& session) {
  Json json = Json::object();
  for (const auto& [name, value] : session.network().net.state_dict()) {
    Json shape = Json::array();
    for (int i = 0; i < value.dim(); ++i) shape.push_back(value.size(i));
    json[name] = {{"dtype", gradus::name(value.dtype())}, {"shape", shape}, {"data", value.to_vector<double>()}};
  }
  return json;
}

void weights_from_json(Session& session, const Json& json) {
  StateDict state;
  for (const auto& [name, entry] : json.items()) {
    const auto numbers = entry.at("data").get<std::vector<double>>();
    Shape shape;
    for (const Json& size : entry.at("shape")) shape.push_back(size.get<std::int64_t>());
    const Tensor value = from_data(std::span<const double>(numbers), shape);
    state.emplace_back(name, entry.at("dtype") == "i64" ? value.to(i64) : value.to(f32));
  }
  session.network().net.load_state_dict(state);
  session.restored();
}

}  // namespace gradus::web
