#!/usr/bin/env bash
# OpenBLAS 0.3.21 (Debian libopenblas0-pthread 0.3.21+ds-4, x86-64): with a NaN in the vector, isamax can return an index
# that is neither that of the NaN nor that of the largest element.
#
# Of 16 elements one is 5, one is NaN and the others are 1. A caller may expect the NaN (as numpy.argmax gives it) or the 5 (as a loop
# with > gives it). With the NaN first, isamax returns the last element, wherever the 5 stands. The kernels for all x86-64
# processors share this routine.
#
# Who meets it: who uses isamax for argmax, or for the largest absolute value, on data that may hold a NaN. In Gradus a
# NaN wins in argmax and max.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
[[ $(uname -m) == x86_64 ]] || skip "needs x86-64"
debian_packages libopenblas0-pthread=0.3.21+ds-4
cat >"$folder/program.c" <<'END'
#include <math.h>
#include <stdio.h>

long cblas_isamax(int n, const float* x, int step);

static void look(int nan_at, int largest_at) {
  float x[16];
  for (int i = 0; i < 16; ++i) x[i] = 1;
  if (nan_at >= 0) x[nan_at] = NAN;
  x[largest_at] = 5;
  printf("NaN at %2d, largest at %2d: %ld\n", nan_at, largest_at, cblas_isamax(16, x, 1));
}

int main(void) {
  look(-1, 5);
  look(0, 1);
  look(0, 5);
  look(0, 14);
}
END
gcc -O1 "$folder/program.c" "$libraries/openblas-pthread/libopenblas.so.0" -lm -o "$folder/program"
seen env LD_LIBRARY_PATH="$libraries/openblas-pthread" OPENBLAS_NUM_THREADS=1 "$folder/program" <<'END'
NaN at -1, largest at  5: 5
NaN at  0, largest at  1: 15
NaN at  0, largest at  5: 15
NaN at  0, largest at 14: 15
END
