// What wasi-libc lacks: flock. Nobody else has the file.
#pragma once

#define LOCK_EX 2
#define LOCK_NB 4

static inline int flock(int file, int operation) {
  (void)file;
  (void)operation;
  return 0;
}
