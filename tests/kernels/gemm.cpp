#include <doctest/doctest.h>

#include "check.hpp"
#include "kernels/parallel.hpp"

using namespace gradus::kernels;

namespace {

template <class T>
void check_gemm(const Kernels& k, bool ta, bool tb, Index m, Index n, Index depth, T alpha, T beta, Index pad) {
  const Index lda = (ta ? m : depth) + pad, ldb = (tb ? depth : n) + pad, ldc = n + pad;
  const std::vector<T> a = normals<T>((ta ? depth : m) * lda, 1), b = normals<T>((tb ? n : depth) * ldb, 2);
  std::vector<T> c = normals<T>(m * ldc, 3);
  if (beta == 0) c.assign(c.size(), static_cast<T>(NAN));
  std::vector<T> want = c;
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j) {
      double s = 0;
      for (Index p = 0; p < depth; ++p)
        s += static_cast<double>(a[static_cast<std::size_t>(ta ? p * lda + i : i * lda + p)]) *
             static_cast<double>(b[static_cast<std::size_t>(tb ? j * ldb + p : p * ldb + j)]);
      T& w = want[static_cast<std::size_t>(i * ldc + j)];
      w = static_cast<T>(static_cast<double>(alpha) * s +
                         (beta == 0 ? 0 : static_cast<double>(beta) * static_cast<double>(w)));
    }
  table_of<T>(k).gemm(ta, tb, m, n, depth, alpha, a.data(), lda, b.data(), ldb, beta, c.data(), ldc);
  INFO(std::string(k.isa) << " " << ta << tb << " " << m << " " << n << " " << depth << " pad " << pad << " beta "
                          << beta);
  CHECK(distance(c, want) < (std::is_same_v<T, float> ? 2e-5 : 1e-12));  // the padding must keep its NaN or value too
}

}  // namespace

TEST_CASE_TEMPLATE("gemm: transpositions, padding, alpha and beta, empty sizes", T, float, double) {
  for (const Kernels* k : levels())
    for (bool ta : {false, true})
      for (bool tb : {false, true})
        for (Index pad : {0, 3})
          for (T beta : {T(0), T(1), T(-0.5)}) {
            for (Index m : {0, 1, 2, 5, 33})
              for (Index n : {0, 1, 4, 9, 31})
                for (Index depth : {0, 1, 3, 7, 70}) check_gemm<T>(*k, ta, tb, m, n, depth, 1, beta, pad);
            check_gemm<T>(*k, ta, tb, 65, 140, 130, T(0.5), beta, pad);
          }
}

TEST_CASE("large products are split over the threads") {
  const int before = num_threads();
  for (int threads : {1, 3}) {
    set_num_threads(threads);
    for (bool ta : {false, true})
      for (bool tb : {false, true}) {
        check_gemm<float>(active(), ta, tb, 203, 130, 150, 1, 0, 1);
        check_gemm<float>(active(), ta, tb, 90, 301, 150, 1, 1, 1);
      }
  }
  set_num_threads(before);
}

TEST_CASE("the BLAS has a name") { CHECK(std::string(blas_name()).size() > 3); }
