// Mistakes in the rules of linear algebra.
#include "gate/mutants.hpp"

namespace gate {

using namespace gradus;

namespace {

using A = const Fields&;

Tensor column(const Tensor& g) { return unsqueeze(unsqueeze(g, -1), -1); }
Tensor half(const Tensor& q) { return (tril(q) + tril(q, -1)) * 0.5; }
// y⁻ᵀ p y⁻¹, symmetric.
Tensor around(const Tensor& y, const Tensor& p) {
  const Tensor left = solve_triangular(y.t(), p, {.upper = true}), s = solve_triangular(y, left, {.left = false});
  return (s + s.t()) * 0.5;
}
Tensor back(A a, Vjp& v) {
  return solve_triangular(v.in(0).t(), v.g, {.upper = !a.is("upper"), .unitriangular = a.is("unitriangular")});
}
Tensor outside(const Tensor& s, const Tensor& y) { return -matmul(s, y, {.transpose_b = true}); }
bool both(const Vjp& v) { return v.wants(0) && v.wants(1); }

}  // namespace

std::vector<Mutant> matrix_mutants() {
  return {
      {"cholesky", "the diagonal not halved",
       [](A, Vjp& v) { v.give(0, around(v.out(), tril(matmul(v.out(), v.g, {.transpose_a = true})))); }},
      {"cholesky", "not symmetric",
       [](A, Vjp& v) {
         const Tensor p = half(matmul(v.out(), v.g, {.transpose_a = true}));
         v.give(0, solve_triangular(v.out(), solve_triangular(v.out().t(), p, {.upper = true}), {.left = false}));
       }},
      {"cholesky", "the upper triangle taken too",
       [](A, Vjp& v) { v.give(0, around(v.out(), matmul(v.out(), v.g, {.transpose_a = true}) * 0.5)); }},
      {"cholesky", "the factor not transposed",
       [](A, Vjp& v) { v.give(0, around(v.out(), half(matmul(v.out(), v.g)))); }},
      {"cholesky", "y detached outside",
       [](A, Vjp& v) {
         const Tensor q = matmul(v.out(), v.g, {.transpose_a = true});
         v.give(0, around(v.out().detach(), half(q)));
       },
       true},
      {"solve_triangular", "the other triangle not cut off",
       [](A a, Vjp& v) {
         const Tensor s = back(a, v);
         if (v.wants(1)) v.give(1, s);
         if (v.wants(0)) v.give(0, outside(s, v.out()));
       }},
      {"solve_triangular", "a diagonal of ones gets a gradient",
       [](A a, Vjp& v) {
         const Tensor s = back(a, v);
         if (v.wants(1)) v.give(1, s);
         if (v.wants(0)) v.give(0, a.is("upper") ? triu(outside(s, v.out())) : tril(outside(s, v.out())));
       }},
      {"solve_triangular", "a not transposed",
       [](A a, Vjp& v) {
         if (!both(v)) return a.right(v);
         const SolveTriangularOptions as{.upper = a.is("upper"), .unitriangular = a.is("unitriangular")};
         const Tensor s = solve_triangular(v.in(0), v.g, as), cut = outside(s, v.out());
         const int beside = a.is("unitriangular") ? 1 : 0;
         v.give(1, s);
         v.give(0, a.is("upper") ? triu(cut, beside) : tril(cut, -beside));
       }},
      {"solve_triangular", "only b is a variable",
       [](A a, Vjp& v) {
         if (v.wants(1)) v.give(1, back(a, v));
       }},
      {"solve", "a not transposed",
       [](A a, Vjp& v) {
         if (!both(v)) return a.right(v);
         const Tensor s = solve(v.in(0), v.g);
         v.give(0, outside(s, v.out()));
         v.give(1, s);
       }},
      {"solve", "the sign of a's",
       [](A, Vjp& v) {
         const Tensor s = solve(v.in(0).t(), v.g);
         if (v.wants(0)) v.give(0, -outside(s, v.out()));
         if (v.wants(1)) v.give(1, s);
       }},
      {"solve", "the solution detached",
       [](A, Vjp& v) {
         const Tensor s = solve(v.in(0).t(), v.g);
         if (v.wants(0)) v.give(0, outside(s, v.out().detach()));
         if (v.wants(1)) v.give(1, s);
       },
       true},
      {"inverse", "the sign",
       [](A, Vjp& v) {
         const Tensor& y = v.out();
         v.give(0, matmul(matmul(y, v.g, {.transpose_a = true}), y, {.transpose_b = true}));
       }},
      {"inverse", "y not transposed", [](A, Vjp& v) { v.give(0, -matmul(matmul(v.out(), v.g), v.out())); }},
      {"det", "the determinant forgotten",
       [](A a, Vjp& v) {
         if (v.out().detach().abs().min().item() == 0) return a.right(v);
         v.give(0, column(v.g) * inverse(v.in(0)).t());
       }},
      {"det", "the inverse not transposed",
       [](A a, Vjp& v) {
         if (v.out().detach().abs().min().item() == 0) return a.right(v);
         v.give(0, column(v.g * v.out()) * inverse(v.in(0)));
       }},
      {"det", "0 where there is no inverse",
       [](A a, Vjp& v) {
         if (v.out().detach().abs().min().item() != 0) return a.right(v);
         v.give(0, zeros_like(v.in(0)));
       }},
      {"logabsdet", "times the determinant",
       [](A, Vjp& v) { v.give(0, column(v.g * det(v.in(0))) * inverse(v.in(0)).t()); }},
      {"logabsdet", "the inverse not transposed", [](A, Vjp& v) { v.give(0, column(v.g) * inverse(v.in(0))); }},
  };
}

}  // namespace gate
