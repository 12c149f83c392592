// gradus report: logs of training runs as one page that needs no network.
#include <fmt/format.h>

#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/print.hpp"
#include "report/page.hpp"
#include "report/table.hpp"

namespace gradus::tool {
namespace {

struct ReportOptions {
  std::vector<std::string> files;
  std::string output;
  bool json = false, csv = false;
};

constexpr std::size_t most_runs = 64;

// "runs/first.jsonl": "first.html", here.
std::string default_output(const std::vector<Run>& runs) {
  if (runs.size() > 1) return "report.html";
  return runs[0].name.substr(runs[0].name.find_last_of('/') + 1) + ".html";
}

Exit report(const ReportOptions& o) {
  if (o.json && o.csv) throw Stop(usage, "--json and --csv both print to standard output: choose one");
  if (o.files.size() > most_runs)
    throw Stop(usage, fmt::format("{} runs: a page holds at most {}", o.files.size(), most_runs));
  if (!o.output.empty()) refuse_inputs("-o", o.output, o.files);
  const std::vector<Run> runs = open_runs(o.files);
  for (const Run& run : runs) {
    for (const std::string& remark : run.log.remarks()) fmt::print(stderr, "gradus: {}: {}\n", run.log.path, remark);
  }
  if (o.json) print("{}\n", summary_json(runs));
  if (o.csv) print_table(runs);
  if ((o.json || o.csv) && o.output.empty()) return success;
  const std::string path = o.output.empty() ? default_output(runs) : o.output;
  refuse_inputs("-o", path, o.files);
  const std::string page = report_page(runs);
  write_page(path, page, "report");
  if (!o.json && !o.csv) print("{}: {} kB\n", path, (page.size() + 999) / 1000);
  return success;
}

}  // namespace

void add_report(CommandLine& program) {
  auto o = std::make_shared<ReportOptions>();
  Command& command = program.add("report", "make one page of training runs, for a browser and without a network");
  command.runs([o] { return report(*o); });
  command.arguments("RUN", o->files, "logs, as gradus train --log run.jsonl or a Monitor writes them");
  command.text("-o,--output", o->output, "PAGE", "write the page here [the log's name with .html]");
  command.flag("--json", o->json, "print diagnoses, results and what differs as JSON");
  command.flag("--csv", o->csv, "print a row for each step and epoch of every run");
  command.footer(
      "Examples:\n"
      "  gradus train --log run.jsonl && gradus report run.jsonl -o run.html\n"
      "  gradus report slow.jsonl fast.jsonl -o both.html\n"
      "  gradus report run.jsonl --json | jq .codes\n"
      "  gradus report run.jsonl --csv > run.csv\n\n"
      "With --json or --csv a page is written only where -o asks for one.");
}

}  // namespace gradus::tool
