// gradus eval, as a user runs it: the scores of a trained network, as text and as JSON.
#ifdef GRADUS_TOOL
#include <gradus/gradus.hpp>

#include <cmath>
#include <nlohmann/json.hpp>

#include "run.hpp"

using namespace gradus;
using support::accuracy_in, support::contains, support::Program, support::read, support::write;

namespace {

using Json = nlohmann::json;

// A network that answers with the largest of its inputs: scores are known.
void save_largest(const std::string& path, const std::vector<std::string>& classes) {
  const auto n = static_cast<std::int64_t>(classes.size());
  nn::Sequential body{nn::Linear(n, n), nn::ReLU(), nn::Linear(n, n)};
  for (const int layer : {0, 2}) {
    body.get<nn::Linear>(layer).weight.copy_(eye(n));
    body.get<nn::Linear>(layer).bias.zero_();
  }
  train::save_model(path, nn::Sequential{nn::Standardize(Shape{}), body},
                    {.net = "mlp:" + std::to_string(n), .input = {n}, .classes = n, .encoding = {.classes = classes}});
}

// Examples of class i that are taken for class j, as arrays.
void save_pairs(const std::string& path, std::int64_t classes, const std::vector<std::pair<int, int>>& pairs) {
  Tensor x = zeros({std::ssize(pairs), classes});
  std::vector<std::int64_t> y;
  for (const auto& [truth, answer] : pairs) {
    x.set({std::ssize(y), answer}, 1);
    y.push_back(truth);
  }
  io::save_npz(path, {{"x", x}, {"y", from_data(y, {std::ssize(y)})}});
}

std::size_t widest_line(const std::string& text) {
  std::size_t most = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    most = std::max<std::size_t>(most, std::ranges::count_if(line, [](char c) { return (c & 0xc0) != 0x80; }));
  return most;
}

}  // namespace

TEST_CASE("eval: the test part gives what gradus train measured") {
  const Program gradus;
  const auto train = gradus("train --net mlp:32 --epochs 3 --save m.st");
  REQUIRE(train.code == 0);
  const auto run = gradus("eval m.st digits");
  INFO(run.out, run.err);
  CHECK(run.code == 0);
  const std::string verdict = train.out.substr(train.out.find("test accuracy ") + 14);
  CHECK_PARTS(run.out, "digits: test part, 359 examples", "accuracy  " + verdict.substr(0, verdict.find('\n')),
              "precision", "weighted mean", "a row for each class");
  CHECK(widest_line(run.out) <= 80);
  CHECK_PARTS(gradus("eval m.st digits --part all").out, "digits: 1797 examples");
}

TEST_CASE("eval: the table, the confusion matrix and JSON") {
  const Program gradus;
  save_largest(gradus.file("m.st"), {"cat", "dog", "eel", "fox"});
  // truth 0 0 1 2 2 2 3, answers 0 0 0 2 2 1 0; fox is never answered.
  save_pairs(gradus.file("t.npz"), 4, {{0, 0}, {0, 0}, {1, 0}, {2, 2}, {2, 2}, {2, 1}, {3, 0}});
  const auto run = gradus("eval m.st t.npz");
  INFO(run.out, run.err);
  CHECK(run.code == 0);
  CHECK_PARTS(run.out, "t.npz: 7 examples\nloss      1.172\naccuracy  57.14 % (4 of 7)\n",
              "               precision    recall        f1   examples\n"
              "cat                0.500     1.000     0.667          2\n"
              "dog                0.000     0.000     0.000          1\n"
              "eel                1.000     0.667     0.800          3\n"
              "fox                0.000*    0.000     0.000          1\n"
              "mean               0.375     0.417     0.367          7\n"
              "weighted mean      0.571     0.571     0.533          7\n"
              "* 0/0, counted as 0",
              "a row for each class, a column for each answer\n"
              "     cat  dog  eel  fox\n"
              "cat    2    .    .    .\n"
              "dog    1    .    .    .\n"
              "eel    .    1    2    .\n"
              "fox    1    .    .    .\n");
  const Json json = Json::parse(gradus("eval m.st t.npz --json").out);
  CHECK(json["accuracy"].get<double>() == doctest::Approx(4.0 / 7));
  CHECK(json["examples"] == 7);
  CHECK(json["classes"][2]["name"] == "eel");
  CHECK(json["classes"][2]["f1"].get<double>() == doctest::Approx(0.8));
  CHECK(json["classes"][2]["support"] == 3);
  CHECK(json["macro"]["recall"].get<double>() == doctest::Approx((1 + 0 + 2.0 / 3 + 0) / 4));
  CHECK(json["confusion"][2] == Json({0, 1, 2, 0}));
  CHECK(json["zero_division"]["precision"] == Json({"fox"}));
  CHECK(json["zero_division"]["recall"] == Json::array());
}

TEST_CASE("eval: many classes and long names fit into 80 columns") {
  const Program gradus;
  std::vector<std::string> names;
  std::vector<std::pair<int, int>> pairs;
  for (int i = 0; i < 60; ++i) {
    names.push_back("a \x1b[2Jvery long name of a class, größer, No. " + std::to_string(i));
    pairs.emplace_back(i, i % 10 == 0 ? 59 : i);
  }
  save_largest(gradus.file("m.st"), names);
  save_pairs(gradus.file("t.npz"), 60, pairs);
  const auto many = gradus("eval m.st t.npz");
  CHECK(many.code == 0);
  CHECK(widest_line(many.out) <= 80);
  CHECK(!contains(many.out, "\x1b"));  // a name does not control the terminal
  CHECK_PARTS(many.out, "most frequent mistakes\n", " taken for ");
  names.resize(12);
  save_largest(gradus.file("m.st"), names);
  save_pairs(gradus.file("t.npz"), 12, {{0, 0}, {1, 1}, {2, 3}, {4, 5}, {6, 7}, {8, 9}, {10, 11}});
  const auto some = gradus("eval m.st t.npz");
  CHECK(widest_line(some.out) <= 80);
  CHECK_PARTS(some.out, "\n10 a \\x1b[2Jvery long…r, No. 10 ", "\n 9 a \\x1b[2Jvery long…er, No. 9 ",
              "   0   1   2   3");
  save_pairs(gradus.file("t.npz"), 12, {{3, 3}, {3, 3}, {5, 5}});
  CHECK_PARTS(gradus("eval m.st t.npz").out, "10 classes do not occur here and do not count", "mean", "1.000");
}

TEST_CASE("eval: a table, its numbering of classes, and its parts") {
  const Program gradus;
  std::string csv = "a,b,kind\n";
  for (int i = 0; i < 100; ++i)
    csv += std::to_string(i) + ',' + std::to_string(i * 7 % 10) + (i < 50 ? ",low\n" : ",high\n");
  write(gradus.file("t.csv"), csv);
  const auto train = gradus("train --data t.csv --net mlp:8 --epochs 60 --save m.st");
  REQUIRE(train.code == 0);
  const auto test = gradus("eval m.st t.csv --part test");
  CHECK_PARTS(test.out, "t.csv: test part, 20 examples");
  CHECK_PARTS(test.out, "accuracy  " + train.out.substr(train.out.find("test accuracy ") + 14, 5));
  CHECK_PARTS(gradus("eval m.st t.csv").out, "t.csv: 100 examples");
  // Only one of the classes, and the columns in another order: "low" is still class 1.
  write(gradus.file("low.csv"), "kind,b,a\nlow,4,3\nlow,5,3\n");
  const Json json = Json::parse(gradus("eval m.st low.csv --json").out);
  CHECK(json["classes"][1]["name"] == "low");
  CHECK(json["classes"][1]["support"] == 2);
  CHECK(json["accuracy"] == 1);
  write(gradus.file("new.csv"), "kind,b,a\nmiddle,0,1\n");
  const auto refused = gradus("eval m.st new.csv");
  CHECK(refused.code == 3);
  CHECK_PARTS(refused.err, "line 2, column \"kind\": a class that the other file lacks", "middle");
  write(gradus.file("new.csv"), "sort,b,a\nlow,0,1\n");
  CHECK_PARTS(gradus("eval m.st new.csv").err, "no column \"kind\"");
  CHECK(gradus("eval m.st new.csv --label sort").code == 0);
  CHECK(gradus("eval m.st - --label sort", "cat new.csv |").code == 0);
}

TEST_CASE("eval: regression") {
  const Program gradus;
  std::string csv = "x,y\n";
  for (int i = 0; i < 60; ++i) csv += std::to_string(i) + ',' + std::to_string(2.5 * i + 100) + '\n';
  write(gradus.file("t.csv"), csv);
  const auto train = gradus("train --data t.csv --net mlp:16 --epochs 60 --opt adamw:lr=1e-2 --save m.st");
  REQUIRE(train.code == 0);
  const auto run = gradus("eval m.st t.csv --part test");
  INFO(train.out, run.out, run.err);
  CHECK_PARTS(run.out, "t.csv: test part, 12 examples, answers y\nmse ", "\nrmse ", "\nmae ", "\nR2    0.9");
  const Json json = Json::parse(gradus("eval m.st t.csv --part test --json").out);
  const auto at = train.out.find("test rmse ");
  CHECK(std::stod(train.out.substr(at + 10)) == doctest::Approx(json["rmse"].get<double>()).epsilon(1e-3));
  CHECK(json["rmse"].get<double>() == doctest::Approx(std::sqrt(json["mse"].get<double>())));
  write(gradus.file("no.csv"), "x\n1\n");
  CHECK(gradus("eval m.st no.csv").code == 3);
}

TEST_CASE("eval: images in IDX files") {
  const Program gradus;
  save_largest(gradus.file("m.st"), {"0", "1", "2", "3"});
  write(gradus.file("i.idx"), std::string{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 9, 0, 7, 0, 0, 0});
  write(gradus.file("l.idx"), std::string{0, 0, 8, 1, 0, 0, 0, 2, 2, 1});
  const auto run = gradus("eval m.st i.idx --labels l.idx");
  INFO(run.err);
  CHECK_PARTS(run.out, "accuracy  50.00 % (1 of 2)");
  write(gradus.file("l.idx"), std::string{0, 0, 8, 1, 0, 0, 0, 2, 2, 4});
  CHECK_PARTS(gradus("eval m.st i.idx --labels l.idx").err, "--labels l.idx", "2 classes from 0 to 3");
  CHECK_PARTS(gradus("eval m.st i.idx").err, "holds examples without answers");
  CHECK(gradus("eval m.st digits --labels l.idx").code == 2);
}
#endif
