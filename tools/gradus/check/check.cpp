// gradus check: does a trace hold together?
#include <fmt/format.h>

#include <algorithm>

#include "check/derive.hpp"
#include "cli/options.hpp"

namespace gradus::tool {
namespace {

using namespace trace;

constexpr std::size_t most_lines = 20;

void print(const File& file, const Findings& f) {
  fmt::print("{}: {}, {} tape{} ({} in full), {} operations, {} walk{}, {} contributions, {} updates\n", file.path,
             file.header.program.substr(file.header.program.rfind('/') + 1), f.tapes, f.tapes == 1 ? "" : "s",
             f.in_full, f.operations, f.walks, f.walks == 1 ? "" : "s", f.contributions, f.steps);
  for (const std::string& remark : file.remarks()) fmt::print("note: {}\n", remark);
  for (std::size_t i = 0; i < f.remarks.size() && i < most_lines; ++i) fmt::print("note: {}\n", f.remarks[i]);
  if (f.remarks.size() > most_lines) fmt::print("note: … and {} more\n", f.remarks.size() - most_lines);
  fmt::print("computed again: {} values, {} contributions", f.values, f.rules);
  if (f.left_out) fmt::print("; {} could not be, for their numbers are not all in the file", f.left_out);
  fmt::print("\ndifferences, by the program itself: {} ok, {} kink, {} bad, {} skipped\n", f.ok, f.kinks, f.bad,
             f.skipped);
  for (std::size_t i = 0; i < f.troubles.size() && i < most_lines; ++i)
    fmt::print("OFF line {}: {}\n", f.troubles[i].line, f.troubles[i].text);
  if (f.troubles.size() > most_lines) fmt::print("… and {} more\n", f.troubles.size() - most_lines);
  fmt::print("{}\n", f.troubles.empty() ? "ok" : fmt::format("{} off", f.troubles.size()));
}

Exit check(const std::string& path) {
  const File file = read(path);
  const Nodes nodes = nodes_of(file);
  Findings found;
  check_order(file, nodes, found);
  recompute(file, nodes, found);
  if (file.unreadable) found.troubles.push_back({file.last_line + 1, "the line cannot be read"});
  std::sort(found.troubles.begin(), found.troubles.end(),
            [](const Trouble& a, const Trouble& b) { return a.line != b.line ? a.line < b.line : a.text < b.text; });
  print(file, found);
  return found.troubles.empty() ? success : failed;
}

}  // namespace

void add_check(CommandLine& program) {
  auto path = std::make_shared<std::string>();
  Command& command = program.add("check", "compute a trace's values again, and compare");
  command.runs([path] { return check(*path); });
  command.text("FILE", *path, "", "a trace, as GRADUS_TRACE=run.trace.jsonl ./program writes it");
  command.footer(
      "A trace is written by GRADUS_TRACE=run.trace.jsonl ./program, or by study::Trace in the program.\n"
      "Ends with 0 if nothing is off, 1 if something is, 3 if the file is missing, no trace, or of a newer version.");
}

}  // namespace gradus::tool
