// What wasi-libc lacks of <signal.h>: sigaction. No signal ever comes.
#pragma once

#include_next <signal.h>

#define SA_RESTART 0x10000000
#define SA_RESETHAND 0x80000000

struct sigaction {
  void (*sa_handler)(int);
  int sa_flags;
};

static inline int sigaction(int number, const struct sigaction* now, struct sigaction* before) {
  (void)number;
  (void)now;
  if (before) before->sa_handler = SIG_DFL;
  return 0;
}
