// Pooling over windows of images (N, C, H, W). Averages come in pairs, each the other's rule.
#include <algorithm>

#include "ops/common.hpp"
#include "ops/relu_plan.hpp"
#include "ops/window_lines.hpp"

namespace gradus {

using namespace detail;

namespace {

// The planes of x pooled to h by w.
Shape resized(const Shape& x, std::int64_t h, std::int64_t w) { return {x[0], x[1], h, w}; }

// How many windows there are along an axis; 0 or less if none fits.
std::int64_t steps(std::int64_t size, std::int64_t window, std::int64_t stride, std::int64_t padding,
                   std::int64_t dilation, bool ceil_mode) {
  const std::int64_t rounding = ceil_mode ? std::min(stride, size_limit) - 1 : 0;
  const std::int64_t room = window_room(size, window, padding, dilation) + rounding;
  if (room < 0) return 0;
  const std::int64_t n = room / stride + 1;
  return ceil_mode && (n - 1) * stride >= size + std::min(padding, size_limit) ? n - 1 : n;
}

// What the pooling operations have in common; `y` is pooled from `x`.
kernels::Conv geometry(const Shape& x, const Shape& y, const Shape& window, const Shape& stride, const Shape& padding,
                       const Shape& dilation) {
  kernels::Conv v{};
  v.n = x[0];
  v.c = x[1];
  v.o = x[1];
  v.h = x[2];
  v.w = x[3];
  v.kh = window[0];
  v.kw = window[1];
  v.oh = y[2];
  v.ow = y[3];
  v.sh = stride[0];
  v.sw = stride[1];
  v.ph = padding[0];
  v.pw = padding[1];
  v.dh = dilation[0];
  v.dw = dilation[1];
  return v;
}

Shape pooled(const Shape& x, const Shape& window, const Shape& stride, const Shape& padding, const Shape& dilation,
             bool ceil_mode) {
  return resized(x, steps(x[2], window[0], stride[0], padding[0], dilation[0], ceil_mode),
                 steps(x[3], window[1], stride[1], padding[1], dilation[1], ceil_mode));
}

// rectifies: the relu before it has left its work to this pass (ops/relu_plan.hpp).
template <bool rectifies>
struct MaxPool2dOp {
  Shape window{1, 1}, stride{1, 1}, padding{0, 0}, dilation{1, 1};
  bool ceil_mode = false;
  static constexpr auto name = "max_pool2d";
  std::string formula(int) const { return "y[n, c, i, j] = max(" + seen("x", *this) + "), " + inside(window); }
  std::string rule(int) const {
    return formatted("dx[n, c, {}, {}] += g[n, c, i, j], (a, b) = first argmax({}), {}",
                     reached("i", stride[0], "a", dilation[0], padding[0]),
                     reached("j", stride[1], "b", dilation[1], padding[1]), seen("x", *this), inside(window));
  }

  static constexpr Saves saves{extra0};
  void fields(auto& v) const {
    v("window", window);
    v("stride", stride);
    v("padding", padding);
    v("dilation", dilation);
    v("ceil_mode", ceil_mode);
  }
  Tensor forward(Fwd& f, Ins in) const {
    const Tensor x = dense(in[0]);
    Tensor y = empty(pooled(x.shape(), window, stride, padding, dilation, ceil_mode), x.dtype());
    const kernels::Conv v = pooling(x.shape(), y.shape());
    const Tensor taps = f.extras[0] = empty({(y.numel() * kernels::Taps(v).bytes + 7) / 8}, i64);
    visit_floating(x.dtype(), [&]<class T>() {
      kernels::table<T>().max_pool2d(v, rectifies, detail::data<T>(x), detail::data<T>(y), in_bytes(taps));
    });
    return y;
  }
  void vjp(Vjp& v) const {
    const Shape x = v.shape(0), &y = v.g.shape();
    const std::int64_t planes = x[0] * x[1], size = x[2] * x[3], windows = y[2] * y[3];
    const Tensor at = empty({planes, windows}, i64), nowhere = empty(y, boolean);
    positions(pooling(x, y), in_bytes(v.extra(0)), detail::data<std::int64_t>(at), detail::data<bool>(nowhere));
    const Tensor g = rectifies ? masked_fill(v.g, nowhere, 0) : v.g;
    v.give(0, reshape(scatter_add(zeros({planes, size}, g.dtype()), 1, at, reshape(g, {planes, windows})), x));
  }
  void fast(Vjp& v) const {
    const Tensor g = dense(v.g);
    Tensor dx = empty(v.shape(0), g.dtype());
    visit_floating(g.dtype(), [&]<class T>() {
      kernels::table<T>().max_pool2d_input(pooling(dx.shape(), g.shape()), detail::data<T>(g), in_bytes(v.extra(0)),
                                           detail::data<T>(dx));
    });
    v.give(0, std::move(dx));
  }

 private:
  kernels::Conv pooling(const Shape& x, const Shape& y) const {
    return geometry(x, y, window, stride, padding, dilation);
  }
  static std::uint8_t* in_bytes(const Tensor& taps) { return reinterpret_cast<std::uint8_t*>(taps.impl()->data); }
  // Where in its plane of x the maximum of each window is; 0 where it is nowhere.
  static void positions(const kernels::Conv& v, const std::uint8_t* taps, std::int64_t* at, bool* nowhere) {
    const kernels::Taps read(v);
    for (std::int64_t i = 0; i < v.n * v.c * v.oh * v.ow; ++i) {
      const std::int64_t tap = read.read(taps, i), r = i / v.ow % v.oh, q = i % v.ow;
      nowhere[i] = tap == kernels::Taps::none;
      at[i] = nowhere[i] ? 0 : (r * v.sh - v.ph + tap / v.kw * v.dh) * v.w + q * v.sw - v.pw + tap % v.kw * v.dw;
    }
  }
};
using MaxPool2d = MaxPool2dOp<false>;

struct AvgPool2d {
  Shape window{1, 1}, stride{1, 1}, padding{0, 0};
  bool ceil_mode = false, count_include_pad = true;
  static constexpr auto name = "avg_pool2d";
  std::string formula(int) const {
    return formatted("y[n, c, i, j] += {} / {}, {}", seen("x", *this), divisor(*this, "x"), inside(window));
  }
  std::string rule(int) const {
    return formatted("d{} += g[n, c, i, j] / {}, {}", seen("x", *this), divisor(*this, "x"), inside(window));
  }

  static constexpr Saves saves{};
  void fields(auto& v) const {
    v("window", window);
    v("stride", stride);
    v("padding", padding);
    v("ceil_mode", ceil_mode);
    v("count_include_pad", count_include_pad);
  }
  Pool2dOptions options() const {
    return {.stride = pair(stride),
            .padding = pair(padding),
            .ceil_mode = ceil_mode,
            .count_include_pad = count_include_pad};
  }
  Tensor forward(Fwd&, Ins in) const {
    const Tensor x = dense(in[0]);
    Tensor y = empty(pooled(x.shape(), window, stride, padding, {1, 1}, ceil_mode), x.dtype());
    visit_floating(x.dtype(), [&]<class T>() {
      kernels::table<T>().avg_pool2d(geometry(x.shape(), y.shape(), window, stride, padding, {1, 1}), count_include_pad,
                                     detail::data<T>(x), detail::data<T>(y));
    });
    return y;
  }
  void vjp(Vjp& v) const { v.give(0, avg_pool2d_input(v.g, {v.shape(0)[2], v.shape(0)[3]}, pair(window), options())); }
};

struct AvgPool2dInput {
  Shape size{1, 1}, window{1, 1}, stride{1, 1}, padding{0, 0};
  bool ceil_mode = false, count_include_pad = true;
  static constexpr auto name = "avg_pool2d_input", inputs = "gy";
  std::string formula(int) const {
    return formatted("{} += gy[n, c, i, j] / {}, {}", seen("y", *this), divisor(*this, "y"), inside(window));
  }
  std::string rule(int) const {
    return formatted("dgy[n, c, i, j] += {} / {}, {}", seen("g", *this), divisor(*this, "y"), inside(window));
  }

  static constexpr Saves saves{};
  void fields(auto& v) const {
    v("size", size);
    v("window", window);
    v("stride", stride);
    v("padding", padding);
    v("ceil_mode", ceil_mode);
    v("count_include_pad", count_include_pad);
  }
  Tensor forward(Fwd&, Ins in) const {
    const Tensor gy = dense(in[0]);
    Tensor gx = empty(resized(gy.shape(), size[0], size[1]), gy.dtype());
    visit_floating(gy.dtype(), [&]<class T>() {
      kernels::table<T>().avg_pool2d_input(geometry(gx.shape(), gy.shape(), window, stride, padding, {1, 1}),
                                           count_include_pad, detail::data<T>(gy), detail::data<T>(gx));
    });
    return gx;
  }
  void vjp(Vjp& v) const {
    v.give(0,
           avg_pool2d(v.g, pair(window), AvgPool2d{window, stride, padding, ceil_mode, count_include_pad}.options()));
  }
};

// Calls f(plane, h0, h1, w0, w1, at) for each window of an adaptive pooling from h by w to oh by ow.
template <class F>
void for_windows(const Shape& x, std::int64_t oh, std::int64_t ow, const F& f) {
  const std::int64_t h = x[2], w = x[3];
  kernels::parallel_for(x[0] * x[1], std::max<std::int64_t>(1, grain / std::max(h * w, oh * ow)),
                        [&](std::int64_t begin, std::int64_t end) {
                          for (std::int64_t p = begin; p < end; ++p)
                            for (std::int64_t i = 0; i < oh; ++i)
                              for (std::int64_t j = 0; j < ow; ++j)
                                f(p, i * h / oh, ((i + 1) * h + oh - 1) / oh, j * w / ow, ((j + 1) * w + ow - 1) / ow,
                                  (p * oh + i) * ow + j);
                        });
}

struct AdaptiveAvgPool2d {
  Shape size{1, 1};
  static constexpr auto name = "adaptive_avg_pool2d";
  std::string formula(int) const { return "y[n, c, i, j] += x[n, c, h, w] / " + window(); }
  std::string rule(int) const { return "dx[n, c, h, w] += g[n, c, i, j] / " + window(); }
  std::string window() const { return adaptive_window("rows(x)", size[0], "columns(x)", size[1]); }

  static constexpr Saves saves{};
  void fields(auto& v) const { v("size", size); }
  Tensor forward(Fwd&, Ins in) const {
    const Tensor x = dense(in[0]), y = empty(resized(x.shape(), size[0], size[1]), x.dtype());
    const std::int64_t h = x.shape()[2], w = x.shape()[3];
    visit_floating(x.dtype(), [&]<class T>() {
      const T* from = detail::data<T>(x);
      T* to = detail::data<T>(y);
      for_windows(x.shape(), size[0], size[1], [=](auto p, auto h0, auto h1, auto w0, auto w1, auto at) {
        double sum = 0;
        for (auto i = h0; i < h1; ++i)
          for (auto j = w0; j < w1; ++j) sum += from[(p * h + i) * w + j];
        to[at] = static_cast<T>(sum / static_cast<double>((h1 - h0) * (w1 - w0)));
      });
    });
    return y;
  }
  void vjp(Vjp& v) const { v.give(0, adaptive_avg_pool2d_input(v.g, {v.shape(0)[2], v.shape(0)[3]})); }
};

struct AdaptiveAvgPool2dInput {
  Shape size{1, 1};
  static constexpr auto name = "adaptive_avg_pool2d_input", inputs = "gy";
  std::string formula(int) const { return "y[n, c, h, w] += gy[n, c, i, j] / " + window(); }
  std::string rule(int) const { return "dgy[n, c, i, j] += g[n, c, h, w] / " + window(); }
  std::string window() const { return adaptive_window(size[0], "rows(gy)", size[1], "columns(gy)"); }

  static constexpr Saves saves{};
  void fields(auto& v) const { v("size", size); }
  Tensor forward(Fwd&, Ins in) const {
    const Tensor gy = dense(in[0]), gx = zeros(resized(gy.shape(), size[0], size[1]), gy.dtype());
    const std::int64_t h = size[0], w = size[1];
    visit_floating(gy.dtype(), [&]<class T>() {
      const T* from = detail::data<T>(gy);
      T* to = detail::data<T>(gx);
      for_windows(gx.shape(), gy.shape()[2], gy.shape()[3], [=](auto p, auto h0, auto h1, auto w0, auto w1, auto at) {
        const T share = from[at] / static_cast<T>((h1 - h0) * (w1 - w0));
        for (auto i = h0; i < h1; ++i)
          for (auto j = w0; j < w1; ++j) to[(p * h + i) * w + j] += share;
      });
    });
    return gx;
  }
  void vjp(Vjp& v) const { v.give(0, adaptive_avg_pool2d(v.g, {v.shape(0)[2], v.shape(0)[3]})); }
};

constexpr const OpTable* rows[] = {
    &op_table<MaxPool2d>,
    &op_table<AvgPool2d>,
    &op_table<AvgPool2dInput>,
    &op_table<AdaptiveAvgPool2d>,
    &op_table<AdaptiveAvgPool2dInput>,
};

// ---- the functions' checks ----

void check_images(const char* name, const char* argument, const Arg& x) {
  check_floating(name, x);
  if (x.tensor().dim() != 4)
    fail(name,
         {.wrong = std::string(argument) + " has the wrong number of axes",
          .got = formatted("{} {}", argument, to_string(x.tensor().shape())),
          .expected = "(N, C, H, W)",
          .advice = x.tensor().dim() == 3 ? "for a batch of one: unsqueeze(x, 0)" : ""},
         x);
}

struct Windows {
  Shape window, stride, padding, dilation;
};

Windows windows(const Pair& window, const Pool2dOptions& o) {
  Windows w{list(window), list(o.stride), list(o.padding), list(o.dilation)};
  for (int i = 0; i < 2; ++i)
    if (w.stride[i] == 0) w.stride[i] = w.window[i];
  return w;
}

std::string described(const Windows& o) {
  return formatted("window {}, stride {}, padding {}, dilation {}", to_string(o.window), to_string(o.stride),
                   to_string(o.padding), to_string(o.dilation));
}

// The shape of x when pooled.
Shape checked_pooled(const char* name, const Shape& x, const Windows& o, bool ceil_mode, const Arg& at) {
  for (int i = 0; i < 2; ++i) {
    if (o.window[i] < 1 || o.stride[i] < 1 || o.dilation[i] < 1 || o.padding[i] < 0 ||
        std::max({o.window[i], o.stride[i], o.dilation[i], o.padding[i]}) > largest_option)
      fail(name,
           {.wrong = "an option is out of range",
            .got = described(o),
            .expected = "window and dilation from 1 to 2^31, stride and padding from 0 to 2^31"},
           at);
    if (2 * o.padding[i] > o.window[i] || (o.padding[i] > 0 && o.dilation[i] > x[i + 2]))
      fail(name,
           {.wrong = "the padding is too large: a window could hold padding only",
            .got = described(o),
            .expected = "padding of at most half the window; with padding, a dilation of at most the input's size"},
           at);
  }
  const Shape y = pooled(x, o.window, o.stride, o.padding, o.dilation, ceil_mode);
  if (y[2] < 1 || y[3] < 1 || x[2] < 1 || x[3] < 1)
    fail(name,
         {.wrong = "the window is larger than the padded input",
          .got = formatted("x {}, {}", to_string(x), described(o)),
          .expected = "dilation (window - 1) + 1 <= size + 2 padding, on each axis"},
         at);
  return y;
}

void check_average(const char* name, const Pool2dOptions& o, const Arg& at) {
  if (o.dilation != Pair{1, 1})
    fail(name,
         {.wrong = "average pooling takes no dilation",
          .got = "dilation " + to_string(list(o.dilation)),
          .expected = "dilation 1"},
         at);
}

void check_size(const char* name, const Pair& size, const Shape& x, const Arg& at) {
  if (size[0] < 1 || size[1] < 1 || x[2] < 1 || x[3] < 1 || std::max(size[0], size[1]) > largest_option)
    fail(name,
         {.wrong = "a size is out of range",
          .got = formatted("x {}, size {}", to_string(x), to_string(list(size))),
          .expected = "sizes from 1 to 2^31"},
         at);
}

}  // namespace

Rows detail::pool_rows() { return rows; }

Tensor max_pool2d(Arg x, Pair window, const Pool2dOptions& options) {
  check_images("max_pool2d", "x", x);
  const Windows o = windows(window, options);
  checked_pooled("max_pool2d", x.tensor().shape(), o, options.ceil_mode, x);
  if (is_left_to_pool(x.tensor()))
    return apply(MaxPool2dOp<true>{o.window, o.stride, o.padding, o.dilation, options.ceil_mode}, x);
  return apply(MaxPool2d{o.window, o.stride, o.padding, o.dilation, options.ceil_mode}, x);
}

Tensor avg_pool2d(Arg x, Pair window, const Pool2dOptions& options) {
  check_images("avg_pool2d", "x", x);
  check_average("avg_pool2d", options, x);
  const Windows o = windows(window, options);
  checked_pooled("avg_pool2d", x.tensor().shape(), o, options.ceil_mode, x);
  return apply(AvgPool2d{o.window, o.stride, o.padding, options.ceil_mode, options.count_include_pad}, x);
}

Tensor avg_pool2d_input(Arg g, Pair size, Pair window, const Pool2dOptions& options) {
  check_images("avg_pool2d_input", "g", g);
  check_average("avg_pool2d_input", options, g);
  const Windows o = windows(window, options);
  const Shape y =
      checked_pooled("avg_pool2d_input", resized(g.tensor().shape(), size[0], size[1]), o, options.ceil_mode, g);
  if (g.tensor().shape() != y)
    fail("avg_pool2d_input",
         {.wrong = "g has another shape than the pooling's result",
          .got = "g " + to_string(g.tensor().shape()),
          .expected = "g " + to_string(y)},
         g);
  return apply(AvgPool2dInput{list(size), o.window, o.stride, o.padding, options.ceil_mode, options.count_include_pad},
               g);
}

Tensor adaptive_avg_pool2d(Arg x, Pair size) {
  check_images("adaptive_avg_pool2d", "x", x);
  check_size("adaptive_avg_pool2d", size, x.tensor().shape(), x);
  return apply(AdaptiveAvgPool2d{list(size)}, x);
}

Tensor adaptive_avg_pool2d_input(Arg g, Pair size) {
  check_images("adaptive_avg_pool2d_input", "g", g);
  check_size("adaptive_avg_pool2d_input", size, g.tensor().shape(), g);
  return apply(AdaptiveAvgPool2dInput{list(size)}, g);
}

}  // namespace gradus
