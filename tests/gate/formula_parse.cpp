// Reading lines: tokens, terms, statements.
#include <cstdlib>
#include <cstring>
#include <set>
#include <utility>

#include "gate/formula.hpp"

namespace formula {
namespace {

const std::set<std::string> words{"where", "else", "and",  "or",   "expanded", "reshaped", "summed", "as",   "to",
                                  "the",   "of",   "axis", "axes", "no",       "repeated", "along",  "first"};
const std::set<std::string> functions{
    "tanh",          "sigmoid",   "σ",        "σ'",      "tanh'",  "ln",      "sqrt",        "sign",
    "max",           "min",       "sin",      "cos",     "tan",    "erf",     "Φ",           "φ",
    "sum",           "mean",      "prod",     "var",     "flip",   "softmax", "log_softmax", "stack",
    "concat",        "quarter",   "part",     "size",    "rows",   "uniform", "columns",     "product_of_others",
    "orthogonalize", "asin",      "acos",     "atan",    "atan2",  "sinh",    "cosh",        "round",
    "lgamma",        "polygamma", "cholesky", "inverse", "gather", "last",    "cofactors",   "det",
    "cumprod",       "cumprod'"};

struct Token {
  std::string text;
  double number = 0;
  bool is_number = false, is_name = false;
  std::size_t at = 0;
};

std::vector<Token> tokens(const std::string& s) {
  std::vector<Token> list;
  const char* const symbols[] = {"+=", "<=", ">=", "²", "³", "ᵀ", "⊙", "⌊", "⌋", "⌈", "⌉", "…", "←", "∞", "π"};
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; };
  for (std::size_t i = 0; i < s.size();) {
    if (s[i] == ' ') {
      ++i;
      continue;
    }
    Token t{.text = {}, .at = i};
    if (std::isdigit(static_cast<unsigned char>(s[i]))) {
      char* end = nullptr;
      std::size_t n = s.find_first_not_of("0123456789.", i);
      n = std::min(n, s.size());
      if (n + 1 < s.size() && s[n] == 'e' &&
          (std::isdigit(static_cast<unsigned char>(s[n + 1])) || s[n + 1] == '-' || s[n + 1] == '+'))
        n = std::min(s.find_first_not_of("0123456789", n + 2), s.size());
      t.text = s.substr(i, n - i);
      t.number = std::strtod(t.text.c_str(), &end);
      t.is_number = true;
    } else if (letter(s[i]) || s.compare(i, 2, "σ") == 0 || s.compare(i, 2, "Φ") == 0 || s.compare(i, 2, "φ") == 0) {
      std::size_t n = letter(s[i]) ? i + 1 : i + 2;
      while (n < s.size() && (letter(s[n]) || std::isdigit(static_cast<unsigned char>(s[n])))) ++n;
      while (n < s.size() && s[n] == '\'') ++n;
      t.text = s.substr(i, n - i);
      t.is_name = true;
    } else {
      for (const char* symbol : symbols)
        if (s.compare(i, std::strlen(symbol), symbol) == 0) t.text = symbol;
      if (t.text.empty()) t.text = s.substr(i, 1);
      if (!std::strchr("+-/^()[],|<>=", t.text[0]) && t.text.size() == 1) throw Wrong("unknown character in: " + s);
    }
    i += t.text.size();
    list.push_back(t);
  }
  return list;
}

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text), tokens_(tokens(text)) {}

  void statement(Line& to) {
    Statement s;
    s.target = name();
    if (take("[")) s.place = places();
    for (const char* sign : {"=", "+=", "←"})
      if (take(sign)) s.sign = sign;
    if (s.sign.empty()) fail("expected = or += or ←");
    s.value = choice();
    while (take(",")) clause(s, to);
    if (at_ != tokens_.size()) fail("what is this?");
    to.statements.push_back(std::move(s));
  }

 private:
  [[noreturn]] void fail(const char* why) const {
    const std::size_t at = at_ < tokens_.size() ? tokens_[at_].at : text_.size();
    throw Wrong(std::string(why) + " at '" + text_.substr(at) + "' of: " + text_);
  }
  bool is(const char* text, std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() && tokens_[at_ + ahead].text == text;
  }
  bool take(const char* text) {
    if (!is(text)) return false;
    ++at_;
    return true;
  }
  void need(const char* text) {
    if (!take(text)) fail(("expected " + std::string(text)).c_str());
  }
  bool is_name(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() && tokens_[at_ + ahead].is_name && !words.contains(tokens_[at_ + ahead].text);
  }
  std::string name() {
    if (!is_name()) fail("expected a name");
    return tokens_[at_++].text;
  }
  std::int64_t integer() {
    const bool minus = take("-");
    if (at_ >= tokens_.size() || !tokens_[at_].is_number) fail("expected a number");
    const auto n = static_cast<std::int64_t>(tokens_[at_++].number);
    return minus ? -n : n;
  }
  static TermPtr make(std::string what, std::vector<TermPtr> parts) {
    return std::make_shared<Term>(Term{.what = std::move(what), .name = {}, .parts = std::move(parts)});
  }

  // ---- what stands behind a comma ----

  bool is_clause() const {
    return (is_name() && (is("=", 1) || is("<", 1))) || is("repeated") || (is("(") && is_name(1) && is(",", 2));
  }
  void clause(Statement& s, Line& to) {
    if (take("repeated")) {
      need("along");
      s.repeated = axes();
    } else if (take("(")) {
      std::vector<std::string> names{name()};
      while (take(",")) names.push_back(name());
      need(")");
      need("=");
      need("first");
      if (name() != "argmax") fail("expected argmax");
      need("(");
      to.argmaxes.emplace_back(names, choice());
      need(")");
    } else {
      const std::string what = name();
      if (take("<")) {
        to.ranges[what] = integer();
      } else {
        need("=");
        to.definitions[what] = choice();
      }
    }
  }
  std::vector<int> axes() {
    if (!take("axis")) need("axes");
    std::vector<int> list{static_cast<int>(integer())};
    while (is(",") && at_ + 1 < tokens_.size() && tokens_[at_ + 1].is_number) {
      ++at_;
      list.push_back(static_cast<int>(integer()));
    }
    return list;
  }

  // ---- terms, from the loosest to the tightest ----

  TermPtr choice() {
    TermPtr value = condition();
    if (take("expanded")) return sized("expanded", value);
    if (take("reshaped")) return sized("reshaped", value);
    if (take("summed")) return sized("summed", value);
    if (take("as")) {
      const bool of = take("the");
      if (of && name() != "dtype") fail("expected dtype");
      if (of) need("of");
      return std::make_shared<Term>(Term{.what = of ? "as the dtype of" : "as", .name = name(), .parts = {value}});
    }
    if (!take("where")) return value;
    const TermPtr when = condition();
    TermPtr other;
    need(",");
    if (take("else"))
      other = choice();
    else if (is_clause())
      fail("expected else");
    else
      other = choice();
    return make("where", {value, when, other});
  }
  TermPtr sized(const char* what, const TermPtr& value) {
    Term t{.what = what, .name = {}, .parts = {value}};
    need("to");
    if (take("the")) {
      if (name() != "shape") fail("expected shape");
      need("of");
      t.name = name();
    } else {
      need("(");
      while (!take(")")) {
        t.sizes.push_back(integer());
        take(",");
      }
    }
    return std::make_shared<Term>(std::move(t));
  }
  TermPtr condition() {
    TermPtr left = both();
    while (take("or")) left = make("or", {left, both()});
    return left;
  }
  TermPtr both() {
    TermPtr left = comparison();
    while (take("and")) left = make("and", {left, comparison()});
    return left;
  }
  TermPtr comparison() {
    TermPtr left = total(), all;
    for (;;) {
      std::string sign;
      for (const char* s : {"<=", ">=", "<", ">", "="})
        if (is(s)) sign = s;
      if (sign.empty()) return all ? all : left;
      ++at_;
      const TermPtr right = total(), one = make(sign, {left, right});
      all = all ? make("and", {all, one}) : one;
      left = right;
    }
  }
  TermPtr total() {
    const bool minus = take("-");
    TermPtr left = product();
    if (minus) left = make("-", {left});
    for (;;) {
      if (take("+"))
        left = make("+", {left, product()});
      else if (take("-"))
        left = make("-", {left, product()});
      else
        return left;
    }
  }
  bool begins_factor() const {
    if (at_ >= tokens_.size()) return false;
    const Token& t = tokens_[at_];
    return t.is_number || is_name() || is("(") || is("⌊") || is("⌈") || is("∞") || is("π") || (is("|") && !bars_);
  }
  TermPtr product() {
    TermPtr left = power();
    for (;;) {
      if (take("/"))
        left = make("/", {left, power()});
      else if (take("⊙"))
        left = make("⊙", {left, power()});
      else if (begins_factor())
        left = make("*", {left, power()});
      else
        return left;
    }
  }
  TermPtr power() {
    TermPtr base = atom();
    for (;;) {
      if (take("²"))
        base = make("^", {base, number(2)});
      else if (take("³"))
        base = make("^", {base, number(3)});
      else if (take("ᵀ"))
        base = make("ᵀ", {base});
      else if (take("^"))
        return make("^", {base, power()});
      else
        return base;
    }
  }
  static TermPtr number(double x) { return std::make_shared<Term>(Term{.what = "number", .name = {}, .number = x}); }
  TermPtr atom() {
    if (at_ >= tokens_.size()) fail("something is missing");
    const Token t = tokens_[at_];
    if (t.is_number) return ++at_, number(t.number);
    if (take("∞")) return number(HUGE_VAL);
    if (take("π")) return number(3.14159265358979323846);
    if (take("(")) return closed(")");
    if (take("⌊")) return make("floor", {closed("⌋")});
    if (take("⌈")) return make("ceil", {closed("⌉")});
    if (take("|")) {
      ++bars_;
      const TermPtr inner = total();
      need("|");
      --bars_;
      return make("abs", {inner});
    }
    const std::string n = name();
    if (functions.contains(n) && is("(")) return call(n);
    if (functions.contains(n) && begins_factor())
      return std::make_shared<Term>(Term{.what = "call", .name = n, .parts = {power()}});
    Term named{.what = "name", .name = n};
    if (take("[")) {
      named.what = "index";
      named.parts = places();
    }
    return std::make_shared<Term>(std::move(named));
  }
  TermPtr closed(const char* end) {
    const int bars = std::exchange(bars_, 0);
    TermPtr inner = choice();
    bars_ = bars;
    need(end);
    return inner;
  }
  TermPtr call(const std::string& n) {
    const int bars = std::exchange(bars_, 0);
    Term t{.what = "call", .name = n};
    need("(");
    t.parts.push_back(choice());
    while (take(",")) {
      if (take("no")) {
        need("axes");
        t.axes_of = "nothing";
      } else if (is("axes") && is("of", 1)) {
        at_ += 2;
        t.axes_of = name();
      } else if (is("axis") || is("axes")) {
        t.axes = axes();
      } else {
        t.parts.push_back(choice());
      }
    }
    need(")");
    bars_ = bars;
    return std::make_shared<Term>(std::move(t));
  }
  // Behind "[".
  std::vector<TermPtr> places() {
    std::vector<TermPtr> list;
    while (!take("]")) {
      if (take("…"))
        list.push_back(make("…", {}));
      else
        list.push_back(total());
      if (!is("]")) need(",");
    }
    return list;
  }

  const std::string& text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int bars_ = 0;
};

}  // namespace

Line parse(const std::string& text) {
  Line line;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = std::min(text.find("  ", i), text.size());
    const std::string share = text.substr(i, end - i);
    Parser(share).statement(line);
    i = std::min(text.find_first_not_of(' ', end), text.size());
  }
  if (line.statements.empty()) throw Wrong("an empty line");
  return line;
}

}  // namespace formula
