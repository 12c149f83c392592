// Recipes of views, rearrangements and indexing.
#include <limits>

#include "io/onnx/step.hpp"

namespace gradus::io::onnx {
namespace {

// Broadcasting operations do without; whoever needs all elements expands then.
void expand(Step& s) { s.give_narrow(s.narrow(0)); }

void reshape(Step& s) { s.give(s.graph().reshape(s.entry().scope, s.in(0), s.sizes())); }

void permute(Step& s) { s.give(s.node("Transpose", {s.in(0)}, {{"perm", s.fixed_list("axes")}})); }

void slice(Step& s) {
  const Sizes from = s.sizes(0), start = s.list("start"), stop = s.list("stop");
  const auto step = s.fixed_list("step");
  Sizes starts, stops;
  std::vector<std::int64_t> axes, steps;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (start[i] == fixed(0) && stop[i] == from[i] && step[i] == 1) continue;
    starts.push_back(start[i]);
    stops.push_back(stop[i]);
    axes.push_back(static_cast<std::int64_t>(i));
    steps.push_back(step[i]);
  }
  if (axes.empty()) return s.give(s.in(0));
  Graph& g = s.graph();
  s.give(s.node("Slice", {s.in(0), g.shape(starts), g.shape(stops), g.integers(axes), g.integers(steps)}));
}

void select(Step& s) {
  const std::int64_t axis = s.integer("axis");
  const std::string part = s.node("Gather", {s.in(0), s.graph().integers({s.integer("index")})}, {{"axis", axis}});
  s.give(s.node("Squeeze", {part, s.graph().integers({axis})}));
}

// x in its window of zeros.
void unslice(Step& s) {
  const Sizes to = s.sizes(), start = s.list("start"), from = s.sizes(0);
  for (const std::int64_t step : s.fixed_list("step"))
    if (step != 1) s.refuse("a window with steps has no recipe");
  Sizes pads = start;
  for (std::size_t i = 0; i < to.size(); ++i) {
    pads.push_back(
        {to[i].per_example - start[i].per_example - from[i].per_example, to[i].fixed - start[i].fixed - from[i].fixed});
  }
  s.give(s.node("Pad", {s.in(0), s.graph().shape(pads)}, {{"mode", "constant"}}));
}

void concat(Step& s) {
  std::vector<std::string> parts;
  for (int i = 0; i < s.inputs(); ++i) parts.push_back(s.in(i));
  s.give(s.node("Concat", parts, {{"axis", s.integer("axis")}}));
}

void stack(Step& s) {
  const std::int64_t axis = s.integer("axis");
  std::vector<std::string> parts;
  for (int i = 0; i < s.inputs(); ++i) parts.push_back(s.node("Unsqueeze", {s.in(i), s.graph().integers({axis})}));
  s.give(s.node("Concat", parts, {{"axis", axis}}));
}

void flip(Step& s) {
  const auto axes = s.fixed_list("axes");
  if (axes.empty()) return s.give(s.in(0));
  const std::vector<std::int64_t> last(axes.size(), -1), before_first(axes.size(), std::numeric_limits<int>::min());
  Graph& g = s.graph();
  s.give(s.node("Slice", {s.in(0), g.integers(last), g.integers(before_first), g.integers(axes), g.integers(last)}));
}

void same(Step& s) { s.give(s.in(0)); }

// ---- by index ----

void index_select(Step& s) { s.give(s.node("Gather", {s.in(0), s.in(1)}, {{"axis", s.integer("axis")}})); }
void gather(Step& s) { s.give(s.node("GatherElements", {s.in(0), s.in(1)}, {{"axis", s.integer("axis")}})); }

void scatter_add(Step& s) {
  s.give(s.node("ScatterElements", {s.in(0), s.in(1), s.in(2)}, {{"axis", s.integer("axis")}, {"reduction", "add"}}));
}

void scatter(Step& s) { s.give(s.node("ScatterElements", {s.in(0), s.in(1), s.in(2)}, {{"axis", s.integer("axis")}})); }

// The index of a row is that of each of its elements.
void index_add(Step& s) {
  const std::int64_t axis = s.integer("axis");
  Sizes column(s.sizes(2).size(), fixed(1));
  column[static_cast<std::size_t>(axis)] = s.sizes(1)[0];
  Graph& g = s.graph();
  const std::string list = g.reshape(s.entry().scope, s.in(1), column);
  const std::string at = s.node("Expand", {list, g.shape(s.sizes(2))});
  s.give(s.node("ScatterElements", {s.in(0), at, s.in(2)}, {{"axis", axis}, {"reduction", "add"}}));
}

constexpr Recipe recipes[] = {
    {"expand", expand},   {"reshape", reshape},
    {"permute", permute}, {"slice", slice},
    {"unslice", unslice}, {"concat", concat},
    {"stack", stack},     {"flip", flip},
    {"clone", same},      {"index_select", index_select},
    {"gather", gather},   {"scatter_add", scatter_add},
    {"scatter", scatter}, {"index_add", index_add},
    {"select", select},
};

}  // namespace

Recipes view_recipes() { return recipes; }

}  // namespace gradus::io::onnx
