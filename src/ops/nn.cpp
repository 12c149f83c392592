// Dropout and normalisation.
#include <cmath>

#include "kernels/random.hpp"
#include "ops/common.hpp"
#include "ops/lines.hpp"

namespace gradus {

using namespace detail;
using kernels::Index;

namespace {

struct Dropout {
  double p = 0.5;
  std::int64_t seed = 0, counter = 0;  // element i is kept if the uniform number (seed, counter + i) is p or more
  static constexpr auto name = "dropout", formula = "y = x / (1 - p) where uniform(seed, counter) >= p, else 0",
                        rule = "dx = g / (1 - p) where uniform(seed, counter) >= p, else 0";
  static constexpr Saves saves{};
  void fields(auto& v) const {
    v("p", p);
    v("seed", seed);
    v("counter", counter);
  }
  Tensor forward(Fwd&, Ins in) const {
    const Tensor x = dense(in[0]), y = empty(x.shape(), x.dtype());
    visit_floating(x.dtype(), [&]<class T>() {
      kernels::parallel_for(x.numel(), grain / 8, [&](Index begin, Index end) {
        kernels::dropout(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(counter + begin), end - begin, p,
                         detail::data<T>(x) + begin, detail::data<T>(y) + begin);
      });
    });
    return y;
  }
  void vjp(Vjp& v) const { v.give(0, apply(*this, v.g)); }
};

// ---- normalisation ----

// x as [p, k, q], where p and q are normalised over for each k: rows of length q. Layers have p = 1, images q = H W.
struct Folded {
  Index p = 1, k = 1, q = 1;
  bool fits = true;  // the axes have this order, and the rows are long enough to be worth it

  Folded(const Shape& shape, const Shape& axes) {
    int stage = 0, next = 0;
    for (int i = 0; i < shape.size(); ++i) {
      const bool over = next < axes.size() && axes[next] == i;
      next += over;
      if (shape[i] == 1) continue;
      if (!over && stage == 0) stage = 1;
      if (over && stage == 1) stage = 2;
      fits = fits && (over || stage == 1);
      Index* const sizes[] = {&p, &k, &q};
      *sizes[stage] *= shape[i];
    }
    if (k == 1) {
      q *= p;
      p = 1;
    }
    fits = fits && (p == 1 || q >= 16);
  }
  double count() const { return static_cast<double>(p * q); }
  Index row(Index channel, Index i) const { return (i * k + channel) * q; }
};

template <class T>
double total(const kernels::Table<T>& t, Index n, const T* x) {
  T part;
  t.sum(1, n, 1, x, &part);
  return static_cast<double>(part);
}

// y = (x - mean) r for every k; r = 1 / sqrt(var + eps).
template <class T>
void normalize_rows(const Folded& s, double eps, const T* x, T* y, T* r, T* mean, T* var) {
  const auto& t = kernels::table<T>();
  kernels::parallel_for(s.k, std::max<Index>(1, grain / (s.p * s.q)), [&, eps](Index begin, Index end) {
    if (s.p == 1)
      return t.normalize(end - begin, s.q, eps, x + begin * s.q, y + begin * s.q, r + begin, mean + begin, var + begin);
    for (Index k = begin; k < end; ++k) {
      double sum = 0, squares = 0;
      for (Index i = 0; i < s.p; ++i) sum += total(t, s.q, x + s.row(k, i));
      mean[k] = static_cast<T>(sum / s.count());
      for (Index i = 0; i < s.p; ++i) {
        T* row = y + s.row(k, i);
        t.add_scalar(s.q, x + s.row(k, i), 1, row, -static_cast<double>(mean[k]), 0);
        squares += t.dot(s.q, row, row);
      }
      var[k] = static_cast<T>(squares / s.count());
      r[k] = static_cast<T>(1 / std::sqrt(squares / s.count() + eps));
      for (Index i = 0; i < s.p; ++i)
        t.mul_scalar(s.q, y + s.row(k, i), 1, y + s.row(k, i), static_cast<double>(r[k]), 0);
    }
  });
}

// dx = r (g - mean(g) - y mean(g y)) for every k.
template <class T>
void normalize_vjp_rows(const Folded& s, const T* g, const T* y, const T* r, T* dx) {
  const auto& t = kernels::table<T>();
  kernels::parallel_for(s.k, std::max<Index>(1, grain / (s.p * s.q)), [&](Index begin, Index end) {
    if (s.p == 1)
      return t.normalize_vjp(end - begin, s.q, g + begin * s.q, y + begin * s.q, r + begin, dx + begin * s.q);
    for (Index k = begin; k < end; ++k) {
      double sum = 0, along = 0;
      for (Index i = 0; i < s.p; ++i) {
        sum += total(t, s.q, g + s.row(k, i));
        along += t.dot(s.q, g + s.row(k, i), y + s.row(k, i));
      }
      for (Index i = 0; i < s.p; ++i) {
        T* row = dx + s.row(k, i);
        t.add_scalar(s.q, g + s.row(k, i), 1, row, -sum / s.count(), 0);
        t.axpy(s.q, -along / s.count(), y + s.row(k, i), row);
        t.mul_scalar(s.q, row, 1, row, static_cast<double>(r[k]), 0);
      }
    }
  });
}

// Extras: r, the mean and the variance, without the axes.
struct Normalize {
  Shape axes;
  double eps = 1e-5;
  static constexpr auto name = "normalize";
  std::string formula(int) const { return "y = (x - mean(x" + over_axes(axes) + ")) r, " + root(); }
  std::string rule(int) const {
    return formatted("dx = r (g - mean(g{0}) - y mean(g y{0})), {1}", over_axes(axes), root());
  }
  std::string root() const { return "r = 1 / sqrt(var(x" + over_axes(axes) + ") + eps)"; }

  static constexpr Saves saves{in0 | out0 | extra0};
  void fields(auto& v) const {
    v("axes", axes);
    v("eps", eps);
  }
  Tensor forward(Fwd& f, Ins in) const {
    const Shape& shape = in[0].shape();
    const Folded s(shape, axes);
    if (!s.fits || in[0].numel() == 0) {
      const Tensor m = gradus::mean(in[0], over(), true), c = in[0] - m;
      const Tensor v = gradus::mean(square(c), over(), true), r = rsqrt(v + eps);
      const Shape kept = reduced(shape, axes, false);
      f.extras[0] = reshape(r, kept);
      f.extras[1] = reshape(m, kept);
      f.extras[2] = reshape(v, kept);
      return c * r;
    }
    const Tensor x = dense(in[0]), y = empty(shape, x.dtype());
    for (Tensor& extra : f.extras) extra = empty(reduced(shape, axes, false), x.dtype());
    visit_floating(x.dtype(), [&]<class T>() {
      normalize_rows<T>(s, eps, data<T>(x), data<T>(y), data<T>(f.extras[0]), data<T>(f.extras[1]),
                        data<T>(f.extras[2]));
    });
    return y;
  }
  void vjp(Vjp& v) const {
    const Tensor &g = v.g, &y = v.out();
    const Tensor r = rsqrt(var(v.in(0), over(), true, 0) + eps);
    v.give(0, r * (g - gradus::mean(g, over(), true) - y * gradus::mean(g * y, over(), true)));
  }
  void fast(Vjp& v) const {
    const Folded s(v.g.shape(), axes);
    if (!s.fits || v.g.numel() == 0) return vjp(v);
    const Tensor g = dense(v.g), y = dense(v.out()), dx = empty(g.shape(), g.dtype());
    visit_floating(g.dtype(), [&]<class T>() {
      normalize_vjp_rows<T>(s, detail::data<T>(g), detail::data<T>(y), detail::data<T>(v.extra(0)),
                            detail::data<T>(dx));
    });
    v.give(0, dx);
  }

 private:
  Axes over() const { return Axes(std::span(axes.begin(), axes.end())); }
};

constexpr const OpTable* rows[] = {&op_table<Dropout>, &op_table<Normalize>};

// ---- what the functions share ----

// One number for each channel of x, in a shape that broadcasts to x (N, C, …).
Tensor as_channels(const Tensor& t, const Tensor& x) {
  Shape shape;
  for (int i = 0; i < x.dim(); ++i) shape.push_back(i == 1 ? x.size(i) : 1);
  return reshape(t, shape);
}

void check_channels(const char* name, const Arg& x) {
  check_floating(name, x);
  if (x.tensor().dim() < 2)
    fail(name,
         {.wrong = "the input has no axis of channels",
          .got = "shape " + to_string(x.tensor().shape()),
          .expected = "(N, C, …)",
          .advice = "for a batch of one: unsqueeze(x, 0)"},
         x);
}

Tensor scaled(Tensor y, const Tensor& weight, const Tensor& bias) {
  if (weight.defined()) y = y * as_channels(weight, y);
  if (bias.defined()) y = y + as_channels(bias, y);
  return y;
}

}  // namespace

Rows detail::nn_rows() { return rows; }

Tensor dropout(Arg x, double p, bool training) {
  check_floating("dropout", x);
  if (!(p >= 0 && p <= 1)) refuse_number("dropout", "p", p, "a probability: 0 to 1", x);
  if (!training || p == 0) return x;
  Generator& generator = default_generator();
  const std::uint64_t seed = generator.seed(), first = generator.draw(x.tensor().numel());
  return apply(Dropout{p, static_cast<std::int64_t>(seed), static_cast<std::int64_t>(first)}, x);
}

Tensor normalize(Arg x, Axes axes, double eps) {
  check_floating("normalize", x);
  check_eps("normalize", eps, x);
  return apply(Normalize{normal_axes(axes, x.tensor().dim(), "normalize", x.where), eps}, x);
}

Tensor group_norm(Arg x, std::int64_t num_groups, const Tensor& weight, const Tensor& bias, double eps) {
  check_channels("group_norm", x);
  check_eps("group_norm", eps, x);
  const Shape& shape = x.tensor().shape();
  if (num_groups < 1 || shape[1] % num_groups)
    fail("group_norm",
         {.wrong = "the number of channels is not divisible by num_groups",
          .got = formatted("{} channels, {} groups", shape[1], num_groups),
          .expected = "channels that are a multiple of num_groups, which is 1 or more"},
         x);
  check_parameter("group_norm", "the weight", weight, {shape[1]}, x);
  check_parameter("group_norm", "the bias", bias, {shape[1]}, x);
  const At at(x);
  Shape grouped{shape[0], num_groups, shape[1] / num_groups};
  for (int i = 2; i < shape.size(); ++i) grouped[2] *= shape[i];
  const Tensor y = apply(Normalize{{2}, eps}, reshape(x, grouped));
  return scaled(reshape(y, shape), weight, bias);
}

Tensor rms_norm(Arg x, const Tensor& weight, double eps) {
  check_floating("rms_norm", x);
  check_eps("rms_norm", eps, x);
  const Shape& shape = x.tensor().shape();
  if (shape.empty())
    fail("rms_norm", {.wrong = "the input has no axes", .got = "shape ()", .expected = "at least one axis"}, x);
  check_parameter("rms_norm", "the weight", weight, {shape.back()}, x);
  const At at(x);
  const Tensor y = x * rsqrt(mean(square(x), -1, true) + eps);
  return weight.defined() ? y * weight : y;
}

BatchNormResult batch_norm(Arg x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                           const Tensor& bias, bool training, double momentum, double eps) {
  const char* name = "batch_norm";
  check_channels(name, x);
  check_eps(name, eps, x);
  if (!(momentum >= 0 && momentum <= 1)) refuse_number(name, "momentum", momentum, "0 to 1", x);
  const Shape& shape = x.tensor().shape();
  check_parameter(name, "running_mean", running_mean, {shape[1]}, x);
  check_parameter(name, "running_var", running_var, {shape[1]}, x);
  check_parameter(name, "the weight", weight, {shape[1]}, x);
  check_parameter(name, "the bias", bias, {shape[1]}, x);
  if (running_mean.defined() != running_var.defined() || (!training && !running_mean.defined()))
    fail(name,
         {.wrong = "the running statistics are undefined",
          .expected = training ? "both of running_mean and running_var, or neither"
                               : "running_mean and running_var: evaluation normalises with them"},
         x);
  const At at(x);
  if (!training) {
    const Tensor mean = running_mean.detach(), var = running_var.detach();
    const Tensor y = (x - as_channels(mean, x)) * as_channels(rsqrt(var + eps), x);
    return {scaled(y, weight, bias), mean, var};
  }
  if (shape.numel() == 0) return {scaled(x, weight, bias), running_mean, running_var};
  const double n = static_cast<double>(shape.numel() / shape[1]);
  if (n < 2)
    fail(name,
         {.wrong = "one value per channel has no variance",
          .got = "shape " + to_string(shape),
          .expected = "two or more values per channel while training",
          .advice = "use a larger batch and drop the last one if it is smaller, or use evaluation mode"},
         x);
  Shape axes{0};
  for (int i = 2; i < shape.size(); ++i) axes.push_back(i);
  Tensor extras[3];
  const Arg args[] = {x};
  const Tensor y = apply(Normalize{axes, eps}, args, extras);
  Tensor mean = extras[1], var = extras[2] * (n / (n - 1));
  if (running_mean.defined()) {
    mean = running_mean.detach() * (1 - momentum) + mean * momentum;
    var = running_var.detach() * (1 - momentum) + var * momentum;
  }
  return {scaled(y, weight, bias), mean, var};
}

}  // namespace gradus
