#!/usr/bin/env bash
# ONNX Runtime Web 1.30.0 (npm onnxruntime-web, its wasm backend): the maximum of a row with a NaN depends on where the
# NaN stands, and max pooling gives -3.4e38, the lowest finite number, for a window of NaN or of -Infinity.
#
# ReduceMax of (NaN, 1, 2, 3) is NaN, of (1, NaN, 2, 3) it is 3: a comparison keeps what was there first. MaxPool never
# lets a NaN through, GlobalMaxPool does. The operators of ONNX say nothing of NaN, but Max, Relu and Clip here and
# PyTorch's max and max_pool2d pass it on; and the maximum of -Infinity alone is -Infinity, which ReduceMax gives.
#
# Who meets it: who looks for NaN in the answers of an exported network: one pooling later it has become a number. And
# who pools scores that were masked with -Infinity. Gradus, as PyTorch, passes NaN on.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
onnx_parts
npm_packages onnxruntime-web@1.30.0
cat >"$folder/program.mjs" <<'END'
import * as ort from 'onnxruntime-web';
import {bytes, int, port, text} from './onnx.mjs';

const list = (name, values) => bytes(5, [...text(1, name), ...values.flatMap((v) => int(8, v)), ...int(20, 7)]);

// One node from x to y, opset 17, IR 8.
function model(type, attributes, from, to) {
  const node = [...text(1, 'x'), ...text(2, 'y'), ...text(4, type), ...attributes];
  const graph = [...bytes(1, node), ...text(2, 'graph'), ...bytes(11, port('x', from)), ...bytes(12, port('y', to))];
  return Uint8Array.from([...int(1, 8), ...bytes(7, graph), ...bytes(8, [...text(1, ''), ...int(2, 17)])]);
}

ort.env.logLevel = 'error';
ort.env.wasm.numThreads = 1;
const {NaN: nan, Infinity: inf} = globalThis;
const cases = [
  ['ReduceMax', list('axes', [0]), [4], [1], [nan, 1, 2, 3]],
  ['ReduceMax', list('axes', [0]), [4], [1], [1, nan, 2, 3]],
  ['ReduceMax', list('axes', [0]), [4], [1], [-inf, -inf, -inf, -inf]],
  ['MaxPool', list('kernel_shape', [2]), [1, 1, 4], [1, 1, 3], [1, nan, nan, 3]],
  ['MaxPool', list('kernel_shape', [2]), [1, 1, 4], [1, 1, 3], [1, -inf, -inf, 3]],
  ['GlobalMaxPool', [], [1, 1, 4], [1, 1, 1], [1, nan, 2, 3]],
];
for (const [type, attributes, from, to, x] of cases) {
  const session = await ort.InferenceSession.create(model(type, attributes, from, to), {executionProviders: ['wasm']});
  const {y} = await session.run({x: new ort.Tensor('float32', Float32Array.from(x), from)});
  const shown = Array.from(y.data).map((v) => (v < -1e38 && v > -inf ? v.toExponential(1) : String(v)));
  console.log(`${type} of ${x.join(' ')}: ${shown.join(' ')}`);
}
END
seen node "$folder/program.mjs" <<'END'
ReduceMax of NaN 1 2 3: NaN
ReduceMax of 1 NaN 2 3: 3
ReduceMax of -Infinity -Infinity -Infinity -Infinity: -Infinity
MaxPool of 1 NaN NaN 3: 1 -3.4e+38 3
MaxPool of 1 -Infinity -Infinity 3: 1 -3.4e+38 3
GlobalMaxPool of 1 NaN 2 3: NaN
END
