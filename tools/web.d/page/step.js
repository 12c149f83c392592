// "Open this step": the study page of one step, in a frame; the page is that of `gradus html`.
"use strict";

function makeStudy(parts, ask, after) {
  const box = $("study-box"), frame = $("study-frame");
  let page = "", name = "";

  // The same marks, in the order in which they stand, as tools/gradus/html/page.cpp fills them.
  function pageOf(trace, step) {
    const escaped = text => text.replace(/</g, "\\u003c"), extra = {name: `step ${step}`, against: "", remarks: [], sources: {}};
    const fills = [["@CSP@", parts.study_csp], ["@STYLE@", parts.study_css], ["@TRACE@", escaped("[" + trace.trim().split("\n").join(",\n") + "]")], ["@AGAINST@", "null"], ["@EXTRA@", escaped(JSON.stringify(extra))], ["@SCRIPT@", parts.study_script]];
    let rest = parts.study_html, made = "";
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
    name = `step-${told.step}`;
    page = pageOf(new TextDecoder().decode(told.bytes), told.step);
    $("study-title").textContent = `Step ${told.step} of the training`;
    frame.srcdoc = page;
    if (!box.open) box.showModal();
  }
  $("study-close").addEventListener("click", () => box.close());
  $("study-next").addEventListener("click", open);
  $("study-save").addEventListener("click", () => saveFile(name + ".html", "text/html", page));
  box.addEventListener("close", () => { frame.srcdoc = ""; });
  return open;
}
