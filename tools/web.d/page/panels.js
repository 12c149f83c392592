// The views below the network: layers, health, landscape, and the program.
"use strict";

function makePanels(ask, get, change) {
  const view = $("view"),
    tabs = ["layers", "health", "landscape", "code"];
  let last = null,
    marks = {};

  for (const [i, tab] of tabs.entries()) {
    $("tab-" + tab).addEventListener("click", () => {
      change({tab});
      if (view.previousElementSibling.getBoundingClientRect().top > innerHeight / 2)
        view.previousElementSibling.scrollIntoView({block: "start", behavior: calm.matches ? "auto" : "smooth"});
    });
    $("tab-" + tab).addEventListener("keydown", e => {
      const by = {ArrowRight: 1, ArrowLeft: -1}[e.key];
      if (!by) return;
      e.stopPropagation();
      const next = tabs[(i + by + tabs.length) % tabs.length];
      change({tab: next});
      $("tab-" + next).focus();
    });
  }

  function show() {
    for (const tab of tabs) {
      $("tab-" + tab).setAttribute("aria-selected", tab === get().tab);
      $("tab-" + tab).tabIndex = tab === get().tab ? 0 : -1;
    }
    view.setAttribute("aria-labelledby", "tab-" + get().tab);
    marks = {};
    view.replaceChildren();
    builders[get().tab]();
    update();
  }

  const builders = {
    layers() {
      view.append(h("div", {id: "layers"}));
    },
    health() {
      view.append(h("div", {id: "health"}));
    },
    landscape() {
      view.append(
        h("p", {
          class: "soft",
          text: "The loss over a plane through the weights. The dot is where the network stands, the line the way that led there.",
        }),
        h("p", {}, h("button", {type: "button", id: "slice", text: "Compute", onclick: slice})),
        h("div", {id: "slice-box"}),
      );
      slice();
    },
    code() {
      view.append(h("div", {id: "code"}));
      program();
    },
  };

  function update() {
    if (!last) return;
    if (get().tab === "layers") showLayers();
    if (get().tab === "health") showHealth();
    const count = $("health-count"),
      found = (last.diagnoses || []).length;
    count.hidden = !found;
    count.textContent = found || "";
    count.classList.toggle("bad", found > 0);
  }

  // Norms on a logarithmic bar.
  const bar = (x, low, high) =>
    h("span", {
      class: "bar",
      style: {
        width:
          x > 0 && Number.isFinite(x)
            ? `${Math.max(2, Math.min(100, (100 * (Math.log10(x) - low)) / (high - low)))}%`
            : "0",
      },
    });

  function showLayers() {
    const norms = last.norms || [],
      mark = JSON.stringify(norms);
    if (marks.layers === mark) return;
    marks.layers = mark;
    if (!norms.length)
      return void $("layers").replaceChildren(
        h("p", {class: "soft", text: "Norms are measured at the first step and at every 20th."}),
      );
    $("layers").replaceChildren(
      h(
        "table",
        {class: "list norms"},
        h(
          "thead",
          {},
          h("tr", {}, ...["Parameter", "Gradient", "Update ÷ weights"].map(text => h("th", {text, scope: "col"}))),
        ),
        h(
          "tbody",
          {},
          ...norms.map(n =>
            h(
              "tr",
              {},
              h("td", {text: n.name}),
              h(
                "td",
                {},
                h("span", {class: "bar-box"}, bar(n.grad, -6, 1)),
                h("span", {class: "number", text: numberText(n.grad)}),
              ),
              h(
                "td",
                {class: n.ratio > 0.1 || n.ratio < 1e-5 ? "odd" : ""},
                h("span", {class: "bar-box"}, bar(n.ratio, -6, 0)),
                h("span", {class: "number", text: numberText(n.ratio)}),
              ),
            ),
          ),
        ),
      ),
      h("p", {
        class: "soft",
        text: "Bars are logarithmic. A step usually changes the weights by about a thousandth of their size.",
      }),
    );
  }

  function showHealth() {
    const found = last.diagnoses || [],
      mark = JSON.stringify(found);
    if (marks.health === mark) return;
    marks.health = mark;
    $("health").replaceChildren(
      ...(found.length
        ? found.map(d =>
            h(
              "article",
              {class: "diagnosis"},
              h(
                "h3",
                {},
                h("b", {text: d.code}),
                " ",
                h("span", {class: "soft", text: `${d.layer ? d.layer + ", " : ""}since step ${d.step}`}),
              ),
              h("p", {text: d.evidence}),
              h("p", {class: "advice", text: "Try: " + d.advice}),
            ),
          )
        : [
            h("p", {
              class: "soft",
              text: "Nothing is wrong with this training, as far as it has come. What is looked for: gradients that vanish or explode, dead and saturated units, rates that are too high or too low, overfitting, and more.",
            }),
          ]),
    );
  }

  async function slice() {
    const box = $("slice-box");
    if (!box) return;
    const told = await ask({do: "landscape", points: 31});
    if (!$("slice-box")) return;
    if (told.error) return void box.replaceChildren(h("p", {class: "soft", text: told.wrong || told.error}));
    const canvas = h("canvas", {
      class: "slice",
      role: "img",
      "aria-label": "The loss around the present weights, with the way so far",
    });
    box.replaceChildren(canvas, h("p", {class: "soft", text: told.facts.join(" · ")}));
    drawSlice(canvas, told);
  }

  async function program() {
    const told = await ask({do: "program"}),
      box = $("code");
    if (!box) return;
    if (told.error) return void box.replaceChildren(h("p", {text: told.error}));
    const fresh = last && last.changed,
      own = get().set === "own";
    box.replaceChildren(
      h("p", {
        class: "soft",
        text: fresh
          ? "The training was changed while it ran, so no program gives exactly these numbers. Restart, and it does."
          : last && last.step
            ? `Compiled against Gradus, this program gives the loss ${last.loss === null ? "NaN" : numberText(last.loss)} of step ${last.step} to the last bit (0x${last.bits}, baseline build).`
            : "Train first: the program stops at the step where you are.",
      }),
      h(
        "p",
        {class: "actions"},
        h("button", {type: "button", text: "Copy", onclick: () => copyText(told.text, "The program is copied.")}),
        h("button", {
          type: "button",
          text: "Save program.cpp",
          onclick: () => saveFile("program.cpp", "text/plain", told.text),
        }),
        own
          ? h("button", {
              type: "button",
              text: "Save own.csv",
              onclick: () => saveFile("own.csv", "text/csv", get().csv),
            })
          : null,
      ),
      h("pre", {class: "program", tabindex: 0, "aria-label": "The program", text: told.text}),
    );
  }

  return {
    show,
    about: show,
    draw(frame) {
      last = {...last, ...frame};
      if (frame.norms) update();
    },
    stopped() {
      if (get().tab === "code") program();
      if (get().tab === "landscape") slice();
    },
    clear() {
      last = null;
    },
  };
}

// Heights as colours of their logarithm, with lines of equal height, and the way as a line.
function drawSlice(canvas, told) {
  const side = Math.min(canvas.parentElement.clientWidth, 380),
    pen0 = ((canvas.style.width = canvas.style.height = side + "px"), sharp(canvas, side, side)),
    {rows, columns} = told,
    f = told.heights.data;
  const low = f.reduce((a, x) => (Number.isFinite(x) ? Math.min(a, x) : a), Infinity),
    high = f.reduce((a, x) => (Number.isFinite(x) ? Math.max(a, x) : a), -Infinity);
  const level = x => (Number.isFinite(x) ? Math.log1p(((x - low) / (high - low + 1e-12)) * 50) / Math.log(51) : 1),
    {below, above, panel, ink, here} = palette();
  const n = 190,
    picture = h("canvas", {width: n, height: n}),
    pen = picture.getContext("2d"),
    image = pen.createImageData(n, n),
    bands = 12;
  const at = (px, py) => {
    const x = (px / (n - 1)) * (columns - 1),
      y = (1 - py / (n - 1)) * (rows - 1),
      i = Math.min(columns - 2, Math.floor(x)),
      j = Math.min(rows - 2, Math.floor(y)),
      u = x - i,
      v = y - j,
      g = (a, b) => level(f[b * columns + a]);
    return (1 - v) * ((1 - u) * g(i, j) + u * g(i + 1, j)) + v * ((1 - u) * g(i, j + 1) + u * g(i + 1, j + 1));
  };
  for (let py = 0; py < n; ++py) {
    for (let px = 0; px < n; ++px) {
      const z = at(px, py),
        edge =
          Math.floor(z * bands) !== Math.floor(at(Math.min(n - 1, px + 1), py) * bands) ||
          Math.floor(z * bands) !== Math.floor(at(px, Math.min(n - 1, py + 1)) * bands),
        k = 4 * (py * n + px);
      const to = z < 0.5 ? below : above,
        part = Math.abs(z - 0.5) * 1.5;
      for (let c = 0; c < 3; ++c)
        image.data[k + c] = (panel[c] + (to[c] - panel[c]) * part) * (edge ? 0.82 : 1) + (edge ? 0.18 * ink[c] : 0);
      image.data[k + 3] = 255;
    }
  }
  pen.putImageData(image, 0, 0);
  pen0.imageSmoothingEnabled = true;
  pen0.drawImage(picture, 0, 0, side, side);
  const [l, r, b, t] = told.window,
    x = a => ((a - l) / (r - l)) * side,
    y = a => ((t - a) / (t - b)) * side;
  pen0.lineWidth = 2;
  pen0.lineJoin = "round";
  let end = [0, 0];
  for (const path of told.paths) {
    end = [...path.data.slice(-2)];
    pen0.strokeStyle = rgb(ink);
    pen0.beginPath();
    for (let i = 0; i + 1 < path.data.length; i += 2)
      pen0[i ? "lineTo" : "moveTo"](x(path.data[i]), y(path.data[i + 1]));
    pen0.stroke();
  }
  pen0.fillStyle = rgb(here);
  pen0.strokeStyle = rgb(panel);
  pen0.beginPath();
  pen0.arc(x(end[0]), y(end[1]), 5.5, 0, 7);
  pen0.fill();
  pen0.stroke();
}

async function copyText(text, done) {
  try {
    await navigator.clipboard.writeText(text);
  } catch (e) {
    // from file://, or without leave: the older way
    const box = h("textarea", {class: "off-screen"});
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  banner("note", done, {key: "copied"});
}
