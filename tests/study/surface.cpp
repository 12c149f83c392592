// Surfaces by name and by formula: values, derivatives, minima, and what is refused.
#include <gradus/study/landscape.hpp>
#include <gradus/study/surface.hpp>

#include <cmath>

#include <gradus/gradcheck.hpp>
#include <gradus/ops.hpp>

#include "support.hpp"

using namespace gradus;
using study::formula, study::Point, study::Surface, study::surface;

namespace {

double at(const std::string& text, double x, double y) { return formula(text).at({x, y}); }

}  // namespace

TEST_CASE("formula: precedence, products without a sign, functions") {
  const double x = 1.3, y = -0.7;
  CHECK(at("x + 2*y", x, y) == doctest::Approx(x + 2 * y));
  CHECK(at("x - y - 1", x, y) == doctest::Approx(x - y - 1));
  CHECK(at("x / y / 2", x, y) == doctest::Approx(x / y / 2));
  CHECK(at("-x^2", x, y) == doctest::Approx(-x * x));
  CHECK(at("2^-x", x, y) == doctest::Approx(std::pow(2, -x)));
  CHECK(at("2^3^2 x", x, y) == doctest::Approx(512 * x));
  CHECK(at("--x + +y", x, y) == doctest::Approx(x + y));
  CHECK(at("2x y(x + 1)", x, y) == doctest::Approx(2 * x * y * (x + 1)));
  CHECK(at("3 x^2 y^3", x, y) == doctest::Approx(3 * x * x * y * y * y));
  CHECK(at("1e-3x + .5y + 2.", x, y) == doctest::Approx(1e-3 * x + 0.5 * y + 2));
  CHECK(at("sin(x) cos(y) + tan(x y)", x, y) == doctest::Approx(std::sin(x) * std::cos(y) + std::tan(x * y)));
  CHECK(at("exp(x) + log(x) + ln(x) - sqrt(x)", x, y) == doctest::Approx(std::exp(x) + 2 * std::log(x) - std::sqrt(x)));
  CHECK(at("max(x, y) - min(x, 2)/4 + abs(y)", x, y) == doctest::Approx(x - x / 4 - y));
  CHECK(at("tanh(x) sigmoid(y) square(x)", x, y) == doctest::Approx(std::tanh(x) / (1 + std::exp(-y)) * x * x));
  CHECK(at("pi x + e^2 y", x, y) == doctest::Approx(std::acos(-1) * x + std::exp(2) * y));
  CHECK(at("x^16", 1.1, 0) == doctest::Approx(std::pow(1.1, 16)));
  CHECK(at("x^2.5", 1.1, 0) == doctest::Approx(std::pow(1.1, 2.5)));
}

TEST_CASE("formula: both derivatives are right, at negative bases and at 0 too") {
  for (const char* text : {"x^3 y^2 - 2x/y", "sin(x y) + exp(-x^2)", "x^4/4 + y^5"}) {
    const Surface s = formula(text);
    CHECK(gradcheck([&](const Tensor& p) { return s(p); }, {tensor({-1.2, 0.8}, f64)}, {.order = 2}));
  }
  const Surface s = formula("x^2 + y^3");
  CHECK(gradcheck([&](const Tensor& p) { return s(p); }, {tensor({0, 0.5}, f64)}, {.order = 2}));
}

TEST_CASE("formula: what is not one is refused with the place and what was expected") {
  CHECK_SAYS(formula("x +"), "formula: 'x +' is not a valid formula", "the end at column 4", "a number, x, y",
             "surface.cpp");
  CHECK_SAYS(formula("(x + y"), "the end", "')'");
  CHECK_SAYS(formula("x + z"), "column 5", "'z'", "x, y, pi, e, sin");
  CHECK_SAYS(formula("x ) y"), "column 3", "')'");
  CHECK_SAYS(formula("sin x"), "'(' after sin");
  CHECK_SAYS(formula("max(x)"), "',': max takes two");
  CHECK_SAYS(formula("system(x)"), "'system'");
  CHECK_SAYS(formula("x; y"), "';'");
  CHECK_SAYS(formula("x = y"), "'='");
  CHECK_SAYS(formula("2 + 3"), "a constant", "a formula with x or y");
  CHECK_SAYS(formula(""), "is not a valid formula");
  CHECK_SAYS(formula("1e999 x"), "a number");
  CHECK_SAYS(formula("x\x01"), "byte 0x01");
  CHECK_SAYS(formula(std::string(501, 'x')), "501 characters", "at most 500");
  CHECK_SAYS(formula(std::string(60, '(') + "x" + std::string(60, ')')), "at most 50 deep");
  std::string powers = "x";
  for (int i = 0; i < 80; ++i) powers += "^x";
  CHECK_SAYS(formula(powers), "at most 50 deep");
  std::string signs(400, '-');
  CHECK(at(signs + "x", 2, 0) == 2);  // long, but not deep
}

TEST_CASE("formula: minima are found inside the window, saddles are not minima") {
  const Surface s = formula("x^2 - y^2 + y^4/4");
  REQUIRE(s.minima.size() == 2);
  for (const study::Minimum& m : s.minima) {
    CHECK(std::abs(m.at[0]) < 1e-8);
    CHECK(std::abs(m.at[1]) == doctest::Approx(std::sqrt(2.0)).epsilon(1e-8));
    CHECK(m.f == doctest::Approx(-1));
    CHECK(m.largest == doctest::Approx(4).epsilon(1e-6));
    CHECK(m.smallest == doctest::Approx(2).epsilon(1e-6));
  }
  CHECK(formula("x^2 - y^2").minima.empty());
  CHECK(formula("x + y").minima.empty());
  CHECK(formula("log(x) + y").minima.empty());  // no numbers on half of the plane
}

TEST_CASE("surface: the known ones have the minima and curvatures of the literature") {
  const auto check = [](const char* name, std::vector<Point> at, std::vector<double> largest) {
    const Surface s = surface(name);
    REQUIRE(s.minima.size() == at.size());
    for (std::size_t i = 0; i < at.size(); ++i) {
      CHECK(s.minima[i].at[0] == doctest::Approx(at[i][0]).epsilon(1e-6));
      CHECK(s.minima[i].at[1] == doctest::Approx(at[i][1]).epsilon(1e-6));
      CHECK(s.minima[i].f < 1e-20);
      CHECK(s.minima[i].largest == doctest::Approx(largest[i]).epsilon(1e-4));
      CHECK(s.window.contains(s.minima[i].at));
    }
  };
  check("rosenbrock", {{1, 1}}, {1001.6006});
  check("beale", {{3, 0.5}}, {48.98});
  check("himmelblau", {{3, 2}, {-2.805118, 3.131312}, {-3.779310, -3.283186}, {3.584428, -1.848126}},
        {82.284, 80.55, 133.79, 105.42});
  check("ravine", {{0, 0}}, {100});
  check("saddle", {}, {});
  check("quadratic:3,0.5", {{0, 0}}, {3});
  CHECK(surface("quadratic:3,0.5").at({2, 1}) == doctest::Approx(6.25));
  CHECK(surface("quadratic:1,-2").at({2, 1}) == doctest::Approx(1));
  CHECK(surface("quadratic:1,-2").minima.empty());
  for (const study::KnownSurface& k : study::surface_list()) CHECK_NOTHROW(surface(k.name.substr(0, k.name.find(':'))));
}

TEST_CASE("surface: unknown names and numbers") {
  CHECK_SAYS(surface("rosenbrok"), "surface: unknown surface", "'rosenbrok'", "rosenbrock, beale");
  CHECK_SAYS(surface("quadratic:1,x"), "'x'", "two numbers other than 0");
  CHECK_SAYS(surface("quadratic:1"), "two numbers");
  CHECK_SAYS(surface("quadratic:0,1"), "'0'");
  CHECK_SAYS(surface("beale:1"), "surface 'beale' takes no numbers");
}

TEST_CASE("formula: a power is written x^2, x**2 or x²") {
  for (const double x : {-1.5, 0.0, 2.0}) {
    CHECK(at("x**2", x, 0) == x * x);
    CHECK(at("x²", x, 0) == x * x);
    CHECK(at("3x²y³ - x**3/2", x, 2) == 3 * x * x * 8 - x * x * x / 2);
    CHECK(at("(x + 1)²", x, 0) == (x + 1) * (x + 1));
    CHECK(at("-x²", x, 0) == -x * x);
  }
  CHECK(at("x¹²", 2, 0) == 4096);
  CHECK(at("2**x**2", 3, 0) == 512);
  CHECK_SAYS(formula("x * *2"), "'*' at column 5", "write a power as x^2");
  CHECK_SAYS(formula("x***2"), "'*' at column 4");
  CHECK_SAYS(formula("²x"), "column 1");
}

TEST_CASE("formula: of x alone, its minima lie on the axis and the picture is a curve") {
  const Surface s = formula("x^4/4 - x^2 + x/8");
  REQUIRE(s.minima.size() == 2);
  for (const study::Minimum& m : s.minima) {
    const double x = m.at[0], curvature = 3 * x * x - 2;
    CHECK(m.at[1] == 0);
    CHECK(std::abs(x * x * x - 2 * x + 0.125) <= 1e-12);
    CHECK(std::abs(m.largest - curvature) <= 1e-6 * curvature);
    CHECK(m.smallest == m.largest);
  }
  CHECK(formula("x^3").minima.empty());
  const study::Landscape l = study::landscape(s, {{-4, 0}});
  CHECK(l.grid.rows == 1);
  CHECK(l.window.left < -4);
  CHECK(l.y_name == "f");
  CHECK(l.svg().find("class=\"curve\"") != std::string::npos);
  CHECK(study::landscape(formula("x^2 + y")).grid.rows > 1);
}
