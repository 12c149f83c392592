// The page of gradus descend in a real browser.
#ifdef GRADUS_TOOL
#include <cmath>

#include "browser.hpp"
#include "run.hpp"

using nlohmann::json;
using support::Browser, support::Program;

namespace {

// Where the first path's dot is, in the surface's own coordinates.
constexpr const char* dot = R"((() => {
  const d = JSON.parse(document.getElementById('data').textContent), [l, t, w, h] = d.frame, v = d.window;
  const c = document.querySelector('.live .dot');
  return [v[0] + (c.getAttribute('cx') - l) / w * (v[1] - v[0]), v[3] - (c.getAttribute('cy') - t) / h * (v[3] - v[2])];
})())";

bool near(const json& a, double x, double y) {
  INFO(a.dump(), " ", x, " ", y);
  const bool is = std::hypot(a[0].get<double>() - x, a[1].get<double>() - y) < 1e-6;
  CHECK(is);
  return is;
}

}  // namespace

TEST_CASE("descend page: no request, no complaint, arrow keys are single steps, the slider's end is the last point") {
  if (support::no_browser()) return;
  const Program gradus;
  const auto result =
      gradus("descend beale --start=1,1 --opt sgd:lr=.01,momentum=.5 --opt adam:lr=.05 --steps 40 -o b.html --json");
  REQUIRE(result.code == 0);
  const json runs = json::parse(result.out)["runs"];
  Browser browser;
  browser.open_page(gradus.file("b.html"));
  const auto where = [&] { return browser.ask("document.getElementById('where').textContent").get<std::string>(); };

  browser.press("Home", 36);  // also ends the playing that the page begins with
  CHECK(where() == "step 0 of 40");
  CHECK(near(browser.ask(dot), 1, 1));
  browser.press("ArrowRight", 39);
  CHECK(where() == "step 1 of 40");
  const json data = browser.ask("JSON.parse(document.getElementById('data').textContent)");
  CHECK(near(browser.ask(dot), data["runs"][0]["x"][1], data["runs"][0]["y"][1]));
  browser.press("ArrowRight", 39);
  browser.press("ArrowLeft", 37);
  CHECK(where() == "step 1 of 40");

  browser.ask(
      "(() => { const s = document.getElementById('slider'); s.value = s.max; s.dispatchEvent(new Event('input')); "
      "})()");
  CHECK(where() == "step 40 of 40");
  CHECK(near(browser.ask(dot), runs[0]["end"][0], runs[0]["end"][1]));
  CHECK(data["runs"][1]["x"].back() == runs[1]["end"][0]);
  browser.press("ArrowRight", 39);
  CHECK(where() == "step 40 of 40");

  // Pointing at the end of a path tells its numbers.
  const json at = browser.ask(R"((() => { const r = document.querySelector('.live .dot').getBoundingClientRect();
    return [r.x + r.width / 2, r.y + r.height / 2]; })())");
  browser.point_at(at[0], at[1]);
  const std::string tip = browser.ask("document.getElementById('tip').textContent");
  for (const char* part : {"step 40", "sgd", "∇f", "momentum_buffer"}) CHECK(support::contains(tip, part));

  // A path can be switched off.
  browser.ask("document.querySelector('.runs button').click()");
  CHECK(browser.ask("getComputedStyle(document.querySelector('.live g')).display") == "none");
  CHECK(browser.complaints() == std::vector<std::string>());
}

TEST_CASE("descend page: a sweep plays all its pictures, and nothing is wider than a phone") {
  if (support::no_browser()) return;
  const Program gradus;
  REQUIRE(gradus("descend quadratic:1,10 --sweep lr=0.02,0.1818,0.2,0.21 --steps 30 -o s.html").code == 0);
  REQUIRE(gradus("descend rosenbrock --opt sgd:lr=1e-3 --steps 3000 -o r.html").code == 0);
  REQUIRE(gradus("descend himmelblau --basins 20 -o b.html").code == 0);
  Browser browser(400, 900);
  for (const std::string page : {"s.html", "r.html", "b.html"}) {
    browser.open_page(gradus.file(page), "#last");
    if (page == "s.html") {
      CHECK(browser.ask("document.querySelectorAll('.plots .live .dot').length") == 4);
      CHECK(browser.ask("document.getElementById('where').textContent") == "step 30 of 30");
    }
    CHECK(browser.ask("document.documentElement.scrollWidth <= innerWidth") == true);
    CHECK(browser.complaints() == std::vector<std::string>());
  }
  // A long run has a scale of its own, and every step is still one step.
  browser.open_page(gradus.file("r.html"), "#last");
  CHECK(browser.ask("document.getElementById('where').textContent") == "step 3,000 of 3,000");
  browser.press("ArrowLeft", 37);
  CHECK(browser.ask("document.getElementById('where').textContent") == "step 2,999 of 3,000");
}

TEST_CASE("descend page: the policy holds what it says") {
  if (support::no_browser()) return;
  const Program gradus;
  REQUIRE(gradus("descend beale --steps 5 -o b.html").code == 0);
  // The same page with a script that its policy does not name: the browser must complain, and not run it.
  std::string html = support::read(gradus.file("b.html"));
  html.insert(html.find("</body>"), "<script>window.intruder = 1</script>");
  support::write(gradus.file("c.html"), html);
  Browser browser;
  browser.open_page(gradus.file("c.html"));
  CHECK(browser.ask("typeof window.intruder") == "undefined");
  CHECK(browser.complaints().size() == 1);
}
#endif
