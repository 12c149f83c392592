#!/usr/bin/env bash
# ONNX Runtime Web 1.30.0 (npm onnxruntime-web, its wasm backend): the mean of equal numbers is 1 % off at a million of them, and
# two operators that mean the same are off in opposite directions.
#
# The mean of 0.1 is 0.1. ReduceMean adds the numbers one after the other in f32, so that from some length on each is rounded
# to a step of the large sum: 0.10096 for 1,000,000. GlobalAveragePool of the same data adds in another order: 0.09976. At 100
# numbers both are right.
#
# Who meets it: who exports a network with a mean over a whole image, a recording or a batch of scores, and compares
# the answers: the difference is in the sum, not in the weights. Gradus and NumPy add in pairs or blocks.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
onnx_parts
npm_packages onnxruntime-web@1.30.0
cat >"$folder/program.mjs" <<'END'
import * as ort from 'onnxruntime-web';
import {bytes, int, port, text} from './onnx.mjs';

// y and z are the mean over the last axis of x, by two operators; opset 17, IR 8.
function model(count) {
  const axes = bytes(5, [...text(1, 'axes'), ...int(8, 2), ...int(20, 7)]);
  const reduce = bytes(1, [...text(1, 'x'), ...text(2, 'y'), ...text(4, 'ReduceMean'), ...axes]);
  const pool = bytes(1, [...text(1, 'x'), ...text(2, 'z'), ...text(4, 'GlobalAveragePool')]);
  const graph = [...reduce, ...pool, ...text(2, 'graph'), ...bytes(11, port('x', [1, 1, count])),
                 ...bytes(12, port('y', [1, 1, 1])), ...bytes(12, port('z', [1, 1, 1]))];
  return Uint8Array.from([...int(1, 8), ...bytes(7, graph), ...bytes(8, [...text(1, ''), ...int(2, 17)])]);
}

ort.env.logLevel = 'error';
ort.env.wasm.numThreads = 1;
for (const count of [100, 10000, 1000000]) {
  const session = await ort.InferenceSession.create(model(count), {executionProviders: ['wasm']});
  const {y, z} = await session.run({x: new ort.Tensor('float32', new Float32Array(count).fill(0.1), [1, 1, count])});
  console.log(`${count} times 0.1: ReduceMean ${y.data[0].toFixed(5)}, GlobalAveragePool ${z.data[0].toFixed(5)}`);
}
END
seen node "$folder/program.mjs" <<'END'
100 times 0.1: ReduceMean 0.10000, GlobalAveragePool 0.10000
10000 times 0.1: ReduceMean 0.09999, GlobalAveragePool 0.10000
1000000 times 0.1: ReduceMean 0.10096, GlobalAveragePool 0.09976
END
