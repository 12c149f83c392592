#!/usr/bin/env bash
# jax-js 0.1.25 (npm @jax-js/jax, its cpu backend): power(x, 2), power(x, 3) and prod have the gradient NaN at 0; power(0, 0) is NaN.
#
# power is exp(n log|x|), so that at 0 the chain rule multiplies 0 by infinity, and power(0, 0) is exp(0 times -infinity).
# prod divides the product by each factor: 0 / 0 at the factor 0, and 0 at the others, whose gradients are right. JAX, whose interface
# this library takes over, gives 0, 0, 6 and 1.
#
# Who meets it: who ports a squared error that is written with power: the gradient is NaN as soon as one target is met
# exactly, as with a target of 0 behind a ReLU. x * x and square have the right gradient.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_packages @jax-js/jax@0.1.25
cat >"$folder/program.mjs" <<'END'
import {defaultDevice, grad, init, numpy as np} from '@jax-js/jax';

await init('cpu');
defaultDevice('cpu');
const gradient = (f, x) => grad(f)(np.array(x)).js().map((v) => +v.toFixed(4)).join(' ');
console.log('square at 0, 3:     ', gradient((x) => np.square(x).sum(), [0, 3]));
console.log('power(x, 2) at 0, 3:', gradient((x) => np.power(x, 2).sum(), [0, 3]));
console.log('power(x, 3) at 0, 3:', gradient((x) => np.power(x, 3).sum(), [0, 3]));
console.log('prod of 2, 0, 3:    ', gradient((x) => np.prod(x), [2, 0, 3]));
console.log('power(0, 0), power(2, 0):', np.power(np.array([0, 2]), 0).js().join(' '));
END
seen node "$folder/program.mjs" <<'END'
square at 0, 3:      0 6
power(x, 2) at 0, 3: NaN 6
power(x, 3) at 0, 3: NaN 27
prod of 2, 0, 3:     0 NaN 0
power(0, 0), power(2, 0): NaN 1
END
