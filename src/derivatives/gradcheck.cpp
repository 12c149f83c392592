// The gradient by the rules beside the gradient by differences, at one or two orders, and whose rule is to blame.
#include <gradus/gradcheck.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/ops.hpp>

#include "kernels/random.hpp"
#include "tape/guards.hpp"
#include "tape/observers.hpp"
#include "tensor/format.hpp"

namespace gradus {

const char* name(Verdict v) {
  constexpr const char* names[] = {"ok", "kink", "wrong", "zero", "jump"};
  return names[static_cast<int>(v)];
}

namespace detail {
namespace {

// Draws of the check's own, so that the functions under test find the generator as it was.
Tensor draw(const Shape& shape, std::uint64_t seed, std::uint64_t& counter) {
  Tensor x = empty(shape, f64);
  kernels::normal(seed, counter, x.numel(), detail::data<double>(x));
  counter += static_cast<std::uint64_t>(x.numel());
  return x;
}

// Every call sees the same random numbers: dropout draws the same mask.
class SameDraws {
 public:
  SameDraws() : seed_(default_generator().seed()), counter_(default_generator().counter()) {}
  void rewind() const { default_generator().reset(seed_, counter_); }

 private:
  std::uint64_t seed_, counter_;
};

double dot(const Tensor& a, const Tensor& b) {
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  double s = 0;
  for (std::size_t i = 0; i < x.size(); ++i) s += x[i] * y[i];
  return s;
}

// sum over k of sum(c[k] * y[k]), recorded
Tensor paired(const std::vector<Tensor>& y, const std::vector<Tensor>& c) {
  Tensor total;
  for (std::size_t k = 0; k < y.size(); ++k) {
    const Tensor term = sum(y[k] * c[k]);
    total = total.defined() ? total + term : term;
  }
  return total;
}

// The function whose derivative is measured: phi(x) = <cotangents, f(x)>, and its gradient by the rules.
struct Subject {
  const Function& f;
  int order;
  std::uint64_t seed;
  Loc where;  // of the call of gradcheck
  SameDraws draws;
  std::vector<Tensor> weights, outer;  // cotangents of f's outputs; at order 2, of f's gradients

  std::vector<Tensor> outputs(const std::vector<Tensor>& x) const {
    draws.rewind();
    std::vector<Tensor> y = f(x);
    std::erase_if(y, [](const Tensor& t) { return !t.defined() || !is_floating(t.dtype()); });
    return y;
  }

  // At order 2 the inputs are f's, then the cotangents; the outputs are f's gradients.
  double value(const std::vector<Tensor>& x) const {
    const Aside aside;
    if (order == 1) {
      const auto y = outputs(x);
      double s = 0;
      for (std::size_t k = 0; k < y.size(); ++k) s += dot(y[k], weights[k]);
      return s;
    }
    Tape tape({}, where);
    const auto g = inner(tape, x, false);
    double s = 0;
    for (std::size_t k = 0; k < g.size(); ++k) s += dot(g[k], outer[k]);
    return s;
  }

  std::vector<Tensor> gradient(const std::vector<Tensor>& x) const {
    const Aside aside;
    Tape tape({}, where);
    for (const Tensor& t : x)
      if (is_floating(t.dtype())) tape.watch(t, where);
    const Tensor total = order == 1 ? paired(outputs(x), weights) : paired(inner(tape, x, true), outer);
    std::vector<Tensor> targets, result;
    for (const Tensor& t : x)
      if (is_floating(t.dtype())) targets.push_back(t);
    if (tape.index_of(total) < 0) {
      for (const Tensor& t : targets) result.push_back(zeros_like(t));
      return result;
    }
    return tape.gradient(Arg(total, where), targets);
  }

  std::vector<Tensor> inner(Tape& tape, const std::vector<Tensor>& x, bool record) const {
    const auto split = x.end() - static_cast<std::ptrdiff_t>(weights.size());
    const std::vector<Tensor> inputs(x.begin(), split), cotangents(split, x.end());
    std::vector<Tensor> targets;
    for (const Tensor& t : inputs)
      if (is_floating(t.dtype())) {
        tape.watch(t, where);
        targets.push_back(t);
      }
    const Tensor total = paired(outputs(inputs), cotangents);
    if (tape.index_of(total) < 0) {
      for (Tensor& t : targets) t = zeros_like(t);
      return targets;
    }
    return tape.gradient(Arg(total, where), targets, {.record = record});
  }
};

// phi along a line, so that differences can be taken with any step.
struct Line {
  const Subject& subject;
  std::vector<Tensor> x;  // copies that may be overwritten
  std::size_t input;
  Tensor direction;
  double operator()(double t) {
    const Tensor before = x[input];
    x[input] = before + direction * t;
    const double v = subject.value(x);
    x[input] = before;
    return v;
  }
};

bool close(double a, double b, double rtol, double atol) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::abs(a - b) <= atol + rtol * std::max(std::abs(a), std::abs(b));
}

// Does a one-sided difference grow as its step shrinks? A jump of size d gives d/h.
bool grows(double near, double far) { return std::abs(near) > 8 * std::abs(far) && std::abs(near) > 1e3; }

// The five-point difference is good to about h^4; where it disagrees, look closer before saying so.
std::pair<Verdict, double> judge(Line& phi, int order, double analytic, const GradcheckOptions& o) {
  const double h = 1e-4;
  const double wide = (8 * (phi(h) - phi(-h)) - (phi(2 * h) - phi(-2 * h))) / (12 * h);
  if (close(analytic, wide, o.rtol, o.atol)) return {Verdict::ok, wide};

  const double here = phi(0), near = 1e-6, far = 1e-5;
  const double right = (phi(near) - here) / near, left = (here - phi(-near)) / near;
  if (grows(right, (phi(far) - here) / far) || grows(left, (here - phi(-far)) / far)) {
    const double finite_side = std::abs(right) < std::abs(left) ? right : left;
    return {order == 1 ? Verdict::jump : Verdict::kink, finite_side};  // the gradient of a function jumps at its kinks
  }

  const double scale = std::max({1.0, std::abs(analytic), std::abs(wide)});
  const double noise = 1e-10 * std::max(1.0, std::abs(here)) / near;  // of the one-sided differences
  const double narrow = (right + left) / 2;
  const bool smooth = std::abs(right - left) <= 1e-3 * scale + noise;
  if (smooth && close(wide, narrow, 1e-4, 1e-4)) return {Verdict::wrong, wide};
  if (smooth) {  // at x itself: a kink was only within reach of the wide step
    const bool fits = close(analytic, narrow, 1e-4, 1e-4 * std::max(1.0, std::abs(here)));
    return {fits ? Verdict::ok : Verdict::wrong, narrow};
  }
  const double slack = 1e-4 * scale + noise;
  const bool between = analytic >= std::min(left, right) - slack && analytic <= std::max(left, right) + slack;
  return {between ? Verdict::kink : Verdict::wrong, narrow};
}

// Which of two verdicts to show: the more serious, then the one with the larger gap.
double severity(Verdict verdict, double gap) {
  if (verdict == Verdict::wrong || verdict == Verdict::jump) return gap + 1e300;
  return verdict == Verdict::kink ? gap + 1e150 : gap;
}

std::vector<InputVerdict> check(const Subject& subject, const std::vector<Tensor>& x, const GradcheckOptions& o) {
  const std::vector<Tensor> gradients = subject.gradient(x);
  std::vector<InputVerdict> verdicts;
  std::uint64_t counter = 1u << 20;
  std::size_t next = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!is_floating(x[i].dtype())) continue;
    const Tensor& g = gradients[next++];
    InputVerdict worst{static_cast<int>(i), subject.order, Verdict::zero, 0, 0, 0};
    double worst_gap = -1;
    const bool each = x[i].numel() <= o.each_up_to;
    const std::int64_t checks = x[i].numel() == 0 ? 0 : each ? x[i].numel() : o.directions;
    for (std::int64_t e = 0; e < checks; ++e) {
      Tensor direction = each ? zeros(x[i].shape(), f64) : draw(x[i].shape(), subject.seed, counter);
      if (each)
        detail::data<double>(direction)[e] = 1;
      else
        direction.mul_(1 / std::sqrt(dot(direction, direction)));
      const double analytic = dot(g, direction);
      Line phi{subject, x, i, direction};
      const auto [verdict, numeric] = judge(phi, subject.order, analytic, o);
      if (verdict == Verdict::ok && std::abs(analytic) <= o.atol && std::abs(numeric) <= o.atol) continue;
      const double gap = severity(verdict, std::abs(analytic - numeric));
      if (!(gap > worst_gap) && !std::isnan(gap)) continue;
      worst_gap = std::isnan(gap) ? 1e301 : gap;
      worst = {worst.input, worst.order, verdict, each ? e : -1 - e, analytic, numeric};
    }
    verdicts.push_back(worst);
  }
  return verdicts;
}

// ---- a function that cannot be checked ----

// Does it take f32, though not f64? Then it holds parameters of f32.
bool works_in_f32(const Subject& subject, const std::vector<Tensor>& x) {
  try {
    std::vector<Tensor> single;
    for (const Tensor& t : x) single.push_back(is_floating(t.dtype()) ? t.to(f32) : t);
    subject.outputs(single);
    return true;
  } catch (const Error&) { return false; }
}

// f(x), called twice: it must be the same.
std::vector<Tensor> first_outputs(const Subject& subject, const std::vector<Tensor>& x) {
  const Aside aside;
  const auto called = [&] {
    try {
      return subject.outputs(x);
    } catch (const Error& e) {
      if (!works_in_f32(subject, x)) throw;
      throw Error("gradcheck",
                  {.wrong = "the function works in f32 and not in f64: " + e.operation() + ": " + e.complaint().wrong,
                   .got = e.complaint().got + " at " + to_string(e.where()),
                   .expected = "a function of f64 tensors: differences in f32 are too coarse",
                   .advice = "convert what it uses: net.to(f64)"},
                  subject.where);
    }
  };
  const std::vector<Tensor> first = called(), second = called();
  const bool same = std::equal(first.begin(), first.end(), second.begin(), second.end(),
                               [](const Tensor& a, const Tensor& b) { return equal(a, b); });
  if (same) return first;
  std::size_t k = 0;
  while (k < first.size() && k < second.size() && equal(first[k], second[k])) ++k;
  const auto shown = [&](const std::vector<Tensor>& y) {
    if (k >= y.size()) return std::string("no result");
    return y[k].numel() == 1 ? formatted("{:.9g}", y[k].item()) : "shape " + to_string(y[k].shape());
  };
  throw Error("gradcheck",
              {.wrong = "the function is not deterministic: two calls with the same inputs differ",
               .got = "result " + std::to_string(k) + ": " + shown(first) + ", then " + shown(second),
               .expected = "the same numbers each time",
               .advice = "remove counters and other state; random numbers of the default generator are repeated"},
              subject.where);
}

std::vector<InputVerdict> check_orders(const Function& f, std::vector<Tensor> x, const GradcheckOptions& o, Loc where) {
  std::vector<InputVerdict> all;
  std::uint64_t counter = 0;
  Subject subject{f, 1, o.seed, where, {}, {}, {}};
  for (const Tensor& y : first_outputs(subject, x)) subject.weights.push_back(draw(y.shape(), o.seed, counter));
  for (auto& v : check(subject, x, o)) all.push_back(v);
  if (o.order < 2) return all;
  subject.order = 2;
  for (const Tensor& t : x)
    if (is_floating(t.dtype())) subject.outer.push_back(draw(t.shape(), o.seed, counter));
  for (const Tensor& c : subject.weights) x.push_back(c);
  for (auto& v : check(subject, x, o)) all.push_back(v);
  return all;
}

bool any(const std::vector<InputVerdict>& list, Verdict v) {
  return std::any_of(list.begin(), list.end(), [&](const InputVerdict& i) { return i.verdict == v; });
}

// Each recorded operation by itself, at the values it was run with: the first whose own rule fails.
std::string find_blame(const Function& f, const std::vector<Tensor>& x, GradcheckOptions o, Loc where) {
  const Aside aside;
  const SameDraws draws;
  Tape tape({.replay = true}, where);
  for (const Tensor& t : x)
    if (is_floating(t.dtype())) tape.watch(t, where);
  f(x);
  draws.rewind();
  const std::vector<Tensor> values = tape.replay({}, where);
  o.each_up_to = 16;
  for (int i = 0; i < tape.size(); ++i) {
    const NodeView node = tape[i];
    if (node.inputs().empty()) continue;
    std::vector<Tensor> in;
    for (const int k : node.inputs()) in.push_back(clone(values[static_cast<std::size_t>(k)]));
    const auto again = [&](const std::vector<Tensor>& v) { return node.apply(v); };
    if (any(check_orders(function(again), in, o, where), Verdict::wrong))
      return formatted("{} ({})", node.name(), to_string(node.where()));
  }
  return {};
}

void check_call(int takes, const std::vector<Tensor>& inputs, const GradcheckOptions& o, Loc where) {
  const auto refuse = [&](Complaint c) { throw Error("gradcheck", std::move(c), where); };
  if (takes >= 0 && takes != static_cast<int>(inputs.size()))
    refuse({.wrong = "the function takes another number of tensors",
            .got = std::to_string(inputs.size()),
            .expected = std::to_string(takes)});
  if (o.order < 1 || o.order > 2)
    refuse({.wrong = "order is out of range", .got = std::to_string(o.order), .expected = "1 or 2"});
  for (const double tolerance : {o.rtol, o.atol})
    if (!(tolerance >= 0) || std::isinf(tolerance))
      refuse({.wrong = "a tolerance is out of range",
              .got = formatted("rtol {} and atol {}", o.rtol, o.atol),
              .expected = "finite numbers, 0 or more"});
  if (o.each_up_to < 0 || o.directions < 1)
    refuse({.wrong = "each_up_to or directions is out of range",
            .got = formatted("{} and {}", o.each_up_to, o.directions),
            .expected = "each_up_to of 0 or more, directions of 1 or more"});
  for (const Tensor& t : inputs) check_defined(t, "gradcheck", where);
}

// Why the result is not ok; empty if it is.
std::string why_not(const std::vector<InputVerdict>& verdicts) {
  for (const InputVerdict& v : verdicts) {
    if (v.verdict == Verdict::wrong)
      return formatted("order {}: the gradient of input {} is {:.9g} by the rules and {:.9g} by differences", v.order,
                       v.input, v.analytic, v.numeric);
    if (v.verdict == Verdict::jump)
      return formatted("order {}: the function jumps at this value of input {}, so it has no derivative there", v.order,
                       v.input);
  }
  if (verdicts.empty()) return "nothing was compared: no input is a floating-point tensor with elements";
  const bool compared = std::any_of(verdicts.begin(), verdicts.end(),
                                    [](const InputVerdict& v) { return v.order == 1 && v.verdict != Verdict::zero; });
  return compared ? "" : "only zeros were compared: the result does not depend on any input here";
}

}  // namespace

GradcheckResult gradcheck(const Function& f, int takes, const std::vector<Tensor>& inputs, const GradcheckOptions& o,
                          Loc where) {
  where = user_line(where);
  check_call(takes, inputs, o, where);
  const Aside aside;
  const Unobserved quiet;
  std::vector<Tensor> x;
  for (const Tensor& t : inputs) x.push_back(is_floating(t.dtype()) ? clone(t.detach().to(f64)) : t.detach());
  const SameDraws draws;
  GradcheckResult r;
  r.inputs = check_orders(f, x, o, where);
  draws.rewind();
  r.reason = why_not(r.inputs);
  r.ok = r.reason.empty();
  if (any(r.inputs, Verdict::wrong)) r.blame = find_blame(f, x, o, where);
  draws.rewind();
  return r;
}

}  // namespace detail

std::string to_string(const GradcheckResult& r) {
  std::string text = formatted("gradcheck: {}\n", r.ok ? "ok" : "FAILED");
  for (const InputVerdict& v : r.inputs) {
    const bool along = v.at < 0;
    text +=
        formatted("  order {}  input {:<2}  {:<6} rules {:>16.9g}   differences {:>16.9g}   {} {}\n", v.order, v.input,
                  name(v.verdict), v.analytic, v.numeric, along ? "direction" : "element", along ? -1 - v.at : v.at);
  }
  if (!r.reason.empty()) text += "  " + r.reason + "\n";
  if (!r.blame.empty()) text += "  the rule at fault: " + r.blame + "\n";
  return text;
}

}  // namespace gradus
