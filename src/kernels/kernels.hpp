// Kernels know numbers only: plain loops over pointers. No tensors, no tapes, no allocation, no exceptions.
//
// Each loop is compiled three times (baseline, x86-64-v3, x86-64-v4) and fills a Table of function pointers; active()
// picks the best level the processor has, once. GRADUS_ISA=base|v3|v4 in the environment forces a lower one.
//
// Conventions. n counts elements; a stride (sx, sa, sb) counts elements too and may be 0 (a broadcast value), 1, or
// anything else. y is always contiguous and may be the same pointer as an input of stride 1, but never overlap
// otherwise.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace gradus::kernels {

using Index = std::int64_t;

template <class T>
using Map1 = void (*)(Index n, const T* x, Index sx, T* y);
template <class T>
using Map1k = void (*)(Index n, const T* x, Index sx, T* y, double k0, double k1);
template <class T>
using Map2 = void (*)(Index n, const T* a, Index sa, const T* b, Index sb, T* y);
template <class T>
using Compare = void (*)(Index n, const T* a, Index sa, const T* b, Index sb, bool* y);
template <class T>
using Select = void (*)(Index n, const bool* c, Index sc, const T* a, Index sa, const T* b, Index sb, T* y);

// x is a contiguous [outer, n, inner] block; the middle axis is reduced (y is [outer, inner]) or scanned (y is like x).
template <class T>
using Reduce = void (*)(Index outer, Index n, Index inner, const T* x, T* y);
template <class T>
using ArgReduce = void (*)(Index outer, Index n, Index inner, const T* x, Index* y);

// One convolution or pooling: images are NCHW. For pooling o == c, groups == 1 and the kernel is the window.
struct Conv {
  Index n, c, h, w;  // input
  Index o, kh, kw;   // output channels, kernel
  Index oh, ow;      // output size, already computed by the caller
  Index sh = 1, sw = 1, ph = 0, pw = 0, dh = 1, dw = 1, groups = 1;
};

// Tap i * kw + j of a window, one for each window: in a byte where that can hold them all. Always inlined, since levels
// share no function.
struct Taps {
  static constexpr Index none = -1;
  [[gnu::always_inline]] explicit Taps(const Conv& v) : bytes(v.kh * v.kw < 255 ? 1 : sizeof(Index)) {}
  [[gnu::always_inline]] Index read(const std::uint8_t* taps, Index i) const {
    Index tap = taps[i * bytes] == 255 ? none : taps[i * bytes];
    if (bytes > 1) std::memcpy(&tap, taps + i * bytes, sizeof tap);
    return tap;
  }
  [[gnu::always_inline]] void write(Index tap, std::uint8_t* taps, Index i) const {
    taps[i * bytes] = static_cast<std::uint8_t>(tap);
    if (bytes > 1) std::memcpy(taps + i * bytes, &tap, sizeof tap);
  }
  Index bytes;  // for each window
};

// Where the rows of each head lie, in elements.
struct HeadRows {
  Index batch, head, row;
  Index at(Index b, Index h, Index r = 0) const { return b * batch + h * head + r * row; }
};
inline HeadRows packed(Index heads, Index rows, Index width) {  // [batch, rows, heads, width]
  return {rows * heads * width, width, heads * width};
}
struct Attention {
  Index batch, heads, queries, keys, width, value_width;
  HeadRows q, k, v, y;
  double scale;
  bool causal;
};

struct AdamStep {
  double lr, beta1, beta2, eps, weight_decay;  // decoupled: p *= 1 - lr weight_decay; else g += weight_decay p
  double correction1, correction2;             // 1 - beta1^t, 1 - beta2^t
  bool decoupled, maximize;
};

// A kernel that must be there: the compiler refuses a table in which it is forgotten.
template <class F>
class Required {
 public:
  consteval Required(F f) : f_(f) {}
  operator F() const { return f_; }

 private:
  F f_;
};
template <class T>
inline constexpr bool is_number = !std::is_same_v<T, bool>;
// Kernels that the other dtypes lack: null there.
template <class T, class F>
using ForNumbers = std::conditional_t<is_number<T>, Required<F>, F>;
template <class T, class F>
using ForReals = std::conditional_t<std::is_floating_point_v<T>, Required<F>, F>;

// What every dtype has.
template <class T>
struct Storage {
  Required<Map1<T>> copy;
  Required<void (*)(Index n, T value, T* y)> fill;
  // y[c][r] = x[r * ldx + c], in blocks that the cache holds
  Required<void (*)(Index rows, Index cols, const T* x, Index ldx, T* y)> transpose;
  Required<Select<T>> where;  // c ? a : b
  // x is [outer, n, inner]; y is [outer, m, inner]: y[o, j, :] = x[o, at[j], :].
  Required<void (*)(Index outer, Index n, Index inner, const T* x, Index m, const Index* at, T* y)> index_select;
  Required<Compare<T>> eq, ne, lt, le, gt, ge;
  Required<Map2<T>> maximum, minimum;  // NaN wins; of bool: or, and
};

// What numbers have: float, double and Index.
template <class T>
struct Arithmetic {
  template <class F>
  using Entry = ForNumbers<T, F>;

  Entry<Map1<T>> neg, abs, sign, square;
  Entry<Map1k<T>> add_scalar, mul_scalar;  // x + k0, x * k0
  Entry<Map1k<T>> clamp;                   // min(max(x, k0), k1)
  Entry<Map2<T>> add, sub, mul;
  Entry<void (*)(Index n, double k, const T* x, T* y)> axpy;  // y += k x
  Entry<Reduce<T>> sum, prod, max, min;  // empty: 0, 1, undefined (callers refuse). max, min: NaN wins
  Entry<ArgReduce<T>> argmax, argmin;    // first at a tie; NaN wins
  Entry<Reduce<T>> cumsum;               // a scan: y is [outer, n, inner]
  // x[o, at[j], :] += y[o, j, :]
  Entry<void (*)(Index outer, Index n, Index inner, T* x, Index m, const Index* at, const T* y)> index_add;
};

// What real numbers have, element by element. NaN passes through all of them.
template <class T>
struct Functions {
  template <class F>
  using Entry = ForReals<T, F>;

  Entry<Map1<T>> sqrt, rsqrt, reciprocal, exp, expm1, log, log1p, sin, cos, tan, tanh, sigmoid, log_sigmoid, erf, relu,
      silu, gelu, gelu_tanh;
  Entry<Map1k<T>> pow_scalar;       // x ^ k0
  Entry<Map1k<T>> leaky_relu, elu;  // x > 0 ? x : k0 x;  x > 0 ? x : k0 (e^x - 1)
  Entry<Map1k<T>> softplus;         // k0 x > k1 ? x : log(1 + e^(k0 x)) / k0
  Entry<Map2<T>> div, pow;
  // Fused backward passes: a is the incoming gradient, b what the rule reads. Where a is 0 the result is 0, whatever b.
  Entry<Map2<T>> chain_mul, chain_div;               // a b, a / b
  Entry<Map2<T>> mul_zero;                           // a b, and 0 where either is 0
  Entry<Map2<T>> relu_vjp;                           // b is the input or the output: b <= 0 ? 0 : a (a NaN b passes a)
  Entry<Map2<T>> tanh_vjp;                           // b is the output:  a (1 - b^2)
  Entry<Map2<T>> sigmoid_vjp;                        // b is the output:  a b (1 - b)
  Entry<Map2<T>> silu_vjp, gelu_vjp, gelu_tanh_vjp;  // b is the input
};

// What real numbers have, over rows, matrices and images.
template <class T>
struct Blocks {
  template <class F>
  using Entry = ForReals<T, F>;

  Entry<bool (*)(Index n, const T* x)> nonfinite;          // is any NaN or infinite?
  Entry<double (*)(Index n, const T* a, const T* b)> dot;  // sum of a b: f32 in pieces, which are added in double
  Entry<Reduce<T>> logsumexp;                              // empty: -inf
  Entry<Reduce<T>> softmax, log_softmax;                   // scans. A row of only -inf: NaN
  // Rules, and normalisation, of contiguous rows. normalize: y = (x - mean) r, r = 1 / sqrt(var + eps) for each row.
  Entry<void (*)(Index rows, Index n, const T*g, const T*y, T*dx)> softmax_vjp, log_softmax_vjp;
  Entry<void (*)(Index rows, Index n, double eps, const T* x, T* y, T* r, T* mean, T* var)> normalize;
  Entry<void (*)(Index rows, Index n, const T* g, const T* y, const T* r, T* dx)> normalize_vjp;
  // y = (x - mean) r w + b. The rule takes dw and db over these rows alone.
  Entry<void (*)(Index rows, Index n, double eps, const T* x, const T* w, const T* b, T* y, T* r, T* mean)> layer_norm;
  Entry<void (*)(Index rows, Index n, const T* g, const T* x, const T* w, const T* r, const T* mean, T* dx, T* dw,
                 T* db)>
      layer_norm_vjp;
  // Losses of rows: -log softmax(x)[at]; the rule is dx = g (softmax(x) - [j = at]), g one number for each row.
  Entry<void (*)(Index rows, Index n, const T* x, const Index* at, T* loss)> cross_entropy;
  Entry<void (*)(Index rows, Index n, const T* x, const Index* at, const T* g, T* dx)> cross_entropy_vjp;
  // Scaled dot-product attention. p is [batch, heads, queries, keys], and so is ds, which is scratch. dq, dk and dv are
  // [batch, row, heads, width].
  Entry<void (*)(const Attention& s, const T* q, const T* k, const T* v, T* p, T* y)> attention;
  Entry<void (*)(const Attention& s, const T* q, const T* k, const T* v, const T* p, const T* g, T* dq, T* dk, T* dv,
                 T* ds)>
      attention_vjp;
  // A recurrent step's gates: rows of a are [i, f, g, o], each of n; y and g are [2, rows, n], hidden state and memory.
  Entry<void (*)(Index rows, Index n, const T* a, const T* c, T* y)> lstm;
  Entry<void (*)(Index rows, Index n, const T* a, const T* c, const T* y, const T* g, T* da, T* dc)> lstm_vjp;

  // Row-major C[m,n] = alpha op(A) op(B) + beta C; op is transposition where ta / tb is set; lda.. are row lengths as
  // stored. k == 0 scales C by beta (beta 0 writes zeros, also over NaN).
  Entry<void (*)(bool ta, bool tb, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b, Index ldb,
                 T beta, T* c, Index ldc)>
      gemm;

  // Weight is [o, c/groups, kh, kw]. Each overwrites its result. scratch: conv_scratch<T>(v) elements.
  Entry<void (*)(const Conv& v, const T* x, const T* weight, const T* bias, T* y, T* scratch)> conv2d;  // bias: or null
  Entry<void (*)(const Conv& v, const T* weight, const T* gy, T* gx, T* scratch)> conv2d_input;
  Entry<void (*)(const Conv& v, const T* x, const T* gy, T* gweight, T* scratch)> conv2d_weight;
  // taps[n,c,oh,ow], as Taps reads them: which tap of its window is the first maximum. NaN wins. Padding never wins.
  // rectify: y is relu of that, and a window that relu makes 0 has no tap, so its gradient goes nowhere.
  Entry<void (*)(const Conv& v, bool rectify, const T* x, T* y, std::uint8_t* taps)> max_pool2d;
  Entry<void (*)(const Conv& v, const T* gy, const std::uint8_t* taps, T* gx)> max_pool2d_input;
  Entry<void (*)(const Conv& v, bool count_include_pad, const T* x, T* y)> avg_pool2d;
  Entry<void (*)(const Conv& v, bool count_include_pad, const T* gy, T* gx)> avg_pool2d_input;

  // Optimizer steps over n contiguous elements, one pass. momentum may be null. first: the buffer starts as g.
  Entry<void (*)(Index n, T* p, const T* g, T* momentum, bool first, double lr, double mu, double dampening,
                 double weight_decay, bool nesterov, bool maximize)>
      sgd;
  Entry<void (*)(Index n, T* p, const T* g, T* m, T* v, T* vmax, const AdamStep& s)> adam;  // vmax: null unless amsgrad
};

template <class T>
struct Table : Storage<T>, Arithmetic<T>, Functions<T>, Blocks<T> {};

struct Kernels {
  const char* isa;  // "base", "v3" or "v4"
  Table<float> f32;
  Table<double> f64;
  Table<Index> i64;
  Table<bool> b8;
};

const Kernels& active();
// "base", "v3", "v4", or null when the processor lacks it: for tests that compare the levels.
const Kernels* level(const char* isa);

template <class T>
const Table<T>& table();
template <>
inline const Table<float>& table<float>() {
  return active().f32;
}
template <>
inline const Table<double>& table<double>() {
  return active().f64;
}
template <>
inline const Table<Index>& table<Index>() {
  return active().i64;
}
template <>
inline const Table<bool>& table<bool>() {
  return active().b8;
}

Index conv_scratch(const Conv& v);  // elements of scratch that the conv2d kernels of this shape want

// y[i] = x[i] converted as C++ does (to bool: x != 0). From and To: float, double, Index, bool. To Index, x must be in
// its range: callers check.
template <class From, class To>
void convert(Index n, const From* x, Index sx, To* y);

// The CBLAS in use ("OpenBLAS 0.3.21, Cooperlake") or "built-in".
const char* blas_name();

}  // namespace gradus::kernels
