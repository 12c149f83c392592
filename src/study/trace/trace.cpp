// study::Trace, and the trace that GRADUS_TRACE starts.
#include <gradus/study/trace.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "study/trace/recorder.hpp"
#include "tape/observers.hpp"
#include "tensor/number.hpp"

extern char** environ;

namespace gradus::study {

struct Trace::State {
  State(const std::string& path, const TraceOptions& options, Loc where)
      : run(std::make_shared<Run>(path, options, where)), recorder(run), observing(recorder) {}
  std::shared_ptr<Run> run;
  Recorder recorder;
  Observing observing;
  int exceptions = std::uncaught_exceptions();
};

Trace::Trace(const std::string& path, Loc where) : Trace(path, trace_options_from_environment(where), where) {}
Trace::Trace(const std::string& path, const TraceOptions& options, Loc where)
    : state_(std::make_unique<State>(path, options, where)) {}
Trace::~Trace() { state_->run->close(std::uncaught_exceptions() == state_->exceptions); }

void scalar(const char* name, double value) {
  if (detail::observed()) detail::Observers::tell([&](Observer& o) { o.on_scalar({name, value}); });
}

// ---- the environment ----

namespace {

// An empty variable counts as not set.
std::string_view variable(const char* name) {
  const char* text = std::getenv(name);
  return text ? text : "";
}

std::int64_t number(const char* name, std::int64_t fallback, Loc where) {
  const std::string_view text = variable(name);
  if (text.empty()) return fallback;
  const std::optional<std::int64_t> n = gradus::detail::parse_integer(text);
  if (!n || *n < 0)
    throw Error(name, {.wrong = "not a number", .got = std::string(text), .expected = "an integer of 0 or more"},
                where);
  return *n;
}

// A misspelt name would be ignored in silence.
void refuse_unknown_names(Loc where) {
  constexpr std::string_view prefix = "GRADUS_TRACE_";
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view line = *entry;
    if (!line.starts_with(prefix)) continue;
    const std::string_view name = line.substr(0, line.find('=')), rest = name.substr(prefix.size());
    if (rest != "STEPS" && rest != "CHECK" && rest != "VALUES" && rest != "HASH" && rest != "RING")
      throw Error(std::string(name),
                  {.wrong = "not a known variable",
                   .got = std::string(name),
                   .expected = "GRADUS_TRACE_STEPS, GRADUS_TRACE_CHECK, GRADUS_TRACE_VALUES, GRADUS_TRACE_HASH or "
                               "GRADUS_TRACE_RING"},
                  where);
  }
}

}  // namespace

TraceOptions trace_options_from_environment(Loc where) {
  refuse_unknown_names(where);
  TraceOptions o;
  o.values = number("GRADUS_TRACE_VALUES", o.values, where);
  o.ring = number("GRADUS_TRACE_RING", o.ring, where);
  const std::int64_t hashes = number("GRADUS_TRACE_HASH", 0, where);
  if (hashes > 1)
    throw Error("GRADUS_TRACE_HASH", {.wrong = "neither 1 nor 0", .got = std::to_string(hashes), .expected = "1 or 0"},
                where);
  o.hashes = hashes == 1;
  if (o.ring || o.hashes) o.steps = "all";
  if (const auto steps = variable("GRADUS_TRACE_STEPS"); !steps.empty()) o.steps = steps;
  if (!Steps::parse(o.steps))
    throw Error("GRADUS_TRACE_STEPS",
                {.wrong = "not a list of steps", .got = o.steps, .expected = "all, none, or ranges as in 0-9,100"},
                where);
  constexpr std::array<std::pair<std::string_view, Checks>, 4> words{
      {{"off", Checks::off}, {"local", Checks::local}, {"dir", Checks::dir}, {"all", Checks::all}}};
  const std::string_view check = variable("GRADUS_TRACE_CHECK");
  bool known = check.empty();
  for (const auto& [word, level] : words)
    if (check == word) {
      o.checks = level;
      known = true;
    }
  if (!known)
    throw Error("GRADUS_TRACE_CHECK",
                {.wrong = "not a known word", .got = std::string(check), .expected = "off, local, dir or all"}, where);
  return o;
}

namespace {

// The run of GRADUS_TRACE, made by the first tape of the process and closed when the process ends.
struct EnvironmentRun {
  std::shared_ptr<Run> run;
  EnvironmentRun() {
    const std::string path(variable("GRADUS_TRACE"));
    if (path.empty()) return;
    try {
      run = std::make_shared<Run>(path, trace_options_from_environment(), Loc::current());
    } catch (const Error& e) {
      const Complaint& c = e.complaint();
      std::fprintf(stderr, "gradus: %s: %s: got '%s', expected %s. Nothing is traced\n", e.operation().c_str(),
                   c.wrong.c_str(), c.got.c_str(), c.expected.c_str());
    }
  }
  ~EnvironmentRun() {
    if (run) run->close(true);
  }
};

}  // namespace

}  // namespace gradus::study

void gradus::detail::observe_by_environment() {
  static study::EnvironmentRun environment;
  struct Attached {
    study::Recorder recorder;
    Observing observing;
    explicit Attached(const std::shared_ptr<study::Run>& run) : recorder(run), observing(recorder) {}
  };
  thread_local std::unique_ptr<Attached> attached;
  if (environment.run && !attached) attached = std::make_unique<Attached>(environment.run);
}
