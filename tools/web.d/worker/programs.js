// Programs: run(words, files, print) runs the one that words[0] names, from the start, and returns its exit code.
"use strict";

async function startPrograms(wasm) {
  const module = await WebAssembly.compile(wasm);
  return function run(words, files, print) {
    const wasi = makeWasi(print, {args: words, files}),
      instance = new WebAssembly.Instance(module, wasi.importsFor(module));
    wasi.attach(instance);
    let code = 0;
    try {
      instance.exports._start();
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
      code = error.code;
    }
    wasi.finish();
    return code;
  };
}
