// CSV files: what is read, and what is refused with line and column.
#include <gradus/data/readers.hpp>

#include <random>

#include "support.hpp"

using namespace gradus;
using data::Header;
using support::TempDir, support::write;

namespace {

using Numbers = std::vector<double>;
using Words = std::vector<std::string>;

data::Table read(const std::string& text, data::CsvOptions options = {}) {
  const TempDir dir;
  return data::csv(write(dir / "t.csv", text), std::move(options));
}

// The error, which must name the file.
std::string refused(const std::string& text, data::CsvOptions options = {}) {
  const std::string said = support::message([&] { read(text, std::move(options)); });
  CHECK(support::contains(said, "/t.csv: "));
  CHECK(support::contains(said, "  at:       "));
  return said;
}

#define CHECK_REFUSED(arguments, ...) CHECK_PARTS(refused arguments, __VA_ARGS__)

}  // namespace

TEST_CASE("csv: a header, features, classes in words") {
  const auto t = read("length,width,species\n5.1,3.5,setosa\n7,3.2,virginica\n4.9,3,setosa\n");
  CHECK(t.x.shape() == Shape{3, 2});
  CHECK(t.x.dtype() == f32);
  CHECK(t.x.at({1, 1}) == doctest::Approx(3.2));
  CHECK(t.y.to_vector() == Numbers{0, 1, 0});
  CHECK(t.y.dtype() == i64);
  CHECK(t.classes == Words{"setosa", "virginica"});
  CHECK(t.columns == Words{"length", "width"});
  const data::Dataset plain = t;  // is one
  CHECK(plain.size() == 3);
}

TEST_CASE("csv: labels that are whole numbers stand as they are") {
  const auto t = read("1,2,7\n3,4,0\n5,6,7.0\n");
  CHECK(t.y.to_vector() == Numbers{7, 0, 7});
  CHECK(t.classes.empty());
  CHECK(t.columns.empty());
  CHECK(t.x.to_vector() == Numbers{1, 2, 3, 4, 5, 6});
  const auto signs = read("1,-1\n2,+1\n3,-1\n");  // a number below 0 is a word
  CHECK(signs.y.to_vector() == Numbers{0, 1, 0});
  CHECK(signs.classes == Words{"-1", "+1"});
}

TEST_CASE("csv: labels to be predicted as numbers") {
  const auto t = read("x,y\n1,0.5\n2,-3e2\n", {.classes = false});
  CHECK(t.y.dtype() == f32);
  CHECK(t.y.shape() == Shape{2});
  CHECK(t.y.to_vector() == Numbers{0.5, -300});
}

TEST_CASE("csv: which column is the label") {
  const std::string text = "kind,a,b\n1,10,20\n0,30,40\n";
  for (const char* label : {"kind", "0", "-3"}) {
    const auto t = read(text, {.label = label});
    CHECK(t.y.to_vector() == Numbers{1, 0});
    CHECK(t.x.to_vector() == Numbers{10, 20, 30, 40});
    CHECK(t.columns == Words{"a", "b"});
  }
  CHECK(read(text, {.label = "a"}).y.to_vector() == Numbers{10, 30});
  CHECK(read(text, {.label = "-1"}).y.to_vector() == Numbers{20, 40});
  // Pixel columns named by numbers: a name wins where the first line is known to be one.
  const auto t = read("label,1,0\n5,6,7\n", {.label = "0", .header = Header::yes});
  CHECK(t.y.to_vector() == Numbers{7});
  CHECK(read("label,1,0\n5,6,7\n", {.label = "label"}).y.to_vector() == Numbers{5});
}

TEST_CASE("csv: with and without a header") {
  CHECK(read("1,2\n3,4\n").size() == 2);
  CHECK(read("1,2\n3,4\n", {.header = Header::yes}).size() == 1);
  CHECK(read("1,2\n3,4\n", {.header = Header::yes}).columns == Words{"1"});
  CHECK(read("1,cat\n3,dog\n").size() == 2);  // the label's column says nothing about headers
  CHECK(read("1,2\n3,4", {.header = Header::no}).size() == 2);
}

TEST_CASE("csv: quotes, line ends, byte order mark, blanks") {
  const auto t =
      read("\xef\xbb\xbf\"a\",\"the \"\"label\"\"\"\r\n\"1\",\"x, y\"\r\n\r\n +2 ,\"two\nlines\"\r\n3,x \"y\"\r\n");
  CHECK(t.columns == Words{"a"});
  CHECK(t.x.to_vector() == Numbers{1, 2, 3});
  CHECK(t.classes == Words{"two\nlines", "x \"y\"", "x, y"});
  CHECK(t.y.to_vector() == Numbers{2, 0, 1});
  CHECK(read("1;2\r3;4\r", {.separator = ';'}).x.to_vector() == Numbers{1, 3});
  CHECK(read("1\t2\n3\t4", {.separator = '\t'}).y.to_vector() == Numbers{2, 4});
  CHECK(read("\n\n1,\"\"\"\"\n\n").classes == Words{"\""});
}

TEST_CASE("csv: lines and columns of errors") {
  CHECK_REFUSED(("a,b,y\n1,2,0\n3,oops,1\n"), "csv: ", "line 3, column \"b\": not a number", "got:      \"oops\"");
  CHECK_REFUSED(("1,2,0\n3,oops,1\n"), "line 2, column 1 (from 0): not a number");
  CHECK_REFUSED(("a,b,y\n1,,0\n"), "line 2, column \"b\": an empty cell");
  CHECK_REFUSED(("a,b,y\n\"x\ny\",2,0\n"), "line 2, column \"a\": not a number");
  CHECK_REFUSED(("a,y\n\"1\",\"b\nc\"\n\r\n1.5.2,0\n"), "line 5, column \"a\": not a number", "1.5.2");
  CHECK_REFUSED(("a,y\n1e99,0\n"), "line 2, column \"a\": too large for f32");
  CHECK_REFUSED(("a,y\nnan,0\n"), "line 2, column \"a\": a missing value", "\"nan\"");
  CHECK_REFUSED(("a,y\ninf,0\n"), "line 2, column \"a\": infinite");
  CHECK_REFUSED(("a,y\n0x10,0\n"), "not a number");
  CHECK_REFUSED(("a,b,y\n1,2,0\n1,2\n"), "line 3: the number of cells differs", "got:      2", "3, as in line 1");
  CHECK_REFUSED(("a,b,y\n1,2,0,\n"), "line 2: the number of cells differs", "got:      4");
}

TEST_CASE("csv: bad labels") {
  CHECK_REFUSED(("a,y\n1,0\n2,nan\n"), "line 3, column \"y\": the label is NaN");
  CHECK_REFUSED(("a,y\n1,0\n2,\n"), "line 3, column \"y\": the label is missing");
  CHECK_REFUSED(("a,y\n1,0.5\n2,NaN\n", {.classes = false}), "line 3, column \"y\": the label is missing");
  CHECK_REFUSED(("a,y\n1,cat\n", {.classes = false}), "line 2, column \"y\": not a number", "cat");
  CHECK_REFUSED(("a,y\n1,0\n2,0.5\n3,0.5\n"), "line 3, column \"y\": a fraction is not a class", ".classes = false");
  CHECK_REFUSED(("a,b\n1,2\n", {.label = "species"}), "line 1: no column \"species\"", "a, b", "a number below 2");
  CHECK_REFUSED(("a,b\n1,2\n", {.label = "2"}), "no column \"2\"");
  CHECK_REFUSED(("a,b\n1,2\n", {.label = "-3"}), "no column \"-3\"");
  CHECK_REFUSED(("a,b\n1,2\n", {.label = "0.5"}), "no column \"0.5\"");
  CHECK_REFUSED(("1,2\n", {.label = "b", .header = Header::no}), "no column \"b\"");
  CHECK_REFUSED(("a,a\n1,2\n", {.label = "a"}), "two columns have the label's name \"a\"");
}

TEST_CASE("csv: bad files") {
  CHECK_REFUSED((""), "is empty");
  CHECK_REFUSED(("\n\r\n\n"), "is empty");
  CHECK_REFUSED(("\xef\xbb\xbf"), "is empty");
  CHECK_REFUSED(("a,b\n"), "has a header line and no others");
  CHECK_REFUSED(("a\n1\n2\n"), "line 1: a single column", "check .separator");
  CHECK_REFUSED(("a,1,b,2\n1,2,3,4\n"), "line 1: words and numbers", "{.header = Header::yes}");
  CHECK_REFUSED(("a,b\n1,\"2\n3,4\n"), "line 2: a quote is never closed");
  CHECK_REFUSED(("a,b\n1,\"2\"x\n"), "line 2: text after a closing quote");
  CHECK_SAYS(data::csv("/no/such.csv"), "csv: /no/such.csv: cannot be opened: No such file", "csv.cpp:");
  CHECK_SAYS(data::csv("/no/such.csv", {.separator = '"'}), "csv: the separator is a quote or the end of a line");
}

TEST_CASE("csv: bytes changed at random are read or refused") {
  const TempDir dir;
  const std::string text = "a,\"b\",y\r\n1,2.5,cat\n\"3\",-4e1,\"d\"\"og\"\n5,6,cat\n";
  std::mt19937 random(1);
  int read = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string bytes = text;
    for (auto n = 1 + random() % 3; n > 0; --n)
      bytes[random() % bytes.size()] = random() % 2 ? "\",\r\n 0a"[random() % 7] : static_cast<char>(random());
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    write(dir / "fuzz", bytes);
    try {
      const auto t = data::csv(dir / "fuzz");
      CHECK(t.x.shape()[0] == t.y.shape()[0]);
      ++read;
    } catch (const Error&) {}
  }
  CHECK(read > 100);
}
