// MNIST and Fashion-MNIST from small files of their form.
#include <gradus/data/readers.hpp>

#include <cstdlib>

#include "support.hpp"

using namespace gradus;
using support::TempDir, support::write;

namespace {

std::string images(char n, char side = 28) {
  std::string s{0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, side, 0, 0, 0, side};
  for (int i = 0; i < n * side * side; ++i) s += static_cast<char>(i);
  return s;
}

std::string labels(const std::string& values) {
  return std::string{0, 0, 8, 1, 0, 0, 0, static_cast<char>(values.size())} + values;
}

void write_set(const TempDir& dir, const std::string& joint = "-") {
  write(dir / ("train-images" + joint + "idx3-ubyte"), images(3));
  write(dir / ("train-labels" + joint + "idx1-ubyte"), labels("\x01\x09\x05"));
  write(dir / ("t10k-images" + joint + "idx3-ubyte"), images(1));
  write(dir / ("t10k-labels" + joint + "idx1-ubyte"), labels("\x03"));
}

}  // namespace

TEST_CASE("mnist: images from 0 to 1, labels beside") {
  for (const char* joint : {"-", "."}) {
    const TempDir dir;
    write_set(dir, joint);
    const auto [train, test] = data::mnist(dir.str());
    CHECK(train.x.shape() == Shape{3, 1, 28, 28});
    CHECK(train.x.dtype() == f32);
    CHECK(train.x.at({0, 0, 0, 0}) == 0);
    CHECK(train.x.at({0, 0, 9, 3}) == 1);  // the 255th byte
    CHECK(train.x.at({0, 0, 1, 23}) == doctest::Approx(51.0 / 255));
    CHECK(train.y.to_vector() == std::vector<double>{1, 9, 5});
    CHECK(train.y.dtype() == i64);
    CHECK(test.size() == 1);
    CHECK(data::fashion(dir.str()).test.y.item() == 3);
  }
}

TEST_CASE("mnist: found by GRADUS_DATA") {
  const TempDir dir;
  std::filesystem::create_directory(dir / "fashion");
  write(dir / "fashion/train-images-idx3-ubyte", images(3));
  ::setenv("GRADUS_DATA", dir.str().c_str(), 1);
  CHECK_SAYS(data::fashion(), "fashion: no file train-labels-idx1-ubyte in " + dir.str() + "/fashion",
             "./tools/get-data fashion");
  CHECK_SAYS(data::mnist(), "mnist: no file train-images-idx3-ubyte in " + dir.str() + "/mnist",
             "./tools/get-data mnist", "mnist.cpp:");
  ::unsetenv("GRADUS_DATA");
}

TEST_CASE("mnist: what it refuses") {
  const TempDir dir;
  write_set(dir);
  write(dir / "t10k-labels-idx1-ubyte", labels("\x03\x04"));
  CHECK_SAYS(data::mnist(dir.str()),
             "mnist: " + dir.str() + "/t10k-labels-idx1-ubyte: the numbers of labels and images differ",
             "2 labels, 1 images");
  write(dir / "t10k-labels-idx1-ubyte", labels("\x0a"));
  CHECK_SAYS(data::mnist(dir.str()), "t10k-labels-idx1-ubyte: a label out of range", "10 at index 0", "0 to 9");
  write(dir / "t10k-labels-idx1-ubyte", images(1));
  CHECK_SAYS(data::mnist(dir.str()), "does not hold labels", "(1, 28, 28)", "bytes of shape (N,)");
  write(dir / "t10k-images-idx3-ubyte", images(1, 14));
  CHECK_SAYS(data::mnist(dir.str()), "does not hold images of 28 x 28", "(1, 14, 14)", "bytes of shape (N, 28, 28)");
  write(dir / "t10k-images-idx3-ubyte", images(1).substr(0, 500));
  CHECK_SAYS(data::mnist(dir.str()), "t10k-images-idx3-ubyte: is truncated, or its header claims too much");
}
