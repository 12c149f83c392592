#include <gradus/error.hpp>
#include <gradus/threads.hpp>

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
  CHECK_SAYS(set_num_threads(0), "set_num_threads: there is always one thread", "1 or more", "error.cpp:");
}
