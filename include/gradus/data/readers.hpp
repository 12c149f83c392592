// Datasets from files. What a file claims is checked against the bytes it has before memory is taken; every error names
// the file, and the line and column where there are such.
#pragma once

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
/// else in
/// ./data, where ./tools/get-data puts them.
Split mnist(const std::string& directory = "", Loc where = Loc::current());
Split fashion(const std::string& directory = "", Loc where = Loc::current());

/// One IDX file, compressed by gzip or not. Integers of every width become i64; f32 and f64 stay.
Tensor idx(const std::string& path, Loc where = Loc::current());

enum class Header { detect, yes, no };

struct CsvOptions {
  std::string label{};             ///< a column's name, or its number from 0 ("-1": the last). Default: the last
  Header header = Header::detect;  ///< a first line without a single number in its features is one
  char separator = ',';
  bool classes = true;  ///< labels are classes: y [N] i64. Otherwise they are numbers to be predicted: y [N] f32
};

/// A dataset and the names that were in its file.
struct Table : Dataset {
  std::vector<std::string> columns;  ///< of x; empty without a header line
  std::vector<std::string> classes;  ///< classes[y] where labels are words, numbered as they first appear; else empty
};

/// CSV as in RFC 4180: x [N, columns - 1] f32. Labels that are whole numbers from 0 are class numbers as they stand;
/// anything else but fractions are words. Every other cell must be a finite number.
Table csv(const std::string& path, CsvOptions options = {}, Loc where = Loc::current());

}  // namespace gradus::data
