// gradus report, as a user runs it.
#ifdef GRADUS_TOOL
#include <cmath>
#include <set>

#include "run.hpp"
#include "tools/run_logs.hpp"

using nlohmann::json;
using namespace support;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++n;
  return n;
}

// What the page's script draws.
json data_of(const std::string& page) {
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const auto at = page.find(begin) + begin.size();
  return json::parse(page.substr(at, page.find("</script>", at) - at));
}

json parsed(const Ran& run) {
  INFO(run.out, run.err);
  REQUIRE(run.code == 0);
  return json::parse(run.out);
}

}  // namespace

TEST_CASE("report: a training becomes a page, JSON and a table with the numbers of its log") {
  const Program gradus;
  REQUIRE(gradus("train --net mlp:16 --epochs 2 --quiet --log a.jsonl").code == 0);
  const auto run = gradus("report a.jsonl");
  INFO(run.out, run.err);
  CHECK(run.code == 0);
  CHECK(run.err.empty());
  CHECK_PARTS(run.out, "a.html: ", " kB\n");
  const std::string page = read(gradus.file("a.html"));
  CHECK_PARTS(page, "<title>a · gradus report</title>", "AdamW", "90 steps, 2 epochs", "id=\"confusion\"",
              "id=\"worst\"", "data:image/png;base64,iVBORw0KGgo", "finished", "</html>");
  const json data = data_of(page);
  std::set<std::string> titles;
  for (const json& chart : data["common"]) titles.insert(chart["title"]);
  for (const json& chart : data["own"][0]) titles.insert(chart["title"]);
  for (const char* title : {"Loss", "Accuracy", "Gradient norm", "Learning rate", "Update ratio", "Dead units",
                            "Update ratio of each parameter", "Gradient norm of each parameter"})
    CHECK_MESSAGE(titles.contains(title), title);
  CHECK(count(page, "<figure class=\"chart card\"") == data["common"].size() + data["own"][0].size());
  // The same logs give the same bytes.
  REQUIRE(gradus("report a.jsonl -o b.html").code == 0);
  CHECK(read(gradus.file("b.html")) == page);

  std::vector<json> steps;
  json last;
  std::istringstream lines(read(gradus.file("a.jsonl")));
  for (std::string l; std::getline(lines, l);) {
    const json event = json::parse(l);
    if (event["ev"] == "step") steps.push_back(event);
    if (event["ev"] == "epoch") last = event;
  }
  std::filesystem::remove(gradus.file("a.html"));
  const json summary = parsed(gradus("report a.jsonl --json"));
  CHECK(!std::filesystem::exists(gradus.file("a.html")));
  const json& one = summary["runs"][0];
  CHECK(one["name"] == "a");
  CHECK(one["state"] == "finished");
  CHECK(one["steps"] == 90);
  CHECK(one["epochs"] == 2);
  CHECK(one["first_loss"] == steps[0]["loss"]);
  CHECK(one["last_loss"] == last["loss"]);
  CHECK(one["metrics"]["val_accuracy"] == last["metrics"]["val_accuracy"]);
  CHECK(summary["differences"].empty());

  const auto rows = cells(gradus("report a.jsonl --csv").out);
  REQUIRE(rows.size() == 1 + 90 + 2);
  CHECK(rows[0][4] == "loss");
  CHECK(rows[0][11] == "val_accuracy");
  CHECK(rows[1][1] == "step");
  CHECK(rows[46][1] == "epoch");
  CHECK(rows[92][1] == "epoch");
  CHECK(std::stod(rows[92].at(11)) == last["metrics"]["val_accuracy"].get<double>());
  for (int i = 0; i < 45; ++i) {
    const auto k = static_cast<std::size_t>(i);
    CHECK(std::stod(rows[1 + k][4]) == steps[k]["loss"].get<double>());
    CHECK(std::stod(rows[47 + k][4]) == steps[45 + k]["loss"].get<double>());
  }
}

TEST_CASE("report: several runs lie over each other, and the settings that differ are listed") {
  const Program gradus;
  const std::string often = step_line(1, 2, {{"metrics", {{"f1", 0.25}}}}) + step_line(2, 1);
  const std::string epoch = line({{"ev", "epoch"},
                                  {"epoch", 1},
                                  {"step", 2},
                                  {"loss", 1.5},
                                  {"seconds", 3},
                                  {"metrics", {{"val_loss", 0.5}, {"a,b", 7}}}});
  write(gradus.file("a.jsonl"), first_line() + often + end_line(2));
  write(gradus.file("b.jsonl"),
        first_line({{"seed", 6}, {"optimizer", {{"groups", {{{"lr", 0.5}}}}}}, {"settings", {{"note", "warm"}}}}) +
            step_line(1, 3) + step_line(2, 2) + epoch + end_line(2));
  const json all = parsed(gradus("report a.jsonl b.jsonl --json"));
  CHECK(all["differences"]["seed"] == json{"5", "6"});
  CHECK(all["differences"]["lr"] == json{"0.1", "0.5"});
  CHECK(all["differences"]["note"] == json{"", "warm"});
  CHECK(all["differences"].size() == 3);
  REQUIRE(gradus("report a.jsonl b.jsonl -o r.html").code == 0);
  const std::string page = read(gradus.file("r.html"));
  CHECK_PARTS(page, "<h1>2 runs</h1>", "Settings that differ", "0.5", "warm", "class=\"swatch\"");
  const json data = data_of(page);
  CHECK(data["runs"] == json{"a", "b"});
  const json& loss = data["common"][0];
  CHECK(loss["title"] == "Loss");
  REQUIRE(loss["curves"].size() == 3);  // training of both, val_loss of one
  CHECK(loss["curves"][0]["mean"] == json{2.0, 1.0});
  CHECK(loss["curves"][1]["mean"] == json{3.0, 2.0});
  CHECK(loss["curves"][2]["label"] == "val_loss");
  CHECK(loss["curves"][2]["run"] == 1);

  // The table has the columns of all: an empty cell was not measured.
  const std::string csv = gradus("report a.jsonl b.jsonl --csv").out;
  CHECK(csv.substr(0, csv.find('\n')) ==
        "run,ev,step,epoch,loss,accuracy,lr,grad_norm,update_ratio,items_per_second,seconds,f1,val_loss,\"a,b\"");
  CHECK_PARTS(csv, "a,step,1,1,2,,0.1,,,,,0.25,,\n", "a,step,2,1,1,,0.1,,,,,,,\n", "b,epoch,2,1,1.5,,,,,,3,,0.5,7\n");

  // Logs of one name are told apart by their folders.
  std::filesystem::create_directory(gradus.file("one"));
  write(gradus.file("one/a.jsonl"), first_line() + often);
  CHECK(parsed(gradus("report a.jsonl one/a.jsonl --json"))["runs"][1]["name"] == "one/a.jsonl");
}

TEST_CASE("report: each diagnosis has its evidence, its place and what to try") {
  const Program gradus;
  const json vanishing{{"ev", "diagnosis"},
                       {"code", "VANISHING"},
                       {"layer", "0.weight"},
                       {"evidence", "it shrinks by 0.24"},
                       {"advice", "fewer layers"},
                       {"numbers", {{"factor", 0.24}}},
                       {"loc", {{"file", "/y/net.cpp"}, {"line", 31}}}};
  const auto at = [&](int step) {
    OrderedJson d = vanishing;
    d["step"] = step;
    return line(d);
  };
  write(gradus.file("a.jsonl"),
        first_line() + step_line(1, 1) + at(1) + step_line(2, 1) + at(2) +
            line({{"ev", "text"}, {"step", 2}, {"name", "diagnosis/LR_HIGH"}, {"text", "the rate"}}) + end_line(2));
  const json all = parsed(gradus("report a.jsonl --json"));
  CHECK(all["codes"] == json{"LR_HIGH", "VANISHING"});
  const json& found = all["runs"][0]["diagnoses"];
  REQUIRE(found.size() == 2);
  CHECK(found[0]["code"] == "VANISHING");
  CHECK(found[0]["times"] == 2);
  CHECK(found[0]["step"] == 1);
  CHECK(found[0]["layer"] == "0.weight");
  CHECK(found[0]["numbers"]["factor"] == 0.24);
  CHECK(found[0]["loc"]["line"] == 31);
  CHECK(found[1]["code"] == "LR_HIGH");
  CHECK(found[1]["evidence"] == "the rate");
  REQUIRE(gradus("report a.jsonl").code == 0);
  const std::string page = read(gradus.file("a.html"));
  CHECK_PARTS(page, "VANISHING", "it shrinks by 0.24", "fewer layers", "net.cpp:31", "2 times, until step 2",
              "factor <b>0.24</b>");
  CHECK(data_of(page)["marks"][0] == json{{"run", 0}, {"step", 1}, {"code", "VANISHING"}});
  write(gradus.file("b.jsonl"), first_line() + step_line(1, 1) + end_line(1));
  REQUIRE(gradus("report b.jsonl").code == 0);
  CHECK_PARTS(read(gradus.file("b.html")), "No diagnosis");
}

TEST_CASE("report: the confusion matrix, its most frequent mistake first, and the worst examples") {
  const Program gradus;
  write(gradus.file("a.jsonl"),
        first_line() + step_line(1, 1) +
            line({{"ev", "confusion"},
                  {"step", 1},
                  {"classes", {"cat", "dog", "eel"}},
                  {"counts", {{4, 1, 0}, {0, 3, 2}, {0, 0, 0}}}}) +
            line({{"ev", "worst"},
                  {"step", 1},
                  {"examples",
                   {{{"index", 12},
                     {"truth", "dog"},
                     {"guess", "eel"},
                     {"loss", 4.5},
                     {"sure", 0.98},
                     {"numbers", {1, 0.5}}},
                    {{"index", 7}, {"truth", "cat"}, {"guess", "dog"}, {"loss", "nan"}, {"picture", "iVBORw0KGgoAAAA"}},
                    {{"index", 8}, {"truth", 1.5}, {"guess", 2}, {"loss", 1}, {"picture", "\" onerror=\"x"}}}}}) +
            end_line(1));
  REQUIRE(gradus("report a.jsonl").code == 0);
  const std::string page = read(gradus.file("a.html"));
  CHECK_PARTS(page, "7 of 10 right, 70.0 %",
              "<b>dog</b> taken for <b>eel</b><span>2</span></li><li><b>cat</b> taken for <b>dog</b><span>1</span>",
              "80.0 %", "60.0 %", "<b>dog</b> → <b class=\"guess\">eel</b>", "98 % sure", "loss 4.5", "no. 12",
              "1, 0.5", "data:image/png;base64,iVBORw0KGgoAAAA\"", "<b>1.5</b>");
  CHECK(!contains(page, "onerror"));
}

TEST_CASE("report: what is no run log ends with 3, one sentence, and no page") {
  const Program gradus;
  write(gradus.file("text.jsonl"), "hello\n");
  write(gradus.file("empty.jsonl"), "");
  write(gradus.file("trace.jsonl"), R"({"ev":"trace","format":"gradus-trace","version":1})"
                                    "\n");
  write(gradus.file("new.jsonl"), first_line({{"version", 2}}));
  std::filesystem::create_directory(gradus.file("folder"));
  for (const auto& [file, part] : {std::pair{"none.jsonl", "No such file"},
                                   {"text.jsonl", "is not a run log"},
                                   {"empty.jsonl", "the file is empty"},
                                   {"trace.jsonl", "is not a run log"},
                                   {"new.jsonl", "newer version"},
                                   {"folder", "folder"}}) {
    const auto run = gradus(std::string("report ") + file + " -o r.html");
    INFO(run.out, run.err);
    CHECK(run.code == 3);
    CHECK(run.out.empty());
    CHECK_PARTS(run.err, file, part);
    CHECK(count(run.err, "\n") <= 2);
    CHECK(!std::filesystem::exists(gradus.file("r.html")));
  }
  write(gradus.file("a.jsonl"), first_line() + step_line(1, 1) + end_line(1));
  const std::string before = read(gradus.file("a.jsonl"));
  CHECK(gradus("report").code == 2);
  CHECK_PARTS(gradus("report a.jsonl --json --csv").err, "--json and --csv");
  CHECK(gradus("report a.jsonl -o ./a.jsonl").code == 2);
  CHECK(read(gradus.file("a.jsonl")) == before);
  CHECK(gradus("report a.jsonl -o nowhere/r.html").code == 3);
}

TEST_CASE("report: a log that was cut off, was damaged or has no step is shown as far as it goes") {
  const Program gradus;
  write(gradus.file("cut.jsonl"), first_line() + step_line(1, 3) + step_line(2, 2) + step_line(3, 1).substr(0, 25));
  auto run = gradus("report cut.jsonl --json");
  CHECK_PARTS(run.err, "cut.jsonl: line 4 is cut off", "no end");
  CHECK(parsed(run)["runs"][0]["steps"] == 2);
  CHECK(parsed(run)["runs"][0]["state"] == "stopped, or still going on");
  REQUIRE(gradus("report cut.jsonl").code == 0);
  CHECK_PARTS(read(gradus.file("cut.html")), "line 4 is cut off");
  write(gradus.file("bad.jsonl"), first_line() + step_line(1, 3) + "{\"ev\":\"step\"}\n" + step_line(2, 2));
  CHECK_PARTS(gradus("report bad.jsonl").err, "line 3 cannot be read: 'step' is missing");
  write(gradus.file("begun.jsonl"), first_line());
  run = gradus("report begun.jsonl");
  CHECK(run.code == 0);
  CHECK_PARTS(run.err, "it has no step");
  CHECK(data_of(read(gradus.file("begun.html")))["common"].empty());
  const json one = parsed(gradus("report begun.jsonl --json"))["runs"][0];
  CHECK(one["first_loss"].is_null());
  CHECK(one["steps"] == 0);
}

TEST_CASE("report: names are text, never markup, wherever they come from") {
  const Program gradus;
  const std::string evil = "</script><img src=x onerror=alert(1)>&\"'";
  write(gradus.file("a.jsonl"),
        first_line({{"program", evil},
                    {"isa", evil},
                    {"settings", {{evil, evil}}},
                    {"optimizer", {{"type", evil}, {"groups", {{{evil, evil}}}}}},
                    {"net", {{"type", evil}, {"layers", {{{"name", evil}, {"type", evil}, {"details", evil}}}}}}}) +
            step_line(1, 1,
                      {{"metrics", {{evil, 1}}},
                       {"sample",
                        {{"grad_norm", 1},
                         {"parameters", {{evil, {{"grad_norm", 1}, {"update_ratio", 0.1}}}}},
                         {"units", {{evil, {{"dead", 0.5}, {"saturated", 0.5}}}}}}}}) +
            line({{"ev", "diagnosis"},
                  {"step", 1},
                  {"code", evil},
                  {"layer", evil},
                  {"evidence", evil},
                  {"advice", evil},
                  {"numbers", {{evil, 1}}},
                  {"loc", {{"file", evil}, {"line", 1}}}}) +
            line({{"ev", "epoch"}, {"epoch", 1}, {"step", 1}, {"loss", 1}, {"metrics", {{evil, 2}}}}) +
            line({{"ev", "confusion"}, {"step", 1}, {"classes", {evil, "b"}}, {"counts", {{1, 1}, {1, 1}}}}) +
            line({{"ev", "worst"}, {"examples", {{{"truth", evil}, {"guess", evil}, {"loss", 1}}}}}) +
            line({{"ev", "text"}, {"step", 1}, {"name", evil}, {"text", evil}}) + end_line(1));
  std::filesystem::copy_file(gradus.file("a.jsonl"), gradus.file("<img src=x>.jsonl"));
  REQUIRE(gradus("report a.jsonl '<img src=x>.jsonl' -o r.html").code == 0);
  const std::string page = read(gradus.file("r.html"));
  CHECK(!contains(page, "<img src=x"));
  CHECK(count(page, "</script>") == 2);
  CHECK_PARTS(page, "&lt;img src=x onerror=alert(1)&gt;", "&lt;img src=x&gt;");
  CHECK(data_of(page)["runs"][1] == "<img src=x>");
  // In a table such a name is quoted.
  CHECK_PARTS(gradus("report a.jsonl --csv").out, ",\"</script><img src=x onerror=alert(1)>&\"\"'\"");
}

TEST_CASE("report: a long run is thinned out, and its spike and its NaN are still there") {
  const Program gradus;
  std::string log = first_line();
  for (int i = 1; i <= 40'000; ++i) log += step_line(i, i == 12'345 ? 50 : 1 + 1.0 / i);
  log += R"({"ev":"step","step":40001,"epoch":1,"loss":"nan","lr":0.1})"
         "\n" +
         end_line(40'001);
  write(gradus.file("a.jsonl"), log);
  const auto run = gradus("report a.jsonl");
  INFO(run.err);
  REQUIRE(run.code == 0);
  const std::string page = read(gradus.file("a.html"));
  CHECK(page.size() < 150'000);
  const json data = data_of(page);
  const json& curve = data["common"][0]["curves"][0];
  CHECK(curve["step"].size() == 500);
  CHECK(curve["step"].back() == 40'000);
  CHECK(std::ranges::max(curve.at("high").get<std::vector<double>>()) == 50);
  CHECK(std::ranges::max(curve["mean"].get<std::vector<double>>()) < 3);
  CHECK(curve["missing"] == 40'001);
  CHECK_PARTS(page, "not finite at step 40001");
  CHECK(cells(gradus("report a.jsonl --csv").out).size() == 40'002);
}

TEST_CASE("report: a training that went on after a checkpoint is one run") {
  const Program gradus;
  const std::string what = "train --quiet --net mlp:16 --checkpoint run --log r.jsonl ";
  REQUIRE(gradus(what + "--epochs 2").code == 0);
  REQUIRE(gradus(what + "--epochs 3 --resume").code == 0);
  REQUIRE(gradus("train --quiet --net mlp:16 --epochs 3 --log whole.jsonl").code == 0);
  const auto run = gradus("report r.jsonl whole.jsonl --json");
  CHECK(run.err.empty());
  const json all = parsed(run);
  CHECK(all["runs"][0]["steps"] == 135);
  CHECK(all["runs"][0]["state"] == "finished");
  CHECK(all["runs"][0]["last_loss"] == all["runs"][1]["last_loss"]);
  CHECK(all["runs"][0]["metrics"] == all["runs"][1]["metrics"]);
  const auto part = cells(gradus("report r.jsonl --csv").out);
  const auto whole = cells(gradus("report whole.jsonl --csv").out);
  REQUIRE(part.size() == whole.size());
  for (std::size_t i = 1; i < part.size(); ++i) {
    CHECK(part[i][2] == whole[i][2]);
    CHECK(part[i][4] == whole[i][4]);
  }
}
#endif
