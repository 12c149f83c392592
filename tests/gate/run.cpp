#include "gate/run.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "gate/draw.hpp"
#include "tape/state.hpp"

namespace gate {

using namespace gradus;

const detail::OpTable* find(const char* name) {
  for (const detail::OpTable* op : operations())
    if (std::string_view(op->name) == name) return op;
  return nullptr;
}

Case draw_case(const Row& row, int number) {
  std::uint64_t seed = 1469598103934665603u;
  for (const char c : std::string_view(row.name)) seed = (seed ^ static_cast<unsigned char>(c)) * 1099511628211u;
  Rng rng(seed + static_cast<std::uint64_t>(number) * 7919);
  return row.sample(rng);
}

namespace {

double dot(const Tensor& a, const Tensor& b) {
  const auto x = a.to_vector(), y = b.to_vector();
  double s = 0;
  for (std::size_t i = 0; i < x.size(); ++i) s += x[i] * y[i];
  return s;
}

double largest(const Tensor& x) {
  double m = 0;
  for (const double v : x.to_vector()) m = std::max(m, std::abs(v));
  return m;
}

bool same_but_rounding(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  if (a.numel() == 0) return true;
  const auto x = a.to_vector(), y = b.to_vector();
  const double room = 1e-12 * std::max(1.0, largest(b));
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!(std::abs(x[i] - y[i]) <= room)) return false;
  return true;
}

// Which inputs are differentiated, and what they are compared along.
struct Plan {
  std::vector<std::size_t> watched;
  Tensors along;         // for each watched input, elements in [-1, 1]
  Tensor cotangent;      // of the result
  int beside = 0;        // 1, 2: the first watched input also reaches the result by another way, taken before or after
  double other_way = 0;  // what that way contributes to the first derivative
};

Tensor direction(Rng& rng, const Shape& s) { return uniform(rng, s, -1, 1); }

Tensor value(const Case& c, const Plan& p, const Tensors& x) {
  manual_seed(11);  // dropout draws the same mask in every call
  if (p.beside == 0) return c.f(x);
  const std::size_t first = p.watched[0];
  if (p.beside == 1) {
    const Tensor s = sum(x[first]);
    return c.f(x) + s;
  }
  const Tensor y = c.f(x);
  return y + sum(x[first]);
}

bool on_tape(const Tape& tape, const char* name) {
  for (int i = 0; i < tape.size(); ++i)
    if (std::string_view(tape[i].name()) == name) return true;
  return false;
}

void plant(Tape& tape, const Swap& swap) {
  for (int i = 0; swap.from && i < tape.size(); ++i) {
    detail::Node& n = tape.state()[i];
    if (n.op != swap.from) continue;
    n.op = swap.to;
    for (int k = 0; swap.detach && k < n.saves; ++k) n.saved()[k].tensor = n.saved()[k].tensor.detach();
  }
}

Plan plan(const Case& c, Rng& rng) {
  Plan p;
  for (std::size_t i = 0; i < c.x.size(); ++i)
    if (is_floating(c.x[i].dtype())) p.watched.push_back(i);
  if (p.watched.size() > 1 && rng.chance(0.2))
    p.watched.erase(p.watched.begin() + rng.below(static_cast<std::int64_t>(p.watched.size())));
  for (const std::size_t i : p.watched) p.along.push_back(direction(rng, c.x[i].shape()));
  const Tensor y = value(c, p, c.x);
  p.cotangent = normal(rng, y.shape()).to(y.dtype());
  const Tensor& first = c.x[p.watched[0]];
  if (rng.chance(0.15) && y.dtype() == f64 && first.dtype() == f64) {
    p.beside = rng.chance(0.5) ? 1 : 2;
    p.other_way = sum(p.cotangent).item() * sum(p.along[0]).item();
  }
  return p;
}

Tensors watched_of(const Plan& p, const Tensors& x) {
  Tensors list;
  for (const std::size_t i : p.watched) list.push_back(x[i]);
  return list;
}

// x with t times the direction of watched input k added to it.
Tensors moved(const Plan& p, Tensors x, std::size_t k, double t) {
  Tensor& at = x[p.watched[k]];
  at = at + (p.along[k] * t).to(at.dtype());
  return x;
}

// The derivative at 0 along a line, from four points; good to h^4.
template <class Phi>
Tensor slope(Phi phi, double h) {
  return ((phi(h) - phi(-h)) * 8 - (phi(2 * h) - phi(-2 * h))) * (1 / (12 * h));
}

bool close(double a, double b) { return std::abs(a - b) <= 1e-6 + 1e-5 * std::max(std::abs(a), std::abs(b)); }

std::string differ(const char* what, std::size_t input, double rule, double measured) {
  return std::string(what) + " of input " + std::to_string(input) + " is " + std::to_string(rule) +
         " by the rule and " + std::to_string(measured) + " by differences";
}

Tensors contiguous_copies(Tensors x) {
  for (Tensor& t : x) t = clone(t);
  return x;
}

}  // namespace

Outcome first_order(const Row& row, const Case& c, Rng& rng, const Swap& swap) {
  Outcome r;
  const Plan p = plan(c, rng);
  const Tensors inputs = watched_of(p, c.x);
  Tensor y;
  Tensors gradients, recorded;
  {
    Tape tape;
    for (const Tensor& x : inputs) tape.watch(x);
    y = value(c, p, c.x);
    r.recorded = on_tape(tape, row.name);
    if (tape.index_of(y) < 0) return r;
    plant(tape, swap);
    gradients = tape.gradient(y, inputs, {.cotangent = p.cotangent});
    for (const Tensor& g : tape.gradient(y, inputs, {.record = true, .cotangent = p.cotangent}))
      recorded.push_back(g.detach());
    y = y.detach();
  }
  if (!equal(y, value(c, p, c.x))) r.wrong = "the value differs when it is recorded";
  if (!same_but_rounding(value(c, p, contiguous_copies(c.x)), y)) r.wrong = "the value depends on the inputs' strides";
  for (std::size_t k = 0; k < inputs.size() && r.wrong.empty(); ++k) {
    if (!same_but_rounding(gradients[k], recorded[k])) r.wrong = "the fused rule differs from the recorded one";
    const double rule = dot(gradients[k], p.along[k]), beside = k == 0 ? p.other_way : 0;
    const auto line = [&](double t) { return value(c, p, moved(p, c.x, k, t)).to(f64); };
    const double measured = dot(slope(line, c.h), p.cotangent);
    if (!close(rule, measured)) r.wrong = differ("the derivative", p.watched[k], rule, measured);
    r.moved = r.moved || std::max(std::abs(rule - beside), std::abs(measured - beside)) > 1e-9;
  }
  return r;
}

// The function here is (x, c) -> sum over inputs of <v, vjp(c)>, whose gradient the rules give a second time.
Outcome second_order(const Row& row, const Case& c, Rng& rng, const Swap& swap) {
  Outcome r;
  Plan p = plan(c, rng);
  p.beside = 0;
  Tensors v;
  for (const std::size_t i : p.watched) v.push_back(normal(rng, c.x[i].shape()).to(c.x[i].dtype()));
  const Tensor toward = direction(rng, p.cotangent.shape()).to(p.cotangent.dtype());  // for the cotangent

  const auto first = [&](const Tensors& x, const Tensor& cotangent) {
    Tape tape;
    const Tensors inputs = watched_of(p, x);
    for (const Tensor& t : inputs) tape.watch(t);
    const Tensor y = value(c, p, x);
    plant(tape, swap);
    const Tensors g = tape.gradient(y, inputs, {.cotangent = cotangent});
    double total = 0;
    for (std::size_t k = 0; k < g.size(); ++k) total += dot(g[k], v[k]);
    return scalar(total, f64);
  };

  Tensors second;
  {
    Tape tape;
    Tensors inputs = watched_of(p, c.x);
    for (const Tensor& t : inputs) tape.watch(t);
    tape.watch(p.cotangent);
    const Tensor y = value(c, p, c.x);
    r.recorded = on_tape(tape, row.name);
    if (tape.index_of(y) < 0) return r;
    plant(tape, swap);
    const Tensors g = tape.gradient(y, inputs, {.record = true, .cotangent = p.cotangent});
    Tensor total = scalar(0, f64);
    for (std::size_t k = 0; k < g.size(); ++k) total = total + sum(g[k] * v[k]).to(f64);
    plant(tape, swap);
    inputs.push_back(p.cotangent);
    if (tape.index_of(total) >= 0)
      second = tape.gradient(total, inputs);
    else
      for (const Tensor& x : inputs) second.push_back(zeros_like(x));
  }

  for (std::size_t k = 0; k <= p.watched.size() && r.wrong.empty(); ++k) {
    const bool of_input = k < p.watched.size();
    const auto line = [&](double t) {
      return of_input ? first(moved(p, c.x, k, t), p.cotangent) : first(c.x, p.cotangent + toward * t);
    };
    const double rule = dot(second[k], of_input ? p.along[k] : toward);
    const double measured = slope(line, c.h).item();
    if (!close(rule, measured))
      r.wrong = differ(of_input ? "the second derivative" : "the derivative by the cotangent", k, rule, measured);
    if (std::max(std::abs(rule), std::abs(measured)) > 1e-9) r.moved = true, r.curved = r.curved || of_input;
  }
  return r;
}

}  // namespace gate
