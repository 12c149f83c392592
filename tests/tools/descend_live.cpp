// Live descent: the page's own optimizers against the library's, and what a reader can change.
#ifdef GRADUS_TOOL
#include <cmath>
#include <map>
#include <sstream>

#include "browser.hpp"
#include "run.hpp"

using nlohmann::json;
using support::Browser, support::contains, support::Program;

namespace {

// Every optimizer that treats each number by itself, with options that reach each branch of its rule.
const std::vector<std::string> specs = {
    "sgd:lr=0.02",
    "sgd:lr=0.01,momentum=0.9,weight_decay=0.01",
    "sgd:lr=0.01,momentum=0.8,nesterov",
    "sgd:lr=0.01,momentum=0.8,dampening=0.3",
    "adam:lr=0.02,betas=0.8/0.99,weight_decay=0.02",
    "adam:lr=0.02,amsgrad",
    "adamw:lr=0.02",
    "nadam:lr=0.02,weight_decay=0.02,decoupled_weight_decay",
    "nadam:lr=0.01",
    "radam:lr=0.02",
    "radam:lr=0.01,weight_decay=0.02,decoupled_weight_decay",
    "adamax:lr=0.02,weight_decay=0.01",
    "adagrad:lr=0.1,lr_decay=0.01",
    "adadelta:lr=2,rho=0.8",
    "rmsprop:lr=0.005",
    "rmsprop:lr=0.002,momentum=0.5,centered",
    "rprop:lr=0.003",
    "asgd:lr=0.02,t0=50",
    "lion:lr=0.003,weight_decay=0.1",
    "schedule_free:lr=0.05,weight_decay=0.01,warmup_steps=20,r=1",
};

using Track = std::vector<std::array<double, 3>>;  // x, y, f

std::map<std::string, Track> tracks(const std::string& csv) {
  std::map<std::string, Track> all;
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    const bool quoted = line[0] == '"';
    const std::size_t end = quoted ? line.find('"', 1) : line.find(',');
    const std::string name = line.substr(quoted, end - quoted);
    double step = 0, x = 0, y = 0, f = 0;
    REQUIRE(std::sscanf(line.c_str() + end + (quoted ? 2 : 1), "%lf,%lf,%lf,%lf", &step, &x, &y, &f) == 4);
    all[name].push_back({x, y, f});
  }
  return all;
}

std::string text_of(const Browser::Json& value) { return value.get<std::string>(); }

// The middle of an element on the screen.
json middle(Browser& browser, const std::string& selector) {
  return browser.ask("(() => { const r = document.querySelector('" + selector +
                     "').getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()");
}

void settle(Browser& browser) {  // paths are computed before the next frame
  for (int i = 0; i < 2; ++i) {
    browser.ask(
        "window.drawn = false; requestAnimationFrame(() => requestAnimationFrame(() => { window.drawn = true; }))");
    for (int k = 0; k < 100 && browser.ask("window.drawn") != true; ++k) usleep(10'000);
  }
}

}  // namespace

TEST_CASE("live descent: 200 steps of each optimizer are those of the library, to 1e-12") {
  if (support::no_browser()) return;
  const Program gradus;
  const std::string formula = "'(1.5 - x + x y)²/4 + log(1 + exp(x)) + sqrt(1 + y**2)/3 + tanh(x - y)^2'";
  std::string all = "descend --f " + formula + " --start=1.3,-1.1 --steps 200";
  for (const std::string& spec : specs) all += " --opt " + spec;
  REQUIRE(gradus(all + " -o all.csv").code == 0);
  REQUIRE(gradus(all + " -o all.html").code == 0);
  const auto want = tracks(support::read(gradus.file("all.csv")));
  Browser browser;
  browser.open_page(gradus.file("all.html"), "#last");
  CHECK(browser.complaints() == std::vector<std::string>());
  for (const std::string& spec : specs) {
    CAPTURE(spec);
    const json run = browser.ask(
        "(() => { const r = study.optimizers.path(study.formula(study.page.data.program), study.optimizers.parse(" +
        json(spec).dump() + "), [1.3, -1.1], 200); return [r.x, r.y, r.f]; })()");
    const Track& track = want.at(spec);
    REQUIRE(track.size() == 201);
    REQUIRE(run[0].size() == 201);
    double worst = 0;
    for (std::size_t k = 0; k < track.size(); ++k)
      for (std::size_t i = 0; i < 3; ++i) {
        const double exact = track[k][i];
        worst = std::max(worst, std::abs(run[i][k].get<double>() - exact) / (1 + std::abs(exact)));
      }
    CAPTURE(worst);
    CHECK(worst <= 1e-12);
    CHECK(std::hypot(track[200][0] - 1.3, track[200][1] + 1.1) > 0.05);  // it has gone somewhere
  }
  // Each can be changed in the page, so each was found to agree there, too.
  CHECK(browser.ask("document.querySelectorAll('.runs .options').length") == specs.size());
}

TEST_CASE("live descent: the start is dragged, a rate is set, an optimizer is added") {
  if (support::no_browser()) return;
  const Program gradus;
  REQUIRE(gradus("descend quadratic:1,10 --opt sgd:lr=.05,momentum=.5 --opt newton --steps 60 -o q.html").code == 0);
  Browser browser(1280, 720);
  browser.open_page(gradus.file("q.html"), "#last");
  const auto length = [&] { return browser.ask("document.querySelectorAll('.runs li').length"); };
  const auto first = [&](const char* what) { return browser.ask(std::string("study.page.runs[0].") + what); };
  CHECK(browser.ask("[...document.querySelectorAll('.options input')].map(i => i.dataset.option).join()") ==
        "lr,momentum");

  const json from = middle(browser, ".handle");
  browser.drag(from[0], from[1], from[0].get<double>() + 80, from[1].get<double>() + 60);
  settle(browser);
  CHECK(first("x[0]").get<double>() > -3.5);
  CHECK(first("y[0]").get<double>() < 2.5);
  CHECK(first("f.length") == 61);
  CHECK(contains(text_of(browser.ask("document.querySelector('.runs .fate').textContent")), "after 60 steps"));
  // Newton's path was computed by the library and from the first start: it is not shown as if it were of this one.
  CHECK(browser.ask("document.querySelectorAll('.runs li')[1].classList.contains('stale')") == true);
  // The keyboard does it, too.
  const double before = first("x[0]");
  browser.ask("document.querySelector('.handle').focus()");
  browser.press("ArrowRight", 39);
  settle(browser);
  CHECK(first("x[0]").get<double>() > before);
  CHECK(browser.ask("document.getElementById('where').textContent") == "step 60 of 60");

  // A rate above 2/λmax diverges, and is called by its name.
  browser.ask(
      "(() => { const i = document.querySelector('[data-option=momentum]'); i.value = 0; i.dispatchEvent(new "
      "Event('input')); })()");
  browser.ask(
      "(() => { const i = document.querySelector('[data-option=lr]'); i.value = 0.9; i.dispatchEvent(new "
      "Event('input')); })()");
  settle(browser);
  CHECK(first("gone") == true);
  CHECK(
      contains(text_of(browser.ask("document.querySelector('.runs .fate').textContent")), "left for infinity at step"));
  CHECK(contains(text_of(browser.ask("document.querySelector('.runs .name').textContent")), "sgd lr=1.9"));

  browser.ask(
      "document.querySelector('#adding select').value = 'adam'; document.querySelector('#adding button').click()");
  settle(browser);
  CHECK(length() == 3);
  CHECK(browser.ask("document.querySelectorAll('#chart polyline').length") == 3);
  CHECK(browser.ask("[...document.querySelectorAll('.runs li')].at(-1).querySelectorAll('.options input').length") ==
        3);
  CHECK(browser.ask("document.querySelectorAll('.live .dot').length") == 3);
  CHECK(browser.complaints() == std::vector<std::string>());
}

TEST_CASE("live descent: a formula in x alone is a curve with its tangent, and everything is in the window") {
  if (support::no_browser()) return;
  const Program gradus;
  REQUIRE(gradus("descend --f 'x**4/4 - x²' --start=2.2,0 --opt sgd:lr=.05 --steps 30 -o c.html").code == 0);
  REQUIRE(gradus("descend rosenbrock --opt sgd:lr=1e-3 --opt newton --steps 2000 -o r.html").code == 0);
  Browser browser(1280, 720);
  browser.open_page(gradus.file("c.html"), "#last");
  CHECK(browser.ask("document.querySelectorAll('path.curve').length") == 1);
  browser.press("Home", 36);
  // The dot is on the curve and the tangent goes through it with the slope of f: x³ - 2x at 2.2.
  const json shown = browser.ask(
      R"((() => { const d = study.page.data, [l, t, w, h] = d.frame, v = d.window, c = document.querySelector('.live .dot');
    const [x, y, dx, dy] = document.querySelector('.live .slope').getAttribute('d').match(/-?[\d.]+(e-?\d+)?/g).map(Number);
    return [v[0] + (c.getAttribute('cx') - l) / w * (v[1] - v[0]), v[3] - (c.getAttribute('cy') - t) / h * (v[3] - v[2]),
            -dy / h * (v[3] - v[2]) / (dx / w * (v[1] - v[0]))]; })())");
  const double x = 2.2, f = x * x * x * x / 4 - x * x, slope = x * x * x - 2 * x;
  CHECK(std::abs(shown[0].get<double>() - x) <= 1e-6);
  CHECK(std::abs(shown[1].get<double>() - f) <= 1e-6);
  CHECK(std::abs(shown[2].get<double>() - slope) <= 1e-6 * slope);
  CHECK(contains(text_of(browser.ask("document.querySelector('.facts').textContent")), "minimum at x = 1.41421"));
  CHECK(browser.complaints() == std::vector<std::string>());

  for (const char* page : {"r.html", "c.html"}) {  // another page each time: the same one would not load again
    browser.open_page(gradus.file(page), "#last");
    const json box = browser.ask(
        "(() => { const p = document.querySelector('.plots svg').getBoundingClientRect(), n = "
        "document.querySelector('.player').getBoundingClientRect(); return [p.top, p.bottom, n.top, n.bottom, "
        "innerHeight]; })()");
    CAPTURE(page);
    CAPTURE(box.dump());
    CHECK(box[1].get<double>() <= box[2].get<double>());  // the player does not lie over the plot
    CHECK(box[3].get<double>() <= box[4].get<double>() + 1);
  }
  browser.open_page(gradus.file("r.html"), "#last");
  // Scales that are logarithmic say so, and the heights have a scale.
  CHECK(contains(text_of(browser.ask("document.querySelector('.chart').textContent")), "log scale"));
  CHECK(browser.ask("document.getElementById('scale').textContent") == "log scale");
  CHECK(browser.ask("document.querySelectorAll('.plots .tick rect').length > 8") == true);
}
#endif
