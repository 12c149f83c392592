// The gallery of `gradus descend --gallery`, computed in a worker of its own, and a descent of one's own.
"use strict";

async function makeGallery(box, programs, open) {
  const cards = h("div", {class: "cards"}),
    waiting = h("p", {class: "soft", role: "status", text: "The library is going down twelve surfaces …"});
  box.append(waiting, cards);
  const told = await programs.run(["gradus", "descend", "--gallery", "/gallery"]);
  if (told.broken) {
    waiting.textContent = told.broken;
    return;
  }
  waiting.textContent = `Computed in this page in ${(told.ms / 1000).toFixed(1)} s. Choose one: its page lets you move the start and change the rate.`;
  const written = await programs.read("/gallery/index.html");
  const index = new DOMParser().parseFromString(written.replace(/<style>[^]*?<\/style>/, ""), "text/html"); // its style would be refused
  for (const a of index.querySelectorAll("main a")) {
    const file = "/gallery/" + a.getAttribute("href"),
      title = a.querySelector("h2").textContent;
    const picture = await programs.read(file.replace(/\.html$/, ".thumb.svg"));
    cards.append(
      h(
        "button",
        {type: "button", class: "piece", onclick: () => open(file, title)},
        h("img", {src: URL.createObjectURL(new Blob([picture], {type: "image/svg+xml"})), alt: ""}),
        h("span", {class: "card-title", text: title}),
        h("span", {class: "soft", text: a.querySelector("p").textContent}),
      ),
    );
  }
}

function makeOwnDescent(programs, open) {
  const field = (label, control) => h("label", {class: "hole"}, h("span", {text: label}), control),
    out = h("div", {role: "status"});
  const text = (value, more = {}) =>
    h("input", {type: "text", value, autocomplete: "off", spellcheck: "false", maxlength: 500, ...more});
  const surface = text("rosenbrock", {list: "surfaces", id: "own-surface"}),
    opts = text("sgd:lr=1e-3 adam:lr=.05 newton", {id: "own-opts"}),
    start = text("", {placeholder: "the surface's own, or 1.6,0.5", id: "own-start"}),
    steps = text("400", {id: "own-steps", inputmode: "numeric"});
  const list = h("datalist", {id: "surfaces"});
  programs
    .text(["gradus", "descend", "--list"])
    .then(told => list.append(...(told.all || []).map(line => h("option", {value: line.text.split(/[ :]/)[0]}))));
  const form = h(
    "form",
    {class: "exercise", id: "own-descent"},
    h("h3", {text: "A descent of your own"}),
    h("p", {
      text: "A surface by its name, or any formula in x and y; optimizers with their options, as on the command line of gradus descend.",
    }),
    field("surface or formula", surface),
    field("optimizers", opts),
    field("start", start),
    field("steps", steps),
    list,
    h("div", {class: "actions"}, h("button", {type: "submit", class: "main wide", text: "Go down"})),
    out,
  );
  form.addEventListener("submit", async e => {
    e.preventDefault();
    const name = surface.value.trim(),
      known = /^[a-z_]+(:[-\d.,e]+)?$/.test(name) && [...list.children].some(o => o.value === name.split(":")[0]);
    const words = [
      "gradus",
      "descend",
      ...(known ? [name] : ["--f", name]),
      ...opts.value
        .trim()
        .split(/\s+/)
        .filter(Boolean)
        .flatMap(o => ["--opt", o]),
      ...(start.value.trim() ? ["--start=" + start.value.trim()] : []),
      "--steps",
      steps.value.trim() || "200",
      "-o",
      "/own.html",
    ];
    out.replaceChildren();
    const output = makeOutput(out),
      told = await programs.run(words, {lines: output.lines});
    if (told.broken) output.lines([{text: told.broken, trouble: true}]);
    output.end();
    if (told.code === 0) open("/own.html", name);
  });
  return form;
}
