// Weights and data, out and in.
"use strict";

function makeFiles(ask, get, change, loaded) {
  const complain = told => told.error && banner("bad", told.error, {title: "Not loaded", key: "file"});
  $("files-open").addEventListener("click", () => $("files").showModal());
  for (const [id, what, name] of [["save-safetensors", "save", "weights"], ["save-data", "save_data", "data"]]) $(id).addEventListener("click", async () => {
    const told = await ask({do: what});
    if (told.error) return complain(told);
    saveFile(name + ".safetensors", "application/octet-stream", told.bytes);
  });
  $("save-json").addEventListener("click", async () => saveFile("weights.json", "application/json", JSON.stringify(await ask({do: "weights"}))));
  $("save-csv").addEventListener("click", async () => {
    if (get().set === "own") return saveFile("own.csv", "text/csv", get().csv);
    const told = await ask({do: "data"});
    saveFile(`${get().set}.csv`, "text/csv", told.text);
  });

  async function load(file) {
    if (/\.(csv|txt|tsv)$/i.test(file.name)) {
      const csv = await readText(file);
      if (csv !== null) change({set: "own", csv, label: ""});
      return $("files").close();
    }
    if (file.size > 20e6) return banner("bad", "The file is larger than any network of this page.", {key: "file"});
    let told;
    if (/\.json$/i.test(file.name)) {
      try { told = await ask({do: "set_weights", weights: JSON.parse(await file.text())}); } catch (e) { told = {error: "This is not JSON: " + e.message}; }
    } else {
      told = await ask({do: "load"}, {"/weights.safetensors": new Uint8Array(await file.arrayBuffer())});
    }
    $("files").close();
    if (told.error) return complain(told);
    loaded(`The weights of ${file.name} are in place.`);
  }
  $("load").addEventListener("change", () => { if ($("load").files[0]) load($("load").files[0]); $("load").value = ""; });
  addEventListener("dragover", e => { e.preventDefault(); document.body.classList.add("dropping"); });
  addEventListener("dragleave", e => { if (!e.relatedTarget) document.body.classList.remove("dropping"); });
  addEventListener("drop", e => { e.preventDefault(); document.body.classList.remove("dropping"); if (e.dataTransfer.files[0]) load(e.dataTransfer.files[0]); });
}
