"""page.py PLAYGROUND.HTML: the playground as a user has it, in headless Chromium without a network."""
import json
import os
import pathlib
import random
import sys
import tempfile
import time
import urllib.parse

page = pathlib.Path(sys.argv[1]).resolve()
tests = pathlib.Path(__file__).resolve().parent.parent
sys.argv = [sys.argv[0], "gradus", str(tests)]
sys.path.insert(0, str(tests / "tools"))
from browser import Browser, check, failures, shot  # noqa: E402

evil = "<img src=x onerror=alert(1)>"
clicking = float(os.environ.get("GRADUS_CLICK_SECONDS", "20"))


def go(b, hash=""):
    b.send("/url", {"url": "about:blank"})
    b.log()
    b.send("/url", {"url": page.as_uri() + hash})
    wait(b, "document.documentElement.dataset.ready !== undefined && document.getElementById('summary').textContent !== 'starting …'", "ready")


def wait(b, condition, what, seconds=10):
    end = time.time() + seconds
    while time.time() < end:
        if b.run("return Boolean(" + condition + ")"):
            return
        time.sleep(0.03)
    check(False, "never:", what, b.run("return document.getElementById('banners').innerText"))


def steps(b):
    return int(b.run("return document.getElementById('f-step').textContent.replace(/,/g, '')"))


def click(b, id):
    b.run("document.getElementById(arguments[0]).click()", id)


def choose(b, id, value):
    b.run("const c = document.getElementById(arguments[0]); c.type === 'checkbox' ? c.checked = arguments[1] : c.value = arguments[1]; c.dispatchEvent(new Event('change', {bubbles: true}))", id, value)


def banners(b):
    return b.run("return document.getElementById('banners').innerText")


def quiet(b, *what):
    """No request but for the page itself and its worker, and nothing on the console."""
    asked, said = b.log()
    outside = [a for a in asked if not a.startswith(("file:", "blob:", "about:"))]
    check(not outside and not said, *what, outside, said)


def train_a_little(b, what):
    click(b, "play")
    before = steps(b)
    wait(b, f"Number(document.getElementById('f-step').textContent.replace(/,/g, '')) > {before}", f"a step: {what}")
    click(b, "play")
    wait(b, "document.getElementById('play').getAttribute('aria-label') === 'Train'", f"a pause: {what}")
    check(b.run("return [...document.querySelectorAll('#banners .bad')].length") == 0, what, banners(b))


def pixels(b, id):
    return b.run("return document.getElementById(arguments[0]).toDataURL()", id)


def begins(b):
    go(b)
    print("ready after", b.run("return document.documentElement.dataset.ready"), "ms", flush=True)
    check(b.run("return document.getElementById('f-step').textContent") == "0", "it does not stand at step 0")
    first = pixels(b, "surface")
    train_a_little(b, "the beginning")
    check(pixels(b, "surface") != first, "the surface does not change")
    check(b.run("return document.getElementById('f-train').textContent") != "–", "no loss")
    click(b, "one")
    at = steps(b)
    b.run("document.activeElement.blur()")
    b.press("Right")
    wait(b, f"Number(document.getElementById('f-step').textContent.replace(/,/g, '')) > {at}", "a step by key")
    click(b, "restart")
    wait(b, "document.getElementById('f-step').textContent === '0'", "step 0 again")
    quiet(b, "begins")


def each_control(b):
    go(b)
    lists = b.run("return [...document.querySelectorAll('.settings select')].map(s => [s.id, [...s.options].map(o => o.value)])")
    check(len(lists) >= 9, "controls:", lists)
    for id, values in lists:
        if id in ("c-missing", "c-categories"):
            continue
        for value in values:
            if id == "c-set" and value == "own":
                continue
            choose(b, id, value)
            time.sleep(0.05)
            train_a_little(b, f"{id} = {value}")
        if id in ("c-set", "c-optimizer", "c-schedule", "c-activation", "c-norm", "c-init"):
            choose(b, id, values[0])
    for id, value in (("c-count", 120), ("c-noise", 0.2), ("c-test", 0.4), ("c-seed", 3), ("c-dropout", 0.3), ("c-batch", 7), ("c-clip", 1.5), ("c-widths", "5, 4, 4"), ("c-residual", True)):
        choose(b, id, value)
        time.sleep(0.05)
        train_a_little(b, id)
    at = urllib.parse.unquote(b.run("return location.hash"))
    for part in ("count=120", "noise=0.2", "test=0.4", "seed=3", "dropout=0.3", "batch=7", "clip=1.5", "widths=5,4,4", "residual=true"):
        check(part in at, part, "is not in", at)
    choose(b, "c-batch", -4)
    check("must be" in banners(b) and b.run("return document.getElementById('c-batch').value") == "7", "a batch of -4", banners(b))
    for tab in ("layers", "health", "landscape", "code"):
        click(b, "tab-" + tab)
        wait(b, "document.getElementById('view').textContent.length > 60", tab)
    wait(b, "(document.querySelector('pre.program') || {textContent: ''}).textContent.includes('int main()')", "a program")
    click(b, "edges-g")
    click(b, "layer-more")
    wait(b, "document.querySelectorAll('.column').length === 6", "another layer")
    click(b, "layer-less")
    wait(b, "document.querySelectorAll('.column').length === 5", "a layer fewer")
    quiet(b, "each control")


def the_address(b):
    go(b, "#set=moons&widths=3,5")
    check(b.run("return document.getElementById('c-widths').value") == "3, 5", "the link is not read")
    choose(b, "c-set", "blobs")
    wait(b, "location.hash.includes('set=blobs')", "the address follows")
    b.send("/back", {})
    wait(b, "document.getElementById('c-set').value === 'moons'", "back")
    b.send("/forward", {})
    wait(b, "document.getElementById('c-set').value === 'blobs'", "forward")
    quiet(b, "address")
    hostile = "#" + "&".join(["set=" + evil, "widths=1e9,-3", "noise=NaN", "options=" + json.dumps({"lr": 1e999}), "__proto__=7", "tab=constructor", "seed=1.5", evil + "=1", "schedule_options={", "csv=%E0%A4%A"])
    go(b, hostile)
    check("does not know" in banners(b), "no word for a hostile link", banners(b))
    check(b.run("return document.images.length") == 0, "markup came to life")
    check(b.run("return document.getElementById('c-set').value") == "circles", "not the usual settings")
    train_a_little(b, "after a hostile link")
    quiet(b, "hostile link")


def own_data(b):
    rows = "\n".join(f"{i % 7},{i % 5},{evil if i % 2 else 'no'}" for i in range(40))
    go(b, "#set=own")
    check("paste" in b.run("return document.getElementById('summary').textContent"), "no word without data")
    choose(b, "c-csv", f"a,{evil},good\n{rows}")
    wait(b, "document.getElementById('summary').textContent.includes('2–8–8–2')", "the table")
    check(b.run("return document.images.length") == 0, "markup came to life")
    check(evil in b.run("return document.getElementById('net').textContent"), "the name is not shown")
    train_a_little(b, "own data")
    choose(b, "c-csv", "a,b,c\n1,2,x\n1,,y\n" + rows)
    wait(b, "document.getElementById('banners').innerText.includes('an empty cell')", "the word for an empty cell")
    choose(b, "c-missing", "drop")
    wait(b, "document.querySelectorAll('#banners .bad').length === 0", "rows left out")
    train_a_little(b, "rows left out")
    choose(b, "c-csv", "1,2\n" * 30000)
    wait(b, "document.getElementById('banners').innerText.includes('too many lines')", "the word for a large table")
    b.run("[...document.querySelectorAll('#paint button')].at(-1).click()")
    wait(b, "document.getElementById('summary').textContent.includes('paste')", "emptied")
    for k, (x, y) in enumerate(((0.2, 0.2), (0.8, 0.8), (0.2, 0.8), (0.8, 0.2), (0.5, 0.5), (0.4, 0.6), (0.3, 0.1), (0.6, 0.9))):
        b.run("document.querySelectorAll('#paint button')[arguments[0]].click(); const p = document.getElementById('plot'), r = p.getBoundingClientRect();"
              "p.dispatchEvent(new PointerEvent('pointerdown', {clientX: r.left + arguments[1] * r.width, clientY: r.top + arguments[2] * r.height, bubbles: true}))", k % 2, x, y)
        time.sleep(0.05)
    wait(b, "document.getElementById('summary').textContent.includes('6 + 2 examples')", "eight points that were drawn")
    train_a_little(b, "drawn points")
    quiet(b, "own data")


def give_file(b, name, text):
    """As if it had been dropped on the page; text as a list of numbers is bytes."""
    b.run("""
      const f = new File([typeof arguments[1] === 'string' ? arguments[1] : new Uint8Array(arguments[1])], arguments[0]), t = new DataTransfer(), i = document.getElementById('load');
      t.items.add(f);
      i.files = t.files;
      i.dispatchEvent(new Event('change'));""", name, text)


def saved(b, id):
    """What a button would save: a text, or a list of bytes."""
    b.run("window.kept = undefined; window.saveFile = (name, type, content) => { window.kept = typeof content === 'string' ? content : [...content]; }")
    click(b, id)
    wait(b, "window.kept !== undefined", id)
    return b.run("return window.kept")


def files(b):
    go(b, "#set=xor&widths=5")
    for _ in range(3):
        train_a_little(b, "files")
    for id, name in (("save-json", "w.json"), ("save-safetensors", "w.safetensors")):
        weights, before = saved(b, id), pixels(b, "surface")
        for _ in range(3):
            train_a_little(b, "after saving")
        check(pixels(b, "surface") != before, "it has not moved")
        give_file(b, name, weights)
        wait(b, f"document.getElementById('banners').innerText.includes('{name} are in place')", f"the weights of {name}")
        wait(b, "document.querySelectorAll('#banners .bad').length === 0", "no trouble")
        check(saved(b, id) == weights, name, "does not come back")
    check(json.loads(saved(b, "save-json"))["0.weight"]["shape"] == [5, 2], "the weights as JSON")
    table = json.loads(saved(b, "save-data-json"))
    check(table["columns"] == ["x1", "x2", "class"] and len(table["rows"]) == 300 and len(table["rows"][0]) == 3, table["columns"], len(table["rows"]))
    check(len(saved(b, "save-data")) > 3000, "data as safetensors")
    give_file(b, "table.json", json.dumps(table))
    wait(b, "document.getElementById('summary').textContent.includes('Your own · 2–5–2') && document.getElementById('summary').textContent.includes('225 + 75')", "the table comes back")
    train_a_little(b, "data from JSON")
    own = json.loads(saved(b, "save-data-json"))
    check(own == table, "the table does not come back the same", own["columns"], own["rows"][:2])
    words = [{"a": i % 5, "b": i * 0.5, "kind": 'with "quotes", and more' if i % 2 else evil} for i in range(30)]
    give_file(b, "objects.json", json.dumps(words))
    wait(b, "document.getElementById('net').textContent.includes('with')", "objects as rows")
    check(b.run("return document.images.length") == 0, "markup came to life")
    for text in ("{", "null", "7", "[[1, [2]]]", '{"rows": 3}', '{"a": {"shape": [1], "data": ["x"]}}', "[]"):
        give_file(b, "bad.json", text)
        wait(b, "document.querySelectorAll('#banners .bad').length > 0", f"a word for {text}")
        b.run("document.getElementById('banners').replaceChildren()")
    train_a_little(b, "after bad files")
    quiet(b, "files")


def frames(b):
    """What a frame costs while 2-8-8-2 trains with batch 32; the rate depends on the load of the machine."""
    go(b, "#seed=1")
    time.sleep(0.5)
    click(b, "play")
    time.sleep(1.5)
    first = b.run("return [Number(document.documentElement.dataset.frames), performance.now()]")
    time.sleep(3)
    last = b.run("return [Number(document.documentElement.dataset.frames), performance.now()]")
    costs = b.run("return window.frameCosts")
    click(b, "play")
    check(len(costs) > 10, "frames:", len(costs))
    middle = [sorted(c[k] for c in costs)[len(costs) // 2] for k in range(3)] if costs else []
    print("frames a second:", round(1000 * (last[0] - first[0]) / (last[1] - first[1]), 1), "· ms of a frame, medians: steps, looking, drawing:", [round(m, 2) for m in middle], flush=True)
    quiet(b, "frames")


def nan_is_said(b):
    go(b, "#set=waves&loss=mse&optimizer=sgd&activation=relu&options=" + json.dumps({"lr": 1e6}))
    click(b, "play")
    wait(b, "document.querySelectorAll('#banners .bad').length > 0", "a word for NaN")
    check("nan" in banners(b).lower() or "inf" in banners(b).lower(), banners(b))
    choose(b, "c-options-lr", 0.01)
    click(b, "restart")
    wait(b, "document.getElementById('f-step').textContent === '0'", "a fresh start")
    train_a_little(b, "after NaN")
    quiet(b, "NaN")


def open_a_step(b):
    go(b, "#set=xor&widths=3&batch=4")
    click(b, "open-step")
    inside = "document.getElementById('study-frame').contentDocument"
    wait(b, f"{inside}?.documentElement?.dataset.ready !== undefined", "the study page")  # between two documents there is none
    title = b.run(f"return {inside}.querySelector('#step h1').textContent")
    b.run(f"{inside}.getElementById('next').click()")
    after = b.run(f"return {inside}.querySelector('#step h1').textContent")
    b.run(f"{inside}.getElementById('back').click()")
    check(title != after and title == b.run(f"return {inside}.querySelector('#step h1').textContent"), "it does not step both ways", title, after)
    check("program.cpp" in b.run(f"return {inside}.body.innerText"), "the program's line is not shown")
    check("bad" not in b.run(f"return {inside}.getElementById('summary').textContent"), "a check failed")
    click(b, "study-next")
    wait(b, "document.getElementById('study-title').textContent.includes('Step 2 ')", "the next step")
    click(b, "study-close")
    check(steps(b) == 2, "the steps were not taken", steps(b))
    quiet(b, "a step")


def digits(b):
    go(b, "#set=digits&widths=16&activation=relu")
    train_a_little(b, "digits")
    time.sleep(0.3)
    check(b.run("return document.querySelectorAll('.chance').length") == 10, "no answer")
    click(b, "pad-clear")
    empty = b.run("return document.getElementById('chances').innerText")
    b.run("document.getElementById('pad').focus()")
    for key in ("Right", " ", "Right", " "):
        b.press(key)
    time.sleep(0.3)
    check(b.run("return document.getElementById('chances').innerText") != empty, "drawing by keys does not change the answer")
    quiet(b, "digits")


def reachable(b):
    """Every control has a name and a place in the order of Tab; nothing is wider than the window."""
    for width in (1280, 400):
        for dark in (False, True):
            b.width(width, dark)
            go(b, "#set=spirals&widths=8,8")
            nameless = b.run("return [...document.querySelectorAll('button, input, select, textarea, [role=application]')].filter(e => e.offsetParent && !(e.getAttribute('aria-label') || e.textContent.trim() || e.closest('label')"
                             " || document.querySelector(`label[for=\"${e.id}\"]`) || e.title)).map(e => e.outerHTML)")
            check(not nameless, "without a name:", nameless)
            train_a_little(b, f"at {width}")
            wide = b.run("return [document.scrollingElement.scrollWidth, innerWidth]")
            check(wide[0] <= wide[1], "wider than the window at", width, wide)
            cut = b.run("return [...document.querySelectorAll('button, h2, .figures dd, .field > span, th')].filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline').map(e => e.outerHTML)")
            check(not cut, "cut off at", width, cut)
            small = b.run("return [...document.querySelectorAll('button')].filter(e => e.offsetParent).map(e => e.getBoundingClientRect()).filter(r => r.width < 24 || r.height < 24).length") if width == 400 else 0
            check(small == 0, "buttons too small to touch:", small)
            if os.environ.get("GRADUS_SHOTS"):
                shot(b, f"playground-{width}-{'dark' if dark else 'light'}")
    b.width(1280)
    quiet(b, "sizes")


def random_clicks(b):
    """Anything, in any order: a page that lives, and no exception."""
    choice = random.Random(7)
    go(b)
    b.run("window.thrown = []; addEventListener('error', e => thrown.push(e.message)); addEventListener('unhandledrejection', e => thrown.push(String(e.reason)))")
    end = time.time() + clicking
    count = 0
    while time.time() < end:
        count += 1
        b.run("""
          const pick = list => list[Math.floor(arguments[1] * list.length)], open = document.querySelector('dialog[open]');
          const all = [...(open || document).querySelectorAll('button, input, select, summary, textarea, #plot, #pad')].filter(e => e.offsetParent && !e.id.startsWith('save') && e.id !== 'study-save' && e.type !== 'file' && !e.textContent.startsWith('Save'));
          const e = all[Math.floor(arguments[0] * all.length)];
          if (!e) return;
          if (e.tagName === 'SELECT') { e.value = pick([...e.options]).value; e.dispatchEvent(new Event('change', {bubbles: true})); }
          else if (e.type === 'number') { e.value = pick([0, 1, 0.01, 5, -3, 1e9, '', e.max, e.min]); e.dispatchEvent(new Event('change', {bubbles: true})); }
          else if (e.type === 'text' || e.tagName === 'TEXTAREA') { e.value = pick(['', '4, 4', 'x', '1,2,a\\n3,4,b\\n5,6,a\\n7,8,b\\n', '2', '9999']); e.dispatchEvent(new Event('change', {bubbles: true})); }
          else if (e.type === 'range') { e.value = arguments[1] * e.max; e.dispatchEvent(new Event('change', {bubbles: true})); }
          else if (e.id === 'plot' || e.id === 'pad') { const r = e.getBoundingClientRect(); for (const n of ['pointerdown', 'pointerup']) e.dispatchEvent(new PointerEvent(n, {clientX: r.left + arguments[0] * r.width, clientY: r.top + arguments[1] * r.height, bubbles: true})); }
          else e.click();""", choice.random(), choice.random())
        if count % 50 == 0:
            b.run("document.querySelectorAll('dialog[open]').forEach(d => d.close())")
    thrown = b.run("return window.thrown")
    check(not thrown, "thrown:", thrown[:5])
    check("has stopped" not in banners(b), "the library has stopped:", banners(b))
    print(count, "random clicks", flush=True)
    quiet(b, "random clicks")
    go(b)
    train_a_little(b, "after random clicks")


def main():
    with tempfile.TemporaryDirectory() as profile:
        b = Browser(profile)
        try:
            b.width(1280)
            for part in (begins, each_control, the_address, own_data, files, frames, nan_is_said, open_a_step, digits, reachable, random_clicks):
                start = time.time()
                part(b)
                print(f"{part.__name__}: {time.time() - start:.1f} s", flush=True)
        finally:
            b.close()
    sys.exit(1 if failures else 0)


main()
