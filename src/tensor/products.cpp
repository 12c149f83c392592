// Measuring which matrix products the library's own kernel makes faster than the CBLAS.
#include "kernels/products.hpp"

#include <time.h>

#include <algorithm>
#include <vector>

#include <gradus/machine.hpp>

#include "kernels/parallel.hpp"
#include "tensor/environment.hpp"

namespace gradus {
namespace {

using kernels::Index;

double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);  // a busy neighbour does not count
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

template <class T>
struct Product {
  explicit Product(const kernels::ProductClass& c)
      : kind(c),
        m(kernels::typical_rows(c.m)),
        n(kernels::typical_rows(c.n)),
        k(kernels::typical_depth(c.k)),
        a(numbers(m * k)),
        b(numbers(k * n)),
        y(numbers(m * n)) {}
  static std::vector<T> numbers(Index n) { return std::vector<T>(static_cast<std::size_t>(n), T(0.5)); }
  double time(int count) {
    const double begin = thread_seconds();
    for (int i = 0; i < count; ++i)
      kernels::table<T>().gemm(kind.ta, kind.tb, m, n, k, T(1), a.data(), kind.ta ? m : k, b.data(), kind.tb ? k : n,
                               T(0), y.data(), n);
    return thread_seconds() - begin;
  }

  kernels::ProductClass kind;
  Index m, n, k;
  std::vector<T> a, b, y;
};

// By how much the own kernel is faster, from pairs of measurements.
template <class T>
double gain(bool& own, const kernels::ProductClass& c, double seconds) {
  constexpr double shortest = 5e-5;  // of a measurement: the clock is coarse
  constexpr std::size_t least_pairs = 5;
  Product<T> product(c);
  int count = 1;
  own = true;
  product.time(1);
  while (product.time(count) < shortest && count < 1 << 16) count *= 2;
  std::vector<double> gains;
  for (double spent = 0; spent < seconds || gains.size() < least_pairs;) {
    own = true;
    const double ours = product.time(count);
    own = false;
    const double theirs = product.time(count);
    gains.push_back(theirs / ours);
    spent += ours + theirs;
  }
  std::nth_element(gains.begin(), gains.begin() + static_cast<std::ptrdiff_t>(gains.size() / 2), gains.end());
  return gains[gains.size() / 2];
}

}  // namespace

std::string measure_products(double seconds) {
  detail::check_environment();
  constexpr double worth = 1.05;
  kernels::ProductTable& table = kernels::products();
  const int threads = kernels::num_threads();
  kernels::set_num_threads(1);
  for (int i = 0; i < kernels::kProductClasses; ++i) {
    const kernels::ProductClass c = kernels::product_class(i);
    const double each = seconds / (2 * kernels::kProductClasses);
    const bool f32_gains = gain<float>(table.own[0][i], c, each) > worth;
    const bool f64_gains = gain<double>(table.own[1][i], c, each) > worth;
    table.own[0][i] = f32_gains;
    table.own[1][i] = f64_gains;
  }
  kernels::set_num_threads(threads);
  return kernels::write_products(table);
}

}  // namespace gradus
