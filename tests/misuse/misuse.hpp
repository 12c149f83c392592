// Wrong calls: each must be an Error that says what was expected or what to do, and where the call stands.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include <gradus/gradus.hpp>

namespace misuse {

struct Wrong {
  const char* what;
  std::function<void()> call;
};

// Says what was expected, what to do, or, of a file, its name and what is wrong with it.
inline bool explains(const gradus::Complaint& c) {
  return !c.expected.empty() || !c.advice.empty() || c.wrong.find(": ") != std::string::npos;
}

inline void refuse(const char* file, const std::vector<Wrong>& calls) {
  for (const Wrong& wrong : calls) {
    INFO(std::string(wrong.what));
    try {
      wrong.call();
      INFO("nothing was thrown");
      CHECK(false);
    } catch (const gradus::Error& e) {
      INFO(std::string(e.what()));
      CHECK_FALSE(e.operation().empty());
      CHECK_FALSE(e.complaint().wrong.empty());
      CHECK(explains(e.complaint()));
      CHECK(std::string(e.where().file_name()).find(file) != std::string::npos);
      CHECK(e.where().line() > 0);
    } catch (const std::exception& e) {
      INFO("another exception: ", std::string(e.what()));
      CHECK(false);
    }
    // What has been refused leaves the thread able to work.
    CHECK(gradus::Tape::current() == nullptr);
  }
}

// Where several inputs are tried, the numbers do not matter.
inline gradus::Tensor numbers(const gradus::Shape& shape, gradus::DType dtype = gradus::f32) {
  return gradus::ones(shape, dtype);
}
inline gradus::Tensor leaf(const gradus::Shape& shape) { return numbers(shape).requires_grad_(); }

}  // namespace misuse
