// node make-page.mjs PLAYGROUND.WASM OUT.HTML: the playground as one file. The library is packed by gzip. The study page
// of `gradus html` is inside, for "open this step".
import {here, read, study, writePage} from "./make.mjs";

const [wasm, out] = process.argv.slice(2);
const scripts = ["tools", "state", "controls", "network", "surface", "curves", "panels", "step", "files", "main"]
  .map(name => read(here, "page", name + ".js"))
  .join("\n");
const worker = ["wasi", "library", "worker"].map(name => read(here, "worker", name + ".js")).join("\n");
writePage(out, read(here, "page/page.html"), {
  scripts,
  style: study.css + read(here, "page/page.css"),
  wasm,
  parts: {worker, study_html: study.html, study_css: study.css, study_script: study.script, study_csp: study.policy},
});
