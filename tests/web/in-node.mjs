// node in-node.mjs PROGRAM.WASM FOLDER [ARGUMENT...]: runs it with FOLDER as its root.
import {readFileSync} from "node:fs";
import {WASI} from "node:wasi";

const [file, folder, ...args] = process.argv.slice(2);
const wasi = new WASI({version: "preview1", args: [file, ...args], env: process.env, preopens: {"/": folder}});
// `getImportObject` is not in Debian 12's Node 18.
const imports = {wasi_snapshot_preview1: {}};
// Node 20 may crash at the exit of a program that called Node's own functions directly (nodejs/node#53087): a function
// of ours stands between them.
for (const [name, inner] of Object.entries(wasi.wasiImport)) {
  imports.wasi_snapshot_preview1[name] = (...values) => inner(...values);
}
const instance = await WebAssembly.instantiate(await WebAssembly.compile(readFileSync(file)), imports);
process.exitCode = wasi.start(instance);
