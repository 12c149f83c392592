// What the exercises share: the hole, and the program that looks at what is in its place.
#pragma once

#include <gradus/gradus.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

// Stands where your lines belong. Takes what you may use, and returns never.
struct Hole {};
template <class... T>
[[noreturn]] void hole(const T&...) {
  throw Hole{};
}

class Exercise {
 public:
  // `file` is the exercise's own name, `hint` a sentence for those who ask.
  Exercise(const char* file, const char* title, const char* hint) : file_(file), hint_(hint) {
    std::printf("Exercise %s: %s\n", file, title);
  }

  void expect(const char* what, double expected, double got, double tolerance = 1e-9) {
    if (std::abs(got - expected) <= tolerance * std::max(1.0, std::abs(expected))) {
      std::printf("  right: %s is %.6g\n", what, got);
    } else {
      std::printf("  not yet: %s should be %.6g, and yours is %.6g\n", what, expected, got);
      right_ = false;
    }
  }
  void expect(const char* what, const gradus::Tensor& expected, const gradus::Tensor& got, double tolerance = 1e-9) {
    if (!got.defined() || got.shape() != expected.shape()) {
      std::printf("  not yet: %s should have the shape %s, and yours has %s\n", what, text(expected).c_str(),
                  got.defined() ? text(got).c_str() : "no value");
      right_ = false;
      return;
    }
    expect((std::string(what) + ", largest difference").c_str(), 0, max(abs(got - expected)).item(), tolerance);
  }

  // Runs the checks. 0 if all are right; no exception leaves it.
  template <class Checks>
  int run(const Checks& checks) {
    try {
      checks();
    } catch (const Hole&) {
      std::printf("  There is still a hole in %s.cpp: write your lines in place of hole(…).\n", file_);
      right_ = false;
    } catch (const std::exception& e) {
      std::printf("  not yet: your lines end with an error\n%s\n", e.what());
      right_ = false;
    }
    if (right_) {
      std::printf("  Solved.\n");
    } else {
      std::printf("  Hint: %s\n  One solution is in solutions/%s.cpp.\n", hint_, file_);
    }
    return right_ ? 0 : 1;
  }

 private:
  static std::string text(const gradus::Tensor& t) {
    std::string s = "(";
    for (int i = 0; i < t.dim(); ++i) s += (i ? ", " : "") + std::to_string(t.size(i));
    return s + ")";
  }
  const char *file_, *hint_;
  bool right_ = true;
};
