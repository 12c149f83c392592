// A question of a program. It has computed the answer; what the reader gives is judged by the program `answer`, which reads formulas.
"use strict";

function makeQuestion(programs, {ask, options, answer, room, hint}, mark) {
  const verdict = h("p", {class: "verdict-line", role: "status"}),
    card = h("form", {class: "question"}, h("p", {class: "asked", text: ask}));
  let attempts = 0;
  const say = (kind, text) => {
    verdict.className = "verdict-line " + kind;
    verdict.textContent = text;
  };
  const right = () => {
    card.classList.add("solved");
    say("right", "Right.");
    mark();
  };
  const shown = options
    ? options[answer]
    : answer === null
      ? "not a finite number"
      : numberOf(Number(Number(answer).toPrecision(5)));
  const wrong = words => {
    ++attempts;
    say("wrong", `${words} Hint: ${hint}`);
    giveUp.hidden = attempts < 2;
  };
  const giveUp = h("button", {
    type: "button",
    class: "quiet",
    text: "Show the answer",
    hidden: true,
    onclick: () => say("told", `The answer is ${shown}.`),
  });
  if (options) {
    const name = `q${++questionCount}`;
    card.append(
      h(
        "div",
        {class: "options"},
        ...options.map((text, i) =>
          h(
            "label",
            {},
            h("input", {type: "radio", name, onchange: () => (i === answer ? right() : wrong("Not yet."))}),
            h("span", {text}),
          ),
        ),
      ),
    );
    card.addEventListener("submit", e => e.preventDefault());
    card.append(h("div", {class: "actions"}, giveUp), verdict);
    return card;
  }
  const given = h("input", {
    type: "text",
    inputmode: "text",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": "Your answer: a number, or a formula such as 2·3 - 1",
    placeholder: "0.5, 1/2 or 2^-1",
    maxlength: 200,
  });
  card.append(
    h("div", {class: "actions"}, given, h("button", {type: "submit", class: "main wide", text: "Check"}), giveUp),
    verdict,
  );
  card.addEventListener("submit", async e => {
    e.preventDefault();
    const text = given.value.trim().replace(/[·×]/g, "*").replace(/−/g, "-").replace(/,/g, ".");
    if (!text) return say("wrong", "A number, or a formula of numbers.");
    if (answer === null) return say("told", "With these inputs the answer is not a finite number.");
    const told = await programs.text(["answer", String(answer), String(room), text]);
    if (told.broken || told.all.some(line => line.trouble))
      return say("wrong", "That is no number and no formula: write 0.5, 1/2, 3e-4, or 0.6^4.");
    if (told.code === 0) right();
    else wrong(/^[-+]?[\d.e]+$/i.test(text) ? "Not yet." : `Not yet: that is ${told.all[0].text}.`);
  });
  return card;
}
let questionCount = 0;
