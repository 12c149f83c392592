// Going down a surface with an optimizer, when to stop, and the verdict on the path.
#include <gradus/study/descent.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "kernels/random.hpp"
#include "tape/guards.hpp"
#include "tensor/format.hpp"
#include "tensor/number.hpp"

namespace gradus::study {
namespace {

constexpr double far = 1e6;
constexpr std::size_t most_places = 20'000;

double length(Point p) { return std::hypot(p[0], p[1]); }
Point minus(Point a, Point b) { return {a[0] - b[0], a[1] - b[1]}; }

const Minimum* nearest(const Surface& s, Point p) {
  const Minimum* best = nullptr;
  for (const Minimum& m : s.minima)
    if (!best || length(minus(m.at, p)) < length(minus(best->at, p))) best = &m;
  return best;
}

// The present place of p.
Place look(const Surface& s, const Tensor& p, std::int64_t step) {
  Tape tape;
  const Tensor f = s(p);
  const Tensor g = tape.gradient(f, {p})[0];
  return {step, {p.at({0}), p.at({1})}, f.item(), {g.at({0}), g.at({1})}};
}

// The pairs of numbers in the optimizer's state.
void remember(const optim::OptimizerBase& opt, Path& path, Place& place) {
  const StateDict state = opt.state_dict();
  for (const auto& [key, value] : state) {
    if (value.numel() != 2 || !is_floating(value.dtype())) continue;
    const std::string short_name = key.substr(key.rfind('.') + 1);
    const auto at = std::ranges::find(path.state_names, short_name);
    const auto i = static_cast<std::size_t>(at - path.state_names.begin());
    if (at == path.state_names.end()) path.state_names.push_back(short_name);
    if (place.state.size() < 2 * (i + 1)) place.state.resize(2 * (i + 1));
    const std::vector<double> numbers = value.to_vector();
    place.state[2 * i] = numbers[0];
    place.state[2 * i + 1] = numbers[1];
  }
}

// Removes every second place when there are too many.
void thin(std::vector<Place>& places, std::int64_t& stride) {
  if (places.size() < most_places) return;
  stride *= 2;
  std::erase_if(places, [&](const Place& p) { return p.step % stride != 0; });
}

bool is_gone(const Place& p) { return !std::isfinite(p.f) || !(std::abs(p.at[0]) <= far && std::abs(p.at[1]) <= far); }

bool oscillates(const std::vector<Place>& places) {
  const std::size_t last = places.size() - 1, first = last > 40 ? last - 40 : 0;
  int flips = 0, pairs = 0;
  for (std::size_t i = first; i + 2 <= last; ++i, ++pairs) {
    const Point a = minus(places[i + 1].at, places[i].at), b = minus(places[i + 2].at, places[i + 1].at);
    flips += a[0] * b[0] + a[1] * b[1] < 0;
  }
  return pairs > 1 && 2 * flips > pairs;
}

// Are the last strides longer than those in the middle?
bool grows(const std::vector<Place>& places) {
  const auto stride = [&](std::size_t i) { return length(minus(places[i + 1].at, places[i].at)); };
  const std::size_t n = places.size() - 1;
  return n >= 4 && stride(n - 1) > 1.5 * stride(n / 2);
}

bool curves_down(const Surface& s, Point at) {
  const Tensor p = from_data(std::span<const double>(at), {2});
  const Tensor h = hessian([&] { return s(p); }, p);
  const double largest = largest_eigenvalue([&] { return s(p); }, {p}).value;
  return h.at({0, 0}) + h.at({1, 1}) - largest < -1e-9;
}

// Has it kept within `radius` of `at` for the last tenth of its places?
bool rests(const std::vector<Place>& places, Point at, double radius) {
  const std::size_t few = std::min(places.size(), std::max<std::size_t>(3, places.size() / 10));
  return std::all_of(places.end() - static_cast<std::ptrdiff_t>(few), places.end(),
                     [&](const Place& p) { return length(minus(p.at, at)) <= radius; });
}

Verdict judge(const Surface& s, const Path& path) {
  const Place &start = path.places.front(), &end = path.end();
  if (path.cut) return end.f < start.f ? Verdict::runs_away : Verdict::diverges;
  if (path.reached) return Verdict::converges;
  const double size = std::hypot(s.window.width(), s.window.height());
  const Minimum* m = nearest(s, end.at);
  if (m && rests(path.places, m->at, 1e-3 * size)) return Verdict::converges;
  const double steep = length(end.gradient);
  if (steep <= 1e-6 * (1 + length(start.gradient)))
    return curves_down(s, end.at) ? Verdict::saddle : Verdict::converges;
  if (end.f > start.f && grows(path.places)) return Verdict::diverges;
  if (oscillates(path.places)) return Verdict::oscillates;
  return s.minima.empty() && !s.window.contains(end.at) ? Verdict::runs_away : Verdict::slow;
}

}  // namespace

// ---- conditions ----

bool Condition::operator()(Point p, double f, double g) const {
  double value = p[what == 'y'];
  if (what == 'f') value = f;
  if (what == 'g') value = g;
  if (absolute) value = std::abs(value);
  if (or_equal && value == bound) return true;
  return below ? value < bound : value > bound;
}

Condition condition(std::string_view text, Loc where) {
  const auto fail = [&] {
    throw Error("condition",
                {.wrong = formatted("'{}' is not a valid condition", text.substr(0, 60)),
                 .expected = "f, g, x, y or |x|, then < <= > or >=, then a number, as in f<1e-6"},
                gradus::detail::user_line(where));
  };
  Condition c{std::string(text), 0, false, false, false, 0};
  std::string_view rest = text;
  const auto skip = [&] { rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size())); };
  const auto take = [&](std::string_view word) {
    if (!rest.starts_with(word)) return false;
    rest.remove_prefix(word.size());
    skip();
    return true;
  };
  skip();
  c.absolute = take("|");
  if (rest.empty() || std::string_view("fgxy").find(rest[0]) == std::string_view::npos) fail();
  c.what = rest[0];
  take(rest.substr(0, 1));
  if (c.absolute && !take("|")) fail();
  c.below = take("<");
  if (!c.below && !take(">")) fail();
  c.or_equal = take("=");
  rest = rest.substr(0, rest.find_last_not_of(' ') + 1);
  const std::optional<double> bound = gradus::detail::parse_number(rest);
  if (!bound || !std::isfinite(*bound)) fail();
  c.bound = *bound;
  return c;
}

// ---- the outcome ----

const char* name(Verdict v) {
  constexpr const char* names[] = {"converges", "slow", "oscillates", "diverges", "stops on a saddle", "runs away"};
  return names[static_cast<int>(v)];
}

std::string Path::outcome() const {
  const auto count = [](std::int64_t n) {
    std::string digits = std::to_string(n);
    for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) digits.insert(static_cast<std::size_t>(i), ",");
    return digits + (n == 1 ? " step" : " steps");
  };
  if (!trouble.empty()) return formatted("gave up after {}: {}", count(steps), trouble);
  if (verdict == Verdict::diverges) {
    const std::string why = limit ? formatted(" (lr {:.4g}, 2/λmax {:.4g})", lr, *limit) : "";
    return (cut ? formatted("diverged at step {}", steps) : "diverges after " + count(steps)) + why;
  }
  if (cut) return formatted("runs away: f falls without end, stopped at step {}", steps);
  if (reached) return formatted("{} after {}", until, count(steps));
  return formatted("{} after {}", verdict == Verdict::slow ? "slow: on its way" : gradus::study::name(verdict),
                   count(steps));
}

// ---- going down ----

Path descend(const Surface& s, std::string name, const MakeOptimizer& make, const DescentOptions& o, Loc where) {
  const At at(where);
  const gradus::detail::Aside aside;
  if (o.steps < 1)
    throw Error("descend", {.wrong = "steps is out of range", .got = std::to_string(o.steps), .expected = "1 or more"},
                gradus::detail::user_line(where));
  if (!(o.noise >= 0 && std::isfinite(o.noise)))
    throw Error("descend",
                {.wrong = "noise is out of range",
                 .got = gradus::detail::number_text(o.noise),
                 .expected = "a standard deviation: 0 or more"},
                gradus::detail::user_line(where));
  const Point start = o.start.value_or(s.start);
  const Tensor p = from_data(std::span<const double>(start), {2}).requires_grad_();
  optim::AnyOptimizer opt = make({p});
  Path path{.name = std::move(name)};
  path.lr = opt.base().lr();
  if (o.until) path.until = o.until->text;
  const auto done = [&](const Place& place) {
    path.reached = o.until && (*o.until)(place.at, place.f, length(place.gradient));
    path.cut = is_gone(place);
    return path.reached || path.cut;
  };

  Place now = look(s, p, 0);
  if (!std::isfinite(now.f))
    throw Error("descend",
                {.wrong = "the surface is not finite at the start",
                 .got = formatted("f({}, {}) = {}", start[0], start[1], gradus::detail::number_text(now.f)),
                 .advice = "start at another point"},
                gradus::detail::user_line(where));
  path.places.push_back(now);
  std::int64_t stride = 1;
  if (!done(now)) {
    for (std::int64_t k = 1; k <= o.steps; ++k) {
      double tilt[2] = {0, 0};
      if (o.noise > 0) kernels::normal(o.seed, static_cast<std::uint64_t>(2 * k), 2, tilt);
      const Tensor noise = o.noise > 0 ? tensor({tilt[0] * o.noise, tilt[1] * o.noise}, f64) : Tensor();
      try {
        opt.step([&] { return noise.defined() ? s(p) + sum(p * noise) : s(p); });
      } catch (const Error& e) {
        path.trouble = e.complaint().wrong;
        break;
      }
      path.steps = k;
      now = look(s, p, k);
      remember(opt.base(), path, now);
      const bool last = done(now) || k == o.steps;
      if (last || k % stride == 0) path.places.push_back(now);
      if (last) break;
      thin(path.places, stride);
    }
  }
  if (path.places.back().step != path.steps) path.places.push_back(now);
  // The end of a path to infinity is its last finite place.
  while (path.places.size() > 1 && is_gone(path.places.back())) path.places.pop_back();
  path.verdict = judge(s, path);
  if (const Minimum* m = nearest(s, path.cut ? start : path.end().at)) {
    path.limit = m->limit();
  } else {
    const Tensor q = from_data(std::span<const double>(start), {2});
    const double steepest = largest_eigenvalue([&] { return s(q); }, {q}).value;
    if (steepest > 0) path.limit = 2 / steepest;
  }
  return path;
}

}  // namespace gradus::study
