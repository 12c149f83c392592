// Attributes, configurations and hyperparameters as a kit writes them: JSON, turned into the types of the library.
#pragma once

#include <gradus/gradus.hpp>

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::tool {

using Json = nlohmann::ordered_json;  // parameters come in the order of the file

// Reads a value of this type. Returns null, or what was expected instead.
using Expected = const char*;
Expected read(const Json& json, Json& to);
Expected read(const Json& json, bool& to);
Expected read(const Json& json, int& to);
Expected read(const Json& json, std::int64_t& to);
Expected read(const Json& json, double& to);  // a number, or the word inf
Expected read(const Json& json, std::string& to);
Expected read(const Json& json, Shape& to);  // Axes, too
Expected read(const Json& json, Pair& to);   // one number, or two
Expected read(const Json& json, std::array<double, 2>& to);
Expected read(const Json& json, std::vector<std::int64_t>& to);
Expected read(const Json& json, std::vector<Range>& to);
Expected read(const Json& json, std::vector<Pad>& to);
Expected read(const Json& json, Gelu& to);
Expected read(const Json& json, PadMode& to);
Expected read(const Json& json, Reduction& to);
Expected read(const Json& json, nn::init::Fan& to);
Expected read(const Json& json, nn::init::Nonlinearity& to);
Expected read(const Json& json, nn::RNNNonlinearity& to);
Expected read(const Json& json, nn::EncoderActivation& to);
Expected read(const Json& json, optim::LineSearch& to);
Expected read(const Json& json, optim::Anneal& to);
Expected read(const Json& json, optim::CyclicMode& to);
Expected read(const Json& json, optim::PlateauMode& to);
Expected read(const Json& json, optim::ThresholdMode& to);

// A JSON object whose members must all be read: finish() reports those that were not. Null means the same as absent:
// the default.
class Settings {
 public:
  explicit Settings(const Json& object) : object_(object) {}

  const Json* find(const std::string& name) {
    asked_.insert(name);
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  bool has(const std::string& name) { return find(name); }
  bool is_null(const std::string& name) const { return object_.contains(name) && object_[name].is_null(); }

  template <class T>
  T get(const std::string& name) {
    if (!has(name)) throw std::runtime_error(fmt::format("'{}' is missing", name));
    T value{};
    (*this)(name, value);
    return value;
  }
  template <class T>
  T get(const std::string& name, T fallback) {
    (*this)(name, fallback);
    return fallback;
  }
  // So that options.fields(settings) reads them all, under the names they have there.
  template <class T>
  void operator()(const std::string& name, T& value) {
    const Json* json = find(name);
    if (!json) return;
    if (Expected expected = read(*json, value)) {
      throw std::runtime_error(fmt::format("{} must be {}, not {}", name, expected, json->dump()));
    }
  }

  void finish() const;  // throws if a member has not been read

 private:
  const Json& object_;
  std::set<std::string> asked_;
};

}  // namespace gradus::tool
