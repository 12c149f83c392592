// What the networks of a report answered: confusion matrices and the worst examples.
#include <fmt/format.h>

#include <algorithm>

#include "report/page.hpp"

namespace gradus::tool {
namespace {

constexpr std::size_t most_classes = 40;  // in a table
constexpr std::size_t most_mistakes = 12;
constexpr std::size_t most_examples = 60;
constexpr std::size_t most_picture = 40'000;  // letters of base 64

std::string percent(double part, double whole) { return fmt::format("{:.1f} %", whole > 0 ? 100 * part / whole : 0); }

double sum(const std::vector<std::int64_t>& row) {
  double all = 0;
  for (const std::int64_t n : row) all += static_cast<double>(n);
  return all;
}

// 0 … 9: how much of its row a count is.
int heat(std::int64_t count, double of) {
  if (count <= 0 || of <= 0) return 0;
  return std::clamp(1 + static_cast<int>(8.0 * std::sqrt(static_cast<double>(count) / of)), 1, 9);
}

std::string matrix(const run_log::Confusion& c) {
  const std::size_t n = c.classes.size();
  std::string text =
      "<div class=\"wide\"><table class=\"confusion\"><caption>rows: what it is · columns: the "
      "answer</caption><thead><tr><td></td>";
  for (const std::string& name : c.classes) text += "<th scope=\"col\">" + escaped(name) + "</th>";
  text += "<th scope=\"col\" class=\"found\">found</th></tr></thead><tbody>\n";
  for (std::size_t i = 0; i < n; ++i) {
    const double all = sum(c.counts[i]);
    text += "<tr><th scope=\"row\">" + escaped(c.classes[i]) + "</th>";
    for (std::size_t k = 0; k < n; ++k) {
      const std::int64_t count = c.counts[i][k];
      text += fmt::format("<td class=\"{}{}\">{}</td>", i == k ? "right" : "wrong", heat(count, all),
                          count == 0 ? "" : std::to_string(count));
    }
    text += fmt::format("<td class=\"found\">{}</td></tr>\n", percent(static_cast<double>(c.counts[i][i]), all));
  }
  return text + "</tbody></table></div>";
}

std::string mistakes(const run_log::Confusion& c) {
  struct Mistake {
    std::int64_t count;
    std::size_t truth, guess;
  };
  std::vector<Mistake> all;
  for (std::size_t i = 0; i < c.classes.size(); ++i) {
    for (std::size_t k = 0; k < c.classes.size(); ++k) {
      if (i != k && c.counts[i][k] > 0) all.push_back({c.counts[i][k], i, k});
    }
  }
  std::ranges::stable_sort(all, std::greater(), &Mistake::count);
  if (all.empty()) return "<p class=\"well\">No mistake.</p>";
  std::string text = "<ol class=\"mistakes\">";
  for (std::size_t i = 0; i < std::min(all.size(), most_mistakes); ++i)
    text += fmt::format("<li><b>{}</b> taken for <b>{}</b><span>{}</span></li>", escaped(c.classes[all[i].truth]),
                        escaped(c.classes[all[i].guess]), all[i].count);
  return text + "</ol>";
}

std::string one_confusion(const std::vector<Run>& runs, std::size_t r) {
  const run_log::Confusion& c = *runs[r].log.confusion;
  double right = 0;
  double all = 0;
  for (std::size_t i = 0; i < c.classes.size(); ++i) {
    right += static_cast<double>(c.counts[i][i]);
    all += sum(c.counts[i]);
  }
  std::string text = fmt::format(
      "<figure class=\"card answers\" data-run=\"{}\"><figcaption><b>{}{}</b><span>{} of {} "
      "right, {}, after step {}</span></figcaption><div class=\"beside\">",
      r, swatch(r), escaped(runs[r].name), right, all, percent(right, all), c.step);
  if (c.classes.size() <= most_classes) text += matrix(c);
  return text + "<div><h3>Most frequent mistakes</h3>" + mistakes(c) + "</div></div></figure>\n";
}

std::string numbers(const std::vector<double>& all) {
  std::string text;
  for (const double v : all) text += (text.empty() ? "" : ", ") + shown(v);
  return text;
}

std::string example(const run_log::Example& e) {
  std::string text = "<figure class=\"example\">";
  if (!e.picture.empty() && e.picture.size() <= most_picture)
    text += fmt::format("<img alt=\"example {}\" src=\"data:image/png;base64,{}\">", e.index, e.picture);
  else if (!e.numbers.empty())
    text += "<p class=\"row\">" +
            numbers({e.numbers.begin(), e.numbers.begin() + std::min<std::ptrdiff_t>(24, std::ssize(e.numbers))}) +
            "</p>";
  text += fmt::format("<figcaption><span class=\"pair\"><b>{}</b> → <b class=\"guess\">{}</b></span>", escaped(e.truth),
                      escaped(e.guess));
  if (std::isfinite(e.sure)) text += fmt::format("<span>{:.0f} % sure</span>", 100 * e.sure);
  return text + fmt::format("<span>loss {}</span><span>no. {}</span></figcaption></figure>\n", shown(e.loss), e.index);
}

}  // namespace

std::string confusion_section(const std::vector<Run>& runs) {
  std::string text;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    if (runs[r].log.confusion && !runs[r].log.confusion->classes.empty()) text += one_confusion(runs, r);
  }
  return text.empty()
             ? ""
             : "<section id=\"confusion\"><h2>Which classes are taken for which</h2>\n" + text + "</section>\n";
}

std::string worst_section(const std::vector<Run>& runs) {
  std::string text;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const std::vector<run_log::Example>& all = runs[r].log.worst;
    if (all.empty()) continue;
    text += fmt::format("<div class=\"card\" data-run=\"{}\">", r);
    if (runs.size() > 1) text += fmt::format("<h3>{}{}</h3>", swatch(r), escaped(runs[r].name));
    text += "<div class=\"examples\">";
    for (std::size_t i = 0; i < std::min(all.size(), most_examples); ++i) text += example(all[i]);
    text += "</div></div>\n";
  }
  if (text.empty()) return "";
  return "<section id=\"worst\"><h2>Examples with the highest loss</h2>\n<p class=\"help\">What it is → the "
         "answer.</p>\n" +
         text + "</section>\n";
}

}  // namespace gradus::tool
