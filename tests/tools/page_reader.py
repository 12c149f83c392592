"""What a reader does with a page beyond stepping: looks at the whole graph, asks where a number comes from, predicts, plays."""
import json
import os
import time

from browser import check, make, sample, shot

inside = ("const v = document.getElementById('view').getBoundingClientRect(), p = document.querySelector('svg.net').getBoundingClientRect();"
          "return p.left >= v.left - 1 && p.top >= v.top - 1 && p.right <= v.right + 1 && p.bottom <= v.bottom + 1 && p.width > 100")


def click(b, where):
    b.run("document.querySelector(arguments[0]).dispatchEvent(new MouseEvent('click', {bubbles: true}))", where)


def tape(events):
    """A trace of these events of one tape, in f64."""
    lines = [sample.splitlines()[0]] + [json.dumps({"tape": 1, **e}) for e in events]
    return "\n".join(lines + [json.dumps({"ev": "end", "events": len(lines), "ok": True})]) + "\n"


def tensor(shape, data):
    return {"dtype": "f64", "shape": shape, "data": data}


def long_chain(count, scope=lambda i: ""):
    """A deep network: `count` operations, each with a bias that is expanded, and a way around every third."""
    at, value = {"file": "deep.cpp", "line": 7}, tensor([2, 3], [0.125, -0.25, 0.5, 0.0625, 0.75, -0.5])
    events = [{"ev": "tape", "thread": 0, "step": 0, "full": True},
              {"ev": "leaf", "node": 0, "name": "w", "constant": False, "tensor": 0, "scope": "", "loc": at, "value": value}]
    node, last = 0, 0
    for i in range(count):
        events.append({"ev": "leaf", "node": node + 1, "name": f"b{i}", "constant": False, "tensor": i + 1, "scope": "", "loc": at, "value": tensor([3], [1, 2, 3])})
        events.append({"ev": "op", "node": node + 2, "op": "expand", "builtin": True, "inputs": [node + 1], "attributes": {"shape": [2, 3]},
                       "rule": "dx = g, summed over the expanded axes", "scope": "", "loc": at, "value": value})
        events.append({"ev": "op", "node": node + 3, "op": "add", "builtin": True, "inputs": [last, node + 2], "attributes": {}, "rule": "da = g   db = g",
                       "scope": scope(i), "loc": at, "value": value})
        node, last = node + 3, node + 3
    return tape(events)


def the_graph_fits(b, page, directory):
    chain = make(directory, "chain", long_chain(14))
    for width, height in ((1280, 720), (1280, 900), (1920, 1080), (400, 850)):
        b.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        for which in (page, chain):
            b.open(which)
            check(b.run("return Math.max(...[...document.querySelectorAll('.node')].map(n => Number(getComputedStyle(n).opacity)))") == 1, "not in full ink")
            b.press("0")
            check(b.run(inside), "Fit does not fit at", width, height, which.name)
        if width > 900:
            scale = b.run("const p = document.querySelector('svg.net'); return p.getBoundingClientRect().width / p.viewBox.baseVal.width")
            check(scale >= 0.5, "a chain of 14 layers is shown at", scale)
    b.width(1280)
    b.open(chain)
    count = len(b.nodes())
    check(count == 29 and not any("expand" in n["label"] for n in b.nodes()), "reshapes and expands of a large graph are not hidden", count)
    b.press("h")
    check(len(b.nodes()) == 43, "h does not show them", len(b.nodes()))
    # No box lies over another, in whatever columns they stand.
    over = b.run("const r = [...document.querySelectorAll('.node .box')].map(x => x.getBoundingClientRect());"
                 "return r.filter((p, i) => r.some((q, k) => k > i && p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom)).length")
    check(over == 0, "boxes that overlap:", over)


# Names of frames over which a box or a line lies.
covered = """
const names = [...document.querySelectorAll('svg.net .module > text')].map(t => t.getBoundingClientRect()), over = (p, q) => p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom;
const boxes = [...document.querySelectorAll('.node .box')].map(x => x.getBoundingClientRect());
const points = [...document.querySelectorAll('path.edge')].flatMap(p => { const m = p.getScreenCTM(), n = p.getTotalLength(); return Array.from({length: Math.ceil(n / 3)}, (_, i) => p.getPointAtLength(3 * i).matrixTransform(m)); });
return [names.length, names.filter(t => boxes.some(b => over(t, b)) || points.some(p => p.x > t.left && p.x < t.right && p.y > t.top && p.y < t.bottom)).length];"""


def names_of_modules_are_free(b, directory):
    for where, scope in (("parts", lambda i: f"part{i // 7}"), ("halves", lambda i: f"half{i // 9}.layer{i // 3}"), ("end", lambda i: "last" if i > 9 else "")):
        page = make(directory, where, long_chain(18, scope))
        for width, height in ((1280, 720), (1280, 900)):
            b.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
            b.open(page, 3)
            names, hidden = b.run(covered)
            check(names > 0 and hidden == 0, hidden, "of", names, "names of modules lie under boxes or lines:", where, width, height)
    b.width(1280)


def boxes_hold_numbers(b, page, directory):
    b.open(page, 31)
    words = b.run("return [...document.querySelectorAll('.node')].map(n => n.textContent)")
    mean = next(w for w in words if w.startswith("mean"))
    check("0.82" in mean and "∇ 1" in mean, mean)
    bias = next(w for w in words if w.startswith("b3"))
    check(".100  .200  -.100" in bias and "∇ .253  .354  .292" in bias, bias)
    check(b.run("return document.querySelectorAll('.node .thumb path').length") > 30, "no thumbnails")
    b.width(400)
    b.open(page, 31)
    slim = b.run("return [...document.querySelectorAll('.node')].map(n => n.textContent)")
    check(any(w.startswith("b3") and ".100" not in w for w in slim), "three numbers in a narrow graph, not colours", slim)
    b.width(1280)
    b.open(page, 8)
    check(b.run("return document.querySelectorAll('.node .thumb.grad path').length") == 0, "a gradient before the walk")
    # A result that was named after it was made: the operation that reads it says so.
    lines = []
    for line in sample.splitlines():
        e = json.loads(line)
        if e["ev"] == "op" and 5 in e["inputs"]:
            e["names"] = ["hidden" if i == 5 else "" for i in e["inputs"]]
        lines.append(json.dumps(e))
    b.open(make(directory, "named", "\n".join(lines) + "\n"), 14)
    check(b.title() == "sigmoid gives to hidden tanh" and any(n["label"].startswith("hidden tanh") for n in b.nodes()), b.title())


def the_sum_is_in_view(b, page):
    """At the size of a projector the accumulated gradient and its check are seen at every contribution, without scrolling."""
    steps = [k for k, e in enumerate([json.loads(line) for line in sample.splitlines() if json.loads(line)["ev"] in
                                      ("op", "visit", "contribution", "accumulate", "step", "zero_grad", "mutation")], 1) if e["ev"] == "contribution"]
    b.cdp("Emulation.setDeviceMetricsOverride", width=1280, height=720, deviceScaleFactor=1, mobile=False)
    for step in steps:
        b.open(page, step)
        below = b.run("const c = document.getElementById('step').getBoundingClientRect();"
                      "return [...document.querySelectorAll('#step .tensor, #step .verdict')].filter(e => e.getBoundingClientRect().bottom > c.bottom + 1).length")
        check(below == 0, "below the fold at step", step, ":", below)
    b.width(1280)


def where_numbers_come_from(b, page):
    def asked(step, figure, cell):
        b.open(page, step)
        b.run("const f = [...document.querySelectorAll('#step figure.tensor')].filter(f => f.querySelector('figcaption').innerText.includes(arguments[0]));"
              "f[0].querySelector(`td[data-i='${arguments[1]}']`).click()", figure, cell)
        return b.run("return document.querySelector('.sum').innerText")

    words = asked(24, "this contribution", 2)
    check("[0, 2]" in words and words.count(" + ") == 3 and "= 0.1526" in words, words)  # a column of a against a column of g
    words = asked(14, "accumulated", 3)
    check("already there + this contribution" in words and "0.0833 + 0.0185 = 0.1019" in words, words)
    words = asked(1, "t1", 3)
    check("[1, 0]" in words and words.count("·") == 2, words)
    b.open(page, 24)
    b.run("document.querySelector('#step table.asks').focus()")
    b.press("Right", "Right", "Enter")
    check(b.position() == "step 24 of 31", "arrow keys in a table move the page")
    check("[0, 2]" in b.run("return document.querySelector('.sum').innerText"), "Enter in a table asks nothing")


def answer(b, text):
    b.run("const f = document.querySelector('.answer :is(input, textarea)'); f.value = arguments[0]; [...document.querySelectorAll('.answer button')][0].click()", text)
    return b.run("return document.querySelector('#step .reply')?.innerText || ''")


def predicting(b, page, directory):
    b.open(page, 23)
    b.press("p")
    check(b.title() == "What does matmul give to W?" and b.position() == "step 24 of 31", b.title(), b.position())
    truth = b.run("return JSON.parse(document.getElementById('trace').textContent).find(e => e.ev === 'contribution' && e.to === 0).added.data")
    shown = b.text()
    check(not any(f"{x:.4f}" in shown for x in truth), "the answer is on the page", truth)
    for tab in ("tape", "parameters", "training", "checks"):
        click(b, "#tab-" + tab)
        check(not any(f"{x:.4f}" in b.text() for x in truth), "the answer is in", tab)
    click(b, "#tab-graph")
    rows = lambda x: "; ".join(" ".join(f"{v:.4g}" for v in x[i:i + 3]) for i in (0, 3))
    check("sign" in answer(b, rows([-x for x in truth])), answer(b, rows([-x for x in truth])))
    turned = "\n".join(f"{truth[i]:.4g} {truth[3 + i]:.4g}" for i in range(3))
    check("Transposed" in answer(b, turned), answer(b, turned))
    check("4 times too large" in answer(b, rows([4 * x for x in truth])), "a factor of 4")
    check("3 times too small" in answer(b, rows([x / 3 for x in truth])), "a factor of 1/3")
    check("5 of 6" in answer(b, rows(truth[:5] + [9])), "one of six is wrong")
    check("Numbers are expected" in answer(b, "one two"), "words")
    check("Right." in answer(b, rows(truth)), "the right numbers are not right")
    check(b.title() == "matmul gives to W" and b.run("return document.getElementById('score').textContent") == "1 of 1 right (0 at once)", b.title())
    # The bias was broadcast: one row of the gradient, or all of it, is not yet its share.
    b.open(page, 20)
    b.press("p")
    check(b.title() == "What does expand give to b?", b.title())
    rows_of_g = b.run("return JSON.parse(document.getElementById('trace').textContent).find(e => e.ev === 'visit' && e.node === 3).grad.data")
    check("sum over all 4" in answer(b, " ".join(map(str, rows_of_g[:3]))), "one row")
    check("before the sum" in answer(b, " ".join(map(str, rows_of_g))), "all rows")
    check("Right." in answer(b, " ".join(f"{sum(rows_of_g[i::3]):.3g}" for i in range(3))), "their sum")
    b.press("Right", "Right", "Right")
    check(b.title().startswith("What does"), b.title())
    b.run("[...document.querySelectorAll('.answer button')][1].click()")
    check(b.run("return document.getElementById('score').textContent") == "1 of 2 right (0 at once, 1 shown)", b.run("return document.getElementById('score').textContent"))
    b.press("End")
    score = b.run("return document.querySelector('.score')?.innerText || ''")
    check("1 of 2 right" in score and "not summed over the broadcast" in score, score)
    # One number of a large tensor is asked for, and one number is taken for it.
    b.open(page, 14)
    b.press("p")
    check("one number for cell [3, 0]" in b.text(), "no cell is named")
    added = b.run("return JSON.parse(document.getElementById('trace').textContent).find(e => e.ev === 'contribution' && e.from === 6).added.data[9]")
    check("Right." in answer(b, f"{added:.3g}"), "a cell", added)
    check(not b.log()[1], "the console complained")


def playing(b, page):
    b.open(page, 3)
    click(b, "#speed"), click(b, "#speed"), click(b, "#speed")
    b.press(" ")
    check(b.run("return document.getElementById('play').getAttribute('aria-label')") == "Pause", "space does not play")
    for _ in range(40):
        if int(b.position().split()[1]) >= 6:
            break
        time.sleep(0.1)
    check(int(b.position().split()[1]) >= 6, "playing does not move", b.position())
    b.press(" ")
    stands = b.position()
    time.sleep(0.4)
    check(b.position() == stands, "space does not pause")
    b.open(page, 3)
    click(b, "#next")
    time.sleep(0.3)
    check(b.position() == "step 4 of 31", "a step is not one step", b.position())


def curves_and_files(b, page, directory):
    lines = [json.loads(line) for line in sample.splitlines()]
    head, body = lines[0], [e for e in lines[1:] if e["ev"] != "end"]
    events, tapes = [head], 3
    for k in range(tapes):  # the same step three times, each with a smaller loss
        for e in body:
            e = dict(e, **{m: e[m] + k for m in ("tape", "walk") if m in e})
            if e["ev"] == "walk":
                e["value"] = 0.5 / (k + 1)
            events.append(e)
    events.append({"ev": "end", "events": len(events), "ok": True})
    run = make(directory, "run", "\n".join(json.dumps(e) for e in events) + "\n")
    b.open(run, 40)
    click(b, "#tab-training")
    words = b.run("return document.getElementById('view').innerText")
    check("Loss at each backward()" in words and "Norm of each parameter's .grad()" in words and "log scale" in words, words)
    check(b.run("return document.querySelector('svg.chart .line').getAttribute('points').split(' ').length") == tapes, "points of the loss")
    b.run("const c = document.querySelector('svg.chart'), r = c.getBoundingClientRect(); c.dispatchEvent(new MouseEvent('click', {clientX: r.right - 20, clientY: r.top + 40}))")
    check(b.position() == "step 70 of 93", "a click on the curve goes nowhere", b.position())
    # The file that the SVG button saves: complete, with its own colours, and without a script.
    b.open(page, 14)
    b.run("URL.createObjectURL = blob => { blob.text().then(t => { window.saved = t; }); return 'about:blank'; }; HTMLAnchorElement.prototype.click = function () { window.named = this.download; }")
    b.press("s")
    time.sleep(0.2)
    saved, named = b.run("return window.saved"), b.run("return window.named")
    check(named == "sample-step-14.svg" and saved.startswith("<svg") and "sigmoid" in saved, named, saved)
    check("var(--" not in saved and "<script" not in saved and ".node" in saved, "the style is not complete")
    wrong = b.run("const d = new DOMParser().parseFromString(window.saved, 'image/svg+xml'); return d.querySelector('parsererror')?.textContent || d.documentElement.namespaceURI")
    check(wrong.endswith("/2000/svg"), wrong)
    # On paper there is the step and the graph, and no buttons.
    b.cdp("Emulation.setEmulatedMedia", media="print")
    seen = b.run("const on = q => document.querySelector(q).getClientRects().length > 0; return [on('#step h1'), on('svg.net'), on('.transport'), on('.tabs'), on('.tools')]")
    check(seen == [True, True, False, False, False], "on paper", seen)
    b.cdp("Emulation.setEmulatedMedia", media="")
    # Large type
    before = b.run("return document.querySelector('#step h1').getBoundingClientRect().height")
    b.press("l")
    check(b.run("return document.querySelector('#step h1').getBoundingClientRect().height") > 1.2 * before, "large type is not larger")
    check(b.run("return document.scrollingElement.scrollWidth <= innerWidth"), "large type is wider than the window")
    # The columns of the tape
    b.open(page, 20)
    click(b, "#tab-tape")
    row = b.run("return [...document.querySelectorAll('#view tbody tr')].find(r => r.innerText.startsWith('t4 add')).innerText.replace(/\\s+/g, ' ')")
    check("2.3854" in row and "0.2768" in row and "1/1" in row, row)


def repeated(change):
    """The step of the sample three times: change(k, e) alters the events of the k-th."""
    lines = [json.loads(line) for line in sample.splitlines()]
    events = [lines[0]]
    for k in range(3):
        for e in lines[1:-1]:
            e = dict(e, **{m: e[m] + k for m in ("tape", "walk") if m in e})
            if e["ev"] == "walk":
                e["value"] = 4 - k
            if change(k, e) is not False:
                events.append(e)
    return "\n".join(json.dumps(e) for e in events + [{"ev": "end", "events": len(events), "ok": True}]) + "\n"


def the_summary_is_so(b, directory):
    """One loss is that of one line that calls backward() and is trained; checks that were skipped or at a kink do not agree."""
    def summary(name, change):
        b.open(make(directory, name, repeated(change)), 40)
        return b.run("return document.getElementById('summary').textContent")

    def curves():
        click(b, "#tab-training")
        return b.run("return [...document.querySelectorAll('svg.chart')].map(c => c.getAttribute('aria-label')).filter(t => /Loss|value|sample/.test(t))")

    def lines(k, e):
        if e["ev"] == "walk":
            e["loc"] = {"file": "sample.cpp", "line": 13 + k % 2}

    def gradient(k, e):
        if e["ev"] == "walk" and k:
            e["what"] = "gradient"

    def untrained(k, e):
        return e["ev"] not in ("step", "zero_grad")

    def verdicts(k, e):
        if e["ev"] == "check":
            e["verdict"] = {(0, 4): "kink", (1, 4): "kink", (1, 5): "skipped"}.get((k, e["node"]), e["verdict"])

    def one_bad(k, e):
        if e["ev"] == "check" and (k, e["kind"], e["node"]) == (2, "elements", 7):
            e["verdict"] = "bad"

    words = summary("trained", lambda k, e: None)
    check("loss 4 → 2" in words and "checks: all 54 agree" in words, words)
    check(curves() == ["Loss at each backward(), from 4 to 2"], curves())
    words = summary("lines", lines)
    check("loss" not in words and "value" not in words and "→" not in words, words)
    check(curves() == ["Loss at each backward(), from 4 to 2"], curves())  # the two walks of line 13; one of line 14 is no curve
    words = summary("gradient", gradient)
    check("loss 4 ·" in words and "→" not in words, words)
    check(not curves(), curves())
    words = summary("untrained", untrained)
    check("value 4 → 2" in words and "loss" not in words, words)
    words = summary("verdicts", verdicts)
    check("checks: 46 agree, 6 at kinks, 2 skipped" in words, words)
    words = summary("one_bad", one_bad)
    check("checks: 1 failed, 53 agree" in words, words)
    # The first infinity is a click away.
    lines = sample.splitlines()
    at = next(i for i, line in enumerate(lines) if json.loads(line)["ev"] == "op" and json.loads(line)["node"] == 5)
    lines.insert(at + 1, json.dumps({"ev": "warning", "code": "nonfinite", "text": "the first NaN or infinity is a value of tanh", "tape": 1, "node": 5}))
    b.open(make(directory, "infinite", "\n".join(lines) + "\n"), 20)
    click(b, "#banners button")
    check((b.position(), b.title()) == ("step 4 of 31", "tanh makes t5"), b.position(), b.title())
    # Of a large tensor some elements were measured besides a direction: a failure there is shown.
    def sampled(k, e):
        if e["ev"] == "check" and e["kind"] == "elements" and e["node"] == 1:
            e.update(kind="sample", analytic=0.5, numeric=0.25, error=0.5, at=7, measured=3, of=12, verdict="bad")

    before = repeated(sampled).splitlines()
    sample_lines = [i for i, x in enumerate(before) if '"sample"' in x]
    for i in reversed(sample_lines):
        e = json.loads(before[i])
        before.insert(i, json.dumps(dict(e, kind="direction", verdict="ok")))
    b.open(make(directory, "sampled", "\n".join(before) + "\n"))
    words = b.run("return document.getElementById('summary').textContent")
    check("checks: 3 failed" in words, words)
    click(b, "#tab-checks")
    words = b.run("return document.querySelector('#view tbody tr.bad').innerText")
    check("element 7, the worst of 3 of 12" in words, words)
    click(b, "#tab-graph")
    b.width(1280)


def a_program_that_failed(b, directory):
    lines = sample.splitlines()[:9]  # up to the second operation
    lines.append(json.dumps({"ev": "error", "tape": 1, "op": "matmul", "wrong": "the <b>shapes</b> do not fit", "got": "[4, 2] and [3, 5]",
                             "expected": "equal inner sizes", "loc": {"file": "sample.cpp", "line": 12}}))
    lines.append(json.dumps({"ev": "end", "events": len(lines), "ok": False}))
    b.open(make(directory, "failed", "\n".join(lines) + "\n"))
    banner = b.run("return document.getElementById('banners').innerText")
    check("matmul failed" in banner and "sample.cpp:12" in banner and "[4, 2] and [3, 5]" in banner and "<b>shapes</b>" in banner, banner)
    steps = b.position().split()
    check(steps[1] == steps[3], "does not open at the end", steps)
    check(not b.log()[1], "the console complained")


def all_of_it(b, page, directory):
    a_program_that_failed(b, directory)
    the_summary_is_so(b, directory)
    the_graph_fits(b, page, directory)
    names_of_modules_are_free(b, directory)
    boxes_hold_numbers(b, page, directory)
    the_sum_is_in_view(b, page)
    where_numbers_come_from(b, page)
    predicting(b, page, directory)
    playing(b, page)
    curves_and_files(b, page, directory)
    if os.environ.get("GRADUS_SHOTS"):
        b.open(page)
        shot(b, "first")
