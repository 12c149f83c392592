// node lessons.mjs WEB NATIVE: the programs of the lessons' page, in node, beside the same lessons compiled for this machine.
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {readFileSync, readdirSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import vm from "node:vm";

const [web, native] = process.argv.slice(2),
  root = join(dirname(fileURLToPath(import.meta.url)), "../.."),
  worker = join(root, "tools/web.d/worker");
const source = ["wasi.js", "programs.js"].map(name => readFileSync(join(worker, name), "utf8")).join("\n");
const run = await vm.runInThisContext(source + "; startPrograms")(readFileSync(join(web, "tools/web.d/lessons.wasm")));
const startsProcesses = name =>
  readFileSync(join(root, "examples/lessons", name), "utf8").includes("#include <gradus/dist/");
const keys = readdirSync(join(root, "examples/lessons"))
  .filter(name => /^\d.*\.cpp$/.test(name) && !startsProcesses(name))
  .map(name => name.split("_")[0])
  .sort();
assert.equal(keys.length, 24);

const program = (words, files = new Map()) => {
  const out = [],
    err = [];
  const code = run(words, files, (line, isTrouble) => (isTrouble ? err : out).push(line));
  return {code, out, err, files};
};
const onMachine = (key, ...words) =>
  execFileSync(native, ["lesson_" + key, ...words], {
    encoding: "utf8",
    cwd: dirname(native), // they leave traces
    env: {...process.env, GRADUS_ISA: "base", GRADUS_NUM_THREADS: "1"},
  })
    .split("\n")
    .slice(0, -1);

// Two lines are the same, but for numbers: f64 functions of two C libraries differ in the last bit, and what should be
// 0 is a rest of rounding. `apart` counts lines that are not the same to the letter.
const numbers = /-?(?:\d+\.?\d*(?:e[-+]\d+)?|nan|inf)/g;
let apart = 0,
  lines = 0;
function same(key, ours, theirs) {
  assert.equal(ours.length, theirs.length, `lesson ${key}: ${ours.length} lines, and ${theirs.length}`);
  ours.forEach((line, i) => {
    ++lines;
    if (line === theirs[i]) return;
    ++apart;
    const shape = text => text.replace(numbers, "#").replace(/\s+/g, " ");
    assert.equal(shape(line), shape(theirs[i]), `lesson ${key}`);
    const [a, b] = [line, theirs[i]].map(text => text.match(numbers).map(Number));
    a.forEach((x, k) =>
      assert.ok(
        Object.is(x, b[k]) || Math.abs(x - b[k]) <= 2e-6 * Math.abs(b[k]) + 1e-9,
        `lesson ${key}:\n${line}\n${theirs[i]}`,
      ),
    );
  });
}

const pageEvents = lines => lines.filter(line => line.startsWith("\x1e")).map(line => JSON.parse(line.slice(1)));
const exact = [];
for (const key of keys) {
  const files = new Map(),
    plain = program(["lesson_" + key], files),
    before = apart;
  assert.equal(plain.code, 0, `lesson ${key}:\n${plain.out.concat(plain.err).join("\n")}`);
  same(key, plain.out, onMachine(key));
  if (apart === before) exact.push(key);
  const trace = files.get(`/lesson_${key}.jsonl`);
  assert.ok(
    trace && new TextDecoder().decode(trace.slice(-200)).includes('"ev":"end"'),
    `lesson ${key}: no trace, or half of one`,
  );

  // What is said to a page is what is printed.
  const page = program(["lesson_" + key, "--page"]),
    events = pageEvents(page.out);
  assert.equal(page.code, 0);
  const claims = events.filter(e => "check" in e),
    rows = plain.out.filter(line => /  (pass|FAIL)$/.test(line));
  assert.deepEqual(
    claims.map(e => e.measured),
    rows.map(line => line.trim().split(/\s+/).at(-2)),
    `lesson ${key}`,
  );
  assert.ok(claims.every(e => e.pass));
  assert.equal(events.filter(e => "ask" in e).length, plain.out.filter(line => line.startsWith("? ")).length);
  assert.ok(
    events.some(e => "ask" in e),
    `lesson ${key} asks nothing`,
  );
  const inputs = events.filter(e => "input" in e);
  assert.ok(inputs.length > 0, `lesson ${key} has no inputs`);
  for (const {input, value, usual, least, most} of inputs) {
    assert.equal(value, usual);
    assert.ok(least <= usual && usual <= most);
    assert.equal(program(["lesson_" + key, "--set", `${input}=${most + 1}`]).code, 2, `${key}: ${input} has no end`);
  }
  // An input changes what is computed, here and on the machine alike.
  const other = inputs
    .map(({input, usual, least, most}) => [
      "--set",
      `${input}=${usual === least ? most : Number.isInteger(usual) && usual - 1 >= least ? usual - 1 : (usual + least) / 2}`,
    ])
    .flat();
  const changed = program(["lesson_" + key, ...other]);
  assert.notDeepEqual(changed.out, plain.out, `lesson ${key}: the inputs change nothing`);
  // The questions are judged by computing.
  for (const {answer, room, options} of events.filter(e => "ask" in e && !e.options)) {
    assert.equal(program(["answer", String(answer), String(room), `(${answer}) + 1 - 1`]).code, 0);
    assert.equal(program(["answer", String(answer), String(room), String(answer + 3 * room + 1)]).code, 1);
  }
}
console.log(`${lines} lines of ${keys.length} lessons; ${apart} differ in last digits; to the letter: ${exact.length}`);
assert.ok(exact.length >= 15, exact.join(" "));
assert.equal(program(["answer", "1", "0.1", "one"]).code, 1);
assert.ok(program(["answer", "1", "0.1", "one"]).err.join().includes("formula"));

// What the pages tell to do.
const words = line => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(m => m[1] ?? m[2]);
let commands = 0;
for (const file of readdirSync(join(root, "examples/lessons")).filter(
  name => name.endsWith(".md") && !startsProcesses(name.replace(/\.md$/, ".cpp")),
)) {
  const key = file.split("_")[0],
    files = new Map(
      readdirSync(join(root, "examples/lessons"))
        .filter(n => n.endsWith(".cpp"))
        .map(n => ["/" + n, readFileSync(join(root, "examples/lessons", n))]),
    );
  program(["lesson_" + key], files);
  for (const block of readFileSync(join(root, "examples/lessons", file), "utf8").matchAll(/```sh\n([^]*?)```/g))
    for (const line of block[1].split("\n").filter(l => /^gradus (?!lesson)/.test(l))) {
      const [command, otherwise] = line.split(" || "),
        told = program(words(command), files);
      assert.equal(
        told.code === 0,
        otherwise === undefined,
        `${line}:\n${told.out.concat(told.err).join("\n").slice(0, 2000)}`,
      );
      const page = /(?:-o) (\S+)/.exec(command);
      if (page) assert.ok(new TextDecoder().decode(files.get("/" + page[1])).startsWith("<!doctype html>"), line);
      ++commands;
    }
}
assert.ok(commands > 60, `${commands}`);

// The exercises: a solution is solved, an empty hole and a wrong formula are not, and a mistake is a sentence.
const exercises = JSON.parse(readFileSync(join(root, "tools/web.d/lessons/exercises.json"), "utf8"));
assert.equal(Object.keys(exercises).length, 12);
for (const [name, {fields, solution}] of Object.entries(exercises)) {
  assert.equal(fields.length, solution.length);
  const solved = program(["exercise", name, ...solution]);
  assert.ok(solved.code === 0 && solved.out.join().includes("Solved."), `${name}: ${solved.out.join("\n")}`);
  for (const wrong of [
    fields.map(() => ""),
    solution.map(text => (fields[0].options ? "d" : fields[0].letters ? "badc" : `${text} + 1`)),
    fields.map(() => "((("),
  ]) {
    const told = program(["exercise", name, ...wrong]);
    assert.ok(
      told.code === 1 && told.out.join().includes("not yet") && told.out.join().includes("Hint:"),
      `${name} with ${wrong}: ${told.out.join("\n")}`,
    );
  }
}

// The gallery, and what is no program.
const gallery = program(["gradus", "descend", "--gallery", "/gallery"]);
assert.equal(gallery.code, 0, gallery.err.join());
assert.ok([...gallery.files.keys()].filter(name => name.endsWith(".thumb.svg")).length >= 10);
assert.equal(program(["gradus", "descend", "--f", "x^"]).code, 2);
assert.ok(program(["gradus", "descend", "mars"]).err.join().includes("mars"));
assert.equal(program(["lesson_99"]).code, 2);
console.log(
  `${commands} commands of the pages, 12 exercises, ${[...gallery.files.keys()].length} files of the gallery`,
);
