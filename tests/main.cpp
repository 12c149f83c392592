// The test program. A run that checks nothing fails: a misspelt filter must not pass for a success.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

namespace {

int checks = 0;

struct CountChecks : doctest::IReporter {
  explicit CountChecks(const doctest::ContextOptions&) {}
  void test_run_end(const doctest::TestRunStats& stats) override { checks = stats.numAsserts; }
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};
DOCTEST_REGISTER_LISTENER("count", 0, CountChecks);

}  // namespace

int main(int argc, char** argv) {
  doctest::Context context(argc, argv);
  const int result = context.run();
  if (context.shouldExit()) return result;  // --list-test-cases, --help and the like
  if (result == 0 && checks == 0) {
    std::fprintf(stderr, "gradus_tests: nothing was checked; do the filters select a test case?\n");
    return 1;
  }
  return result;
}
