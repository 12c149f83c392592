// Small things that all parts use.
"use strict";

const $ = id => document.getElementById(id);

// An element: h("button", {type: "button", onclick}, "text", child …). `text` and children are text, never markup.
function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") element.textContent = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "style") for (const [p, v] of Object.entries(value)) element.style.setProperty(p, v);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter(c => c !== null && c !== undefined));
  return element;
}

function numberText(x) {
  if (x === null || x === undefined || Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  if (size === 0) return "0";
  const text = size >= 1e5 || size < 1e-4 ? x.toExponential(2) : x.toPrecision(size >= 1 ? 4 : 3);
  return text.replace("-", "−");
}

function saveFile(name, type, content) {
  const address = URL.createObjectURL(new Blob([content], {type})),
    link = h("a", {href: address, download: name});
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// Colours of the style sheet, as numbers: read again when the scheme changes.
let colours = null;
const scheme = matchMedia("(prefers-color-scheme: dark)"),
  calm = matchMedia("(prefers-reduced-motion: reduce)");
function palette() {
  if (colours) return colours;
  const style = getComputedStyle(document.documentElement),
    hex = name => {
      const text = style.getPropertyValue(name).trim();
      if (text.startsWith("#")) return [1, 3, 5].map(i => parseInt(text.slice(i, i + 2), 16));
      return text.split(/\s+/).map(Number);
    };
  const below = hex("--below"),
    above = hex("--above");
  colours = {
    below,
    above,
    ink: hex("--ink"),
    soft: hex("--soft"),
    panel: hex("--panel"),
    line: hex("--line"),
    edge: hex("--edge"),
    here: hex("--here"),
    bad: hex("--bad"),
    classes: [
      below,
      above,
      [10, 127, 108],
      [176, 58, 120],
      [122, 91, 199],
      [138, 109, 31],
      [59, 130, 176],
      [109, 118, 131],
      [150, 170, 40],
      [200, 90, 90],
    ],
  };
  return colours;
}
const rgb = (c, alpha = 1) => `rgb(${c[0]} ${c[1]} ${c[2]} / ${alpha})`;
const classColour = k => palette().classes[k % palette().classes.length];

// A canvas at the sharpness of the screen, in units of the page.
function sharp(canvas, width, height) {
  const scale = Math.min(devicePixelRatio || 1, 3);
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

function banner(kind, text, {title = "", key = text} = {}) {
  const old = [...$("banners").children].find(b => b.dataset.key === key);
  if (old) old.remove();
  const box = h(
    "div",
    {class: "banner " + kind, "data-key": key},
    title ? h("b", {text: title}) : null,
    h("span", {class: "words", text}),
    h("button", {type: "button", class: "link", text: "close", onclick: () => box.remove()}),
  );
  $("banners").append(box);
  while ($("banners").children.length > 3) $("banners").firstChild.remove();
}
const clearBanners = kind => {
  for (const b of [...$("banners").children]) if (!kind || b.classList.contains(kind)) b.remove();
};
