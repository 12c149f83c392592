// gradus show for traces: what was recorded, counted.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "show/report.hpp"
#include "trace/open.hpp"

namespace gradus::tool {
namespace {

using Counts = std::map<std::string, std::int64_t>;

Listing most_first(const std::string& title, const Counts& counts) {
  std::vector<std::pair<std::string, std::int64_t>> order(counts.begin(), counts.end());
  std::ranges::stable_sort(order, std::greater(), [](const auto& item) { return item.second; });
  Listing listing{title, {}};
  for (const auto& [name, count] : order) listing.lines.emplace_back(name, std::to_string(count));
  return listing;
}

// Goes through the events and keeps what is worth a line.
class Tally {
 public:
  void add(const trace::Event& event) {
    std::visit([&](const auto& body) { see(body); }, event.body);
  }
  void fill(FileReport& report, const std::string& only) const {
    const auto count = [&](const char* what, std::int64_t n) { report.facts.emplace_back(what, std::to_string(n)); };
    count("tapes", tapes_);
    count("walks", walks_);
    count("optimizer steps", steps_.empty() ? 0 : *std::max_element(steps_.begin(), steps_.end()) + 1);
    report.listings.push_back(most_first("operations", operations_));
    Listing scalars{"scalars", {}};
    for (const auto& [name, s] : scalars_) {
      const bool once = s.times == 1;
      scalars.lines.emplace_back(name, once ? fmt::format("{:.6g}", s.last)
                                            : fmt::format("{:.6g} to {:.6g}, {} times", s.first, s.last, s.times));
    }
    report.listings.push_back(scalars);
    report.listings.push_back(most_first("warnings", warnings_));
    report.listings.push_back(most_first("differences checked by the program", checks_));
    for (const auto& [name, leaf] : parameters_) {
      if (matches(only, name)) report.tensors.push_back(shown(name, leaf.value));
    }
  }

 private:
  struct Series {
    double first = 0, last = 0;
    std::int64_t times = 0;
  };

  template <class Other>
  void see(const Other&) {}
  void see(const trace::TapeBegin&) { ++tapes_; }
  void see(const trace::Walk&) { ++walks_; }
  void see(const trace::Op& op) { ++operations_[op.op]; }
  void see(const trace::Step& step) { steps_.push_back(step.step); }
  void see(const trace::Warning& warning) { ++warnings_[warning.code]; }
  void see(const trace::Check& check) { ++checks_[check.verdict]; }
  void see(const trace::Scalar& scalar) {
    Series& s = scalars_[scalar.name];
    if (s.times++ == 0) s.first = scalar.value;
    s.last = scalar.value;
  }
  // The last value that was written of each parameter.
  void see(const trace::Leaf& leaf) {
    if (!leaf.constant && !leaf.value.hash)
      parameters_[leaf.name.empty() ? fmt::format("leaf {}", leaf.node) : leaf.name] = leaf;
  }

  static ShownTensor shown(const std::string& name, const trace::Numbers& value) {
    ShownTensor t{name, gradus::name(value.dtype), {}, 0, {}};
    std::int64_t count = 1;
    for (const std::int64_t size : value.shape) {
      t.shape.push_back(static_cast<std::uint64_t>(size));
      count *= size;
    }
    t.bytes = static_cast<std::uint64_t>(count * size_of(value.dtype));
    if (value.has_data()) {
      t.statistics = statistics(value.tensor());
    } else {
      const trace::Stats& s = *value.stats;
      t.statistics = {count, s.zero, s.nan, s.inf, s.min, s.max, s.mean, s.std, s.norm};
    }
    return t;
  }

  std::int64_t tapes_ = 0, walks_ = 0;
  std::vector<int> steps_;
  Counts operations_, warnings_, checks_;
  std::map<std::string, Series> scalars_;
  std::map<std::string, trace::Leaf> parameters_;
};

}  // namespace

FileReport report_trace(const std::string& path, const std::string& only) {
  const trace::File file = open_trace(path, Hashes::allowed);
  FileReport report;
  report.kind = "trace";
  report.facts = {{"program", file.header.program},
                  {"library", file.header.library},
                  {"events", std::to_string(file.events.size())}};
  Tally tally;
  for (const trace::Event& event : file.events) tally.add(event);
  tally.fill(report, only);
  report.notes = file.remarks();
  if (file.header.hashes)
    report.notes.emplace_back("tensors have hashes instead of numbers: gradus diff compares them");
  return report;
}

}  // namespace gradus::tool
