#!/usr/bin/env bash
# js-pytorch 0.7.2 (npm): the gradient of pow(x, n) is that of the square, for every n.
#
# The backward rule is 2 x, whatever the exponent is: at x = 3 pow(x, 3) has the gradient 6 instead of 27. The value itself
# is right for positive whole exponents only: it multiplies n - 1 times, so that an exponent of 0.5 or of -1 gives x back.
#
# Who meets it: who writes a loss with a cube, or the GELU by its formula with x³, or checks gradients against this
# library: training goes on with a wrong direction and nothing is reported.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_alone js-pytorch@0.7.2
cat >"$folder/program.cjs" <<'END'
const {torch} = require('js-pytorch');

for (const n of [1, 2, 3, 4, 0.5, -1]) {
  const x = torch.tensor([3], true);
  const y = torch.pow(x, n);
  y.backward();
  const [value, gradient] = [3 ** n, n * 3 ** (n - 1)].map((v) => +v.toFixed(4));
  console.log(`pow(3, ${n}): ${y.data[0]}, gradient ${x.grad[0]}; right are ${value}, ${gradient}`);
}
END
seen node "$folder/program.cjs" <<'END'
pow(3, 1): 3, gradient 6; right are 3, 1
pow(3, 2): 9, gradient 6; right are 9, 6
pow(3, 3): 27, gradient 6; right are 27, 27
pow(3, 4): 81, gradient 6; right are 81, 108
pow(3, 0.5): 3, gradient 6; right are 1.7321, 0.2887
pow(3, -1): 3, gradient 6; right are 0.3333, -0.1111
END
