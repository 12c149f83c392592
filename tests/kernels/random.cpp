#include "kernels/random.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

using namespace gradus::kernels;

TEST_CASE("Philox4x32-10 gives the published answers") {
  const auto check = [](Philox counter, std::uint32_t k0, std::uint32_t k1, Philox want) {
    const Philox got = philox4x32(counter, k0, k1);
    for (int i = 0; i < 4; ++i) CHECK(got.word[i] == want.word[i]);
  };
  check({{0, 0, 0, 0}}, 0, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  check({{~0u, ~0u, ~0u, ~0u}}, ~0u, ~0u, {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  check({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0,
        {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
  CHECK(philox(0, 0) == 0xe169c58d6627e8d5);
}

TEST_CASE("element i depends on counter + i alone") {
  std::vector<double> all(200), part(77);
  normal(5, 1000, 200, all.data());
  normal(5, 1100, 77, part.data());
  for (std::size_t i = 0; i < part.size(); ++i) CHECK(part[i] == all[100 + i]);
  float f[3];
  double d[3];
  uniform(5, 7, 3, f);
  uniform(5, 7, 3, d);
  for (int i = 0; i < 3; ++i) CHECK(std::fabs(f[i] - d[i]) < 0x1p-24);
}

TEST_CASE("the bits are pinned") {
  double u[2], z[4];
  float zf[2];
  uniform(42, 0, 2, u);
  normal(42, 0, 4, z);
  normal(42, 0, 2, zf);
  CHECK(std::bit_cast<std::uint64_t>(u[0]) == 0x3fddfd524ee73abc);
  CHECK(std::bit_cast<std::uint64_t>(z[0]) == 0xbfb42dc65ce0ff81);
  CHECK(std::bit_cast<std::uint64_t>(z[1]) == 0xbfdcaca1d20ed483);
  CHECK(std::bit_cast<std::uint64_t>(z[2]) == 0x3fda1a8bc2f2eb53);
  CHECK(std::bit_cast<std::uint64_t>(z[3]) == 0x3fdc447f0807783e);
  CHECK(std::bit_cast<std::uint32_t>(zf[1]) == 0xbee5650f);
}

TEST_CASE("normal_quantile is accurate to a few 1e-16") {
  const auto near = [](double u, double z) { CHECK(std::fabs(normal_quantile(u) - z) <= 1e-15 * std::fabs(z)); };
  CHECK(normal_quantile(0.5) == 0);
  near(0.25, -0.6744897501960817432022);
  near(0.6, 0.2533471031357997413247);
  near(0.05, -1.644853626951472687952);
  near(0.975, 1.959963984540053855604);
  near(0.001, -3.090232306167813535358);
  near(1e-9, -5.997807015007686861446);
  near(1e-20, -9.262340089798407579572);
}

TEST_CASE("uniform and normal have their moments and stay in range") {
  constexpr std::int64_t n = 200000;
  std::vector<double> u(n), z(n);
  std::vector<float> f(n);
  uniform(3, 0, n, u.data());
  uniform(4, 0, n, f.data());
  normal(3, 0, n, z.data());
  const auto moments = [](const auto& x) {
    double mean = 0, square = 0;
    for (auto v : x) mean += static_cast<double>(v), square += static_cast<double>(v) * static_cast<double>(v);
    mean /= n;
    return std::pair(mean, square / n - mean * mean);
  };
  CHECK(moments(u).first == doctest::Approx(0.5).epsilon(0.005));
  CHECK(moments(u).second == doctest::Approx(1 / 12.0).epsilon(0.01));
  CHECK(moments(f).first == doctest::Approx(0.5).epsilon(0.005));
  CHECK(std::fabs(moments(z).first) < 0.01);
  CHECK(moments(z).second == doctest::Approx(1).epsilon(0.01));
  for (float v : f) REQUIRE((v >= 0 && v < 1));
  for (double v : u) REQUIRE((v >= 0 && v < 1));
  for (double v : z) REQUIRE(std::isfinite(v));
}

TEST_CASE("integers cover their range") {
  std::vector<std::int64_t> y(3000), seen(7);
  integers(1, 0, 3000, -3, 4, y.data());
  for (auto v : y) {
    REQUIRE((v >= -3 && v < 4));
    ++seen[static_cast<std::size_t>(v + 3)];
  }
  for (auto count : seen) CHECK(count > 300);
  integers(1, 0, 3, INT64_MIN, INT64_MAX, y.data());
}

TEST_CASE("dropout keeps a share and scales it") {
  constexpr std::int64_t n = 20000;
  std::vector<float> x(n, 3.f), y(n);
  std::vector<double> u(n);
  dropout(9, 5, n, 0.25, x.data(), y.data());
  uniform(9, 5, n, u.data());
  for (std::size_t i = 0; i < n; ++i) REQUIRE(y[i] == (u[i] >= 0.25 ? 4.f : 0.f));
  dropout(9, 5, n, 1, x.data(), y.data());
  CHECK(std::accumulate(y.begin(), y.end(), 0.f) == 0);
  dropout(9, 5, n, 0, x.data(), x.data());
  CHECK(x[17] == 3.f);
}

TEST_CASE("permutation holds each number once") {
  std::vector<std::int64_t> y(1000), seen(1000);
  permutation(2, 0, 1000, y.data());
  int fixed = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    ++seen[static_cast<std::size_t>(y[i])];
    fixed += y[i] == static_cast<std::int64_t>(i);
  }
  for (auto count : seen) CHECK(count == 1);
  CHECK(fixed < 10);
}
