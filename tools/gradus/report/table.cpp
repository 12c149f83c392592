// Runs as a table of comma-separated values, and as JSON.
#include "report/table.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/print.hpp"

namespace gradus::tool {
namespace {

using Json = nlohmann::ordered_json;

// A text in a table: quoted where it has to be (RFC 4180).
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

std::string cell(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

// JSON has no NaN.
Json number(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? Json() : Json(value > 0 ? "inf" : "-inf");
}

Json json_of(const run_log::Diagnosis& d, const Finding& f) {
  Json one{{"code", d.code}, {"step", d.step}, {"times", f.times}};
  if (!d.layer.empty()) one["layer"] = d.layer;
  one["evidence"] = d.evidence;
  one["advice"] = d.advice;
  for (const auto& [name, value] : d.numbers) one["numbers"][name] = number(value);
  if (!d.loc.file.empty()) one["loc"] = {{"file", d.loc.file}, {"line", d.loc.line}};
  return one;
}

Json json_of(const Run& run) {
  const RunOutcome o = outcome(run.log);
  Json one{{"name", run.name},
           {"file", run.log.path},
           {"state", o.state},
           {"steps", o.steps},
           {"epochs", o.epochs},
           {"seconds", number(o.seconds)},
           {"first_loss", number(o.first_loss)},
           {"last_loss", number(o.last_loss)},
           {"metrics", Json::object()},
           {"diagnoses", Json::array()},
           {"remarks", run.log.remarks()}};
  for (const auto& [name, value] : o.last) one["metrics"][name] = number(value);
  for (const Finding& f : findings(run)) one["diagnoses"].push_back(json_of(*f.first, f));
  return one;
}

}  // namespace

void print_table(const std::vector<Run>& runs) {
  const std::vector<std::string> metrics = metric_names(runs);
  std::string text = "run,ev,step,epoch,loss,accuracy,lr,grad_norm,update_ratio,items_per_second,seconds";
  for (const std::string& name : metrics) text += ',' + field(name);
  write_out(text + '\n');
  const auto finish = [&](std::string line, const train::Metrics* values) {
    for (const std::string& name : metrics) line += ',' + (values != nullptr ? cell(train::find(*values, name)) : "");
    write_out(line + '\n');
  };
  for (const Run& run : runs) {
    const std::string name = field(run.name);
    std::size_t next = 0;  // epoch
    const auto epochs_until = [&](std::int64_t step) {
      for (; next < run.log.epochs.size() && run.log.epochs[next].step < step; ++next) {
        const run_log::Epoch& e = run.log.epochs[next];
        finish(fmt::format("{},epoch,{},{},{},{},{},,,,{}", name, e.step, e.epoch, cell(e.loss), cell(e.accuracy),
                           cell(e.lr), cell(e.seconds)),
               &e.metrics);
      }
    };
    for (const run_log::Step& s : run.log.steps) {
      epochs_until(s.step);
      const run_log::Sample* m = s.sample.get();
      finish(
          fmt::format("{},step,{},{},{},{},{},{},{},{},", name, s.step, s.epoch, s.loss, cell(s.accuracy), cell(s.lr),
                      m ? cell(m->grad_norm) : "", m ? cell(m->update_ratio) : "", m ? cell(m->items_per_second) : ""),
          s.metrics.get());
    }
    epochs_until(INT64_MAX);
  }
}

std::string summary_json(const std::vector<Run>& runs) {
  std::set<std::string> codes;
  Json all{{"codes", Json::array()}, {"runs", Json::array()}, {"differences", Json::object()}};
  for (const Run& run : runs) {
    for (const run_log::Diagnosis& d : run.log.diagnoses) codes.insert(d.code);
    all["runs"].push_back(json_of(run));
  }
  all["codes"] = codes;
  for (const RunDifference& d : differences(runs)) all["differences"][d.name] = d.values;
  return all.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace gradus::tool
