"""A headless Chromium without a network, driven by chromedriver, and pages of traces to open in it."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.request

gradus, tests = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
sample = (tests / "study/sample.trace.jsonl").read_text(encoding="utf-8")
failures = []


def check(ok, *what):
    if not ok:
        failures.append(what)
        print("FAILED:", *(str(w)[:600] for w in what), flush=True)


class Browser:
    """WebDriver by its plain HTTP interface."""

    def __init__(self, profile):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                break
        else:
            sys.exit("chromedriver does not start")
        self.base = f"http://127.0.0.1:{found[1]}/session"
        options = {"binary": shutil.which("chromium"), "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={profile}"]}
        made = self.send("", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "unhandledPromptBehavior": "ignore"}}})
        self.base += "/" + made["sessionId"]

    def send(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def close(self):
        try:
            self.send("", method="DELETE")
        finally:
            self.driver.terminate()

    def run(self, script, *arguments):
        return self.send("/execute/sync", {"script": script, "args": list(arguments)})

    def cdp(self, command, **parameters):
        return self.send("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def width(self, pixels, dark=False):
        self.cdp("Emulation.setDeviceMetricsOverride", width=pixels, height=900, deviceScaleFactor=1, mobile=False)
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def open(self, page, step=None):
        self.send("/url", {"url": "about:blank"})
        self.log()
        self.send("/url", {"url": page.as_uri() + ("" if step is None else f"#step={step}")})
        for _ in range(200):
            if self.run("return document.documentElement.dataset.ready !== undefined"):
                return
            time.sleep(0.05)
        check(False, page, "is not ready", self.send("/se/log", {"type": "browser"}))

    def log(self):
        """Requests and complaints since the last call."""
        asked = []
        for entry in self.send("/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked.append(message["params"]["request"]["url"])
        return asked, [e["message"] for e in self.send("/se/log", {"type": "browser"})]

    special = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Left": "\ue012", "Right": "\ue014", "Home": "\ue011",
               "End": "\ue010", "PageDown": "\ue00f", "PageUp": "\ue00e"}

    def press(self, *keys):
        actions = []
        for key in keys:
            value = self.special.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self.send("/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def text(self):
        """Everything a reader sees, colours of the graph included."""
        return self.run("return document.body.innerText + [...document.querySelectorAll('.node, .edge')].map("
                        "e => e.getAttribute('class') + e.textContent + e.getAttribute('aria-label')).join('\\n')")

    def position(self):
        return self.run("return document.getElementById('position').textContent")

    def title(self):
        return self.run("return document.querySelector('#step h1').textContent")

    def nodes(self):
        return self.run("return [...document.querySelectorAll('.node')].map(n => ({label: n.getAttribute('aria-label'), role: n.getAttribute('role'),"
                        " tab: n.getAttribute('tabindex'), classes: n.getAttribute('class').split(' ')}))")


def make(directory, name, text, *more):
    trace = directory / f"{name}.trace.jsonl"
    trace.write_text(text, encoding="utf-8")
    subprocess.run([gradus, "html", trace.name, "-o", f"{name}.html", *more], cwd=directory, check=True,
                   stdout=subprocess.DEVNULL, timeout=60)
    return directory / f"{name}.html"


def shot(b, name):
    import base64
    data = b.cdp("Page.captureScreenshot", captureBeyondViewport=False, format="png")["data"]
    pathlib.Path(os.environ["GRADUS_SHOTS"], name + ".png").write_bytes(base64.b64decode(data))
