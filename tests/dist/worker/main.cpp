// worker CASE [WORDS]: an Error is printed as a user sees it, and ends with code 1.
#include <cstdio>

#include "worker.hpp"

int main(int argc, char** argv) {
  std::map<std::string, Case> cases = group_cases();
  cases.merge(training_cases());
  cases.merge(compress_cases());
  const Words words(argv + 1, argv + argc);
  const auto found = words.empty() ? cases.end() : cases.find(words[0]);
  if (found == cases.end()) {
    std::fprintf(stderr, "worker: no such case\n");
    return 2;
  }
  try {
    return found->second({words.begin() + 1, words.end()});
  } catch (const gradus::Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "not an Error: %s\n", e.what());
    return 3;
  }
}
