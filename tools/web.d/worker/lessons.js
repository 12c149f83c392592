// The worker of the lessons: runs a program, and sends what it prints in slices. Files live as long as the worker.
"use strict";

(() => {
  const files = new Map(),
    sliceMs = 40;
  let run = null,
    began = null;
  const ready = new Promise(done => {
    began = done;
  }); // what is asked before is done then, in its order

  // What is printed is sent when some has come together. A line of the gallery brings its picture.
  function perform({id, words, bring}) {
    let lines = [],
      sent = performance.now();
    const send = () => {
      if (lines.length) postMessage({id, lines});
      lines = [];
      sent = performance.now();
    };
    for (const [name, text] of Object.entries(bring || {})) files.set(name, new TextEncoder().encode(text));
    const before = new Map(files),
      start = performance.now();
    const code = run(words, files, (text, isTrouble) => {
      lines.push(isTrouble ? {text, trouble: true} : {text});
      if (performance.now() - sent > sliceMs) send();
    });
    send();
    const written = [...files].filter(([name, bytes]) => before.get(name) !== bytes).map(([name]) => name);
    postMessage({id, code, written, ms: performance.now() - start});
  }

  self.onmessage = async ({data}) => {
    try {
      if (data.wasm) {
        run = await startPrograms(data.wasm);
        return began();
      }
      await ready;
      if (data.read) return postMessage({id: data.id, bytes: files.get(data.read) || null});
      perform(data);
    } catch (error) {
      postMessage({id: data.id, broken: String((error && error.message) || error)});
    }
  };
})();
