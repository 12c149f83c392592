// Derivatives measured on a tape that has been walked: what is measured, along which direction, and what is written.
#include "study/trace/checks.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/random.hpp"
#include "study/trace/judge.hpp"
#include "study/trace/replay.hpp"
#include "tape/guards.hpp"

namespace gradus::study {

namespace {

constexpr std::int64_t each_up_to = 64;
constexpr std::int64_t most_work = 2'000'000;  // operations run for tensors after one walk; `all` has no limit

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double s = 0;
  for (std::size_t i = 0; i < a.size(); ++i) s += a[i] * b[i];
  return s;
}

class Checker {
 public:
  Checker(const Walked& w, const CheckOptions& o, const std::function<void(JsonLine)>& write)
      : w_(w), o_(o), write_(write), replay_(w) {}

  void run() {
    for (int i = 0; i <= w_.from; ++i)
      if (visited(i)) operation(i);
    if (o_.level != Checks::local) tensors();
  }

 private:
  bool visited(int i) const { return w_.grads[static_cast<std::size_t>(i)].defined(); }
  bool expected(int number) const { return number >= 0 && w_.of[static_cast<std::size_t>(number)] > 0; }

  std::vector<double> draw(std::int64_t n) {
    std::vector<double> v(static_cast<std::size_t>(n));
    kernels::normal(1, counter_, n, v.data());
    counter_ += static_cast<std::uint64_t>(n);
    return v;
  }

  // A random direction that steps further where numbers are large.
  std::vector<double> direction(const std::vector<double>& x) {
    std::vector<double> v = draw(static_cast<std::int64_t>(x.size()));
    for (std::size_t e = 0; e < v.size(); ++e)
      if (std::isfinite(x[e])) v[e] *= std::max(1.0, std::abs(x[e]));
    return v;
  }

  static Tensor moved(const std::vector<double>& x, const std::vector<double>& v, double t, const Shape& shape) {
    std::vector<double> y(x.size());
    for (std::size_t e = 0; e < x.size(); ++e) y[e] = x[e] + t * v[e];
    return from_data(std::span<const double>(y), shape);
  }

  JsonLine event(const char* kind, int node) {
    JsonLine e("check");
    e.string("kind", kind).integer("node", node);
    return e;
  }
  void skipped(JsonLine e, const std::string& why) { write_(e.string("verdict", "skipped").string("why", why)); }

  // ---- one operation by itself ----

  void operation(int i) {
    const auto& in = w_.inputs.of[static_cast<std::size_t>(i)];
    for (std::size_t slot = 0; slot < in.size(); ++slot) {
      if (!expected(in[slot])) continue;
      JsonLine e = event("local", i);
      e.integer("slot", static_cast<int>(slot)).string("op", w_.tape[i].name());
      try {
        local(i, slot, e);
      } catch (const Error& error) {
        skipped(e, std::string(error.what()).substr(0, std::string(error.what()).find('\n')));
      }
    }
  }

  // The gradient that the rule gives input `slot` of node i for the incoming gradient u.
  std::vector<double> vjp(int i, std::size_t slot, const std::vector<double>& u) {
    std::vector<Tensor> in = replay_.inputs(i);
    in[slot] = in[slot].clone();  // the same tensor may stand in two slots
    Tape tape;
    tape.watch(in[slot]);
    const Tensor y = replay_.run(i, in);
    if (tape.index_of(y) < 0) return std::vector<double>(static_cast<std::size_t>(in[slot].numel()));
    const Tensor cotangent = from_data(std::span<const double>(u), y.shape());
    return tape.gradient(y, {in[slot]}, {.record = w_.recorded, .cotangent = cotangent})[0].to_vector();
  }

  void local(int i, std::size_t slot, JsonLine e) {
    std::vector<Tensor> in = replay_.inputs(i);
    const std::vector<double> x = in[slot].to_vector(), v = direction(x);
    const Shape shape = in[slot].shape();
    const bool was_single = replay_.single();
    const AlongLine line{.f =
                             [&](double t) {
                               in[slot] = moved(x, v, t, shape);
                               return replay_.run(i, in).to_vector();
                             },
                         .here = replay_.value(i).to_vector(),
                         .weights = draw(replay_.value(i).numel()),
                         .single = was_single};
    std::string why;
    // Outputs that are not finite get weight 0. What the rule makes of that, 0 times infinity, is not a fault either.
    const bool finite = std::all_of(line.here.begin(), line.here.end(), [](double y) { return std::isfinite(y); });
    const auto analytic = [&](const std::vector<double>& u) {
      std::vector<double> g = vjp(i, slot, u);
      if (!finite)
        std::replace_if(
            g.begin(), g.end(), [](double y) { return !std::isfinite(y); }, 0.0);
      return dot(g, v);
    };
    const Judgement j = judge(line, analytic, true, why);
    if (!why.empty()) return skipped(e, why);
    add(e, j);
    if (const Tensor derivative = elementwise(i, slot, line.weights); derivative.defined())
      e.tensor("local", derivative, o_.values);
    write_(e);
  }

  // The local derivative, if the rule multiplies the incoming gradient by it, element by element.
  Tensor elementwise(int i, std::size_t slot, const std::vector<double>& u) {
    const Tensor& y = replay_.value(i);
    const Shape shape = replay_.inputs(i)[slot].shape();
    if (shape != y.shape() || y.numel() > o_.values) return {};
    const std::vector<double> one = vjp(i, slot, std::vector<double>(u.size(), 1.0)), given = vjp(i, slot, u);
    for (std::size_t e = 0; e < u.size(); ++e)
      if (!(std::abs(given[e] - u[e] * one[e]) <= 1e-9 * std::abs(given[e]))) return {};
    return from_data(std::span<const double>(one), shape);
  }

  static void add(JsonLine& e, const Judgement& j) {
    e.number("h", j.h)
        .number("analytic", j.analytic)
        .number("numeric", j.numeric)
        .number("error", j.error)
        .string("verdict", name(j.verdict));
  }

  // ---- a tensor, through all operations after it ----

  std::int64_t left() const { return o_.level == Checks::all ? INT64_MAX : most_work - (replay_.work() - start_); }

  void tensors() {
    const Tensor cotangent = replay_.value(w_.from).dtype() == w_.grads.back().dtype()
                                 ? w_.grads.back().detach()
                                 : w_.grads.back().detach().to(f64);
    weights_ = cotangent.to_vector();
    bool exact = !replay_.single();  // were the gradients themselves computed in f64?
    for (int i = 0; i <= w_.from; ++i)
      if (visited(i)) exact = exact && w_.tape[i].dtype() == f64;
    const std::vector<Tensor> gradients = exact ? w_.grads : replay_.gradients(cotangent);
    start_ = replay_.work();
    for (int i = w_.from; i >= 0; --i) {
      if (!visited(i)) continue;
      if (left() <= 0) {
        write_(JsonLine("warning")
                   .string("code", "check")
                   .integer("node", i)
                   .string("text",
                           "this tensor and those before it are not checked: it would take too long after each walk; "
                           "GRADUS_TRACE_CHECK=all checks them"));
        return;
      }
      tensor(i, gradients[static_cast<std::size_t>(i)]);
    }
  }

  void tensor(int i, const Tensor& gradient) {
    const Tensor& value = replay_.value(i);
    const std::int64_t n = value.numel();
    const bool each = o_.level == Checks::all || (n <= each_up_to && 2 * n * replay_.above(i) <= left());
    JsonLine e = event(each ? "elements" : "direction", i);
    if (!gradient.defined()) return skipped(e, "it gets no gradient when the tape is run again in f64");
    const std::vector<double> x = value.to_vector(), g = gradient.to_vector();
    try {
      if (each)
        elements(i, x, g, e);
      else
        along(i, x, g, e);
    } catch (const Error& error) {
      skipped(e, std::string(error.what()).substr(0, std::string(error.what()).find('\n')));
    }
  }

  Judgement measure(int i, const std::vector<double>& x, const std::vector<double>& v, double analytic,
                    std::string& why) {
    const Shape shape = replay_.value(i).shape();
    const AlongLine line{.f = [&](double t) { return replay_.from(i, moved(x, v, t, shape)).to_vector(); },
                         .here = replay_.value(w_.from).to_vector(),
                         .weights = weights_,
                         .single = replay_.single()};
    return judge(
        line, [&](const std::vector<double>&) { return analytic; }, false, why);
  }

  void along(int i, const std::vector<double>& x, const std::vector<double>& g, JsonLine e) {
    const std::vector<double> v = direction(x);
    std::string why;
    const Judgement j = measure(i, x, v, dot(g, v), why);
    if (!why.empty()) return skipped(e, why);
    add(e, j);
    write_(e);
  }

  void elements(int i, const std::vector<double>& x, const std::vector<double>& g, JsonLine e) {
    std::vector<double> numeric(x.size()), v(x.size());
    Judgement worst;
    std::size_t at = 0;
    std::string why;
    for (std::size_t k = 0; k < x.size(); ++k) {
      v[k] = std::isfinite(x[k]) ? std::max(1.0, std::abs(x[k])) : 1;
      Judgement j = measure(i, x, v, g[k] * v[k], why);
      if (!why.empty()) return skipped(e, why);
      numeric[k] = j.numeric / v[k];
      v[k] = 0;
      // For two tiny numbers the relative error has no meaning.
      if (j.verdict == Agreement::ok && std::abs(j.analytic - j.numeric) < 1e-10) j.error = std::min(j.error, 1e-10);
      if (j.verdict > worst.verdict || (j.verdict == worst.verdict && j.error > worst.error)) {
        worst = j;
        at = k;
      }
      if (worst.h == 0) worst.h = j.h;
    }
    const Shape shape = replay_.value(i).shape();
    e.number("h", worst.h)
        .tensor("analytic", from_data(std::span<const double>(g), shape), o_.values)
        .tensor("numeric", from_data(std::span<const double>(numeric), shape), o_.values)
        .number("error", worst.error)
        .integer("at", static_cast<std::int64_t>(at))
        .string("verdict", name(worst.verdict));
    write_(e);
  }

  const Walked& w_;
  const CheckOptions& o_;
  const std::function<void(JsonLine)>& write_;
  Replay replay_;
  std::vector<double> weights_;  // the walk's cotangent
  std::uint64_t counter_ = 0;
  std::int64_t start_ = 0;  // work before the tensors
};

}  // namespace

void run_checks(const Walked& w, const CheckOptions& options, const std::function<void(JsonLine)>& write) {
  const detail::Aside aside;
  Checker(w, options, write).run();
}

}  // namespace gradus::study
