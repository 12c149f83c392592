// gradus html: a trace as one page that needs no network.
#include <fmt/format.h>

#include <filesystem>

#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/print.hpp"
#include "html/page.hpp"

namespace gradus::tool {
namespace {

namespace fs = std::filesystem;

struct HtmlOptions {
  std::string file, output, against, source;
  bool force = false;
};

constexpr std::uintmax_t most_bytes = 50'000'000;

void refuse_large(const std::string& path, bool force) {
  std::error_code unreadable;
  const auto size = fs::file_size(path, unreadable);
  if (force || unreadable || size <= most_bytes) return;
  throw Stop(failed, fmt::format("{}: the trace has {} MB, and browsers open such a page slowly; record less with "
                                 "GRADUS_TRACE_STEPS=0-9 or GRADUS_TRACE_VALUES=256, or use --force",
                                 path, size / 1'000'000));
}

// "runs/xor.trace.jsonl": "xor.html", here.
std::string default_output(const std::string& trace) {
  std::string name = fs::path(trace).filename().string();
  for (const std::string_view ending : {".jsonl", ".trace"}) {
    if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  }
  return name + ".html";
}

Exit html(const HtmlOptions& o) {
  const std::string path = o.output.empty() ? default_output(o.file) : o.output;
  refuse_inputs("-o", path, {o.file, o.against});
  refuse_large(o.file, o.force);
  if (!o.against.empty()) refuse_large(o.against, o.force);
  const trace::File file = open_trace(o.file);
  for (const std::string& remark : file.remarks()) fmt::print(stderr, "gradus: {}: {}\n", o.file, remark);
  std::optional<trace::File> against;
  if (!o.against.empty()) against = open_trace(o.against);
  const std::string page = make_page(file, against ? &*against : nullptr, o.source);
  write_page(path, page, "html");
  tool::print("{}: {} kB\n", path, (page.size() + 999) / 1000);
  return success;
}

}  // namespace

void add_html(CommandLine& program) {
  auto o = std::make_shared<HtmlOptions>();
  Command& command = program.add("html", "make one page of a trace, for a browser and without a network");
  command.runs([o] { return html(*o); });
  command.text("FILE", o->file, "", "a trace, as GRADUS_TRACE=run.trace.jsonl ./program writes it");
  command.text("-o,--output", o->output, "PAGE", "write the page here [the trace's name with .html]");
  command.text("--against", o->against, "FILE", "a second run beside it, with the first difference marked");
  command.text("--src", o->source, "DIR", "where the program's source files are");
  command.flag("--force", o->force, "make the page even for a trace above 50 MB");
  command.footer("Example:\n  GRADUS_TRACE=xor.trace.jsonl ./xor && gradus html xor.trace.jsonl -o xor.html");
}

}  // namespace gradus::tool
