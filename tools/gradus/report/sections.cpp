// The parts of a report that are words and tables: runs, diagnoses, settings, outcomes.
#include <fmt/format.h>

#include <algorithm>

#include "report/page.hpp"

namespace gradus::tool {
namespace {

constexpr std::size_t most_findings = 60;
constexpr std::size_t most_epochs = 200;
constexpr std::size_t most_rows = 400;

std::string row(const std::string& tag, const std::vector<std::string>& cells) {
  std::string text = "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string kind = i == 0 && tag == "td" ? "th scope=\"row\"" : tag == "th" ? "th scope=\"col\"" : "td";
    text += "<" + kind + ">" + cells[i] + "</" + kind.substr(0, 2) + ">";
  }
  return text + "</tr>\n";
}

std::string table(const std::vector<std::string>& head, const std::string& rows) {
  return "<div class=\"wide card\"><table><thead>" + row("th", head) + "</thead><tbody>\n" + rows +
         "</tbody></table></div>\n";
}

std::string run_name(const std::vector<Run>& runs, std::size_t r) { return swatch(r) + escaped(runs[r].name); }

// A text of any length, cut to what a card can hold.
std::string brief(const std::string& text, std::size_t most) {
  if (text.size() <= most) return escaped(text);
  std::size_t end = most;
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;  // not in the middle of a letter
  return escaped(text.substr(0, end)) + " …";
}

std::string finding(const std::vector<Run>& runs, std::size_t r, const Finding& f) {
  const run_log::Diagnosis& d = *f.first;
  std::string where;
  const auto add = [&](const std::string& what) { where += (where.empty() ? "" : " · ") + what; };
  if (!d.layer.empty()) add(brief(d.layer, 80));
  if (d.step > 0) add(fmt::format("step {}", d.step));
  if (f.times > 1) add(fmt::format("{} times, until step {}", f.times, f.last_step));
  if (const std::string place = place_text(d.loc); !place.empty()) add("<code>" + brief(place, 120) + "</code>");
  if (runs.size() > 1) add(swatch(r) + escaped(runs[r].name));
  std::string text = fmt::format("<article class=\"card finding\" data-run=\"{}\"><h3>{}</h3><p class=\"at\">{}</p>", r,
                                 brief(d.code, 60), where);
  if (!d.evidence.empty()) text += "<p>" + brief(d.evidence, 1200) + "</p>";
  if (!d.advice.empty()) text += "<p class=\"advice\"><b>Try</b> " + brief(d.advice, 1200) + "</p>";
  if (!d.numbers.empty()) {
    text += "<p class=\"numbers\">";
    for (std::size_t i = 0; i < std::min<std::size_t>(d.numbers.size(), 12); ++i)
      text += fmt::format("<span>{} <b>{}</b></span> ", brief(d.numbers[i].first, 60), shown(d.numbers[i].second));
    text += "</p>";
  }
  return text + "</article>\n";
}

}  // namespace

std::string run_list(const std::vector<Run>& runs) {
  if (runs.size() < 2) return "";
  std::string text = "<section class=\"card\"><ol class=\"runs\" id=\"runs\">";
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const RunOutcome o = outcome(runs[r].log);
    std::string fate = fmt::format("{} steps · loss {}", o.steps, shown(o.last_loss));
    for (const auto& [name, value] : o.last) {
      if (name.starts_with("val_")) fate += " · " + escaped(name) + ' ' + metric(name, value);
    }
    text += fmt::format(
        "<li><button type=\"button\" aria-pressed=\"true\">{}<span class=\"name\">{}</span><span "
        "class=\"verdict\">{}</span><span class=\"fate\">{}</span></button></li>\n",
        swatch(r), escaped(runs[r].name), o.state, fate);
  }
  return text + "</ol></section>\n";
}

std::string diagnosis_section(const std::vector<Run>& runs) {
  std::string text;
  std::size_t count = 0;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (const Finding& f : findings(runs[r])) {
      if (++count <= most_findings) text += finding(runs, r, f);
    }
  }
  if (count == 0) return "<section id=\"diagnoses\"><p class=\"well\">No diagnosis in the log.</p></section>\n";
  const std::string rest =
      count > most_findings ? fmt::format("<p class=\"help\">and {} more; --json lists all</p>", count - most_findings)
                            : "";
  return "<section id=\"diagnoses\"><h2>Diagnoses</h2>\n<div class=\"findings\">" + text + "</div>" + rest +
         "</section>\n";
}

std::string outcome_section(const std::vector<Run>& runs) {
  std::vector<std::string> head{"run", "steps", "epochs", "time", "first loss", "last loss"};
  std::vector<std::string> names = metric_names(runs);
  names.resize(std::min<std::size_t>(names.size(), 12));
  for (const std::string& name : names) head.push_back(escaped(name));
  head.emplace_back("state");
  std::string rows;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const RunOutcome o = outcome(runs[r].log);
    std::vector<std::string> cells{run_name(runs, r),        std::to_string(o.steps), std::to_string(o.epochs),
                                   duration_text(o.seconds), shown(o.first_loss),     shown(o.last_loss)};
    for (const std::string& name : names) {
      const auto found = o.last.find(name);
      cells.push_back(found == o.last.end() ? "–" : metric(name, found->second));
    }
    cells.push_back(o.state);
    rows += row("td", cells);
  }
  return "<section id=\"outcomes\"><h2>Results</h2>\n" + table(head, rows) + "</section>\n";
}

std::string difference_section(const std::vector<Run>& runs) {
  if (runs.size() < 2) return "";
  const std::vector<RunDifference> all = differences(runs);
  if (all.empty())
    return "<section id=\"differences\"><h2>Settings</h2><p class=\"help\">All runs have the same "
           "settings.</p></section>\n";
  std::vector<std::string> head{"setting"};
  for (std::size_t r = 0; r < runs.size(); ++r) head.push_back(run_name(runs, r));
  std::string rows;
  for (std::size_t i = 0; i < std::min(all.size(), most_rows); ++i) {
    std::vector<std::string> cells{brief(all[i].name, 80)};
    for (const std::string& value : all[i].values) cells.push_back(value.empty() ? "–" : brief(value, 200));
    rows += row("td", cells);
  }
  return "<section id=\"differences\"><h2>Settings that differ</h2>\n" + table(head, rows) + "</section>\n";
}

std::string detail_section(const Run& run) {
  const auto fold = [&](const std::string& what, const std::string& body) {
    return fmt::format("<details><summary>{} of {}</summary>{}</details>\n", what, escaped(run.name), body);
  };
  std::string epochs;
  std::vector<std::string> names = metric_names({run});
  names.resize(std::min<std::size_t>(names.size(), 12));
  std::vector<std::string> head{"epoch", "steps", "loss", "accuracy"};
  for (const std::string& name : names) head.push_back(escaped(name));
  head.emplace_back("rate");
  head.emplace_back("time");
  const std::size_t n = run.log.epochs.size();
  for (std::size_t i = n - std::min(n, most_epochs); i < n; ++i) {
    const run_log::Epoch& e = run.log.epochs[i];
    std::vector<std::string> cells{std::to_string(e.epoch), std::to_string(e.step), shown(e.loss), share(e.accuracy)};
    for (const std::string& name : names) cells.push_back(metric(name, train::find(e.metrics, name)));
    cells.push_back(shown(e.lr));
    cells.push_back(duration_text(e.seconds));
    epochs += row("td", cells);
  }
  std::string settings;
  std::size_t count = 0;
  for (const auto& [name, value] : run.log.start.all_settings()) {
    if (++count <= most_rows) settings += row("td", {brief(name, 80), brief(value, 400)});
  }
  std::string remarks;
  for (std::size_t i = 0; i < std::min(run.log.texts.size(), most_rows); ++i) {
    const run_log::Text& t = run.log.texts[i];
    remarks += row("td", {std::to_string(t.step), brief(t.name, 80), brief(t.text, 1000)});
  }
  std::string text;
  if (n > 0)
    text += fold(n > most_epochs ? fmt::format("The last {} epochs", most_epochs) : "Epochs", table(head, epochs));
  text += fold("Settings and layers", table({"setting", "value"}, settings));
  if (!remarks.empty()) text += fold("Remarks", table({"step", "name", "text"}, remarks));
  return "<section class=\"details\">" + text + "</section>\n";
}

}  // namespace gradus::tool
