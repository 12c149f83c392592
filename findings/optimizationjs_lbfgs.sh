#!/usr/bin/env bash
# optimization-js 1.5.0 (npm): L-BFGS returns a point and a value that do not belong together.
#
# It stops when the gradient at the new point is small enough, and then returns the value of the new point with the point
# before. On (x - 3)² + 10 (y + 1)² from (0, 0) the function at the returned point is 785 times the returned value, and
# the gradient there is above the tolerance of 1e-5 with which the search was ended.
#
# Who meets it: who compares minimisers by their returned value, or warm starts from the returned point.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_alone optimization-js@1.5.0
cat >"$folder/program.cjs" <<'END'
const {minimize_L_BFGS} = require('optimization-js');

const value = ([x, y]) => (x - 3) ** 2 + 10 * (y + 1) ** 2;
const gradient = ([x, y]) => [2 * (x - 3), 20 * (y + 1)];
for (const start of [[0, 0], [10, 5], [2.9, -1]]) {
  const {argument, fncvalue} = minimize_L_BFGS(value, gradient, start);
  const slope = Math.max(...gradient(argument).map(Math.abs));
  console.log(`from ${start}: returned value ${fncvalue.toExponential(2)}, value at the returned point ${value(argument).toExponential(2)}, gradient there ${slope.toExponential(1)}`);
}
END
seen node "$folder/program.cjs" <<'END'
from 0,0: returned value 4.84e-14, value at the returned point 3.80e-11, gradient there 2.8e-5
from 10,5: returned value 3.61e-12, value at the returned point 1.70e-11, gradient there 1.8e-5
from 2.9,-1: returned value 2.09e-11, value at the returned point 1.05e-9, gradient there 6.5e-5
END
