// The programs, in a worker: one after the other. A worker that is stopped begins anew, without the files it had.
"use strict";

function makePrograms(source, wasm) {
  const address = URL.createObjectURL(new Blob([source], {type: "text/javascript"})),
    waiting = new Map();
  let worker = null,
    next = 1;

  function begin() {
    worker = new Worker(address);
    const own = worker;
    worker.onmessage = ({data}) => {
      const request = waiting.get(data.id);
      if (own !== worker || !request) return;
      if (data.lines) return request.lines(data.lines);
      waiting.delete(data.id);
      if (data.broken) stop();
      request.done(data.broken ? {code: 1, written: [], broken: data.broken} : data);
    };
    worker.onerror = event => {
      event.preventDefault();
      stop(event.message);
    };
    wasm.then(bytes => own.postMessage({wasm: bytes}));
  }

  function stop(words = "stopped") {
    worker.terminate();
    for (const request of waiting.values()) request.done({code: 1, written: [], broken: words});
    waiting.clear();
    begin();
  }

  const ask = (request, lines = () => {}) =>
    new Promise(done => {
      waiting.set(next, {lines, done});
      worker.postMessage({id: next++, ...request});
    });
  begin();
  return {
    // {code, written: names of files, ms}, or {broken: why it came to no end}.
    run: (words, {lines, bring} = {}) => ask({words, bring}, lines),
    // The whole of what it prints, as lines.
    async text(words, more = {}) {
      const all = [],
        told = await ask({words, ...more}, lines => all.push(...lines));
      return {...told, all};
    },
    async read(name) {
      const {bytes} = await ask({read: name});
      return bytes ? new TextDecoder().decode(bytes) : null;
    },
    stop,
    end() {
      worker.terminate();
    },
  };
}
