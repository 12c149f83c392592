// read_trace(): a trace's file, line by line, with bounds on what a file can ask for.
#include <gradus/study/read_trace.hpp>

#include <algorithm>

#include "io/file.hpp"
#include "io/lines.hpp"
#include "study/trace/events.hpp"
#include "tensor/format.hpp"
#include "tensor/impl.hpp"

namespace gradus::study {

namespace trace {

Tensor Numbers::tensor() const {
  const Tensor x = from_data(std::span<const double>(data), shape);
  return dtype == f64 ? x : x.to(dtype);
}

std::vector<std::string> File::remarks() const {
  std::vector<std::string> all;
  if (!broken.empty()) all.push_back(broken);
  if (!ended) all.push_back(formatted("the trace ends early, after line {}", last_line));
  if (unknown) all.push_back(formatted("{} events are of a kind that this version does not know", unknown));
  return all;
}

namespace {

using io::Lines, io::Source;

constexpr std::size_t longest_header = 1 << 16, longest_line = std::size_t{256} << 20;

[[noreturn]] void refuse(const std::string& path, const std::string& line, const std::string& why, Loc where) {
  const bool log = line.find("\"format\":\"gradus-run\"") != std::string::npos;
  throw Error("read_trace",
              {.wrong = formatted("'{}' is not a Gradus trace", path),
               .got = log ? "the log of a training" : why,
               .expected = "a file that GRADUS_TRACE or study::Trace has written",
               .advice = log ? "gradus report and gradus diff read logs" : ""},
              where);
}

Header read_header(Lines& lines, const std::string& path, Loc where) {
  std::string line, why;
  const Lines::Next next = lines.next(line, longest_header);
  if (next == Lines::Next::end) refuse(path, line, "the file is empty", where);
  JsonValue v;
  if (next != Lines::Next::line || !parse_line(line, v, why)) refuse(path, line, "line 1 is not a header", where);
  try {
    Header header = header_of(v);
    if (header.version <= newest_version) return header;
    throw Error("read_trace",
                {.wrong = formatted("'{}' was written by a newer version of Gradus", path),
                 .got = formatted("trace version {}", header.version),
                 .expected = formatted("version {} or lower", newest_version)},
                where);
  } catch (const BadEvent& bad) { refuse(path, line, bad.why, where); }
}

// Adds the event of a line. Throws BadEvent for a line that is damaged.
void add_event(File& file, const std::string& line, std::size_t number) {
  JsonValue v;
  std::string why;
  if (!parse_line(line, v, why)) throw BadEvent{why};
  auto body = body_of(v, file.header.hashes);
  if (!body) {
    ++file.unknown;
    return;
  }
  file.ended = std::holds_alternative<End>(*body);
  file.events.push_back({number, std::move(*body)});
}

File read_from(Source source, const std::string& path, Loc where) {
  Lines lines(std::move(source));
  File file{.path = path};
  file.header = read_header(lines, path, where);
  file.last_line = 1;
  std::string line;
  for (;;) {
    const std::size_t number = file.last_line + 1;
    const Lines::Next next = lines.next(line, longest_line);
    if (next == Lines::Next::end) return file;
    if (next == Lines::Next::cut) {  // a crash while the line was written
      file.broken = formatted("line {} is cut off", number);
      return file;
    }
    try {
      if (next == Lines::Next::too_long) throw BadEvent{"it is longer than 256 MiB"};
      add_event(file, line, number);
    } catch (const BadEvent& bad) {
      file.broken = formatted("line {} cannot be read ({}); the rest of the file is left out", number, bad.why);
      file.unreadable = true;
      return file;
    }
    file.last_line = number;
  }
}

}  // namespace

}  // namespace trace

trace::File read_trace(const std::string& path, Loc where) {
  where = gradus::detail::user_line(where);
  const io::InputFile in(path, "read_trace", where);
  return trace::read_from(io::source_of(in), path, where);
}

trace::File parse_trace(std::string_view bytes, const std::string& name, Loc where) {
  return trace::read_from(io::source_of(bytes), name, gradus::detail::user_line(where));
}

}  // namespace gradus::study
