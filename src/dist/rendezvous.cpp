// Finding the meeting.
#include "dist/rendezvous.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "dist/greeting.hpp"

namespace gradus::dist {
namespace {

// Packets to a network that is nowhere leave by the interface of the default route.
std::string own_address(const Appointment& a) {
  if (!a.address.empty()) return resolve(a.address);
  try {
    return address_towards("192.0.2.1");
  } catch (const Trouble&) { return "127.0.0.1"; }
}

void write_for_the_others(const std::string& file, const std::string& text) {
  const std::string temporary = file + ".new";
  const Socket f(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const bool written = f.open() && ::write(f.fd(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written || std::rename(temporary.c_str(), file.c_str()) != 0)
    throw Trouble({.wrong = "the folder in which the ranks meet cannot be written",
                   .got = file,
                   .expected = "a folder that exists, which all ranks see",
                   .advice = "make it, or give host and port instead"});
}

Found through_folder(const Appointment& a, Time until) {
  Found found;
  found.address = own_address(a);
  const std::string file = a.folder + "/gradus-meeting";
  if (a.rank == 0) {
    const std::string secret = a.secret.empty() ? new_secret() : a.secret;
    found.meeting = std::make_unique<Meeting>(found.address, 0, secret);
    const std::string shown = a.secret.empty() ? secret : "-";
    write_for_the_others(file, fmt::format("{} {} {}\n", found.address, found.meeting->port(), shown));
    found.file = file;
    found.visitor = std::make_unique<Visitor>(found.address, found.meeting->port(), secret, until);
    return found;
  }
  // The file may be an old one, of a run that has ended: then nobody answers there, or knows the secret.
  for (double patience = 0.3;; patience = std::min(2 * patience, 5.0)) {  // the line may be slow
    std::string address;
    std::string secret;
    int port = 0;
    std::ifstream(file) >> address >> port >> secret;
    try {
      if (port > 0) {
        found.visitor = std::make_unique<Visitor>(address, port, secret == "-" ? a.secret : secret,
                                                  std::min(until, in_seconds(patience)));
        return found;
      }
    } catch (const Trouble&) {
      if (milliseconds_until(until) == 0) throw;
    }
    if (milliseconds_until(until) == 0)
      throw Trouble({.wrong = "rank 0 has not written where it listens",
                     .got = "no file " + file,
                     .expected = "one folder that all ranks see",
                     .advice = "start rank 0; check that the folder is shared"});
    ::usleep(50'000);
  }
}

}  // namespace

Found find_meeting(const Appointment& a, Time until) {
  if (!a.folder.empty()) return through_folder(a, until);
  Found found;
  const std::string host = resolve(a.host);
  if (a.rank == 0 && !a.launcher) found.meeting = std::make_unique<Meeting>(host, a.port, a.secret);
  found.visitor = std::make_unique<Visitor>(host, a.port, a.secret, until);
  found.address = a.address.empty() ? address_towards(host) : resolve(a.address);
  return found;
}

}  // namespace gradus::dist
