// Convolutions. conv2d is linear in x and in the weight; its two transposes are operations too, and the rule of each is
// made of the others: sum(g conv2d(x, w)) = sum(x conv2d_input(w, g)) = sum(w conv2d_weight(x, g)) for every g.
#include "ops/common.hpp"
#include "ops/lines.hpp"

namespace gradus {

using namespace detail;

namespace {

// Runs one of the three kernels on a and b; x, weight and y are the shapes of the convolution.
template <class Op, class Pick>
Tensor convolve(const Op& op, const Tensor& a, const Tensor& b, const Shape& x, const Shape& weight, const Shape& y,
                const Shape& result, Pick pick) {
  kernels::Conv v{};
  v.n = x[0];
  v.c = x[1];
  v.h = x[2];
  v.w = x[3];
  v.o = weight[0];
  v.kh = weight[2];
  v.kw = weight[3];
  v.oh = y[2];
  v.ow = y[3];
  v.sh = op.stride[0];
  v.sw = op.stride[1];
  v.ph = op.padding[0];
  v.pw = op.padding[1];
  v.dh = op.dilation[0];
  v.dw = op.dilation[1];
  v.groups = op.groups;
  const Tensor da = dense(a), db = dense(b), scratch = empty({kernels::conv_scratch(v)}, a.dtype());
  Tensor r = empty(result, a.dtype());
  visit_floating(a.dtype(), [&]<class T>() {
    pick(kernels::table<T>(), v, detail::data<T>(da), detail::data<T>(db), detail::data<T>(r),
         detail::data<T>(scratch));
  });
  return r;
}

// Each element of y is a sum over the weight of its channel.
double conv_flops(const Tensor& y, const Tensor& weight) {
  return y.numel() == 0 ? 0 : 2 * static_cast<double>(y.numel()) * static_cast<double>(weight.numel() / weight.size(0));
}

// How many positions a window has along an axis; 0 if it does not fit.
std::int64_t steps(std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                   std::int64_t dilation) {
  const std::int64_t room = window_room(size, kernel, padding, dilation);
  return room < 0 ? 0 : room / stride + 1;
}

Shape output(const Shape& x, const Shape& weight, const Shape& stride, const Shape& padding, const Shape& dilation) {
  Shape y{x[0], weight[0]};
  for (int i = 2; i < x.size(); ++i)
    y.push_back(steps(x[i], weight[i], stride[i - 2], padding[i - 2], dilation[i - 2]));
  return y;
}

template <class Op>
Conv2dOptions options_of(const Op& op) {
  return {.stride = pair(op.stride), .padding = pair(op.padding), .dilation = pair(op.dilation), .groups = op.groups};
}

// What output (n, o, i, j) sees of an image through weight (o, c, u, v).
template <class Op>
std::string seen(const char* image, const Op& op, const char* weight) {
  std::string channel = "c";
  if (op.groups > 1) channel += formatted(" + size({0}, 1) ⌊{1} o / size({0}, 0)⌋", weight, op.groups);
  return formatted("{}[n, {}, {}, {}]", image, channel, reached("i", op.stride[0], "u", op.dilation[0], op.padding[0]),
                   reached("j", op.stride[1], "v", op.dilation[1], op.padding[1]));
}

struct Conv2d {
  Shape stride{1, 1}, padding{0, 0}, dilation{1, 1};
  std::int64_t groups = 1;
  static constexpr auto name = "conv2d", inputs = "x w b";
  std::string formula(int count) const {
    return "y[n, o, i, j] += " + seen("x", *this, "w") + " w[o, c, u, v]" + (count > 2 ? "   y += b" : "");
  }
  std::string rule(int count) const {
    const std::string at = seen("x", *this, "w");
    return "d" + at + " += g[n, o, i, j] w[o, c, u, v]   dw[o, c, u, v] += g[n, o, i, j] " + at +
           (count > 2 ? "   db = g" : "");
  }

  static constexpr Saves saves{in1, in0, 0u};
  void fields(auto& v) const {
    v("stride", stride);
    v("padding", padding);
    v("dilation", dilation);
    v("groups", groups);
  }
  Tensor forward(Fwd&, Ins in) const {
    const Shape &x = in[0].shape(), &w = in[1].shape(), y = output(x, w, stride, padding, dilation);
    const Tensor bias = in.size() > 2 ? channels(in[2]) : Tensor();
    const Tensor r = convolve(*this, in[0], in[1], x, w, y, y,
                              [&]<class T>(auto& k, const kernels::Conv& v, const T* a, const T* b, T* to, T* scratch) {
                                k.conv2d(v, a, b, bias.defined() ? detail::data<T>(bias) : nullptr, to, scratch);
                              });
    if (in.size() > 2 && !bias.defined()) add_strided(*in[2].impl(), 1, *r.impl());
    return r;
  }
  double flops(Ins in, const Tensor& y) const { return conv_flops(y, in[1]); }
  void vjp(Vjp& v) const {
    if (v.wants(0)) v.give(0, conv2d_input(v.in(1), v.g, {v.shape(0)[2], v.shape(0)[3]}, options_of(*this)));
    if (v.wants(1)) v.give(1, conv2d_weight(v.in(0), v.g, {v.shape(1)[2], v.shape(1)[3]}, options_of(*this)));
    if (v.wants(2)) v.give(2, v.g);
  }

 private:
  // The addend as one number for each channel, as a bias is; undefined if it is not constant within channels.
  static Tensor channels(const Tensor& c) {
    for (const int axis : {0, 2, 3})
      if (c.size(axis) > 1 && c.strides()[axis] != 0) return {};
    return dense(view(c, {c.size(1)}, {c.strides()[1]}));
  }
};

struct Conv2dInput {
  Shape size{1, 1}, stride{1, 1}, padding{0, 0}, dilation{1, 1};
  std::int64_t groups = 1;
  static constexpr auto name = "conv2d_input", inputs = "w gy";
  std::string formula(int) const { return seen("y", *this, "w") + " += gy[n, o, i, j] w[o, c, u, v]"; }
  std::string rule(int) const {
    const std::string at = seen("g", *this, "w");
    return "dw[o, c, u, v] += gy[n, o, i, j] " + at + "   dgy[n, o, i, j] += " + at + " w[o, c, u, v]";
  }

  static constexpr Saves saves{in1, in0};
  void fields(auto& v) const {
    v("size", size);
    v("stride", stride);
    v("padding", padding);
    v("dilation", dilation);
    v("groups", groups);
  }
  Tensor forward(Fwd&, Ins in) const {
    const Shape &w = in[0].shape(), &y = in[1].shape(), x{y[0], w[1] * groups, size[0], size[1]};
    return convolve(*this, in[0], in[1], x, w, y, x, [](auto& k, auto... of) { k.conv2d_input(of...); });
  }
  double flops(Ins in, const Tensor&) const { return conv_flops(in[1], in[0]); }
  void vjp(Vjp& v) const {
    if (v.wants(0)) v.give(0, conv2d_weight(v.g, v.in(1), {v.shape(0)[2], v.shape(0)[3]}, options_of(*this)));
    if (v.wants(1)) v.give(1, conv2d(v.g, v.in(0), {}, options_of(*this)));
  }
};

struct Conv2dWeight {
  Shape size{1, 1}, stride{1, 1}, padding{0, 0}, dilation{1, 1};
  std::int64_t groups = 1;
  static constexpr auto name = "conv2d_weight", inputs = "x gy";
  std::string formula(int) const { return "y[o, c, u, v] += " + seen("x", *this, "y") + " gy[n, o, i, j]"; }
  std::string rule(int) const {
    const std::string at = seen("x", *this, "y");
    return "d" + at + " += gy[n, o, i, j] g[o, c, u, v]   dgy[n, o, i, j] += " + at + " g[o, c, u, v]";
  }

  static constexpr Saves saves{in1, in0};
  void fields(auto& v) const {
    v("size", size);
    v("stride", stride);
    v("padding", padding);
    v("dilation", dilation);
    v("groups", groups);
  }
  Tensor forward(Fwd&, Ins in) const {
    const Shape &x = in[0].shape(), &y = in[1].shape(), w{y[1], x[1] / groups, size[0], size[1]};
    return convolve(*this, in[0], in[1], x, w, y, w, [](auto& k, auto... of) { k.conv2d_weight(of...); });
  }
  double flops(Ins in, const Tensor& w) const { return conv_flops(in[1], w); }
  void vjp(Vjp& v) const {
    if (v.wants(0)) v.give(0, conv2d_input(v.g, v.in(1), {v.shape(0)[2], v.shape(0)[3]}, options_of(*this)));
    if (v.wants(1)) v.give(1, conv2d(v.in(0), v.g, {}, options_of(*this)));
  }
};

constexpr const OpTable* rows[] = {&op_table<Conv2d>, &op_table<Conv2dInput>, &op_table<Conv2dWeight>};

// ---- the functions' checks, over one axis or two ----

std::string pairs(const Shape& s) { return s.size() == 1 ? std::to_string(s[0]) : to_string(s); }

void check_rank(const char* name, const char* argument, const Arg& x, int axes, const char* expected) {
  if (x.tensor().dim() != axes)
    fail(name,
         {.wrong = std::string(argument) + " has the wrong number of axes",
          .got = formatted("{} {}", argument, to_string(x.tensor().shape())),
          .expected = expected,
          .advice = expected[1] == 'N' && x.tensor().dim() == axes - 1 ? "for a batch of one: unsqueeze(x, 0)" : ""},
         x);
}

struct Geometry {
  Shape stride, padding, dilation;
  std::int64_t groups;
};

void check_geometry(const char* name, const Geometry& o, const Arg& at) {
  for (int i = 0; i < o.stride.size(); ++i)
    if (o.stride[i] < 1 || o.dilation[i] < 1 || o.padding[i] < 0 || o.groups < 1 ||
        std::max({o.stride[i], o.dilation[i], o.padding[i], o.groups}) > largest_option)
      fail(name,
           {.wrong = "an option is out of range",
            .got = formatted("stride {}, padding {}, dilation {}, groups {}", pairs(o.stride), pairs(o.padding),
                             pairs(o.dilation), o.groups),
            .expected = "stride, dilation and groups from 1 to 2^31, padding from 0 to 2^31"},
           at);
}

// The shape of the result; x and weight have the right number of axes.
Shape checked_output(const char* name, const Shape& x, const Shape& weight, const Geometry& o, const Arg& at) {
  const auto got = [&] { return formatted("x {}, weight {}, groups {}", to_string(x), to_string(weight), o.groups); };
  if (x[1] % o.groups || weight[0] % o.groups || weight[1] != x[1] / o.groups)
    fail(name,
         {.wrong = "the channels of x, weight and groups do not match",
          .got = got(),
          .expected = "x (N, C, …), weight (O, C/groups, …), with C and O multiples of groups"},
         at);
  const Shape y = output(x, weight, o.stride, o.padding, o.dilation);
  for (int i = 2; i < y.size(); ++i)
    if (y[i] < 1 || weight[i] < 1)
      fail(name,
           {.wrong = weight[i] < 1 ? "the kernel is empty" : "the kernel is larger than the padded input",
            .got = got() + ", padding " + pairs(o.padding) + ", dilation " + pairs(o.dilation),
            .expected = "dilation (kernel - 1) + 1 <= size + 2 padding, on each axis",
            .advice = weight[i] < 1 ? "" : "add padding, or remove a pooling step before this layer"},
           at);
  return y;
}

// The bias in the shape y of a result; undefined without a bias.
Tensor bias_like(const char* name, const Tensor& bias, const Shape& y, const Arg& at) {
  if (!bias.defined()) return bias;
  check_input_dtype(name, at, bias);
  if (bias.shape() != Shape{y[1]})
    fail(name,
         {.wrong = "the bias has the wrong shape",
          .got = "bias " + to_string(bias.shape()),
          .expected = formatted("bias {}: one element for each output channel", to_string(Shape{y[1]}))},
         at);
  Shape shape{1, y[1]};
  while (shape.size() < y.size()) shape.push_back(1);
  return expand(reshape(bias, shape), y);
}

// The sum comes with the convolution, as in addmm.
Tensor convolved(const Conv2d& op, const Arg& x, const Arg& weight, const Tensor& c) {
  return c.defined() ? apply(op, x, weight, c) : apply(op, x, weight);
}

Geometry geometry(const Conv2dOptions& o) { return {list(o.stride), list(o.padding), list(o.dilation), o.groups}; }

void check_operands(const char* name, const Arg& x, const Arg& weight) {
  check_input_dtype(name, x, weight);
  check_floating(name, x);
}

void check_fits(const char* name, const Arg& g, const Shape& y) {
  if (g.tensor().shape() != y)
    fail(name,
         {.wrong = "g has another shape than the convolution's result",
          .got = "g " + to_string(g.tensor().shape()),
          .expected = "g " + to_string(y)},
         g);
}

}  // namespace

Rows detail::conv_rows() { return rows; }

Tensor conv2d(Arg x, Arg weight, const Tensor& bias, const Conv2dOptions& options) {
  check_operands("conv2d", x, weight);
  check_rank("conv2d", "x", x, 4, "(N, C, H, W)");
  check_rank("conv2d", "the weight", weight, 4, "(O, C/groups, KH, KW)");
  const Geometry o = geometry(options);
  check_geometry("conv2d", o, x);
  const Shape y = checked_output("conv2d", x.tensor().shape(), weight.tensor().shape(), o, x);
  const At at(x);
  return convolved({o.stride, o.padding, o.dilation, o.groups}, x, weight, bias_like("conv2d", bias, y, x));
}

Tensor conv2d_input(Arg weight, Arg g, Pair size, const Conv2dOptions& options) {
  check_same_dtype("conv2d_input", weight, g);
  check_floating("conv2d_input", weight);
  check_rank("conv2d_input", "the weight", weight, 4, "(O, C/groups, KH, KW)");
  check_rank("conv2d_input", "g", g, 4, "(N, O, H', W')");
  const Geometry o = geometry(options);
  check_geometry("conv2d_input", o, weight);
  const Shape& w = weight.tensor().shape();
  const Shape x{g.tensor().shape()[0], w[1] * o.groups, size[0], size[1]};
  check_fits("conv2d_input", g, checked_output("conv2d_input", x, w, o, weight));
  return apply(Conv2dInput{list(size), o.stride, o.padding, o.dilation, o.groups}, weight, g);
}

Tensor conv2d_weight(Arg x, Arg g, Pair size, const Conv2dOptions& options) {
  check_same_dtype("conv2d_weight", x, g);
  check_floating("conv2d_weight", x);
  check_rank("conv2d_weight", "x", x, 4, "(N, C, H, W)");
  check_rank("conv2d_weight", "g", g, 4, "(N, O, H', W')");
  const Geometry o = geometry(options);
  check_geometry("conv2d_weight", o, x);
  const Shape& sx = x.tensor().shape();
  const Shape w{g.tensor().shape()[1], sx[1] / o.groups, size[0], size[1]};
  check_fits("conv2d_weight", g, checked_output("conv2d_weight", sx, w, o, x));
  return apply(Conv2dWeight{list(size), o.stride, o.padding, o.dilation, o.groups}, x, g);
}

Tensor conv1d(Arg x, Arg weight, const Tensor& bias, const Conv1dOptions& options) {
  check_operands("conv1d", x, weight);
  check_rank("conv1d", "x", x, 3, "(N, C, L)");
  check_rank("conv1d", "the weight", weight, 3, "(O, C/groups, K)");
  const Geometry o{{options.stride}, {options.padding}, {options.dilation}, options.groups};
  check_geometry("conv1d", o, x);
  const Shape y = checked_output("conv1d", x.tensor().shape(), weight.tensor().shape(), o, x);
  const At at(x);  // a row of pixels
  const Tensor c = bias_like("conv1d", bias, {y[0], y[1], 1, y[2]}, x);
  return squeeze(convolved({{1, options.stride}, {0, options.padding}, {1, options.dilation}, options.groups},
                           unsqueeze(x, 2), unsqueeze(weight, 2), c),
                 2);
}

Tensor conv_transpose2d(Arg x, Arg weight, const Tensor& bias, const ConvTranspose2dOptions& options) {
  const char* name = "conv_transpose2d";
  check_operands(name, x, weight);
  check_rank(name, "x", x, 4, "(N, C, H, W)");
  check_rank(name, "the weight", weight, 4, "(C, O/groups, KH, KW)");
  const Geometry o{list(options.stride), list(options.padding), list(options.dilation), options.groups};
  check_geometry(name, o, x);
  const Shape &sx = x.tensor().shape(), &sw = weight.tensor().shape();
  if (sx[1] != sw[0] || sx[1] % o.groups)
    fail(name,
         {.wrong = "the channels of x, weight and groups do not match",
          .got = formatted("x {}, weight {}, groups {}", to_string(sx), to_string(sw), o.groups),
          .expected = "x (N, C, H, W), weight (C, O/groups, KH, KW), with C a multiple of groups"},
         x);
  Shape size;
  for (int i = 0; i < 2; ++i) {
    const std::int64_t extra = options.output_padding[static_cast<std::size_t>(i)];
    if (extra < 0 || extra >= o.stride[i])
      fail(name,
           {.wrong = "output_padding is out of range",
            .got = pairs(list(options.output_padding)),
            .expected = "0 or more, and less than the stride, which is " + pairs(o.stride)},
           x);
    size.push_back((sx[i + 2] - 1) * o.stride[i] - 2 * o.padding[i] + o.dilation[i] * (sw[i + 2] - 1) + extra + 1);
    if (size[i] < 1 || sx[i + 2] < 1 || sw[i + 2] < 1)
      fail(name,
           {.wrong = "the result would be empty",
            .got = formatted("x {}, weight {}, padding {}", to_string(sx), to_string(sw), pairs(o.padding)),
            .expected = "(H - 1) stride - 2 padding + dilation (KH - 1) + output_padding + 1 >= 1, on each axis"},
           x);
  }
  const At at(x);
  const Tensor y = apply(Conv2dInput{size, o.stride, o.padding, o.dilation, o.groups}, weight, x);
  return bias.defined() ? y + bias_like(name, bias, y.shape(), x) : y;
}

}  // namespace gradus
