// The commands of a lesson's page, run as printed: by the program gradus, in this page.
"use strict";

// A line of a shell in words; quotes keep blanks. {words, into} with the file that > names, and {otherwise}: after ||.
function shellLine(line) {
  const words = [];
  let word = null,
    quote = "";
  for (const c of line) {
    if (quote) {
      if (c === quote) quote = "";
      else word += c;
    } else if (c === "'" || c === '"') {
      quote = c;
      word ??= "";
    } else if (/\s/.test(c)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + c;
  }
  if (word !== null) words.push(word);
  const or = words.indexOf("||"),
    first = or < 0 ? words : words.slice(0, or),
    into = first.indexOf(">");
  return {
    words: into < 0 ? first : first.slice(0, into),
    into: into < 0 ? null : first[into + 1],
    otherwise: or < 0 ? null : words.slice(or + 2),
  };
}

// `lessonOf("17")` runs the program of a lesson into an element; `open(name)` shows a page.
function makeShell(programs, block, {lessonOf, open}) {
  const box = h("div", {class: "shell"}),
    jobs = [];
  for (const line of block.split("\n").filter(Boolean)) {
    const {words, into, otherwise} = shellLine(line),
      out = h("div", {class: "shell-out"}),
      runs = words[0] === "gradus" || (words[0] === "printf" && into);
    async function run() {
      out.replaceChildren();
      if (words[0] === "printf") {
        const told = await programs.run(["gradus", "--version"], {
          bring: {["/" + into]: words.slice(2).join("\n") + "\n"},
        });
        return out.append(
          h("p", {class: "soft", text: told.broken || `${into} is written, in the memory of this page.`}),
        );
      }
      if (words[1] === "lesson") return lessonOf(words[2], out);
      const output = makeOutput(out),
        told = await programs.run(words, {lines: output.lines});
      if (told.broken) output.lines([{text: told.broken, trouble: true}]);
      if (told.code !== 0 && otherwise && otherwise[0] === "echo") output.lines([{text: otherwise.slice(1).join(" ")}]);
      output.end();
      for (const name of told.written.filter(n => n.endsWith(".html")))
        out.append(
          h("button", {type: "button", class: "wide", text: `Open ${name.slice(1)}`, onclick: () => open(name)}),
        );
      const page = told.written.find(n => n.endsWith(".html"));
      return page;
    }
    const makesPage = words.includes("-o");
    const go = async () => {
      const page = await run();
      if (page) open(page);
    };
    box.append(
      h(
        "div",
        {class: "command"},
        h("code", {text: line}),
        runs
          ? h("button", {
              type: "button",
              class: "quiet go",
              text: makesPage ? "Make and open" : "Run",
              "aria-label": `Run ${line}`,
              onclick: go,
            })
          : null,
      ),
      out,
    );
    if (runs && !makesPage && words[0] === "gradus" && words[1] !== "lesson") jobs.push(run);
  }
  // What only prints is run when the lesson's own program has written its files.
  return {
    element: box,
    async runAll() {
      for (const job of jobs) await job();
    },
  };
}
