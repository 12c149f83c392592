// node make-page.mjs PLAYGROUND.WASM OUT.HTML: the playground as one file. The library is packed by gzip. The study page
// of `gradus html` is inside, for "open this step".
import {createHash} from "node:crypto";
import {readFileSync, writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {gzipSync} from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url)), study = join(here, "../gradus/html/page"), [wasm, out] = process.argv.slice(2);
const read = (...path) => readFileSync(join(...path), "utf8");
const hash = text => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
// Inside a script element nothing may look like its end.
const json = value => JSON.stringify(value).replace(/</g, "\\u003c");
const fill = (page, parts) => page.split(/(@[A-Z]+@)/).map(piece => parts[piece.slice(1, -1)] !== undefined && /^@[A-Z]+@$/.test(piece) ? parts[piece.slice(1, -1)] : piece).join("");

// As tools/cmake/page.cmake puts it together.
const studyNames = /foreach\(name IN ITEMS ([a-z ]+)\)/.exec(read(here, "../cmake/page.cmake"))[1].split(" ");
const studyScript = `/* @dagrejs/dagre\n\n${read(study, "dagre.LICENSE")}*/\n${read(study, "dagre.min.js").replace(/\/\/# sourceMappingURL=[^\n]*/, "")}\n` + studyNames.map(name => read(study, name + ".js")).join("");
const studyStyle = read(study, "page.css");

const scripts = ["tools", "state", "controls", "network", "surface", "curves", "panels", "step", "files", "main"].map(name => read(here, "page", name + ".js")).join("\n");
const style = studyStyle + read(here, "page/page.css");
const common = "base-uri 'none'; form-action 'none'";
const studyPolicy = `default-src 'none'; script-src ${hash(studyScript)}; style-src ${hash(studyStyle)}; ${common}`;
// The frame of a step inherits this policy, so its script and style are named here too.
const policy = `default-src 'none'; script-src ${hash(scripts)} ${hash(studyScript)} 'wasm-unsafe-eval'; style-src ${hash(style)} ${hash(studyStyle)}; worker-src blob:; ${common}`;
const worker = ["wasi", "library", "worker"].map(name => read(here, "worker", name + ".js")).join("\n");
const page = fill(read(here, "page/page.html"), {
  CSP: policy, STYLE: style, SCRIPT: scripts, WASM: gzipSync(readFileSync(wasm), {level: 9}).toString("base64"),
  PARTS: json({worker, study_html: read(study, "page.html"), study_css: studyStyle, study_script: studyScript, study_csp: studyPolicy}),
});
writeFileSync(out, page);
console.log(`${out}: ${(page.length / 1e6).toFixed(2)} MB`);
