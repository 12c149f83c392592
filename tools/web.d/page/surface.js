// The answer over the plane, with the examples on it; and digits, drawn by hand.
"use strict";

function makeSurfaceView(get, pick) {
  const canvas = $("surface"),
    over = $("points"),
    plot = $("plot");
  let info = null,
    unit = null,
    last = null;

  function paintClasses(surface) {
    const [pixels, classes] = surface.shape,
      side = Math.round(Math.sqrt(pixels)),
      {panel, bad} = palette();
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const pen = canvas.getContext("2d"),
      image = pen.createImageData(side, side),
      colours = Array.from({length: classes}, (_, k) => classColour(k));
    for (let k = 0; k < pixels; ++k) {
      let r = 0,
        g = 0,
        b = 0,
        best = 0;
      for (let c = 0; c < classes; ++c) {
        const p = surface.data[k * classes + c];
        best = Math.max(best, p);
        r += p * colours[c][0];
        g += p * colours[c][1];
        b += p * colours[c][2];
      }
      const sure = Number.isNaN(r) ? 1 : 0.2 + 0.62 * Math.max(0, (best - 1 / classes) / (1 - 1 / classes)),
        mix = Number.isNaN(r) ? bad : [r, g, b];
      for (let c = 0; c < 3; ++c) image.data[4 * k + c] = panel[c] + (mix[c] - panel[c]) * sure;
      image.data[4 * k + 3] = 255;
    }
    pen.putImageData(image, 0, 0);
  }

  function paint(frame) {
    const {below, above, panel} = palette(),
      layer = unit && frame.neurons && frame.neurons[unit[0]];
    if (layer && unit[1] < layer.shape[0]) {
      const pixels = layer.shape[1];
      paintSurface(
        canvas,
        layer.data.subarray(unit[1] * pixels, (unit[1] + 1) * pixels),
        Math.round(Math.sqrt(pixels)),
        below,
        above,
        panel,
      );
    } else if (frame.surface && info.classes) paintClasses(frame.surface);
    else if (frame.surface)
      paintSurface(
        canvas,
        frame.surface.data,
        Math.round(Math.sqrt(frame.surface.shape[0])),
        below,
        above,
        panel,
        info.range,
      );
    if (info.inputs < 64)
      $("surface-title").textContent = unit
        ? `Unit ${unit[1] + 1} of layer ${unit[0] + 1}`
        : info.classes
          ? "Decision surface"
          : "Predicted number";
  }

  const across = x => (x - info.window[0]) / (info.window[1] - info.window[0]),
    down = y => (info.window[3] - y) / (info.window[3] - info.window[2]);

  function drawPoints() {
    const size = plot.clientWidth,
      pen = sharp(over, size, size),
      {ink, panel, below, above} = palette();
    if (!info || info.inputs >= 64) return;
    const radius = info.train.x1.data.length > 800 ? 2 : 3.2;
    for (const [part, isTest] of [
      [info.test, true],
      [info.train, false],
    ]) {
      for (let i = 0; i < part.x1.data.length; ++i) {
        const y = part.y.data[i],
          x = across(part.x1.data[i]) * size,
          z = (info.inputs > 1 ? down(part.x2.data[i]) : 0.5) * size;
        const level = Math.max(-1, Math.min(1, y / info.range)),
          colour = info.classes
            ? classColour(y)
            : (level < 0 ? below : above).map((c, k) => panel[k] + (c - panel[k]) * Math.max(0.15, Math.abs(level)));
        pen.beginPath();
        pen.arc(x, z, radius, 0, 2 * Math.PI);
        pen.fillStyle = isTest ? rgb(panel) : rgb(colour);
        pen.fill();
        pen.lineWidth = isTest ? 1.7 : 1;
        pen.strokeStyle = isTest ? rgb(colour) : rgb(panel, 0.95);
        pen.stroke();
      }
    }
    void ink;
  }

  plot.addEventListener("pointerdown", event => {
    if (!info || document.body.dataset.set !== "own") return;
    const r = plot.getBoundingClientRect(),
      [l, right, b, t] = info.window;
    pick(l + ((event.clientX - r.left) / r.width) * (right - l), t - ((event.clientY - r.top) / r.height) * (t - b));
  });
  new ResizeObserver(drawPoints).observe(plot);

  return {
    about(told) {
      info = told;
      unit = null;
      info.range = info.classes
        ? 1
        : Math.max(
            1e-9,
            info.train.y.data.reduce((a, x) => Math.max(a, Math.abs(x)), 0),
          );
      const digits = info.inputs >= 64;
      plot.hidden = digits;
      $("digit").hidden = info.inputs !== 64;
      if (digits) $("surface-title").textContent = info.inputs === 64 ? "Draw a digit" : "No surface: too many inputs";
      const axes = info.columns.length ? info.columns.slice(0, 2).join(" and ") : "";
      $("surface-note").textContent = digits
        ? ""
        : info.inputs > 2
          ? `over ${axes || "the first two columns"}; the others at their mean`
          : "● train  ○ test";
      drawPoints();
    },
    draw(frame) {
      last = frame;
      paint(frame);
    },
    unit(layer, i) {
      unit = layer === null ? null : [layer, i];
      if (last && info && info.inputs < 64) paint(last);
    },
    again() {
      colours = null;
      drawPoints();
      if (last) paint(last);
    },
  };
}

// Eight by eight cells. Told whenever they change.
function makePad(changed) {
  const pad = $("pad"),
    cells = new Float32Array(64);
  let drawing = false,
    cursor = [3, 3];
  function draw() {
    const size = pad.clientWidth || 240,
      pen = sharp(pad, size, size),
      {ink, panel, line, here} = palette(),
      step = size / 8;
    for (let k = 0; k < 64; ++k) {
      const x = (k % 8) * step,
        y = Math.floor(k / 8) * step;
      pen.fillStyle = rgb(panel.map((p, c) => p + (ink[c] - p) * cells[k]));
      pen.fillRect(x, y, step, step);
      pen.strokeStyle = rgb(line);
      pen.strokeRect(x + 0.5, y + 0.5, step - 1, step - 1);
    }
    if (document.activeElement === pad) {
      pen.strokeStyle = rgb(here);
      pen.lineWidth = 2;
      pen.strokeRect(cursor[0] * step + 1, cursor[1] * step + 1, step - 2, step - 2);
    }
  }
  // A soft brush, as wide as a pen on that paper.
  function paint(x, y, strength = 1) {
    for (let k = 0; k < 64; ++k) {
      const away = Math.hypot((k % 8) + 0.5 - x, Math.floor(k / 8) + 0.5 - y);
      cells[k] = Math.min(1, Math.max(cells[k], strength * Math.max(0, 1.15 - away)));
    }
    draw();
    changed([...cells]);
  }
  const at = e => {
    const r = pad.getBoundingClientRect();
    paint(((e.clientX - r.left) / r.width) * 8, ((e.clientY - r.top) / r.height) * 8);
  };
  pad.addEventListener("pointerdown", e => {
    drawing = true;
    if (e.isTrusted) pad.setPointerCapture(e.pointerId);
    at(e);
  });
  pad.addEventListener("pointermove", e => drawing && at(e));
  for (const end of ["pointerup", "pointercancel"])
    pad.addEventListener(end, () => {
      drawing = false;
    });
  let samples = [],
    next = 0;
  const another = () => {
    if (!samples.length) return;
    cells.set(samples.slice(64 * next, 64 * next + 64));
    next = (next + 1) % (samples.length / 64);
    draw();
    changed([...cells]);
  };
  $("pad-next").addEventListener("click", another);
  const clear = () => {
    cells.fill(0);
    draw();
    changed([...cells]);
  };
  $("pad-clear").addEventListener("click", clear);
  pad.addEventListener("keydown", e => {
    const move = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[e.key];
    if (move) cursor = cursor.map((c, i) => Math.max(0, Math.min(7, c + move[i])));
    else if (e.key === " ") paint(cursor[0] + 0.5, cursor[1] + 0.5);
    else if (e.key === "Delete" || e.key === "Backspace") clear();
    else return;
    e.preventDefault();
    e.stopPropagation();
    draw();
  });
  for (const name of ["focus", "blur"]) pad.addEventListener(name, draw);
  new ResizeObserver(draw).observe(pad);
  return {
    draw,
    ask: () => changed([...cells]),
    examples(numbers) {
      samples = numbers;
      if (cells.every(c => c === 0)) another();
      else changed([...cells]);
    },
  };
}

function showChances(answer, classes) {
  const best = answer.data.indexOf(Math.max(...answer.data));
  $("chances").replaceChildren(
    ...[...answer.data].map((p, k) =>
      h(
        "div",
        {class: k === best ? "chance best" : "chance"},
        h("span", {text: classes[k] || k}),
        h("span", {class: "bar", style: {width: `${Math.round(100 * p)}%`}}),
        h("span", {class: "soft", text: `${(100 * p).toFixed(0)} %`}),
      ),
    ),
  );
}
