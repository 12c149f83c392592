#!/usr/bin/env bash
# OpenCV 4.10.0 (npm @techstark/opencv-js 4.10.0-release.1, its dnn module): average pooling of an ONNX file ignores
# count_include_pad, and max pooling ignores dilations. Neither says anything.
#
# With count_include_pad = 1 the padding's zeros count, so that the corner of a 3x3 mean over ones, padded by one, is 4/9. OpenCV
# divides by the elements that are there, whatever the attribute says. A 2x2 maximum with dilation 2 over a 4x4 image has 2x2
# results that look two elements apart; OpenCV gives the 3x3 results of a maximum without dilation: even the shape differs. OpenCV
# 4.6.0 of Debian 12 ignores count_include_pad too.
#
# Who meets it: who trains with PyTorch's AvgPool2d and padding, whose default is to count the zeros, and runs the network in OpenCV:
# the borders of all features are up to 9/4 as large. Gradus writes the zeros out as a Pad node of their own, since it met this.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
opencv_parts
cat >"$folder/program.mjs" <<'END'
import {run} from './opencv.mjs';
const show = (what, numbers) => console.log(`${what}: ${numbers.map((x) => +x.toFixed(3)).join(' ')}`);
const ones = [[1, 1, 1], [1, 1, 1], [1, 1, 1]];
for (const counts of [0, 1]) show(`mean, count_include_pad ${counts}`, run('AveragePool', ones, {kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: counts}, 4));
show('right with 1', [4, 6, 4, 6, 9, 6, 4, 6, 4].map((n) => n / 9));
const image = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15]];
for (const d of [1, 2]) show(`maximum, dilation ${d}`, run('MaxPool', image, {kernel_shape: [2, 2], dilations: [d, d]}, 4));
show('right with 2', [10, 11, 14, 15]);
process.exit(0);
END
seen node "$folder/program.mjs" <<'END'
mean, count_include_pad 0: 1 1 1 1 1 1 1 1 1
mean, count_include_pad 1: 1 1 1 1 1 1 1 1 1
right with 1: 0.444 0.667 0.444 0.667 1 0.667 0.444 0.667 0.444
maximum, dilation 1: 5 6 7 9 10 11 13 14 15
maximum, dilation 2: 5 6 7 9 10 11 13 14 15
right with 2: 10 11 14 15
END
