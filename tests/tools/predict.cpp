// gradus predict, as a user runs it: from a training file to answers for new examples.
#ifdef GRADUS_TOOL
#include <gradus/gradus.hpp>

#include <cmath>

#include "run.hpp"

using namespace gradus;
using support::cells, support::contains, support::Program, support::read, support::write;

namespace {

// Pets by height and coat; cats are small.
std::string pets(int n) {
  std::string csv = "height,coat,kind\n";
  for (int i = 0; i < n; ++i) {
    const bool cat = i % 3 == 0;
    csv += std::to_string((cat ? 20 : 60) + 10 * std::sin(i)) + (i % 2 ? ",long," : ",short,") +
           (cat ? "\"cat, tame\"\n" : "dog\n");
  }
  return csv;
}

// A folder with a model of pets.
struct Pets {
  Program gradus;
  Pets() {
    write(gradus.file("pets.csv"), pets(120));
    const auto run = gradus("train --data pets.csv --net mlp:8 --epochs 30 --categories one_hot --quiet --save m.st");
    REQUIRE_MESSAGE(run.code == 0, run.err);
  }
  support::Ran predict(const std::string& csv, const std::string& options = "") const {
    write(gradus.file("new.csv"), csv);
    return gradus("predict m.st new.csv " + options);
  }
};

const Pets& trained() {
  static const Pets pets;
  return pets;
}

}  // namespace

TEST_CASE("predict: classes by name, from columns in any order, without a label and with one") {
  const Pets& p = trained();
  const std::string answers = "kind\n\"cat, tame\"\ndog\n";
  const auto run = p.predict("coat,height\nlong,20\nshort,60\n");
  INFO(run.err);
  CHECK(run.code == 0);
  CHECK(run.out == answers);
  CHECK(run.err.empty());
  CHECK(p.predict("id,coat,kind,height\n1,long,?,20\n2,short,,60\n").out == answers);
  CHECK(p.predict("20,long\n60,short\n").out == answers);  // by place
  CHECK(p.predict("\"height\",\"coat\"\r\n20,long\r\n\r\n60,short").out == answers);
}

TEST_CASE("predict: to a file, which appears when it is complete") {
  const Pets& p = trained();
  const auto run = p.predict("coat,height\nlong,20\n", "-o out.csv");
  CHECK(run.code == 0);
  CHECK(run.out == "out.csv: 1 answers\n");
  CHECK(read(p.gradus.file("out.csv")) == "kind\n\"cat, tame\"\n");
  CHECK(p.predict("coat,height\nlong,x\n", "-o out.csv").code == 3);
  CHECK(read(p.gradus.file("out.csv")) == "kind\n\"cat, tame\"\n");
  CHECK(p.predict("coat,height\nlong,2\n", "-o none/out.csv").code == 3);
  CHECK(p.predict("coat,height\nlong,2\n", "-o new.csv").code == 2);
  CHECK(p.predict("coat,height\nlong,2\n", "-o m.st").code == 2);
}

TEST_CASE("predict: standard input and output") {
  const Pets& p = trained();
  const auto run = p.gradus("predict m.st - -o -", "printf 'coat,height\\nlong,20\\n' |");
  CHECK(run.code == 0);
  CHECK(run.out == "kind\n\"cat, tame\"\n");
  p.gradus("--version", "printf 'coat,height\\nlong,20\\n' >in.csv; ('" GRADUS_TOOL
                        "' predict m.st in.csv >/dev/full 2>full); echo $? >code;");
  CHECK(read(p.gradus.file("code")) == "3\n");
  CHECK_PARTS(read(p.gradus.file("full")), "standard output cannot be written");
}

TEST_CASE("predict: probabilities, a column for each class") {
  const Pets& p = trained();
  const auto run = p.predict("coat,height\nlong,20\nshort,60\n", "--proba");
  CHECK(run.code == 0);
  CHECK(run.out.starts_with("\"cat, tame\",dog\n"));
  const auto rows = cells(run.out.substr(run.out.find('\n') + 1));
  REQUIRE(rows.size() == 2);
  for (const auto& row : rows) {
    REQUIRE(row.size() == 2);
    CHECK(std::stod(row[0]) + std::stod(row[1]) == doctest::Approx(1));
  }
  CHECK(std::stod(rows[0][0]) > 0.5);
  CHECK(std::stod(rows[1][1]) > 0.5);
  // The library answers the same.
  const train::Model model = train::load_model(p.gradus.file("m.st"));
  const Tensor q = model.probabilities(train::read_examples(model, p.gradus.file("new.csv")).x);
  CHECK(std::stof(rows[0][0]) == static_cast<float>(q.at({0, 0})));
}

TEST_CASE("predict: what does not fit is said with its place") {
  const Pets& p = trained();
  const auto refused = [&](const std::string& csv, std::initializer_list<const char*> parts) {
    const auto run = p.predict(csv);
    INFO(run.err);
    CHECK(run.code == 3);
    CHECK(run.out.empty());
    for (const char* part : parts) CHECK_MESSAGE(contains(run.err, part), part);
    CHECK(!contains(run.err, "Missing::"));  // the words of programs
    CHECK(!contains(run.err, ".cpp"));
  };
  refused("coat,weight\nlong,20\n", {"new.csv: line 1: no column \"height\"", "got:      coat, weight", "--header no"});
  refused("coat,height\nlong,20\ncurly,20\n", {"line 3, column \"coat\": a word that the other file lacks", "curly"});
  refused("coat,height\nlong,tall\n", {"line 2, column \"height\": not a number", "tall"});
  refused("coat,height\nlong,\n", {"line 2, column \"height\": an empty cell", "--missing mean"});
  refused("coat,height\nlong,20\n,20\n", {"line 3, column \"coat\": an empty cell"});
  refused("coat,height\nlong\n", {"line 2: the number of cells differs"});
  refused("coat,height\n", {"has a header line and no others"});
  refused("", {"is empty"});
  refused("1,2,3,4,5\n", {"the number of features differs", "got:      5", "expected: 2"});
  const auto filled = p.predict("coat,height\nlong,\n", "--missing mean");
  CHECK(filled.code == 0);
  CHECK(filled.out == "kind\ndog\n");
  CHECK(p.predict("coat,height\n,20\n", "--missing mean").code == 3);
  CHECK(p.gradus("predict m.st none.csv").code == 3);
  CHECK_PARTS(p.gradus("predict m.st irsi").err, "gradus: irsi: unknown");
  CHECK(p.gradus("predict m.st new.csv --data-dir x").code == 2);
  CHECK_PARTS(p.gradus("predict m.st digits").err, "digits: 64 numbers an example", "the model takes (3,)");
  CHECK(p.gradus("predict m.st").code == 2);
  CHECK(p.gradus("predict").code == 2);
}

TEST_CASE("predict: a network that filled missing cells fills them again") {
  const Program gradus;
  std::string csv = "a,b,y\n";
  for (int i = 0; i < 60; ++i)
    csv += (i % 7 == 0 ? "" : std::to_string(i)) + ',' + std::to_string(i % 5) + ',' + std::to_string(0.5 * i) + '\n';
  write(gradus.file("t.csv"), csv);
  REQUIRE(gradus("train --data t.csv --missing mean --net mlp:8 --epochs 300 --quiet --save m.st").code == 0);
  write(gradus.file("new.csv"), "b,a\n1,10\n1,\n");
  const auto run = gradus("predict m.st new.csv");
  INFO(run.err);
  CHECK(run.code == 0);
  const auto rows = cells(run.out);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0][0] == "y");
  CHECK(std::abs(std::stod(rows[1][0]) - 5) < 4);  // in the unit of the file
  CHECK(std::abs(std::stod(rows[2][0]) - 15) < 6);
  CHECK_PARTS(gradus("predict m.st new.csv --proba").err, "--proba: m.st answers with a number");
}

TEST_CASE("predict: the separator of the training file is remembered") {
  const Program gradus;
  std::string csv = "a;k\n";
  for (int i = 0; i < 40; ++i) csv += std::to_string(i) + ",5;" + (i < 20 ? "low\n" : "high\n");
  write(gradus.file("t.csv"), csv);
  REQUIRE(gradus("train --data t.csv --separator ';' --decimal comma --epochs 20 --quiet --save m.st").code == 0);
  write(gradus.file("new.csv"), "a;k\n1,5;\n38,5;\n");
  CHECK(gradus("predict m.st new.csv").out == "k\nlow\nhigh\n");
  write(gradus.file("new.csv"), "a\n1.5\n38.5\n");
  CHECK(gradus("predict m.st new.csv --separator , --decimal point").out == "k\nlow\nhigh\n");
}

TEST_CASE("predict: images, from the set itself, from .npz and from CSV") {
  const Program gradus;
  REQUIRE(gradus("train --net lenet --epochs 2 --quiet --save m.st").code == 0);
  const auto set = gradus("predict m.st digits");
  CHECK(set.code == 0);
  const auto rows = cells(set.out);
  REQUIRE(rows.size() == 360);
  CHECK(rows[0][0] == "class");
  const data::Dataset test = data::digits().test;
  int right = 0;
  for (std::size_t i = 1; i < rows.size(); ++i)
    right += std::stoi(rows[i][0]) == static_cast<int>(test.y.at({static_cast<std::int64_t>(i) - 1}));
  CHECK(right > 250);
  io::save_npz(gradus.file("t.npz"), {{"x", test.x}});
  CHECK(gradus("predict m.st t.npz").out == set.out);
  io::save_npy(gradus.file("t.npy"), test.x.reshape({-1, 1, 8, 8}));
  CHECK(gradus("predict m.st t.npy").out == set.out);
  std::string csv;
  const auto x = test.x.to_vector();
  for (std::size_t i = 0; i < x.size(); ++i) csv += std::to_string(x[i]) + (i % 64 == 63 ? '\n' : ',');
  write(gradus.file("t.csv"), csv);
  CHECK(gradus("predict m.st t.csv").out == set.out);
}

TEST_CASE("predict: damaged and foreign files") {
  const Program gradus;
  write(gradus.file("new.csv"), "a,b\n1,2\n");
  const auto refused = [&](const io::Metadata& texts, std::initializer_list<const char*> parts) {
    io::save(gradus.file("x.st"), {{"0.mean", zeros({2})}, {"0.deviation", ones({2})}}, texts);
    const auto run = gradus("predict x.st new.csv", support::little_memory);
    INFO(run.err);
    CHECK(run.code == 3);
    for (const char* part : parts) CHECK_MESSAGE(contains(run.err, part), part);
  };
  const io::Metadata claim{{"task", "classify"}, {"net", "mlp:65536,65536"}, {"input", "(2,)"}, {"classes", "3"}};
  refused(claim, {"x.st: its metadata and its tensors disagree", "4 numbers"});
  refused({{"net", "mlp"}}, {"x.st: does not say 'input'", "gradus train --save"});
  refused({}, {"does not say 'net'"});
  CHECK(gradus("predict none.st new.csv").code == 3);
  write(gradus.file("bytes.st"), "not a model at all");
  CHECK_PARTS(gradus("predict bytes.st new.csv").err, "bytes.st", "is not a safetensors file");
}
#endif
