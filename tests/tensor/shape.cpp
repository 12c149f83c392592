#include <gradus/shape.hpp>

#include <array>

#include "support.hpp"

using namespace gradus;

TEST_CASE("shape: sizes, counting, text") {
  const Shape none{}, three{3}, block{2, 3, 4};
  CHECK(none.size() == 0);
  CHECK(none.numel() == 1);
  CHECK(none.empty());
  CHECK(block.size() == 3);
  CHECK(block.numel() == 24);
  CHECK(block.back() == 4);
  CHECK(Shape{2, 0, 4}.numel() == 0);
  CHECK(to_string(none) == "()");
  CHECK(to_string(three) == "(3,)");
  CHECK(to_string(block) == "(2, 3, 4)");
  CHECK(block == Shape{2, 3, 4});
  CHECK_FALSE(block == Shape{2, 3});
  CHECK_FALSE(block == Shape{2, 3, 5});
}

TEST_CASE("shape: changing one") {
  Shape s{2, 4};
  s.insert(1, 3);
  s.push_back(5);
  s.insert(0, 1);
  CHECK(s == Shape{1, 2, 3, 4, 5});
  s.erase(0);
  s.erase(3);
  CHECK(s == Shape{2, 3, 4});
  s.erase(1);
  CHECK(s == Shape{2, 4});
}

TEST_CASE("shape: what it refuses") {
  const std::array<std::int64_t, 9> nine{1, 1, 1, 1, 1, 1, 1, 1, 1};
  CHECK_SAYS(Shape{nine}, "shape: too many axes", "got:      9", "expected: at most 8");
  Shape eight{1, 1, 1, 1, 1, 1, 1, 1};
  CHECK_SAYS(eight.push_back(1), "too many axes");
  CHECK(eight.size() == 8);
  Shape two{2, 3};
  CHECK_SAYS(two.erase(2), "shape: axis out of range", "axis 2 of shape (2, 3)", "0 to 1", "shape.cpp:");
  CHECK_SAYS(two.erase(-1), "axis out of range");
  CHECK_SAYS(two.insert(3, 1), "axis out of range");
}

TEST_CASE("shape: an axis that is not there is an error, never a number") {
  const Shape two{2, 3}, none{};
  CHECK_SAYS(two[2], "shape: axis out of range", "axis 2 of shape (2, 3)", "0 to 1");
  CHECK_SAYS(two[-1], "axis -1 of shape (2, 3)");
  CHECK_SAYS(none[0], "axis 0 of shape ()", "no axis");
  CHECK_SAYS(none.back(), "shape: axis out of range", "of shape ()", "shape.cpp:");
  Shape three{1, 2, 3};
  CHECK_SAYS(three[3] = 1, "axis 3 of shape (1, 2, 3)");
  CHECK_SAYS((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), "too many axes", "shape.cpp:");
}

TEST_CASE("dtypes have names and sizes") {
  CHECK(std::string(name(f32)) == "f32");
  CHECK(std::string(name(f64)) == "f64");
  CHECK(std::string(name(i64)) == "i64");
  CHECK(std::string(name(boolean)) == "bool");
  CHECK(size_of(f32) == 4);
  CHECK(size_of(f64) == 8);
  CHECK(size_of(i64) == 8);
  CHECK(size_of(boolean) == 1);
}
