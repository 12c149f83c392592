#!/usr/bin/env bash
# BLIS 0.9.0 (Debian libblis4-serial 0.9.0-1): the Euclidean norm of a vector with two infinities is NaN.
#
# With one infinite element snrm2 and dnrm2 return inf, which is right. With two they return NaN. OpenBLAS 0.3.21 returns
# inf in both cases.
#
# Who meets it: gradient clipping by norm on BLIS. An overflow in two elements looks like a NaN that was there before.
# Gradus computes this norm by itself.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
debian_packages libblis4-serial=0.9.0-1
cat >"$folder/program.c" <<'END'
#include <math.h>
#include <stdio.h>

float snrm2_(const int* n, const float* x, const int* step);
double dnrm2_(const int* n, const double* x, const int* step);

int main(void) {
  const int n = 3, step = 1;
  for (int infinite = 0; infinite <= 2; ++infinite) {
    float x[3] = {3, 4, 0};
    double y[3] = {3, 4, 0};
    for (int i = 0; i < infinite; ++i) {
      x[i] = INFINITY;
      y[i] = INFINITY;
    }
    const double single = snrm2_(&n, x, &step), precise = dnrm2_(&n, y, &step);
    printf("%d infinite: snrm2 %s, dnrm2 %s\n", infinite, isnan(single) ? "nan" : isinf(single) ? "inf" : "finite",
           isnan(precise) ? "nan" : isinf(precise) ? "inf" : "finite");
  }
}
END
blis=$libraries/blis-serial
gcc -O1 "$folder/program.c" "$blis/libblas.so.3" -lm -o "$folder/program"
seen env LD_LIBRARY_PATH="$blis" "$folder/program" <<'END'
0 infinite: snrm2 finite, dnrm2 finite
1 infinite: snrm2 inf, dnrm2 inf
2 infinite: snrm2 nan, dnrm2 nan
END
