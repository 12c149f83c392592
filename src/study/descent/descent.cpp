// Going down a surface with an optimizer, and when to stop.
#include <gradus/study/descent.hpp>

#include <algorithm>
#include <cmath>
#include <deque>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "kernels/random.hpp"
#include "study/descent/verdict.hpp"
#include "tape/guards.hpp"
#include "tensor/format.hpp"
#include "tensor/number.hpp"

namespace gradus::study {
namespace {

constexpr double far = 1e6;
constexpr std::size_t most_places = 20'000;

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
    path.reached = o.until && (*o.until)(place.at, place.f, std::hypot(place.gradient[0], place.gradient[1]));
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
  std::deque<Place> recent{now};  // every step of late: places may leave some out
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
      recent.push_back(now);
      if (recent.size() > 400) recent.pop_front();
      const bool last = done(now) || k == o.steps;
      if (last || k % stride == 0) path.places.push_back(now);
      if (last) break;
      thin(path.places, stride);
    }
  }
  if (path.places.back().step != path.steps) path.places.push_back(now);
  // The end of a path to infinity is its last finite place.
  while (path.places.size() > 1 && is_gone(path.places.back())) path.places.pop_back();
  judge(s, {recent.begin(), recent.end()}, o.noise > 0, path);
  set_limit(s, path);
  return path;
}

}  // namespace gradus::study
