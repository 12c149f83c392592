#!/usr/bin/env bash
# npyjs 1.2.0 and numpy-parser 1.2.3 (npm): a .npy file of JavaScript numbers keeps seven of their digits, and the two packages disagree
# about the shape of a vector.
#
# npyjs.dump chooses the dtype by the values: numbers with a fraction become f4 if they are not too large for it, though
# a JavaScript number is a double: 0.1 comes back as 0.10000000149, 16777217.5 as 16777218. Whole numbers become u1 to u4,
# so that one value more or less changes the dtype of a file.
# numpy-parser reads the (3,) of a NumPy header, which is a vector, as 3 by 1; and it refuses the "(3,)" that npyjs writes, because
# there the brace follows at once, which Python's literals allow.
#
# Who meets it: who moves weights or data between JavaScript and Gradus or NumPy by .npy, and looks for the lost digits in
# the computation. A typed array keeps its dtype.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_packages npyjs@1.2.0 numpy-parser@1.2.3
cat >"$folder/program.cjs" <<'END'
const {dump, parse} = require('npyjs');
const {fromArrayBuffer} = require('numpy-parser');

for (const values of [[0.1, 0.2, 0.3], [16777217.5, 0.5, 1], [1, 2, 255], [1, 2, 256], Float64Array.of(0.1, 0.2, 0.3)]) {
  const {dtype, data} = parse(dump(values, [3]));
  console.log(`${values.constructor.name} ${values.join(' ')}: ${dtype} ${Array.from(data).join(' ')}`);
}

// What numpy.save writes for an f4 vector of three.
const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }".padEnd(117) + '\n';
const file = Buffer.concat([Buffer.from([0x93, 78, 85, 77, 80, 89, 1, 0, 118, 0]), Buffer.from(header), Buffer.from(Float32Array.of(1, 2, 3).buffer)]);
const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.length);
console.log('shape of NumPy (3,): npyjs', JSON.stringify(parse(buffer).shape), 'numpy-parser', JSON.stringify(fromArrayBuffer(buffer).shape));
try {
  console.log(fromArrayBuffer(dump(Float32Array.of(1, 2, 3), [3])).shape);
} catch (error) {
  console.log('numpy-parser of a file of npyjs:', error.name);
}
END
seen node "$folder/program.cjs" <<'END'
Array 0.1 0.2 0.3: f4 0.10000000149011612 0.20000000298023224 0.30000001192092896
Array 16777217.5 0.5 1: f4 16777218 0.5 1
Array 1 2 255: u1 1 2 255
Array 1 2 256: u2 1 2 256
Float64Array 0.1 0.2 0.3: f8 0.1 0.2 0.3
shape of NumPy (3,): npyjs [3] numpy-parser [3,1]
numpy-parser of a file of npyjs: SyntaxError
END
