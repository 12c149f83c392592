// Opening a trace: what the reader refuses ends the program with exit code 3.
#include "trace/open.hpp"

#include <fmt/format.h>

#include <new>

#include "cli/command.hpp"

namespace gradus::tool {

trace::File open_trace(const std::string& path) {
  std::string trouble;
  try {
    return study::read_trace(path);
  } catch (const Error& e) {
    const Complaint& c = e.complaint();
    trouble = c.got.empty() ? c.wrong : fmt::format("{}: {}", c.wrong, c.got);
  } catch (const std::bad_alloc&) { trouble = fmt::format("{}: out of memory while the trace was read", path); }
  throw Stop(file_trouble, trouble);
}

}  // namespace gradus::tool
