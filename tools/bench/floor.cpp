// What no framework can leave out of the workloads of steps.cpp, measured on the machine where it runs: their matrix
// products, by CBLAS directly, and the optimizer's passes over memory.
//
//   bench_floor WORKLOAD THREADS SECONDS      one line, as bench_steps prints it
//
// With more threads, products that are repeated (images, heads) are shared out, others cut along their longer side.
#include <cblas.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "bench/clock.hpp"
#include "kernels/parallel.hpp"

extern "C" void openblas_set_num_threads(int) __attribute__((weak));

namespace {

using gradus::kernels::parallel_for;
using Index = std::int64_t;

// C[m,n] = op(A) op(B) (+ C), row-major, `count` times. What is written in `fixed` stays the same from one to the next
// (a weight, a column matrix that is filled anew); the others move on, image by image or head by head.
struct Product {
  int count;
  bool ta, tb;
  int m, n, k;
  std::string_view fixed = "";
  bool add = false;
};

enum Optimizer { sgd, momentum, adam };  // 12, 20 and 28 bytes of memory a parameter

struct Workload {
  std::string_view name;
  std::vector<Product> products;
  Optimizer optimizer;
  Index parameters;
};

using Products = std::vector<Product>;

Products operator+(Products a, const Products& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// y = x W^T for `rows` rows: forward, gradient of the weight, and, unless x is data, of x.
Products linear(int rows, int in, int out, bool data = false) {
  Products p{{1, false, true, rows, out, in}, {1, true, false, out, in, rows}};
  if (!data) p.push_back({1, false, false, rows, in, out});
  return p;
}

// Image by image, over column matrices: kernel x kernel, without padding.
Products conv(int images, int in, int out, int kernel, int side, bool data = false) {
  const int depth = in * kernel * kernel, area = side * side;
  Products p{{images, false, false, out, area, depth, "ab"}, {images, false, true, depth, out, area, "ac", true}};
  if (!data) p.push_back({images, true, false, depth, area, out, "ac"});
  return p;
}

// Causal, `time` = 64, in blocks of 32 rows: scores and values, and the four products of their rules.
Products attention(int heads, int wide) {
  return {{heads, false, true, 32, 32, wide},  {heads, false, true, 32, 64, wide}, {heads, false, false, 32, wide, 32},
          {heads, false, false, 32, wide, 64}, {heads, false, true, 32, 32, wide}, {heads, false, true, 32, 64, wide},
          {heads, true, false, 32, wide, 32},  {heads, true, false, 64, wide, 32}, {heads, false, false, 32, wide, 32},
          {heads, false, false, 32, wide, 64}, {heads, true, false, 32, wide, 32}, {heads, true, false, 64, wide, 32}};
}

Products gpt() {
  Products p;
  for (int layer = 0; layer < 4; ++layer)
    p = p + linear(768, 128, 384) + attention(12 * 4, 32) + linear(768, 128, 128) + linear(768, 128, 512) +
        linear(768, 512, 128);
  return p + linear(768, 128, 65);
}

// The steps share one product with the input, and one for the gradient of the recurrent weight.
Products lstm(int steps, int batch, int in, int hidden) {
  return linear(steps * batch, in, 4 * hidden) + Products{{steps, false, true, batch, 4 * hidden, hidden, "b"},
                                                          {steps, false, false, batch, hidden, 4 * hidden, "b"},
                                                          {1, true, false, 4 * hidden, hidden, steps * batch}};
}

constexpr Index of_linear(Index in, Index out) { return (in + 1) * out; }

const Workload workloads[] = {
    {"W2", linear(64, 784, 128, true) + linear(64, 128, 10), adam, of_linear(784, 128) + of_linear(128, 10)},
    {"W3", linear(128, 784, 1024, true) + linear(128, 1024, 1024) + linear(128, 1024, 10), adam,
     of_linear(784, 1024) + of_linear(1024, 1024) + of_linear(1024, 10)},
    {"W4",
     conv(64, 1, 6, 5, 24, true) + conv(64, 6, 16, 5, 8) + linear(64, 256, 120) + linear(64, 120, 84) +
         linear(64, 84, 10),
     momentum, of_linear(25, 6) + of_linear(150, 16) + of_linear(256, 120) + of_linear(120, 84) + of_linear(84, 10)},
    {"W5", conv(64, 1, 32, 3, 26, true) + conv(64, 32, 64, 3, 24) + linear(64, 64 * 12 * 12, 128) + linear(64, 128, 10),
     adam, of_linear(9, 32) + of_linear(288, 64) + of_linear(64 * 12 * 12, 128) + of_linear(128, 10)},
    {"W6", gpt(), adam,
     (65 + 64 + 65 + 2) * 128 +
         4 * (4 * 128 + of_linear(128, 384) + of_linear(128, 128) + of_linear(128, 512) + of_linear(512, 128))},
    {"W7", lstm(64, 32, 128, 128) + linear(64 * 32, 128, 65), adam,
     65 * 128 + 4 * 128 * (128 + 128 + 2) + of_linear(128, 65)},
    {"W8-adam-1", {}, adam, 10'000'000},
    {"W8-adam-1000", {}, adam, 10'000'000},
    {"W8-sgd-1", {}, sgd, 10'000'000},
    {"W8-sgd-1000", {}, sgd, 10'000'000},
};

std::vector<float> numbers(Index count) {
  std::vector<float> v(static_cast<std::size_t>(count));
  std::uint32_t bits = 1;
  for (float& x : v) {
    bits = bits * 1664525u + 1013904223u;
    x = static_cast<float>(bits >> 8) * 0x1p-24f - 0.5f;
  }
  return v;
}

// A product with operands of its own.
class Prepared {
 public:
  Prepared(const Product& p, int threads)
      : p_(p),
        move_a_(p.fixed.find('a') == p.fixed.npos ? Index{p.m} * p.k : 0),
        move_b_(p.fixed.find('b') == p.fixed.npos ? Index{p.n} * p.k : 0),
        move_c_(p.fixed.find('c') == p.fixed.npos ? Index{p.m} * p.n : 0),
        longer_(std::max(p.m, p.n)),
        pieces_(p.count > 1                                    ? std::min(p.count, threads)
                : longer_ * std::min(p.m, p.n) * p.k < 1 << 20 ? 1
                                                               : threads),
        a_(numbers(Index{p.m} * p.k + move_a_ * (p.count - 1))),
        b_(numbers(Index{p.n} * p.k + move_b_ * (p.count - 1))),
        // A sum of products is made by each thread for itself.
        c_(move_c_ ? 1 : static_cast<std::size_t>(pieces_), numbers(Index{p.m} * p.n + move_c_ * (p.count - 1))) {}

  void run() {
    parallel_for(pieces_, 1, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i)
        if (p_.count > 1)
          piece(p_.count * i / pieces_, p_.count * (i + 1) / pieces_, 0, longer_, move_c_ ? 0 : i);
        else
          piece(0, 1, longer_ * i / pieces_, longer_ * (i + 1) / pieces_, 0);
    });
  }

 private:
  // Products [first, last), and of each the rows or columns [begin, end).
  void piece(Index first, Index last, Index begin, Index end, Index into) {
    const bool rows = p_.m >= p_.n;
    const int lda = p_.ta ? p_.m : p_.k, ldb = p_.tb ? p_.k : p_.n, size = static_cast<int>(end - begin);
    for (Index i = first; i < last; ++i) {
      const float* a = a_.data() + i * move_a_ + (rows ? begin * (p_.ta ? 1 : lda) : 0);
      const float* b = b_.data() + i * move_b_ + (rows ? 0 : begin * (p_.tb ? ldb : 1));
      float* c = c_[static_cast<std::size_t>(into)].data() + i * move_c_ + (rows ? begin * p_.n : begin);
      cblas_sgemm(CblasRowMajor, p_.ta ? CblasTrans : CblasNoTrans, p_.tb ? CblasTrans : CblasNoTrans,
                  rows ? size : p_.m, rows ? p_.n : size, p_.k, 1, a, lda, b, ldb, p_.add ? 1 : 0, c, p_.n);
    }
  }

  Product p_;
  Index move_a_, move_b_, move_c_;  // from one to the next
  Index longer_, pieces_;
  std::vector<float> a_, b_;
  std::vector<std::vector<float>> c_;
};

// Reads and writes what the optimizer must, with next to no arithmetic.
class Pass {
 public:
  Pass(Optimizer kind, Index n) : kind_(kind), n_(n), p_(numbers(n)), g_(numbers(n)), m_(p_.size()), v_(p_.size()) {}

  void run() {
    parallel_for(n_, 1 << 15, [&](Index begin, Index end) {
      step(end - begin, p_.data() + begin, g_.data() + begin, m_.data() + begin, v_.data() + begin);
    });
  }

 private:
  void step(Index n, float* __restrict p, const float* __restrict g, float* __restrict m, float* __restrict v) const {
    if (kind_ == sgd)
      for (Index i = 0; i < n; ++i) p[i] -= 1e-3f * g[i];
    else if (kind_ == momentum)
      for (Index i = 0; i < n; ++i) m[i] = 0.9f * m[i] + g[i], p[i] -= 1e-3f * m[i];
    else
      for (Index i = 0; i < n; ++i)
        m[i] = 0.9f * m[i] + g[i], v[i] = 0.99f * v[i] + g[i] * g[i], p[i] -= 1e-6f * m[i] * v[i];
  }

  Optimizer kind_;
  Index n_;
  std::vector<float> p_, g_, m_, v_;
};

}  // namespace

int main(int count, char** argument) {
  const auto found = std::find_if(std::begin(workloads), std::end(workloads),
                                  [&](const Workload& w) { return count == 4 && w.name == argument[1]; });
  const int threads = count == 4 ? std::atoi(argument[2]) : 0;
  if (found == std::end(workloads) || threads < 1) {
    std::fprintf(stderr, "usage: bench_floor WORKLOAD THREADS SECONDS\nworkloads:");
    for (const Workload& w : workloads) std::fprintf(stderr, " %s", std::string(w.name).c_str());
    std::fprintf(stderr, "\n");
    return 2;
  }
  if (openblas_set_num_threads) openblas_set_num_threads(1);
  gradus::kernels::set_num_threads(threads);
  std::vector<Prepared> products;
  for (const Product& p : found->products) products.emplace_back(p, threads);
  Pass pass(found->optimizer, found->parameters);
  bench::report(
      [&] {
        for (Prepared& p : products) p.run();
        pass.run();
      },
      std::atof(argument[3]));
}
