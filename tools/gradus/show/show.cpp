// gradus show: what is in a file?
#include <fmt/format.h>
#include <fnmatch.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "cli/options.hpp"
#include "cli/print.hpp"
#include "cli/terminal.hpp"
#include "show/report.hpp"

namespace gradus::tool {

bool matches(const std::string& pattern, const std::string& name) {
  return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

namespace {

struct ShowOptions {
  std::string file, only = "*";
  bool json = false;
};

// The first bytes of a regular file; none of any other.
std::string beginning(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return "";
  std::array<char, 16> bytes{};
  std::ifstream in(path, std::ios::binary);
  in.read(bytes.data(), bytes.size());
  return {bytes.data(), static_cast<std::size_t>(in.gcount())};
}

// A trace is text. An ONNX file has no mark: it begins with the number of one of the fields of ModelProto, and cannot
// be taken for safetensors, whose first 8 bytes are a number far smaller than text makes.
FileReport report_of(const std::string& path, const std::string& only) {
  const std::string begin = beginning(path);
  if (begin.starts_with('{')) return report_trace(path, only);
  const bool tiny = begin.size() < 8 || begin.substr(4, 4) == std::string(4, '\0');
  constexpr std::string_view fields = "\x08\x12\x1a\x22\x28\x32\x3a\x42\x72";
  if (!tiny && fields.find(begin[0]) != fields.npos) return report_onnx(path, only);
  return report_tensors(path, only);
}

Exit run(const ShowOptions& o) {
  FileReport report;
  try {
    report = report_of(o.file, o.only);
  } catch (const Error& e) { throw Stop(file_trouble, without_line(e)); }
  if (report.tensors.empty() && o.only != "*") {
    throw Stop(usage, fmt::format("--only: no tensor of {} has a name like '{}'", o.file, o.only));
  }
  report.path = o.file;
  std::error_code ignored;
  report.bytes = std::filesystem::file_size(o.file, ignored);
  write_out(o.json ? json_of(report) : text_of(report, terminal_width()));
  return success;
}

constexpr const char* examples = R"(Examples:
  gradus show model.safetensors
  gradus show model.safetensors --only 'encoder.*'
  gradus show run.trace.jsonl --json | jq .operations

The kind of the file is found by its content: safetensors and checkpoints, .npz, .npy, ONNX, traces.
min, max, mean, std and norm are those of the finite numbers. Nothing in the file is executed.
Exit code: 3 if the file cannot be read, is damaged, or is of another kind.
)";

}  // namespace

void add_show(CommandLine& program) {
  auto options = std::make_shared<ShowOptions>();
  Command& command = program.add("show", "show what is in a file: tensors, statistics, metadata");
  command.runs([options] { return run(*options); });
  command.footer(examples);
  command.text("FILE", options->file, "", "safetensors, checkpoint, .npz, .npy, ONNX or trace");
  command.text("--only", options->only, "PATTERN", "the tensors whose names match, as in a shell [all]");
  command.flag("--json", options->json, "write JSON");
}

}  // namespace gradus::tool
