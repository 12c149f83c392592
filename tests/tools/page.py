"""page.py GRADUS TESTS: makes pages of traces and uses them as a reader would, in headless Chromium without a network."""
import json
import os
import pathlib
import sys
import tempfile

import page_reader as reader
from browser import Browser, check, failures, make, sample, shot

evil = "</script><img src=x onerror=alert(1)>"


def steps_back_and_forth(b, page):
    b.open(page)
    check((b.position(), b.title()) == ("step 9 of 31", "mean gives to t7 add"), "opens at", b.position(), b.title())
    b.open(page, 0)
    check(b.position() == "step 0 of 31", b.position())
    seen = [b.text()]
    for _ in range(31):
        b.press("Right")
        seen.append(b.text())
    check(b.position() == "step 31 of 31", b.position())
    check(len(set(seen)) == 32, "two steps look alike")
    for k in range(30, -1, -1):
        b.press("Left")
        check(b.text() == seen[k], "back at", k, "it is not as it was")
    b.press("End")
    check(b.text() == seen[31], "End is not the last step")
    own = [n for n in b.nodes() if "constant" not in n["classes"]]
    check(len(own) == 9 and all("done" in n["classes"] for n in own), "End does not show every node done", own)
    b.press("Home")
    check(b.text() == seen[0], "Home is not the beginning")
    asked, complaints = b.log()
    check(len(asked) == 1 and asked[0].startswith("file:"), "requests:", asked)
    check(not complaints, "the console says:", complaints)


def cells_equal_the_trace(b, page):
    events = [json.loads(line) for line in sample.splitlines()]
    kinds = {"op", "visit", "contribution", "accumulate", "step", "zero_grad", "mutation"}
    steps = [e for e in events if e["ev"] in kinds]
    compared = 0
    for k, e in enumerate(steps, 1):
        if e["ev"] != "contribution":
            continue
        b.open(page, k)
        tables = b.run("return [...document.querySelectorAll('#step figure')].map(f => ({name: f.querySelector('figcaption').innerText,"
                       " cells: [...f.querySelectorAll('td')].map(c => [c.textContent, c.title])}))")
        for name, tensor in (("already there", e["before"]), ("this contribution", e["added"]), ("accumulated", e["after"])):
            found = [t for t in tables if name in t["name"]][-1]
            wanted = tensor["data"] if tensor else []
            check(len(found["cells"]) == len(wanted), k, name, found, wanted)
            for (text, title), x in zip(found["cells"], wanted):
                compared += 1
                check(float(title) == x, k, name, title, x)
                check(abs(float(text) - x) <= 5.1e-5 * max(1, abs(x)) if abs(x) >= 1e-3 or x == 0 else abs(float(text) / x - 1) < 6e-3, k, name, text, x)
    check(compared > 100, "only", compared, "cells were compared")


def breakpoints_and_selection(b, page):
    b.open(page, 0)
    b.run("document.activeElement.blur()")
    reached = set()
    for _ in range(80):
        b.press("Tab")
        label = b.run("return document.activeElement.closest('.node')?.getAttribute('aria-label') || ''")
        if label:
            reached.add(label)
    nodes = b.nodes()
    check(len(nodes) == 10, "nodes:", len(nodes))
    for n in nodes:
        check(n["role"] == "button" and n["label"] and n["tab"] == "0", "no role, label or place:", n)
        check(n["label"] in reached, "the keyboard does not reach", n["label"])
    for _ in range(80):
        b.press("Tab")
        if b.run("return (document.activeElement.getAttribute('aria-label') || '').startsWith('t5 tanh')"):
            break
    b.press("Enter")
    check(b.run("return document.querySelector('.pinned h1')?.textContent") == "t5 tanh", "Enter does not select")
    b.press("b", "Home", "c")
    check((b.position(), b.title()) == ("step 4 of 31", "tanh makes t5"), b.position(), b.title())
    b.press("c")
    check((b.position(), b.title()) == ("step 12 of 31", "add gives to t5 tanh"), b.position(), b.title())
    b.press("c")
    check((b.position(), b.title()) == ("step 14 of 31", "sigmoid gives to t5 tanh"), b.position(), b.title())
    check("✓ agrees" in b.text(), "no verdict")
    b.press("C")
    check(b.position() == "step 12 of 31", b.position())
    b.press("Escape")
    check(b.run("return document.querySelector('.pinned')") is None, "Escape does not let go")
    b.press("/")
    b.press(*"sigm", "Enter")
    check(b.run("return document.querySelector('.pinned h1')?.textContent") == "t6 sigmoid", "/ does not find")
    b.press("?")
    check(b.run("return document.getElementById('help').open"), "? does not open the keys")
    b.press("Escape", "PageDown")
    check(b.title() == "visit t5 tanh" or b.position() != "step 12 of 31", "PgDn does nothing")
    for tab in ("tape", "parameters", "training", "checks"):
        b.run("document.getElementById(arguments[0]).click()", "tab-" + tab)
        check(b.run("return document.querySelectorAll('#view table.list tbody tr').length") > 1, "no rows in", tab)
    check(not b.log()[1], "the console complained")


def malicious_names(b, directory):
    text = sample.replace('"name":"W"', '"name":' + json.dumps(evil)).replace('"parameter":"W"', '"parameter":' + json.dumps(evil))
    text = text.replace('"op":"sigmoid"', '"op":"<b>\\"sig\'moid"')
    page = make(directory, "evil", text)
    b.open(page)
    for _ in range(31):
        b.press("Right")
        check(b.run("return document.images.length + document.querySelectorAll('b.x, #step b, #view b').length - document.querySelectorAll('b.sign').length") == 0, "markup came to life")
    for tab in ("graph", "tape", "parameters", "training", "checks"):
        b.run("document.getElementById(arguments[0]).click()", "tab-" + tab)
        check(b.run("return document.images.length") == 0, "an image in", tab)
    check(evil in b.run("document.getElementById('tab-tape').click(); return document.getElementById('view').textContent"), "the name is not shown")
    b.open(page, 20)
    labels = [n["label"] for n in b.nodes()]
    check(any(evil in label for label in labels) and any("<b>\"sig'moid" in label for label in labels), labels)
    asked, complaints = b.log()
    check(len(asked) == 1 and not complaints, asked, complaints)


def wrong_rule(b, directory):
    lines = []
    for line in sample.splitlines():
        e = json.loads(line)
        if e["ev"] == "check" and ((e["kind"] == "local" and e["node"] == 6) or (e["kind"] == "elements" and e["node"] <= 5)):
            e["verdict"], e["error"] = "bad", 0.25
        lines.append(json.dumps(e))
    b.open(make(directory, "wrong", "\n".join(lines) + "\n"), 31)
    banner = b.run("return document.getElementById('banners').innerText")
    check("sigmoid's rule is wrong" in banner and "sample.cpp:11" in banner, banner)
    bad = {n["label"].split(",")[0] for n in b.nodes() if "bad" in n["classes"]}
    check(bad == {"W", "t1 matmul", "b", "t3 expand", "t4 add", "t5 tanh", "t6 sigmoid"}, bad)
    guilty = [n["label"].split(",")[0] for n in b.nodes() if "guilty" in n["classes"]]
    check(guilty == ["t6 sigmoid"], guilty)


def two_runs(b, directory):
    other = []
    for line in sample.splitlines():
        e = json.loads(line)
        if e["ev"] == "contribution" and e["from"] == 6:
            e["added"]["data"][4] *= 1.5
            e["after"]["data"][4] += 1
        other.append(json.dumps(e))
    (directory / "other.jsonl").write_text("\n".join(other) + "\n")
    b.open(make(directory, "two", sample, "--against", "other.jsonl"))
    check(b.position() == "step 14 of 31", b.position())  # the first difference
    banner = b.run("return document.getElementById('banners').innerText")
    check("First at step 14: added at [1, 1] is" in banner, banner)
    check(b.run("return document.querySelectorAll('#step article').length") == 2, "not side by side")
    check(b.run("return document.querySelectorAll('#step td.other').length") == 6, "marked cells")  # given, added, after; twice
    b.press("Left")
    check(b.run("return document.querySelectorAll('#step td.other').length") == 0, "marked where nothing differs")
    same = make(directory, "same", sample, "--against", "two.trace.jsonl")
    b.open(same)
    check("The two runs are alike." in b.text(), "equal runs differ")


def no_overflow(b, page, other):
    for width in (1280, 400):
        for dark in (False, True):
            b.width(width, dark)
            for which, step in ((page, 0), (page, 14), (page, 23), (other, 14)):
                b.open(which, step)
                wide = b.run("return [document.scrollingElement.scrollWidth, innerWidth]")
                check(wide[0] <= wide[1], "wider than the window at", width, which.name, step, wide)
                clipped = b.run("return [...document.querySelectorAll('h1, .sub, .position, .tabs button, .buttons button, table.heat td, .verdict')]"
                                ".filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline').map(e => e.outerHTML)")
                check(not clipped, "cut off at", width, step, clipped)
                scrolled = b.run("return [...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight).length")
                check(not scrolled, "small tables that scroll at", width, step, scrolled)
                if os.environ.get("GRADUS_SHOTS"):
                    shot(b, f"{which.stem}-{step}-{width}-{'dark' if dark else 'light'}")
        b.open(page, 31)
        for tab in ("tape", "parameters", "training", "checks"):
            b.run("document.getElementById(arguments[0]).click()", "tab-" + tab)
            wide = b.run("const v = document.getElementById('view'); return [v.scrollWidth, v.clientWidth]")
            check(wide[0] <= wide[1], tab, "is wider than its view at", width, wide)
    b.width(1280)


def thousand_operations(b, directory):
    tensor = {"dtype": "f64", "shape": [2, 3], "data": [0.125, -0.25, 0.5, 0.0625, 0.75, -0.5]}
    at = {"file": "big.cpp", "line": 7}
    header = sample.splitlines()[0]
    events = [{"ev": "tape", "tape": 1, "thread": 0, "step": 0, "full": True},
              {"ev": "leaf", "tape": 1, "node": 0, "name": "w", "constant": False, "tensor": 0, "scope": "", "loc": at, "value": tensor}]
    for i in range(1, 1001):
        events.append({"ev": "op", "tape": 1, "node": i, "op": "tanh", "builtin": True, "inputs": [i - 1] if i % 7 else [i - 1, max(0, i - 9)],
                       "attributes": {}, "rule": "dx = g (1 - y²)", "scope": f"block{i // 100}.layer{i // 10 % 10}" if i <= 500 else "", "loc": at, "value": tensor})
    events.append({"ev": "walk", "tape": 1, "walk": 1, "what": "backward", "from": 1000, "recorded": False, "value": 0.5, "loc": at})
    for i in range(1000, -1, -1):
        events.append({"ev": "visit", "tape": 1, "walk": 1, "node": i, "grad": tensor, "arrived": int(i < 1000), "of": int(i < 1000)})
        if i:
            events.append({"ev": "contribution", "tape": 1, "walk": 1, "from": i, "slot": 0, "to": i - 1, "k": 1, "of": 1, "fused": False,
                           "added": tensor, "before": None, "after": tensor})
    events.append({"ev": "walk_end", "tape": 1, "walk": 1, "complete": True})
    events.append({"ev": "end", "events": len(events) + 1, "ok": True})
    page = make(directory, "thousand", "\n".join([header] + [json.dumps(e) for e in events]) + "\n")
    b.open(page)
    print("1,000 operations: painted after", b.run("return document.documentElement.dataset.ready"), "ms", flush=True)
    groups = b.run("return [...document.querySelectorAll('.node.group')].map(n => n.textContent)")
    check(any("nodes: tanh" in g for g in groups), "a run of operations does not say what it does", groups)
    for step in (0, 500, 1200, 2999):
        b.open(page, step)
        count = len(b.nodes())
        check(5 < count <= 150, "nodes at step", step, ":", count)
        check(any("current" in n["classes"] for n in b.nodes()) or step == 0, "this step is not in the picture", step)
    closed = b.run("const g = document.querySelector('.node.group'); const before = document.querySelectorAll('.node').length;"
                   "g.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true})); return document.querySelectorAll('.node').length - before")
    check(closed > 1, "Enter does not open a module", closed)
    check(not b.log()[1], "the console complained")


def main():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        directory = pathlib.Path(name)
        b = Browser(directory / "profile")
        try:
            b.width(1280)
            page = make(directory, "sample", sample)
            steps_back_and_forth(b, page)
            cells_equal_the_trace(b, page)
            breakpoints_and_selection(b, page)
            malicious_names(b, directory)
            wrong_rule(b, directory)
            two_runs(b, directory)
            thousand_operations(b, directory)
            no_overflow(b, page, directory / "two.html")
            reader.all_of_it(b, page, directory)
        finally:
            b.close()
    print("ok" if not failures else f"{len(failures)} checks failed")
    sys.exit(bool(failures))


main()
