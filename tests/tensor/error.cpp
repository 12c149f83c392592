// The form of errors; the number of threads; the settings of the environment.
#include <gradus/error.hpp>
#include <gradus/threads.hpp>

#include <cstdlib>

#include "kernels/kernels.hpp"
#include "kernels/settings.hpp"
#include "support.hpp"

using namespace gradus;

TEST_CASE("error: its form") {
  const Loc here = Loc::current();
  const std::string place = std::string(here.file_name()) + ":" + std::to_string(here.line());
  const Error full("matmul",
                   {.wrong = "inner sizes differ",
                    .got = "(64, 784) and (128, 10)",
                    .expected = "a.shape[-1] == b.shape[-2]",
                    .advice = "transpose one operand"},
                   here);
  CHECK(std::string(full.what()) ==
        "matmul: inner sizes differ\n"
        "  got:      (64, 784) and (128, 10)\n"
        "  expected: a.shape[-1] == b.shape[-2]\n"
        "  try:      transpose one operand\n"
        "  at:       " +
            place);
  CHECK(full.operation() == "matmul");
  CHECK(full.complaint().wrong == "inner sizes differ");
  CHECK(full.where().line() == here.line());
  CHECK(to_string(here) == place);
}

TEST_CASE("error: what is empty is left out") {
  const Error e("load", {.wrong = "no such file"});
  CHECK(std::string(e.what()).starts_with("load: no such file\n  at:       "));
  CHECK(e.where().file_name() == std::string(__FILE__));
}

TEST_CASE("the number of threads can be asked and set") {
  const int before = num_threads();
  set_num_threads(3);
  CHECK(num_threads() == 3);
  set_num_threads(before);
  CHECK_SAYS(set_num_threads(0), "set_num_threads: the number of threads is too small", "1 or more", "error.cpp:");
}

TEST_CASE("error: without a line there is no line to name") {
  const Error e("copy", {.wrong = "out of reach"}, Loc());
  CHECK(std::string(e.what()) == "copy: out of reach");
}

namespace {

// An environment variable for as long as this lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value, 1);
  }
  ~Variable() {
    if (before_.empty())
      ::unsetenv(name_);
    else
      ::setenv(name_, before_.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::string before_;
};

}  // namespace

TEST_CASE("settings: the number of threads") {
  for (const char* wrong : {"1O", "0", "-3", "1025", "2 ", " 2", "1.5", "99999999999999999999", "two"}) {
    CAPTURE(wrong);
    const Variable set("GRADUS_NUM_THREADS", wrong);
    int threads = 7;
    const auto setting = kernels::threads_setting(threads);
    CHECK(setting.expected);
    CHECK(threads == 7);
  }
  for (const char* right : {"1", "16", "1024", "007"}) {
    CAPTURE(right);
    const Variable set("GRADUS_NUM_THREADS", right);
    int threads = 0;
    CHECK_FALSE(kernels::threads_setting(threads).expected);
    CHECK(threads == std::atoi(right));
  }
  const Variable set("GRADUS_NUM_THREADS", "");
  int threads = 7;
  CHECK_FALSE(kernels::threads_setting(threads).expected);
  CHECK(threads == 7);
}

TEST_CASE("settings: the instruction set") {
  const kernels::Kernels* chosen = nullptr;
  for (const char* wrong : {"foo", "v5", "V3", "base "}) {
    CAPTURE(wrong);
    const Variable set("GRADUS_ISA", wrong);
    CHECK(kernels::isa_setting(chosen).expected);
    CHECK_FALSE(chosen);
  }
  const Variable set("GRADUS_ISA", "base");
  CHECK_FALSE(kernels::isa_setting(chosen).expected);
  CHECK(chosen == kernels::level("base"));
}
