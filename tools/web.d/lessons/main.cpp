// The program of the lessons' page. By its first argument it is `lesson_03`, `exercise`, `answer`, or `gradus` with the
// subcommands that the pages of the lessons use.
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "cli/options.hpp"
#include "cli/print.hpp"
#include "programs.hpp"
#include "study/descent/formula.hpp"

namespace gradus::tool {

std::string without_line(const Error& e) {
  const std::string text = e.what();
  return text.substr(0, text.rfind("\n  at: "));
}

namespace {

int gradus_program(int argc, char** argv) {
  CommandLine line;
  add_descend(line);
  add_check(line);
  add_step(line);
  add_html(line);
  add_diff(line);
  return line.run(argc, argv);
}

// answer RIGHT ROOM TEXT: is the text, a number or a formula of numbers, within ROOM of the right one?
int judge(int argc, char** argv) {
  if (argc != 4) return usage;
  const double right = std::strtod(argv[1], nullptr), room = std::strtod(argv[2], nullptr);
  const double given = study::parse_formula(argv[3], {"n"}, Loc::current())({scalar(std::nan(""), f64)}).item();
  fmt::print("{:.7g}\n", given);
  return std::abs(given - right) <= room ? success : failed;
}

int run(int argc, char** argv) {
  const std::string name = argc > 0 ? argv[0] : "";
  if (name == "gradus") return gradus_program(argc, argv);
  if (name == "answer") return judge(argc, argv);
  if (name == "exercise") return web::exercise(argc, argv);
  return web::lesson(name, argc, argv);
}

}  // namespace
}  // namespace gradus::tool

// Debian's division of 128-bit numbers was compiled to guard its stack.
extern "C" {
std::uintptr_t __stack_chk_guard = 0x5bd1e995;
[[noreturn]] void __stack_chk_fail() { std::abort(); }
}

int main(int argc, char** argv) {
  using namespace gradus::tool;
  try {
    const int code = run(argc, argv);
    flush_out();
    return code;
  } catch (const Stop& stop) {
    fmt::print(stderr, "gradus: {}\n", stop.what());
    return stop.code;
  } catch (const gradus::Error& e) { fmt::print(stderr, "{}\n", without_line(e)); } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
  }
  return failed;
}
