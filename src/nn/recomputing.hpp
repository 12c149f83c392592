// Is a checkpoint computing its part again on this thread? Then what a module remembers of a call stays as it is.
#pragma once

namespace gradus::nn {

inline bool& recomputing() {
  static constinit thread_local bool on = false;
  return on;
}

}  // namespace gradus::nn
