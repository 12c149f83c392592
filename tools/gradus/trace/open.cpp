// Opening a trace: what the reader refuses ends the program with exit code 3.
#include "trace/open.hpp"

#include <fmt/format.h>

#include <new>

#include "cli/command.hpp"

namespace gradus::tool {

trace::File open_trace(const std::string& path) {
  try {
    return study::read_trace(path);
  } catch (const Error& e) { throw Stop(file_trouble, without_line(e)); } catch (const std::bad_alloc&) {
    throw Stop(file_trouble, fmt::format("{}: out of memory while the trace was read", path));
  }
}

}  // namespace gradus::tool
