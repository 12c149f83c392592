// Opening a trace: what the reader refuses ends the program with exit code 3.
#include "trace/open.hpp"

#include <fmt/format.h>

#include <new>

#include "cli/command.hpp"

namespace gradus::tool {

trace::File open_trace(const std::string& path, Hashes hashes) {
  std::string trouble;
  try {
    trace::File file = study::read_trace(path);
    if (hashes == Hashes::allowed || !file.header.hashes) return file;
    trouble = fmt::format(
        "{}: it has hashes instead of numbers (GRADUS_TRACE_HASH=1): gradus diff compares it, and "
        "a trace without hashes can be looked at",
        path);
  } catch (const Error& e) {
    const Complaint& c = e.complaint();
    trouble = c.got.empty() ? c.wrong : fmt::format("{}: {}", c.wrong, c.got);
  } catch (const std::bad_alloc&) { trouble = fmt::format("{}: out of memory while the trace was read", path); }
  throw Stop(file_trouble, trouble);
}

}  // namespace gradus::tool
