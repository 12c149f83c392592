// A recursive-descent parser, bounded in length and depth, that writes postfix instructions; and their text.
//   sum = product { (+|-) product }      product = signed { [*|/] signed }      signed = {+|-} power
//   power = atom [^ signed | ** signed | ² ³ …]
//   atom = number | x | y | pi | e | name ( sum [, sum] ) | ( sum )
#include "study/descent/formula.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <numbers>
#include <optional>
#include <vector>

#include <gradus/ops.hpp>
#include <gradus/tape.hpp>

#include "tensor/format.hpp"
#include "tensor/impl.hpp"
#include "tensor/number.hpp"

namespace gradus::study {
namespace {

constexpr std::size_t longest = 500;
constexpr int deepest = 50;

using Unary = Tensor (*)(Arg);
using Binary = Tensor (*)(Arg, Arg);

struct Function {
  std::string_view name;
  int takes;
  Unary one;
  Binary two;
};
constexpr Function functions[] = {
    {"sin", 1, sin, {}},     {"cos", 1, cos, {}},         {"tan", 1, tan, {}},       {"exp", 1, exp, {}},
    {"log", 1, log, {}},     {"ln", 1, log, {}},          {"sqrt", 1, sqrt, {}},     {"abs", 1, abs, {}},
    {"tanh", 1, tanh, {}},   {"sigmoid", 1, sigmoid, {}}, {"square", 1, square, {}}, {"min", 2, {}, minimum},
    {"max", 2, {}, maximum},
};

// Powers of whole numbers are products: exact, and right at 0 in every derivative.
Tensor power(Arg a, Arg b) {
  if (!b.is_number() || a.is_number()) return pow(a, b);
  const double n = b.number();
  if (n != std::floor(n) || n < 1 || n > 16) return pow(a, b);
  Tensor square_of = a.tensor(), result;
  for (int k = static_cast<int>(n); k > 0; k /= 2) {
    if (k % 2) result = result.defined() ? result * square_of : square_of;
    if (k > 1) square_of = square(square_of);
  }
  return result;
}

// A number, a variable, or an operation on what lies on top of the stack.
struct Instruction {
  enum Kind { number, variable, unary, binary } kind;
  double value = 0;
  int index = 0;
  Unary one = nullptr;
  Binary two = nullptr;
  std::string_view name = "";  // of an operation
};

// A formula's value: a tensor, or a number as long as it contains no variable.
struct Value {
  Tensor tensor = {};
  double number = 0;
  Arg arg() const { return tensor.defined() ? Arg(tensor) : Arg(number); }
};

class Parser {
 public:
  // `names` are the variables; with names of its own a formula may also be a constant.
  Parser(std::string_view text, Loc where, std::vector<std::string> names = {})
      : text_(text), where_(where), varies_(!names.empty()), names_(std::move(names)) {
    if (names_.empty()) names_ = {"x", "y"};
  }

  std::vector<Instruction> parse() {
    if (text_.size() > longest) fail(formatted("{} characters", text_.size()), formatted("at most {}", longest), 0);
    sum();
    if (at_ < text_.size()) unexpected("an operator, or the end");
    if (!varies_) fail("a constant", "a formula with x or y", 0);
    return std::move(code_);
  }

 private:
  [[noreturn]] void fail(const std::string& got, const std::string& expected, std::size_t column) const {
    const std::string shown(text_.substr(0, 60));
    throw Error("formula",
                {.wrong = formatted("'{}' is not a valid formula", shown),
                 .got = column ? formatted("{} at column {}", got, column) : got,
                 .expected = expected,
                 .advice = got == "'*'" ? "write a power as x^2" : ""},
                gradus::detail::user_line(where_));
  }
  [[noreturn]] void unexpected(const std::string& expected) const {
    if (at_ >= text_.size()) fail("the end", expected, at_ + 1);
    const auto c = static_cast<unsigned char>(text_[at_]);
    fail(std::isprint(c) ? formatted("'{}'", text_[at_]) : formatted("byte {:#04x}", c), expected, at_ + 1);
  }

  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool starts_atom() {
    skip();
    if (at_ >= text_.size()) return false;
    const auto c = static_cast<unsigned char>(text_[at_]);
    return std::isalnum(c) || c == '.' || c == '(';
  }

  void emit(Binary two, std::string_view name) {
    code_.push_back({.kind = Instruction::binary, .two = two, .name = name});
  }
  void emit(Unary one, std::string_view name) {
    code_.push_back({.kind = Instruction::unary, .one = one, .name = name});
  }

  // The right operand, then the operation.
  void term(void (Parser::*operand)(), Binary two, std::string_view name) {
    (this->*operand)();
    emit(two, name);
  }

  void sum() {
    if (++depth_ > deepest) fail("more brackets", formatted("brackets at most {} deep", deepest), at_ + 1);
    product();
    for (;;) {
      if (take('+'))
        term(&Parser::product, add, "+");
      else if (take('-'))
        term(&Parser::product, sub, "-");
      else
        break;
    }
    --depth_;
  }
  void product() {
    signed_power();
    for (;;) {
      if (take('*'))
        term(&Parser::signed_power, mul, "*");
      else if (take('/'))
        term(&Parser::signed_power, div, "/");
      else if (starts_atom())
        term(&Parser::power_of, mul, "*");
      else
        return;
    }
  }
  void signed_power() {
    bool minus = false;
    for (;;) {
      if (take('-'))
        minus = !minus;
      else if (!take('+'))
        break;
    }
    power_of();
    if (minus) emit(neg, "neg");
  }
  void power_of() {
    atom();
    if (const std::optional<int> raised = superscript()) {
      constant(*raised);
      return emit(power, "^");
    }
    if (!take('^') && !take_stars()) return;
    if (++depth_ > deepest) fail("more powers of powers", formatted("powers at most {} deep", deepest), at_ + 1);
    signed_power();
    --depth_;
    emit(power, "^");
  }
  // ** as in Python
  bool take_stars() {
    skip();
    if (!text_.substr(at_).starts_with("**")) return false;
    at_ += 2;
    return true;
  }
  // ², ³, or several raised digits
  std::optional<int> superscript() {
    constexpr std::string_view digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    std::optional<int> number;
    for (bool found = true; found && number.value_or(0) < 1000;) {
      found = false;
      for (int d = 0; d < 10 && !found; ++d)
        if (text_.substr(at_).starts_with(digits[d])) {
          number = 10 * number.value_or(0) + d;
          at_ += digits[d].size();
          found = true;
        }
    }
    return number;
  }
  void atom() {
    skip();
    if (take('(')) {
      sum();
      if (!take(')')) unexpected("')'");
      return;
    }
    if (at_ >= text_.size()) unexpected(formatted("a number, {}, a function or '('", variables()));
    const auto c = static_cast<unsigned char>(text_[at_]);
    if (std::isdigit(c) || c == '.') return number();
    if (std::isalpha(c)) return word();
    unexpected(formatted("a number, {}, a function or '('", variables()));
  }
  std::string variables() const {
    std::string all = names_[0];
    for (std::size_t i = 1; i < names_.size(); ++i) all += ", " + names_[i];
    return all;
  }
  void number() {
    const std::string_view rest = text_.substr(at_);
    const std::size_t length = gradus::detail::number_length(rest);
    const std::optional<double> value = gradus::detail::parse_number(rest.substr(0, length));
    if (!value || !std::isfinite(*value)) unexpected("a number");
    at_ += length;
    constant(*value);
  }
  void constant(double value) { code_.push_back({.kind = Instruction::number, .value = value}); }

  void word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_]))) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (const auto variable = std::ranges::find(names_, name); variable != names_.end()) {
      varies_ = true;
      code_.push_back({.kind = Instruction::variable, .index = static_cast<int>(variable - names_.begin())});
    } else if (name == "pi") {
      constant(std::numbers::pi);
    } else if (name == "e") {
      constant(std::numbers::e);
    } else if (const auto f = std::ranges::find(functions, name, &Function::name); f != std::end(functions)) {
      if (!take('(')) unexpected(formatted("'(' after {}", name));
      sum();
      if (f->takes == 2) {
        if (!take(',')) unexpected(formatted("',': {} takes two", name));
        sum();
      }
      if (!take(')')) unexpected("')'");
      if (f->takes == 2)
        emit(f->two, f->name);
      else
        emit(f->one, f->name);
    } else {
      std::string known = variables() + ", pi, e";
      for (const Function& g : functions) known += formatted(", {}", g.name);
      fail(formatted("'{}'", name), known, begin + 1);
    }
  }

  std::string_view text_;
  Loc where_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool varies_ = false;
  std::vector<std::string> names_;
  std::vector<Instruction> code_;
};

// Operations on numbers alone: as on tensors of one.
double on_numbers(const Instruction& i, double a, double b) {
  const NoRecord pause;
  const Tensor x = scalar(a, f64), y = scalar(b, f64);
  return (i.kind == Instruction::unary ? i.one(x) : i.two(x, y)).item();
}

Tensor run(const std::vector<Instruction>& code, const std::vector<Tensor>& variables) {
  std::vector<Value> stack;
  for (const Instruction& i : code) {
    switch (i.kind) {
      case Instruction::number:
        stack.push_back({.number = i.value});
        break;
      case Instruction::variable:
        stack.push_back({.tensor = variables[static_cast<std::size_t>(i.index)]});
        break;
      case Instruction::unary: {
        Value& a = stack.back();
        a = a.tensor.defined() ? Value{.tensor = i.one(a.arg())} : Value{.number = on_numbers(i, a.number, 0)};
        break;
      }
      case Instruction::binary: {
        const Value b = stack.back();
        stack.pop_back();
        Value& a = stack.back();
        const bool numbers = !a.tensor.defined() && !b.tensor.defined();
        a = numbers ? Value{.number = on_numbers(i, a.number, b.number)} : Value{.tensor = i.two(a.arg(), b.arg())};
        break;
      }
    }
  }
  const Value& result = stack.back();
  return result.tensor.defined() ? result.tensor : scalar(result.number, f64);
}

std::optional<std::vector<Instruction>> parsed(std::string_view text) {
  try {
    return Parser(text, Loc::current()).parse();
  } catch (const Error&) { return std::nullopt; }
}

}  // namespace

std::string formula_program(std::string_view text) {
  const auto code = parsed(text);
  if (!code) return "";
  std::string list;
  for (const Instruction& i : *code) {
    list += list.empty() ? "[" : ",";
    if (i.kind == Instruction::number)
      list += formatted("{}", i.value);
    else
      list += formatted("\"{}\"", i.kind == Instruction::variable ? (i.index == 0 ? "x" : "y") : i.name);
  }
  return list + "]";
}

bool is_of_one_variable(std::string_view text) {
  const auto code = parsed(text);
  return code && std::ranges::none_of(
                     *code, [](const Instruction& i) { return i.kind == Instruction::variable && i.index == 1; });
}

std::function<Tensor(const Tensor& x, const Tensor& y)> parse_formula(std::string_view text, Loc where) {
  return [code = Parser(text, where).parse()](const Tensor& x, const Tensor& y) { return run(code, {x, y}); };
}

std::function<Tensor(const std::vector<Tensor>& values)> parse_formula(std::string_view text,
                                                                       const std::vector<std::string>& names,
                                                                       Loc where) {
  return [code = Parser(text, where, names).parse()](const std::vector<Tensor>& values) { return run(code, values); };
}

}  // namespace gradus::study
