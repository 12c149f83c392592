// The page of gradus report in a real browser.
#ifdef GRADUS_TOOL
#include "browser.hpp"
#include "run.hpp"
#include "tools/run_logs.hpp"

using nlohmann::json;
using namespace support;

namespace {

void is_well(Browser& browser) {
  std::vector<std::string> complaints = browser.complaints();
  std::erase_if(complaints, [](const std::string& c) { return c.starts_with("request: data:image/png"); });  // its own
  CHECK(complaints == std::vector<std::string>());
  CHECK(browser.ask("document.documentElement.hasAttribute('data-ready')") == true);
  CHECK(browser.ask("document.documentElement.scrollWidth <= innerWidth") == true);
  // Each chart has drawn something.
  CHECK(
      browser.ask(
          "[...document.querySelectorAll('figure.chart')].filter(f => !f.querySelector('path.run')?.getAttribute('d'))"
          ".map(f => f.innerText)") == json::array());
}

}  // namespace

TEST_CASE("report page: two trainings, no request, no complaint, nothing wider than a desk or a phone") {
  if (support::no_browser()) return;
  const Program gradus;
  REQUIRE(gradus("train --net mlp:16 --epochs 2 --quiet --log a.jsonl").code == 0);
  REQUIRE(gradus("train --net mlp:32,16 --opt sgd:lr=0.1 --epochs 3 --quiet --log b.jsonl").code == 0);
  REQUIRE(gradus("report a.jsonl b.jsonl -o r.html").code == 0);
  for (const int width : {1280, 400}) {
    INFO(width);
    Browser browser(width, 900);
    browser.open_page(gradus.file("r.html"));
    is_well(browser);
    const json data = browser.ask("JSON.parse(document.getElementById('data').textContent)");
    CHECK(browser.ask("document.querySelectorAll('figure.chart').length") ==
          data["common"].size() + data["own"][0].size() + data["own"][1].size());
    CHECK(browser.ask("[...document.querySelectorAll('.example img')].every(i => i.naturalWidth === 8 && "
                      "i.naturalHeight === 8)") == true);
    CHECK(browser.ask("document.querySelectorAll('.example img').length").get<int>() >= 40);

    // Pointing at the right end of the loss tells the last step and its numbers.
    const json at = browser.ask(R"((() => { const s = document.querySelector('figure.chart svg'); s.scrollIntoView();
      const r = s.getBoundingClientRect(); return [r.x + r.width * 410 / 420, r.y + r.height / 2]; })())");
    browser.point_at(at[0], at[1]);
    const std::string tip = browser.ask("document.getElementById('tip').innerText");
    CHECK_PARTS(tip, "step 135", "b · training", "a · training", "(step 90)");
    CHECK(browser.ask("document.querySelectorAll('.chart .cursor[d^=M]').length").get<int>() > 1);

    // A run is switched off, and on again.
    CHECK(browser.ask("document.querySelectorAll('figure.chart svg g[data-run=\"1\"]').length").get<int>() > 5);
    browser.ask("document.querySelectorAll('#runs button')[1].click()");
    CHECK(browser.ask("document.querySelectorAll('#curves svg g[data-run=\"1\"]').length") == 0);
    CHECK(browser.ask("document.querySelectorAll('#curves svg g[data-run=\"0\"]').length").get<int>() > 3);
    CHECK(browser.ask("getComputedStyle(document.querySelector('.answers[data-run=\"1\"]')).display") == "none");
    browser.ask("document.querySelectorAll('#runs button')[1].click()");
    CHECK(browser.ask("document.querySelectorAll('#curves svg g[data-run=\"1\"]').length").get<int>() > 3);

    // The other scale, and back.
    const auto scale = [&] {
      return browser.ask("document.querySelector('figure.chart .scale').textContent").get<std::string>();
    };
    const std::string first = scale();
    browser.ask("document.querySelector('figure.chart .scale').click()");
    CHECK(scale() != first);
    browser.ask("document.querySelector('figure.chart .scale').click()");
    CHECK(scale() == first);
    is_well(browser);
  }
}

TEST_CASE("report page: a log with nothing, one step, NaN, or 40 runs draws without a complaint") {
  if (support::no_browser()) return;
  const Program gradus;
  write(gradus.file("none.jsonl"), first_line());
  write(gradus.file("one.jsonl"), first_line() + step_line(1, 0));
  write(gradus.file("nan.jsonl"), first_line() + step_line(1, 5) + step_line(2, 1e30) + step_line(3, -2) +
                                      R"({"ev":"step","step":4,"loss":"nan"})"
                                      "\n" +
                                      R"({"ev":"step","step":5,"loss":"inf"})"
                                      "\n");
  std::string many;
  for (int i = 0; i < 40; ++i) {
    const std::string name = "run-with-a-long-name-of-many-letters-and-no-blank-" + std::to_string(i) + ".jsonl";
    write(gradus.file(name), first_line({{"seed", i}}) + step_line(1, 3) + step_line(2, i) + end_line(2));
    many += name + ' ';
  }
  for (const std::string name : {"none", "one", "nan"}) REQUIRE(gradus("report " + name + ".jsonl").code == 0);
  REQUIRE(gradus("report " + many + "-o many.html").code == 0);
  Browser browser(400, 900);
  for (const std::string name : {"none", "one", "nan", "many"}) {
    INFO(name);
    browser.open_page(gradus.file(name + ".html"));
    is_well(browser);
    CHECK(browser.ask("document.querySelector('main').innerHTML.includes('NaN')") == false);
  }
}

TEST_CASE("report page: hostile names are shown as they are, and the policy stops what is not the page's") {
  if (support::no_browser()) return;
  const Program gradus;
  const std::string evil = "</script><img src=x onerror=\"window.intruder = 1\">";
  write(gradus.file("a.jsonl"),
        first_line({{"settings", {{evil, evil}}}}) + step_line(1, 1, {{"metrics", {{evil, 1}}}}) +
            step_line(2, 1, {{"metrics", {{evil, 2}}}, {"sample", {{"parameters", {{evil, {{"grad_norm", 1}}}}}}}}) +
            line({{"ev", "diagnosis"}, {"step", 1}, {"code", evil}, {"evidence", evil}}) + end_line(2));
  REQUIRE(gradus("report a.jsonl").code == 0);
  Browser browser;
  browser.open_page(gradus.file("a.html"));
  is_well(browser);
  CHECK(browser.ask("typeof window.intruder") == "undefined");
  CHECK(browser.ask("document.images.length") == 0);
  CHECK(browser.ask("document.querySelector('.finding h3').textContent") == evil);
  std::string html = read(gradus.file("a.html"));
  html.insert(html.find("</body>"), "<script>window.intruder = 1</script>");
  write(gradus.file("b.html"), html);
  browser.open_page(gradus.file("b.html"));
  CHECK(browser.ask("typeof window.intruder") == "undefined");
  CHECK(browser.complaints().size() == 1);
}
#endif
