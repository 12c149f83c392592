// Run logs made by hand, for the tests of gradus report.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace support {

using OrderedJson = nlohmann::ordered_json;

// The first line of a log; `other` replaces members of it.
inline std::string first_line(const OrderedJson& other = OrderedJson::object()) {
  OrderedJson run =
      OrderedJson::parse(R"({"ev":"run","format":"gradus-run","version":1,"library":"1.0","program":"/x/a",
    "time":1,"isa":"v3","threads":2,"blas":"none","net":{"type":"Sequential","parameters":15,"layers":[
    {"name":"0","type":"Linear","details":"4 -> 3"}],"tensors":[{"name":"0.weight","shape":[3,4],"trained":true}]},
    "optimizer":{"type":"SGD","groups":[{"lr":0.1}]},"batch":8,"seed":5,"epochs":1,"batches":3,"every":1,
    "settings":{"data":"digits"}})");
  run.merge_patch(other);
  return run.dump() + "\n";
}

inline std::string step_line(int step, double loss, const OrderedJson& more = OrderedJson::object()) {
  OrderedJson line{{"ev", "step"}, {"step", step}, {"epoch", 1}, {"loss", loss}, {"lr", 0.1}};
  line.update(more);
  return line.dump() + "\n";
}

inline std::string end_line(int steps) {
  return OrderedJson{{"ev", "end"}, {"steps", steps}, {"epochs", 1}, {"seconds", 2.5}, {"ok", true}}.dump() + "\n";
}

inline std::string line(const OrderedJson& event) { return event.dump() + "\n"; }

}  // namespace support
