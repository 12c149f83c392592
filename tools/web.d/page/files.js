// Weights and data, out and in.
"use strict";

// A cell of a CSV: what could end it stands in quotes.
const csvCell = x =>
  x === null || x === undefined ? "" : /[",\n\r]/.test(String(x)) ? `"${String(x).replace(/"/g, '""')}"` : String(x);

// A table as JSON: {columns, rows}, rows alone, or one object for each row. As a CSV, or null if it is none of these.
function csvOfJson(value) {
  const rows = Array.isArray(value) ? value : value && Array.isArray(value.rows) ? value.rows : null;
  if (!rows || !rows.length) return null;
  let columns = Array.isArray(value.columns) ? value.columns : null,
    cells = rows;
  if (!Array.isArray(rows[0])) {
    if (!rows.every(row => row && typeof row === "object" && !Array.isArray(row))) return null;
    columns ||= [...new Set(rows.flatMap(row => Object.keys(row)))];
    cells = rows.map(row => columns.map(name => row[name]));
  }
  const plain = x => x === null || x === undefined || ["number", "string", "boolean"].includes(typeof x);
  if (!cells.every(row => Array.isArray(row) && row.every(plain))) return null;
  return [...(columns ? [columns] : []), ...cells].map(row => row.map(csvCell).join(",")).join("\n") + "\n";
}

// A CSV of numbers and plain words, as the page writes it, as {columns, rows}.
function jsonOfCsv(csv) {
  const number = x => (x.trim() !== "" && Number.isFinite(Number(x)) ? Number(x) : x === "" ? null : x);
  const lines = csv
    .trim()
    .split(/\r?\n/)
    .map(line =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(m =>
        m[1] !== undefined ? m[1].replace(/""/g, '"') : m[2],
      ),
    );
  const headed = lines.length > 0 && lines[0].every(x => typeof number(x) !== "number");
  return {
    columns: headed ? lines[0] : lines[0].map((_, i) => `column ${i + 1}`),
    rows: lines.slice(headed ? 1 : 0).map(line => line.map(number)),
  };
}

function makeFiles(ask, get, change, loaded) {
  const complain = told => told.error && banner("bad", told.error, {title: "Not loaded", key: "file"});
  $("files-open").addEventListener("click", () => $("files").showModal());
  for (const [id, what, name] of [
    ["save-safetensors", "save", "weights"],
    ["save-data", "save_data", "data"],
  ])
    $(id).addEventListener("click", async () => {
      const told = await ask({do: what});
      if (told.error) return complain(told);
      saveFile(name + ".safetensors", "application/octet-stream", told.bytes);
    });
  $("save-json").addEventListener("click", async () =>
    saveFile("weights.json", "application/json", JSON.stringify(await ask({do: "weights"}))),
  );
  const tableText = async () => (get().set === "own" ? get().csv : (await ask({do: "data"})).text);
  $("save-csv").addEventListener("click", async () => saveFile(`${get().set}.csv`, "text/csv", await tableText()));
  $("save-data-json").addEventListener("click", async () =>
    saveFile(`${get().set}.json`, "application/json", JSON.stringify(jsonOfCsv(await tableText()))),
  );

  async function load(file) {
    if (/\.(csv|txt|tsv)$/i.test(file.name)) {
      const csv = await readText(file);
      if (csv !== null) change({set: "own", csv, label: ""});
      return $("files").close();
    }
    if (file.size > 20e6) return banner("bad", "The file is larger than any network of this page.", {key: "file"});
    let told;
    if (/\.json$/i.test(file.name)) {
      let value = null;
      try {
        value = JSON.parse(await file.text());
      } catch (e) {
        told = {error: "This is not JSON: " + e.message};
      }
      const csv = told ? null : csvOfJson(value);
      if (csv !== null) {
        change({set: "own", csv, label: ""});
        return $("files").close();
      }
      if (!told)
        told =
          Array.isArray(value) || (value && value.rows)
            ? {
                error:
                  'This JSON is no table: rows of numbers and words are expected, as in {"columns": ["x", "y", "class"], "rows": [[1, 2, "a"]]}.',
              }
            : await ask({do: "set_weights", weights: value});
    } else {
      told = await ask({do: "load"}, {"/weights.safetensors": new Uint8Array(await file.arrayBuffer())});
    }
    $("files").close();
    if (told.error) return complain(told);
    loaded(`The weights of ${file.name} are in place.`);
  }
  $("load").addEventListener("change", () => {
    if ($("load").files[0]) load($("load").files[0]);
    $("load").value = "";
  });
  addEventListener("dragover", e => {
    e.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", e => {
    if (!e.relatedTarget) document.body.classList.remove("dropping");
  });
  addEventListener("drop", e => {
    e.preventDefault();
    document.body.classList.remove("dropping");
    if (e.dataTransfer.files[0]) load(e.dataTransfer.files[0]);
  });
}
