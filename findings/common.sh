# shellcheck shell=bash
# Sourced by the findings: a folder that goes away, pinned packages, and the comparison with what was seen.
trap 'rm -rf "$folder"' EXIT

# The version is not to be had here: nothing is shown and nothing is refuted.
skip() { echo "skipped: $*"; exit 77; }

# npm_packages NAME@VERSION...: into $folder/node_modules.
npm_packages() {
  command -v npm >/dev/null || skip "needs npm"
  npm install --silent --no-audit --no-fund --prefix "$folder" "$@" >"$folder/npm.log" 2>&1 ||
    { tail -n 5 "$folder/npm.log"; skip "npm cannot install $*"; }
}

# npm_alone NAME@VERSION: into $folder/node_modules, without its dependencies, for a package that does not use them here.
npm_alone() {
  command -v npm >/dev/null || skip "needs npm"
  local place="$folder/node_modules/${1%@*}"
  mkdir -p "$place"
  (cd "$folder" && npm pack --silent "$1" >npm.log 2>&1 && tar xzf ./*.tgz -C "$place" --strip-components=1) ||
    { tail -n 5 "$folder/npm.log"; skip "npm cannot fetch $1"; }
}

# debian_packages NAME=VERSION...: unpacked into $folder/usr; the machine stays as it is.
debian_packages() {
  command -v apt-get >/dev/null || skip "needs Debian's apt-get"
  (cd "$folder" && apt-get download "$@" >apt.log 2>&1) ||
    { tail -n 3 "$folder/apt.log"; skip "apt-get cannot download $* (try apt-get update first)"; }
  for package in "$folder"/*.deb; do dpkg-deb -x "$package" "$folder"; done
  libraries=$(echo "$folder"/usr/lib/*-linux-gnu)
}

# gloo_program: the C++ program on standard input, built with Debian 12's Gloo, as the command "${program[@]}".
gloo_program() {
  command -v g++ >/dev/null || skip "needs g++"
  debian_packages libgloo-dev=0.0~git20220518.5b14351-3 libgloo0=0.0~git20220518.5b14351-3 libhiredis0.14 libibverbs1 \
    libnl-3-200 libnl-route-3-200
  g++ -std=c++17 -I "$folder/usr/include" -x c++ - -o "$folder/program" -L "$folder/usr/lib" -lgloo \
    -Wl,-rpath-link,"$libraries" -lpthread
  program=(env LD_LIBRARY_PATH="$folder/usr/lib:$libraries" "$folder/program")
}

# onnx_parts: $folder/onnx.mjs, by which a program writes a small ONNX model.
onnx_parts() {
  cat >"$folder/onnx.mjs" <<'END'
// Protocol buffers: a field is its number, then an integer or bytes.
const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)]);
export const int = (field, n) => [...varint(field << 3), ...varint(n)];
export const bytes = (field, content) => [...varint((field << 3) | 2), ...varint(content.length), ...content];
export const text = (field, s) => bytes(field, [...new TextEncoder().encode(s)]);
// An input or output of f32.
export const port = (name, shape) =>
  [...text(1, name), ...bytes(2, bytes(1, [...int(1, 1), ...bytes(2, shape.flatMap((n) => bytes(1, int(1, n))))]))];
END
}

# opencv_parts: $folder/opencv.mjs, by which a program lets OpenCV.js run one ONNX operator on a matrix.
opencv_parts() {
  onnx_parts
  npm_packages @techstark/opencv-js@4.10.0-release.1
  cat >"$folder/opencv.mjs" <<'END'
import {createRequire} from 'node:module';
import {bytes, int, port, text} from './onnx.mjs';
const loaded = createRequire(import.meta.url)('@techstark/opencv-js');
const cv = {};
await new Promise((done) => { loaded.onRuntimeInitialized = done; });
Object.assign(cv, {...loaded, then: undefined});
const attribute = ([name, value]) =>
  bytes(5, [...text(1, name), ...(Array.isArray(value) ? [...value.flatMap((v) => int(8, v)), ...int(20, 7)] : [...int(3, value), ...int(20, 2)])]);
// run('Softmax', [[1, 2]], {axis: 1}); 4 as axes: the rows are one image of one channel. Numbers of the result.
export const run = (type, rows, attributes = {}, axes = 2) => {
  const ones = Array(axes - 2).fill(1), shape = [...ones, rows.length, rows[0].length];
  const node = bytes(1, [...text(1, 'x'), ...text(2, 'y'), ...text(4, type), ...Object.entries(attributes).flatMap(attribute)]);
  const graph = [...node, ...text(2, 'graph'), ...bytes(11, port('x', shape)), ...bytes(12, port('y', shape))];
  cv.FS_createDataFile('/', 'model.onnx', Uint8Array.from([...int(1, 8), ...bytes(7, graph), ...bytes(8, [...text(1, ''), ...int(2, 17)])]), true, true, true);
  const net = cv.readNetFromONNX('/model.onnx');
  cv.FS_unlink('/model.onnx');
  const matrix = cv.matFromArray(rows.length, rows[0].length, cv.CV_32F, rows.flat());
  net.setInput(axes === 4 ? cv.blobFromImage(matrix) : matrix);
  return Array.from(net.forward().data32F);
};
END
}

# seen COMMAND...: its output must be the text on standard input, which was seen when the finding was written.
seen() {
  cat >"$folder/expected"
  timeout 60 "$@" 2>"$folder/errors" | head -c 10000 >"$folder/output" || { cat "$folder/output" "$folder/errors"; echo "CHANGED: the program failed"; exit 1; }
  cat "$folder/output"
  diff -u --label "seen when the finding was written" --label "seen now" "$folder/expected" "$folder/output" ||
    { echo "CHANGED: this finding is not true any more"; exit 1; }
  echo "confirmed"
}
