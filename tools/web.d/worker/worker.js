// The worker: trains in slices, and shows how it stands after each. The page draws a slice before the next one begins.
"use strict";

(() => {
  const sliceMs = 8, slowMs = 400, evaluateMs = 60;
  let library = null, running = false, pace = "fast", wanted = {}, waiting = false, lastShown = 0, lastEvaluated = 0;

  const reply = (id, answer) => postMessage({id, answer}, buffers(answer));

  // The arrays of an answer move to the page without a copy.
  function buffers(value, found = []) {
    if (value instanceof Float32Array || value instanceof Uint8Array) found.push(value.buffer);
    else if (value && typeof value === "object") for (const part of Object.values(value)) buffers(part, found);
    return [...new Set(found)];
  }

  function slice() {
    if (!running || waiting) return;
    const now = performance.now();
    if (pace === "slow" && now - lastShown < slowMs) return void setTimeout(slice, slowMs - (now - lastShown));
    lastShown = now;
    const losses = [];
    let trouble = null;
    do {
      const done = library.ask({do: "steps", n: 1});
      if (done.error) trouble = done;
      else losses.push(...done.losses);
    } while (pace === "fast" && !trouble && performance.now() - now < sliceMs);
    running = running && !trouble;
    show(losses, trouble);
    waiting = true;
  }

  function show(losses, trouble) {
    const now = performance.now(), evaluate = now - lastEvaluated > evaluateMs || !losses.length || trouble !== null;
    if (evaluate) lastEvaluated = now;
    const frame = library.ask({do: "look", ...wanted, evaluate});
    postMessage({frame, losses, trouble, running}, buffers(frame));
  }

  const acts = {
    run() { running = true; slice(); },
    pause() { running = false; },
    drawn() { waiting = false; setTimeout(slice, 0); },
    want(message) { wanted = message.wanted; pace = message.pace; },
    show() { show([], null); },
  };

  // A request may bring files, and names the file that it wants to have afterwards.
  function answer({id, request, files}) {
    for (const [name, bytes] of Object.entries(files || {})) library.files.set(name, bytes);
    const told = library.ask(request);
    if (told.file) {
      told.bytes = (library.files.get(told.file) || new Uint8Array(0)).slice();
      library.files.delete(told.file);
    }
    reply(id, told);
  }

  self.onmessage = async ({data}) => {
    try {
      if (data.wasm) {
        library = await startLibrary(data.wasm, () => {});
        return postMessage({ready: library.ask({do: "catalogue"})});
      }
      if (data.act) return acts[data.act](data);
      answer(data);
    } catch (error) {
      running = false;
      postMessage({id: data.id, broken: String(error && error.message || error)});
    }
  };
})();
