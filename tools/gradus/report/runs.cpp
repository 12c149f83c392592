// Opening run logs, and comparing what they say of themselves.
#include "report/runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <new>
#include <unordered_set>

#include "cli/command.hpp"

namespace gradus::tool {
namespace {

std::string stem(const std::string& path) {
  std::string name = std::filesystem::path(path).filename().string();
  if (name.ends_with(".jsonl")) name.resize(name.size() - 6);
  return name.empty() ? path : name;
}

// Diagnoses that were written as remarks, "diagnosis/CODE".
void take_remarks(run_log::File& log) {
  constexpr std::string_view prefix = "diagnosis/";
  for (const run_log::Text& t : log.texts) {
    if (t.name.starts_with(prefix))
      log.diagnoses.push_back({.step = t.step, .code = t.name.substr(prefix.size()), .evidence = t.text});
  }
  std::erase_if(log.texts, [&](const run_log::Text& t) { return t.name.starts_with(prefix); });
}

}  // namespace

run_log::File open_run(const std::string& path) {
  std::string trouble;
  try {
    return train::read_run(path);
  } catch (const Error& e) {
    const Complaint& c = e.complaint();
    trouble = c.got.empty() ? c.wrong : fmt::format("{}: {}", c.wrong, c.got);
  } catch (const std::bad_alloc&) { trouble = fmt::format("{}: out of memory while the log was read", path); }
  throw Stop(file_trouble, trouble);
}

std::vector<Run> open_runs(const std::vector<std::string>& paths) {
  std::vector<Run> runs;
  for (const std::string& path : paths) {
    runs.push_back({stem(path), open_run(path)});
    take_remarks(runs.back().log);
  }
  std::map<std::string, int> count;
  for (const Run& run : runs) ++count[run.name];
  for (Run& run : runs) {
    if (count[run.name] > 1) run.name = run.log.path;
  }
  return runs;
}

std::vector<RunDifference> differences(const std::vector<Run>& runs) {
  std::vector<std::string> names;
  std::unordered_set<std::string> known;
  std::vector<std::map<std::string, std::string>> values;
  for (const Run& run : runs) {
    std::map<std::string, std::string>& mine = values.emplace_back();
    for (const auto& [name, value] : run.log.start.all_settings()) {
      mine.emplace(name, value);
      if (known.insert(name).second) names.push_back(name);
    }
  }
  std::vector<RunDifference> all;
  for (const std::string& name : names) {
    RunDifference d{name, {}};
    for (auto& mine : values) d.values.push_back(mine[name]);
    const bool same = std::ranges::all_of(d.values, [&](const std::string& v) { return v == d.values.front(); });
    if (!same) all.push_back(std::move(d));
  }
  return all;
}

std::vector<Finding> findings(const Run& run) {
  std::vector<Finding> all;
  std::map<std::pair<std::string, std::string>, std::size_t> index;
  for (const run_log::Diagnosis& d : run.log.diagnoses) {
    const auto [at, fresh] = index.emplace(std::pair(d.code, d.layer), all.size());
    if (fresh) all.push_back({&d, 0, 0});
    ++all[at->second].times;
    all[at->second].last_step = d.step;
  }
  return all;
}

RunOutcome outcome(const run_log::File& log) {
  RunOutcome o;
  o.steps = log.steps.empty() ? 0 : log.steps.back().step;
  o.epochs = log.epochs.empty() ? 0 : log.epochs.back().epoch;
  o.first_loss = log.steps.empty() ? NAN : log.steps.front().loss;
  o.last_loss = log.steps.empty() ? NAN : log.steps.back().loss;
  if (!log.epochs.empty()) o.last_loss = log.epochs.back().loss;
  for (const run_log::Epoch& e : log.epochs) {
    o.seconds += std::isfinite(e.seconds) ? e.seconds : 0;
    for (const auto& [name, value] : e.metrics) o.last[name] = value;
  }
  if (log.epochs.empty()) o.seconds = log.end ? log.end->seconds : NAN;
  o.state = log.end ? (log.end->ok ? "finished" : "ended by an error") : "stopped, or still going on";
  return o;
}

std::vector<std::string> metric_names(const std::vector<Run>& runs) {
  std::vector<std::string> names;
  std::unordered_set<std::string> known;
  const auto add = [&](const train::Metrics& metrics) {
    for (const auto& [name, value] : metrics) {
      if (known.insert(name).second) names.push_back(name);
    }
  };
  for (const Run& run : runs) {
    for (const run_log::Epoch& e : run.log.epochs) add(e.metrics);
    for (const run_log::Step& s : run.log.steps) {
      if (s.metrics) add(*s.metrics);
    }
  }
  return names;
}

}  // namespace gradus::tool
