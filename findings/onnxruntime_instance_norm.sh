#!/usr/bin/env bash
# ONNX Runtime Web 1.30.0 (npm onnxruntime-web, its wasm backend): InstanceNormalization loses its digits where the mean is
# large; LayerNormalization of the same row does not.
#
# (1, 2, 3, 4) normalised is (-1.3416, -0.4472, 0.4472, 1.3416), and so it is for the same row plus 10,000 or 1,000,000: all
# of these are exact in f32. InstanceNormalization gives 0.01 % wrong results for the first and 2 to 12 % for the second.
# It computes scale x - scale mean + shift, which subtracts two large numbers.
#
# Who meets it: who exports group normalisation, which has no operator of its own before opset 18 and is written as
# InstanceNormalization (by PyTorch's exporter, too), and normalises data that are not centred, such as temperatures in
# Kelvin or time stamps. Gradus writes it as subtraction and division.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
onnx_parts
npm_packages onnxruntime-web@1.30.0
cat >"$folder/program.mjs" <<'END'
import * as ort from 'onnxruntime-web';
import {bytes, int, port, text} from './onnx.mjs';

const numbers = (name, values) =>
  [...int(1, values.length), ...int(2, 1), ...text(8, name), ...bytes(9, [...new Uint8Array(Float32Array.from(values).buffer)])];

// y = normalised x; scale 1 and shift 0; opset 17, IR 8.
function model(type, shape, count) {
  const node = [...['x', 'scale', 'shift'].flatMap((s) => text(1, s)), ...text(2, 'y'), ...text(4, type)];
  const constants = [numbers('scale', Array(count).fill(1)), numbers('shift', Array(count).fill(0))];
  const graph = [...bytes(1, node), ...text(2, 'graph'), ...constants.flatMap((c) => bytes(5, c)),
                 ...bytes(11, port('x', shape)), ...bytes(12, port('y', shape))];
  return Uint8Array.from([...int(1, 8), ...bytes(7, graph), ...bytes(8, [...text(1, ''), ...int(2, 17)])]);
}

ort.env.logLevel = 'error';
ort.env.wasm.numThreads = 1;
for (const mean of [0, 1e4, 1e6]) {
  for (const [type, shape, count] of [['LayerNormalization', [1, 1, 4], 4], ['InstanceNormalization', [1, 1, 4], 1]]) {
    const session = await ort.InferenceSession.create(model(type, shape, count), {executionProviders: ['wasm']});
    const x = Float32Array.from([1, 2, 3, 4].map((v) => v + mean));
    const {y} = await session.run({x: new ort.Tensor('float32', x, shape)});
    console.log(`${type} of ${x.join(' ')}: ${Array.from(y.data).map((v) => v.toFixed(4)).join(' ')}`);
  }
}
END
seen node "$folder/program.mjs" <<'END'
LayerNormalization of 1 2 3 4: -1.3416 -0.4472 0.4472 1.3416
InstanceNormalization of 1 2 3 4: -1.3416 -0.4472 0.4472 1.3416
LayerNormalization of 10001 10002 10003 10004: -1.3416 -0.4472 0.4472 1.3416
InstanceNormalization of 10001 10002 10003 10004: -1.3418 -0.4473 0.4473 1.3418
LayerNormalization of 1000001 1000002 1000003 1000004: -1.3416 -0.4472 0.4472 1.3416
InstanceNormalization of 1000001 1000002 1000003 1000004: -1.3125 -0.4375 0.5000 1.3750
END
