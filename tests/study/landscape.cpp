// Pictures: outlines enclose what lies above, files are well formed and always the same.
#include <gradus/study/landscape.hpp>

#include <cmath>

#include <gradus/optim/optim.hpp>

#include "study/landscape/contour.hpp"
#include "study/landscape/page.hpp"
#include "study/landscape/picture.hpp"
#include "support.hpp"
#include "xml.hpp"

using namespace gradus;
using namespace gradus::study;

namespace {

Grid grid(int columns, int rows, auto f) {
  Grid g{columns, rows, {}};
  for (int j = 0; j < rows; ++j)
    for (int i = 0; i < columns; ++i) g.f.push_back(f(i, j));
  return g;
}

// Positive against the clock.
double area(const Outline& o) {
  double twice = 0;
  for (std::size_t i = 0; i < o.size(); ++i) {
    const Point &p = o[i], &q = o[(i + 1) % o.size()];
    twice += p[0] * q[1] - q[0] * p[1];
  }
  return twice / 2;
}
double total_area(const Grid& g, double level) {
  double sum = 0;
  for (const Outline& o : above(g, level)) sum += area(o);
  return sum;
}

Landscape example() {
  Landscape l = landscape(surface("beale"), {{1, 1}});
  for (const double lr : {0.01, 0.003})
    l.paths.push_back(descend(
        surface("beale"), "sgd:lr=" + std::to_string(lr),
        [=](const std::vector<Tensor>& p) { return optim::AnyOptimizer(optim::SGD(p, {.lr = lr})); }, {.steps = 300}));
  return l;
}

}  // namespace

TEST_CASE("above: all, nothing, a half, a disc, a hole") {
  const auto all = grid(5, 4, [](int, int) { return 1.0; });
  CHECK(total_area(all, 0) == doctest::Approx(4 * 3));
  CHECK(above(all, 2).empty());
  const auto slope = grid(9, 5, [](int i, int) { return i; });
  CHECK(total_area(slope, 3.25) == doctest::Approx((8 - 3.25) * 4));
  const auto cone = grid(101, 101, [](int i, int j) { return std::hypot(i - 50, j - 50); });
  CHECK(above(cone, 30).size() == 2);  // the border, and the disc that is cut out of it
  CHECK(total_area(cone, 30) == doctest::Approx(100 * 100 - std::acos(-1) * 900).epsilon(1e-3));
  for (const Outline& o : above(cone, 30))
    for (const Point p : o)
      if (p[0] > 1 && p[0] < 99 && p[1] > 1 && p[1] < 99)
        CHECK(std::hypot(p[0] - 50, p[1] - 50) == doctest::Approx(30).epsilon(2e-3));
  // Opposite corners, with a middle that is below and one that is above.
  CHECK(above(grid(2, 2, [](int i, int j) { return i == j ? 1.0 : -2.0; }), 0).size() == 2);
  CHECK(above(grid(2, 2, [](int i, int j) { return i == j ? 2.0 : -1.0; }), 0).size() == 1);
}

TEST_CASE("above: NaN and infinity count as high") {
  const auto holes = grid(6, 6, [](int i, int j) { return i == 2 ? NAN : j == 3 ? INFINITY : 0.0; });
  for (const Outline& o : above(holes, 1))
    for (const Point p : o) CHECK((std::isfinite(p[0]) && std::isfinite(p[1])));
  CHECK(total_area(holes, 1) > 5);
}

TEST_CASE("simplified: keeps ends and corners, drops what lies on the line") {
  const std::vector<Point> line{{0, 0}, {1, 0.001}, {2, 0}, {3, 5}, {4, 10.001}, {5, 15}};
  CHECK(simplified(line, 0.1) == std::vector<Point>{{0, 0}, {2, 0}, {5, 15}});
  CHECK(simplified(line, 0) == line);
}

TEST_CASE("levels: rising, and closer where it is low when there is a minimum") {
  const auto bowl = grid(81, 81, [](int i, int j) { return (i - 40) * (i - 40) + (j - 40) * (j - 40); });
  const std::vector<double> l = levels(bowl, 10, true);
  REQUIRE(l.size() == 10);
  for (std::size_t k = 1; k < l.size(); ++k) CHECK(l[k] > l[k - 1]);
  // Radii in equal distances: the area within the k-th is its share of the whole.
  CHECK(std::sqrt(l[4] / l[1]) == doctest::Approx(5 / 2.0).epsilon(0.1));
  CHECK(levels(grid(3, 3, [](int, int) { return 7.0; }), 5, false).empty());
}

TEST_CASE("landscape: the window grows to hold a start outside it") {
  const Surface s = surface("beale");
  CHECK(landscape(s).window.right == s.window.right);
  const Window w = landscape(s, {{7, -4}}).window;
  CHECK((w.contains({7, -4}) && w.right > 7 && w.bottom < -4));
  CHECK(w.left == s.window.left);
}

TEST_CASE("svg: ticks are short, and the axis has its name above them") {
  const Surface s = formula("(x - 100)^2 + (y - 12340)^2", {-200, 400, 11500, 13500});
  const std::string svg = landscape(s).svg();
  CHECK_PARTS(svg, ">1.25e4<", ">1.3e4<");
  CHECK_FALSE(support::contains(svg, "e+0"));
  CHECK(support::contains(svg, R"(y="56.0" text-anchor="end">y<)"));  // the plot begins at 66
}

TEST_CASE("svg: well-formed, a polyline for each path that ends where the path does") {
  const Landscape l = example();
  const std::string svg = l.svg();
  CHECK(support::xml_trouble(svg) == "");
  const auto lines = support::attributes(svg, "polyline", "points");
  REQUIRE(lines.size() == 2);
  const Frame f = frame(l, 60, 66, 560);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string last = lines[i].substr(lines[i].rfind(' ') + 1);
    const Point want = f.place(l.paths[i].end().at);
    CHECK(std::stod(last) == doctest::Approx(want[0]).epsilon(1e-4));
    CHECK(std::stod(last.substr(last.find(',') + 1)) == doctest::Approx(want[1]).epsilon(1e-4));
  }
  CHECK(svg == example().svg());
  CHECK_FALSE(support::contains(svg, "script"));
  CHECK(svg.size() < 60'000);

  Landscape many = example();
  many.small_multiples = true;
  CHECK(support::xml_trouble(many.svg()) == "");
  CHECK(support::attributes(many.svg(), "polyline", "points").size() == 2);
  for (const Landscape* each : {static_cast<const Landscape*>(&l), static_cast<const Landscape*>(&many)}) {
    CHECK_PARTS(each->svg(), "sgd lr=0.01", "sgd lr=0.003", "slow: on its way", "after 300", "beale", "2/λmax 0.04083");
  }
}

TEST_CASE("html: names of any kind stay text; the policy names what is in the page") {
  Landscape l = example();
  const std::string wicked = "</script><img src=x onerror=alert(1)>&\"'\x01";
  l.title = l.formula = l.paths[0].name = wicked;
  l.facts = {wicked};
  const std::string html = l.html();
  CHECK_FALSE(support::contains(html, "<img"));
  CHECK(html == [&] {
    Landscape again = example();
    again.title = again.formula = again.paths[0].name = wicked;
    again.facts = {wicked};
    return again.html();
  }());
  CHECK_PARTS(html, "default-src 'none'", study_css().hash, landscape_css().hash, picture_css().hash,
              "\\u003c/script>");
  for (const Source& script : landscape_scripts()) CHECK_PARTS(html, script.hash);
  CHECK_FALSE(support::contains(html, "style=\""));
  CHECK_FALSE(support::contains(html, "http://www.w3.org/1999"));
  CHECK(support::xml_trouble(l.svg()) == "");
}

TEST_CASE("page sources: their hashes are those of sha256sum") {
  const support::TempDir dir;
  std::vector<Source> all = landscape_scripts();
  all.insert(all.end(), {landscape_css(), picture_css(), study_css()});
  for (const Source& source : all) {
    support::write(dir / "source", std::string(source.text));
    (void)std::system(("cd '" + dir.str() + "' && sha256sum source | cut -c1-64 >hex").c_str());
    const std::string hex = support::read(dir / "hex");
    std::string raw;
    for (std::size_t i = 0; i + 1 < 64; i += 2) raw += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    support::write(dir / "raw", raw);
    (void)std::system(("cd '" + dir.str() + "' && base64 raw >out").c_str());
    CHECK("'sha256-" + support::read(dir / "out").substr(0, 44) + "'" == source.hash);
  }
}

TEST_CASE("csv: a line for each place; names with commas are quoted") {
  Landscape l = example();
  l.paths[0].name = "sgd:lr=1,momentum=\"2\"";
  const std::string csv = l.csv();
  CHECK(csv.starts_with("path,step,x,y,f,gx,gy\n\"sgd:lr=1,momentum=\"\"2\"\"\",0,1,1,"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 1 + 2 * 301);
}

TEST_CASE("save: by suffix; other names and missing directories are errors") {
  const support::TempDir dir;
  const Landscape l = example();
  for (const char* name : {"a.svg", "a.html", "a.csv"}) {
    l.save(dir / name);
    CHECK(support::read(dir / name).size() > 1000);
  }
  CHECK_SAYS(l.save(dir / "a.png"), "Landscape::save: the name has an unknown suffix", ".html, .svg or .csv",
             "landscape.cpp");
  CHECK_SAYS(l.save(dir / "none/a.svg"), "none/a.svg");
}
