// Mistakes in the rules of reductions, views and indexing.
#include "gate/mutants.hpp"

namespace gate {

using namespace gradus;

namespace {

using A = const Fields&;

// A reduced tensor beside the unreduced one.
Tensor restore(const Tensor& y, const Shape& shape, const Axes& axes) {
  Shape kept = shape;
  for (const auto axis : axes) kept[static_cast<int>(axis)] = 1;
  return reshape(y, kept);
}
Tensor spread(const Tensor& g, const Shape& shape, const Axes& axes) { return expand(restore(g, shape, axes), shape); }

double count(const Shape& shape, const Axes& axes) {
  double n = 1;
  for (const auto axis : axes) n *= static_cast<double>(shape[static_cast<int>(axis)]);
  return n;
}

std::vector<Range> ranges(const Shape& start, const Shape& stop, const Shape& step) {
  std::vector<Range> list;
  for (int i = 0; i < start.size(); ++i) list.push_back({start[i], stop[i], step[i]});
  return list;
}

// The window moved to the start of every axis.
std::vector<Range> at_start(A a) {
  const Shape &start = a.shape("start"), &stop = a.shape("stop");
  Shape zero = start, size = stop;
  for (int i = 0; i < start.size(); ++i) zero[i] = 0, size[i] = std::max<std::int64_t>(0, stop[i] - start[i]);
  return ranges(zero, size, a.shape("step"));
}

Tensor nothing(Vjp& v, int input) { return zeros(v.shape(input), v.dtype(input)); }

// How often each position was picked, at least 1.
Tensor times(const Tensor& count) { return maximum(count, ones_like(count)); }

}  // namespace

std::vector<Mutant> reduce_mutants() {
  return {
      {"sum", "divided by n",
       [](A a, Vjp& v) { v.give(0, spread(v.g, v.shape(0), a.axes()) * (1 / count(v.shape(0), a.axes()))); }},
      {"sum", "to the first element alone",
       [](A a, Vjp& v) {
         Shape window = v.shape(0);
         for (const auto axis : a.axes()) window[static_cast<int>(axis)] = 1;
         std::vector<Range> first;
         for (const auto n : window) first.push_back({0, n});
         v.give(0, unslice(restore(v.g, v.shape(0), a.axes()), v.shape(0), first));
       }},
      {"mean", "not divided", [](A a, Vjp& v) { v.give(0, spread(v.g, v.shape(0), a.axes())); }},
      {"mean", "divided by all elements",
       [](A a, Vjp& v) {
         v.give(0, spread(v.g, v.shape(0), a.axes()) * (1 / static_cast<double>(v.shape(0).numel())));
       }},
      {"prod", "y / x",
       [](A a, Vjp& v) {
         v.give(0, restore(v.g * prod(v.in(0), a.axes(), a.is("keepdim")), v.shape(0), a.axes()) / v.in(0));
       }},
      {"prod", "the product itself",
       [](A a, Vjp& v) { v.give(0, spread(v.g * prod(v.in(0), a.axes(), a.is("keepdim")), v.shape(0), a.axes())); }},
      {"max", "no mask", [](A a, Vjp& v) { v.give(0, spread(v.g, v.shape(0), a.axes())); }},
      {"max", "the maximum of all",
       [](A a, Vjp& v) { v.give(0, where(eq(v.in(0), max(v.in(0))), spread(v.g, v.shape(0), a.axes()), 0)); }},
      {"min", "copied from max",
       [](A a, Vjp& v) {
         v.give(0, where(eq(v.in(0), max(v.in(0), a.axes(), true)), spread(v.g, v.shape(0), a.axes()), 0));
       }},
      {"norm", "the power p",
       [](A a, Vjp& v) {
         const Tensor y = norm(v.in(0), a.real("p"), a.axes(), true), &x = v.in(0);
         v.give(0, restore(v.g, v.shape(0), a.axes()) * sign(x) * pow(abs(x) / y, a.real("p")));
       }},
      {"norm", "the sign forgotten",
       [](A a, Vjp& v) {
         const Tensor y = norm(v.in(0), a.real("p"), a.axes(), true), &x = v.in(0);
         v.give(0, restore(v.g, v.shape(0), a.axes()) * pow(abs(x) / y, a.real("p") - 1));
       }},
      {"logsumexp", "softmax forgotten", [](A a, Vjp& v) { v.give(0, spread(v.g, v.shape(0), a.axes())); }},
      {"logsumexp", "not shifted", [](A a, Vjp& v) { v.give(0, restore(v.g, v.shape(0), a.axes()) * exp(v.in(0))); }},
      {"logsumexp", "y detached",
       [](A a, Vjp& v) {
         const Tensor y = restore(v.out(), v.shape(0), a.axes()).detach();
         v.give(0, restore(v.g, v.shape(0), a.axes()) * exp(v.in(0) - y));
       },
       true},
      {"cumsum", "from the front", [](A a, Vjp& v) { v.give(0, cumsum(v.g, a.axis())); }},
      {"cumprod", "divided by x",
       [](A a, Vjp& v) {
         const Tensor all = flip(cumsum(flip(v.g * v.out(), a.axis()), a.axis()), a.axis());
         v.give(0, all / v.in(0));
       }},
      {"cumprod", "later products forgotten", [](A, Vjp& v) { v.give(0, v.g * v.out() / v.in(0)); }},
      {"cumprod", "not counting itself",
       [](A a, Vjp& v) {
         const Tensor own = v.g * v.out();
         v.give(0, (flip(cumsum(flip(own, a.axis()), a.axis()), a.axis()) - own) / v.in(0));
       }},
      {"cumsum", "not counting itself",
       [](A a, Vjp& v) { v.give(0, flip(cumsum(flip(v.g, a.axis()), a.axis()), a.axis()) - v.g); }},
      {"softmax", "the diagonal alone", [](A, Vjp& v) { v.give(0, v.g * v.out() * (1.0 - v.out())); }},
      {"softmax", "the sum over all axes", [](A, Vjp& v) { v.give(0, v.out() * (v.g - sum(v.g * v.out()))); }},
      {"softmax", "the sum detached",
       [](A a, Vjp& v) { v.give(0, v.out() * (v.g - sum(v.g * v.out(), a.axis(), true).detach())); }, true},
      {"log_softmax", "g for its sum", [](A, Vjp& v) { v.give(0, v.g - exp(v.out()) * v.g); }},
      {"log_softmax", "the sum over all axes", [](A, Vjp& v) { v.give(0, v.g - exp(v.out()) * sum(v.g)); }},
      {"log_softmax", "probabilities detached",
       [](A a, Vjp& v) { v.give(0, v.g - exp(v.out()).detach() * sum(v.g, a.axis(), true)); }, true},
  };
}

std::vector<Mutant> view_mutants() {
  return {
      {"expand", "the mean for the sum",
       [](A a, Vjp& v) {
         const double grown =
             static_cast<double>(v.g.numel()) / static_cast<double>(std::max<std::int64_t>(1, v.shape(0).numel()));
         right_with(a, v, v.g * (1 / std::max(1.0, grown)));
       }},
      {"expand", "the sum forgotten",
       [](A a, Vjp& v) {
         const int extra = a.shape("shape").size() - v.shape(0).size();
         Tensor g = v.g;
         for (int i = 0; i < extra; ++i) g = select(g, 0, 0);
         std::vector<Range> first;
         for (const auto n : v.shape(0)) first.push_back({0, n});
         v.give(0, slice(g, first));
       }},
      {"expand", "summed over the new axes alone",
       [](A a, Vjp& v) {
         const int extra = a.shape("shape").size() - v.shape(0).size();
         Tensor g = v.g;
         for (int i = 0; i < extra; ++i) g = sum(g, 0);
         v.give(0, g);
       }},
      {"reshape", "columns first",
       [](A, Vjp& v) {
         Axes back;
         for (int i = v.g.dim(); i-- > 0;) back.push_back(i);
         v.give(0, reshape(permute(v.g, back), v.shape(0)));
       }},
      {"permute", "the same order for its inverse", [](A a, Vjp& v) { v.give(0, permute(v.g, a.axes())); }},
      {"permute", "not permuted", [](A, Vjp& v) { v.give(0, reshape(v.g, v.shape(0))); }},
      {"slice", "the start forgotten", [](A a, Vjp& v) { v.give(0, unslice(v.g, v.shape(0), at_start(a))); }},
      {"slice", "the zeros around it filled",
       [](A a, Vjp& v) {
         const auto window = ranges(a.shape("start"), a.shape("stop"), a.shape("step"));
         v.give(0, unslice(v.g, v.shape(0), window) + mean(v.g * 1e-2));
       }},
      {"select", "the first entry",
       [](A a, Vjp& v) {
         Shape one = v.shape(0);
         one[a.axis()] = 1;
         std::vector<Range> first;
         for (const auto n : one) first.push_back({0, n});
         v.give(0, unslice(reshape(v.g, one), v.shape(0), first));
       }},
      {"select", "every entry", [](A a, Vjp& v) { v.give(0, expand(unsqueeze(v.g, a.axis()), v.shape(0))); }},
      {"unslice", "the start forgotten", [](A a, Vjp& v) { v.give(0, slice(v.g, at_start(a))); }},
      {"unslice", "read backwards",
       [](A a, Vjp& v) {
         v.give(0, flip(slice(v.g, ranges(a.shape("start"), a.shape("stop"), a.shape("step"))), {}));
       }},
      {"concat", "every part takes the first slice",
       [](A a, Vjp& v) {
         for (int i = 0; i < v.inputs(); ++i)
           if (v.wants(i)) v.give(i, slice(v.g, a.axis(), {0, v.shape(i)[a.axis()]}));
       }},
      {"concat", "the last part gets nothing",
       [](A a, Vjp& v) {
         std::int64_t at = 0;
         for (int i = 0; i + 1 < v.inputs(); ++i)
           if (const auto n = a.shape("sizes")[a.shape("sizes").size() == 1 ? 0 : i]; n >= 0) {
             if (v.wants(i)) v.give(i, slice(v.g, a.axis(), {at, at + n}));
             at += n;
           }
       }},
      {"stack", "parts in reverse",
       [](A a, Vjp& v) {
         for (int i = 0; i < v.inputs(); ++i)
           if (v.wants(i)) v.give(i, select(v.g, a.axis(), v.inputs() - 1 - i));
       }},
      {"stack", "the first entry for all",
       [](A a, Vjp& v) {
         for (int i = 0; i < v.inputs(); ++i)
           if (v.wants(i)) v.give(i, select(v.g, a.axis(), 0));
       }},
      {"flip", "not flipped back", [](A, Vjp& v) { v.give(0, v.g); }},
      {"flip", "every axis flipped", [](A, Vjp& v) { v.give(0, flip(v.g, {})); }},
      {"clone", "given twice",
       [](A, Vjp& v) {
         v.give(0, v.g);
         v.give(0, v.g);
       }},
      {"clone", "detached, as a copy for good", [](A, Vjp& v) { v.give(0, v.g.detach()); }, true},
  };
}

std::vector<Mutant> index_mutants() {
  return {
      {"index_select", "repeated indices do not add up",
       [](A a, Vjp& v) {
         const Tensor none = nothing(v, 0);
         const Tensor n = times(index_add(none, a.axis(), v.in(1), ones_like(v.g)));
         v.give(0, index_add(none, a.axis(), v.in(1), v.g) / n);
       }},
      {"index_select", "off by one",
       [](A a, Vjp& v) { v.give(0, roll(index_add(nothing(v, 0), a.axis(), v.in(1), v.g), {1}, {a.axis()})); }},
      {"index_add", "x is overwritten at the indices",
       [](A a, Vjp& v) {
         if (!v.wants(2)) return v.give(0, v.g);  // the index is not saved
         const Tensor picked = index_select(v.g, a.axis(), v.in(1));
         const Tensor hit = index_add(zeros_like(v.g), a.axis(), v.in(1), ones_like(picked));
         if (v.wants(0)) v.give(0, masked_fill(v.g, hit > 0, 0));
         v.give(2, picked);
       }},
      {"index_add", "what is added gets nothing",
       [](A, Vjp& v) {
         if (v.wants(0)) v.give(0, v.g);
       }},
      {"gather", "repeated indices do not add up",
       [](A a, Vjp& v) {
         const Tensor none = nothing(v, 0);
         const Tensor n = times(scatter_add(none, a.axis(), v.in(1), ones_like(v.g)));
         v.give(0, scatter_add(none, a.axis(), v.in(1), v.g) / n);
       }},
      {"gather", "off by one",
       [](A a, Vjp& v) { v.give(0, roll(scatter_add(nothing(v, 0), a.axis(), v.in(1), v.g), {1}, {a.axis()})); }},
      {"scatter_add", "x is overwritten at the indices",
       [](A a, Vjp& v) {
         if (!v.wants(2)) return v.give(0, v.g);
         const Tensor picked = gather(v.g, a.axis(), v.in(1));
         const Tensor hit = scatter_add(zeros_like(v.g), a.axis(), v.in(1), ones_like(picked));
         if (v.wants(0)) v.give(0, masked_fill(v.g, hit > 0, 0));
         v.give(2, picked);
       }},
      {"scatter", "what is overwritten passes its gradient",
       [](A a, Vjp& v) {
         if (!v.wants(0) || v.wants(2)) return a.right(v);
         v.give(0, v.g);
       }},
      {"scatter", "all that go to one place get its gradient",
       [](A a, Vjp& v) {
         if (v.wants(0)) v.give(0, scatter(v.g, a.axis(), v.in(1), 0));
         if (v.wants(2)) v.give(2, gather(v.g, a.axis(), v.in(1)));
       }},
      {"scatter", "the rest is overwritten, too",
       [](A a, Vjp& v) {
         if (!v.wants(0) || v.wants(2)) return a.right(v);
         v.give(0, zeros_like(v.g));
       }},
      {"scatter_add", "the window for the picked elements",
       [](A, Vjp& v) {
         if (v.wants(0)) v.give(0, v.g);
         if (!v.wants(2)) return;
         std::vector<Range> window;
         for (const auto n : v.in(1).shape()) window.push_back({0, n});
         v.give(2, slice(v.g, window));
       }},
  };
}

}  // namespace gate
