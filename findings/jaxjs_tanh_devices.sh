#!/usr/bin/env bash
# jax-js 0.1.25 (npm @jax-js/jax): on its wasm backend tanh, sinh and asinh of a small number are 0, and asinh(-10000) is -Infinity.
#
# They are written with exp and log, as (e^2x - 1) / (e^2x + 1) for tanh: in f32 all digits of a small x are lost in e^2x.
# tanh(1e-6) is 1.3 % off, tanh(1e-8) is 0. The cpu backend computes the whole chain in double precision, rounds once, and is right
# to seven digits: one program, two answers. The same functions of f64 on wasm are no better, since exp is f32 there.
#
# Who meets it: who normalises or gates with tanh near 0 (an RNN whose state starts at 0), or tests on cpu and runs on wasm.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_packages @jax-js/jax@0.1.25
cat >"$folder/program.mjs" <<'END'
import {defaultDevice, init, numpy as np} from '@jax-js/jax';

await init('cpu', 'wasm');
const cases = [['tanh', 1e-4], ['tanh', 1e-6], ['tanh', 1e-8], ['sinh', 1e-6], ['sinh', 1e-8], ['arcsinh', 1e-8], ['arcsinh', -1e4]];
for (const [name, x] of cases) {
  const [cpu, wasm] = ['cpu', 'wasm'].map((device) => {
    defaultDevice(device);
    return np[name](np.array(x)).js().toPrecision(5);
  });
  console.log(`${name}(${x}): cpu ${cpu}, wasm ${wasm}`);
}
END
seen node "$folder/program.mjs" <<'END'
tanh(0.0001): cpu 0.00010000, wasm 0.000099997
tanh(0.000001): cpu 0.0000010000, wasm 0.0000010133
tanh(1e-8): cpu 1.0000e-8, wasm 0.0000
sinh(0.000001): cpu 0.0000010000, wasm 9.5367e-7
sinh(1e-8): cpu 1.0000e-8, wasm 0.0000
arcsinh(1e-8): cpu 1.0000e-8, wasm 0.0000
arcsinh(-10000): cpu -9.9035, wasm -Infinity
END
