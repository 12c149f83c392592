// "Open this step": the study page of one step, in a frame; the page is that of `gradus html`.
"use strict";

function makeStudy(parts, ask, after) {
  const box = $("study-box"),
    frame = $("study-frame");
  let page = "",
    name = "";

  // What happened in the page's own loop is shown at the line of the program that does the same.
  function inProgram(line, lines) {
    const event = JSON.parse(line);
    if (!event.loc) return line;
    const at = lines[{walk: "backward", step: "step", zero_grad: "zero"}[event.ev] || "loss"];
    event.loc = at ? {file: "program.cpp", line: at} : {file: "", line: 0};
    return JSON.stringify(event);
  }

  function linesOf(program) {
    const rows = program.split("\n"),
      find = (...texts) => 1 + rows.findIndex(row => texts.some(text => row.includes(text)));
    const loss = find("(net(x), y"),
      step = find("opt.step(");
    return {rows, loss, step, backward: find("tape.backward(") || step, zero: find("opt.zero_grad(") || step};
  }

  // The same marks, in the order in which they stand, as tools/gradus/html/page.cpp fills them.
  function pageOf(trace, step, program) {
    const escaped = text => text.replace(/</g, "\\u003c"),
      lines = linesOf(program);
    const near = [lines.loss, lines.step, lines.backward, lines.zero]
        .flatMap(n => [n - 1, n, n + 1])
        .filter(n => n > 0),
      extra = {
        name: `step ${step}`,
        against: "",
        remarks: [],
        sources: {"program.cpp": {changed: false, lines: Object.fromEntries(near.map(n => [n, lines.rows[n - 1]]))}},
      };
    const fills = [
      ["@CSP@", parts.study_csp],
      ["@STYLE@", parts.study_css],
      [
        "@TRACE@",
        escaped(
          "[" +
            trace
              .trim()
              .split("\n")
              .map(line => inProgram(line, lines))
              .join(",\n") +
            "]",
        ),
      ],
      ["@AGAINST@", "null"],
      ["@EXTRA@", escaped(JSON.stringify(extra))],
      ["@SCRIPT@", parts.study_script],
    ];
    let rest = parts.study_html,
      made = "";
    for (const [mark, text] of fills) {
      const at = rest.indexOf(mark);
      made += rest.slice(0, at) + text;
      rest = rest.slice(at + mark.length);
    }
    return made + rest;
  }

  async function open() {
    const told = await ask({do: "trace"});
    after(told);
    if (told.error) return;
    const program = await ask({do: "program"});
    name = `step-${told.step}`;
    page = pageOf(new TextDecoder().decode(told.bytes), told.step, program.text);
    $("study-title").textContent = `Step ${told.step} of the training`;
    frame.srcdoc = page;
    if (!box.open) box.showModal();
  }
  $("study-close").addEventListener("click", () => box.close());
  $("study-next").addEventListener("click", open);
  $("study-save").addEventListener("click", () => saveFile(name + ".html", "text/html", page));
  box.addEventListener("close", () => {
    frame.srcdoc = "";
  });
  return open;
}
