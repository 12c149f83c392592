// What stands in a box of the picture: the numbers of small tensors, thumbnails or norms of others, and the gradient beside.
"use strict";

const thumb = {width: 44, height: 20};

// numbers: up to four of them, two in a slim picture; thumbs: as colours; norm: where the trace has no numbers.
function stripOf(n, slim) {
  if (!n || !n.value) return "";
  const count = sizeOf(n.value.shape);
  if (!n.value.data) return "norm";
  return count === 1 ? "number" : count <= (slim ? 2 : 4) ? "numbers" : "thumbs";
}
const stripHeight = strip => ({number: 17, numbers: 32, thumbs: 25, norm: 32})[strip] || 0;
const stripWidth = (strip, n) =>
  ({
    number: 146,
    thumbs: 2 * thumb.width + 24,
    norm: 96,
    numbers: strip === "numbers" ? 24 + 38 * sizeOf(n.value.shape) : 0,
  })[strip] || 0;

// Three digits that matter.
function brief(x) {
  const v = numberOf(x),
    size = Math.abs(v);
  if (!Number.isFinite(v)) return numberText(v);
  if (v === 0) return "0";
  if (size < 1e-3 || size >= 1e5) return v.toExponential(1).replace("e+", "e");
  return String(+v.toPrecision(3));
}

const numbersText = tensor => tensor.data.map(tensor.data.length > 2 ? tightText : brief).join("  ");
const normText = tensor => "‖·‖ " + brief(normOf(tensor));

// The tensor as at most 11 by 5 cells, each the element of largest size among those it stands for; one path for each strength.
const pictures = new WeakMap();
function cellsOf(tensor) {
  if (pictures.has(tensor)) return pictures.get(tensor);
  const plane = flat(tensor),
    columns = Math.min(11, plane.columns),
    rows = Math.min(5, plane.rows),
    most = largest(tensor),
    paths = new Map();
  const w = thumb.width / columns,
    hgt = thumb.height / rows;
  for (let r = 0; r < rows; ++r) {
    for (let c = 0; c < columns; ++c) {
      const x = extreme(plane, r / rows, (r + 1) / rows, c / columns, (c + 1) / columns);
      const level = !Number.isFinite(x)
        ? "n"
        : x === 0
          ? ""
          : (x > 0 ? "a" : "b") + Math.min(4, 1 + Math.floor(4 * strength(x, most)));
      if (level)
        paths.set(
          level,
          (paths.get(level) || "") +
            `M${(c * w).toFixed(1)} ${(r * hgt).toFixed(1)}h${w.toFixed(2)}v${hgt.toFixed(2)}h-${w.toFixed(2)}z`,
        );
    }
  }
  pictures.set(tensor, paths);
  return paths;
}

function extreme(plane, top, bottom, left, right) {
  const to = (share, n) => Math.max(1, Math.ceil(share * n));
  let most = 0;
  for (let r = Math.floor(top * plane.rows); r < to(bottom, plane.rows); ++r) {
    for (let c = Math.floor(left * plane.columns); c < to(right, plane.columns); ++c) {
      const x = numberOf(plane.data[plane.start + r * plane.columns + c]);
      if (!Number.isFinite(x)) return x;
      if (Math.abs(x) > Math.abs(most)) most = x;
    }
  }
  return most;
}

// The strip of a box: its two halves, which `show` fills with the value and the gradient of a step.
function drawStrip(b) {
  const left = b.x - b.width / 2,
    y = b.y - b.height / 2 + 42,
    g = svg("g", {class: "strip", "aria-hidden": "true"});
  const word = (cls, x, dy, anchor) => svg("text", {class: cls, x, y: y + dy, "text-anchor": anchor});
  const has = {value: undefined, grad: undefined};
  let put;
  if (b.strip === "thumbs") {
    const gap = (b.width - 2 * thumb.width) / 3,
      frame = (cls, x) => svg("g", {class: cls, transform: `translate(${x} ${y + 1})`});
    const places = {value: frame("thumb", left + gap), grad: frame("thumb grad", left + 2 * gap + thumb.width)};
    put = (which, tensor) =>
      places[which].replaceChildren(
        svg("rect", {class: tensor ? "paper" : "none", width: thumb.width, height: thumb.height, rx: 3}),
        ...(tensor ? [...cellsOf(tensor)].map(([level, d]) => svg("path", {class: "v" + level, d})) : []),
      );
    g.append(places.value, places.grad);
  } else if (b.strip === "number") {
    g.append(svg("path", {class: "split", d: `M${b.x} ${y + 1}v13`}));
    const places = {value: word("value", b.x - 8, 11.5, "end"), grad: word("grad", b.x + 8, 11.5, "start")};
    put = (which, tensor) => {
      places[which].textContent = tensor
        ? (which === "grad" ? "∇ " : "") + numbersText(tensor)
        : which === "grad"
          ? ""
          : "·";
    };
    g.append(places.value, places.grad);
  } else {
    const places = {value: word("value", b.x, 11.5, "middle"), grad: word("grad", b.x, 26.5, "middle")};
    put = (which, tensor) => {
      places[which].textContent = tensor
        ? (which === "grad" ? "∇ " : "") + (tensor.data ? numbersText(tensor) : normText(tensor))
        : "";
    };
    g.append(places.value, places.grad);
  }
  const show = (value, grad) => {
    if (has.value !== value) put("value", (has.value = value));
    if (has.grad !== grad) put("grad", (has.grad = grad));
  };
  return {element: g, show};
}
