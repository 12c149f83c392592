#!/usr/bin/env bash
# OpenCV 4.10.0 (npm @techstark/opencv-js 4.10.0-release.1, its dnn module): LogSoftmax of an ONNX file is -Infinity from 104 below
# the largest on, Softplus is Infinity from 89 on, ReduceLogSumExp too.
#
# Each is computed as it is written down: the logarithm of a softmax that is 0 in f32, the logarithm of an exponential that is
# Infinity. The right values are the input itself, to all digits. Softmax subtracts the maximum in the same program, and Mish, which
# contains a softplus, is right at 1000.
#
# Who meets it: who runs a network whose last layer is a log_softmax, as in PyTorch's way with nll_loss, or a softplus for a scale.
# Scores of unlikely classes cannot be compared, and a sum of them is -Infinity. Gradus keeps the digits; a network that is
# to run in OpenCV ends better with its logits.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
opencv_parts
cat >"$folder/program.mjs" <<'END'
import {run} from './opencv.mjs';
const show = (what, numbers) => console.log(`${what}: ${numbers.map((x) => +x.toPrecision(4)).join(' ')}`);
const scores = [[0, -80, -103, -110, -1000]];
show('scores', scores[0]);
show('LogSoftmax', run('LogSoftmax', scores, {axis: 1}));
show('Softmax', run('Softmax', scores, {axis: 1}));
const far = [[-20, 0, 20, 88, 90, 1000]];
show('x', far[0]);
show('Softplus', run('Softplus', far));
show('Mish', run('Mish', far));
show('ReduceLogSumExp of 90, 90', run('ReduceLogSumExp', [[90, 90]], {axes: [1], keepdims: 1}));
process.exit(0);
END
seen node "$folder/program.mjs" <<'END'
scores: 0 -80 -103 -110 -1000
LogSoftmax: 0 -80 -103.3 -Infinity -Infinity
Softmax: 1 1.805e-35 1.401e-45 0 0
x: -20 0 20 88 90 1000
Softplus: 2.061e-9 0.6931 20 88 Infinity Infinity
Mish: -4.122e-8 0 20 88 90 1000
ReduceLogSumExp of 90, 90: Infinity
END
