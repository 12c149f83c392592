// gradus step: a debugger of a recorded backprop.
#include <fmt/format.h>
#include <unistd.h>

#include "cli/options.hpp"
#include "cli/print.hpp"
#include "cli/terminal.hpp"
#include "step/json.hpp"
#include "step/line_editor.hpp"
#include "step/session.hpp"

namespace gradus::tool {
namespace {

struct StepOptions {
  std::string file, source;
  std::optional<std::string> batch;
  std::optional<std::int64_t> at;
  bool json = false;
};

void say(const std::string& text) {
  write_out(text);
  flush_out();
}

// The commands of --batch, one after the other, in one go.
Exit run_batch(StepSession& session, const StepOptions& o) {
  std::string_view rest = *o.batch;
  while (!rest.empty() && !session.over()) {
    const std::size_t end = std::min(rest.find_first_of(";\n"), rest.size());
    const std::string command(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (command.find_first_not_of(" \t") == command.npos) continue;
    const std::string text = session.answer(command);
    if (!session.understood()) {
      fmt::print(stderr, "gradus: --batch: {}", text);
      return usage;
    }
    if (!o.json) say(text);
  }
  return success;
}

void converse(StepSession& session) {
  LineEditor editor("(gradus) ", [&](std::string_view line) { return session.completions(line); });
  std::string line;
  bool given_up = false;
  while (!session.over() && editor.read(line, given_up)) {
    if (!given_up) say(session.answer(line));
  }
  if (!session.over() && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) say("\n");  // after Ctrl-D
}

Exit step(const StepOptions& o) {
  const trace::File file = open_trace(o.file);
  for (const std::string& remark : file.remarks()) fmt::print(stderr, "gradus: {}: {}\n", o.file, remark);
  const Timeline timeline(file);
  Sources sources(file, o.source);
  StepSession session(timeline, sources, Paint{standard_output().colour});
  if (o.at && (*o.at < 0 || *o.at > timeline.count()))
    throw Stop(usage, fmt::format("--at {}: expected a step from 0 to {}", *o.at, timeline.count()));
  if (o.at) session.go(static_cast<int>(*o.at));
  if (o.batch) {
    if (const Exit code = run_batch(session, o)) return code;
  } else if (!o.json && o.at) {
    say(session.answer(fmt::format("goto {}", *o.at)));
  } else if (!o.json) {
    say(session.greeting());
    converse(session);
  }
  if (o.json) say(state_json(timeline, session.position()) + "\n");
  return success;
}

}  // namespace

void add_step(CommandLine& program) {
  auto options = std::make_shared<StepOptions>();
  StepOptions& o = *options;
  Command& command = program.add("step", "step through a recorded backprop, forwards and backwards");
  command.runs([options] { return step(*options); });
  command.text("FILE", o.file, "", "a trace, as GRADUS_TRACE=run.trace.jsonl ./program writes it");
  command.text("--batch", o.batch, "'b t7; c; q'", "run these commands instead of asking for them");
  command.whole("--at", o.at, "show step N and end");
  command.flag("--json", o.json, "print the state as JSON, after --at or --batch");
  command.text("--src", o.source, "DIR", "where the program's source files are");
  command.footer(
      "Type help for the commands. Example:\n  GRADUS_TRACE=xor.trace.jsonl ./xor && gradus step xor.trace.jsonl");
}

}  // namespace gradus::tool
