// Ctrl-C, noticed instead of obeyed at once: the batch in work is finished. A second one ends the program as usual.
#pragma once

#include <signal.h>

namespace gradus::tool {

class [[nodiscard]] Interrupt {
 public:
  Interrupt();   // from here …
  ~Interrupt();  // … to here
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool requested() const;

 private:
  struct sigaction before_;
};

}  // namespace gradus::tool
