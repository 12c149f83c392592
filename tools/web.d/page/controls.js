// The settings. Each control shows one member of the state and changes it.
"use strict";

const names = {
  set: {
    circles: "Circles",
    moons: "Moons",
    spirals: "Spirals",
    xor: "Exclusive or",
    blobs: "Three clouds",
    waves: "Waves (a number)",
    peaks: "Hill and valley (a number)",
    digits: "Handwritten digits",
    own: "Your own",
  },
  activation: {
    tanh: "tanh",
    relu: "ReLU",
    sigmoid: "sigmoid",
    gelu: "GELU",
    silu: "SiLU",
    elu: "ELU",
    leaky_relu: "leaky ReLU",
    softplus: "softplus",
    none: "none (linear)",
  },
  norm: {none: "none", batch: "batch norm", layer: "layer norm", rms: "RMS norm"},
  init: {
    default: "1/√inputs",
    kaiming: "He (Kaiming)",
    xavier: "Glorot (Xavier)",
    orthogonal: "orthogonal",
    normal: "normal, σ = 1",
    zeros: "all zero",
  },
  loss: {
    cross_entropy: "cross-entropy",
    smoothed: "label smoothing 0.1",
    mse: "squared error",
    l1: "absolute error",
    huber: "Huber",
  },
  missing: {refuse: "refuse", drop: "leave the row out", mean: "the column's mean"},
  categories: {refuse: "refuse", index: "number them", one_hot: "a column for each"},
  schedule: {none: "constant"},
};

// What each control of the panel is: [key, label, help]
function makeControls(catalogue, get, change) {
  const refreshers = [];
  const labelled = (label, control, help) =>
    h("label", {class: "field", title: help || ""}, h("span", {text: label}), control);

  function select(key, label, options, help) {
    const control = h(
      "select",
      {id: "c-" + key, onchange: () => change({[key]: control.value})},
      ...options.map(([value, text]) => h("option", {value, text})),
    );
    refreshers.push(() => {
      control.value = get()[key];
    });
    return labelled(label, control, help);
  }

  // A number with a slider. `scale` maps the slider to the number.
  function number(key, label, low, high, step, help) {
    const box = h("input", {
      type: "number",
      id: "c-" + key,
      min: low,
      max: high,
      step: "any",
      onchange: () => set(Number(box.value)),
    });
    const slider = h("input", {
      type: "range",
      min: low,
      max: high,
      step,
      "aria-label": label,
      tabindex: -1,
      oninput: () => {
        box.value = slider.value;
      },
      onchange: () => set(Number(slider.value)),
    });
    const [least, most, whole] = limits[key];
    const set = x => {
      const fits = Number.isFinite(x) && x >= least && x <= most && (!whole || Number.isInteger(x));
      if (fits) change({[key]: x});
      else {
        banner("note", `${label} must be ${whole ? "a whole number " : ""}from ${least} to ${most}.`, {key: "field"});
        refresh();
      }
    };
    const refresh = () => {
      box.value = get()[key];
      slider.value = get()[key];
    };
    refreshers.push(refresh);
    return h("div", {class: "field range", title: help || ""}, h("label", {for: "c-" + key, text: label}), slider, box);
  }

  function check(key, label, help) {
    const control = h("input", {type: "checkbox", id: "c-" + key, onchange: () => change({[key]: control.checked})});
    refreshers.push(() => {
      control.checked = get()[key];
    });
    return h("label", {class: "field check", title: help || ""}, control, h("span", {text: label}));
  }

  // The options of an optimizer or a schedule, as the library lists them.
  function options(key, kindOf, always) {
    const box = h("div", {class: "options"});
    let shown = "";
    const give = (name, value) => change({[key]: {...get()[key], [name]: value}});
    const one = (name, standard) => {
      const now = () => (name in get()[key] ? get()[key][name] : standard),
        id = `c-${key}-${name}`,
        text = name === "lr" ? "learning rate" : name.replace(/_/g, " ");
      if (typeof standard === "boolean") {
        const control = h("input", {type: "checkbox", id, onchange: () => give(name, control.checked)});
        control.checked = now();
        return h("label", {class: "field check"}, control, h("span", {text}));
      }
      const parts = Array.isArray(standard) ? [0, 1] : [null];
      const inputs = parts.map(i =>
        h("input", {
          type: "number",
          step: "any",
          id: i === 1 ? id + "-2" : id,
          "aria-label": i === null ? null : `${text} ${i + 1}`,
          value: i === null ? now() : now()[i],
          onchange: () => {
            const numbers = inputs.map(x => Number(x.value));
            if (numbers.every(Number.isFinite) && inputs.every(x => x.value !== ""))
              give(name, parts.length === 2 ? numbers : numbers[0]);
          },
        }),
      );
      return h("label", {class: "field"}, h("span", {text}), h("span", {class: "pair"}, ...inputs));
    };
    refreshers.push(() => {
      const kind = kindOf(),
        mark = JSON.stringify([kind && kind.name, get()[key]]);
      if (mark === shown) return;
      shown = mark;
      const all = Object.entries(kind ? kind.options : {}).filter(([name]) => name !== "maximize");
      const first = all.filter(([name]) => always.includes(name)),
        rest = all.filter(([name]) => !always.includes(name));
      const open = box.querySelector("details") && box.querySelector("details").open,
        focus = document.activeElement && document.activeElement.id;
      const more = rest.length
        ? h(
            "details",
            {class: "more", open: Boolean(open)},
            h("summary", {text: "More options"}),
            ...rest.map(([n, v]) => one(n, v)),
          )
        : null;
      box.replaceChildren(...first.map(([n, v]) => one(n, v)), ...(more ? [more] : []));
      if (focus && box.querySelector("#" + CSS.escape(focus))) $(focus).focus();
    });
    return box;
  }

  const pairs = key => choices[key].map(v => [v, names[key][v]]);
  const widths = h("input", {
    type: "text",
    id: "c-widths",
    spellcheck: "false",
    autocomplete: "off",
    onchange: () => {
      const all = readValue("widths", widths.value.replace(/\s+/g, "").replace(/[;x]/g, ","), catalogue);
      if (all) change({widths: all});
      else {
        banner("note", "Hidden layers: up to 8 numbers from 1 to 256, such as 8, 8.", {key: "field"});
        showWidths();
      }
    },
  });
  const showWidths = () => {
    widths.value = get().widths.join(", ");
  };
  refreshers.push(showWidths);

  const own = ownData(get, change);
  refreshers.push(own.refresh);
  $("data").append(
    select(
      "set",
      "Set",
      [...catalogue.sets.map(s => s.name), "digits", "own"].map(v => [v, names.set[v] || v]),
    ),
    own.element,
    h("div", {class: "made"}, number("count", "Examples", 50, 2000, 10), number("noise", "Noise", 0, 0.5, 0.01)),
    h("div", {class: "divided"}, number("test", "Test part", 0.1, 0.5, 0.05)),
    number("seed", "Seed", 0, 100, 1, "Of the data, the weights and the order of the examples"),
  );
  $("network").append(
    labelled("Hidden layers", widths, "Units in each, from the first to the last"),
    select("activation", "Activation", pairs("activation")),
    select("norm", "Normalise", pairs("norm")),
    select("init", "Start weights", pairs("init")),
    number("dropout", "Dropout", 0, 0.9, 0.05),
    check("residual", "Residual: y = x + layer(x)", "For hidden layers as wide as the one before"),
  );
  const optimizer = () => catalogue.optimizers.find(o => o.name === get().optimizer),
    schedule = () => catalogue.schedules.find(o => o.name === get().schedule);
  const optimizers = h(
    "select",
    {
      id: "c-optimizer",
      onchange: () =>
        change({
          optimizer: optimizers.value,
          options: sampleOptions(optimizers.value),
          ...(optimizers.value.startsWith("newton") ? {clip: 0} : {}),
        }),
    },
    ...catalogue.optimizers.map(o => h("option", {value: o.name, text: o.type})),
  );
  const schedules = h(
    "select",
    {
      id: "c-schedule",
      onchange: () => change({schedule: schedules.value, schedule_options: sampleSchedules[schedules.value] || {}}),
    },
    h("option", {value: "none", text: "constant"}),
    ...catalogue.schedules.map(o => h("option", {value: o.name, text: o.type})),
  );
  refreshers.push(() => {
    optimizers.value = get().optimizer;
    schedules.value = get().schedule;
  });
  $("training").append(
    labelled("Optimizer", optimizers),
    options("options", optimizer, ["lr", "momentum", "weight_decay", "damping"]),
    labelled("Schedule", schedules),
    options("schedule_options", schedule, Object.keys(Object.assign({}, ...Object.values(sampleSchedules)))),
    select("loss", "Loss", pairs("loss")),
    number("batch", "Batch size", 1, 256, 1),
    number("clip", "Clip norm", 0, 10, 0.1, "The largest norm of the gradient; 0: any"),
  );

  return () => {
    for (const refresh of refreshers) refresh();
    const s = get();
    document.body.dataset.set = s.set === "own" ? "own" : s.set === "digits" ? "digits" : "made";
  };
}

// One's own data: pasted, dropped, chosen or drawn.
function ownData(get, change) {
  const text = h("textarea", {
    id: "c-csv",
    rows: 5,
    spellcheck: "false",
    placeholder: "x1,x2,class\n0.5,-0.2,a\n…",
    "aria-label": "A CSV table: numbers, and the label in the last column",
    onchange: () => change({csv: text.value}),
  });
  const file = h("input", {
    type: "file",
    accept: ".csv,.txt,text/csv",
    "aria-label": "Choose a CSV file",
    onchange: () => file.files[0] && readText(file.files[0]).then(csv => csv !== null && change({csv})),
  });
  const label = h("input", {
    type: "text",
    id: "c-label",
    placeholder: "last",
    spellcheck: "false",
    onchange: () => change({label: label.value.trim()}),
  });
  const classes = h("input", {type: "checkbox", id: "c-classes", onchange: () => change({classes: classes.checked})});
  const pick = (key, words) => {
    const control = h(
      "select",
      {id: "c-" + key, onchange: () => change({[key]: control.value})},
      ...choices[key].map(v => h("option", {value: v, text: names[key][v]})),
    );
    return [h("label", {class: "field"}, h("span", {text: words}), control), control];
  };
  const [missingField, missing] = pick("missing", "Missing cells"),
    [wordsField, categories] = pick("categories", "Words");
  const element = h(
    "div",
    {class: "own"},
    h("p", {
      class: "soft",
      text: "Paste a CSV here, drop a file, or draw: choose a class under the picture, and click into it.",
    }),
    text,
    file,
    h("label", {class: "field"}, h("span", {text: "Label column"}), label),
    h("label", {class: "field check"}, classes, h("span", {text: "Labels are classes"})),
    missingField,
    wordsField,
  );
  return {
    element,
    refresh() {
      const s = get();
      if (document.activeElement !== text) text.value = s.csv.length > 100000 ? s.csv.slice(0, 100000) + "\n…" : s.csv;
      text.readOnly = s.csv.length > 100000;
      [label.value, classes.checked, missing.value, categories.value] = [s.label, s.classes, s.missing, s.categories];
    },
  };
}

async function readText(file) {
  const most = 4000000;
  if (file.size > most) {
    banner(
      "bad",
      `${file.name} has ${(file.size / 1e6).toFixed(1)} MB. A page takes up to 4 MB and 20,000 rows; the program on the C++ tab reads any size.`,
      {key: "file"},
    );
    return null;
  }
  return file.text();
}
