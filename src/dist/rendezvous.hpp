// How a rank finds the meeting: at the host and port of rank 0, or through a file in a shared folder.
#pragma once

#include <memory>
#include <string>

#include "dist/link.hpp"
#include "dist/meeting.hpp"

namespace gradus::dist {

struct Found {
  std::unique_ptr<Meeting> meeting;  // rank 0 holds it, unless the launcher does
  std::string file;                  // that rank 0 has written for the others
  std::unique_ptr<Visitor> visitor;
  std::string address;  // of this rank
};

Found find_meeting(const Appointment& a, Time until);

}  // namespace gradus::dist
