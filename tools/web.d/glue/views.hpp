// What the page shows of a session, as JSON with long lists of numbers aside.
#pragma once

#include <span>

#include "session.hpp"

namespace gradus::web {

// Numbers that the page reads from memory. A list is {"at": its first, "shape": […]}.
class Floats {
 public:
  Json add(const Tensor& x);
  Json add(std::span<const double> numbers);
  void clear() { all_.clear(); }
  const std::vector<float>& all() const { return all_; }

 private:
  std::vector<float> all_ = {};
};

Json catalogue();
// The data, the shape of the network, and the window of its first two inputs: once after each start.
Json describe(Session& session, Floats& floats);

struct Wanted {
  int surface = 0, neurons = 0;  // points across; 0: none
  bool weights = false, evaluate = false;
};
// How it stands.
Json look(Session& session, const Wanted& wanted, Floats& floats);

Json answers(Session& session, const Json& example, Floats& floats);
Json landscape_of(Session& session, int points, Floats& floats);
std::string csv_of(const Session& session);  // the examples, those of the training part first
Json weights_to_json(Session& session);
void weights_from_json(Session& session, const Json& json);

}  // namespace gradus::web
