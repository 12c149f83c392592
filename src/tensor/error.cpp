// The text of an Error.
#include <gradus/error.hpp>

#include "tensor/thread_state.hpp"

namespace gradus {
namespace {

std::string text(std::string_view operation, const Complaint& c, Loc where) {
  std::string s(operation);
  if (!c.wrong.empty()) s += ": " + c.wrong;
  const auto line = [&s](const char* head, const std::string& body) {
    if (!body.empty()) s += head + body;
  };
  line("\n  got:      ", c.got);
  line("\n  expected: ", c.expected);
  line("\n  try:      ", c.advice);
  if (where.line()) line("\n  at:       ", to_string(where));  // an assignment, say, has no room for a line
  return s;
}

}  // namespace

Error::Error(std::string_view operation, Complaint complaint, Loc where)
    : std::runtime_error(text(operation, complaint, where)),
      operation_(operation),
      complaint_(std::move(complaint)),
      where_(where) {
  if (const detail::Hooks* hooks = detail::observed()) hooks->error(*this);
}

std::string to_string(Loc where) { return std::string(where.file_name()) + ':' + std::to_string(where.line()); }

}  // namespace gradus
