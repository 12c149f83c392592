#!/usr/bin/env bash
# ONNX Runtime Web 1.30.0 (npm onnxruntime-web, its wasm backend): Sigmoid is 0 at -18, and half of the right value at -16.
#
# The right value at -18 is 1.5e-8, far above the smallest float, 1e-45. All results are multiples of 2^-25, the last place of
# numbers near 1/2: the operator seems to add 1/2 at its end. The value at -16 is below that at -16.5, though the function rises.
# Exp, which is the same to four digits there, is right in the same run.
#
# Who meets it: who exports a network whose output is a sigmoid and takes its logarithm: log(0) is -Infinity where the loss
# should be 18. Probabilities of rare events are 0. Gradus and PyTorch keep all the digits.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
onnx_parts
npm_packages onnxruntime-web@1.30.0
cat >"$folder/program.mjs" <<'END'
import * as ort from 'onnxruntime-web';
import {bytes, int, port, text} from './onnx.mjs';

const at = [-10, -14, -15, -16, -16.5, -17, -18, -50];
const node = (type, from, to) => bytes(1, [...text(1, from), ...text(2, to), ...text(4, type)]);

// y = Sigmoid(x), e = Exp(x), which is the sigmoid here to within a part of 22,000; opset 17, IR 8.
const graph = [...node('Sigmoid', 'x', 'y'), ...node('Exp', 'x', 'e'), ...text(2, 'graph'), ...bytes(11, port('x', [at.length])),
               ...bytes(12, port('y', [at.length])), ...bytes(12, port('e', [at.length]))];
const model = Uint8Array.from([...int(1, 8), ...bytes(7, graph), ...bytes(8, [...text(1, ''), ...int(2, 17)])]);

ort.env.logLevel = 'error';
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(model, {executionProviders: ['wasm']});
const {y, e} = await session.run({x: new ort.Tensor('float32', Float32Array.from(at), [at.length])});
at.forEach((x, k) => console.log(`x ${x}: Sigmoid ${y.data[k].toPrecision(3)}, Exp ${e.data[k].toPrecision(3)}, right ${(1 / (1 + Math.exp(-x))).toPrecision(3)}`));
END
seen node "$folder/program.mjs" <<'END'
x -10: Sigmoid 0.0000454, Exp 0.0000454, right 0.0000454
x -14: Sigmoid 8.94e-7, Exp 8.32e-7, right 8.32e-7
x -15: Sigmoid 3.58e-7, Exp 3.06e-7, right 3.06e-7
x -16: Sigmoid 5.96e-8, Exp 1.13e-7, right 1.13e-7
x -16.5: Sigmoid 8.94e-8, Exp 6.83e-8, right 6.83e-8
x -17: Sigmoid 2.98e-8, Exp 4.14e-8, right 4.14e-8
x -18: Sigmoid 0.00, Exp 1.52e-8, right 1.52e-8
x -50: Sigmoid 0.00, Exp 1.93e-22, right 1.93e-22
END
