// Ctrl-C and kill, noticed by a training instead of obeyed at once:
//
//   const train::Interrupt interrupt;
//   …
//       checkpoint.step();
//       if (interrupt.signal()) {
//         checkpoint.save();
//         return 1;
//       }
#pragma once

#include <signal.h>

#include <array>

namespace gradus::train {

/// While one lives, signals that ask the program to end (SIGINT, SIGTERM, SIGHUP) are only noted, so that the step at
/// work is finished. A second one of the same kind ends the program as usual. A signal that was ignored before stays
/// so. One at a time.
class [[nodiscard]] Interrupt {
 public:
  Interrupt();   ///< from here …
  ~Interrupt();  ///< … to here
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  int signal() const;  ///< the one that came, or 0

 private:
  static constexpr std::array signals{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, signals.size()> before_;
};

}  // namespace gradus::train
