// CSV files that are read as another one was: columns by name, the label's column, missing cells, no label.
#include "data/csv.hpp"

using namespace gradus;
using csv_text::Numbers, csv_text::read, csv_text::refused;
using data::Categories, data::Header, data::Missing;
using support::TempDir, support::write;

namespace {

const data::Table& pets() {
  static const data::Table table =
      read("height,colour,weight,kind\n1,red,2,cat\n3,blue,4,dog\n", {.categories = Categories::one_hot});
  return table;
}

}  // namespace

TEST_CASE("csv like: a table knows its label's column and what became of missing cells") {
  CHECK(pets().label == "kind");
  CHECK(pets().missing == Missing::refuse);
  CHECK(read("1,2,0\n3,4,1\n").label == "2");
  CHECK(read("1,2,0\n0,4,1\n", {.label = "0"}).label == "0");
  CHECK(read("a,b,k\n1,2,0\n3,,1\n", {.missing = Missing::mean}).missing == Missing::mean);
}

TEST_CASE("csv like: columns are found by name, in any order, and others are not read") {
  const auto t = read("kind,note,weight,height,colour\ndog,\"a, b\",4,3,blue\ncat,,2,1,red\n", {.like = pets()});
  CHECK(t.x.to_vector() == Numbers{3, 1, 0, 4, 1, 0, 1, 2});
  CHECK(t.y.to_vector() == Numbers{1, 0});
  CHECK(t.columns == pets().columns);
  CHECK(t.features.size() == 3);
  CHECK(t.label == "kind");
  CHECK_REFUSED(("height,weight,kind\n1,2,cat\n", {.header = Header::yes, .like = pets()}),
                "line 1: no column \"colour\"", "got:      height, weight, kind");
  CHECK_REFUSED(("height,colour,weight,weight,kind\n1,red,2,2,cat\n", {.like = pets()}),
                "more columns have the name \"weight\" than in the other file");
  CHECK_REFUSED(("height,colour,weight\n1,red,2\n", {.like = pets()}), "no column \"kind\"");
  CHECK_REFUSED(("weight,note,height,colour,kind\n4,x,red,1,cat\n", {.like = pets()}),
                "line 2, column \"height\": not a number");
}

TEST_CASE("csv like: names that are numbers, names given twice and empty names") {
  const auto numbers = read("0,1,k\n5,6,0\n7,8,1\n", {.header = Header::yes});
  CHECK(read("1,0,k\n6,5,0\n", {.like = numbers}).x.to_vector() == Numbers{5, 6});
  const auto twice = read("a,a,k\n1,2,0\n3,4,1\n");
  CHECK(read("k,a,b,a\n0,1,9,2\n", {.like = twice}).x.to_vector() == Numbers{1, 2});
  CHECK_REFUSED(("k,a,b\n0,1,9\n", {.like = twice}), "no column \"a\"");
  const auto index = read(",a,k\n1,2,0\n3,4,1\n", {.header = Header::yes});  // as pandas writes it
  CHECK(read("a,,k\n2,1,0\n", {.like = index}).x.to_vector() == Numbers{1, 2});
}

TEST_CASE("csv like: without names, columns are taken by their places") {
  const auto plain = read("1,2,0\n3,4,1\n");
  CHECK(read("5,6,1\n", {.like = plain}).x.to_vector() == Numbers{5, 6});
  CHECK(read("b,a,k\n5,6,1\n", {.like = plain}).x.to_vector() == Numbers{5, 6});
  CHECK(read("5,6\n", {.like = plain, .labelled = false}).x.to_vector() == Numbers{5, 6});
  CHECK(read("5,6,1\n", {.like = plain, .labelled = false}).x.to_vector() == Numbers{5, 6});  // without its label
  const auto first = read("0,1,2\n1,3,4\n", {.label = "0"});
  CHECK(read("1,5,6\n", {.like = first, .labelled = false}).x.to_vector() == Numbers{5, 6});
  CHECK(read("1,5,6\n", {.like = first}).y.to_vector() == Numbers{1});
  CHECK_REFUSED(("5,6,1,1\n", {.like = plain, .labelled = false}), "the number of features differs", "got:      4",
                "expected: 2");
  CHECK_REFUSED(("5\n", {.like = plain, .labelled = false}), "got:      1", "expected: 2");
}

TEST_CASE("csv like: a file without a label") {
  const auto t = read("weight,colour,height\n2,red,1\n", {.like = pets(), .labelled = false});
  CHECK(t.x.to_vector() == Numbers{1, 0, 1, 2});
  CHECK(!t.y.defined());
  CHECK(t.classes == pets().classes);
  CHECK(read("kind,weight,colour,height\n?,2,red,1\n", {.like = pets(), .labelled = false}).size() == 1);
  CHECK(read("7\n8\n", {.labelled = false}).x.to_vector() == Numbers{7, 8});
  CHECK(read("a\n7\n8\n", {.labelled = false}).columns == std::vector<std::string>{"a"});
}

TEST_CASE("csv like: missing cells are treated as in the other file, and a cell that cannot be is named") {
  const auto filled = read("a,c,k\n1,x,0\n5,y,1\n,x,0\n", {.missing = Missing::mean, .categories = Categories::index});
  const auto t = read("c,a,k\nx,,0\n", {.like = filled});
  CHECK(t.x.to_vector() == Numbers{3, 0});
  CHECK_REFUSED(("c,a,k\nx,1,0\n,2,1\n", {.like = filled}),
                "line 3, column \"c\": a cell is missing, and the other file has none missing in this column");
  const auto strict = read("a,b,k\n1,2,0\n3,4,1\n");
  CHECK_REFUSED(("a,b,k\n1,2,0\n3,,1\n", {.like = strict}), "line 3, column \"b\": an empty cell",
                "{.missing = Missing::mean}");
  CHECK(read("a,b,note,k\n,9,,0\n", {.missing = Missing::mean, .like = strict}).x.to_vector() == Numbers{2, 9});
  // Only columns that are read count.
  CHECK(read("a,b,note,k\n1,2,,0\n,2,x,0\n", {.missing = Missing::drop, .like = strict}).size() == 1);
}
