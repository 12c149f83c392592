// The page: one lesson at a time, or the index. The address says which, and its inputs: #03&rate=1.5
"use strict";

(() => {
  const parts = JSON.parse($("parts").textContent),
    lessons = parts.lessons,
    content = $("content");
  const wasm = (async () => {
    const packed = Uint8Array.from(atob($("wasm").textContent.trim()), c => c.charCodeAt(0));
    return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  })();
  const programs = makePrograms(parts.worker, wasm),
    solved = new Map(),
    shownKey = key => key.replace(/^0/, "");
  let galleryBox = null,
    turn = 0;

  // The files that stepping and pages show lines of.
  const sources = Object.fromEntries(lessons.map(l => [`/${l.name}.cpp`, l.code]));

  // A page that a program wrote, in a frame that can do no more than this one.
  let page = "",
    pageName = "";
  const openFrom = from => async (file, title) => {
    page = await from.read(file);
    if (page === null) return banner("note", `${file.slice(1)} is not there: run its command again.`, {key: "frame"});
    pageName = file.replace(/^.*\//, "");
    $("frame-title").textContent = title || pageName;
    $("frame-note").textContent = "computed in this page";
    $("frame").srcdoc = page;
    if (!$("frame-box").open) $("frame-box").showModal();
  };
  const open = openFrom(programs);
  $("frame-close").addEventListener("click", () => $("frame-box").close());
  $("frame-save").addEventListener("click", () => saveFile(pageName, "text/html", page));
  $("frame-box").addEventListener("close", () => {
    $("frame").srcdoc = "";
  });

  function contents(now) {
    $("contents").replaceChildren(
      h(
        "ol",
        {},
        ...lessons.map(l =>
          h(
            "li",
            {},
            h(
              "a",
              {href: "#" + l.key, "aria-current": l.key === now ? "page" : null},
              h("span", {class: "count", text: shownKey(l.key)}),
              h("span", {text: l.title}),
              solved.get(l.key) ? h("span", {class: "done", text: "✓", title: "all questions answered"}) : null,
            ),
          ),
        ),
      ),
      h("p", {}, h("a", {href: "#exercises", text: "All exercises"})),
      h("p", {
        class: "soft",
        text: "Lesson 22, many machines, starts processes, and a page has none: gradus lesson 22 runs it.",
      }),
    );
  }

  // {key, given}: which lesson, and what the address says of its inputs.
  function readAddress() {
    const [key, ...pairs] = location.hash.slice(1).split("&"),
      given = {};
    for (const pair of pairs) {
      const at = pair.indexOf("=");
      if (/^[a-z]\w{0,30}$/.test(pair.slice(0, at)) && Number.isFinite(Number(pair.slice(at + 1))))
        given[pair.slice(0, at)] = Number(pair.slice(at + 1));
    }
    return {key: decodeSafely(key), given};
  }
  const decodeSafely = text => {
    try {
      return decodeURIComponent(text);
    } catch (e) {
      return text;
    }
  };
  const addressOf = (key, given) =>
    "#" + [key, ...Object.entries(given).map(([name, value]) => `${name}=${value}`)].join("&");

  // The program of a lesson, with fields for its inputs.
  function makeProgram(lesson, given, after) {
    const out = h("div", {class: "output", "aria-live": "off"}),
      fields = h("div", {class: "inputs"}),
      state = h("p", {class: "soft state", role: "status"});
    const stop = h("button", {
      type: "button",
      class: "quiet",
      text: "Stop",
      hidden: true,
      onclick: () => programs.stop("stopped"),
    });
    const known = new Map();
    let running = 0;

    function input(e) {
      const usual = known.get(e.input);
      if (usual) return;
      const whole =
        Number.isInteger(e.usual) &&
        Number.isInteger(e.least) &&
        Number.isInteger(e.most) &&
        e.most - e.least > 1 &&
        !["a", "b", "w", "z0", "z1", "z2", "w0", "w1", "w2", "x00", "gradient", "bias", "kappa"].includes(e.input);
      const box = h("input", {
        type: "number",
        id: "input-" + e.input,
        value: e.value,
        min: e.least,
        max: e.most,
        step: whole ? 1 : "any",
        title: `${e.meaning}: ${e.least} to ${e.most}`,
        onchange: () => {
          const value = Number(box.value);
          if (box.value === "" || !(value >= e.least && value <= e.most)) {
            box.value = given[e.input] ?? e.usual;
            return banner("note", `${e.input} is a number from ${e.least} to ${e.most}.`, {key: "input"});
          }
          if (value === e.usual) delete given[e.input];
          else given[e.input] = value;
          history.replaceState(null, "", addressOf(lesson.key, given));
          again.hidden = Object.keys(given).length === 0;
          run();
        },
      });
      known.set(e.input, e);
      fields.append(
        h(
          "label",
          {class: "input"},
          h("span", {class: "name", text: e.input}),
          box,
          h("span", {class: "soft", text: e.meaning}),
        ),
      );
    }
    const again = h("button", {
      type: "button",
      class: "quiet",
      text: "The usual inputs",
      hidden: Object.keys(given).length === 0,
      onclick: () => {
        for (const name of Object.keys(given)) delete given[name];
        for (const [name, e] of known) $("input-" + name).value = e.usual;
        history.replaceState(null, "", addressOf(lesson.key, given));
        again.hidden = true;
        run();
      },
    });

    async function run() {
      const own = ++running,
        fresh = h("div"),
        mine = turn;
      if (own > 1 && state.dataset.busy) programs.stop();
      state.dataset.busy = "1";
      state.textContent = "running …";
      const slow = setTimeout(() => {
        stop.hidden = false;
      }, 700);
      let asked = 0,
        right = 0;
      const output = makeOutput(fresh, {
        inputs: input,
        asks: e => {
          ++asked;
          return makeQuestion(programs, e, () => {
            if (++right === asked) {
              solved.set(lesson.key, true);
              contents(lesson.key);
            }
          });
        },
      });
      out.style.setProperty("min-height", out.offsetHeight + "px");
      if (own === 1) out.replaceChildren(fresh);
      const words = [
        "lesson_" + lesson.key,
        "--page",
        ...Object.entries(given).flatMap(([name, value]) => ["--set", `${name}=${value}`]),
      ];
      const told = await programs.run(words, {lines: output.lines, bring: sources});
      clearTimeout(slow);
      if (own !== running || mine !== turn) return;
      stop.hidden = true;
      if (told.broken) output.lines([{text: told.broken, trouble: true}]);
      output.end();
      if (own > 1) out.replaceChildren(fresh);
      out.style.removeProperty("min-height");
      delete state.dataset.busy;
      const others =
        fresh.querySelector("tr.fail") && Object.keys(given).length
          ? " With inputs of your own, rows about the usual ones may come out otherwise."
          : "";
      state.textContent = told.broken
        ? ""
        : `${told.ms < 10 ? told.ms.toFixed(1) : Math.round(told.ms)} ms in this page.${others}`;
      document.documentElement.dataset.ran = `${lesson.key} ${own} ${told.code}`;
      await after();
      document.documentElement.dataset.done = `${lesson.key} ${own}`;
    }
    return {
      element: h(
        "section",
        {class: "program", "aria-label": "The program"},
        fields,
        h("div", {class: "bar-line"}, state, stop, again),
        out,
      ),
      run,
      known,
    };
  }

  // A lesson's program where a page asks for it once more.
  async function lessonOf(word, out) {
    const lesson = lessons.find(l => l.key === word || shownKey(l.key) === word),
      output = makeOutput(out, {asks: e => makeQuestion(programs, e, () => {})});
    const told = await programs.run(["lesson_" + lesson.key, "--page"], {lines: output.lines, bring: sources});
    if (told.broken) output.lines([{text: told.broken, trouble: true}]);
    output.end();
  }

  function showLesson(lesson, given) {
    const shells = [],
      body = h("article");
    const program = makeProgram(lesson, given, async () => {
      for (const shell of shells) await shell.runAll();
    });
    body.append(h("p", {class: "over", text: `Lesson ${shownKey(lesson.key)}`}), h("h1", {text: lesson.title}));
    let placed = false,
      afterCommands = false;
    for (const block of lesson.blocks) {
      if (block.kind === "h2") {
        body.append(h("h2", {text: block.text === "Run it" ? "The program, live" : block.text}));
        afterCommands = false;
      } else if (block.kind === "sh") {
        afterCommands = true;
        if (!placed && /^gradus lesson/.test(block.text)) {
          placed = true;
          body.append(program.element);
          continue;
        }
        const shell = makeShell(programs, block.text, {lessonOf, open});
        shells.push(shell);
        body.append(shell.element);
      } else if (block.kind === "cpp") {
        body.append(h("pre", {class: "program-text", tabindex: 0}, h("code", {text: block.text})));
      } else if (block.kind === "text") {
        if (!afterCommands) body.append(h("pre", {class: "said", text: block.text})); // else it has just been computed
      } else if (!/^<p>(The first time it builds|To find the program|Next: )/.test(block.html)) {
        const part = document.createElement("div");
        part.innerHTML = block.html;
        body.append(...part.childNodes);
      }
    }
    const mine = Object.entries(parts.exercises).filter(([, e]) => e.lesson === lesson.key);
    body.append(...mine.map(([name, e]) => makeExercise(programs, name, e)));
    body.append(
      h(
        "details",
        {class: "whole"},
        h("summary", {text: "The whole program, in C++"}),
        h("p", {
          class: "soft",
          text:
            "With the library installed, gradus lesson " +
            shownKey(lesson.key) +
            " --save writes it into your folder and says how to compile it.",
        }),
        h("pre", {class: "program-text", tabindex: 0}, h("code", {text: lesson.code})),
      ),
    );
    const at = lessons.indexOf(lesson),
      next = lessons[at + 1],
      before = lessons[at - 1];
    body.append(
      h(
        "nav",
        {class: "along", "aria-label": "Neighbours"},
        before ? h("a", {href: "#" + before.key}, h("span", {class: "soft", text: "Before"}), before.title) : h("span"),
        next
          ? h("a", {href: "#" + next.key, class: "next"}, h("span", {class: "soft", text: "Next"}), next.title)
          : h("a", {href: "#exercises", class: "next"}, h("span", {class: "soft", text: "Next"}), "all exercises"),
      ),
    );
    content.replaceChildren(body);
    $("summary").textContent = lesson.ability;
    document.title = `${lesson.title} · Gradus lessons`;
    program.run();
  }

  function showExercises() {
    content.replaceChildren(
      h(
        "article",
        {},
        h("h1", {text: "Exercises"}),
        h("p", {
          text: "Twelve programs, each with a hole for you to fill: a formula, a choice or an order. The program checks what you write by computing with it.",
        }),
        ...Object.entries(parts.exercises).map(([name, e]) => makeExercise(programs, name, e)),
      ),
    );
    $("summary").textContent = "Twelve exercises that check themselves";
    document.title = "Exercises · Gradus lessons";
  }

  function showIndex() {
    const list = h(
      "div",
      {class: "lesson-list"},
      ...lessons.map(l =>
        h(
          "a",
          {href: "#" + l.key},
          h("span", {class: "count", text: shownKey(l.key)}),
          h("span", {class: "card-title", text: l.title}),
          h("span", {class: "soft", text: l.ability.replace(/^You can /, "")}),
        ),
      ),
    );
    if (!galleryBox) {
      galleryBox = h(
        "section",
        {"aria-labelledby": "gallery-title"},
        h("h2", {id: "gallery-title", text: "Gallery of descents"}),
      );
      const second = makePrograms(parts.worker, wasm);
      makeGallery(galleryBox, second, openFrom(second)).then(() => {
        document.documentElement.dataset.gallery = "done";
      });
      galleryBox.append(makeOwnDescent(programs, open));
    }
    content.replaceChildren(
      h(
        "article",
        {class: "index"},
        h("h1", {text: "Learn backpropagation and descent"}),
        h("p", {
          class: "lead",
          text: `${lessons.length} lessons. Each claims something, computes it before your eyes, and asks you. The programs are C++ with the Gradus library, compiled to WebAssembly: all numbers are computed in this page, and nothing is sent anywhere.`,
        }),
        h("h2", {text: "Lessons"}),
        list,
        galleryBox,
      ),
    );
    $("summary").textContent = `${lessons.length} lessons, 12 exercises, a gallery`;
    document.title = "Gradus lessons";
  }

  function show() {
    const {key, given} = readAddress(),
      lesson = lessons.find(l => l.key === key || shownKey(l.key) === key);
    ++turn;
    clearBanners();
    if (lesson) showLesson(lesson, given);
    else if (key === "exercises") showExercises();
    else {
      if (key && key !== "content")
        banner("note", "The link names a lesson that this page does not have.", {key: "link"});
      showIndex();
    }
    contents(lesson && lesson.key);
    closeContents();
    scrollTo(0, 0);
    content.scrollTop = 0;
  }
  const closeContents = () => {
    document.body.classList.remove("contents-open");
    $("contents-open").setAttribute("aria-expanded", "false");
  };
  $("contents-open").addEventListener("click", () =>
    $("contents-open").setAttribute("aria-expanded", document.body.classList.toggle("contents-open")),
  );
  $("skip").addEventListener("click", e => {
    e.preventDefault();
    content.focus();
  });
  $("share").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      banner("note", "The link is copied: it holds the lesson and its inputs.", {key: "copied"});
    } catch (e) {
      banner("note", "The link is the address of this page.", {key: "copied"});
    }
  });
  addEventListener("hashchange", show);
  show();
  document.documentElement.dataset.ready = Math.round(performance.now());
})();
