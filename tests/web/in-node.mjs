// node in-node.mjs PROGRAM.WASM FOLDER [ARGUMENT...]: runs it with FOLDER as its root.
import {readFileSync} from "node:fs";
import {WASI} from "node:wasi";

const [file, folder, ...args] = process.argv.slice(2);
const wasi = new WASI({version: "preview1", args: [file, ...args], env: process.env, preopens: {"/": folder}});
const instance = await WebAssembly.instantiate(await WebAssembly.compile(readFileSync(file)), wasi.getImportObject());
process.exitCode = wasi.start(instance);
