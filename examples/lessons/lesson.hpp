// What every lesson uses: a table of claims, questions to the reader, and a small plot made of characters.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

// Text as printf makes it.
template <class... T>
std::string words(const char* format, const T&... values) {
  char text[256];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

// What a page reads in place of the text: a line that begins with a record separator and is one JSON object. So
// `./tools/web lessons` asks for it, with the argument --page.
struct ForPage {
  static inline bool wanted = false;
  static void say(const std::string& members) { std::printf("\x1e{%s}\n", members.c_str()); }
  static std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') result += '\\';
      result += c == '\n' ? ' ' : c;
    }
    return result + '"';
  }
  static std::string number(double x) { return std::isfinite(x) ? words("%.17g", x) : "null"; }
};

// One table; `return lesson.end();` makes the program fail when a line of it does.
// With the argument --ask the program waits for an answer to each question, as `gradus lesson` does.
// --set NAME=VALUE changes an input. What the claims of the table say of the usual inputs may then fail.
class Lesson {
 public:
  Lesson(const char* title, int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string word = argv[i];
      asks_ = asks_ || word == "--ask";
      if (word == "--page") ForPage::wanted = true;
      if (word == "--set" && i + 1 < argc) given_.emplace_back(argv[++i]);
    }
    if (!ForPage::wanted) std::printf("Lesson %s\n\n", title);
  }

  // A number that the reader may change: the usual value, or what --set says. From `least` to `most`.
  double input(const std::string& name, double usual, double least, double most, const char* meaning) {
    double value = usual;
    names_.push_back(name);
    for (const std::string& word : given_) {
      if (word.compare(0, name.size() + 1, name + "=") != 0) continue;
      if (!number(word.substr(name.size() + 1), value) || !(value >= least && value <= most)) {
        std::fprintf(stderr, "--set %s: %s is a number from %g to %g\n", word.c_str(), name.c_str(), least, most);
        std::exit(2);
      }
    }
    if (ForPage::wanted) {
      ForPage::say(
          words("\"input\": \"%s\", \"value\": %.17g, \"usual\": %.17g, \"least\": %g, \"most\": %g, \"meaning\": %s",
                name.c_str(), value, usual, least, most, ForPage::quoted(meaning).c_str()));
    }
    return value;
  }
  // The same for a whole number.
  int whole(const std::string& name, int usual, int least, int most, const char* meaning) {
    return static_cast<int>(std::round(input(name, usual, least, most, meaning)));
  }

  // |measured - predicted| <= tolerance · |predicted|, or <= tolerance where 0 is predicted.
  void check(const std::string& claim, double predicted, double measured, double tolerance = 1e-9) {
    const double room = predicted == 0 ? tolerance : tolerance * std::abs(predicted);
    line(claim, words("%.7g", predicted), words("%.7g", measured), std::abs(measured - predicted) <= room);
  }
  void check_true(const std::string& claim, bool holds) { line(claim, "", holds ? "yes" : "no", holds); }

  // A question with a number as its answer. The program computes the answer; it is not written anywhere.
  void ask(const std::string& question, double answer, const std::string& hint, double tolerance = 0.01) {
    const double room = answer == 0 ? tolerance : tolerance * std::abs(answer);
    if (ForPage::wanted) {
      ForPage::say("\"ask\": " + ForPage::quoted(question) + ", \"answer\": " + ForPage::number(answer) +
                   ", \"room\": " + ForPage::number(room) + ", \"hint\": " + ForPage::quoted(hint));
      return;
    }
    converse(question, hint, words("%.5g", answer), [&](const std::string& given) {
      double x = 0;
      return number(given, x) && std::abs(x - answer) <= room ? 1 : number(given, x) ? 0 : -1;
    });
  }
  // A question with a choice of answers: a, b, c …
  void choose(const std::string& question, const std::vector<std::string>& options, std::size_t answer,
              const std::string& hint) {
    if (ForPage::wanted) {
      std::string list;
      for (const std::string& option : options) list += (list.empty() ? "" : ", ") + ForPage::quoted(option);
      ForPage::say("\"ask\": " + ForPage::quoted(question) + ", \"options\": [" + list +
                   "], \"answer\": " + std::to_string(answer) + ", \"hint\": " + ForPage::quoted(hint));
      return;
    }
    std::string all = question;
    for (std::size_t i = 0; i < options.size(); ++i) all += "\n    " + letter(i) + ") " + options[i];
    converse(all, hint, letter(answer), [&](const std::string& given) {
      const bool is_letter = given.size() == 1 && given[0] >= 'a' && given[0] < 'a' + static_cast<int>(options.size());
      return is_letter ? given == letter(answer) : -1;
    });
  }

  // The table ends, and something else may be printed. The next check begins a new table.
  void gap() {
    if (in_table_) std::printf("\n");
    in_table_ = false;
  }
  int end() {
    gap();
    if (ForPage::wanted) {
      ForPage::say(words("\"passed\": %d, \"failed\": %d", passed_, failed_));
      return 0;
    }
    for (const std::string& word : given_) {
      if (std::count(names_.begin(), names_.end(), word.substr(0, word.find('='))) > 0) continue;
      std::fprintf(stderr, "--set %s: this lesson has no such input; it has", word.c_str());
      for (const std::string& name : names_) std::fprintf(stderr, " %s", name.c_str());
      std::fprintf(stderr, "%s\n", names_.empty() ? " none" : "");
      return 2;
    }
    std::printf("%d passed, %d failed\n", passed_, failed_);
    if (asks_ && asked_ > 0) std::printf("%d of %d questions right\n", right_, asked_);
    return failed_ == 0 ? 0 : 1;
  }

 private:
  static std::string letter(std::size_t i) { return std::string(1, static_cast<char>('a' + i)); }
  // Columns, not bytes: a letter such as λ has several.
  static int columns(const std::string& text) {
    return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
  }
  void line(const std::string& claim, const std::string& predicted, const std::string& measured, bool pass) {
    ++(pass ? passed_ : failed_);
    if (ForPage::wanted) {
      ForPage::say("\"check\": " + ForPage::quoted(claim) + ", \"predicted\": " + ForPage::quoted(predicted) +
                   ", \"measured\": " + ForPage::quoted(measured) + ", \"pass\": " + (pass ? "true" : "false"));
      return;
    }
    if (!in_table_) std::printf("%-60s %14s %14s\n", "claim", "predicted", "measured");
    in_table_ = true;
    std::printf("%s%*s %14s %14s  %s\n", claim.c_str(), std::max(0, 60 - columns(claim)), "", predicted.c_str(),
                measured.c_str(), pass ? "pass" : "FAIL");
  }
  // "0.5", "1/2" and "5e-1" are the same number.
  static bool number(const std::string& text, double& to) {
    char* rest = nullptr;
    to = std::strtod(text.c_str(), &rest);
    if (rest == text.c_str()) return false;
    if (*rest != '/') return *rest == 0;
    const char* below = rest + 1;
    to /= std::strtod(below, &rest);
    return rest != below && *rest == 0;
  }
  // `verdict` says 1: right, 0: wrong, -1: not an answer.
  template <class Verdict>
  void converse(const std::string& question, const std::string& hint, const std::string& answer,
                const Verdict& verdict) {
    gap();
    std::printf("? %s\n", question.c_str());
    ++asked_;
    for (int attempt = 1; asks_ && attempt <= 3; ++attempt) {
      std::printf("> ");
      std::fflush(stdout);
      std::string given;
      if (!std::getline(std::cin, given)) break;
      std::erase(given, ' ');
      const int said = verdict(given);
      if (said == 1) {
        std::printf("  Right.\n\n");
        ++right_;
        return;
      }
      std::printf(said == 0 ? "  Not yet. Hint: %s\n"
                            : "  Not an answer: a number such as 0.5, 1/2 or 3e-4, or a letter. Hint: %s\n",
                  hint.c_str());
    }
    if (asks_) std::printf("  The answer is %s.\n", answer.c_str());
    std::printf("\n");
  }

  std::vector<std::string> given_, names_;
  bool asks_ = false, in_table_ = false;
  int passed_ = 0, failed_ = 0, asked_ = 0, right_ = 0;
};

// A picture of characters. Points outside are left out; a later mark covers an earlier one.
class Plot {
 public:
  Plot(double left, double right, double bottom, double top, int columns = 61, int rows = 17)
      : left_(left),
        right_(right),
        bottom_(bottom),
        top_(top),
        columns_(columns),
        lines_(static_cast<std::size_t>(rows), std::string(static_cast<std::size_t>(columns), ' ')) {}

  void point(double x, double y, char mark) {
    if (!ForPage::wanted) return put(x, y, mark);
    const auto same = [&](const Series& s) { return s.mark == mark && !s.curve; };
    auto series = std::find_if(series_.begin(), series_.end(), same);
    if (series == series_.end()) series = series_.insert(series_.end(), {mark, false, ""});
    series->add(x, y);
  }
  template <class Function>
  void curve(const Function& f, char mark) {
    const int places = ForPage::wanted ? 4 * (columns_ - 1) + 1 : columns_;
    if (ForPage::wanted) series_.push_back({mark, true, ""});
    for (int i = 0; i < places; ++i) {
      const double x = left_ + (right_ - left_) * i / (places - 1);
      ForPage::wanted ? series_.back().add(x, f(x)) : put(x, f(x), mark);
    }
  }
  void print(const char* caption) const {
    if (ForPage::wanted) {
      std::string all;
      for (const Series& s : series_)
        all += words("%s{\"mark\": \"%c\", \"curve\": %s, \"xy\": [", all.empty() ? "" : ", ", s.mark,
                     s.curve ? "true" : "false") +
               s.xy + "]}";
      ForPage::say("\"plot\": " + ForPage::quoted(caption) +
                   words(", \"window\": [%g, %g, %g, %g]", left_, right_, bottom_, top_) + ", \"series\": [" + all +
                   "]");
      return;
    }
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const bool marked = i == 0 || i + 1 == lines_.size();
      std::printf(marked ? "%9.4g |" : "          |", i == 0 ? top_ : bottom_);
      std::printf("%.*s\n", static_cast<int>(lines_[i].find_last_not_of(' ') + 1), lines_[i].c_str());
    }
    std::printf("          +%s\n", std::string(static_cast<std::size_t>(columns_), '-').c_str());
    std::printf("           %-9.4g%*.4g\n", left_, columns_ - 9, right_);
    std::printf("%s\n\n", caption);
  }

 private:
  // What a page draws: points of one mark, or a curve.
  struct Series {
    char mark;
    bool curve;
    std::string xy;
    void add(double x, double y) {
      xy += (xy.empty() ? "" : ", ") + words("%.6g, ", x) + (std::isfinite(y) ? words("%.6g", y) : "null");
    }
  };
  void put(double x, double y, char mark) {
    const double column = std::round((x - left_) / (right_ - left_) * (columns_ - 1));
    const double row = std::round((top_ - y) / (top_ - bottom_) * (static_cast<double>(lines_.size()) - 1));
    if (!(column >= 0 && column < columns_ && row >= 0 && row < static_cast<double>(lines_.size()))) return;
    lines_[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)] = mark;
  }
  double left_, right_, bottom_, top_;
  int columns_;
  std::vector<std::string> lines_;
  std::vector<Series> series_;
};
