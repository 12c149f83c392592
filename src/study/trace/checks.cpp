// Derivatives measured on a tape that has been walked: what is measured, along which direction, and what is written.
#include "study/trace/checks.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <set>
#include <utility>

#include "kernels/random.hpp"
#include "study/trace/judge.hpp"
#include "study/trace/replay.hpp"
#include "tape/guards.hpp"

namespace gradus::study {

namespace {

constexpr std::int64_t each_up_to = 64;
constexpr std::int64_t most_work = 2'000'000;  // operations run for tensors after one walk; `all` has another limit
constexpr double most_cost = 3e9;              // of `all`: in multiplications, after one walk
constexpr std::int64_t fewest = 8;             // elements of a tensor, whatever they cost

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

  // The gradient that the rule gives input `slot` of node i for the incoming gradient u. All inputs that the walk
  // wanted are asked for together, as it did: a rule may be wrong only then.
  std::vector<double> vjp(int i, std::size_t slot, const std::vector<double>& u) {
    const auto& numbers = w_.inputs.of[static_cast<std::size_t>(i)];
    std::vector<Tensor> in = replay_.inputs(i), asked = {in[slot].clone()};  // one tensor may stand in two slots
    in[slot] = asked[0];
    for (std::size_t k = 0; k < in.size(); ++k) {
      if (k == slot || !expected(numbers[k])) continue;
      in[k] = in[k].clone();
      asked.push_back(in[k]);
    }
    Tape tape;
    for (const Tensor& x : asked) tape.watch(x);
    const Tensor y = replay_.run(i, in);
    if (tape.index_of(y) < 0) return std::vector<double>(static_cast<std::size_t>(in[slot].numel()));
    const Tensor cotangent = from_data(std::span<const double>(u), y.shape());
    return tape.gradient(y, asked, {.record = w_.recorded, .cotangent = cotangent})[0].to_vector();
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
    if (j.verdict == Agreement::kink) kinked_.push_back(i);
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

  // With `all`: how many elements of each tensor are measured, so that a walk has a fair price.
  void share_out() {
    std::vector<double> cost(static_cast<std::size_t>(w_.from) + 1);
    double full = 0, tensors = 0;
    counts_.resize(cost.size());
    for (int i = 0; i <= w_.from; ++i) {
      if (!visited(i)) continue;
      const auto at = static_cast<std::size_t>(i);
      cost[at] = 2 * replay_.cost_above(i) + 1000;
      counts_[at] = replay_.value(i).numel();
      full += cost[at] * static_cast<double>(counts_[at]);
      ++tensors;
    }
    double measured = 0, of = 0, price = 0;
    for (std::size_t at = 0; at < cost.size(); ++at) {
      of += static_cast<double>(counts_[at]);
      const double allowed = most_cost / tensors / std::max(1.0, cost[at]);
      if (full > most_cost && allowed < static_cast<double>(counts_[at]))
        counts_[at] = std::min(counts_[at], std::max(fewest, static_cast<std::int64_t>(allowed)));
      measured += static_cast<double>(counts_[at]);
      price += cost[at] * static_cast<double>(counts_[at]);
    }
    if (!o_.announce) return;
    const auto begin = std::chrono::steady_clock::now();
    const int first =
        static_cast<int>(std::find_if(cost.begin(), cost.end(), [](double c) { return c > 0; }) - cost.begin());
    replay_.from(first, replay_.value(first));
    const double once = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    o_.announce(measured, of, once * price / std::max(1.0, cost[static_cast<std::size_t>(first)] / 2));
  }

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
    if (o_.level == Checks::all) share_out();
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
    const bool sampled = o_.level == Checks::all && counts_[static_cast<std::size_t>(i)] < n;
    const bool each = o_.level == Checks::all ? !sampled : n <= each_up_to && 2 * n * replay_.above(i) <= left();
    JsonLine e = event(each ? "elements" : "direction", i);
    if (!gradient.defined()) return skipped(e, "it gets no gradient when the tape is run again in f64");
    const std::vector<double> x = value.to_vector(), g = gradient.to_vector();
    try {
      if (each)
        elements(i, x, g, e);
      else
        along(i, x, g, e);
      if (sampled) sample(i, x, g, event("sample", i));
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
    Judgement j = judge(
        line, [&](const std::vector<double>&) { return analytic; }, false, why);
    if (j.verdict == Agreement::bad && meets_kink(i, x, v, j.h)) j.verdict = Agreement::kink;
    return j;
  }

  // Does a step along v lead over the kink of an operation on the way? Kinks may make up for each other: relu(x) -
  // relu(-x) is x, but the rules give 0 at 0.
  bool meets_kink(int i, const std::vector<double>& x, const std::vector<double>& v, double h) {
    if (std::none_of(kinked_.begin(), kinked_.end(), [i](int k) { return k > i; })) return false;
    const Shape shape = replay_.value(i).shape();
    const std::vector<Tensor> up = replay_.all_from(i, moved(x, v, h, shape)),
                              down = replay_.all_from(i, moved(x, v, -h, shape));
    return std::any_of(kinked_.begin(), kinked_.end(), [&](int k) {
      const auto at = static_cast<std::size_t>(k);
      if (k <= i || !up[at].defined()) return false;
      const std::vector<double> above = up[at].to_vector(), below = down[at].to_vector(),
                                here = replay_.value(k).to_vector();
      for (std::size_t e = 0; e < here.size(); ++e) {
        const double right = above[e] - here[e], left = here[e] - below[e];
        const double size = std::max(std::abs(right), std::abs(left));
        if (size > 1e-12 * (1 + std::abs(here[e])) && std::abs(right - left) > 0.1 * size) return true;
      }
      return false;
    });
  }

  void along(int i, const std::vector<double>& x, const std::vector<double>& g, JsonLine e) {
    const std::vector<double> v = direction(x);
    std::string why;
    const Judgement j = measure(i, x, v, dot(g, v), why);
    if (!why.empty()) return skipped(e, why);
    add(e, j);
    write_(e);
  }

  struct Measured {
    std::vector<double> numeric;  // of each place that was asked for
    Judgement worst;
    std::size_t at = 0;  // the place of the worst
    std::string why;     // nothing could be said
  };

  Measured measure_each(int i, const std::vector<double>& x, const std::vector<double>& g,
                        const std::vector<std::size_t>& places) {
    Measured m;
    std::vector<double> v(x.size());
    double largest = 0, gap = -1;
    for (const std::size_t k : places) {
      v[k] = std::isfinite(x[k]) ? std::max(1.0, std::abs(x[k])) : 1;
      const Judgement j = measure(i, x, v, g[k] * v[k], m.why);
      if (!m.why.empty() && !m.why.starts_with("below")) return m;
      const bool hidden = !std::exchange(m.why, {}).empty();
      m.numeric.push_back(j.numeric / v[k]);
      largest = std::max({largest, std::abs(g[k]), std::abs(m.numeric.back())});
      v[k] = 0;
      if (hidden) { continue; }
      // Where all agree, the worst is the largest difference; of those that do not, the largest in proportion.
      const double difference = j.verdict == Agreement::ok ? std::abs(g[k] - m.numeric.back()) : j.error;
      if (j.verdict > m.worst.verdict || (j.verdict == m.worst.verdict && difference > gap)) {
        m.worst = j;
        m.at = k;
        gap = difference;
      }
    }
    if (gap < 0) m.why = "below the noise: rounding hides slopes as small as these";
    if (m.worst.verdict == Agreement::ok && largest > 0) m.worst.error = std::max(0.0, gap) / largest;
    return m;
  }

  void elements(int i, const std::vector<double>& x, const std::vector<double>& g, JsonLine e) {
    std::vector<std::size_t> all(x.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    const Measured m = measure_each(i, x, g, all);
    if (!m.why.empty() && !x.empty()) return skipped(e, m.why);
    const Shape shape = replay_.value(i).shape();
    e.number("h", m.worst.h)
        .tensor("analytic", from_data(std::span<const double>(g), shape), o_.values)
        .tensor("numeric", from_data(std::span<const double>(m.numeric), shape), o_.values)
        .number("error", m.worst.error)
        .integer("at", static_cast<std::int64_t>(m.at))
        .string("verdict", name(m.worst.verdict));
    write_(e);
  }

  // Some elements of a large tensor: the one with the largest gradient, and others at random.
  void sample(int i, const std::vector<double>& x, const std::vector<double>& g, JsonLine e) {
    const auto many = static_cast<std::size_t>(counts_[static_cast<std::size_t>(i)]);
    const auto largest =
        std::max_element(g.begin(), g.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
    std::set<std::size_t> places{static_cast<std::size_t>(largest - g.begin())};
    while (places.size() < many) {
      double u = 0;
      kernels::uniform(1, counter_++, 1, &u);
      places.insert(std::min(x.size() - 1, static_cast<std::size_t>(u * static_cast<double>(x.size()))));
    }
    const Measured m = measure_each(i, x, g, {places.begin(), places.end()});
    if (!m.why.empty()) return skipped(e, m.why);
    add(e, m.worst);
    e.integer("at", static_cast<std::int64_t>(m.at))
        .integer("measured", static_cast<std::int64_t>(many))
        .integer("of", static_cast<std::int64_t>(x.size()));
    write_(e);
  }

  const Walked& w_;
  const CheckOptions& o_;
  const std::function<void(JsonLine)>& write_;
  Replay replay_;
  std::vector<double> weights_;  // the walk's cotangent
  std::uint64_t counter_ = 0;
  std::int64_t start_ = 0;            // work before the tensors
  std::vector<int> kinked_;           // operations at a kink
  std::vector<std::int64_t> counts_;  // with `all`: how many elements of each tensor are measured
};

}  // namespace

void run_checks(const Walked& w, const CheckOptions& options, const std::function<void(JsonLine)>& write) {
  const detail::Aside aside;
  Checker(w, options, write).run();
}

}  // namespace gradus::study
