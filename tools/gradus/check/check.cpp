// gradus check: does a trace hold together?
#include <fmt/format.h>

#include <algorithm>

#include "check/derive.hpp"
#include "cli/options.hpp"
#include "cli/print.hpp"

namespace gradus::tool {
namespace {

using namespace trace;

constexpr std::size_t most_lines = 20;

void print(const File& file, const Checked& f) {
  tool::print("{}: {}, {} tape{} ({} in full), {} operations, {} walk{}, {} contributions, {} updates\n", file.path,
              file.header.program.substr(file.header.program.rfind('/') + 1), f.tapes, f.tapes == 1 ? "" : "s",
              f.in_full, f.operations, f.walks, f.walks == 1 ? "" : "s", f.contributions, f.steps);
  for (const std::string& remark : file.remarks()) tool::print("note: {}\n", remark);
  for (std::size_t i = 0; i < f.remarks.size() && i < most_lines; ++i) tool::print("note: {}\n", f.remarks[i]);
  if (f.remarks.size() > most_lines) tool::print("note: … and {} more\n", f.remarks.size() - most_lines);
  tool::print("computed again: {} values, {} contributions", f.values, f.rules);
  if (f.left_out) tool::print("; {} were left out (numbers that are not in the file, or too much work)", f.left_out);
  if (!f.stopped.empty()) tool::print("; {}", f.stopped);
  tool::print("\nfinite differences, by the program itself: {} ok, {} kink, {} bad, {} skipped\n", f.ok, f.kinks, f.bad,
              f.skipped);
  for (std::size_t i = 0; i < f.troubles.size() && i < most_lines; ++i)
    tool::print("OFF line {}: {}\n", f.troubles[i].line, f.troubles[i].text);
  if (f.troubles.size() > most_lines) tool::print("… and {} more\n", f.troubles.size() - most_lines);
  std::string verdict = f.stopped.empty() ? "ok" : "not complete";
  if (!f.troubles.empty()) verdict = fmt::format("{} off", f.troubles.size());
  tool::print("{}\n", verdict);
}

Exit check(const std::string& path, int seconds) {
  const File file = open_trace(path);
  const Nodes nodes = nodes_of(file);
  Checked found;
  check_order(file, nodes, found);
  recompute_in_child(file, nodes, seconds, found);
  if (file.unreadable) found.troubles.push_back({file.last_line + 1, "the line cannot be read"});
  std::sort(found.troubles.begin(), found.troubles.end(),
            [](const Trouble& a, const Trouble& b) { return a.line != b.line ? a.line < b.line : a.text < b.text; });
  print(file, found);
  return found.troubles.empty() && found.stopped.empty() ? success : failed;
}

}  // namespace

void add_check(CommandLine& program) {
  auto path = std::make_shared<std::string>();
  auto seconds = std::make_shared<std::int64_t>(60);
  Command& command = program.add("check", "check a trace: order, sums, values and gradients");
  command.runs([path, seconds] { return check(*path, static_cast<int>(*seconds)); });
  command.text("FILE", *path, "", "a trace, as GRADUS_TRACE=run.trace.jsonl ./program writes it");
  command.whole("--seconds", *seconds, {1, 86'400}, "limit of processor time for computing again");
  command.footer(
      "A trace is written by GRADUS_TRACE=run.trace.jsonl ./program, or by study::Trace in the program.\n"
      "Values and gradients of built-in operations are computed again in a process with limits.\n"
      "Exit code: 0 if nothing is off, 1 if something is off or the check is not complete, 3 if the file\n"
      "cannot be read or is not a trace of this version.");
}

}  // namespace gradus::tool
