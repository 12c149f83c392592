"""lessons.py LESSONS.HTML: the lessons as a reader has them, in headless Chromium without a network."""
import json
import os
import pathlib
import sys
import tempfile
import time

page = pathlib.Path(sys.argv[1]).resolve()
tests = pathlib.Path(__file__).resolve().parent.parent
sys.argv = [sys.argv[0], "gradus", str(tests)]
sys.path.insert(0, str(tests / "tools"))
from browser import Browser, check, failures, shot  # noqa: E402

shots = os.environ.get("GRADUS_SHOTS")
keys = sorted(f.name.split("_")[0] for f in (tests.parent / "examples/lessons").glob("[0-9]*.cpp")
              if "#include <gradus/dist/" not in f.read_text(encoding="utf-8"))  # these start processes


def wait(b, condition, what, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        if b.run("return Boolean(" + condition + ")"):
            return True
        time.sleep(0.03)
    check(False, "never:", what, b.run("return document.getElementById('content').innerText")[:500])
    return False


def go(b, hash):
    b.send("/url", {"url": "about:blank"})
    b.log()
    b.send("/url", {"url": page.as_uri() + hash})
    wait(b, "document.documentElement.dataset.ready !== undefined", "ready")


def lesson(b, key, inputs=""):
    go(b, f"#{key}{inputs}")
    return wait(b, f"document.documentElement.dataset.done === '{key} 1'", f"lesson {key} has run")


def quiet(b, *what):
    """No request but for the page itself, its worker and its pictures, and nothing on the console."""
    asked, said = b.log()
    outside = [a for a in asked if not a.startswith(("file:", "blob:", "about:", "data:"))]
    check(not outside and not said, *what, outside, said)


def count(b, selector):
    return b.run("return document.querySelectorAll(arguments[0]).length", selector)


def each_lesson(b):
    for key in keys:
        if not lesson(b, key):
            continue
        check(count(b, ".output tr.fail") == 0 and count(b, ".output tr.pass") > 0, key, "rows that fail")
        check(count(b, ".trouble") == 0, key, b.run("return [...document.querySelectorAll('.trouble')].map(e => e.textContent)"))
        check(count(b, ".question") > 0 and count(b, ".inputs input") > 0, key, "no question, or no input")
        check(count(b, ".shell-out pre.said") > 0, key, "no command has printed")
        wide = b.run("return [document.scrollingElement.scrollWidth, innerWidth]")
        check(wide[0] <= wide[1], key, "wider than the window", wide)
        quiet(b, "lesson", key)
    print("ready after", b.run("return document.documentElement.dataset.ready"), "ms", flush=True)


def inputs_and_address(b):
    lesson(b, "00a", "&w=4")
    check("at w = 4" in b.run("return document.querySelector('.output').innerText"), "the address's input is not taken")
    b.run("const i = document.getElementById('input-w'); i.value = 2; i.dispatchEvent(new Event('change'))")
    wait(b, "document.documentElement.dataset.done === '00a 2'", "a run with another input")
    check("at w = 2" in b.run("return document.querySelector('.output').innerText"), "the input is not taken")
    check(b.run("return location.hash") == "#00a&w=2", "the address does not follow")
    b.run("const i = document.getElementById('input-w'); i.value = 99; i.dispatchEvent(new Event('change'))")
    check("from 0 to 5" in b.run("return document.getElementById('banners').innerText"), "no word for a wrong input")
    b.run("document.querySelector('.along .next').click()")
    wait(b, "document.documentElement.dataset.done === '00b 1'", "the next lesson")
    b.send("/back", {})
    wait(b, "document.querySelector('article h1').textContent.startsWith('A slope')", "back")
    go(b, "#<img src=x onerror=alert(1)>&w=1e999&__proto__=3")
    wait(b, "document.getElementById('banners').innerText.includes('does not have')", "a word for a hostile link")
    check(b.run("return [...document.images].some(i => !i.src.startsWith('blob:'))") is False, "markup came to life")
    lesson(b, "03", "&rate=1e999&x=2")
    quiet(b, "inputs and address")


def answers(b):
    lesson(b, "00a")
    form = "document.querySelector('.question')"
    say = f"const f = {form}; f.querySelector('input').value = arguments[0]; f.requestSubmit()"
    b.run(say, "5")
    wait(b, f"{form}.querySelector('.verdict-line').textContent.includes('Hint')", "a hint")
    b.run(say, "what")
    wait(b, f"{form}.querySelector('.verdict-line').textContent.includes('no number')", "a word for no number")
    b.run(say, "2 (1·2 − 6) 2")
    wait(b, f"{form}.classList.contains('solved')", "a formula is right")
    lesson(b, "19")
    b.run("document.querySelectorAll('.question')[0].querySelectorAll('input')[1].click()")
    wait(b, "document.querySelectorAll('.question')[0].innerText.includes('Not yet')", "a wrong choice")
    b.run("document.querySelectorAll('.question')[0].querySelectorAll('input')[0].click()")
    wait(b, "document.querySelectorAll('.question')[0].classList.contains('solved')", "the right choice")
    quiet(b, "answers")


def exercises(b):
    solutions = json.loads((tests.parent / "tools/web.d/lessons/exercises.json").read_text(encoding="utf-8"))
    go(b, "#exercises")
    for name, exercise in solutions.items():
        card = f"document.querySelector('[data-exercise=\"{name}\"]')"
        fill = f"[...{card}.querySelectorAll('.hole input, .hole select')].forEach((c, i) => {{ c.value = arguments[0][i]; }}); {card}.requestSubmit()"
        b.run(fill, ["" for _ in exercise["solution"]])
        wait(b, f"{card}.innerText.includes('not yet')", f"{name}: an empty hole is not solved")
        b.run(fill, exercise["solution"])
        wait(b, f"{card}.classList.contains('solved')", f"{name}: its solution")
    quiet(b, "exercises")


def pages(b):
    """A trace, two traces, and a descent as pages in a frame."""
    inside = "document.getElementById('frame').contentDocument"
    lesson(b, "00a")
    b.run("[...document.querySelectorAll('.go')].find(e => e.textContent === 'Make and open').click()")
    wait(b, f"{inside}?.documentElement?.dataset.ready !== undefined", "the study page")
    check("square(w * x - y)" in b.run(f"return {inside}.body.innerText") or "00a_slope.cpp" in b.run(f"return {inside}.body.innerText"), "no line of the program")
    b.run(f"{inside}.getElementById('next').click()")
    b.run("document.getElementById('frame-close').click()")
    lesson(b, "10")
    b.run("[...document.querySelectorAll('.go')].find(e => e.getAttribute('aria-label').includes('saddle.html')).click()")
    wait(b, f"{inside}?.querySelector('svg')", "the page of a descent")
    check(b.run(f"return {inside}.body.innerText").count("newton") >= 1, "the descent has no optimizers")
    b.run("document.getElementById('frame-close').click()")
    quiet(b, "pages")


def gallery(b):
    go(b, "")
    wait(b, "document.documentElement.dataset.gallery === 'done'", "the gallery", 120)
    check(count(b, ".cards .piece") >= 10, "cards:", count(b, ".cards .piece"))
    wait(b, "[...document.images].slice(0, 2).every(i => i.complete && i.naturalWidth > 0)", "pictures")
    b.run("document.querySelector('.cards .piece').click()")
    inside = "document.getElementById('frame').contentDocument"
    wait(b, f"{inside}?.querySelector('svg')", "a page of the gallery")
    b.run("document.getElementById('frame-close').click()")
    own = "document.getElementById('own-descent')"
    b.run(f"document.getElementById('own-surface').value = 'x^2 +'; {own}.requestSubmit()")
    wait(b, f"{own}.innerText.includes('formula')", "a word for half a formula")
    b.run(f"document.getElementById('own-surface').value = 'x^2/2 + 3 y^2 + sin(3 x)'; document.getElementById('own-opts').value = 'adam:lr=.1'; {own}.requestSubmit()")
    wait(b, "document.getElementById('frame-box').open", "a descent of one's own")
    wait(b, f"{inside}?.querySelector('svg')", "its page")
    b.run("document.getElementById('frame-close').click()")
    quiet(b, "gallery")


def sizes(b):
    for width in (1280, 400):
        for dark in (False, True):
            b.width(width, dark)
            for key in ("", "00a", "04", "19", "exercises"):
                if key in ("", "exercises"):
                    go(b, "#" + key if key else "")
                    wait(b, "document.documentElement.dataset.gallery === 'done' || location.hash !== ''", "the gallery", 120)
                else:
                    lesson(b, key)
                wide = b.run("return [document.scrollingElement.scrollWidth, innerWidth]")
                check(wide[0] <= wide[1], "wider than the window at", width, key, wide)
                small = b.run("return [...document.querySelectorAll('button')].filter(e => e.offsetParent).map(e => e.getBoundingClientRect()).filter(r => r.width < 24 || r.height < 24).length")
                check(small == 0, "buttons too small to touch:", small)
                unnamed = b.run("return [...document.querySelectorAll('input, select, button, iframe')].filter(e => !(e.labels && e.labels.length) && !e.getAttribute('aria-label') && !e.textContent && !e.title).map(e => e.outerHTML)")
                check(not unnamed, "controls without a name:", unnamed)
                if shots:
                    shot(b, f"lessons-{key or 'index'}-{width}-{'dark' if dark else 'light'}")
    b.width(1280)
    quiet(b, "sizes")


def main():
    with tempfile.TemporaryDirectory() as profile:
        b = Browser(profile)
        try:
            b.width(1280)
            for part in (each_lesson, inputs_and_address, answers, exercises, pages, gallery, sizes):
                start = time.time()
                part(b)
                print(f"{part.__name__}: {time.time() - start:.1f} s", flush=True)
        finally:
            b.close()
    sys.exit(1 if failures else 0)


main()
