// gradus diff: where two runs part, by their traces or their logs.
#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/options.hpp"
#include "cli/print.hpp"
#include "diff/result.hpp"
#include "step/text.hpp"
#include "trace/sources.hpp"

namespace gradus::tool {
namespace {

using Json = nlohmann::ordered_json;

struct DiffOptions {
  std::string a, b, align = "best";
  bool json = false, whole = false;
};

// Only a guess, from the first line: the readers decide.
bool looks_like_a_run(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string head(200, '\0');
  in.read(head.data(), std::ssize(head));
  return head.find("\"gradus-run\"") != head.npos;
}

AlignBy align_by(const std::string& word) {
  if (word == "best") return AlignBy::best;
  if (word == "number") return AlignBy::number;
  if (word == "content") return AlignBy::content;
  if (word == "batch") return AlignBy::batch;
  throw Stop(usage, fmt::format("--align: expected best, number, content or batch, got '{}'", clean(word)));
}

DiffResult compare(const DiffOptions& o) {
  const AlignBy by = align_by(o.align);
  const bool run_a = looks_like_a_run(o.a);
  const bool run_b = looks_like_a_run(o.b);
  if (run_a && run_b) return diff_runs(o.a, o.b, by);
  if (!run_a && !run_b) return diff_traces(o.a, o.b, by);
  const std::string& run = run_a ? o.a : o.b;
  const std::string& other = run_a ? o.b : o.a;
  open_trace(other, Hashes::allowed);  // or says what it is
  throw Stop(file_trouble,
             fmt::format("{} is a run log, and {} is a trace: two of one kind can be compared", run, other));
}

bool lengths_differ(const DiffResult& r) { return r.steps_a != r.steps_b; }

std::string brief(const std::string& text) {
  const std::string line = clean(text);
  return line.size() <= 160 ? line : line.substr(0, 157) + "...";
}

void print_parting(const DiffResult& r) {
  const Parting& p = *r.parting;
  std::string where;
  if (!p.file.empty()) where = clean(short_place(p.file, static_cast<int>(p.line)));
  if (!p.scope.empty()) where += (where.empty() ? "in " : ", in ") + clean(p.scope);
  const std::string of_b = p.step_b == p.step ? "" : fmt::format(" of A, {} of B", p.step_b);
  print("They part at step {}{}, in {}{}\n", p.step, of_b, clean(p.what),
        where.empty() ? "" : fmt::format(" ({})", where));
  const auto value = [&](const char* name, const std::string& text, std::size_t line) {
    const std::string at = p.index.empty() ? "" : fmt::format("  at {}", p.index);
    const std::string of = line > 0 ? fmt::format("  line {} of the file", line) : "";
    print("  {}  {}\n", name, at.empty() && of.empty() ? brief(text) : fmt::format("{:<20}{}{}", brief(text), at, of));
  };
  value("A", p.a, p.line_a);
  value("B", p.b, p.line_b);
  if (p.apart) print("  apart: {}\n", p.apart->text());
  if (!p.meaning.empty()) print("  {}\n", p.meaning);
  if (r.hashes) print("  for the numbers: trace both with GRADUS_TRACE_STEPS={}, without GRADUS_TRACE_HASH\n", p.step);
}

void print_text(const DiffOptions& o, const DiffResult& r) {
  print("A  {}\nB  {}\n\n", clean(o.a), clean(o.b));
  if (r.parting) print_parting(r);
  if (r.parting)
    print("  the same before: {} steps, {} numbers and tensors\n", grouped(r.steps), grouped(r.numbers));
  else if (r.steps == 0)
    print("There is nothing that both have\n");
  else
    print("The same: {} steps, {} numbers and tensors\n", grouped(r.steps), grouped(r.numbers));
  print("aligned   {}\n", r.alignment.text());
  if (const std::string order = r.order.text(); !order.empty()) print("batches   {}\n", order);
  for (const std::string& note : r.notes) print("note      {}\n", clean(note));
  for (const auto& [name, values] : r.settings)
    print("settings  {}: {} / {}\n", brief(name), brief(values[0]), brief(values[1]));
}

Json json_of(const Parting& p) {
  Json j{{"step", p.step}, {"step_b", p.step_b}, {"what", p.what}, {"name", p.name}};
  if (!p.file.empty()) j["loc"] = {{"file", p.file}, {"line", p.line}};
  if (!p.scope.empty()) j["scope"] = p.scope;
  if (p.line_a > 0) j["line_a"] = p.line_a;
  if (p.line_b > 0) j["line_b"] = p.line_b;
  j["a"] = p.a;
  j["b"] = p.b;
  if (!p.index.empty()) j["index"] = p.index;
  if (p.apart)
    j["apart"] = {{"different", p.apart->different}, {"elements", p.apart->elements}, {"largest", p.apart->largest},
                  {"relative", p.apart->relative},   {"ulps", p.apart->ulps},         {"dtype", name(p.apart->dtype)}};
  j["meaning"] = p.meaning;
  return j;
}

Json json_of(const Alignment& a) {
  Json j{{"by", a.name()}, {"pairs", a.pairs.size()}};
  if (a.run > 0) j["run"] = {{"steps", a.run}, {"first_a", a.first_a}, {"first_b", a.first_b}};
  j["text"] = a.text();
  return j;
}

void print_json(const DiffOptions& o, const DiffResult& r) {
  Json j{{"same", !r.parting && !r.damaged && r.steps > 0},
         {"kind", r.kind},
         {"a", o.a},
         {"b", o.b},
         {"steps", {{"same", r.steps}, {"a", r.steps_a}, {"b", r.steps_b}}},
         {"numbers", r.numbers},
         {"alignment", json_of(r.alignment)},
         {"parting", r.parting ? json_of(*r.parting) : Json()}};
  if (r.order.batches > 0)
    j["batches"] = {{"of", r.order.batches},
                    {"common", r.order.common},
                    {"same_order", !r.order.different},
                    {"text", r.order.text()}};
  j["notes"] = r.notes;
  j["settings"] = Json::object();
  for (const auto& [name, values] : r.settings) j["settings"][name] = values;
  print("{}\n", j.dump(2, ' ', false, Json::error_handler_t::replace));
}

Exit diff(const DiffOptions& o) {
  const DiffResult r = compare(o);
  o.json ? print_json(o, r) : print_text(o, r);
  if (r.parting) return failed;
  if (r.damaged) return file_trouble;  // nobody knows what came after
  return r.steps > 0 && !(o.whole && lengths_differ(r)) ? success : failed;
}

constexpr const char* footer = R"(Examples:
  gradus diff before.jsonl after.jsonl
  GRADUS_TRACE=a.jsonl GRADUS_TRACE_HASH=1 ./program
  GRADUS_TRACE=b.jsonl GRADUS_TRACE_HASH=1 ./program
  gradus diff a.jsonl b.jsonl

Steps are compared by their numbers, unless more of them begin with the same
weights and the same batch in another way: with an offset, as in a run that was
resumed or that has more steps in front, or in another order. --align chooses:
number, content (weights and batch; in logs loss and batch) or batch (whatever
the weights are). Every bit counts: 0 is not -0. Times and speeds are left out.
Exit code 0: the same as far as both go. 1: they part, or have no step in common.
3: a file cannot be read, or only in part.
)";

}  // namespace

void add_diff(CommandLine& program) {
  auto o = std::make_shared<DiffOptions>();
  Command& command = program.add("diff", "find where two runs part, by their traces or logs");
  command.runs([o] { return diff(*o); });
  command.text("A", o->a, "", "a trace (GRADUS_TRACE=…) or a run log (--log run.jsonl)");
  command.text("B", o->b, "", "another one of the same kind");
  command.flag("--json", o->json, "print what was found as JSON");
  command.text("--align", o->align, "HOW", "which steps belong together: best, number, content or batch");
  command.flag("--whole", o->whole, "runs of different lengths are not the same: exit code 1");
  command.footer(footer);
}

}  // namespace gradus::tool
