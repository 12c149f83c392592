// The state of a step as JSON.
#include "step/json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace gradus::tool {
namespace {

using Json = nlohmann::ordered_json;

Json number(double x) {
  if (std::isfinite(x)) return x;
  if (std::isnan(x)) return "nan";
  return x > 0 ? "inf" : "-inf";
}

Json numbers(const trace::Numbers& n) {
  Json data = Json::array(), shape = Json::array();
  for (const std::int64_t size : n.shape) shape.push_back(size);
  for (const double x : n.data) data.push_back(number(x));
  Json json = {{"shape", shape}};
  if (n.has_data()) {
    json["data"] = data;
  } else {
    json["norm"] = number(n.stats->norm);
  }
  return json;
}

const char* kind(const trace::Body& body) {
  if (std::holds_alternative<trace::Op>(body)) return "op";
  if (std::holds_alternative<trace::Visit>(body)) return "visit";
  if (std::holds_alternative<trace::Contribution>(body)) return "contribution";
  if (std::holds_alternative<trace::Accumulate>(body)) return "accumulate";
  if (std::holds_alternative<trace::Step>(body)) return "step";
  if (std::holds_alternative<trace::Failure>(body)) return "error";
  return std::holds_alternative<trace::ZeroGrad>(body) ? "zero_grad" : "mutation";
}

Json event(const Timeline& timeline, int position) {
  if (position == 0) return nullptr;
  const trace::Body& body = timeline.body(position);
  Json json = {{"ev", kind(body)}, {"line", timeline.file().events[timeline.event_of(position)].line}};
  if (const auto* e = std::get_if<trace::Contribution>(&body)) {
    json["from"] = e->from;
    json["slot"] = e->slot;
    json["to"] = e->to;
    json["k"] = e->k;
    json["of"] = e->of;
  } else if (const int* node = subject(body)) {
    json["node"] = *node;
  }
  if (const auto* e = std::get_if<trace::Step>(&body)) json["parameter"] = e->parameter;
  if (const auto* e = std::get_if<trace::ZeroGrad>(&body)) json["name"] = e->name;
  if (const auto* e = std::get_if<trace::Mutation>(&body)) json["name"] = e->name;
  if (const trace::Op* op = operation(timeline, position)) {
    json["op"] = op->op;
    json["at"] = {{"file", op->loc.file}, {"line", op->loc.line}};
  }
  return json;
}

}  // namespace

std::string state_json(const Timeline& timeline, int position) {
  const StepState state = state_at(timeline, position);
  Json json = {{"position", position}, {"of", timeline.count()}, {"event", event(timeline, position)}};
  json["tape"] = state.tape ? Json(state.tape->number) : Json();
  json["walk"] = state.walk && state.walk->begin ? Json(state.walk->begin->walk) : Json();
  Json& nodes = json["nodes"] = Json::array();
  for (const auto& [id, s] : state.nodes) {
    Json node = {{"node", id},
                 {"name", state.tape->node(id).name()},
                 {"recorded", s.recorded},
                 {"k", s.k},
                 {"of", s.of},
                 {"visited", s.visited}};
    node["grad"] = s.grad ? numbers(*s.grad) : Json();
    nodes.push_back(node);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace gradus::tool
