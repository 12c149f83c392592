#!/usr/bin/env bash
# jax-js 0.1.25 (npm @jax-js/jax, its cpu backend): the gradient of SiLU is NaN below -88.8 and that of SELU above 88.8.
#
# Both are smooth there, and their gradients are 0 and 1.0507. SiLU is x / (1 + exp(-x)): exp(100) overflows in f32, the value is
# still 0, but the derivative multiplies 0 by the infinity. SELU computes both of its branches and selects one: the exponential that
# is not selected overflows, and its gradient is 0 times infinity. The sigmoid alone and ELU are right.
#
# Who meets it: who trains a network there with a large input or a large first step: one pre-activation under -88.8 turns
# the gradients of all the weights before it into NaN, while the loss is still finite. Gradus, JAX and PyTorch give the finite gradients.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_packages @jax-js/jax@0.1.25
cat >"$folder/program.mjs" <<'END'
import {defaultDevice, grad, init, nn, numpy as np} from '@jax-js/jax';

await init('cpu');
defaultDevice('cpu');
for (const [name, at] of [['silu', -40], ['silu', -89], ['silu', -100], ['selu', 80], ['selu', 100], ['sigmoid', -100], ['elu', 100]]) {
  const value = nn[name](np.array(at)).js(), gradient = grad(nn[name])(np.array(at)).js();
  console.log(`${name}(${at}) = ${value.toPrecision(4)}, gradient ${gradient.toPrecision(4)}`);
}
END
seen node "$folder/program.mjs" <<'END'
silu(-40) = -1.699e-16, gradient -1.657e-16
silu(-89) = -1.982e-37, gradient NaN
silu(-100) = -3.720e-42, gradient NaN
selu(80) = 84.06, gradient 1.051
selu(100) = 105.1, gradient NaN
sigmoid(-100) = 3.784e-44, gradient 3.784e-44
elu(100) = 100.0, gradient 1.000
END
