#!/usr/bin/env bash
# glibc 2.36 (Debian libc6 2.36-9+deb12u14, x86-64): the cosine of the double that lies nearest to an odd multiple of
# pi/2 is 8 units in the last place off. In musl 1.2.3 it is right to .05.
#
# The double is 6381956970095103 * 2^797, the known hardest case of range reduction: its cosine is 4.7e-19 in size. The
# manual of glibc states 1 ULP for cos on x86-64. Both libraries reduce the argument with many digits of pi; glibc keeps
# too few of the digits that cancel. The exact value comes from Python's whole numbers, with 400 digits of pi.
#
# Who meets it: who takes the C library's cosine as the right value in a test of another one. In Gradus sin and cos of
# f64 are polynomials of its own.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
[[ $(uname -m) == x86_64 ]] || skip "needs x86-64"
command -v python3 >/dev/null || skip "needs python3"
command -v gcc >/dev/null || skip "needs gcc"
debian_packages libc6=2.36-9+deb12u14 musl=1.2.3-1 musl-dev=1.2.3-1
cat >"$folder/program.c" <<'PROGRAM'
#include <math.h>
#include <stdio.h>

int main(void) {
  volatile double x = ldexp(6381956970095103.0, 797);
  printf("%.17g\n", cos(x));
}
PROGRAM
gcc -O1 -fno-builtin "$folder/program.c" -lm -o "$folder/with_glibc"
own="$folder/lib/x86_64-linux-gnu"
printf '%s\n' '#!/bin/sh' "exec '$own/ld-linux-x86-64.so.2' --library-path '$own' '$folder/with_glibc'" >"$folder/glibc"
gcc -O1 -fno-builtin -nostdinc -isystem "$folder/usr/include/x86_64-linux-musl" -nostdlib -static -fno-pie -no-pie \
  "$folder/usr/lib/x86_64-linux-musl/crt1.o" "$folder/program.c" "$folder/usr/lib/x86_64-linux-musl/libc.a" -o "$folder/musl"
chmod +x "$folder/glibc"
cat >"$folder/compare.py" <<'COMPARE'
import subprocess, sys
from fractions import Fraction

def arctan_inverse(n, unit):
    total, term, k = 0, unit // n, 1
    while term:
        total += term // k if k % 4 == 1 else -(term // k)
        term //= n * n
        k += 2
    return total

unit = 10**400
pi = 4 * (4 * arctan_inverse(5, unit) - arctan_inverse(239, unit))  # Machin's formula
x = 6381956970095103 * 2**797 * unit
turns, rest = divmod(x, pi // 2 if False else pi)
# cos(turns * pi + rest) = (-1)^turns cos(rest); rest is next to pi / 2, where cos(rest) = pi / 2 - rest to all digits.
exact = Fraction(pi - 2 * rest, 2 * unit) * (-1) ** (turns % 2)
print(f"exact  {float(exact):.16g}")
for name in "glibc", "musl":
    y = float(subprocess.run([sys.argv[1] + "/" + name], capture_output=True, text=True).stdout)
    unit_last = Fraction(2) ** -113  # of a double of this size: 2^-61 to 2^-60
    print(f"{name:6} {y:.16g}  {float(abs(Fraction(y) - exact) / unit_last):.2f} ULP off")
COMPARE
sed -i 's/pi \/\/ 2 if False else pi/pi/' "$folder/compare.py"
seen python3 "$folder/compare.py" "$folder" <<'END'
exact  -4.687165924254628e-19
glibc  -4.68716592425462e-19  7.95 ULP off
musl   -4.687165924254628e-19  0.05 ULP off
END
