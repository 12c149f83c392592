#!/usr/bin/env bash
# OpenBLAS 0.3.21 (Debian libopenblas0-pthread 0.3.21+ds-4, x86-64): dpotrf, the Cholesky factorization, says that a
# matrix with a NaN is positive definite.
#
# The matrix is the identity with a NaN on its diagonal. The reference LAPACK (3.11.0) compares each pivot with 0 and
# with NaN, and returns its number. OpenBLAS has a dpotrf of its own that compares with 0 only: it returns 0, which means
# success, and a factor full of NaN. Both libraries are "LAPACK" to a program, and Debian's alternatives swap them.
#
# Who meets it: who takes the result of potrf for the test of positive definiteness, as a line search, a Kalman filter or
# a jitter loop does ("add more to the diagonal until it works"). Gradus looks at the pivots itself.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
[[ $(uname -m) == x86_64 ]] || skip "needs x86-64"
debian_packages libopenblas0-pthread=0.3.21+ds-4 liblapack3=3.11.0-2 libblas3=3.11.0-2
cat >"$folder/program.c" <<'END'
#include <math.h>
#include <stdio.h>

void dpotrf_(const char* triangle, const int* n, double* a, const int* lda, int* info);

int main(int argc, char** argv) {
  for (int nan_at = -1; nan_at < 3; ++nan_at) {
    double a[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    if (nan_at >= 0) a[4 * nan_at] = NAN;
    const int n = 3;
    int info = -1;
    dpotrf_("L", &n, a, &n, &info);
    printf("%s: NaN at %2d: info %d\n", argv[argc - 1], nan_at, info);
  }
}
END
openblas=$libraries/openblas-pthread/libopenblas.so.0 lapack=$libraries/lapack/liblapack.so.3
export LD_LIBRARY_PATH=$libraries/openblas-pthread:$libraries/lapack:$libraries/blas OPENBLAS_NUM_THREADS=1
gcc -O1 "$folder/program.c" "$openblas" -lm -o "$folder/openblas"
gcc -O1 "$folder/program.c" "$lapack" -Wl,--allow-shlib-undefined -lm -o "$folder/lapack"
cat >"$folder/both" <<'END'
"$1/openblas" OpenBLAS
LD_LIBRARY_PATH=$2 "$1/lapack" LAPACK
END
seen sh "$folder/both" "$folder" "$libraries/lapack:$libraries/blas" <<'END'
OpenBLAS: NaN at -1: info 0
OpenBLAS: NaN at  0: info 0
OpenBLAS: NaN at  1: info 0
OpenBLAS: NaN at  2: info 0
LAPACK: NaN at -1: info 0
LAPACK: NaN at  0: info 1
LAPACK: NaN at  1: info 2
LAPACK: NaN at  2: info 3
END
