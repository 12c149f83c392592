// Views and rearrangements: all linear.
#include "gate/draw.hpp"

namespace gate {

using namespace gradus;

namespace {

Case expand_case(Rng& rng) {
  const Shape to = shape(rng, 0, 4);
  Shape small = to;
  for (int i = 0; i < small.size(); ++i)
    if (rng.chance(0.4)) small[i] = 1;
  for (auto gone = rng.between(0, small.size()); gone > 0 && rng.chance(0.6); --gone) small.erase(0);
  Shape asked = to;
  if (small.size() == to.size() && to.size() > 0 && rng.chance(0.2))
    if (const int i = static_cast<int>(rng.below(to.size())); small[i] == to[i]) asked[i] = -1;
  return {[=](const Tensors& x) { return expand(x[0], asked); }, {normal(rng, small)}};
}

Case reshape_case(Rng& rng) {
  const Shape s = shape(rng, 1, 4);
  const int at = static_cast<int>(rng.below(s.size()));
  const Tensor x = normal(rng, s);
  switch (rng.below(6)) {
    case 0:
      return {[](const Tensors& t) { return reshape(t[0], {-1}); }, {x}, 1};
    case 1:
      return {[=](const Tensors& t) { return flatten(t[0], 0, at); }, {x}};
    case 2:
      return {[](const Tensors& t) { return squeeze(t[0]); }, {x}};
    case 3:
      return {[=](const Tensors& t) { return unsqueeze(t[0], at); }, {x}};
    case 4:
      return {[=](const Tensors& t) { return unsqueeze(squeeze(t[0], at), -1); }, {x}};
    default:
      break;
  }
  Shape turned;
  for (int i = s.size(); i-- > 0;) turned.push_back(s[i]);
  return {[=](const Tensors& t) { return reshape(t[0], turned); }, {x}};
}

Case permute_case(Rng& rng) {
  const Shape s = shape(rng, 1, 4);
  if (rng.chance(0.3)) {
    const int a = axis(rng, s.size()), b = axis(rng, s.size());
    return {[=](const Tensors& x) { return transpose(x[0], a, b); }, {normal(rng, s)}};
  }
  const Axes order = axes(rng, s.size(), s.size());
  return {[=](const Tensors& x) { return permute(x[0], order); }, {normal(rng, s)}};
}

std::vector<Range> windows(Rng& rng, const Shape& s) {
  std::vector<Range> list;
  for (const auto n : s) {
    Range r;
    if (rng.chance(0.7)) r.start = rng.between(0, n / 2);
    if (rng.chance(0.5)) r.stop = rng.chance(0.3) ? 1000 : rng.between(n / 2, n);
    if (r.start > 0 && rng.chance(0.3)) r.start -= n;
    r.step = rng.of({1, 1, 2, 3});
    list.push_back(r);
  }
  while (!list.empty() && rng.chance(0.2)) list.pop_back();
  return list;
}

Case slice_case(Rng& rng) {
  const Shape s = shape(rng, 1, 4);
  const int a = axis(rng, s.size());
  const Tensor x = normal(rng, s);
  if (rng.chance(0.1)) return {[=](const Tensors& t) { return concat(split(t[0], 2, a), a) * 2; }, {x}};
  const auto ranges = windows(rng, s);
  return {[=](const Tensors& t) { return slice(t[0], ranges); }, {x}};
}

Case select_case(Rng& rng) {
  Shape s = shape(rng, 1, 4);
  const int a = axis(rng, s.size());
  std::int64_t& n = s[a < 0 ? a + s.size() : a];
  n = std::max<std::int64_t>(n, 1);
  const auto index = rng.between(-n, n - 1);
  if (rng.chance(0.3))  // two entries of one tensor, of which one may be the other
    return {[=](const Tensors& t) { return select(t[0], a, index) + 2 * select(t[0], a, 0); }, {normal(rng, s)}};
  return {[=](const Tensors& t) { return select(t[0], a, index); }, {normal(rng, s)}};
}

Case unslice_case(Rng& rng) {
  const Shape s = shape(rng, 1, 4);
  if (rng.chance(0.3)) {
    std::vector<Pad> amounts;
    for (const auto n : s) amounts.push_back({rng.between(n > 1 ? -1 : 0, 2), rng.between(0, 2)});
    const double value = rng.of({0.0, 1.5});
    return {[=](const Tensors& x) { return pad(x[0], amounts, PadMode::constant, value); }, {normal(rng, s)}};
  }
  const auto ranges = windows(rng, s);
  const Shape window = slice(zeros(s, f64), ranges).shape();
  return {[=](const Tensors& x) { return unslice(x[0], s, ranges); }, {normal(rng, window)}};
}

template <class F>
std::vector<Case> wrong(F f, std::initializer_list<Shape> shapes) {
  std::vector<Case> list{{f, {undefined()}}};
  for (const Shape& s : shapes) list.push_back({f, {numbers(s)}});
  return list;
}

std::vector<Case> together(std::initializer_list<std::vector<Case>> lists) {
  std::vector<Case> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

Row line(const char* name, Case (*sample)(Rng&), std::vector<Case> errors) {
  return {name, sample, std::move(errors), nullptr, is_linear};
}

// ---- rearrangements ----

// Parts whose sizes along the axis differ or do not; sometimes one part twice, sometimes more than eight.
Case concat_case(Rng& rng) {
  Shape s = shape(rng, 1, 3);
  const int a = axis(rng, s.size()), at = a < 0 ? a + s.size() : a;
  const auto count = rng.of({1, 2, 3, 4, 10});
  const bool equal = rng.chance(0.4);
  Tensors parts;
  for (int i = 0; i < count; ++i) {
    if (!equal) s[at] = rng.between(rng.chance(0.1) ? 0 : 1, 3);
    parts.push_back(normal(rng, s));
  }
  if (rng.chance(0.15)) return {[=](const Tensors& x) { return concat({x[0], x.back(), x[0]}, a); }, std::move(parts)};
  return {[=](const Tensors& x) { return concat(x, a); }, std::move(parts)};
}

Case stack_case(Rng& rng) {
  const Shape s = shape(rng, 0, 3);
  const int a = axis(rng, s.size() + 1);
  Tensors parts;
  for (auto n = rng.between(1, 4); n > 0; --n) parts.push_back(normal(rng, s));
  if (rng.chance(0.15)) return {[=](const Tensors& x) { return stack({x[0], x[0]}, a); }, std::move(parts)};
  return {[=](const Tensors& x) { return stack(x, a); }, std::move(parts)};
}

Case flip_case(Rng& rng) {
  const Shape s = shape(rng, 1, 4);
  const Axes over = axes(rng, s.size());
  return {[=](const Tensors& x) { return flip(x[0], over); }, {normal(rng, s)}};
}

Case clone_case(Rng& rng) {
  const Shape s = shape(rng, 0, 4);
  if (s.size() > 1 && rng.chance(0.25))
    return {[](const Tensors& x) { return contiguous(transpose(x[0], 0, -1)); }, {normal(rng, s)}};
  return {[](const Tensors& x) { return clone(x[0]); }, {normal(rng, s)}};
}

}  // namespace

std::vector<Row> view_rows() {
  const auto expands = [](Shape to) { return [to](const Tensors& x) { return expand(x[0], to); }; };
  const auto reshapes = [](Shape to) { return [to](const Tensors& x) { return reshape(x[0], to); }; };
  const auto permutes = [](Axes to) { return [to](const Tensors& x) { return permute(x[0], to); }; };
  const auto slices = [](Range r) { return [r](const Tensors& x) { return slice(x[0], {r}); }; };
  const auto selects = [](int a, std::int64_t i) { return [a, i](const Tensors& x) { return select(x[0], a, i); }; };
  const auto unslices = [](Shape to, Range r) {
    return [to, r](const Tensors& x) { return unslice(x[0], to, std::span(&r, 1)); };
  };
  return {
      line("expand", expand_case,
           together({wrong(expands({2, 3}), {{2}, {2, 2}, {1, 2, 3}}), wrong(expands({-2, 3}), {{3}}),
                     wrong(expands({-1, 3}), {{3}}), wrong(expands({1 << 30, 1 << 30, 1 << 30}), {{1}})})),
      line("reshape", reshape_case,
           together({wrong(reshapes({2, 3}), {{5}, {2, 2}}), wrong(reshapes({-1, -1}), {{4}}),
                     wrong(reshapes({-2, 2}), {{4}}), wrong(reshapes({-1, 3}), {{4}}),
                     wrong(reshapes({-1, 0}), {{0}})})),
      line("permute", permute_case,
           together({wrong(permutes({1, 0}), {{2, 3, 4}, {2}}), wrong(permutes({0, 0}), {{2, 3}}),
                     wrong(permutes({0, 2}), {{2, 3}})})),
      line("slice", slice_case,
           together({wrong(slices({0, 1, 0}), {{3}}), wrong(slices({0, 1, -1}), {{3}}), wrong(slices({}), {Shape{}})})),
      line("select", select_case,
           together({wrong(selects(0, 3), {{3}, {0}}), wrong(selects(0, -4), {{3}}), wrong(selects(1, 0), {{3}}),
                     wrong(selects(0, 0), {Shape{}})})),
      line("unslice", unslice_case,
           together({wrong(unslices({4}, {1, 3, 1}), {{3}, {2, 1}, {}}), wrong(unslices({-4}, {}), {{4}}),
                     wrong(unslices({4}, {0, 4, 0}), {{4}})})),
  };
}

std::vector<Row> arrange_rows() {
  const auto concats = [](int a) { return [a](const Tensors& x) { return concat(x, a); }; };
  const auto stacks = [](int a) { return [a](const Tensors& x) { return stack(x, a); }; };
  const auto flips = [](Axes a) { return [a](const Tensors& x) { return flip(x[0], a); }; };
  return {
      line("concat", concat_case,
           {{concats(0), {numbers({2, 3}), numbers({2, 4})}},
            {concats(2), {numbers({2, 3}), numbers({2, 3})}},
            {concats(0), {numbers({2}), single({2})}},
            {concats(0), {numbers({2}), numbers({2, 1})}},
            {concats(0), {numbers({}), numbers({})}},
            {concats(0), {numbers({2}), undefined()}},
            {[](const Tensors&) { return concat(std::span<const Tensor>()); }, {numbers({2})}}}),
      line("stack", stack_case,
           {{stacks(0), {numbers({2, 3}), numbers({2, 4})}},
            {stacks(3), {numbers({2, 3}), numbers({2, 3})}},
            {stacks(-4), {numbers({2, 3}), numbers({2, 3})}},
            {stacks(0), {numbers({2}), whole({2})}},
            {stacks(0), {numbers({1, 1, 1, 1, 1, 1, 1, 1})}},
            {stacks(0), {undefined()}}}),
      line("flip", flip_case,
           together({wrong(flips({2}), {{2, 3}, {}}), wrong(flips({0, 0}), {{2}}), wrong(flips({0, -2}), {{2, 3}})})),
      line("clone", clone_case, {{[](const Tensors& x) { return clone(x[0]); }, {undefined()}}}),
  };
}

}  // namespace gate
