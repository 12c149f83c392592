// Plays paths over the picture that the page already holds: every line here only adds to it. live.js changes the paths.
"use strict";
study.page = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const runs = data.runs;
  if (!runs.length) return null;

  const byId = id => document.getElementById(id);
  const svgNode = (name, attributes, parent) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (parent) parent.append(node);
    return node;
  };
  const textNode = (name, text, parent) => {
    const node = document.createElement(name);
    node.textContent = text;
    parent.append(node);
    return node;
  };

  // ---- numbers ----

  const show = v => {
    if (v === 0 || !Number.isFinite(v)) return String(v);
    const size = Math.abs(v);
    return size >= 1e5 || size < 1e-3 ? v.toExponential(2).replace("e+", "e") : String(+v.toPrecision(5));
  };
  const pair = (a, b) => `(${show(a)}, ${show(b)})`;

  // ---- steps and places. A very long path has a place for some of its steps only. ----

  const page = {data, runs, svgNode, textNode, show, pair, lowest: data.lowest, log: data.log};
  page.last = Math.max(...runs.map(r => r.step[r.step.length - 1]));
  const placeAt = (run, step) => {
    let low = 0,
      high = run.step.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (run.step[middle] <= step) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  // Long runs are shown on a scale that gives the first steps room.
  page.isLong = page.last > 400;
  const share = (page.share = step => (page.isLong ? Math.log1p(step) / Math.log1p(page.last) : step / page.last));
  const stepOf = s => Math.round(page.isLong ? Math.expm1(s * Math.log1p(page.last)) : s * page.last);

  const frame = data.frame,
    view = data.window;
  const place = (x, y) => [
    frame[0] + ((x - view[0]) / (view[1] - view[0])) * frame[2],
    frame[1] + ((view[3] - y) / (view[3] - view[2])) * frame[3],
  ];
  const near = (page.near = v => Math.max(-5000, Math.min(5000, v)));
  page.measure = run => {
    run.pixels = run.x.map((x, i) => place(x, data.curve ? run.f[i] : run.y[i]).map(near));
    run.points = run.pixels.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`);
  };
  for (const run of runs) {
    page.measure(run);
    run.shown = true;
  }

  // ---- what moves ----

  const panels = [...document.querySelectorAll(".plots figure")].map((figure, k) => {
    const svg = figure.querySelector("svg"),
      live = svg.querySelector(".live");
    const ring = svgNode("circle", {class: "ring off", r: 7}, live);
    const member = run => {
      const group = svgNode("g", {}, live);
      return {
        run,
        group,
        trail: svgNode("polyline", {class: `run c${run.colour}`, "stroke-width": run.width}, group),
        slope: svgNode("path", {class: "slope"}, group),
        update: svgNode("path", {class: "update"}, group),
        dot: svgNode("circle", {class: `dot f${run.colour}`, r: 6}, group),
      };
    };
    return {figure, svg, live, member, members: data.panels[k].map(i => member(runs[i])), ring};
  });
  page.panels = panels;

  const arrow = (from, dx, dy) => {
    const length = Math.hypot(dx, dy);
    if (!(length > 2)) return "";
    const [x, y] = [from[0] + dx, from[1] + dy],
      [u, v] = [(dx / length) * 5, (dy / length) * 5];
    return `M${from[0]} ${from[1]}L${x} ${y}M${x - u - v * 0.6} ${y - v + u * 0.6}L${x} ${y}L${x - u + v * 0.6} ${y - v - u * 0.6}`;
  };

  const chart = study.chart(page);
  let step = 0,
    playing = false;

  function draw() {
    const last = page.last;
    document.body.classList.toggle("moving", step < last || playing);
    for (const panel of panels) {
      for (const m of panel.members) {
        const run = m.run,
          i = placeAt(run, step),
          at = run.pixels[i];
        m.trail.setAttribute("points", run.points.slice(0, i + 1).join(" "));
        m.dot.setAttribute("cx", at[0]);
        m.dot.setAttribute("cy", at[1]);
        const ended = i === run.step.length - 1;
        // Downhill, as a direction on the paper; and the step that comes next, as long as it is.
        const across = frame[2] / (view[1] - view[0]),
          up = frame[3] / (view[3] - view[2]);
        const dx = data.curve ? across : -run.gx[i] * across,
          dy = data.curve ? -run.gx[i] * up : run.gy[i] * up;
        const size = Math.hypot(dx, dy);
        // On a curve the tangent takes the place of the direction downhill.
        if (data.curve)
          m.slope.setAttribute(
            "d",
            size > 0
              ? `M${at[0] - (dx / size) * 90} ${at[1] - (dy / size) * 90}l${(dx / size) * 180} ${(dy / size) * 180}`
              : "",
          );
        else m.slope.setAttribute("d", size > 0 && !ended ? arrow(at, (dx / size) * 34, (dy / size) * 34) : "");
        const next = ended ? at : run.pixels[i + 1];
        m.update.setAttribute("d", ended ? "" : arrow(at, next[0] - at[0], next[1] - at[1]));
      }
    }
    for (const run of runs) {
      const i = placeAt(run, step);
      if (run.label) run.label.textContent = `step ${run.step[i].toLocaleString("en")} · f ${show(run.f[i])}`;
    }
    byId("where").textContent = `step ${step.toLocaleString("en")} of ${page.last.toLocaleString("en")}`;
    slider.value = page.isLong ? Math.round(share(step) * 1000) : step;
    chart.moveTo(step);
  }

  function go(to) {
    step = Math.max(0, Math.min(page.last, to));
    draw();
  }

  // ---- the player ----

  const slider = byId("slider");
  slider.addEventListener("input", () => {
    pause();
    go(page.isLong ? stepOf(slider.value / 1000) : +slider.value);
  });

  const speeds = [1, 2, 4, 0.25, 0.5];
  let speed = 0,
    since = 0,
    from = 0;
  function play() {
    if (step >= page.last) step = 0;
    playing = true;
    since = performance.now();
    from = share(step);
    byId("play").setAttribute("aria-label", "pause");
    byId("play").firstElementChild.firstElementChild.setAttribute("d", "M3 2h4v12H3zM9 2h4v12H9z");
    requestAnimationFrame(tick);
  }
  function pause() {
    playing = false;
    byId("play").setAttribute("aria-label", "play");
    byId("play").firstElementChild.firstElementChild.setAttribute("d", "M3 1.5v13l11-6.5z");
  }
  function tick(now) {
    if (!playing) return;
    // All of it in nine seconds; a short run in fewer.
    const seconds = 9 * Math.min(1, Math.max(0.15, page.last / 30));
    const s = from + ((now - since) / 1000 / seconds) * speeds[speed];
    if (s >= 1) pause();
    go(s >= 1 ? page.last : stepOf(s));
    if (playing) requestAnimationFrame(tick);
  }
  const moves = {
    play: () => (playing ? (pause(), draw()) : play()),
    back: () => (pause(), go(step - 1)),
    next: () => (pause(), go(step + 1)),
    first: () => (pause(), go(0)),
    end: () => (pause(), go(page.last)),
  };
  for (const [id, move] of Object.entries(moves)) if (byId(id)) byId(id).addEventListener("click", move);
  byId("speed").addEventListener("click", () => {
    speed = (speed + 1) % speeds.length;
    byId("speed").textContent = `×${speeds[speed]}`;
    since = performance.now();
    from = share(step);
  });
  const keys = {ArrowRight: "next", ArrowLeft: "back", " ": "play", Home: "first", End: "end"};
  document.addEventListener("keydown", event => {
    const isButton = event.target instanceof HTMLButtonElement && event.key === " ";
    const isField =
      event.target instanceof HTMLSelectElement ||
      (event.target instanceof HTMLInputElement && event.target !== slider);
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey || isButton || isField) return;
    event.preventDefault();
    moves[keys[event.key]]();
  });

  // ---- the list of runs ----

  page.listen = (run, item) => {
    const button = item.querySelector("button");
    run.item = item;
    run.label = button.querySelector(".now");
    button.addEventListener("click", () => {
      run.shown = !run.shown;
      button.setAttribute("aria-pressed", run.shown);
      for (const node of document.querySelectorAll(`[data-run="${runs.indexOf(run)}"]`))
        node.classList.toggle("off", !run.shown);
      for (const panel of panels)
        for (const m of panel.members) if (m.run === run) m.group.classList.toggle("off", !run.shown);
      chart.redraw();
      chart.moveTo(step);
    });
  };
  document.querySelectorAll(".runs li").forEach((item, i) => page.listen(runs[i], item));

  // ---- what a place says when pointed at ----

  const tip = byId("tip");
  function tell(panel, event) {
    const matrix = panel.svg.getScreenCTM().inverse();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    let best = null,
      distance = 24;
    for (const {run} of panel.members) {
      if (!run.shown) continue;
      run.pixels.forEach(([x, y], i) => {
        const d = Math.hypot(x - at.x, y - at.y);
        if (d < distance) (distance = d), (best = {run, i, x, y});
      });
    }
    tip.hidden = !best;
    panel.ring.classList.toggle("off", !best);
    if (!best) return;
    panel.ring.setAttribute("cx", best.x);
    panel.ring.setAttribute("cy", best.y);
    const {run, i} = best,
      rows = [
        [`${data.axes[0]}, ${data.axes[1]}`, pair(run.x[i], run.y[i])],
        ["f", show(run.f[i])],
      ];
    if (run.gx.length) rows.push(["∇f", pair(run.gx[i], run.gy[i])]);
    if (i + 1 < run.step.length && run.step[i + 1] === run.step[i] + 1)
      rows.push(["update", pair(run.x[i + 1] - run.x[i], run.y[i + 1] - run.y[i])]);
    for (const [name, values] of Object.entries(run.state))
      if (values[i]) rows.push([name, pair(values[i][0], values[i][1])]);
    tip.replaceChildren();
    textNode("b", `${run.name}, step ${run.step[i].toLocaleString("en")}`, tip);
    const table = textNode("table", "", tip);
    for (const [key, value] of rows) {
      const row = textNode("tr", "", table);
      textNode("th", key, row);
      textNode("td", value, row);
    }
    const left = event.pageX + 16,
      width = tip.offsetWidth,
      room = document.documentElement.clientWidth;
    tip.style.left = `${Math.max(8, left + width > room - 8 ? event.pageX - width - 16 : left)}px`;
    tip.style.top = `${event.pageY + 14}px`;
  }
  for (const panel of panels) {
    panel.svg.addEventListener("pointermove", event => tell(panel, event));
    panel.svg.addEventListener("pointerdown", event => tell(panel, event));
    panel.svg.addEventListener("pointerleave", () => {
      tip.hidden = true;
      panel.ring.classList.add("off");
    });
  }

  // After a path has changed, or one has been added.
  page.changed = () => {
    page.last = Math.max(1, ...runs.map(r => r.step[r.step.length - 1]));
    page.isLong = page.last > 400;
    slider.max = page.isLong ? 1000 : page.last;
    byId("scale").textContent = page.isLong ? "log scale" : "";
    chart.redraw();
    step = Math.min(step, page.last);
    draw();
  };
  page.go = to => (pause(), go(to));
  addEventListener("resize", page.changed);

  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches || location.hash === "#last";
  step = calm ? page.last : 0;
  pause();
  page.changed();
  if (!calm) play();
  return page;
})();
