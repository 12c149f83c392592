// Who this process is: options first, then the variables that torchrun, gradus launch and clusters set.
#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "dist/link.hpp"

namespace gradus::dist {
namespace {

constexpr int largest_group = 64;  // Gloo takes a port for each pair

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  return text ? text : "";
}

std::optional<int> whole(const char* name, int low, int high) {
  const std::string text = variable(name);
  if (text.empty()) return std::nullopt;
  int n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || n < low || n > high)
    throw Trouble({.wrong = fmt::format("the variable {} is out of range", name),
                   .got = fmt::format("\"{}\"", text),
                   .expected = fmt::format("a whole number from {} to {}", low, high),
                   .advice = "start the ranks by gradus launch, which sets it"});
  return n;
}

[[noreturn]] void missing(const char* what, const char* option) {
  throw Trouble({.wrong = fmt::format("{} is not known", what),
                 .expected = fmt::format("the variable {} or GroupOptions.{}", what, option),
                 .advice = "start the ranks by gradus launch -n 4 -- PROGRAM, or set the variables of torchrun"});
}

double seconds(double given) {
  const std::string text = variable("GRADUS_TIMEOUT");
  char* end = nullptr;
  double s = given;
  if (given == 0) s = text.empty() ? 300 : std::strtod(text.c_str(), &end);
  if (!(s >= 0.1) || s > 1e6 || (end != nullptr && *end != '\0'))
    throw Trouble({.wrong = "the timeout is out of range",
                   .got = given == 0 ? "GRADUS_TIMEOUT=" + text : fmt::format("{} s", given),
                   .expected = "0.1 to 1,000,000 seconds"});
  return s;
}

}  // namespace

Appointment appointment(const GroupOptions& o) {
  Appointment a;
  const auto size = o.size >= 0 ? std::optional(o.size) : whole("WORLD_SIZE", 0, 1'000'000);
  const auto rank = o.rank >= 0 ? std::optional(o.rank) : whole("RANK", 0, 1'000'000);
  a.timeout = seconds(o.timeout);
  if (!size && rank && *rank > 0) missing("WORLD_SIZE", "size");
  a.size = size.value_or(1);
  if (a.size < 1 || a.size > largest_group)
    throw Trouble({.wrong = "a group cannot have this size",
                   .got = fmt::format("{} ranks", a.size),
                   .expected = fmt::format("1 to {} ranks", largest_group),
                   .advice = "set WORLD_SIZE or GroupOptions.size to the number of processes"});
  if (!rank && a.size > 1) missing("RANK", "rank");
  a.rank = rank.value_or(0);
  if (a.rank >= a.size)
    throw Trouble({.wrong = "the rank is not one of the group",
                   .got = fmt::format("rank {} of {}", a.rank, a.size),
                   .expected = fmt::format("0 to {}", a.size - 1),
                   .advice = "give each process its own RANK, from 0 to WORLD_SIZE - 1"});
  a.local_rank = o.local_rank >= 0 ? o.local_rank : whole("LOCAL_RANK", 0, 1'000'000).value_or(a.rank);
  a.folder = o.folder;
  a.secret = o.secret.empty() ? variable("GRADUS_SECRET") : o.secret;
  a.address = o.address;
  if (a.size == 1 || !a.folder.empty()) return a;
  a.launcher = variable("GRADUS_MEETING") == "launcher" && o.host.empty() && o.port < 0;
  a.host = o.host.empty() ? variable("MASTER_ADDR") : o.host;
  if (a.host.empty()) missing("MASTER_ADDR", "host");
  if (o.port >= 0) {
    a.port = o.port;
  } else {
    const auto port = whole("MASTER_PORT", 1, 65535);
    if (!port) missing("MASTER_PORT", "port");
    a.port = *port;
    if (variable("TORCHELASTIC_USE_AGENT_STORE") == "True") ++a.port;  // torchrun itself listens at MASTER_PORT
  }
  if (a.port < 1 || a.port > 65535)
    throw Trouble({.wrong = "the port is out of range",
                   .got = std::to_string(a.port),
                   .expected = "1 to 65535, free on the machine of rank 0"});
  return a;
}

}  // namespace gradus::dist
