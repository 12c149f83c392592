// Computing lines: whole arrays, or element by element where the target has a place.
#include <cmath>
#include <optional>
#include <utility>

#include "gate/formula.hpp"
#include "gate/formula_functions.hpp"
#include "kernels/random.hpp"

namespace formula {
namespace {

bool occurs(const Term& t, const std::string& name) {
  const auto within = [&](const TermPtr& p) { return occurs(*p, name); };
  return (t.what == "name" && t.name == name) || std::any_of(t.parts.begin(), t.parts.end(), within);
}

class Computer {
 public:
  Computer(const Line& line, const Names& names) : line_(line), names_(names) {
    for (const auto& [name, shape] : names.targets) given_[name] = Array::zeros(shape);
  }

  std::map<std::string, Array> run() {
    for (const Statement& s : line_.statements) {
      const std::map<std::string, Array> before = names_.arrays;
      if (!s.repeated.empty()) restore(s.repeated);
      s.place.empty() ? whole(s) : element(s);
      if (!s.repeated.empty()) names_.arrays = before;
    }
    return given_;
  }

 private:
  // g and y with the axes that they have lost, of size 1.
  void restore(const std::vector<int>& axes) {
    const int rank = names_.arrays.at(names_.first).rank();
    for (const char* name : {"g", "y"}) {
      const auto found = names_.arrays.find(name);
      if (found == names_.arrays.end() || found->second.rank() == rank) continue;
      for (const int axis : axes) found->second.shape.insert(found->second.shape.begin() + axis, 1);
    }
    cache_.clear();
  }

  // ---- whole arrays ----

  void whole(const Statement& s) {
    cache_.clear();
    Array value = array(*s.value);
    if (s.sign == "←") {
      Array& to = names_.arrays.at(s.target);
      to = value.rank() < to.rank() ? expanded(value, to.shape) : value;
      given_[s.target] = to;
      return;
    }
    const auto found = names_.targets.find(s.target);
    if (found == names_.targets.end()) {  // a step in between
      names_.arrays[s.target] = value;
      return;
    }
    const Sizes& shape = found->second;
    if (value.shape != shape && squeezed(value.shape) == squeezed(shape)) value.shape = shape;
    value = expanded(value, shape);
    Array& to = given_[s.target];
    to = s.sign == "+=" ? map(to, value, [](double a, double b) { return a + b; }) : value;
  }
  static Sizes squeezed(Sizes s) {
    std::erase(s, 1);
    return s;
  }

  const Array& named(const std::string& name) {
    if (const auto found = names_.arrays.find(name); found != names_.arrays.end()) return found->second;
    if (const auto found = cache_.find(name); found != cache_.end()) return found->second;
    if (const auto found = names_.numbers.find(name); found != names_.numbers.end())
      return cache_[name] = Array(found->second);
    if (const auto found = line_.definitions.find(name); found != line_.definitions.end()) {
      if (++depth_ > 50) throw Wrong("'" + name + "' is defined by itself");
      Array value = array(*found->second);
      --depth_;
      return cache_[name] = std::move(value);
    }
    if (names_.targets.contains(name)) return given_.at(name);  // of which the shape is asked
    if (name == "e") return cache_[name] = Array(std::exp(1.0));
    throw Wrong("'" + name + "' stands for nothing");
  }

  std::vector<int> axes_of(const Term& t, const Array& x) {
    std::vector<int> axes = t.axes;
    if (t.axes_of == "nothing") return {};
    if (!t.axes_of.empty()) {
      const int rank = names_.arrays.at(t.axes_of).rank();
      for (int i = x.rank() - rank; i < x.rank(); ++i) axes.push_back(i);
    } else if (axes.empty()) {
      for (int i = 0; i < x.rank(); ++i) axes.push_back(i);
    }
    return axes;
  }

  Array array(const Term& t) {
    const auto part = [&](std::size_t i) { return array(*t.parts.at(i)); };
    if (t.what == "number") return Array(t.number);
    if (t.what == "name") {
      if ((t.name == "row" || t.name == "column") && within_) {
        Array index = Array::zeros(within_->shape);
        each_place(index.shape, [&](const Sizes& at, std::size_t k) {
          index.v[k] = static_cast<double>(at[at.size() - (t.name == "row" ? 2 : 1)]);
        });
        return index;
      }
      return named(t.name);
    }
    if (t.what == "call") return call(t);
    if (t.what == "abs") return map(part(0), [](double x) { return std::abs(x); });
    if (t.what == "floor") return map(part(0), [](double x) { return std::floor(x); });
    if (t.what == "ceil") return map(part(0), [](double x) { return std::ceil(x); });
    if (t.what == "ᵀ") return transposed(part(0));
    if (t.what == "-" && t.parts.size() == 1) return map(part(0), [](double x) { return -x; });
    if (t.what == "where") {
      const Array yes = part(0);
      const Array* outer = within_;
      if (yes.rank() > 1 || !outer) within_ = &yes;  // a number lies within what is around it
      const Array when = part(1), no = part(2);
      within_ = outer;
      const Sizes shape = together(together(yes.shape, when.shape), no.shape);
      Array y = Array::zeros(shape);
      each_place(shape, [&](const Sizes& at, std::size_t k) {
        y.v[k] = when.v[read_at(when, at)] != 0 ? yes.v[read_at(yes, at)] : no.v[read_at(no, at)];
      });
      return y;
    }
    if (t.what == "expanded") return expanded(part(0), sizes(t));
    if (t.what == "summed") return summed_to(part(0), sizes(t));
    if (t.what == "reshaped") {
      Array x = part(0);
      if (count(x.shape) != count(sizes(t))) throw Wrong("cannot be reshaped");
      x.shape = sizes(t);
      return x;
    }
    if (t.what == "as the dtype of") return part(0);
    if (t.what == "as")
      return map(part(0), [&](double x) {
        if (t.name == "f32") return static_cast<double>(static_cast<float>(x));
        if (t.name == "i64") return std::trunc(x);
        if (t.name == "bool") return x != 0 ? 1.0 : 0.0;
        return x;
      });
    if (t.parts.size() != 2) throw Wrong("'" + t.what + "' belongs to a place");
    const Array a = part(0), b = part(1);
    if (t.what == "*" && names_.matrices && a.rank() > 1 && b.rank() > 1) return product(a, b);
    return map(a, b, [&](double x, double y) { return binary(t.what, x, y); });
  }
  Sizes sizes(const Term& t) { return t.name.empty() ? t.sizes : named(t.name).shape; }

  Array call(const Term& t) {
    const std::string& n = t.name;
    const Array x = n == "uniform" ? Array() : array(*t.parts.at(0));
    const auto argument = [&](std::size_t i) { return array(*t.parts.at(i)).v.at(0); };
    if (n == "sum") return sum(x, axes_of(t, x));
    if (n == "mean") return mean(x, axes_of(t, x));
    if (n == "prod") return reduced(x, axes_of(t, x), 1, [](double a, double b) { return a * b; });
    if (n == "var") {
      const Array c = map(x, mean(x, axes_of(t, x)), [](double a, double b) { return (a - b) * (a - b); });
      return mean(c, axes_of(t, x));
    }
    if (n == "max" || n == "min") {
      if (t.parts.size() == 2) return map(x, array(*t.parts[1]), [&](double a, double b) { return binary(n, a, b); });
      return reduced(x, axes_of(t, x), n == "max" ? -HUGE_VAL : HUGE_VAL,
                     [&](double a, double b) { return binary(n, a, b); });
    }
    if (n == "flip") return flipped(x, t.axes);
    if (n == "softmax" || n == "log_softmax")
      return softmax(x, t.axes.empty() ? x.rank() - 1 : t.axes[0], n != "softmax");
    if (n == "product_of_others") return product_of_others(x, axes_of(t, x));
    if (n == "orthogonalize") return orthogonalized(x, static_cast<int>(argument(1)));
    if (n == "size")
      return Array(static_cast<double>(t.parts.size() > 1 ? x.size(static_cast<int>(argument(1))) : count(x.shape)));
    if (n == "rows") return Array(static_cast<double>(x.size(-2)));
    if (n == "columns") return Array(static_cast<double>(x.size(-1)));
    if (n == "uniform") {
      Array y = Array::zeros(names_.arrays.at("x").shape);
      gradus::kernels::uniform(static_cast<std::uint64_t>(argument(0)), static_cast<std::uint64_t>(argument(1)),
                               count(y.shape), y.v.data());
      return y;
    }
    if (n == "quarter" || n == "part") return piece(x, static_cast<std::int64_t>(argument(1)), n == "quarter");
    std::vector<Array> all{x};
    for (std::size_t i = 1; i < t.parts.size(); ++i) all.push_back(array(*t.parts[i]));
    if (const auto y = array_function(n, all, t.axes)) return *y;
    return map(x, [&](double v) { return function(n, v); });
  }

  // ---- element by element ----

  struct Letter {
    std::string name;
    std::int64_t below, at = 0;
  };

  bool is_letter(const std::string& name) const {
    if (names_.arrays.contains(name) || names_.numbers.contains(name) || line_.definitions.contains(name)) return false;
    for (const auto& [found, term] : line_.argmaxes)
      if (std::find(found.begin(), found.end(), name) != found.end()) return false;
    return name != "e" && !names_.targets.contains(name);
  }
  std::int64_t* letter(const std::string& name) {
    for (Letter& l : letters_)
      if (l.name == name) return &l.at;
    return nullptr;
  }
  void bound(const std::string& name, std::int64_t below) {
    for (Letter& l : letters_)
      if (l.name == name) {
        l.below = std::min(l.below, below);
        return;
      }
    letters_.push_back({name, below});
  }

  // Letters get their ranges from the places where they stand alone, and from "u < 3".
  void find_letters(const std::string& of, const std::vector<TermPtr>& place, const Sizes& shape) {
    for (std::size_t i = 0; i < place.size(); ++i) {
      const Term& p = *place[i];
      if (p.what == "…") {
        for (std::size_t k = i; k < shape.size(); ++k) bound("…" + std::to_string(k - i), shape[k]);
        more_ = static_cast<std::int64_t>(shape.size() - i);
      } else if (p.what == "name" && is_letter(p.name)) {
        if (i >= shape.size()) throw Wrong("'" + of + "' has fewer axes");
        bound(p.name, shape[i]);
      }
    }
  }
  void find_letters(const Term& t) {
    if (t.what == "index") {
      const auto found = names_.targets.find(t.name);
      if (found == names_.targets.end() || names_.arrays.contains(t.name))
        find_letters(t.name, t.parts, named(t.name).shape);
    }
    for (const TermPtr& p : t.parts) find_letters(*p);
  }
  void element(const Statement& s) {
    cache_.clear();
    letters_.clear();
    more_ = 0;
    Array& to = given_.contains(s.target) ? given_[s.target] : throw Wrong("'" + s.target + "' is not to be computed");
    find_letters(s.target, s.place, to.shape);
    for (const TermPtr& p : s.place) find_letters(*p);
    find_letters(*s.value);
    for (const auto& [name, below] : line_.ranges)
      if (occurs_outside_max(*s.value, name) ||
          std::any_of(s.place.begin(), s.place.end(), [&](auto& p) { return occurs(*p, name); }))
        bound(name, below);
    std::int64_t all = 1;
    for (const Letter& l : letters_) all *= l.below;
    for (std::int64_t k = 0; k < all; ++k) {
      std::int64_t rest = k;
      for (Letter& l : letters_) {
        l.at = rest % l.below;
        rest /= l.below;
      }
      find_argmaxes();
      const auto at = place(s.place, to);
      if (!at) continue;
      const double value = number(*s.value);
      double& cell = to.v[*at];
      cell = s.sign == "+=" ? cell + value : value;
    }
  }
  static bool occurs_outside_max(const Term& t, const std::string& name) {
    if (t.what == "call" && t.name == "max" && t.parts.size() == 1) return false;
    const auto within = [&](const TermPtr& p) { return occurs_outside_max(*p, name); };
    return (t.what == "name" && t.name == name) || std::any_of(t.parts.begin(), t.parts.end(), within);
  }

  // The flat index; nothing if it lies outside.
  std::optional<std::size_t> place(const std::vector<TermPtr>& terms, const Array& x) {
    std::int64_t flat = 0;
    std::size_t axis = 0;
    const auto step = [&](std::int64_t at) {
      if (axis >= x.shape.size()) throw Wrong("too many places");
      const std::int64_t n = x.shape[axis++];
      flat = flat * n + at;
      return at >= 0 && at < n;
    };
    bool inside = true;
    for (const TermPtr& t : terms) {
      if (t->what == "…")
        for (std::int64_t k = 0; k < more_; ++k) inside = step(*letter("…" + std::to_string(k))) && inside;
      else
        inside = step(static_cast<std::int64_t>(std::llround(number(*t)))) && inside;
    }
    if (axis != x.shape.size()) throw Wrong("too few places");
    return inside ? std::optional(static_cast<std::size_t>(flat)) : std::nullopt;
  }

  // The largest of a term over the letters with a range, and where it is first.
  double largest(const Term& t, std::vector<std::int64_t>* where, const std::vector<std::string>& order) {
    std::vector<std::pair<std::string, std::int64_t>> inner;
    for (const auto& [name, below] : line_.ranges)
      if (occurs(t, name)) inner.emplace_back(name, below);
    std::int64_t all = 1;
    for (const auto& i : inner) all *= i.second;
    const std::size_t outer = letters_.size();
    for (const auto& [name, below] : inner) letters_.push_back({name, below});
    double best = -HUGE_VAL;
    for (std::int64_t k = 0; k < all; ++k) {
      std::int64_t rest = k;
      for (std::size_t i = inner.size(); i-- > 0;) {  // the last letter fastest
        letters_[outer + i].at = rest % inner[i].second;
        rest /= inner[i].second;
      }
      outside_ = false;
      const double value = number(t);
      if (outside_ || !(value > best)) continue;
      best = value;
      if (!where) continue;
      where->clear();
      for (std::size_t i = 0; i < order.size(); ++i) where->push_back(letters_[outer + i].at);
    }
    letters_.resize(outer);
    return best;
  }
  void find_argmaxes() {
    found_.clear();
    for (const auto& [names, term] : line_.argmaxes) {
      std::vector<std::int64_t> at;
      largest(*term, &at, names);
      for (std::size_t i = 0; i < names.size(); ++i) found_[names[i]] = at.at(i);
    }
  }

  double number(const Term& t) {
    const auto part = [&](std::size_t i) { return number(*t.parts.at(i)); };
    if (t.what == "number") return t.number;
    if (t.what == "name") {
      if (const std::int64_t* at = letter(t.name)) return static_cast<double>(*at);
      if (const auto found = found_.find(t.name); found != found_.end()) return static_cast<double>(found->second);
      if (const auto found = line_.definitions.find(t.name); found != line_.definitions.end())
        return number(*found->second);
      const Array& x = named(t.name);
      if (x.v.size() != 1) throw Wrong("'" + t.name + "' needs a place");
      return x.v[0];
    }
    if (t.what == "index") {
      const Array& x = named(t.name);
      const auto at = place(t.parts, x);
      outside_ = outside_ || !at;
      return at ? x.v[*at] : 0;
    }
    if (t.what == "call") {
      if (t.name == "max" && t.parts.size() == 1) return largest(*t.parts[0], nullptr, {});
      if (t.name == "max" || t.name == "min") return binary(t.name, part(0), part(1));
      if (t.name == "size" || t.name == "rows" || t.name == "columns") return call(t).v[0];
      return function(t.name, part(0));
    }
    if (t.what == "floor") return std::floor(part(0) + 1e-9);
    if (t.what == "ceil") return std::ceil(part(0) - 1e-9);
    if (t.what == "abs") return std::abs(part(0));
    if (t.what == "-" && t.parts.size() == 1) return -part(0);
    if (t.what == "where") return part(1) != 0 ? part(0) : part(2);
    if (t.parts.size() != 2) throw Wrong("'" + t.what + "' cannot be computed for one element");
    return binary(t.what, part(0), part(1));
  }

  const Line& line_;
  Names names_;
  std::map<std::string, Array> given_, cache_;
  std::map<std::string, std::int64_t> found_;
  std::vector<Letter> letters_;
  std::int64_t more_ = 0;
  int depth_ = 0;
  bool outside_ = false;
  const Array* within_ = nullptr;
};

}  // namespace

std::map<std::string, Array> compute(const std::string& text, const Names& names) {
  const Line line = parse(text);
  return Computer(line, names).run();
}

}  // namespace formula
