// Tensors as tables of coloured cells; large ones as pixels with a read-out, very large ones as statistics.
"use strict";

const mostRows = 16,
  mostPlanes = 12;
const narrow = matchMedia("(max-width: 899px)");
const mostColumns = form => (form === "tight" ? 16 : narrow.matches ? 8 : 10);

// An element with properties; text is always text, never markup.
function h(tag, properties, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") e.textContent = value;
    else if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
    else e.setAttribute(name, value === true ? "" : value);
  }
  e.append(...children.filter(c => c !== null && c !== undefined));
  return e;
}

// Four decimals where they say something, powers of ten where not.
function numberText(x) {
  if (typeof x === "string") return x;
  const size = Math.abs(x);
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
  if (Number.isInteger(x) && size < 1e6) return String(x);
  if (size < 1e-3 || size >= 1e5) return x.toExponential(2);
  return x.toFixed(size >= 1000 ? 1 : size >= 100 ? 2 : size >= 10 ? 3 : 4);
}

// Three decimals in as few letters as there are.
function tightText(x) {
  const v = numberOf(x),
    size = Math.abs(v);
  if (!Number.isFinite(v) || (Number.isInteger(v) && size < 1e4)) return numberText(v);
  if (size < 5e-4 || size >= 1e4) return v.toExponential(0).replace("e+", "e");
  return size >= 100
    ? v.toFixed(0)
    : size >= 10
      ? v.toFixed(1)
      : size >= 1
        ? v.toFixed(2)
        : v.toFixed(3).replace("0.", ".");
}

function largest(tensor) {
  if (!tensor) return 0;
  let most = 0;
  for (const x of tensor.data || []) {
    const size = Math.abs(numberOf(x));
    if (Number.isFinite(size) && size > most) most = size;
  }
  return most;
}

// The strength of a cell's colour: 0 at zero, full at the largest of the tables it stands among.
const strength = (x, scale) => (scale > 0 ? Math.min(1, Math.abs(x) / scale) : 0);

function cell(x, scale, differs, tight) {
  const value = numberOf(x),
    td = h("td", {text: tight ? tightText(x) : numberText(x), title: String(x)});
  if (!Number.isFinite(value)) td.className = "strange";
  else if (value !== 0) {
    td.className = value > 0 ? "above" : "below";
    td.style.setProperty("--heat", (0.07 + 0.5 * strength(value, scale)).toFixed(3));
  }
  if (differs) td.classList.add("other");
  return td;
}

// `pick` is told the place of a number that is clicked, or chosen by arrow keys and Enter.
function table(plane, scale, {other, tight, pick} = {}) {
  const body = h("tbody"),
    cells = [];
  for (let r = 0; r < plane.rows; ++r) {
    const row = h("tr");
    for (let c = 0; c < plane.columns; ++c) {
      const i = plane.start + r * plane.columns + c,
        td = cell(plane.data[i], scale, other && other[i] !== plane.data[i], tight);
      td.dataset.i = i;
      cells.push(td);
      row.append(td);
    }
    body.append(row);
  }
  const box = h(
    "table",
    {class: "heat" + (tight ? " tight" : plane.columns > 6 ? " dense" : "") + (pick ? " asks" : "")},
    body,
  );
  if (pick) pickable(box, cells, plane, pick);
  return h("div", {class: "scroll"}, box);
}

function pickable(box, cells, plane, pick) {
  let at = 0;
  const mark = () => cells.forEach((td, i) => td.classList.toggle("at", i === at && document.activeElement === box));
  box.tabIndex = 0;
  box.setAttribute("aria-label", "numbers: arrow keys move, Enter says where one comes from");
  box.addEventListener("click", e => {
    if (e.target.dataset.i !== undefined) pick(Number(e.target.dataset.i));
  });
  box.addEventListener("focus", mark);
  box.addEventListener("blur", mark);
  box.addEventListener("keydown", e => {
    const by = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -plane.columns, ArrowDown: plane.columns}[e.key];
    if (by === undefined && e.key !== "Enter") return;
    e.preventDefault(), e.stopPropagation();
    if (by === undefined) return pick(plane.start + at);
    if (at + by >= 0 && at + by < cells.length) at += by;
    mark();
  });
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const triple = name => style.getPropertyValue(name).trim().split(" ").map(Number);
  return {above: triple("--above"), below: triple("--below")};
}

// One pixel for a number, enlarged.
function pixels(plane, scale, width, height, onread) {
  const size = Math.max(1, Math.min(14, Math.floor(Math.min(width / plane.columns, height / plane.rows))));
  const canvas = h("canvas", {
    class: "heat",
    width: plane.columns,
    height: plane.rows,
    role: "img",
    "aria-label": `${plane.rows} by ${plane.columns} numbers as colours`,
  });
  canvas.style.width = plane.columns * size + "px";
  if (plane.rows <= 2) canvas.style.height = 16 * plane.rows + "px";
  else canvas.style.aspectRatio = plane.columns + " / " + plane.rows;
  const context = canvas.getContext("2d"),
    image = context.createImageData(plane.columns, plane.rows),
    {above, below} = colours();
  for (let i = 0; i < plane.rows * plane.columns; ++i) {
    const x = numberOf(plane.data[plane.start + i]),
      [r, g, b] = x > 0 ? above : x < 0 ? below : [0, 0, 0];
    const alpha = Number.isFinite(x) ? (x === 0 ? 0 : 0.06 + 0.94 * strength(x, scale)) : 1;
    image.data.set(Number.isFinite(x) ? [r, g, b, 255 * alpha] : [189, 53, 25, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
  if (onread) {
    canvas.addEventListener("pointermove", e => {
      const box = canvas.getBoundingClientRect();
      const c = Math.min(
        plane.columns - 1,
        Math.max(0, Math.floor(((e.clientX - box.left) / box.width) * plane.columns)),
      );
      const r = Math.min(plane.rows - 1, Math.max(0, Math.floor(((e.clientY - box.top) / box.height) * plane.rows)));
      onread(plane.start + r * plane.columns + c);
    });
    if (onread.pick) canvas.addEventListener("click", () => onread.pick());
  }
  return canvas;
}

// The last two axes make a plane; the others count planes.
function planes(tensor) {
  const shape = tensor.shape,
    columns = shape.length ? shape[shape.length - 1] : 1,
    rows = shape.length > 1 ? shape[shape.length - 2] : 1;
  const count = rows * columns > 0 ? sizeOf(shape) / (rows * columns) : 0,
    all = [];
  for (let p = 0; p < count; ++p) all.push({data: tensor.data, start: p * rows * columns, rows, columns});
  return all;
}

function statistics(tensor) {
  const s = tensor.stats || {},
    list = h("dl", {class: "stats"});
  for (const name of ["min", "max", "mean", "std", "norm", "nan", "inf", "zero"]) {
    list.append(
      h("dt", {text: name}),
      h("dd", {text: s[name] === null || s[name] === undefined ? "–" : numberText(s[name])}),
    );
  }
  const ends = [...(tensor.head || []).slice(0, 4), "…", ...(tensor.tail || []).slice(-2)];
  return h("div", {}, list, h("p", {class: "readout", text: ends.map(numberText).join("  ")}));
}

// What is inside the figure of a tensor: cells, pixels or statistics. `form`: "numbers", "tight" or "pixels", for less and less room.
function heat(tensor, options = {}) {
  if (!tensor.data) return statistics(tensor);
  if (!tensor.data.length) return h("span", {class: "nothing", text: "no elements"});
  const scale = options.scale || largest(tensor),
    all = planes(tensor),
    form = options.form || "numbers",
    few = tensor.data.length <= 36 && planes(tensor)[0].columns <= 6,
    tight = form === "tight" || (form === "pixels" && few);
  const other =
    options.other && options.other.data && options.other.data.length === tensor.data.length ? options.other.data : null;
  const cells = {other, tight, pick: options.pick};
  const small = all[0].columns <= mostColumns(form) && all[0].rows <= mostRows && (form !== "pixels" || few);
  if (all.length === 1 && small) return table(all[0], scale, cells);
  const read = h("p", {class: "readout", text: form === "numbers" ? `largest ${numberText(largest(tensor))}` : ""});
  let at = 0;
  const say = i => {
    at = i;
    read.textContent = `${indexText(tensor.shape, i)} = ${numberText(tensor.data[i])}`;
  };
  if (options.pick) say.pick = () => options.pick(at);
  const room = form === "numbers" ? [300, 200] : form === "tight" ? [240, 110] : [150, 72];
  if (all.length === 1) {
    const box = h("div", {}, pixels(all[0], scale, ...room, say), read);
    if (tensor.data.length <= 4096) {
      const toggle = h("button", {
        type: "button",
        class: "link",
        text: "numbers",
        onclick: () => {
          toggle.remove();
          box.replaceChildren(table(all[0], scale, cells), read);
        },
      });
      read.append(form === "numbers" ? "  " : "", toggle);
    }
    return box;
  }
  if (small && all.length <= 3 && form === "numbers") {
    return h(
      "div",
      {class: "many"},
      ...all.map((p, i) =>
        h("figure", {}, h("figcaption", {text: planeName(tensor.shape, i)}), table(p, scale, cells)),
      ),
    );
  }
  const most = form === "numbers" ? mostPlanes : form === "tight" ? 6 : 3,
    edge = form === "numbers" ? 72 : 44;
  const shown = all
    .slice(0, most)
    .map((p, i) =>
      h(
        "figure",
        {},
        form === "numbers" ? h("figcaption", {text: planeName(tensor.shape, i)}) : null,
        pixels(p, scale, edge, edge, say),
      ),
    );
  if (all.length > most)
    read.textContent = [`${most} of ${all.length} planes`, read.textContent].filter(Boolean).join(" · ");
  return h("div", {}, h("div", {class: "many"}, ...shown), read);
}

const planeName = (shape, i) => indexText(shape.slice(0, -2), i).replace("]", ", :, :]");

// A tensor with its name and shape, and on narrow screens the sign before it.
function figure(label, tensor, options = {}) {
  const caption = h(
    "figcaption",
    {},
    options.sign ? h("b", {class: "sign", "aria-hidden": "true", text: options.sign}) : null,
    h("span", {text: label}),
  );
  if (tensor)
    caption.append(h("span", {class: "shape", text: tensor.shape.length ? tensor.shape.join("×") : "scalar"}));
  return h(
    "figure",
    {class: "tensor"},
    caption,
    tensor ? heat(tensor, options) : h("span", {class: "nothing", text: options.nothing || "nothing yet"}),
  );
}
