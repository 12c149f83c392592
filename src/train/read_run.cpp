// read_run(): a run log, line by line, with bounds on what a file can ask for.
#include <gradus/train/read_run.hpp>

#include "io/file.hpp"
#include "io/lines.hpp"
#include "tensor/format.hpp"
#include "tensor/impl.hpp"
#include "train/run_lines.hpp"

namespace gradus::train {

namespace run_log {

Texts Start::all_settings() const {
  Texts all;
  const auto add = [&](const std::string& name, const std::string& value) { all.emplace_back(name, value); };
  const auto count = [&](const char* name, auto value) { add(name, std::to_string(value)); };
  for (const auto& [name, value] : settings) add(name, value);
  count("seed", seed);
  count("batch", batch);
  count("epochs", epochs);
  add("network", net);
  count("parameters", parameters);
  for (const Part& layer : layers) add("layer " + layer.name, layer.type + ' ' + layer.details);
  add("optimizer", optimizer);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::string group = groups.size() > 1 ? formatted("group {} ", g) : std::string();
    for (const auto& [name, value] : groups[g]) add(group + name, value);
  }
  count("threads", threads);
  add("instructions", isa);
  add("blas", blas);
  add("library", library);
  add("program", program);
  return all;
}

std::vector<std::string> File::remarks() const {
  std::vector<std::string> all;
  if (!broken.empty()) all.push_back(broken);
  if (steps.empty()) all.emplace_back("it has no step: the training had not begun");
  if (!end) all.emplace_back("it has no end: the training was stopped, or is still going on");
  if (end && !end->ok) all.emplace_back("an error ended the training");
  if (unknown > 0) {
    all.push_back(
        formatted("{} line{} of a kind that this version does not know", unknown, unknown == 1 ? " is" : "s are"));
  }
  return all;
}

namespace {

using io::Lines;

constexpr std::size_t longest_line = std::size_t{64} << 20;

[[noreturn]] void refuse(const std::string& path, const std::string& why, Loc where) {
  throw Error("read_run",
              {.wrong = formatted("'{}' is not a run log", path),
               .got = why,
               .expected = "a file that train::Monitor or gradus train --log FILE.jsonl has written"},
              where);
}

void read_start(Lines& lines, LineReader& reader, File& file, Loc where) {
  std::string line;
  const Lines::Next next = lines.next(line, longest_line);
  if (next == Lines::Next::end) refuse(file.path, "the file is empty", where);
  if (next != Lines::Next::line) refuse(file.path, "line 1 is not that of a run", where);
  try {
    reader.start(parse_line(line));
  } catch (const BadLine& bad) { refuse(file.path, "line 1: " + bad.why, where); }
  file.last_line = 1;
  if (file.start.version <= newest_version) return;
  throw Error("read_run",
              {.wrong = formatted("'{}' was written by a newer version of Gradus", file.path),
               .got = formatted("version {} of the run log", file.start.version),
               .expected = formatted("version {} or lower", newest_version)},
              where);
}

File read_from(io::Source source, const std::string& path, Loc where) {
  Lines lines(std::move(source));
  File file{.path = path};
  LineReader reader(file);
  read_start(lines, reader, file, where);
  std::string line;
  for (;;) {
    const std::size_t number = file.last_line + 1;
    const Lines::Next next = lines.next(line, longest_line);
    if (next == Lines::Next::end) return file;
    if (next == Lines::Next::cut) {
      file.broken = formatted("line {} is cut off", number);
      return file;
    }
    try {
      if (next == Lines::Next::too_long) throw BadLine{"it is longer than 64 MiB"};
      reader.add(parse_line(line));
    } catch (const BadLine& bad) {
      file.broken = formatted("line {} cannot be read: {}", number, bad.why);
      return file;
    }
    file.last_line = number;
  }
}

}  // namespace

}  // namespace run_log

run_log::File read_run(const std::string& path, Loc where) {
  where = gradus::detail::user_line(where);
  const io::InputFile in(path, "read_run", where);
  return run_log::read_from(io::source_of(in), path, where);
}

run_log::File parse_run(std::string_view bytes, const std::string& name, Loc where) {
  return run_log::read_from(io::source_of(bytes), name, gradus::detail::user_line(where));
}

}  // namespace gradus::train
