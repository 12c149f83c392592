#!/usr/bin/env bash
# ADOL-C 2.7.2 (Debian libadolc2 2.7.2-6): forward mode and reverse mode disagree at 0, on one and the same trace.
#
# The derivative of sqrt(x) at 0 is infinite. Forward mode says so; reverse mode, and gradient(), which uses it, say 0.
# The derivative of pow(x, 1.0) at 0 is 1. Forward mode gives 1, reverse mode gives 0. Nothing is reported.
#
# Who meets it: who compares gradients with ADOL-C at a corner of the domain, or minimises something whose start is 0:
# a reverse gradient of 0 looks like a minimum. Gradus gives inf for sqrt and 1 for pow.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
debian_packages libadolc-dev=2.7.2-6 libadolc2=2.7.2-6
cat >"$folder/program.cpp" <<'END'
#include <adolc/adolc.h>
#include <cstdio>

void derivative(const char* name, adouble (*f)(const adouble&)) {
  double value = 0;
  trace_on(1);
  adouble x;
  x <<= 0.0;
  adouble y = f(x);
  y >>= value;
  trace_off();
  double at[] = {0}, direction[] = {1}, result[1], forward[1], weight[] = {1}, reverse[1];
  fos_forward(1, 1, 1, 1, at, direction, result, forward);
  fos_reverse(1, 1, 1, weight, reverse);
  std::printf("%-11s forward %g, reverse %g\n", name, forward[0], reverse[0]);
}

int main() {
  derivative("sqrt(x)", [](const adouble& x) -> adouble { return sqrt(x); });
  derivative("pow(x, 1)", [](const adouble& x) -> adouble { return pow(x, 1.0); });
  derivative("x * x + x", [](const adouble& x) -> adouble { return x * x + x; });
}
END
g++ -O1 -I"$folder/usr/include" "$folder/program.cpp" -L"$libraries" -ladolc -o "$folder/program"
seen env LD_LIBRARY_PATH="$libraries" "$folder/program" <<'END'
sqrt(x)     forward inf, reverse 0
pow(x, 1)   forward 1, reverse 0
x * x + x   forward 1, reverse 1
END
