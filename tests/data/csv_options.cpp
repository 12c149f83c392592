// CSV as people write it: other decimal marks, missing cells, words among the features, class names, pipes, gzip.
#include <sys/stat.h>

#ifdef GRADUS_HAVE_ZLIB
#include <zlib.h>
#endif

#include <thread>

#include "data/csv.hpp"

using namespace gradus;
using csv_text::Numbers, csv_text::read, csv_text::refused;
using data::Categories, data::Header, data::Missing;
using support::TempDir, support::write;

namespace {

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("csv: classes have one numbering, whatever the order of the lines") {
  const auto train = read("x,k\n1,dog\n2,cat\n3,eel\n"), test = read("x,k\n1,eel\n2,dog\n3,cat\n");
  CHECK(train.classes == Words{"cat", "dog", "eel"});
  CHECK(train.classes == test.classes);
  CHECK(train.y.to_vector() == Numbers{1, 0, 2});
  CHECK(test.y.to_vector() == Numbers{2, 1, 0});
  CHECK(read("x,k\n1,10\n2,-9\n3,9\n").classes == Words{"-9", "9", "10"});  // numbers by their value
}

TEST_CASE("csv: the numbering of another file") {
  const auto train = read("x,k\n1,cat\n2,dog\n3,eel\n");
  CHECK(read("x,k\n1,eel\n2,dog\n", {.like = train}).y.to_vector() == Numbers{2, 1});
  CHECK(read("x,k\n1,eel\n", {.like = train}).classes == train.classes);
  CHECK_REFUSED(("x,k\n1,eel\n2,fox\n", {.like = train}), "line 3, column \"k\": a class that the other file lacks",
                "fox");
  CHECK_REFUSED(("1,2,cat\n", {.label = "2", .like = train}), "the number of features differs", "got:      2",
                "1, as in");
  CHECK_REFUSED(("z,k\na,cat\n", {.header = Header::yes, .like = train}),
                "line 1: no column \"x\", which the other file has", "got:      z, k", "{.header = Header::no}");
  const auto numbers = read("x,k\n1,0\n2,1\n");
  CHECK(read("x,k\n1,1\n", {.like = numbers}).y.to_vector() == Numbers{1});
  CHECK_REFUSED(("x,k\n1,cat\n", {.like = numbers}), "not a class number, as the labels of the other file are");
}

TEST_CASE("csv: codes with leading zeros are words") {
  const auto t = read("x,k\n1,01\n2,1\n3,00\n4,0\n");
  CHECK(t.classes == Words{"0", "00", "01", "1"});
  CHECK(t.y.to_vector() == Numbers{2, 3, 1, 0});
  CHECK(read("x,k\n1,+1\n2,0\n").classes == Words{"0", "+1"});
  CHECK(read("x,k\n1,1e0\n2,0\n").classes == Words{"0", "1e0"});
  CHECK(read("x,k\n1,1.00\n2,0\n").classes.empty());
  CHECK(read("x,k\n1,1.00\n2,0\n").y.to_vector() == Numbers{1, 0});
  CHECK(read("x,k\n1,9007199254740992\n2,0\n").classes.size() == 2);  // f64 counts no further
}

TEST_CASE("csv: numbers too small and too large") {
  CHECK(read("x,k\n1e-400,0\n-1e-400,1\n1e-46,0\n").x.to_vector() == Numbers{0, 0, 0});
  for (const char* large : {"1e400", "-1e400", "1e39"})
    CHECK_REFUSED(("x,k\n0,0\n" + std::string(large) + ",1\n"), "line 3, column \"x\": too large");
  CHECK_REFUSED(("1e400,0\n1,1\n"), "line 1, column 0 (from 0): too large");  // a number, so not a header
}

TEST_CASE("csv: is the first line a header?") {
  CHECK(read("a,k\n1,0\n").size() == 1);
  CHECK(read("1,k\n2,j\n").size() == 2);
  for (const char* text : {"2019,2020,kind\n1,2,0\n3,4,1\n", "1,k\n2,0\n"})
    CHECK_REFUSED((text), "line 1: numbers, and a word above numbers in the label's column: is this line a header?",
                  "{.header = Header::yes} or Header::no");
  const auto t = read("2019,2020,kind\n1,2,0\n3,4,1\n", {.header = Header::yes});
  CHECK(t.size() == 2);
  CHECK(t.columns == Words{"2019", "2020"});
  CHECK(read("2019,2020,kind\n1,2,0\n", {.header = Header::no}).classes == Words{"0", "kind"});
  // With categories, words say less.
  CHECK(read("a,b,k\nred,1,0\n", {.categories = Categories::index}).columns == Words{"a", "b"});
  CHECK(read("red,1,0\nblue,2,1\n", {.categories = Categories::index}).size() == 2);
  CHECK_REFUSED(("a,k\nred,0\n", {.categories = Categories::index}), "words above words: is this line a header?");
}

TEST_CASE("csv: a separator at the end of every line") {
  for (const char* text : {"a,b,k,\n1,2,u,\n3,4,v,\n", "1,2,u,\n3,4,v\n"}) {
    const auto t = read(text);
    CHECK(t.x.to_vector() == Numbers{1, 2, 3, 4});
    CHECK(t.classes == Words{"u", "v"});
  }
  CHECK_REFUSED(("a,b,k,\n1,2,u,x\n"), "line 2: the number of cells differs", "got:      4", "3, as in line 1");
  CHECK_REFUSED(("a,b,k,\n1,2,u,,\n"), "line 2: the number of cells differs", "got:      5");
}

TEST_CASE("csv: a decimal comma") {
  const auto t = read("x;y;k\n1,5;2;0\n-2,5e1;3;1\n", {.separator = ';', .decimal = ','});
  CHECK(t.x.to_vector() == Numbers{1.5, 2, -25, 3});
  CHECK(read("1,5\t0\n", {.separator = '\t', .decimal = ','}).x.item() == 1.5);
  CHECK(read("1;2,5\n2;1\n", {.separator = ';', .classes = false, .decimal = ','}).y.to_vector() == Numbers{2.5, 1});
  // Between semicolons, the first fraction decides.
  CHECK(read("1,5;0\n", {.separator = ';'}).x.item() == 1.5);
  CHECK(read("1.5;0\n", {.separator = ';'}).x.item() == 1.5);
  CHECK_REFUSED(("1,5;0\n1.5;1\n", {.separator = ';'}), "line 2", "not a number", "1.5");
  CHECK_REFUSED(("1.5;0\n1,5;1\n", {.separator = ';'}), "line 2", "not a number", "1,5");
  CHECK_REFUSED(("0;0\n1.234,5;1\n", {.separator = ';', .decimal = ','}), "line 2", "not a number", "1.234,5");
  CHECK_REFUSED(("0\t0\n1,5\t1\n", {.separator = '\t'}), "line 2", "not a number", "1,5");
  CHECK_REFUSED(("1\n", {.decimal = ','}), "the separator and the decimal mark are the same", ".separator = ';'");
  CHECK_REFUSED(("1\n", {.decimal = 'x'}), "the decimal mark is unknown");
}

TEST_CASE("csv: missing cells") {
  const std::string text = "a,b,k\n1,2,0\n,4,1\n3,NA,0\n5,?,1\n";
  CHECK_REFUSED((text), "line 3, column \"a\": an empty cell", "{.missing = Missing::drop}",
                "{.missing = Missing::mean}");
  const auto dropped = read(text, {.missing = Missing::drop});
  CHECK(dropped.x.to_vector() == Numbers{1, 2});
  CHECK(dropped.y.to_vector() == Numbers{0});
  const auto filled = read(text, {.missing = Missing::mean});
  CHECK(filled.x.to_vector() == Numbers{1, 2, 3, 4, 3, 3, 5, 3});
  CHECK(filled.features[1].mean == 3);
  // The test file gets the means of the training file.
  CHECK(read("a,b,k\n,null,0\n", {.missing = Missing::mean, .like = filled}).x.to_vector() == Numbers{3, 3});
  for (const char* word : {"", "na", "N/A", "nan", "NaN", "null", "NULL", "?", "\"\""})
    CHECK(read("1,0\n" + std::string(word) + ",1\n", {.missing = Missing::mean}).x.to_vector() == Numbers{1, 1});
  CHECK_REFUSED(("a,k\n,0\n", {.missing = Missing::mean}), "column \"a\": all cells are missing");
  CHECK_REFUSED(("a,k\n,0\n", {.missing = Missing::drop}), "every example has a missing cell");
  CHECK_REFUSED(("a,k\n1,0\n2,\n", {.missing = Missing::mean}), "line 3, column \"k\": the label is missing");
  CHECK(read("a,k\n1,0\n2,\n", {.missing = Missing::drop}).size() == 1);
}

TEST_CASE("csv: columns of words") {
  const std::string text = "colour,size,k\nred,1,0\nblue,2,1\nred,3,0\n";
  CHECK_REFUSED((text), "line 2, column \"colour\": not a number", "{.categories = Categories::one_hot}");
  const auto index = read(text, {.categories = Categories::index});
  CHECK(index.x.to_vector() == Numbers{1, 1, 0, 2, 1, 3});
  CHECK(index.columns == Words{"colour", "size"});
  CHECK(index.features[0].words == Words{"blue", "red"});
  const auto hot = read(text, {.categories = Categories::one_hot});
  CHECK(hot.x.to_vector() == Numbers{0, 1, 1, 1, 0, 2, 0, 1, 3});
  CHECK(hot.columns == Words{"colour=blue", "colour=red", "size"});
  // The test file means the same, with fewer words in another order and without options of its own.
  CHECK(read("colour,size,k\nred,9,1\n", {.like = hot}).x.to_vector() == Numbers{0, 1, 9});
  CHECK(read("colour,size,k\nblue,9,1\n", {.like = index}).x.to_vector() == Numbers{0, 9});
  CHECK_REFUSED(("colour,size,k\ngreen,9,1\n", {.like = hot}),
                "line 2, column \"colour\": a word that the other file lacks");
  CHECK_REFUSED(("a,b,k\n1,x,0\ny,x,1\n", {.categories = Categories::index}), "line 3, column \"a\": not a number");
}

TEST_CASE("csv: a missing word is a word of its own") {
  const std::string text = "c,b,k\n,1,0\nred,2,1\n";
  const auto t = read(text, {.missing = Missing::mean, .categories = Categories::index});
  CHECK(t.features[0].words == Words{"", "red"});
  CHECK(t.x.to_vector() == Numbers{0, 1, 1, 2});
  const auto whole = read("c,b,k\nblue,1,0\nred,2,1\n", {.categories = Categories::index});
  CHECK_REFUSED((text, {.missing = Missing::mean, .like = whole}),
                "column \"c\": a cell is missing, and the other file");
}

TEST_CASE("csv: classes or numbers, by the labels") {
  const data::CsvOptions detect{.classes = std::nullopt};
  CHECK(read("x,k\n1,0\n2,1\n", detect).y.dtype() == i64);
  CHECK(read("x,k\n1,cat\n2,0.5\n", detect).classes == Words{"0.5", "cat"});
  const auto t = read("x,k\n1,2\n2,-0.5\n3,2\n", detect);
  CHECK(t.y.dtype() == f32);
  CHECK(t.y.to_vector() == Numbers{2, -0.5, 2});
  CHECK(t.classes.empty());
  CHECK_REFUSED(("x,k\n1,0.5\n2,NA\n", detect), "line 3, column \"k\": the label is missing");
}

TEST_CASE("csv: lines without an end, and lines of commas") {
  CHECK_REFUSED((std::string(2'000'000, ',')), "line 1: more than 1000000 cells");
  CHECK_REFUSED(("a,k\n1,\"" + std::string(70'000'000, 'x')), "line 2: longer than 64 MiB",
                "a quote that is never closed");
  CHECK_SAYS(data::csv("/dev/zero"), "csv: /dev/zero: line 1: longer than 64 MiB");
  std::string words = "c,k\n";
  for (int i = 0; i < 1001; ++i) words += "w" + std::to_string(i) + ",0\n";
  CHECK_REFUSED((words, {.header = Header::yes, .categories = Categories::one_hot}), "line 1002",
                "more than 1000 different words");
  CHECK(read(words, {.header = Header::yes, .categories = Categories::index}).size() == 1001);
}

TEST_CASE("csv: a pipe") {
  const TempDir dir;
  REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
  std::string text = "x,k\n";
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i) + ",0\n";  // more than a pipe holds
  std::thread writer([&] { write(dir / "pipe", text); });
  const auto t = data::csv(dir / "pipe");
  writer.join();
  CHECK(t.size() == 50'000);
  CHECK(t.x.at({49'999, 0}) == 49'999);
}

#ifdef GRADUS_HAVE_ZLIB
TEST_CASE("csv: a compressed file") {
  const TempDir dir;
  gzFile file = gzopen((dir / "t.csv.gz").c_str(), "wb");
  gzputs(file, "x,k\n1,cat\n2,dog\n");
  gzclose(file);
  CHECK(data::csv(dir / "t.csv.gz").classes == Words{"cat", "dog"});
  write(dir / "t.csv.gz", support::read(dir / "t.csv.gz").substr(0, 30));
  CHECK_SAYS(data::csv(dir / "t.csv.gz"), "/t.csv.gz: the compressed data is truncated");
}
#endif
