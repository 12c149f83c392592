// gradus html: a trace as one page that needs no network.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/command.hpp"
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
  throw Stop(failed, fmt::format("{}: {} MB would make a page that browsers open slowly; record less with "
                                 "GRADUS_TRACE_STEPS=0-9 or GRADUS_TRACE_VALUES=256, or insist with --force",
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

void write_page(const std::string& path, const std::string& page) {
  errno = 0;
  std::ofstream out(path, std::ios::binary);
  out << page;
  out.close();
  if (!out) throw Stop(file_trouble, fmt::format("cannot write {}: {}", path, std::strerror(errno ? errno : EIO)));
}

Exit html(const HtmlOptions& o) {
  refuse_large(o.file, o.force);
  if (!o.against.empty()) refuse_large(o.against, o.force);
  const trace::File file = trace::read(o.file);
  for (const std::string& remark : file.remarks()) fmt::print(stderr, "gradus: {}: {}\n", o.file, remark);
  std::optional<trace::File> against;
  if (!o.against.empty()) against = trace::read(o.against);
  Sources sources(file, o.source);
  const std::string page = make_page(file, against ? &*against : nullptr, sources);
  const std::string path = o.output.empty() ? default_output(o.file) : o.output;
  write_page(path, page);
  fmt::print("{}: {} kB\n", path, (page.size() + 999) / 1000);
  return success;
}

}  // namespace

void add_html(CLI::App& program, Action& action) {
  auto o = std::make_shared<HtmlOptions>();
  CLI::App* command = program.add_subcommand("html", "Make one page of a trace, for a browser and without a network");
  command->add_option("FILE", o->file, "a trace, as GRADUS_TRACE=run.trace.jsonl ./program writes it")->required();
  command->add_option("-o,--output", o->output, "the page; without it, named after the trace")->type_name("PAGE");
  command->add_option("--against", o->against, "a second run beside it, the first difference marked")
      ->type_name("FILE");
  command->add_option("--src", o->source, "where the program's source files are")->type_name("DIR");
  command->add_flag("--force", o->force, "of a trace above 50 MB, too");
  command->footer("Example:\n  GRADUS_TRACE=xor.trace.jsonl ./xor && gradus html xor.trace.jsonl -o xor.html");
  command->callback([o, &action] { action = [o] { return html(*o); }; });
}

}  // namespace gradus::tool
