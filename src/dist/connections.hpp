// The sockets that an engine has opened, so that they can be shut from another thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace gradus::dist {

// Gloo's own way to close a connection leaves the calls of this process waiting for their timeout. A socket that is
// shut looks to Gloo, on both ends, as if the other process had ended: all calls return with an error at once.
class Connections {
 public:
  // Remembers which descriptors are open now.
  Connections();
  // Takes the connected sockets with this local address that were opened since.
  void take(const std::string& address);
  // Shuts those that are still open. A descriptor that has become another file is left alone.
  void shut() const noexcept;

 private:
  struct Socket {
    int descriptor;
    ino_t inode;
  };
  std::vector<int> before_;
  std::vector<Socket> sockets_;
};

}  // namespace gradus::dist
