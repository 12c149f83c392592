// gradus, the command line of the library: the subcommands, and how any of them ends.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "cli/options.hpp"
#include "cli/print.hpp"

namespace gradus::tool {

std::string without_line(const Error& e) {
  const std::string text = e.what();
  return text.substr(0, text.rfind("\n  at: "));
}

namespace {

// In "gradus doctor … -- PROGRAM …", and in "gradus launch", what stands behind -- is not ours. It is taken off the
// line.
std::vector<std::string> words_of_program(int& argc, char** argv) {
  std::vector<std::string> words;
  const std::string_view command = argc < 2 ? "" : argv[1];
  if (command != "doctor" && command != "launch") return words;
  const auto end = std::find_if(argv + 2, argv + argc, [](const char* word) { return std::string_view(word) == "--"; });
  for (char** word = end; word < argv + argc; ++word) {
    if (word > end) words.emplace_back(*word);
  }
  argc = static_cast<int>(end - argv);
  return words;
}

Exit run(int argc, char** argv) {
  CommandLine line;
  add_descend(line);
  add_train(line);
  add_predict(line);
  add_eval(line);
  add_export(line);
  add_sample(line);
  add_show(line);
  add_convert(line);
  add_verify(line);
  add_bench(line);
  add_scale(line);
  add_check(line);
  add_step(line);
  add_html(line);
  add_lesson(line);
  add_report(line);
  const std::vector<std::string> words = words_of_program(argc, argv);
  add_doctor(line, words);
  add_launch(line, words);
  add_diff(line);
  return line.run(argc, argv);
}

Exit complain(const std::exception& e) {
  const auto* stop = dynamic_cast<const Stop*>(&e);
  const bool of_output = dynamic_cast<const std::system_error*>(&e) && !output_trouble().empty();
  if (of_output) return file_trouble;  // finish says it
  std::string text = e.what();
  if (const auto* error = dynamic_cast<const Error*>(&e)) text = without_line(*error);
  if (dynamic_cast<const std::bad_alloc*>(&e)) text = "out of memory";
  fmt::print(stderr, "gradus: {}\n", text);
  return stop ? stop->code : failed;
}

// Results that did not reach standard output are a failure, whatever else went well.
Exit finish(Exit code) {
  const std::string trouble = output_trouble();
  if (trouble.empty()) return code;
  fmt::print(stderr, "gradus: standard output cannot be written: {}\n", trouble);
  return file_trouble;
}

}  // namespace
}  // namespace gradus::tool

int main(int argc, char** argv) {
  using namespace gradus::tool;
  try {
    return finish(run(argc, argv));
  } catch (const std::exception& e) { return finish(complain(e)); }
}
