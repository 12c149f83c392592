// The library's own matrix product: right for every shape, and the same bits for a row whatever its neighbours.
#include <doctest/doctest.h>
#ifdef __linux__
#include <pthread.h>
#endif

#include <array>
#include <random>
#include <string>

#include "check.hpp"
#include "kernels/parallel.hpp"
#include "kernels/products.hpp"

using namespace gradus::kernels;

namespace {

struct Own {  // all products by the own kernel, for one test
  explicit Own(bool always_same = false) : before_(products()) {
    for (auto& of_dtype : products().own)
      for (bool& own : of_dtype) own = true;
    set_deterministic(always_same);
  }
  ~Own() {
    products() = before_;
    set_deterministic(false);
  }

 private:
  ProductTable before_;
};

struct Shape {
  bool ta, tb;
  Index m, n, k;
};
std::vector<Shape> shapes(int count) {
  std::mt19937 random(5);
  const auto size = [&](Index most) {
    const Index small = static_cast<Index>(random() % 20) + 1, any = static_cast<Index>(random()) % most + 1;
    return random() % 2 ? small : any;
  };
  std::vector<Shape> all;
  for (int i = 0; i < count; ++i) all.push_back({i % 2 == 1, i / 2 % 2 == 1, size(130), size(300), size(600)});
  for (const bool t : {false, true})
    for (const auto& [m, n, k] :
         std::initializer_list<std::array<Index, 3>>{{1, 1, 1}, {14, 32, 256}, {15, 33, 257}, {28, 512, 16}})
      all.push_back({t, !t, m, n, k});
  return all;
}

template <class T>
struct Factors {
  explicit Factors(const Shape& s)
      : a(normals<T>(s.m * s.k + 7, 1)),
        b(normals<T>(s.k * s.n + 7, 2)),
        lda(s.ta ? s.m : s.k),
        ldb(s.tb ? s.k : s.n) {}
  std::vector<T> a, b;
  Index lda, ldb;
};

template <class T>
double worst_error(const Kernels& k, const Shape& s, T alpha, T beta) {
  const Factors<T> f(s);
  const Index ldc = s.n + 3;
  std::vector<T> c = normals<T>(s.m * ldc, 3);
  const std::vector<T> before = c;
  if (beta == 0)
    for (Index i = 0; i < s.m; ++i)
      for (Index j = 0; j < s.n; ++j) c[static_cast<std::size_t>(i * ldc + j)] = static_cast<T>(kNan);
  table_of<T>(k).gemm(s.ta, s.tb, s.m, s.n, s.k, alpha, f.a.data(), f.lda, f.b.data(), f.ldb, beta, c.data(), ldc);
  double worst = 0;
  for (Index i = 0; i < s.m; ++i)
    for (Index j = 0; j < ldc; ++j) {
      const auto at = static_cast<std::size_t>(i * ldc + j);
      if (j >= s.n) {  // beyond the row: not touched
        if (c[at] != before[at]) return kInfinity;
        continue;
      }
      double sum = 0, size = 0;
      for (Index p = 0; p < s.k; ++p) {
        const double term = static_cast<double>(f.a[static_cast<std::size_t>(s.ta ? p * f.lda + i : i * f.lda + p)]) *
                            static_cast<double>(f.b[static_cast<std::size_t>(s.tb ? j * f.ldb + p : p * f.ldb + j)]);
        sum += term;
        size += std::fabs(term);
      }
      const double exact = alpha * sum + (beta == 0 ? 0 : beta * static_cast<double>(before[at]));
      const double error = std::fabs(static_cast<double>(c[at]) - exact) / (std::fabs(alpha) * size + 1);
      worst = error <= worst ? worst : std::isnan(error) ? kInfinity : error;
    }
  return worst;
}

// Rows [from, from + count) of the product, as if they were the whole batch.
template <class T>
std::vector<T> rows_of(const Kernels& k, const Shape& s, const Factors<T>& f, Index from, Index count) {
  std::vector<T> c(static_cast<std::size_t>(count * s.n));
  table_of<T>(k).gemm(s.ta, s.tb, count, s.n, s.k, T(1), f.a.data() + from * (s.ta ? 1 : f.lda), f.lda, f.b.data(),
                      f.ldb, T(0), c.data(), s.n);
  return c;
}

template <class T>
bool rows_do_not_depend(const Kernels& k, const Shape& s) {
  const Factors<T> f(s);
  const std::vector<T> all = rows_of(k, s, f, 0, s.m);
  std::mt19937 random(9);
  for (int i = 0; i < 6; ++i) {
    const Index from = static_cast<Index>(random()) % s.m,
                count = i < 3 ? 1 : static_cast<Index>(random()) % (s.m - from) + 1;
    const std::vector<T> part = rows_of(k, s, f, from, count);
    if (!std::equal(part.begin(), part.end(), all.begin() + from * s.n)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("own products agree with their definition") {
  const Own own;
  for (const Kernels* k : levels())
    for (const Shape& s : shapes(60)) {
      INFO(std::string(k->isa) << " " << s.ta << s.tb << " " << s.m << " x " << s.n << " x " << s.k);
      CHECK(worst_error<float>(*k, s, 1, 0) < 1e-6);
      CHECK(worst_error<float>(*k, s, 0.5f, 1) < 1e-6);
      CHECK(worst_error<double>(*k, s, -2, 0.25) < 1e-15);
    }
}

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// glibc takes the variables of threads from it; those of OpenBLAS are 60 KB.
TEST_CASE("products run on a thread with 128 KB of stack, as musl gives one") {
  const Own own;
  pthread_attr_t small;
  REQUIRE(pthread_attr_init(&small) == 0);
  REQUIRE(pthread_attr_setstacksize(&small, (128 + 64) << 10) == 0);
  double worst = 0;
  const auto multiply = [](void* result) -> void* {
    for (const Kernels* k : levels())
      for (const bool t : {false, true}) {
        const Shape s{t, !t, 60, 300, 600};
        *static_cast<double*>(result) += worst_error<float>(*k, s, 1, 0) + worst_error<double>(*k, s, 1, 0);
      }
    return nullptr;
  };
  pthread_t thread{};
  REQUIRE(pthread_create(&thread, &small, multiply, &worst) == 0);
  REQUIRE(pthread_join(thread, nullptr) == 0);
  CHECK(worst < 1e-5);
  pthread_attr_destroy(&small);
}
#endif

TEST_CASE("deterministic products: a row's bits do not depend on its place, its batch or the threads") {
  const Own own(true);
  const int threads = num_threads();
  for (const Kernels* k : levels())
    for (const Shape& s : shapes(300)) {
      INFO(std::string(k->isa) << " " << s.ta << s.tb << " " << s.m << " x " << s.n << " x " << s.k);
      CHECK(rows_do_not_depend<float>(*k, s));
      CHECK(rows_do_not_depend<double>(*k, s));
    }
  const Shape large{false, true, 4096, 40, 70};
  const Factors<float> f(large);
  for (const Kernels* k : levels()) {
    set_num_threads(1);
    const std::vector<float> one = rows_of(*k, large, f, 0, large.m);
    set_num_threads(3);
    CHECK(rows_of(*k, large, f, 0, large.m) == one);
    const std::vector<float> last = rows_of(*k, large, f, 4095, 1);
    CHECK(std::equal(last.begin(), last.end(), one.end() - large.n));
  }
  set_num_threads(threads);
}

TEST_CASE("deterministic products: A Aᵀ is symmetric to the bit") {
  const Own own(true);
  for (const Kernels* k : levels())
    for (const auto& [n, depth] :
         std::initializer_list<std::array<Index, 2>>{{3, 5}, {17, 100}, {50, 700}, {129, 33}}) {
      const std::vector<float> a = normals<float>(n * depth);
      std::vector<float> c(static_cast<std::size_t>(n * n));
      for (const bool t : {false, true}) {
        const Index ld = t ? n : depth;
        k->f32.gemm(t, !t, n, n, depth, 1, a.data(), ld, a.data(), ld, 0, c.data(), n);
        bool symmetric = true;
        for (Index i = 0; i < n; ++i)
          for (Index j = 0; j < i; ++j)
            symmetric = symmetric && c[static_cast<std::size_t>(i * n + j)] == c[static_cast<std::size_t>(j * n + i)];
        CHECK(symmetric);
      }
    }
}

TEST_CASE("the table of products: its classes and its text") {
  for (int i = 0; i < kProductClasses; ++i) {
    const ProductClass c = product_class(i);
    CHECK(product_index(c.ta, c.tb, typical_rows(c.m), typical_rows(c.n), typical_depth(c.k)) == i);
  }
  ProductTable table{};
  for (int i = 0; i < kProductClasses; i += 3) table.own[0][i] = table.own[1][kProductClasses - 1 - i] = true;
  ProductTable read{};
  CHECK(read_products("# a comment\n" + write_products(table), read));
  CHECK(write_products(read) == write_products(table));
  const std::string text = write_products(table);
  for (const std::string& wrong : {std::string(), text.substr(0, text.size() / 2), text + text, "f16" + text.substr(3),
                                   "f32 NX" + text.substr(6), text + "f32 NN 0 0 0000 more\n"})
    CHECK_FALSE(read_products(wrong, read));
}
