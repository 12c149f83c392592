// Datasets from files. What a file claims is checked against the bytes it has before memory is taken; every error names
// the file, and the line and column where there are such.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <gradus/data/dataset.hpp>

namespace gradus::data {

/// The 1,797 handwritten digits that are part of the library: x [N, 64] f32 in [0, 1] (8x8, row by row), y [N] i64. A
/// fifth is the test part. Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI, the test part;
/// CC BY 4.0.
Split digits(Loc where = Loc::current());

/// MNIST and Fashion-MNIST: x [N, 1, 28, 28] f32 in [0, 1], y [N] i64 below 10; 60,000 and 10,000 of them. They are the
/// four IDX files under their usual names, .gz or not, in `directory`; by default mnist (fashion) in $GRADUS_DATA, or
/// else in ./data, where ./tools/get-data puts them.
Split mnist(const std::string& directory = "", Loc where = Loc::current());
/// Fashion-MNIST: the same with pictures of clothes.
Split fashion(const std::string& directory = "", Loc where = Loc::current());

/// One IDX file, compressed by gzip or not. Integers of every width become i64; f32 and f64 stay. Compressed data that
/// unpacks to more than 64 MiB and more than 100 times its size is refused.
Tensor idx(const std::string& path, Loc where = Loc::current());

/// Is the first line of a CSV file a header? `detect` looks at the features of the first two lines:
/// - all numbers: no header, but an error if the label is a word and the next one is a number;
/// - no number, and a number below: a header;
/// - numbers and words: an error, for it may be either.
/// With categories, a first line of the same kinds as the second is no header, and one of words above words is an
/// error.
enum class Header { detect, yes, no };

/// What a missing cell becomes. Missing are an empty cell, NA, N/A, nan, null and ?, in small letters or capitals.
enum class Missing {
  refuse,  ///< an error that names the line and the column
  drop,    ///< the example is left out
  mean  ///< the mean of the column; in a column of words a word of its own, the empty one. A missing label is an error
};

/// What a column of words among the features becomes: one whose first cell that is not missing is no number. Words are
/// numbered from 0 in sorted order.
enum class Categories {
  refuse,  ///< an error that names the line and the column
  index,   ///< one column of x: the word's number
  one_hot  ///< a column of x for each of at most 1,000 words: 1 for the word that is there, 0 for the others
};

/// One column of a CSV file that is not the label.
struct Feature {
  std::string name{};                ///< "" without a header
  std::vector<std::string> words{};  ///< of a column of words: words[i] has the number i. Empty for numbers
  double mean = 0;                   ///< of a column of numbers: what Missing::mean puts into a missing cell
};

/// How the cells of a file became numbers. Give the one of the training file to the test file, so that both mean the
/// same: data::csv("test.csv", {.like = train}).
struct Encoding {
  std::vector<Feature> features{};  ///< the columns without the label, in the order of x
  /// y is i where the label is classes[i]. Empty: labels are numbers as they stand.
  std::vector<std::string> classes{};
  Categories categories = Categories::refuse;  ///< what columns of words became
  Missing missing = Missing::refuse;           ///< what missing cells became
  std::string label{};                         ///< the label's column: its name, or without a header its number
};

struct CsvOptions {
  /// A column's name, or its number from 0 ("-1": the last). Default: as in .like, or else the last.
  std::string label{};
  Header header = Header::detect;  ///< is the first line one?
  char separator = ',';            ///< between cells
  /// Labels are classes: y [N] i64. Otherwise they are numbers to be predicted: y [N] f32. nullopt: numbers if all
  /// labels are numbers and one is a fraction, else classes.
  std::optional<bool> classes = true;
  /// '.' or ',', before a fraction. Default: '.', but between semicolons as in the file's first fraction.
  char decimal = 0;
  Missing missing = Missing::refuse;           ///< what a missing cell becomes; refuse: as in .like
  Categories categories = Categories::refuse;  ///< what a column of words becomes; with .like as there
  /// Words, classes and means of another file; a word that it lacks is an error. If both files have a header, columns
  /// are found by name, in any order, and further ones are not read; else they are taken by their places.
  std::optional<Encoding> like{};
  bool labelled = true;  ///< false: there need not be a label, and y stays undefined
};

/// A dataset, the names that were in its file, and how its cells became numbers.
struct Table : Dataset, Encoding {
  std::vector<std::string> columns{};  ///< of x: "width", or "colour=red" for one word of a category. Empty: no header
};

/// CSV as in RFC 4180: x [N, columns of features] f32. The path "-" is standard input; pipes and gzip files are read,
/// too. Labels that are all whole numbers from 0, written as such (7 or 7.0, not 07), are class numbers as they stand;
/// other labels are words, numbered in sorted order, but fractions are an error. An empty cell behind the last
/// separator of the first line makes no column. Every cell of numbers must be finite in f32; what is too small is 0.
Table csv(const std::string& path, CsvOptions options = {}, Loc where = Loc::current());

}  // namespace gradus::data
