// What make-page.mjs and make-lessons.mjs share: hashes for the policy, and the parts of the study page.
import {createHash} from "node:crypto";
import {readFileSync, readdirSync, writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {gzipSync} from "node:zlib";

export const here = dirname(fileURLToPath(import.meta.url)),
  root = join(here, "../..");
const studyFolder = join(here, "../gradus/html/page"),
  landscape = join(root, "src/study/landscape");
export const read = (...path) => readFileSync(join(...path), "utf8");
export const hash = text => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
// Inside a script element nothing may look like its end.
export const json = value => JSON.stringify(value).replace(/</g, "\\u003c");
const fill = (page, parts) =>
  page
    .split(/(@[A-Z]+@)/)
    .map(piece =>
      /^@[A-Z]+@$/.test(piece) && parts[piece.slice(1, -1)] !== undefined ? parts[piece.slice(1, -1)] : piece,
    )
    .join("");
const common = "base-uri 'none'; form-action 'none'";

// As tools/cmake/page.cmake puts it together.
const cmake = read(here, "../cmake/page.cmake"),
  names = /foreach\(name IN ITEMS ([a-z ]+)\)/.exec(cmake)[1].split(" "),
  about = /set\(script "(.*?)\\n\\n\$\{licence\}/.exec(cmake)[1];
const script =
  `${about}\n\n${read(studyFolder, "dagre.LICENSE")}*/\n${read(studyFolder, "dagre.min.js").replace(/\/\/# sourceMappingURL=[^\n]*/, "")}\n` +
  names.map(name => read(studyFolder, name + ".js")).join("");
export const study = {html: read(studyFolder, "page.html"), css: read(studyFolder, "page.css"), script};
study.policy = `default-src 'none'; script-src ${hash(study.script)}; style-src ${hash(study.css)}; ${common}`;
// The pages of `gradus descend`.
export const descents = Object.fromEntries(
  ["js", "css"].map(kind => [
    kind,
    readdirSync(landscape)
      .filter(name => name.endsWith("." + kind))
      .map(name => hash(readFileSync(join(landscape, name)))),
  ]),
);

// One file. A frame inside inherits its policy, so the scripts and styles of what is shown there are named in it too.
export function writePage(out, page, {scripts, style, wasm, parts, more = "", framed = {js: [], css: []}}) {
  const js = [hash(scripts), hash(study.script), ...framed.js].join(" "),
    css = [hash(style), hash(study.css), ...framed.css].join(" ");
  const policy = `default-src 'none'; script-src ${js} 'wasm-unsafe-eval'; style-src ${css}; worker-src blob:; ${more}${common}`;
  const text = fill(page, {
    CSP: policy,
    STYLE: style,
    SCRIPT: scripts,
    WASM: gzipSync(readFileSync(wasm), {level: 9}).toString("base64"),
    PARTS: json(parts),
  });
  writeFileSync(out, text);
  console.log(`${out}: ${(text.length / 1e6).toFixed(2)} MB`);
}
