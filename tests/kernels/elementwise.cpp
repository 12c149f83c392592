// The loops: sizes, strides, alignment and aliasing; each level against the definition at one element.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "check.hpp"

using namespace gradus::kernels;

namespace {

constexpr Index kSizes[] = {0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 66, 67, 257};

// Runs `entry` at every size, stride and misalignment, in and out of place, against single-element calls.
template <class T, class Y>
void check_binary(void (*entry)(Index, const T*, Index, const T*, Index, Y*), const std::vector<T>& a,
                  const std::vector<T>& b) {
  for (Index n : kSizes)
    for (Index sa : {0, 1, 2, 3})
      for (Index sb : {0, 1, 3})
        for (Index shift : {0, 1}) {
          const T *pa = a.data() + shift, *pb = b.data() + 2 * shift;
          const auto y = std::make_unique<Y[]>(static_cast<std::size_t>(n) + 2);
          entry(n, pa, sa, pb, sb, y.get() + shift);
          bool right = true;
          for (Index i = 0; i < n; ++i) {
            Y one;
            entry(1, pa + i * sa, 1, pb + i * sb, 1, &one);
            right = right && (std::is_floating_point_v<Y>
                                  ? std::fabs(double(y[i + shift]) - double(one)) <= 1e-6 * std::fabs(double(one))
                                  : y[i + shift] == one);
          }
          CHECK_MESSAGE(right, "n ", n, " strides ", sa, " ", sb, " shift ", shift);
        }
  std::vector<T> in_place(a.begin(), a.begin() + 67);
  if constexpr (std::is_same_v<T, Y>) {
    entry(67, in_place.data(), 1, b.data(), 1, in_place.data());
    std::vector<T> apart(67);
    entry(67, a.data(), 1, b.data(), 1, apart.data());
    CHECK(in_place == apart);
  }
}

template <class T>
std::vector<T> values(std::uint64_t seed) {
  std::vector<T> y(800);
  const auto x = normals<double>(800, seed);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<T>(std::is_same_v<T, Index> ? x[i] * 4 : x[i]);
  return y;
}

}  // namespace

TEST_CASE_TEMPLATE("binary loops at every size and stride", T, float, double, Index) {
  const std::vector<T> a = values<T>(1), b = values<T>(2);
  for (const Kernels* k : levels()) {
    const Table<T>& t = table_of<T>(*k);
    for (const Map2<T> entry : {t.add, t.sub, t.mul, t.maximum, t.minimum}) check_binary(entry, a, b);
    for (const Compare<T> entry : {t.eq, t.ne, t.lt, t.le, t.gt, t.ge}) check_binary(entry, a, b);
    if constexpr (std::is_floating_point_v<T>)
      for (const Map2<T> entry : {t.div, t.relu_vjp, t.tanh_vjp, t.sigmoid_vjp, t.chain_mul, t.chain_div, t.mul_zero})
        check_binary(entry, a, b);
  }
}

TEST_CASE_TEMPLATE("a gradient of 0 stays 0 in every fused rule", T, float, double) {
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  std::vector<T> slope(40);
  const T singular[] = {inf, -inf, nan, 0, 1};
  for (std::size_t i = 0; i < slope.size(); ++i) slope[i] = singular[i % 5];
  const std::vector<T> g(40, T(0));
  for (const Kernels* k : levels()) {
    const Table<T>& t = table_of<T>(*k);
    for (auto entry : {t.chain_mul, t.mul_zero, t.chain_div, t.relu_vjp, t.tanh_vjp, t.sigmoid_vjp, t.silu_vjp,
                       t.gelu_vjp, t.gelu_tanh_vjp}) {
      std::vector<T> y(40, T(1));
      entry(40, g.data(), 1, slope.data(), 1, y.data());
      CHECK(y == g);
      entry(1, g.data(), 1, slope.data() + 2, 1, y.data());
      CHECK(y[0] == 0);
    }
  }
}

// 8 MiB and more are written past the caches: a hundred elements beyond, from a boundary of 64 bytes and from others.
TEST_CASE_TEMPLATE("large results are those of small pieces", T, float, double, Index) {
  constexpr Index n = (8 << 20) / static_cast<Index>(sizeof(T)) + 101, piece = 1000;
  std::vector<T> a(n + 1), b(n + 1), y(n + 65), apart(n);
  for (Index i = 0; i <= n; ++i) a[i] = static_cast<T>(i % 1013 - 500), b[i] = static_cast<T>(i % 771 - 300);
  T* boundary = y.data();
  while (reinterpret_cast<std::uintptr_t>(boundary) % 64) ++boundary;
  for (const Kernels* k : levels()) {
    const Table<T>& t = table_of<T>(*k);
    const auto same = [&](const char* name, const T* x, auto run) {
      for (T* to : {boundary, boundary + 1}) {
        std::fill(y.begin(), y.end(), T(77));
        std::fill(apart.begin(), apart.end(), T(0));
        run(n, x, b.data(), to);
        for (Index at = 0; at < n; at += piece) run(std::min(piece, n - at), x + at, b.data() + at, apart.data() + at);
        CHECK_MESSAGE(std::equal(apart.begin(), apart.end(), to), name, " ", k->isa);
        CHECK(to[n] == T(77));
      }
    };
    for (const T* x : {a.data(), a.data() + 1}) {
      same("copy", x, [&](Index m, const T* p, const T*, T* to) { t.copy(m, p, 1, to); });
      same("neg", x, [&](Index m, const T* p, const T*, T* to) { t.neg(m, p, 1, to); });
      same("mul_scalar", x, [&](Index m, const T* p, const T*, T* to) { t.mul_scalar(m, p, 1, to, 3, 0); });
      same("add", x, [&](Index m, const T* p, const T* q, T* to) { t.add(m, p, 1, q, 1, to); });
    }
    std::copy(a.begin(), a.begin() + n, boundary);
    t.add(n, boundary, 1, b.data(), 1, boundary);
    t.add(n, a.data(), 1, b.data(), 1, apart.data());
    CHECK_MESSAGE(std::equal(apart.begin(), apart.end(), boundary), "in place");
  }
}

TEST_CASE_TEMPLATE("binary loops compute what they say", T, float, double, Index) {
  const T a[] = {3, -2, 5, 0}, b[] = {2, -2, 7, -1};
  for (const Kernels* k : levels()) {
    const Table<T>& t = table_of<T>(*k);
    const auto gives = [&](auto entry, std::vector<T> want) {
      std::vector<T> y(4);
      entry(4, a, 1, b, 1, y.data());
      CHECK(y == want);
    };
    gives(t.add, {5, -4, 12, -1});
    gives(t.sub, {1, 0, -2, 1});
    gives(t.mul, {6, 4, 35, 0});
    gives(t.maximum, {3, -2, 7, 0});
    gives(t.minimum, {2, -2, 5, -1});
    const auto says = [&](auto entry, const char* want) {
      bool y[4];
      entry(4, a, 1, b, 1, y);
      std::string got;
      for (bool v : y) got += v ? '1' : '0';
      CHECK(got == want);
    };
    says(t.eq, "0100");
    says(t.ne, "1011");
    says(t.lt, "0010");
    says(t.le, "0110");
    says(t.gt, "1001");
    says(t.ge, "1101");
  }
}

TEST_CASE("unary loops at every size and stride") {
  const std::vector<float> x = values<float>(3);
  using T = Table<float>;
  const Required<Map1<float>> T::*functions[] = {&T::copy, &T::exp, &T::tanh, &T::gelu, &T::sin, &T::log1p};
  for (const Kernels* k : levels())
    for (auto entry : functions)
      for (Index n : kSizes)
        for (Index stride : {0, 1, 3}) {
          std::vector<float> y(static_cast<std::size_t>(n) + 1), one(y.size());
          (k->f32.*entry)(n, x.data() + 1, stride, y.data() + 1);
          for (Index i = 0; i < n; ++i) (k->f32.*entry)(1, x.data() + 1 + i * stride, 1, one.data() + 1 + i);
          CHECK(distance(y, one) < 1e-6);
        }
}

TEST_CASE("levels agree with the baseline") {
  const std::vector<float> x = values<float>(4);
  using T = Table<float>;
  const Required<Map1<float>> T::*dear[] = {&T::exp,  &T::expm1,     &T::tanh, &T::sigmoid, &T::erf,
                                            &T::gelu, &T::gelu_tanh, &T::silu, &T::sin,     &T::cos};
  for (const Kernels* k : levels())
    for (auto entry : dear) {
      std::vector<float> y(x.size()), base(x.size());
      (k->f32.*entry)(800, x.data(), 1, y.data());
      (level("base")->f32.*entry)(800, x.data(), 1, base.data());
      CHECK(distance(y, base) < 1e-6);
    }
  CHECK(level("v5") == nullptr);
  CHECK(active().isa != nullptr);
}

TEST_CASE_TEMPLATE("where: each stride of each operand, bit for bit", T, float, double, Index, bool) {
  constexpr std::size_t most = 600;
  const auto c = std::make_unique<bool[]>(most);
  std::unique_ptr<T[]> a(new T[most]), b(new T[most]), y(new T[most]);
  for (std::size_t i = 0; i < most; ++i) {
    c[i] = i * i % 7 < 3;
    a[i] = static_cast<T>(static_cast<double>(i % 11) - 5);
    b[i] = static_cast<T>(static_cast<double>(i % 2));
  }
  if constexpr (std::is_floating_point_v<T>) {
    a[1] = b[2] = static_cast<T>(NAN);
    a[2] = b[1] = static_cast<T>(-0.0);
  }
  for (const Kernels* k : levels())
    for (Index n : kSizes)
      for (Index sc : {0, 1, 2})
        for (Index sa : {0, 1, 2})
          for (Index sb : {0, 1, 2}) {
            table_of<T>(*k).where(n, c.get(), sc, a.get(), sa, b.get(), sb, y.get());
            bool same = true;
            for (Index i = 0; i < n; ++i) {
              const T& want = c[static_cast<std::size_t>(i * sc)] ? a[static_cast<std::size_t>(i * sa)]
                                                                  : b[static_cast<std::size_t>(i * sb)];
              same = same && std::memcmp(&want, &y[static_cast<std::size_t>(i)], sizeof want) == 0;
            }
            CHECK_MESSAGE(same, k->isa << " " << n << ": " << sc << " " << sa << " " << sb);
          }
}

TEST_CASE("where, fill, axpy, transpose") {
  const std::vector<float> a = values<float>(5), b = values<float>(6);
  for (const Kernels* k : levels()) {
    for (Index n : kSizes)
      for (Index s : {0, 1, 2}) {
        const auto c = std::make_unique<bool[]>(600);
        for (int i = 0; i < 600; ++i) c[static_cast<std::size_t>(i)] = i % 3 == 0;
        std::vector<float> y(static_cast<std::size_t>(n)), want(y.size());
        k->f32.where(n, c.get(), 1, a.data(), 1, b.data(), s, y.data());
        for (Index i = 0; i < n; ++i)
          want[static_cast<std::size_t>(i)] =
              i % 3 == 0 ? a[static_cast<std::size_t>(i)] : b[static_cast<std::size_t>(i * s)];
        CHECK(y == want);
        k->f32.fill(n, 2.5f, y.data());
        k->f32.axpy(n, 2, a.data(), y.data());
        for (Index i = 0; i < n; ++i) want[static_cast<std::size_t>(i)] = 2.5f + 2 * a[static_cast<std::size_t>(i)];
        CHECK(distance(y, want) < 1e-6);
      }
    for (Index rows : {1, 3, 16, 21})
      for (Index cols : {1, 5, 17, 32}) {
        std::vector<float> y(static_cast<std::size_t>(rows * cols));
        k->f32.transpose(rows, cols, a.data(), cols + 2, y.data());
        bool right = true;
        for (Index r = 0; r < rows; ++r)
          for (Index c = 0; c < cols; ++c)
            right =
                right && y[static_cast<std::size_t>(c * rows + r)] == a[static_cast<std::size_t>(r * (cols + 2) + c)];
        CHECK(right);
      }
  }
}

TEST_CASE("NaN wins in maximum and minimum, and passes the others") {
  const float a[] = {NAN, 1, NAN}, b[] = {1, NAN, NAN};
  for (const Kernels* k : levels())
    for (auto entry : {k->f32.maximum, k->f32.minimum, k->f32.add, k->f32.mul}) {
      float y[3];
      entry(3, a, 1, b, 1, y);
      CHECK((std::isnan(y[0]) && std::isnan(y[1]) && std::isnan(y[2])));
    }
}

TEST_CASE("integers wrap around") {
  constexpr Index kMin = std::numeric_limits<Index>::min(), kMax = std::numeric_limits<Index>::max();
  const Index x[] = {kMin, kMax, -3}, one[] = {1, 1, 1};
  Index y[3];
  for (const Kernels* k : levels()) {
    k->i64.neg(3, x, 1, y);
    CHECK((y[0] == kMin && y[1] == -kMax && y[2] == 3));
    k->i64.abs(3, x, 1, y);
    CHECK((y[0] == kMin && y[1] == kMax && y[2] == 3));
    k->i64.sign(3, x, 1, y);
    CHECK((y[0] == -1 && y[1] == 1 && y[2] == -1));
    k->i64.add(3, x, 1, one, 1, y);
    CHECK((y[0] == kMin + 1 && y[1] == kMin && y[2] == -2));
    k->i64.sub(3, x, 1, one, 1, y);
    CHECK((y[0] == kMax && y[2] == -4));
    k->i64.square(3, x, 1, y);
    CHECK((y[0] == 0 && y[1] == 1 && y[2] == 9));
    k->i64.sum(1, 3, 1, x, y);
    CHECK(y[0] == -4);
    k->i64.clamp(3, x, 1, y, -5, 5);
    CHECK((y[0] == -5 && y[1] == 5 && y[2] == -3));
  }
}

TEST_CASE("booleans, conversions") {
  const bool a[] = {true, true, false, false}, b[] = {true, false, true, false};
  bool y[4];
  for (const Kernels* k : levels()) {
    k->b8.maximum(4, a, 1, b, 1, y);
    CHECK((y[0] && y[1] && y[2] && !y[3]));
    k->b8.minimum(4, a, 1, b, 1, y);
    CHECK((y[0] && !y[1] && !y[2] && !y[3]));
  }
  const float x[] = {0.f, 2.75f, -2.75f, NAN};
  convert(4, x, 1, y);
  CHECK((!y[0] && y[1] && y[2] && y[3]));
  Index i[3];
  convert(3, x, 1, i);
  CHECK((i[0] == 0 && i[1] == 2 && i[2] == -2));
  double d[2];
  convert(2, x, 2, d);
  CHECK((d[0] == 0 && d[1] == -2.75));
}
