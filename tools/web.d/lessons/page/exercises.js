// An exercise: the hole of its program is a formula, a choice or an order. The program itself checks what stands there.
"use strict";

function makeExercise(programs, name, {title, task, more, fields, solution}) {
  const controls = [],
    said = h("div", {class: "judged", role: "status"}),
    card = h("form", {class: "exercise", "data-exercise": name});
  card.append(
    h("h3", {text: `Exercise ${Number(name.slice(0, 2))} · ${title}`}),
    h("p", {text: task.replace(/`/g, "")}),
    more ? h("p", {class: "soft", text: more}) : "",
  );
  const letters = field => field.options.map((text, i) => [String.fromCharCode(97 + i), text]);
  for (const field of fields) {
    const label = field.formula || field.choice;
    const control = field.choice
      ? h(
          "select",
          {},
          h("option", {value: "", text: "choose …"}),
          ...letters(field).map(([value, text]) => h("option", {value, text})),
        )
      : h("input", {
          type: "text",
          autocomplete: "off",
          spellcheck: "false",
          maxlength: 400,
          placeholder: field.names.length
            ? `a formula in ${field.names.join(", ")}`
            : field.letters
              ? "four letters"
              : "a number",
        });
    controls.push(control);
    card.append(h("label", {class: "hole"}, h("span", {text: label}), control));
  }
  const show = h("button", {
    type: "button",
    class: "quiet",
    text: "Show a solution",
    hidden: true,
    onclick: () =>
      controls.forEach((c, i) => {
        c.value = solution[i];
      }),
  });
  card.append(
    h("div", {class: "actions"}, h("button", {type: "submit", class: "main wide", text: "Check"}), show),
    said,
  );
  card.addEventListener("submit", async e => {
    e.preventDefault();
    const texts = controls.map(c => c.value.trim().replace(/[·×]/g, "*").replace(/−/g, "-"));
    const told = await programs.text(["exercise", name, ...texts]);
    const lines = told.broken ? [{text: told.broken}] : told.all;
    said.replaceChildren(
      ...lines
        .map(({text}) => text.trim())
        .filter(text => text && !/^Exercise |^One solution is in|^at: /.test(text))
        .map(text =>
          h("p", {
            class: /^right|^Solved/.test(text) ? "right" : /^Hint/.test(text) ? "soft" : "wrong",
            text: text.replace("your lines end with an error", "it cannot be computed"),
          }),
        ),
    );
    card.classList.toggle("solved", told.code === 0);
    show.hidden = told.code === 0;
  });
  return card;
}
