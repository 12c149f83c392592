// One trace: which steps are recorded in full, the numbers of tapes, walks and leaves, and the file.
#include "study/trace/run.hpp"

#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include <gradus/machine.hpp>
#include <gradus/threads.hpp>

#include "tensor/impl.hpp"
#include "tensor/number.hpp"

namespace gradus::study {

// ---- which steps ----

std::optional<Steps> Steps::parse(const std::string& text) {
  Steps steps;
  if (text == "none") return steps;
  if (text == "all") {
    steps.ranges_ = {{0, INT64_MAX}};
    return steps;
  }
  for (const std::string_view part : gradus::detail::split(text)) {
    const std::size_t dash = part.find('-', 1);  // not a sign
    const auto first = gradus::detail::parse_integer(part.substr(0, dash));
    const auto last = dash == part.npos ? first : gradus::detail::parse_integer(part.substr(dash + 1));
    if (!first || !last || *first < 0 || *last < *first) return std::nullopt;
    steps.ranges_.emplace_back(*first, *last);
  }
  return steps;
}

bool Steps::contains(std::int64_t step) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [&](const auto& r) { return step >= r.first && step <= r.second; });
}

// ---- the run ----

namespace {

const char* name(Checks c) {
  constexpr const char* names[] = {"off", "local", "dir", "all"};
  return names[static_cast<int>(c)];
}

std::string program() {
  std::error_code none;
  return std::filesystem::read_symlink("/proc/self/exe", none).string();
}

Steps steps_of(const TraceOptions& o, Loc where) {
  const auto steps = Steps::parse(o.steps);
  if (!steps)
    throw Error("Trace",
                {.wrong = "'steps' is not a list of steps",
                 .got = "'" + o.steps + "'",
                 .expected = "all, none, or ranges as in 0-9,100"},
                where);
  if (o.values < 0 || o.ring < 0)
    throw Error("Trace",
                {.wrong = "a limit is negative",
                 .got = "values " + std::to_string(o.values) + ", ring " + std::to_string(o.ring),
                 .expected = "0 or more"},
                where);
  return *steps;
}

}  // namespace

Run::Run(const std::string& path, const TraceOptions& o, Loc where)
    : options(o), steps_(steps_of(o, where)), sink_(path, o.ring) {
  std::error_code none;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  JsonLine header("header");
  header.string("format", "gradus-trace")
      .integer("version", o.hashes ? 2 : 1)
      .string("library", GRADUS_VERSION)
      .string("program", program())
      .string("directory", std::filesystem::current_path(none).string())
      .integer("time", std::chrono::duration_cast<std::chrono::seconds>(now).count())
      .string("checks", study::name(o.hashes ? Checks::off : o.checks))
      .integer("values", o.values)
      .string("steps", o.steps)
      .integer("ring", o.ring)
      .integer("threads", num_threads())
      .string("isa", instruction_set());
  if (o.hashes) header.string("hashes", "xxh64");
  sink_.open(header.str());
}

int Run::new_thread() {
  const std::lock_guard lock(mutex_);
  return threads_++;
}

void Run::write(const JsonLine& event, int tape, bool definition) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
  }
  sink_.write(event.str(), tape, definition);
}

// ---- steps ----

// The updates of one optimizer step come one by one; the next tape or walk shows that the step is over.
void Run::finish_step() {
  if (stepping_) ++optimizer_steps_;
  stepping_ = false;
}

Run::NewTape Run::begin_tape() {
  std::unique_lock lock(mutex_);
  finish_step();
  const int step = step_locked();
  const NewTape t{++tapes_, step, steps_.contains(step)};
  const bool warn = !t.full && !warned_outline_;
  if (warn) warned_outline_ = true;
  lock.unlock();
  if (warn)
    write(JsonLine("warning")
              .string("code", "outline")
              .string("text", "step " + std::to_string(step) + " and all others outside of '" + options.steps +
                                  "' are recorded in outline; GRADUS_TRACE_STEPS sets the range")
              .integer("tape", t.tape));
  return t;
}

void Run::end_tape(bool walked) {
  {
    const std::lock_guard lock(mutex_);
    walked_tapes_ += walked;
  }
  forget_the_dead();
}

int Run::begin_walk() {
  const std::lock_guard lock(mutex_);
  finish_step();
  return ++walks_;
}

int Run::step_number() {
  const std::lock_guard lock(mutex_);
  return step_locked() + stepping_;  // what follows an update belongs to the next step
}

bool Run::in_full() {
  const std::lock_guard lock(mutex_);
  return steps_.contains(step_locked());
}

int Run::optimizer_stepped() {
  const std::lock_guard lock(mutex_);
  optimizer_ = stepping_ = true;
  return optimizer_steps_;
}

// ---- leaves ----

LeafName Run::leaf(const Tensor& x) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(x.impl());
  if (found != known_.end()) return found->second.leaf;
  const LeafName leaf{leaves_++, x.name().empty() ? "" : unused(x.name())};
  known_.emplace(x.impl(), Known{leaf, x});
  return leaf;
}

void Run::name(const Tensor& x, const std::string& name) {
  leaf(x);
  const std::lock_guard lock(mutex_);
  LeafName& leaf = known_.at(x.impl()).leaf;
  if (leaf.name.empty()) leaf.name = unused(name);
}

// Two networks may both have a "0.weight": the second is called "0.weight.2".
std::string Run::unused(const std::string& name) const {
  const auto taken = [&](const std::string& n) {
    return std::any_of(known_.begin(), known_.end(), [&](const auto& k) { return k.second.leaf.name == n; });
  };
  std::string free = name;
  for (int n = 2; taken(free); ++n) free = name + "." + std::to_string(n);
  return free;
}

std::optional<LeafName> Run::known(const Tensor& x) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(x.impl());
  if (found != known_.end()) return found->second.leaf;
  for (const auto& [impl, k] : known_)
    if (impl->storage == x.impl()->storage) return k.leaf;
  return std::nullopt;
}

// Leaves that nobody but this run holds.
void Run::forget_the_dead() {
  const std::lock_guard lock(mutex_);
  std::erase_if(known_, [](const auto& k) { return k.first->count.load(std::memory_order_acquire) == 1; });
}

// ---- the first NaN or infinity ----

bool Run::has_nonfinite() {
  const std::lock_guard lock(mutex_);
  return nonfinite_;
}

void Run::found_nonfinite(int tape, int node, int walk, const std::string& text) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(nonfinite_, true)) return;
  }
  JsonLine e("warning");
  e.string("code", "nonfinite").string("text", text).integer("tape", tape).integer("node", node);
  if (walk) e.integer("walk", walk);
  write(e, tape);
  if (options.ring == 0) return;
  write(JsonLine("warning").string("code", "stopped").string("text", "a ring stops at the first NaN or infinity"));
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

// ---- what takes long ----

void Run::announce(double measured, double of, double seconds) {
  {
    const std::lock_guard lock(mutex_);
    if (seconds < 1 || std::exchange(announced_, true)) return;
  }
  const char* all = measured < of ? " (large tensors are sampled)" : "";
  std::fprintf(stderr,
               "gradus: GRADUS_TRACE_CHECK=all measures %.0f of %.0f derivatives%s after each walk that is recorded in "
               "full: about %.0f s each; GRADUS_TRACE_STEPS=0 records the first step only\n",
               measured, of, all, std::ceil(seconds));
}

}  // namespace gradus::study
