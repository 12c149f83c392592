// node make-lessons.mjs LESSONS.WASM OUT.HTML: the lessons as one file, with their programs and the program gradus inside.
import {readdirSync} from "node:fs";
import {join} from "node:path";
import {descents, here, read, root, study, writePage} from "./make.mjs";
import {blocks} from "./markdown.mjs";

const [wasm, out] = process.argv.slice(2),
  folder = join(root, "examples/lessons"),
  exercises = join(root, "examples/exercises");
// A lesson that starts processes is left to the command line: a browser has none.
const live = name =>
  name.endsWith(".md") && !read(folder, name.replace(/\.md$/, ".cpp")).includes("#include <gradus/dist/");
const keys = Object.fromEntries(
  readdirSync(folder)
    .filter(name => /^\d/.test(name) && live(name))
    .map(name => [name, name.split("_")[0]]),
);
const link = address => (keys[address] ? "#" + keys[address] : address.includes("exercises/") ? "#exercises" : null);

const capital = text => text[0].toUpperCase() + text.slice(1);
const lessons = Object.entries(keys)
  .sort((a, b) => (a[1] < b[1] ? -1 : 1))
  .map(([file, key]) => {
    const text = read(folder, file),
      name = file.replace(/\.md$/, ""),
      all = blocks(text, link);
    const title = capital(all[0].text.replace(/^Lesson \w+: /, "")),
      ability = (/\nYou can [^]*?\n\n/.exec(text) || [""])[0].replace(/\s+/g, " ").trim();
    return {key, name, title, ability, blocks: all.slice(1), code: read(folder, name + ".cpp")};
  });

// The head of an exercise's program: its task, in comments.
const holes = JSON.parse(read(here, "lessons/exercises.json"));
for (const [name, hole] of Object.entries(holes)) {
  const lines = read(exercises, name + ".cpp").split("\n"),
    comments = lines
      .slice(
        0,
        lines.findIndex(line => !line.startsWith("//")),
      )
      .map(line => line.replace(/^\/\/ ?/, ""));
  hole.title = capital(/^Exercise \d+: (.*?)\. /.exec(comments[0])[1]);
  hole.task ||= comments.slice(1).join(" ");
}

const scripts = [
  join(here, "page/tools.js"),
  ...["programs", "output", "questions", "exercises", "shell", "gallery", "main"].map(name =>
    join(here, "lessons/page", name + ".js"),
  ),
]
  .map(path => read(path))
  .join("\n");
const worker = ["wasi", "programs", "lessons"].map(name => read(here, "worker", name + ".js")).join("\n");
writePage(out, read(here, "lessons/page/page.html"), {
  scripts,
  style: study.css + read(here, "lessons/page/page.css"),
  wasm,
  framed: descents,
  more: "img-src blob:; ",
  parts: {worker, lessons, exercises: holes, header: read(folder, "lesson.hpp")},
});
