// gradus descend, as a user runs it: the reference runs, files, and what is refused.
#ifdef GRADUS_TOOL
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "run.hpp"
#include "xml.hpp"

using nlohmann::json;
using support::contains, support::Program, support::read;

namespace {

json run(const Program& gradus, const std::string& arguments) {
  const auto result = gradus("descend " + arguments + " --json");
  INFO(arguments, result.err);
  REQUIRE(result.code == 0);
  REQUIRE(result.out.size() < 100'000);
  return json::parse(result.out);
}

bool within_one(const json& run, int steps) {
  INFO(run.dump());
  CHECK(run["reached"] == true);
  CHECK(std::abs(run["steps"].get<int>() - steps) <= 1);
  return run["reached"] == true && std::abs(run["steps"].get<int>() - steps) <= 1;
}

bool ends_at(const json& run, double x, double y, double room) {
  return std::hypot(run["end"][0].get<double>() - x, run["end"][1].get<double>() - y) < room;
}

}  // namespace

TEST_CASE("descend: the reference runs on Rosenbrock") {
  const Program gradus;
  const json j = run(gradus,
                     "rosenbrock --start=-1.2,1 --until 'f<1e-6' --opt sgd:lr=1e-3 --opt sgd:lr=1e-3,momentum=.9 "
                     "--opt adam:lr=.05");
  CHECK(within_one(j["runs"][0], 15'068));
  CHECK(within_one(j["runs"][1], 1'386));
  CHECK(within_one(j["runs"][2], 1'691));
  CHECK(j["minima"][0]["lambda_max"].get<double>() == doctest::Approx(1001.6006).epsilon(1e-7));
  CHECK(j["minima"][0]["lr_limit"].get<double>() == doctest::Approx(0.0019968).epsilon(1e-4));
  // Newton: below 1e-6 with the fifth step already, at 0 itself with the seventh.
  CHECK(within_one(run(gradus, "rosenbrock --until 'f<=0' --opt newton")["runs"][0], 7));
  CHECK(within_one(run(gradus, "rosenbrock --until 'f<1e-6' --opt newton")["runs"][0], 5));
  const json never = run(gradus, "rosenbrock --until 'f<1e-6' --opt sgd:lr=3e-3 --steps 20000")["runs"][0];
  CHECK(never["reached"] == false);
  CHECK(never["end"][0].get<double>() == doctest::Approx(0.74).epsilon(0.15));
}

TEST_CASE("descend: the reference runs on Beale and Himmelblau") {
  const Program gradus;
  const json beale = run(gradus, "beale --start=1,1 --until 'f<1e-6' --opt sgd:lr=.01 --opt adam:lr=.05")["runs"];
  CHECK(within_one(beale[0], 1'642));
  CHECK(within_one(beale[1], 414));
  const struct {
    const char* start;
    int steps;
    double x, y;
  } four[] = {{"0,0", 48, 3, 2},
              {"-1,1", 18, -2.805118, 3.131312},
              {"-1,-1", 19, -3.779310, -3.283186},
              {"1,-1", 46, 3.584428, -1.848126}};
  for (const auto& f : four) {
    const json r =
        run(gradus, std::string("himmelblau --until 'f<1e-10' --opt sgd:lr=.01 --start=") + f.start)["runs"][0];
    CHECK(within_one(r, f.steps));
    CHECK(ends_at(r, f.x, f.y, 1e-5));
  }
  const json near =
      run(gradus, "himmelblau --start=3.05,2.02 --steps 3000 --opt sgd:lr=.024 --opt sgd:lr=.0245")["runs"];
  CHECK(near[0]["verdict"] == "converges");
  CHECK(ends_at(near[0], 3, 2, 1e-6));
  CHECK(near[1]["verdict"] == "settles to a cycle");
  CHECK_FALSE(ends_at(near[1], 3, 2, 0.05));
}

TEST_CASE("descend: saddles, a formula of the user's, and the ravine") {
  const Program gradus;
  const std::string two = "--f 'x^2 - y^2 + y^4/4' --steps 1000 --opt sgd:lr=.1 ";
  const json stopped = run(gradus, two + "--start=1,0")["runs"][0];
  CHECK(stopped["verdict"] == "stops on a saddle");
  CHECK(ends_at(stopped, 0, 0, 1e-6));
  const json through = run(gradus, two + "--start=1,1e-6")["runs"][0];
  CHECK(through["verdict"] == "converges");
  CHECK(ends_at(through, 0, 1.414214, 1e-5));
  CHECK(within_one(run(gradus, "saddle --start=1,1e-6 --until '|y|>1' --opt sgd:lr=.1")["runs"][0], 145));
  CHECK(run(gradus, "saddle --start=1,0 --until '|y|>1' --opt sgd:lr=.1 --steps 3000")["runs"][0]["reached"] == false);
  const json ravine = run(gradus, "ravine --start=1,1 --opt sgd:lr=0.01980198 --steps 300")["runs"][0];
  CHECK(ravine["end"][0].get<double>() == doctest::Approx(std::pow(0.980198, 300)).epsilon(1e-3));
}

TEST_CASE("descend: a sweep, with a word and 2/λmax for each") {
  const Program gradus;
  const json j = run(gradus, "quadratic:1,10 --sweep lr=0.02,0.1818,0.2,0.21,5 --steps 100")["runs"];
  const char* words[] = {"slow", "converges", "settles to a cycle", "diverges", "diverges"};
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(j[i]["verdict"] == words[i]);
    CHECK(j[i]["lr_limit"].get<double>() == doctest::Approx(0.2));
  }
  CHECK(j[4]["diverged"] == true);
  CHECK_PARTS(j[4]["outcome"].get<std::string>(), "diverged at step ", "lr 5", "2/λmax 0.2");
  const json m = run(gradus, "ravine --sweep momentum=0,.5 --opt sgd:lr=.01 --steps 5")["runs"];
  CHECK(m[1]["opt"] == "sgd:lr=.01,momentum=.5");
}

TEST_CASE("descend: every optimizer that has a name goes down a bowl") {
  const Program gradus;
  std::string line = "quadratic:1,3 --start=2,1 --steps 4";
  const char* names[] = {"sgd",   "adam", "adamw", "nadam", "radam",  "adamax",    "adagrad", "adadelta",     "rmsprop",
                         "rprop", "asgd", "lion",  "lbfgs", "newton", "newton_cg", "muon",    "schedule_free"};
  for (const char* name : names) line += std::string(" --opt ") + name;
  const json j = run(gradus, line)["runs"];
  REQUIRE(j.size() == std::size(names));
  for (const json& r : j) {
    INFO(r.dump());
    CHECK(r["f"].get<double>() < 3.5);
  }
}

TEST_CASE("descend: files end where the JSON does, and the same seed gives the same bytes") {
  const Program gradus;
  const std::string line = "rosenbrock --opt sgd:lr=1e-3,momentum=.9 --opt adam:lr=.05 --noise 0.1 --steps 60 -o ";
  for (const char* file : {"a.svg", "a.html", "a.csv"}) {
    const json j = run(gradus, line + file + " --seed 5");
    const std::string bytes = read(gradus.file(file));
    run(gradus, line + file + " --seed 5");
    CHECK(read(gradus.file(file)) == bytes);
    run(gradus, line + file + " --seed 6");
    CHECK(read(gradus.file(file)) != bytes);
    if (!contains(file, "csv")) continue;
    const auto at = bytes.rfind('\n', bytes.size() - 2);
    const auto rows = support::cells(bytes.substr(at + 1));
    const std::size_t n = rows[0].size();  // the name may have commas in quotes
    CHECK(std::stod(rows[0][n - 5]) == j["runs"][1]["end"][0].get<double>());
    CHECK(std::stod(rows[0][n - 4]) == j["runs"][1]["end"][1].get<double>());
    CHECK(rows[0][n - 6] == "60");
  }
  const std::string svg = read(gradus.file("a.svg"));
  CHECK(support::xml_trouble(svg) == "");
  CHECK(support::attributes(svg, "polyline", "points").size() == 2);
}

TEST_CASE("descend: basins as numbers, picture and page") {
  const Program gradus;
  const json j = run(gradus, "himmelblau --basins 20 --opt sgd:lr=.01 -o b.svg");
  int sum = j["basins"]["unsettled"].get<int>() + j["basins"]["diverged"].get<int>();
  for (const json& n : j["basins"]["to"]) {
    sum += n.get<int>();
    CHECK(n.get<int>() > 40);
  }
  CHECK(sum == 400);
  CHECK(support::xml_trouble(read(gradus.file("b.svg"))) == "");
  run(gradus, "himmelblau --basins 20 --opt newton -o b.html");
  CHECK(contains(read(gradus.file("b.html")), "class=\"lands\""));
}

TEST_CASE("descend: a gallery") {
  const Program gradus;
  const auto result = gradus("descend --gallery g");
  INFO(result.err);
  REQUIRE(result.code == 0);
  const std::string index = read(gradus.file("g/index.html"));
  int pages = 0;
  for (const auto& entry : std::filesystem::directory_iterator(gradus.file("g"))) {
    const std::string name = entry.path().filename().string();
    if (name == "index.html") continue;
    const bool picture = name.ends_with(".svg") && !name.ends_with(".thumb.svg");  // of the page with its name
    CHECK(contains(index, picture ? name.substr(0, name.size() - 3) + "html" : name));
    if (name.ends_with(".svg")) CHECK(support::xml_trouble(read(entry.path().string())) == "");
    pages += name.ends_with(".html");
  }
  CHECK(pages >= 12);
}

TEST_CASE("descend: text for people") {
  const Program gradus;
  const auto result = gradus("descend beale --until 'f<1e-6' --opt adam:lr=.05");
  CHECK_PARTS(result.out, "beale", "minimum (3, 0.5)", "2/λmax 0.0408", "adam:lr=.05", "f<1e-6 after 414 steps");
  CHECK_PARTS(gradus("descend --list").out, "rosenbrock", "quadratic:l1,l2", "(1 - x)^2");
  CHECK_PARTS(gradus("descend --help").out, "--sweep", "--basins", "schedule_free", "himmelblau");
}

TEST_CASE("descend: a formula in x alone begins at one number") {
  const Program gradus;
  const std::string line = "descend --f x^2 --opt sgd:lr=.1 --start=3";
  CHECK(gradus(line).out == gradus(line + ",0").out);
  CHECK_PARTS(gradus(line).out, "x^2", "converges in ");
  CHECK(gradus("descend --f x*y --start=3").code == 2);
}

TEST_CASE("descend: what makes no sense is refused on one line, with the nearest name and the list") {
  const Program gradus;
  const auto refused = [&](const std::string& line, std::initializer_list<std::string> parts, int code = 2) {
    const auto result = gradus("descend " + line);
    INFO(line, " -> ", result.err);
    CHECK(result.code == code);
    CHECK(result.out == "");
    for (const std::string& part : parts) CHECK(contains(result.err, part));
  };
  refused("rosenbrok", {"surface rosenbrok: unknown; did you mean rosenbrock?", "himmelblau"});
  refused("nonsense", {"surface nonsense: unknown; there are quadratic, rosenbrock"});
  refused("", {"a surface is expected", "beale"});
  refused("beale --opt sdg", {"did you mean sgd?", "adamw", "newton"});
  refused("beale --opt sgd:rate=1", {"option 'rate' of sgd is unknown", "momentum"});
  refused("beale --opt sgd:lr=-1", {"lr is out of range"});
  refused("beale --opt sgd:lr=abc", {"lr must be a number, not 'abc'"});
  refused("beale --steps 0", {"a whole number from 1", "'0'"});
  refused("beale --steps 1e3", {"a whole number"});
  refused("beale --start=1", {"--start 1: 2 numbers"});
  refused("beale --start=1,x", {"2 numbers"});
  refused("--f x^2 --start=a", {"--start a: a number is expected"});
  refused("beale --until 'f<<1'", {"--until", "as in f<1e-6"});
  refused("beale --noise=-1", {"not negative"});
  refused("beale --sweep lr", {"--sweep lr"});
  refused("beale --sweep lr=0.1,x", {"lr must be a number"});
  refused("beale --sweep lr=0.1 --opt sgd --opt adam", {"one --opt"});
  refused("beale --window 1,0,0,1", {"left, right, bottom, top"});
  refused("--f 'x+'", {"--f: formula: 'x+' is not a valid formula"});
  refused("beale --f x", {"one of the two"});
  refused("saddle --basins 10", {"saddle has no minimum"});
  refused("beale --basins 1", {"from 2 to 500"});
  refused("quadratic:0,1", {"two numbers other than 0"});
  refused("beale --stepz 3", {"--stepz: unknown; did you mean --steps?"});
  refused("--f 'log(x)' --start=-1,0", {"not finite at the start"});
  refused("beale -o x.png", {".html, .svg or .csv"});
  refused("beale -o none/x.svg", {"none/x.svg"}, 3);
}

TEST_CASE("descend: divergence is no error") {
  const Program gradus;
  const auto result = gradus("descend --f 'x^4/4 + y^2' --start=2,0 --opt sgd:lr=1 -o d.svg");
  CHECK(result.code == 0);
  CHECK_PARTS(result.out, "diverged at step 3", "lr 1");
  CHECK(support::xml_trouble(read(gradus.file("d.svg"))) == "");
}
#endif
