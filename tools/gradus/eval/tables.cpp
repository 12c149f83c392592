// How scores and confusions are laid out.
#include "eval/tables.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "step/text.hpp"

namespace gradus::tool {
namespace {

constexpr std::size_t longest_name = 28;

// The first bytes of the text that make so many characters.
std::size_t bytes_of(std::string_view text, std::size_t characters) {
  std::size_t bytes = 0;
  while (bytes < text.size() && columns_of(text.substr(0, bytes + 1)) <= characters) ++bytes;
  return bytes;
}

// At most so many characters, none of which controls the terminal. What is left out is in the middle, for names often
// differ at their end.
std::string short_name(const std::string& name, std::size_t most = longest_name) {
  const std::string text = clean(name);
  const std::size_t has = columns_of(text), end = most / 3, start = most - 1 - end;
  if (has <= most) return text;
  return text.substr(0, bytes_of(text, start)) + "…" + text.substr(bytes_of(text, has - end));
}

std::string right(const std::string& text, std::size_t columns) {
  const std::size_t has = columns_of(text);
  return std::string(has < columns ? columns - has : 0, ' ') + text;
}

std::size_t widest(const std::vector<std::string>& names) {
  std::size_t columns = 0;
  for (const std::string& name : names) columns = std::max(columns, columns_of(name));
  return columns;
}

std::string score(double value, bool undefined) { return fmt::format("{:.3f}{}", value, undefined ? '*' : ' '); }

std::string line(const std::string& name, std::size_t width, const ClassScores& s, bool is_class) {
  const bool no_precision = is_class && s.taken == 0, no_recall = is_class && s.support == 0;
  return fmt::format("{}  {:>10} {:>9} {:>9} {:>9}\n", padded(name, width), score(s.precision, no_precision),
                     score(s.recall, no_recall), score(s.f1, false), s.support);
}

// Those that occur, in truth or among the answers.
std::vector<std::size_t> occurring(const Tensor& confusion) {
  const auto n = static_cast<std::size_t>(confusion.size(0));
  const auto counts = confusion.to_vector<std::int64_t>();
  std::vector<std::size_t> list;
  for (std::size_t c = 0; c < n; ++c) {
    bool occurs = false;
    for (std::size_t k = 0; k < n; ++k) occurs = occurs || counts[c * n + k] > 0 || counts[k * n + c] > 0;
    if (occurs) list.push_back(c);
  }
  return list;
}

struct Counts {
  const std::vector<std::int64_t>& numbers;
  std::size_t classes;
  std::int64_t operator()(std::size_t truth, std::size_t answer) const { return numbers[truth * classes + answer]; }
};

// Rows are named `rows`, columns `columns`; "" if that is wider than `width`.
std::string matrix(const Counts& counts, const std::vector<std::size_t>& classes, const std::vector<std::string>& rows,
                   const std::vector<std::string>& columns, std::size_t width) {
  if (3 * classes.size() > width) return "";  // two blanks and a digit each
  std::size_t most_digits = 1;
  for (const std::size_t truth : classes)
    for (const std::size_t answer : classes)
      most_digits = std::max(most_digits, std::to_string(counts(truth, answer)).size());
  const std::size_t cell = std::max(widest(columns), most_digits) + 2, first = widest(rows);
  if (first + cell * classes.size() > width) return "";
  std::string text(first, ' ');
  for (const std::string& column : columns) text += right(column, cell);
  text += '\n';
  for (std::size_t i = 0; i < classes.size(); ++i) {
    text += padded(rows[i], first);
    for (const std::size_t answer : classes) {
      const std::int64_t n = counts(classes[i], answer);
      text += right(n ? std::to_string(n) : ".", cell);
    }
    text += '\n';
  }
  return text;
}

std::string most_frequent(const Counts& counts, const std::vector<std::size_t>& classes,
                          const std::vector<std::string>& names) {
  struct Mistake {
    std::int64_t count;
    std::size_t truth, answer;
  };
  std::vector<Mistake> mistakes;
  for (const std::size_t truth : classes)
    for (const std::size_t answer : classes)
      if (truth != answer && counts(truth, answer) > 0) mistakes.push_back({counts(truth, answer), truth, answer});
  if (mistakes.empty()) return "no example was taken for another class\n";
  std::ranges::stable_sort(mistakes, std::ranges::greater(), &Mistake::count);
  constexpr std::size_t most = 10;
  std::vector<std::string> truths, answers;
  for (std::size_t i = 0; i < std::min(most, mistakes.size()); ++i) {
    truths.push_back(short_name(names[mistakes[i].truth]));
    answers.push_back(short_name(names[mistakes[i].answer]));
  }
  std::string text = "most frequent mistakes\n";
  for (std::size_t i = 0; i < truths.size(); ++i) {
    text += fmt::format("{} taken for {}  {:>7}\n", padded(truths[i], widest(truths)),
                        padded(answers[i], widest(answers)), mistakes[i].count);
  }
  if (mistakes.size() > most) text += fmt::format("and {} others; --json has all\n", mistakes.size() - most);
  return text;
}

}  // namespace

std::string scores_table(const ClassificationReport& report, const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) shown.push_back(short_name(name));
  const std::size_t width = std::max(widest(shown), std::string_view("weighted mean").size());
  std::string text =
      fmt::format("{}  {:>9}  {:>8}  {:>8}  {:>9}\n", padded("", width), "precision", "recall", "f1", "examples");
  bool undefined = false;
  std::size_t absent = 0;
  for (std::size_t c = 0; c < report.classes.size(); ++c) {
    const ClassScores& s = report.classes[c];
    absent += s.support + s.taken == 0;
    if (s.support + s.taken == 0) continue;
    text += line(shown[c], width, s, true);
    undefined = undefined || s.taken == 0 || s.support == 0;
  }
  text += line("mean", width, report.macro, false);
  text += line("weighted mean", width, report.weighted, false);
  if (undefined) text += "* 0/0, counted as 0: no example was taken for the class, or none is of it\n";
  if (absent) text += fmt::format("{} classes do not occur here and do not count\n", absent);
  return text;
}

std::string confusion_table(const Tensor& confusion, const std::vector<std::string>& names, int width) {
  const auto numbers = confusion.to_vector<std::int64_t>();
  const Counts counts{numbers, names.size()};
  const auto classes = occurring(confusion);
  const auto room = static_cast<std::size_t>(std::max(width, 0));
  std::vector<std::string> columns, rows, places, numbered;
  const std::size_t digits = std::to_string(names.size() - 1).size();
  for (const std::size_t c : classes) {
    columns.push_back(short_name(names[c], 16));
    rows.push_back(short_name(names[c]));
    places.push_back(std::to_string(c));
    numbered.push_back(names[c] == places.back() ? places.back()
                                                 : fmt::format("{} {}", right(places.back(), digits), rows.back()));
  }
  const std::string heading = "a row for each class, a column for each answer\n";
  std::string text = matrix(counts, classes, rows, columns, room);
  if (text.empty()) text = matrix(counts, classes, numbered, places, room);
  return text.empty() ? most_frequent(counts, classes, names) : heading + text;
}

}  // namespace gradus::tool
