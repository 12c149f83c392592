// Breakpoints: from a text to a condition, and whether a step fulfils it.
#include "step/breakpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/command.hpp"
#include "step/text.hpp"
#include "tensor/number.hpp"

namespace gradus::tool {
namespace {

constexpr const char* takes =
    "expected op:NAME, t:NAME, t7, scope:NAME, line:FILE:N, nan, inf, nonfinite, zero, norm>N, check:bad or fanin";

using Kind = Breakpoint::Kind;

bool read(std::string_view text, double& to) {
  const auto value = detail::parse_number(text);
  to = value.value_or(0);
  return value.has_value();
}
bool read(std::string_view text, int& to) {
  const auto value = detail::parse_integer(text);
  if (!value || *value != static_cast<int>(*value)) return false;
  to = static_cast<int>(*value);
  return true;
}

Breakpoint place(std::string_view spec) {
  const std::string_view rest = spec.substr(5);
  const std::size_t colon = rest.rfind(':');
  Breakpoint b{.kind = Kind::line};
  if (colon == rest.npos || colon == 0 || !read(rest.substr(colon + 1), b.line))
    throw Stop(usage, fmt::format("'{}': expected a file and a line, as in line:xor.cpp:16", clean(spec)));
  b.text = rest.substr(0, colon);
  return b;
}

// The tensors of a step in which NaN and infinity are looked for.
std::vector<const trace::Numbers*> tensors(const trace::Body& body) {
  if (const auto* e = std::get_if<trace::Op>(&body)) return {&e->value};
  if (const auto* e = std::get_if<trace::Visit>(&body)) return {&e->grad};
  if (const auto* e = std::get_if<trace::Contribution>(&body)) return {&e->added, &e->after};
  if (const auto* e = std::get_if<trace::Accumulate>(&body)) return {&e->grad};
  if (const auto* e = std::get_if<trace::Step>(&body); e && e->after) return {&*e->after};
  return {};
}

// Is there a NaN, or an infinity, among the numbers of a step?
bool has(const trace::Body& body, bool nan, bool inf) {
  return std::ranges::any_of(tensors(body), [&](const trace::Numbers* n) {
    if (!n->has_data()) return (nan && n->stats->nan > 0) || (inf && n->stats->inf > 0);
    return std::ranges::any_of(n->data, [&](double x) { return (nan && std::isnan(x)) || (inf && std::isinf(x)); });
  });
}

bool all_zero(const trace::Numbers& n) {
  if (!n.has_data()) return n.stats->zero == n.shape.numel();
  return !n.data.empty() && std::ranges::all_of(n.data, [](double x) { return x == 0; });
}

// The gradient that a step completes or adds to; null for others.
const trace::Numbers* gradient(const trace::Body& body) {
  if (const auto* e = std::get_if<trace::Visit>(&body)) return &e->grad;
  if (const auto* e = std::get_if<trace::Contribution>(&body)) return &e->after;
  return nullptr;
}

bool is_tensor(const Timeline& timeline, int position, const std::string& name) {
  const trace::Body& body = timeline.body(position);
  if (const auto* e = std::get_if<trace::Step>(&body)) return e->parameter == name;
  if (const auto* e = std::get_if<trace::ZeroGrad>(&body)) return e->name == name;
  if (const auto* e = std::get_if<trace::Mutation>(&body)) return e->name == name;
  if (std::holds_alternative<trace::Visit>(body)) return false;  // its gradient was there before
  const int* node = subject(body);
  const StepTape* tape = timeline.tape(position);
  if (!node || !tape) return false;
  return tape->node(*node).name() == name || (*node >= 0 && name == fmt::format("t{}", *node));
}

bool in_scope(const Timeline& timeline, int position, const std::string& scope) {
  if (position < 1 || position > timeline.count()) return false;
  const trace::Op* op = operation(timeline, position);
  return op && (op->scope == scope || op->scope.starts_with(scope + "."));
}

bool checked(const Timeline& timeline, const trace::Visit& visit, const std::string& verdict) {
  const StepWalk* walk = timeline.walk_numbered(visit.walk);
  if (!walk) return false;
  const auto gradient = walk->gradient.find(visit.node);
  if (gradient != walk->gradient.end() && gradient->second->verdict == verdict) return true;
  for (auto rule = walk->rule.lower_bound({visit.node, 0}); rule != walk->rule.end() && rule->first.first == visit.node;
       ++rule) {
    if (rule->second->verdict == verdict) return true;
  }
  return false;
}

}  // namespace

Breakpoint parse_breakpoint(std::string_view spec) {
  Breakpoint b;
  const auto named = [&](std::string_view prefix, Kind kind) {
    if (!spec.starts_with(prefix) || spec.size() == prefix.size()) return false;
    b.kind = kind;
    b.text = spec.substr(prefix.size());
    return true;
  };
  int node = 0;
  if (spec == "nan") {
    b.kind = Kind::nan;
  } else if (spec == "inf") {
    b.kind = Kind::inf;
  } else if (spec == "nonfinite") {
    b.kind = Kind::nonfinite;
  } else if (spec == "zero") {
    b.kind = Kind::zero;
  } else if (spec == "fanin") {
    b.kind = Kind::fanin;
  } else if (spec.starts_with("norm>")) {
    b.kind = Kind::norm;
    if (!read(spec.substr(5), b.norm) || std::isnan(b.norm))
      throw Stop(usage, fmt::format("'{}': expected a number, as in norm>100", clean(spec)));
  } else if (spec.starts_with("line:")) {
    b = place(spec);
  } else if (spec.size() > 1 && (spec[0] == 't' || spec[0] == 'c') && read(spec.substr(1), node) && node >= 0) {
    b.kind = Kind::tensor;
    b.text = spec;
  } else if (named("check:", Kind::check)) {
    if (b.text != "ok" && b.text != "bad" && b.text != "kink" && b.text != "skipped")
      throw Stop(usage, fmt::format("'{}': expected a verdict: bad, kink, skipped or ok", clean(spec)));
  } else if (!named("op:", Kind::op) && !named("t:", Kind::tensor) && !named("scope:", Kind::scope)) {
    throw Stop(usage, fmt::format("'{}' is not a breakpoint; {}", clean(spec), takes));
  }
  b.spec = spec;
  return b;
}

bool stops(const Timeline& timeline, int position, const Breakpoint& b) {
  const trace::Body& body = timeline.body(position);
  const auto* given = std::get_if<trace::Contribution>(&body);
  const trace::Op* op = operation(timeline, position);
  switch (b.kind) {
    case Kind::op:
      return op && !given && op->op == b.text;
    case Kind::tensor:
      return is_tensor(timeline, position, b.text);
    case Kind::scope:
      return in_scope(timeline, position, b.text) && !in_scope(timeline, position - 1, b.text);
    case Kind::line:
      return op && !given && op->loc.line == b.line && (op->loc.file == b.text || op->loc.file.ends_with("/" + b.text));
    case Kind::nan:
      return has(body, true, false);
    case Kind::inf:
      return has(body, false, true);
    case Kind::nonfinite:
      return has(body, true, true);
    case Kind::zero:
      return gradient(body) && all_zero(*gradient(body));
    case Kind::norm:
      return gradient(body) && stats_of(*gradient(body)).norm > b.norm;
    case Kind::check: {
      const auto* visit = std::get_if<trace::Visit>(&body);
      return visit && checked(timeline, *visit, b.text);
    }
    case Kind::fanin:
      return given && given->k > 1;
  }
  return false;
}

}  // namespace gradus::tool
