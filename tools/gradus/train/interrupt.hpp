// Signals that ask the program to end (Ctrl-C, kill, a closed terminal), noticed instead of obeyed at once: the batch
// in work is finished. A second one ends the program as usual.
#pragma once

#include <signal.h>

#include <array>

namespace gradus::tool {

class [[nodiscard]] Interrupt {
 public:
  Interrupt();   // from here …
  ~Interrupt();  // … to here
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  int signal() const;  // the one that came, or 0

 private:
  static constexpr std::array signals{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, signals.size()> before_;
};

}  // namespace gradus::tool
