// The network as a picture: a small surface for each unit, and the weights between them.
"use strict";

function makeNetworkView(get, change, point) {
  const box = $("net"),
    lines = h("canvas", {class: "edges", "aria-hidden": "true"}),
    tip = h("div", {class: "tip", hidden: true});
  const mostShown = 16;
  let columns = [],
    shape = "",
    what = "w",
    last = null,
    spots = [],
    about = null,
    places = null,
    pictures = [];

  // Columns of units: inputs, hidden layers, outputs. Buttons above change them.
  function build(info) {
    const s = get(),
      mark = JSON.stringify([info.inputs, info.outputs, s.widths, info.classes, info.columns, info.class_names]);
    about = info;
    if (mark === shape) return;
    shape = mark;
    places = null;
    columns = [];
    const wide = info.inputs > 6,
      inputs = wide ? 1 : info.inputs;
    const inputColumn = h(
      "div",
      {class: "column"},
      h("p", {class: "title", text: "Inputs"}),
      ...Array.from({length: inputs}, (_, i) =>
        unit(-1, i, wide ? (info.inputs === 64 ? "8×8" : `${info.inputs}`) : info.columns[i] || `x${i + 1}`),
      ),
    );
    columns.push(inputColumn);
    s.widths.forEach((width, layer) =>
      columns.push(
        h(
          "div",
          {class: "column"},
          h(
            "p",
            {class: "title"},
            h("button", {
              type: "button",
              class: "tiny",
              text: "−",
              "aria-label": `Layer ${layer + 1}: one unit fewer`,
              onclick: () => resize(layer, -1),
            }),
            h("span", {text: width}),
            h("button", {
              type: "button",
              class: "tiny",
              text: "+",
              "aria-label": `Layer ${layer + 1}: one unit more`,
              onclick: () => resize(layer, 1),
            }),
          ),
          ...Array.from({length: Math.min(width, mostShown)}, (_, i) => unit(layer, i)),
          width > mostShown ? h("p", {class: "soft rest", text: `and ${width - mostShown}`}) : null,
        ),
      ),
    );
    const outputName = k => (info.classes ? info.class_names[k] || `${k}` : "y");
    columns.push(
      h(
        "div",
        {class: "column"},
        h("p", {class: "title", text: info.outputs > 1 ? "Classes" : "Output"}),
        ...Array.from({length: Math.min(info.outputs, mostShown)}, (_, k) =>
          h(
            "div",
            {class: "unit output", title: outputName(k)},
            h("span", {class: "swatch", style: {background: info.classes ? rgb(classColour(k)) : "var(--soft)"}}),
            h("span", {class: "words", text: outputName(k)}),
          ),
        ),
      ),
    );
    const layers = h(
      "p",
      {class: "layer-buttons"},
      h("button", {
        type: "button",
        id: "layer-less",
        text: "− layer",
        "aria-label": "One hidden layer fewer",
        disabled: s.widths.length === 0,
        onclick: () => change({widths: get().widths.slice(0, -1)}),
      }),
      h("button", {
        type: "button",
        id: "layer-more",
        text: "+ layer",
        "aria-label": "One hidden layer more",
        disabled: s.widths.length >= 8,
        onclick: () => change({widths: [...get().widths, get().widths.at(-1) || 4]}),
      }),
    );
    const tallest = Math.max(info.outputs, ...s.widths.map(w => Math.min(w, mostShown)));
    box.replaceChildren(lines, h("div", {class: tallest > 9 ? "columns close" : "columns"}, ...columns), tip, layers);
    pictures = columns.map(c => [...c.querySelectorAll("canvas")]);
    last = null;
  }

  function unit(layer, i, name) {
    if (name !== undefined && layer < 0 && name.length && about && about.inputs > 6)
      return h("div", {class: "unit input", text: name});
    if (layer < 0) return h("div", {class: "unit input", title: name}, h("span", {class: "words", text: name}));
    const picture = h("canvas", {width: 20, height: 20});
    return h(
      "button",
      {
        type: "button",
        class: "unit",
        "aria-label": `Unit ${i + 1} of layer ${layer + 1}: show its surface`,
        onmouseenter: () => point(layer, i),
        onmouseleave: () => point(null),
        onfocus: () => point(layer, i),
        onblur: () => point(null),
        onclick: () => point(layer, i),
      },
      picture,
    );
  }

  function resize(layer, by) {
    const widths = [...get().widths];
    widths[layer] = Math.max(1, Math.min(256, widths[layer] + by));
    change({widths});
  }

  // Surfaces, from blue (below zero) to orange (above), each to its own largest size.
  function paintUnits(frame) {
    const {below, above, panel} = palette();
    for (const [layer, all] of (frame.neurons || []).entries()) {
      const [count, pixels] = all.shape,
        side = Math.round(Math.sqrt(pixels));
      for (let i = 0; i < count; ++i)
        paintSurface(
          pictures[layer + 1]?.[i],
          all.data.subarray(i * pixels, (i + 1) * pixels),
          side,
          below,
          above,
          panel,
        );
    }
    if (frame.weights && about.inputs === 64 && get().widths.length) {
      // what a unit looks for in the picture
      const first = frame.weights[0].w;
      for (let i = 0; i < Math.min(first.shape[0], mostShown); ++i)
        paintSurface(pictures[1]?.[i], first.data.subarray(64 * i, 64 * i + 64), 8, below, above, panel);
    }
  }

  // Where the units stand: asked for once, and again when the page changes its form.
  function measure() {
    const width = box.scrollWidth,
      height = box.querySelector(".columns").offsetHeight,
      from = box.getBoundingClientRect();
    lines.style.width = width + "px";
    lines.style.height = height + "px";
    return {
      width,
      height,
      middles: columns.map(c =>
        [...c.querySelectorAll(".unit")].map(u => {
          const r = u.getBoundingClientRect();
          return [
            r.left - from.left + box.scrollLeft,
            r.right - from.left + box.scrollLeft,
            (r.top + r.bottom) / 2 - from.top + box.scrollTop,
          ];
        }),
      ),
    };
  }

  function drawEdges(frame) {
    if (!frame.weights || !frame.weights.length) return;
    if (!places) places = measure();
    const {width, height, middles} = places,
      pen = sharp(lines, width, height),
      {below, above, line} = palette();
    spots = [];
    frame.weights.forEach((matrix, layer) => {
      const numbers = what === "g" ? matrix.g : matrix.w,
        [outs, ins] = matrix.w.shape;
      if (!numbers || !middles[layer + 1]) return;
      const largest = numbers.data.reduce((a, x) => Math.max(a, Math.abs(x)), 1e-12),
        joined = ins > middles[layer].length && middles[layer].length === 1;
      for (let o = 0; o < Math.min(outs, middles[layer + 1].length); ++o) {
        for (let i = 0; i < Math.min(ins, middles[layer].length); ++i) {
          const x = joined ? 0 : numbers.data[o * ins + i],
            size = Math.abs(x) / largest,
            a = middles[layer][i],
            b = middles[layer + 1][o],
            bend = (b[0] - a[1]) * 0.45;
          pen.strokeStyle = joined
            ? rgb(line)
            : Number.isFinite(x)
              ? rgb(x < 0 ? below : above, 0.12 + 0.78 * size)
              : rgb(palette().bad);
          pen.lineWidth = joined ? 1 : 0.6 + 4 * size;
          pen.beginPath();
          pen.moveTo(a[1], a[2]);
          pen.bezierCurveTo(a[1] + bend, a[2], b[0] - bend, b[2], b[0], b[2]);
          pen.stroke();
          if (!joined)
            spots.push({
              a,
              b,
              bend,
              layer,
              o,
              i,
              w: matrix.w.data[o * ins + i],
              g: matrix.g ? matrix.g.data[o * ins + i] : null,
            });
        }
      }
    });
  }

  // The edge near the pointer, with its numbers.
  function tellEdge(event) {
    const from = box.getBoundingClientRect(),
      x = event.clientX - from.left + box.scrollLeft,
      y = event.clientY - from.top + box.scrollTop;
    let best = null,
      least = 7;
    for (const s of spots) {
      const t = (x - s.a[1]) / (s.b[0] - s.a[1]);
      if (!(t > 0.02 && t < 0.98)) continue;
      const u = bezierAt(t),
        away = Math.abs(y - (s.a[2] + (s.b[2] - s.a[2]) * u));
      if (away < least) [best, least] = [s, away];
    }
    tip.hidden = !best;
    if (!best) return;
    tip.textContent = `weight ${numberText(best.w)}` + (best.g === null ? "" : ` · gradient ${numberText(best.g)}`);
    tip.style.left = Math.min(x + 12, box.scrollWidth - 190) + "px";
    tip.style.top = Math.max(0, y - 34) + "px";
  }
  // The height of the curve with handles at 0.45 where it has come to t across: near enough to point at.
  const bezierAt = t => t * t * (3 - 2 * t);
  box.addEventListener("pointermove", tellEdge);
  box.addEventListener("pointerleave", () => {
    tip.hidden = true;
  });
  new ResizeObserver(() => {
    places = null;
    if (last) drawEdges(last);
  }).observe(box);

  return {
    build,
    draw(frame) {
      last = frame;
      paintUnits(frame);
      drawEdges(frame);
    },
    // How much the units of the later layers answer to the digit that was drawn; the first layer shows its weights.
    levels(hidden) {
      const {below, above, panel} = palette();
      hidden.forEach((layer, k) => {
        const largest = layer.data.reduce((a, x) => Math.max(a, Math.abs(x)), 1e-9);
        if (k > 0)
          columns[k + 1]
            ?.querySelectorAll("canvas")
            .forEach((canvas, i) =>
              paintSurface(canvas, layer.data.subarray(i, i + 1), 1, below, above, panel, largest),
            );
      });
    },
    edges(kind) {
      what = kind;
      if (last) drawEdges(last);
    },
  };
}

// Numbers as colours: panel at 0, blue below, orange above.
function paintSurface(canvas, numbers, side, below, above, panel, largest = 0) {
  if (!canvas) return;
  if (canvas.width !== side) canvas.width = canvas.height = side;
  if (!largest) for (const x of numbers) if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x));
  const pen = canvas.getContext("2d"),
    image = pen.createImageData(side, side),
    scale = largest > 0 ? 1 / largest : 0,
    bad = palette().bad;
  for (let k = 0; k < numbers.length; ++k) {
    const x = Math.max(-1, Math.min(1, numbers[k] * scale)),
      to = Number.isNaN(x) ? bad : x < 0 ? below : above,
      part = Number.isNaN(x) ? 1 : Math.abs(x) ** 0.8;
    for (let c = 0; c < 3; ++c) image.data[4 * k + c] = panel[c] + (to[c] - panel[c]) * part;
    image.data[4 * k + 3] = 255;
  }
  pen.putImageData(image, 0, 0);
}
