#include "train/interrupt.hpp"

#include <atomic>

namespace gradus::tool {
namespace {

std::atomic<bool> asked = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // what a signal handler may touch

}  // namespace

Interrupt::Interrupt() {
  asked = false;
  struct sigaction action = {};
  action.sa_handler = [](int) { asked = true; };
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, nullptr, &before_);
  if (before_.sa_handler != SIG_IGN)
    sigaction(SIGINT, &action, nullptr);  // ignored in the background, as shells ask for
}

Interrupt::~Interrupt() { sigaction(SIGINT, &before_, nullptr); }

bool Interrupt::requested() const { return asked; }

}  // namespace gradus::tool
