// What wasi-libc lacks of <sys/stat.h> and <unistd.h>: owners and modes, which its files do not have.
#pragma once

#include_next <sys/stat.h>

static inline int fchmod(int file, mode_t mode) {
  (void)file;
  (void)mode;
  return 0;
}
static inline int fchown(int file, uid_t owner, gid_t group) {
  (void)file;
  (void)owner;
  (void)group;
  return 0;
}
