// What became of each case, as lines and a table for people or as JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "verify/kit.hpp"

namespace gradus::tool {

enum class Status { passed, failed, not_implemented, skipped };
inline constexpr int statuses = 4;

struct Outcome {
  const Case* of;
  Status status;
  Difference difference;  // of a case that failed; otherwise `what` names what is missing or skipped
};

class Report {
 public:
  Report(const Kit& kit, bool verbose) : kit_(kit), verbose_(verbose) {}
  void add(Outcome outcome) { outcomes_.push_back(std::move(outcome)); }

  bool empty() const { return outcomes_.empty(); }
  std::size_t count(Status status) const;
  void print(double seconds) const;
  void print_json(double seconds) const;

 private:
  struct Row {
    std::string group;
    std::size_t cases = 0, of[statuses] = {};
  };
  std::vector<Row> rows() const;  // a group each, and the sum of all
  void print_names(Status status) const;
  bool shows(const Outcome& o) const { return verbose_ || o.status == Status::failed; }

  const Kit& kit_;
  bool verbose_;
  std::vector<Outcome> outcomes_;
};

}  // namespace gradus::tool
