// The report as one page. The policy in its head forbids any use of the network.
#include "report/page.hpp"

#include <fmt/format.h>

#include "io/base64.hpp"
#include "study/landscape/page.hpp"
#include "study/landscape/picture.hpp"

namespace gradus::detail {  // written by tools/cmake/embed.cmake
extern const unsigned char report_css[], report_js[];
extern const unsigned report_css_size, report_js_size;
extern const char* const report_css_sha256;
extern const char* const report_js_sha256;
}  // namespace gradus::detail

namespace gradus::tool {
namespace {

std::string_view embedded(const unsigned char* bytes, unsigned size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

std::string hash(const char* sha256) { return "'sha256-" + io::base64_of_hex(sha256) + "'"; }

std::string title(const std::vector<Run>& runs) {
  return runs.size() == 1 ? runs[0].name : fmt::format("{} runs", runs.size());
}

std::string facts(const std::vector<Run>& runs) {
  if (runs.size() > 1) return "";
  const run_log::Start& s = runs[0].log.start;
  const RunOutcome o = outcome(runs[0].log);
  std::string text = "<ul class=\"facts\">";
  const auto fact = [&](const std::string& what) { text += "<li>" + escaped(what) + "</li>"; };
  fact(fmt::format("{}, {} parameters", s.net.empty() ? "network" : s.net, s.parameters));
  if (!s.optimizer.empty()) fact(s.optimizer);
  if (s.batch > 0) fact(fmt::format("batch {}", s.batch));
  fact(fmt::format("seed {}", s.seed));
  fact(fmt::format("{} steps, {} epochs", o.steps, o.epochs));
  if (std::isfinite(o.seconds)) fact(duration_text(o.seconds));
  if (s.threads > 0) fact(fmt::format("{} thread{}, {}", s.threads, s.threads == 1 ? "" : "s", s.isa));
  fact(o.state);
  return text + "</ul>";
}

std::string remarks(const std::vector<Run>& runs) {
  std::string text;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (const std::string& remark : runs[r].log.remarks())
      text += fmt::format("<li>{}<b>{}</b> {}</li>", swatch(r), escaped(runs[r].name), escaped(remark));
  }
  return text.empty() ? "" : "<ul class=\"remarks\">" + text + "</ul>\n";
}

// Where the script draws: a figure for each chart, in the order of the data.
std::string figures(const std::vector<Chart>& charts) {
  std::string text = "<div class=\"charts\">";
  for (const Chart& c : charts) {
    text += fmt::format(
        "<figure class=\"chart card\"><figcaption><b>{0}</b><button type=\"button\" class=\"scale\" "
        "title=\"the other scale\"></button></figcaption><svg viewBox=\"0 0 420 236\" role=\"img\" "
        "aria-label=\"{0} against steps\"></svg>",
        escaped(c.title));
    if (!c.note.empty()) text += fmt::format("<p class=\"missing\">{}</p>", escaped(c.note));
    text += "</figure>\n";
  }
  return text + "</div>\n";
}

std::string chart_sections(const Charts& all, const std::vector<Run>& runs) {
  std::string text;
  if (!all.common.empty()) text += "<section id=\"curves\"><h2>Curves</h2>\n" + figures(all.common) + "</section>\n";
  for (std::size_t r = 0; r < runs.size(); ++r) {
    if (all.of_run[r].empty()) continue;
    const std::string heading = runs.size() == 1 ? "Parameters and layers" : "Parameters and layers of " + runs[r].name;
    text += fmt::format(
        "<section class=\"own\"><h2>{}{}</h2>\n<p class=\"help\">From the first parameter <span "
        "class=\"ramp\"></span> to the last. Point at a curve for its name.</p>{}</section>\n",
        runs.size() == 1 ? "" : swatch(r), escaped(heading), figures(all.of_run[r]));
  }
  if (all.left_out > 0)
    text += fmt::format("<p class=\"help\">There was no room for {} more curves; --csv prints all.</p>", all.left_out);
  return text;
}

}  // namespace

std::string report_page(const std::vector<Run>& runs) {
  const study::Source picture = study::picture_css();
  const study::Source shared = study::study_css();
  const Charts all = charts(runs);
  std::string text = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src {}; style-src {} {} {}; "
      "img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<title>{} · gradus report</title>\n",
      hash(detail::report_js_sha256), picture.hash, shared.hash, hash(detail::report_css_sha256), escaped(title(runs)));
  text += fmt::format("<style>{}</style>\n<style>{}</style>\n<style>{}</style>\n</head>\n<body>\n", picture.text,
                      shared.text, embedded(detail::report_css, detail::report_css_size));
  text += fmt::format("<header><h1>{}</h1>{}</header>\n<main>\n", escaped(title(runs)), facts(runs));
  text += remarks(runs) + run_list(runs) + diagnosis_section(runs);
  text += chart_sections(all, runs);
  text += difference_section(runs) + outcome_section(runs) + confusion_section(runs) + worst_section(runs);
  for (const Run& run : runs) text += detail_section(run);
  text +=
      "</main>\n<div id=\"tip\" class=\"tip\" hidden></div>\n"
      "<noscript>The curves are drawn by a script of this page; please allow it. It asks nothing of the "
      "network.</noscript>\n";
  return text + fmt::format(
                    "<script type=\"application/json\" id=\"data\">{}</script>\n<script>{}</script>\n</body>\n"
                    "</html>\n",
                    json(all, runs), embedded(detail::report_js, detail::report_js_size));
}

std::string escaped(const std::string& text) { return study::escaped(text); }

std::string swatch(std::size_t run) {
  return fmt::format(
      "<svg class=\"swatch\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><circle class=\"f{}\" cx=\"6\" cy=\"6\" "
      "r=\"6\"/></svg>",
      run % study::colours);
}

std::string shown(double value) { return std::isnan(value) ? "–" : fmt::format("{:.4g}", value); }
std::string share(double value) { return std::isnan(value) ? "–" : fmt::format("{:.2f} %", 100 * value); }
std::string metric(const std::string& name, double value) {
  return name.ends_with("accuracy") ? share(value) : shown(value);
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds)) return "–";
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  if (seconds < 3600) return fmt::format("{:.1f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

std::string place_text(const run_log::Place& place) {
  if (place.file.empty()) return "";
  return fmt::format("{}:{}", place.file.substr(place.file.find_last_of('/') + 1), place.line);
}

}  // namespace gradus::tool
