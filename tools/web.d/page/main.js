// The page: one state, one worker, and what happens between them.
"use strict";

(async () => {
  const parts = JSON.parse($("parts").textContent);
  const bytes = async () => {
    // the library is packed
    const packed = Uint8Array.from(atob($("wasm").textContent.trim()), c => c.charCodeAt(0));
    return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  };
  const worker = new Worker(URL.createObjectURL(new Blob([parts.worker], {type: "text/javascript"})));
  const waiting = new Map();
  let next = 1,
    state = structuredClone(defaults),
    catalogue = null,
    info = null,
    running = false,
    slow = false,
    hash = "",
    lastFrame = null,
    fresh = null,
    frames = 0;

  // Across the surface: fewer for a large network, so that a picture of it takes no longer.
  const points = most =>
    Math.max(20, Math.round(most * Math.min(1, Math.sqrt(3000 / ((info && info.parameters) || 1)))));
  const everything = () => ({surface: points(160), neurons: 22, weights: true, evaluate: true});

  const ask = (request, files) =>
    new Promise(resolve => {
      waiting.set(next, resolve);
      worker.postMessage({id: next++, request, files});
    });
  const dead = text => {
    running = false;
    showRunning();
    banner("bad", text + " Reload the page to go on.", {title: "The library has stopped", key: "dead"});
  };
  worker.onerror = event => {
    event.preventDefault();
    dead(event.message || "The worker cannot run.");
  };
  worker.onmessage = ({data}) => {
    if (data.ready) return begin(data.ready);
    if (data.frame) return onFrame(data);
    const resolve = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.broken) dead(data.broken);
    if (resolve) resolve(data.broken ? {error: data.broken} : data.answer);
  };
  bytes().then(
    wasm => worker.postMessage({wasm}, [wasm]),
    error => dead(String(error)),
  );

  const record = makeHistory(),
    get = () => state;
  const surface = makeSurfaceView(get, addPoint),
    network = makeNetworkView(get, change, point),
    panels = makePanels(ask, get, change);
  const pad = makePad(async cells => {
    if (!info || info.inputs !== 64) return;
    const told = await ask({do: "answer", x: cells});
    if (told.error) return;
    showChances(told.answer, info.class_names);
    network.levels(told.hidden || []);
  });
  let refreshControls = () => {};

  async function begin(told) {
    catalogue = told;
    refreshControls = makeControls(catalogue, get, change);
    makeFiles(ask, get, change, words => {
      record.clear();
      banner("note", words, {key: "file"});
      ask({do: "look", ...everything()}).then(show);
    });
    await read();
    addEventListener("hashchange", () => location.hash !== hash && read());
    document.documentElement.dataset.ready = Math.round(performance.now());
  }

  // From the address.
  async function read() {
    const {state: found, nonsense} = stateFrom(location.hash, catalogue);
    state = found;
    hash = location.hash;
    if (nonsense.length)
      banner(
        "note",
        `The link says something that this page does not know (${nonsense.slice(0, 5).join(", ")}); the usual settings stand there instead.`,
        {key: "link"},
      );
    refreshControls();
    await start(true);
  }

  // Only these keep the weights.
  const keeps = new Set(["loss", "optimizer", "options", "schedule", "schedule_options", "batch", "clip"]),
    looks = new Set(["tab"]);

  async function change(parts) {
    const before = state;
    state = {...state, ...parts};
    const keys = Object.keys(parts).filter(k => JSON.stringify(before[k]) !== JSON.stringify(state[k]));
    if (!keys.length) return refreshControls();
    write();
    refreshControls();
    if (keys.includes("tab")) panels.show();
    if (keys.every(k => looks.has(k))) return;
    await start(!keys.every(k => keeps.has(k)));
  }

  function write() {
    hash = hashOf(state);
    if (hash === "#") hash = "";
    try {
      if (location.hash !== hash) history.pushState(null, "", hash || location.pathname + location.search);
    } catch (e) {
      location.hash = hash;
    }
    hash = location.hash;
  }

  async function start(anew) {
    if (anew) clearBanners("bad");
    if (state.set === "own" && !state.csv.trim()) return waitForData();
    const told = await ask({do: "start", anew, spec: specOf(state)});
    if (told.error) return complain(told);
    clearBanners("bad");
    info = told;
    if (told.loss !== state.loss) {
      state.loss = told.loss;
      refreshControls();
      write();
    }
    if (anew) {
      record.clear();
      panels.clear();
    }
    surface.about(info);
    network.build(info);
    paintButtons();
    $("summary").textContent =
      `${names.set[state.set]} · ${[info.inputs, ...state.widths, info.outputs].join("–")} · ${info.parameters.toLocaleString("en")} parameters · ${info.train.size} + ${info.test.size} examples`;
    want();
    panels.about(info);
    worker.postMessage({act: running ? "run" : "show"});
    if (info.samples) {
      pad.draw();
      pad.examples(info.samples.data);
    }
  }

  // One's own data, before there are any.
  function waitForData() {
    pause();
    info = {
      inputs: 2,
      outputs: 2,
      classes: true,
      columns: [],
      class_names: [],
      window: [-1.2, 1.2, -1.2, 1.2],
      train: {x1: {data: []}, x2: {data: []}, y: {data: []}, size: 0},
      test: {x1: {data: []}, x2: {data: []}, y: {data: []}, size: 0},
    };
    surface.about(info);
    paintButtons();
    $("summary").textContent = "Your own data: paste, drop or draw";
    $("surface").getContext("2d").clearRect(0, 0, 1000, 1000);
  }

  function complain(told) {
    pause();
    const more = [
      told.got && `Got: ${told.got}`,
      told.expected && `Expected: ${told.expected}`,
      told.advice && `Try: ${told.advice}`,
    ]
      .filter(Boolean)
      .join(" · ");
    const where = (told.error || "").split("\n")[0];
    banner("bad", (told.wrong ? [where, more].filter(Boolean).join(" — ") : told.error).slice(0, 900), {
      title: told.kind === "memory" ? "Memory" : "Cannot go on",
      key: "trouble",
    });
  }

  // What the worker shows with each slice.
  function want() {
    worker.postMessage({
      act: "want",
      pace: slow ? "slow" : calm.matches ? "calm" : "fast",
      wanted: {surface: points(running ? 90 : 160), neurons: 22, weights: true},
    });
  }

  // What frames cost, in ms: the steps, looking at them (both in the worker), and drawing. The page's own tests read it.
  const costs = [],
    mostCosts = 240;
  function spent(cost, drawing) {
    costs.push([cost.stepping, cost.looking, drawing]);
    if (costs.length > mostCosts) costs.shift();
    window.frameCosts = costs;
  }

  function onFrame({frame, losses, trouble, running: goesOn, cost}) {
    if (trouble) complain(trouble);
    if (running && !goesOn && trouble) pause();
    if (frame.error) return complain(frame);
    record.losses(losses, frame.step);
    const first = !fresh;
    fresh = {...fresh, ...frame};
    if (first)
      requestAnimationFrame(() => {
        worker.postMessage({act: "drawn"}); // the next slice is made while this one is drawn
        const now = fresh;
        fresh = null;
        const began = performance.now();
        show(now);
        if (running) spent(cost, performance.now() - began);
      });
  }

  // Curves of thousands of steps are drawn a few times a second while more are coming.
  const curvesMs = 120;
  let curvesDrawn = 0;

  function show(frame) {
    if (frame.error) return complain(frame);
    lastFrame = frame;
    document.documentElement.dataset.frames = ++frames;
    $("f-step").textContent = frame.step.toLocaleString("en");
    $("f-epoch").textContent = frame.epoch.toLocaleString("en");
    if (!info) return;
    surface.draw(frame);
    network.draw(frame);
    if (frame.norms) measured(frame);
    if (running && performance.now() - curvesDrawn < curvesMs) return;
    curvesDrawn = performance.now();
    drawCurves($("curve"), record.history);
  }

  // The losses over all of the data come with some of the frames.
  function measured(frame) {
    if (frame.step > 0 || record.history.at.length === 0) record.parts(frame.step, frame.train_loss, frame.test_loss);
    $("f-train").textContent = numberText(frame.train_loss);
    $("f-test").textContent = numberText(frame.test_loss);
    $("f-accuracy").textContent = info.classes ? `${(100 * frame.test_accuracy).toFixed(1)} %` : "–";
    panels.draw(frame);
    if (info.inputs === 64 && running) pad.ask();
  }

  function showRunning() {
    $("play").setAttribute("aria-label", running ? "Pause" : "Train");
    $("play")
      .querySelector("path")
      .setAttribute("d", running ? "M4.5 3v10M11.5 3v10" : "M4.5 3l8 5-8 5z");
  }

  // Nothing to train with yet: one's own data have not come.
  const nothing = () => !info || !info.parameters;

  function run() {
    if (nothing()) return;
    running = true;
    showRunning();
    want();
    worker.postMessage({act: "run"});
  }
  function pause() {
    if (!running) return;
    running = false;
    showRunning();
    worker.postMessage({act: "pause"});
    want();
    worker.postMessage({act: "show"});
    panels.stopped();
  }
  async function oneStep() {
    if (running || nothing()) return pause();
    const told = await ask({do: "steps", n: 1});
    if (told.error) return complain(told);
    const frame = await ask({do: "look", ...everything()});
    record.losses(told.losses, frame.step);
    show(frame);
    panels.stopped();
  }
  const openStudy = makeStudy(parts, ask, told => {
    if (told.error) return complain(told);
    ask({do: "look", ...everything()}).then(show);
  });
  const openStep = () => {
    pause();
    if (!nothing()) openStudy();
  };

  function point(layer, i) {
    surface.unit(layer, i);
  }

  // A click into the picture is an example of one's own.
  let brush = "0";
  function addPoint(x, y) {
    const csv = state.csv.trim() ? state.csv.replace(/\s*$/, "\n") : "x1,x2,class\n";
    if (!/^x1,x2,class\n/.test(csv))
      return banner("note", "Points can be drawn onto data that was drawn here: empty the table first.", {key: "draw"});
    const text = `${csv}${x.toFixed(3)},${y.toFixed(3)},${brush}\n`,
      rows = text.trim().split("\n").slice(1),
      kinds = new Set(rows.map(r => r.split(",")[2]));
    state = {...state, csv: text, classes: true};
    refreshControls();
    write();
    if (rows.length >= 4 && kinds.size > 1) return start(true);
    $("surface-note").textContent = `${rows.length} drawn; four of two classes make a data set`;
  }
  function paintButtons() {
    $("paint").hidden = state.set !== "own";
    $("paint").replaceChildren(
      h("span", {class: "soft", text: "Draw examples of class"}),
      ...["0", "1", "2", "3"].map(k =>
        h(
          "button",
          {
            type: "button",
            "aria-pressed": String(k === brush),
            "aria-label": `Class ${k}`,
            onclick: () => {
              brush = k;
              paintButtons();
            },
          },
          h("span", {class: "swatch", style: {background: rgb(classColour(Number(k)))}}),
          k,
        ),
      ),
      h("button", {type: "button", text: "Empty", onclick: () => change({csv: "", label: ""})}),
    );
  }

  new ResizeObserver(() => drawCurves($("curve"), record.history)).observe($("curve"));
  $("play").addEventListener("click", () => (running ? pause() : run()));
  $("one").addEventListener("click", oneStep);
  $("restart").addEventListener("click", () => start(true));
  $("pace").addEventListener("click", () => {
    slow = !slow;
    $("pace").setAttribute("aria-pressed", slow);
    want();
  });
  $("open-step").addEventListener("click", openStep);
  $("share").addEventListener("click", () =>
    copyText(
      location.href,
      state.csv.length > longestLinkedCsv
        ? "The link is copied, without the data: they are too long for an address."
        : "The link is copied: it holds all settings.",
    ),
  );
  $("help-open").addEventListener("click", () => $("help").showModal());
  for (const kind of ["w", "g"])
    $("edges-" + kind).addEventListener("click", () => {
      for (const k of ["w", "g"]) $("edges-" + k).setAttribute("aria-pressed", k === kind);
      network.edges(kind);
    });
  scheme.addEventListener("change", () => {
    surface.again();
    drawCurves($("curve"), record.history);
    if (lastFrame) {
      network.draw(lastFrame);
      panels.show();
    }
    paintButtons();
    pad.draw();
  });
  addEventListener("keydown", e => {
    if (
      e.ctrlKey ||
      e.metaKey ||
      e.altKey ||
      document.querySelector("dialog[open]") ||
      e.target.closest("input, textarea, select, pre")
    )
      return;
    if (e.key === " " && e.target.closest("button, summary")) return;
    const act = {
      " ": () => $("play").click(),
      ArrowRight: oneStep,
      r: () => start(true),
      s: () => $("pace").click(),
      o: openStep,
      l: () => $("share").click(),
      "?": () => $("help").showModal(),
    }[e.key];
    if (!act) return;
    e.preventDefault();
    act();
  });
  document.addEventListener("visibilitychange", () => document.hidden && running && pause());
})();
