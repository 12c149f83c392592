// Factors and solutions of systems of linear equations.
#include "ops/lines.hpp"
#include "ops/matrices.hpp"

namespace gradus {

using namespace detail;

namespace {

struct Cholesky : Plain {
  static constexpr auto name = "cholesky", formula = "y = cholesky((x + xᵀ) / 2)",
                        rule =
                            "dx = (s + sᵀ) / 2, s = inverse(y)ᵀ p inverse(y), "
                            "p = q where row > column, q / 2 where row = column, else 0, q = yᵀ g";
  static constexpr Saves saves{out0};
  Tensor forward(Fwd& f, Ins in) const {
    const Batch b(in[0]);
    // The symmetric part, so that the rule, which is symmetric, is right for any x.
    const Tensor y = dense((in[0] + in[0].t()) * 0.5);
    std::vector<std::int64_t> bad(static_cast<std::size_t>(b.count));
    visit_floating(y.dtype(), [&]<class T>() {
      for_matrices(b, [&](std::int64_t k) {
        bad[static_cast<std::size_t>(k)] = kernels::cholesky(b.rows, data<T>(y) + k * b.rows * b.rows);
      });
    });
    const auto first = std::find_if(bad.begin(), bad.end(), [](std::int64_t k) { return k != 0; });
    if (first != bad.end())
      f.fail({.wrong = "a matrix is not positive definite",
              .got = formatted("{}, as its leading {} rows and columns show",
                               which_matrix(b.shape, first - bad.begin()), *first),
              .expected = "symmetric matrices whose eigenvalues are all above 0",
              .advice = "add a small multiple of eye(n)"});
    return y;
  }
  // Murray, "Differentiation of the Cholesky decomposition", 2016.
  void vjp(Vjp& v) const {
    const Tensor& y = v.out();
    const Tensor q = matmul(y, v.g, {.transpose_a = true}), p = (tril(q) + tril(q, -1)) * 0.5;
    const Tensor left = solve_triangular(y.t(), p, {.upper = true}), s = solve_triangular(y, left, {.left = false});
    v.give(0, (s + s.t()) * 0.5);
  }
};

struct SolveTriangular {
  bool upper = false, unitriangular = false;
  static constexpr auto name = "solve_triangular";
  std::string formula(int) const { return "y = inverse(t) b, " + triangle(); }
  std::string rule(int) const {
    return "da = -s yᵀ where " + kept() + ", else 0   db = s, s = inverse(t)ᵀ g, " + triangle();
  }
  static constexpr Saves saves{in0 | out0, in0};
  void fields(auto& v) const {
    v("upper", upper);
    v("unitriangular", unitriangular);
  }
  Tensor forward(Fwd& f, Ins in) const {
    const Tensor y = own_copy(in[1]);
    const Batch b(y);
    // A transposed view is read as it lies.
    const Tensor turned = transposed_view(in[0]);
    const bool turn = !in[0].is_contiguous() && turned.is_contiguous();
    const Tensor a = dense(turn ? turned : in[0]);
    const kernels::Triangle of{.upper = upper != turn, .transposed = turn, .unit = unitriangular};
    visit_floating(y.dtype(), [&]<class T>() {
      if (!unitriangular) check_diagonal<T>(f, a);
      for_matrices(b, [&](std::int64_t k) {
        kernels::solve_triangular(of, b.rows, b.columns, data<T>(a) + k * b.rows * b.rows,
                                  data<T>(y) + k * b.rows * b.columns);
      });
    });
    return y;
  }
  void vjp(Vjp& v) const {
    const Tensor s =
        solve_triangular(v.in(0).t(), v.g, SolveTriangularOptions{.upper = !upper, .unitriangular = unitriangular});
    if (v.wants(1)) v.give(1, s);
    if (!v.wants(0)) return;
    const Tensor full = -matmul(s, v.out(), {.transpose_b = true});
    const int beside = unitriangular ? 1 : 0;
    v.give(0, upper ? triu(full, beside) : tril(full, -beside));
  }

 private:
  std::string kept() const {
    return std::string("row ") + (upper ? "<" : ">") + (unitriangular ? "" : "=") + " column";
  }
  std::string triangle() const {
    return "t = a where " + kept() + (unitriangular ? ", 1 where row = column, else 0" : ", else 0");
  }
  static Tensor transposed_view(const Tensor& x) {
    Shape shape = x.shape(), strides = x.strides();
    const int n = shape.size();
    std::swap(shape[n - 1], shape[n - 2]);
    std::swap(strides[n - 1], strides[n - 2]);
    return view(x, shape, strides);
  }
  template <class T>
  static void check_diagonal(const Fwd& f, const Tensor& a) {
    const Batch b(a);
    for (std::int64_t k = 0; k < b.count; ++k)
      for (std::int64_t i = 0; i < b.rows; ++i)
        if (data<T>(a)[(k * b.rows + i) * b.rows + i] == 0)
          f.fail({.wrong = "a triangular matrix has a 0 on its diagonal",
                  .got = formatted("{}, row {}", which_matrix(b.shape, k), i),
                  .expected = "a diagonal without zeros"});
  }
};

struct Solve : Plain {
  static constexpr auto name = "solve", formula = "y = inverse(a) b", rule = "da = -s yᵀ   db = s, s = inverse(a)ᵀ g";
  static constexpr Saves saves{in0 | out0 | extra0 | extra1, in0 | extra0 | extra1};
  Tensor forward(Fwd& f, Ins in) const {
    const Factored a = factored(in[0]);
    refuse_singular(f, a.singular);
    f.extras[0] = a.lu;
    f.extras[1] = a.pivots;
    return solved(a.lu, a.pivots, false, in[1]);
  }
  void vjp(Vjp& v) const { give(v, solve(v.in(0).t(), v.g)); }
  void fast(Vjp& v) const { give(v, solved(v.extra(0), v.extra(1), true, v.g)); }

 private:
  static Tensor solved(const Tensor& lu, const Tensor& list, bool transposed, const Tensor& right) {
    const Tensor y = own_copy(right);
    const Batch b(y);
    const std::int64_t* of = data<std::int64_t>(list);
    const std::vector<int> pivots(of, of + list.numel());
    visit_floating(y.dtype(), [&]<class T>() {
      for_matrices(b, [&](std::int64_t k) {
        kernels::solve_factored(transposed, b.rows, b.columns, data<T>(lu) + k * b.rows * b.rows,
                                pivots.data() + k * b.rows, data<T>(y) + k * b.rows * b.columns);
      });
    });
    return y;
  }
  static void give(Vjp& v, const Tensor& s) {
    if (v.wants(0)) v.give(0, -matmul(s, v.out(), {.transpose_b = true}));
    if (v.wants(1)) v.give(1, s);
  }
};

struct Inverse : Plain {
  static constexpr auto name = "inverse", formula = "y = inverse(x)", rule = "dx = -yᵀ g yᵀ";
  static constexpr Saves saves{out0};
  Tensor forward(Fwd& f, Ins in) const {
    const Factored a = factored(in[0]);
    refuse_singular(f, a.singular);
    const Batch b(in[0]);
    const Tensor y = own_copy(broadcast_view(eye(b.rows, in[0].dtype()), in[0].shape(), f.name, f.where));
    const std::int64_t* of = data<std::int64_t>(a.pivots);
    const std::vector<int> pivots(of, of + a.pivots.numel());
    visit_floating(y.dtype(), [&]<class T>() {
      for_matrices(b, [&](std::int64_t k) {
        const std::int64_t at = k * b.rows * b.rows;
        kernels::solve_factored(false, b.rows, b.rows, data<T>(a.lu) + at, pivots.data() + k * b.rows, data<T>(y) + at);
      });
    });
    return y;
  }
  void vjp(Vjp& v) const {
    const Tensor& y = v.out();
    v.give(0, -matmul(matmul(y, v.g, {.transpose_a = true}), y, {.transpose_b = true}));
  }
};

constexpr const OpTable* rows[] = {&op_table<Cholesky>, &op_table<SolveTriangular>, &op_table<Solve>,
                                   &op_table<Inverse>};

}  // namespace

Rows detail::solve_rows() { return rows; }

Tensor cholesky(Arg x, bool upper) {
  check_square("cholesky", x);
  const At at(x);
  const Tensor y = apply(Cholesky{}, x);
  return upper ? transpose(y, -2, -1) : y;
}

Tensor solve_triangular(Arg a, Arg b, SolveTriangularOptions options) {
  const auto [left, right] = operands("solve_triangular", a, b, options.left);
  const At at(a);
  const SolveTriangular op{.upper = options.upper != !options.left, .unitriangular = options.unitriangular};
  if (options.left) return apply(op, Arg(left, a.where), Arg(right, a.where));
  return apply(op, left.t(), right.t()).t();  // y a = b is aᵀ yᵀ = bᵀ
}

Tensor solve(Arg a, Arg b) {
  check_square("solve", a);
  check_same_dtype("solve", a, b);
  Shape vectors = a.tensor().shape();
  vectors.erase(vectors.size() - 1);
  const std::int64_t n = a.tensor().shape().back();
  if (b.tensor().dim() == 1 && b.tensor().numel() != n)
    fail("solve",
         {.wrong = "the sizes of a and b do not fit",
          .got = formatted("a {}, b {}", to_string(a.tensor().shape()), to_string(b.tensor().shape())),
          .expected = formatted("b ({},) or (…, {}, k)", n, n)},
         a);
  const bool vector = b.tensor().dim() == 1 || b.tensor().shape() == vectors;
  const At at(a);
  const Tensor columns = vector && b.tensor().dim() < max_dims ? unsqueeze(Arg(b.tensor(), a.where), -1) : b.tensor();
  const auto [left, right] = operands("solve", a, Arg(columns, a.where), true);
  const Tensor y = apply(Solve{}, Arg(left, a.where), Arg(right, a.where));
  return vector ? squeeze(y, -1) : y;
}

Tensor inverse(Arg x) {
  check_square("inverse", x);
  return apply(Inverse{}, x);
}

}  // namespace gradus
