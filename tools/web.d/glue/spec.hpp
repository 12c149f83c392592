// What the page asks for: the data, the network and the training, as a JSON object with the names of these members.
#pragma once

#include <gradus/gradus.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "io/json.hpp"

namespace gradus::web {

using io::Json;

struct DataSpec {
  std::string set = "circles";  // a name of sets(), "digits", or "own": a CSV text
  std::int64_t count = 300;
  double noise = 0.05;
  double test = 0.25;  // the part that is not trained on
  std::uint64_t seed = 1;
  std::string csv = {}, label = {};
  bool classes = true;                // labels of one's own data are classes, not numbers
  std::string missing = "refuse";     // what a missing cell becomes
  std::string categories = "refuse";  // what a column of words becomes
  bool operator==(const DataSpec&) const = default;
};

struct NetSpec {
  std::vector<std::int64_t> widths = {8, 8};  // of the hidden layers
  std::string activation = "tanh", norm = "none", init = "default";
  double dropout = 0;
  bool residual = false;  // a hidden layer as wide as the one before adds its input
  bool operator==(const NetSpec&) const = default;
};

struct TrainingSpec {
  std::string loss = "cross_entropy";
  std::string optimizer = "adam", schedule = "none";
  Json options = Json::object(), schedule_options = Json::object();  // what is not the default, by name
  std::int64_t batch = 32;
  double clip = 0;  // the largest norm of the gradient; 0: any
  bool operator==(const TrainingSpec&) const = default;
};

struct Spec {
  DataSpec data = {};
  NetSpec net = {};
  TrainingSpec training = {};
};

// Throws an Error that names the member for a value of another type or out of range.
Spec spec_from(const Json& json);

}  // namespace gradus::web
