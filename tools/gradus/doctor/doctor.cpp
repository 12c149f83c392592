// gradus doctor: what is wrong with a training?
#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <gradus/train/diagnosis.hpp>

#include "cli/options.hpp"
#include "doctor/child.hpp"
#include "doctor/findings.hpp"

namespace gradus::tool {
namespace {

using Json = nlohmann::json;

// A file of this process, gone at the end.
class Temporary {
 public:
  Temporary() {
    std::error_code trouble;
    std::filesystem::path folder = std::filesystem::temp_directory_path(trouble);
    if (trouble) folder = "/tmp";
    path_ = (folder / "gradus-doctor-XXXXXX").string();
    const int file = ::mkstemp(path_.data());
    if (file < 0) throw Stop(file_trouble, fmt::format("{}: {}", path_, std::strerror(errno)));
    ::close(file);
  }
  ~Temporary() { ::unlink(path_.c_str()); }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string text(const Json& d, const char* name) {
  const auto at = d.find(name);
  return at != d.end() && at->is_string() ? at->get<std::string>() : "";
}

train::Diagnosis diagnosis_of(const Json& d) {
  train::Diagnosis one{.code = text(d, "code"), .layer = text(d, "layer")};
  one.evidence = text(d, "evidence");
  one.advice = text(d, "advice");
  const auto loc = d.find("loc");
  if (loc == d.end() || !loc->is_object()) return one;
  one.at.file = text(*loc, "file");
  const auto line = loc->find("line");
  if (line != loc->end() && line->is_number_unsigned()) one.at.line = line->get<std::uint32_t>();
  return one;
}

std::string ending(const Ended& ended) {
  return ended.signal != 0 ? fmt::format("ended by signal {} ({})", ended.signal, ::strsignal(ended.signal))
                           : fmt::format("exit code {}", ended.code);
}

void print_text(const Findings& f, const Ended& ended) {
  if (ended.signal != 0 || ended.code != 0) fmt::print(stderr, "doctor: the program: {}\n", ending(ended));
  if (!f.any) {
    fmt::print(stderr, "doctor: no tape of Gradus was seen: is it a program that uses the library, of this version?\n");
    return;
  }
  std::size_t count = 0;
  std::int64_t steps = 0;
  for (const Patient& p : f.patients) {
    steps += p.steps;
    count += p.diagnoses.size();
  }
  if (steps == 0) {
    fmt::print(stderr, "doctor: no optimizer has stepped: there is no training to look at\n");
    return;
  }
  if (count == 0) fmt::print(stderr, "doctor: nothing wrong was found in {} steps\n", steps);
  for (const Patient& p : f.patients) {
    if (p.diagnoses.empty()) continue;
    fmt::print(stderr, "doctor: {} steps of {}{}\n", p.steps, p.optimizer,
               p.ended ? "" : " (the program did not end as it should: this is what was seen until then)");
    for (const Json& d : p.diagnoses) fmt::print(stderr, "  {}\n", train::to_string(diagnosis_of(d)));
  }
}

void print_json(const Findings& f, const Ended& ended) {
  Json all = {{"format", "gradus-doctor"}, {"version", 1},    {"exit", ended.code},
              {"signal", ended.signal},    {"gradus", f.any}, {"runs", Json::array()}};
  for (const Patient& p : f.patients) {
    all["runs"].push_back({{"program", p.program},
                           {"optimizer", p.optimizer},
                           {"steps", p.steps},
                           {"ended", p.ended},
                           {"diagnoses", p.diagnoses}});
  }
  fmt::print(stderr, "{}\n", all.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Exit doctor(const std::vector<std::string>& words, bool json) {
  if (words.empty() || words[0].empty())
    throw Stop(usage, "doctor: which program? gradus doctor -- ./my_program its arguments");
  const Temporary file;
  const Ended ended = run_child(words, "GRADUS_DOCTOR", file.path());
  const Findings findings = read_findings(file.path());
  json ? print_json(findings, ended) : print_text(findings, ended);
  return static_cast<Exit>(ended.code);
}

}  // namespace

void add_doctor(CommandLine& program, std::vector<std::string> words) {
  auto json = std::make_shared<bool>(false);
  Command& command = program.add("doctor", "run a program that trains, and say what is wrong with the training");
  command.runs([json, words = std::move(words)] { return doctor(words, *json); });
  command.flag("--json", *json, "the diagnoses as one JSON object");
  command.footer(
      "gradus doctor -- ./my_program its arguments\n"
      "gradus doctor -- gradus train --data digits --net mlp:64\n\n"
      "The program needs no change: the library looks at its tapes and optimizers. Its input, output, signals and\n"
      "exit code are as without. The diagnoses come at the end, on standard error: src/train/DIAGNOSES.md lists them.\n"
      "Exit code: that of the program, 128 + N after signal N; 127 if there is no such program.");
}

}  // namespace gradus::tool
