// Determinants and their logarithms.
#include <cmath>

#include "ops/lines.hpp"
#include "ops/matrices.hpp"

namespace gradus {

using namespace detail;

namespace {

Shape last_two(int dims) { return {dims - 2, dims - 1}; }

// Calls f(k, diagonal of U, sign of the permutation) for each matrix.
template <class T, class F>
void for_pivots(const Tensor& x, const F& f) {
  const Batch b(x);
  const Factored a = factored(x);
  std::vector<T> diagonal(static_cast<std::size_t>(b.rows));
  for (std::int64_t k = 0; k < b.count; ++k) {
    bool odd = false;
    for (std::int64_t i = 0; i < b.rows; ++i) {
      odd = odd != (data<std::int64_t>(a.pivots)[k * b.rows + i] != i);
      diagonal[static_cast<std::size_t>(i)] = data<T>(a.lu)[(k * b.rows + i) * b.rows + i];
    }
    f(k, diagonal, odd ? -1 : 1);
  }
}

// An (…) factor beside matrices (…, n, n).
Tensor beside_matrices(const Tensor& x, const Tensor& matrices) {
  Shape shape = matrices.shape();
  shape[shape.size() - 1] = 1;
  shape[shape.size() - 2] = 1;
  return reshape(x, shape);
}

std::vector<std::int64_t> all_but(std::int64_t n, std::int64_t left_out) {
  std::vector<std::int64_t> list;
  for (std::int64_t i = 0; i < n; ++i)
    if (i != left_out) list.push_back(i);
  return list;
}

// The cofactors of each matrix, by determinants of its minors: also where there is no inverse.
Tensor cofactors(const Tensor& x) {
  const Batch b(x);
  const std::int64_t n = b.rows;
  if (n == 1) return ones_like(x);
  const Tensor all = reshape(x, {b.count, n, n});
  std::vector<std::int64_t> columns;  // of the n minors without row i, side by side
  for (std::int64_t j = 0; j < n; ++j)
    for (const auto c : all_but(n, j)) columns.push_back(c);
  const Tensor at = from_data(columns, {n * (n - 1)});
  std::vector<Tensor> rows;
  for (std::int64_t i = 0; i < n; ++i) {
    const Tensor rest = index_select(all, 1, from_data(all_but(n, i), {n - 1}));
    const Tensor minors = permute(reshape(index_select(rest, 2, at), {b.count, n - 1, n, n - 1}), {0, 2, 1, 3});
    const Tensor sign = where(eq(remainder(arange(n), 2), static_cast<double>(i % 2)), ones({n}, x.dtype()), -1);
    rows.push_back(det(minors) * sign);
  }
  return reshape(stack(rows, 1), x.shape());
}

// y has the shape of the batch; axes are the two that it has lost.
struct Det {
  Shape axes;
  static constexpr auto name = "det", formula = "y = det(x)";
  std::string rule(int) const { return "dx = g cofactors(x)" + repeated(axes); }
  static constexpr Saves saves{in0 | out0};
  void fields(auto& v) const { v("axes", axes); }
  Tensor forward(Fwd&, Ins in) const {
    const Tensor y = empty(Batch(in[0]).shape, in[0].dtype());
    visit_floating(y.dtype(), [&]<class T>() {
      for_pivots<T>(in[0], [&](std::int64_t k, const std::vector<T>& diagonal, int sign) {
        T product = static_cast<T>(sign);
        for (const T pivot : diagonal) product *= pivot;
        data<T>(y)[k] = product;
      });
    });
    return y;
  }
  void vjp(Vjp& v) const {
    const Tensor& x = v.in(0);
    // A second derivative by the inverse loses twice the digits that a small pivot stands for.
    const bool is_small = x.dim() > 0 && x.shape().back() <= 16;
    const double limit = x.dtype() == f32 ? 1e-3 : 1e-6;
    if (x.numel() == 0) return v.give(0, zeros_like(x));
    if (near_singular(x, is_small ? limit : 0))
      return v.give(0, chain_mul(expand(beside_matrices(v.g, x), x.shape()), cofactors(x)));
    by_inverse(v);
  }
  void fast(Vjp& v) const {
    if (v.in(0).numel() == 0 || near_singular(v.in(0), 0)) return vjp(v);
    by_inverse(v);
  }

 private:
  static void by_inverse(Vjp& v) {
    const Tensor& x = v.in(0);
    v.give(0, beside_matrices(chain_mul(v.g, v.out()), x) * inverse(x).t());
  }
  // Is a pivot of a matrix at most `limit` of its largest one?
  static bool near_singular(const Tensor& x, double limit) {
    bool found = false;
    visit_floating(x.dtype(), [&]<class T>() {
      for_pivots<T>(x, [&](std::int64_t, const std::vector<T>& diagonal, int) {
        T least = std::abs(diagonal[0]), most = least;
        for (const T pivot : diagonal) {
          least = std::min(least, std::abs(pivot));
          most = std::max(most, std::abs(pivot));
        }
        found = found || static_cast<double>(least) <= limit * static_cast<double>(most);
      });
    });
    return found;
  }
};

struct LogAbsDet {
  Shape axes;
  static constexpr auto name = "logabsdet", formula = "y = ln |det(x)|";
  std::string rule(int) const { return "dx = g ⊙ inverse(x)ᵀ" + repeated(axes); }
  static constexpr Saves saves{in0};
  void fields(auto& v) const { v("axes", axes); }
  Tensor forward(Fwd& f, Ins in) const {
    const Tensor y = empty(Batch(in[0]).shape, in[0].dtype());
    f.extras[0] = empty(y.shape(), y.dtype());  // the sign
    visit_floating(y.dtype(), [&]<class T>() {
      for_pivots<T>(in[0], [&](std::int64_t k, const std::vector<T>& diagonal, int sign) {
        double sum = 0;
        T product = static_cast<T>(sign);
        for (const T pivot : diagonal) {
          sum += std::log(std::abs(static_cast<double>(pivot)));
          if (pivot < 0) product = -product;
          if (pivot == 0 || std::isnan(pivot)) product = pivot;
        }
        data<T>(y)[k] = static_cast<T>(sum);
        data<T>(f.extras[0])[k] = sum == -infinity ? T(0) : product;
      });
    });
    return y;
  }
  void vjp(Vjp& v) const {
    const Tensor& x = v.in(0);
    if (x.numel() == 0) return v.give(0, zeros_like(x));
    v.give(0, beside_matrices(v.g, x) * inverse(x).t());
  }
};

constexpr const OpTable* rows[] = {&op_table<Det>, &op_table<LogAbsDet>};

}  // namespace

Rows detail::determinant_rows() { return rows; }

Tensor det(Arg x) {
  check_square("det", x);
  return apply(Det{last_two(x.tensor().dim())}, x);
}

SignLogabsdet slogdet(Arg x) {
  check_square("slogdet", x);
  Tensor extras[3];
  const Tensor y = apply(LogAbsDet{last_two(x.tensor().dim())}, std::span(&x, 1), extras);
  return {extras[0], y};
}

}  // namespace gradus
