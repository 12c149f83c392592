// What the lessons print: claim, predicted, measured, pass.
#pragma once

#include <cmath>
#include <cstdio>

// One table; `return lesson.end();` makes the program fail when a line of it does.
class Lesson {
 public:
  explicit Lesson(const char* title) {
    std::printf("%s\n\n%-58s %14s %14s\n", title, "claim", "predicted", "measured");
  }
  // |measured - predicted| <= tolerance · |predicted|, or <= tolerance where 0 is predicted.
  void check(const char* claim, double predicted, double measured, double tolerance = 1e-9) {
    const double room = predicted == 0 ? tolerance : tolerance * std::abs(predicted);
    line(claim, predicted, measured, std::abs(measured - predicted) <= room);
  }
  void check_true(const char* claim, bool holds) { line(claim, 1, holds, holds); }
  int end() const {
    std::printf("\n%d passed, %d failed\n", passed_, failed_);
    return failed_ == 0 ? 0 : 1;
  }

 private:
  void line(const char* claim, double predicted, double measured, bool pass) {
    std::printf("%-58s %14.7g %14.7g  %s\n", claim, predicted, measured, pass ? "pass" : "FAIL");
    ++(pass ? passed_ : failed_);
  }
  int passed_ = 0, failed_ = 0;
};
