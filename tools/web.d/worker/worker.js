// The worker: trains in slices, and shows how it stands after each. The page draws a slice before the next one begins.
"use strict";

(() => {
  const frameMs = 12,
    leastMs = 2,
    slowMs = 400,
    calmMs = 300,
    evaluateMs = 60;
  let library = null,
    running = false,
    pace = "fast",
    wanted = {},
    ahead = 0,
    called = false,
    lastShown = 0,
    lastEvaluated = 0,
    evaluation = 0,
    looking = 0,
    unseen = [];

  const reply = (id, answer) => postMessage({id, answer}, buffers(answer));

  // The arrays of an answer move to the page without a copy.
  function buffers(value, found = []) {
    if (value instanceof Float32Array || value instanceof Uint8Array) found.push(value.buffer);
    else if (value && typeof value === "object") for (const part of Object.values(value)) buffers(part, found);
    return [...new Set(found)];
  }

  // A frame may be made while the one before waits for the screen, but no more: the page would fall behind. A port, because a
  // timer would wait four milliseconds.
  const mostAhead = 2,
    port = new MessageChannel();
  port.port1.onmessage = () => {
    called = false;
    slice();
  };
  function next() {
    if (!called) port.port2.postMessage(0);
    called = true;
  }

  // A frame has room for steps and for looking at them: what looking has taken lately is not there for steps.
  // Paces: fast, slow (a step at a time), calm (fast, but shown rarely: for those who want less motion).
  function slice() {
    if (!running || ahead >= mostAhead) return;
    const now = performance.now(),
      rest = lastShown + (pace === "slow" ? slowMs : pace === "calm" ? calmMs : 0) - now;
    if (pace === "slow" && rest > 0) return void setTimeout(slice, rest);
    const room = Math.max(leastMs, frameMs - looking);
    let trouble = null;
    do {
      const done = library.ask({do: "steps", n: 1});
      if (done.error) trouble = done;
      else unseen.push(...done.losses);
    } while (pace !== "slow" && !trouble && performance.now() - now < room);
    running = running && !trouble;
    if (pace === "calm" && rest > 0 && !trouble) return void setTimeout(slice, 0);
    lastShown = now;
    show(trouble, performance.now() - now);
    ++ahead;
    if (pace === "fast") next();
  }

  // Losses over all of the data are measured now and then: a fifth of the time at most.
  function show(trouble, stepping = 0) {
    const now = performance.now(),
      evaluate = now - lastEvaluated > Math.max(evaluateMs, 5 * evaluation) || !running;
    const frame = library.ask({do: "look", ...wanted, evaluate}),
      losses = unseen;
    if (evaluate) {
      lastEvaluated = performance.now();
      evaluation = lastEvaluated - now;
    }
    unseen = [];
    const spent = performance.now() - now;
    looking += (spent - looking) / 8;
    postMessage({frame, losses, trouble, running, cost: {stepping, looking: spent}}, buffers(frame));
  }

  const acts = {
    run() {
      running = true;
      ahead = 0;
      next();
    },
    pause() {
      running = false;
    },
    drawn() {
      ahead = 0;
      next();
    },
    want(message) {
      wanted = message.wanted;
      pace = message.pace;
    },
    show() {
      show(null);
    },
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
      postMessage({id: data.id, broken: String((error && error.message) || error)});
    }
  };
})();
