// Matrix products. Transposed operands are flags for the kernel, not copies.
#include "ops/common.hpp"
#include "ops/long_product.hpp"

namespace gradus {

using namespace detail;
using kernels::Index;

namespace {

// How the kernel sees the last two axes of a tensor: a row-major matrix of row length `ld`, to be transposed or not.
// Other strides than a matrix and its transpose have are made dense first.
struct Matrix {
  Matrix(const Tensor& t, bool transpose) : x(t.impl()), transposed(transpose) {
    const Index* sizes = x->shape.end() - 2;  // unchecked, as every product comes here
    const Index rows = sizes[0];
    const Index cols = sizes[1];
    if (x->contiguous) {
      ld = cols;
      return;
    }
    const Index down = x->strides.end()[-2];
    const Index along = x->strides.end()[-1];
    if ((cols <= 1 || along == 1) && (rows <= 1 || down >= std::max<Index>(1, cols))) {
      ld = rows <= 1 ? cols : down;
    } else if ((rows <= 1 || down == 1) && (cols <= 1 || along >= std::max<Index>(1, rows))) {
      ld = cols <= 1 ? rows : along;
      transposed = !transpose;
    } else {
      copy = dense(t);
      x = copy.impl();
      ld = cols;
    }
  }

  Tensor copy;
  const TensorImpl* x;
  bool transposed;
  Index ld;
};

// One factor of a product, transposed or not.
struct Factor {
  const Tensor& x;
  bool transposed;
};

Shape product_shape(const Factor& a, const Factor& b) {
  Shape shape = a.x.shape();
  Index* sizes = &shape[shape.size() - 2];
  sizes[0] = a.x.shape().end()[a.transposed - 2];
  sizes[1] = b.x.shape().end()[!b.transposed - 2];
  return shape;
}

// result = op(x) op(y), of equal batch shapes, or, where `add`, result += op(x) op(y).
void multiply(const Factor& x, const Factor& y, bool add, const Tensor& result) {
  const Matrix a(x.x, x.transposed), b(y.x, y.transposed);
  const Shape& shape = result.shape();
  const int r = shape.size() - 2;
  const Index m = shape.end()[-2];
  const Index n = shape.end()[-1];
  const Index k = x.x.shape().end()[!x.transposed - 2];
  if (result.impl()->numel == 0) return;
  visit_floating(a.x->dtype, [&]<class T>() {
    const T beta = add ? 1 : 0;
    const auto gemm = kernels::table<T>().gemm;
    const auto multiply_one = [&](Index at_a, Index at_b, Index at) {
      const T *pa = a.x->as<T>() + at_a, *pb = b.x->as<T>() + at_b;
      T* to = data<T>(result) + at * m * n;
      if (k > most_terms && (m == 1 || n == 1) && !kernels::deterministic()) [[unlikely]] {
        // The vector, and the matrix as the vector's terms see it: its lines hold terms, or results.
        const LongProduct<T> row{k, n, pa, a.transposed ? a.ld : 1, pb, b.ld, b.transposed};
        const LongProduct<T> column{k, m, pb, b.transposed ? 1 : b.ld, pa, a.ld, !a.transposed};
        return multiply_long(m == 1 ? row : column, add, to);
      }
      gemm(a.transposed, b.transposed, m, n, k, T(1), pa, a.ld, pb, b.ld, beta, to, n);
    };
    if (r == 0) [[likely]]
      return multiply_one(0, 0, 0);
    const Shape batch(std::span(shape.begin(), static_cast<std::size_t>(r)));
    Nest<2> nested = nest<2>(batch, {a.x, b.x});
    nested.size[nested.dims++] = 1;  // one product per row of the nest
    const auto multiply_range = [&](Index begin, Index end) {
      for_rows(nested, begin, end, [&](const Index* offset, Index at) { multiply_one(offset[0], offset[1], at); });
    };
    const Index count = batch.numel(), work = std::max<Index>(1, m * n * k);
    if (work > 2 * work_per_thread && count < kernels::num_threads())
      return multiply_range(0, count);  // the kernel splits each product
    kernels::parallel_for(count, std::max<Index>(1, work_per_thread / work), multiply_range);
  });
}

Tensor product(const Factor& x, const Factor& y) {
  Tensor result = empty(product_shape(x, y), x.x.dtype());
  multiply(x, y, false, result);
  return result;
}

// Of y = op(a) op(b), of inner size k.
double product_flops(const Tensor& y, const Tensor& a, bool ta) {
  return 2 * static_cast<double>(y.numel()) * static_cast<double>(a.size(ta ? -2 : -1));
}

// The rule of a product y = op(a) op(b), inputs `first` and the one behind it: the gradient of op(a) is g op(b)ᵀ. Where
// op transposes, so does its gradient.
template <class Give>
void give_factors(Vjp& v, int first, bool ta, bool tb, const Give& give) {
  const int a = first, b = first + 1;
  if (v.wants(a)) {
    if (ta)
      give(v, a, {v.in(b), tb}, {v.g, true});
    else
      give(v, a, {v.g, false}, {v.in(b), !tb});
  }
  if (v.wants(b)) {
    if (tb)
      give(v, b, {v.g, true}, {v.in(a), ta});
    else
      give(v, b, {v.in(a), !ta}, {v.g, false});
  }
}
void give_recorded(Vjp& v, int input, const Factor& a, const Factor& b) {
  v.give(input, matmul(a.x, b.x, {a.transposed, b.transposed}));
}
// The product adds itself to what has arrived before.
void give_fused(Vjp& v, int input, const Factor& a, const Factor& b) {
  v.give_by(input, [&](const Tensor& to, bool add) { multiply(a, b, add, to); });
}

// "a bᵀ"
std::string product_text(bool ta, bool tb) { return formatted("a{} b{}", ta ? "ᵀ" : "", tb ? "ᵀ" : ""); }
// What give_factors() gives.
std::string rule_text(bool ta, bool tb) {
  const char* a = ta ? "aᵀ" : "a";
  const char* b = tb ? "bᵀ" : "b";
  const std::string da = ta ? formatted("{} gᵀ", b) : formatted("g {}", tb ? "b" : "bᵀ");
  const std::string db = tb ? formatted("gᵀ {}", a) : formatted("{} g", ta ? "a" : "aᵀ");
  return formatted("da = {}   db = {}", da, db);
}

struct Matmul {
  bool transpose_a = false, transpose_b = false;
  static constexpr auto name = "matmul";
  std::string formula(int) const { return "y = " + product_text(transpose_a, transpose_b); }
  std::string rule(int) const { return rule_text(transpose_a, transpose_b); }

  static constexpr Saves saves{in1, in0};
  void fields(auto& v) const {
    v("transpose_a", transpose_a);
    v("transpose_b", transpose_b);
  }
  Tensor forward(Fwd&, Ins in) const { return product({in[0], transpose_a}, {in[1], transpose_b}); }
  double flops(Ins in, const Tensor& y) const { return product_flops(y, in[0], transpose_a); }
  void vjp(Vjp& v) const { give_factors(v, 0, transpose_a, transpose_b, give_recorded); }
  void fast(Vjp& v) const { give_factors(v, 0, transpose_a, transpose_b, give_fused); }
};

// result = c. A bias of a few rows, which is one row for all of them, needs no general loop.
void start_with(const TensorImpl& c, const Tensor& result) {
  const Index* const strides = c.strides.begin();
  if (strides[0] != 0 || strides[1] != 1 || c.numel >= grain) return copy_strided(c, *result.impl());
  visit_floating(c.dtype, [&]<class T>() {
    const Index columns = c.shape.begin()[1];
    T* const y = data<T>(result);
    for (Index at = 0; at < c.numel; at += columns) std::copy_n(c.as<T>(), columns, y + at);
  });
}

// The sum comes with the product: one pass less over the result than a product and an addition.
struct Addmm {
  bool transpose_a = false, transpose_b = false;
  static constexpr auto name = "addmm", inputs = "c a b";
  std::string formula(int) const { return "y = c + " + product_text(transpose_a, transpose_b); }
  std::string rule(int) const { return "dc = g   " + rule_text(transpose_a, transpose_b); }

  static constexpr Saves saves{0u, in2, in1};
  void fields(auto& v) const {
    v("transpose_a", transpose_a);
    v("transpose_b", transpose_b);
  }
  Tensor forward(Fwd&, Ins in) const {
    const Factor a{in[1], transpose_a}, b{in[2], transpose_b};
    Tensor result = empty(product_shape(a, b), a.x.dtype());
    start_with(*in[0].impl(), result);
    multiply(a, b, true, result);
    return result;
  }
  double flops(Ins in, const Tensor& y) const { return product_flops(y, in[1], transpose_a); }
  void vjp(Vjp& v) const {
    if (v.wants(0)) v.give(0, v.g);
    give_factors(v, 1, transpose_a, transpose_b, give_recorded);
  }
  void fast(Vjp& v) const {
    if (v.wants(0)) v.give(0, v.g);
    give_factors(v, 1, transpose_a, transpose_b, give_fused);
  }
};

constexpr const OpTable* rows[] = {&op_table<Matmul>, &op_table<Addmm>};

std::string shown(const Arg& x, bool transposed) { return to_string(x.tensor().shape()) + (transposed ? "ᵀ" : ""); }

// The axes before the last two, as they broadcast.
Shape batch_shape(const Arg& a, const Arg& b, const Shape& x, const Shape& y) {
  Shape batch;
  for (int i = std::max(x.size(), y.size()); i > 2; --i) {
    const Index nx = i > x.size() ? 1 : x[x.size() - i], ny = i > y.size() ? 1 : y[y.size() - i];
    if (nx != ny && nx != 1 && ny != 1)
      fail("matmul",
           {.wrong = "the batch axes do not broadcast",
            .got = formatted("{} and {}: sizes {} and {} on axis -{}", shown(a, false), shown(b, false), nx, ny, i),
            .expected = "equal sizes, or 1, on each axis before the last two"},
           a);
    batch.push_back(nx == 1 ? ny : nx);
  }
  return batch;
}

Tensor with_batch(const Tensor& x, const Shape& batch) {
  Shape to = batch;
  to.push_back(x.size(-2));
  to.push_back(x.size(-1));
  return x.shape() == to ? x : expand(x, to);
}

}  // namespace

Rows detail::matmul_rows() { return rows; }

namespace {
const char* advice_to_transpose(bool helps, bool is_transposed) {
  if (!helps) return "";
  return is_transposed ? "leave out .transpose_b" : "transpose b: matmul(a, b, {.transpose_b = true})";
}
}  // namespace

Tensor matmul(Arg a, Arg b, MatmulOptions options) {
  check_same_dtype("matmul", a, b);
  check_floating("matmul", a);
  const Shape &sa = a.tensor().shape(), &sb = b.tensor().shape();
  const int da = sa.size(), db = sb.size();
  if (da == 0 || db == 0)
    fail("matmul",
         {.wrong = "an operand has no axes",
          .got = formatted("shapes {} and {}", shown(a, false), shown(b, false)),
          .expected = "at least one axis on each operand",
          .advice = "multiply by a number with a * b"},
         a);
  const bool ta = da > 1 && options.transpose_a, tb = db > 1 && options.transpose_b;
  const int inner_b = db == 1 ? 0 : db - (tb ? 1 : 2);
  const Index ka = sa[ta ? da - 2 : da - 1], kb = sb[inner_b];
  if (ka != kb) {
    const bool transposing_helps = da > 1 && db > 1 && sb[tb ? db - 2 : db - 1] == ka;
    fail("matmul",
         {.wrong = "the inner sizes differ",
          .got = formatted("{} times {}: {} columns of a, {} rows of b", shown(a, ta), shown(b, tb), ka, kb),
          .expected = "a.shape[-1] == b.shape[-2]",
          .advice = advice_to_transpose(transposing_helps, tb)},
         a);
  }
  if (da == 2 && db == 2) return apply(Matmul{ta, tb}, a, b);

  const At at(a);
  const Tensor x = da == 1 ? unsqueeze(a, 0) : a.tensor(), y = db == 1 ? unsqueeze(b, 1) : b.tensor();
  Shape shape = batch_shape(a, b, x.shape(), y.shape());
  Tensor result;
  if (x.dim() > 2 && y.dim() == 2 && !ta) {  // one tall matrix instead of a batch
    result = apply(Matmul{false, tb}, reshape(x, {shape.numel() * x.size(-2), ka}), y);
  } else {
    result = apply(Matmul{ta, tb}, with_batch(x, shape), with_batch(y, shape));
  }
  if (da > 1) shape.push_back(x.size(ta ? -1 : -2));
  if (db > 1) shape.push_back(y.size(tb ? -2 : -1));
  return result.shape() == shape ? result : reshape(result, shape);
}

Tensor addmm(Arg c, Arg a, Arg b, MatmulOptions options) {
  check_same_dtype("addmm", a, b);
  check_same_dtype("addmm", a, c);
  check_floating("addmm", a);
  const Shape &sa = a.tensor().shape(), &sb = b.tensor().shape();
  if (sa.size() != 2 || sb.size() != 2 || sa[!options.transpose_a] != sb[options.transpose_b])
    fail("addmm",
         {.wrong = sa.size() != 2 || sb.size() != 2 ? "a and b must be matrices" : "the inner sizes differ",
          .got = formatted("{} times {}", shown(a, options.transpose_a), shown(b, options.transpose_b)),
          .expected = "(m, k) times (k, n)"},
         a);
  const Shape to{sa[options.transpose_a], sb[!options.transpose_b]};
  const At at(c);
  return apply(Addmm{options.transpose_a, options.transpose_b}, c.tensor().shape() == to ? c.tensor() : expand(c, to),
               a, b);
}

Tensor linear(Arg x, Arg weight, const Tensor& bias) {
  check_input_dtype("linear", x, weight);
  check_floating("linear", x);
  const Shape &sx = x.tensor().shape(), &sw = weight.tensor().shape();
  if (sw.size() != 2 || sx.empty() || sx.back() != sw[1])
    fail("linear",
         {.wrong = sw.size() != 2 ? "the weight is not a matrix" : "the input has the wrong number of features",
          .got = formatted("x {}, weight {}", to_string(sx), to_string(sw)),
          .expected = sw.size() != 2 ? "x (…, in), weight (out, in)"
                                     : formatted("x (…, {}): the last axis of x has the weight's in", sw[1])},
         x);
  check_parameter("linear", "the bias", bias, {sw[0]}, x);
  const At at(x);
  // Addmm without addmm(): the checks above speak of features instead of matrices.
  const auto layer = [&](Index count, const Tensor& flat) {
    return bias.defined() ? apply(Addmm{false, true}, expand(bias, {count, sw[0]}), flat, weight)
                          : apply(Matmul{false, true}, flat, weight);
  };
  if (sx.size() == 2) return layer(sx[0], x.tensor());
  Shape shape = sx;
  shape[shape.size() - 1] = sw[0];
  Index count = 1;
  for (int i = 0; i < sx.size() - 1; ++i) count *= sx[i];
  return reshape(layer(count, reshape(x, {count, sw[1]})), shape);
}

}  // namespace gradus
