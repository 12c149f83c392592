// gradus step: a debugger of a recorded backprop.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/command.hpp"
#include "cli/terminal.hpp"
#include "step/json.hpp"
#include "step/line_editor.hpp"
#include "step/session.hpp"

namespace gradus::tool {
namespace {

struct StepOptions {
  std::string file, source, batch;
  bool has_batch = false, json = false;
  int at = 0;
  bool has_at = false;
};

void say(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// The commands of --batch, one after the other, in one go.
Exit run_batch(StepSession& session, const StepOptions& o) {
  std::string_view rest = o.batch;
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
  LineEditor editor("(gradus) ");
  std::string line;
  bool given_up = false;
  while (!session.over() && editor.read(line, given_up)) {
    if (!given_up) say(session.answer(line));
  }
  if (!session.over() && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) say("\n");  // after Ctrl-D
}

Exit step(const StepOptions& o) {
  const trace::File file = trace::read(o.file);
  for (const std::string& remark : file.remarks()) fmt::print(stderr, "gradus: {}: {}\n", o.file, remark);
  const Timeline timeline(file);
  Sources sources(file, o.source);
  StepSession session(timeline, sources, Paint{standard_output().colour});
  if (o.has_at && (o.at < 0 || o.at > timeline.count()))
    throw Stop(usage, fmt::format("--at {}: the trace has steps 0 to {}", o.at, timeline.count()));
  if (o.has_at) session.go(o.at);
  if (o.has_batch) {
    if (const Exit code = run_batch(session, o)) return code;
  } else if (!o.json && o.has_at) {
    say(session.answer(fmt::format("goto {}", o.at)));
  } else if (!o.json) {
    say(session.greeting());
    converse(session);
  }
  if (o.json) say(state_json(timeline, session.position()) + "\n");
  return success;
}

}  // namespace

void add_step(CLI::App& program, Action& action) {
  auto options = std::make_shared<StepOptions>();
  StepOptions& o = *options;
  CLI::App& app = *program.add_subcommand("step", "Step through a recorded backprop, on and back");
  app.add_option("FILE", o.file, "a trace, as GRADUS_TRACE=run.trace.jsonl ./program writes it")->required();
  CLI::Option* batch =
      app.add_option("--batch", o.batch, "commands to run instead of asking")->type_name("'b t7; c; q'");
  CLI::Option* at = app.add_option("--at", o.at, "show step K and leave")->type_name("K");
  app.add_flag("--json", o.json, "print the state as JSON, after --at or --batch");
  app.add_option("--src", o.source, "where the program's source files are")->type_name("DIR");
  app.footer(
      "Type help for the commands. Example:\n  GRADUS_TRACE=xor.trace.jsonl ./xor && gradus step xor.trace.jsonl");
  app.callback([options, batch, at, &action] {
    options->has_batch = batch->count() > 0, options->has_at = at->count() > 0;
    action = [options] { return step(*options); };
  });
}

}  // namespace gradus::tool
