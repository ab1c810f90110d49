"""A small client of the W3C WebDriver protocol that opens pages in headless Chromium.

    with webdriver.browser() as page:       # raises Missing, with the reason, where there is no Chromium or no driver
        page.open(path)                     # a file
        page.script("return document.title")
        page.click("#fit")
        print(page.console(), page.requests())
"""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the standard gives to references to elements
KEYS = {"enter": "\ue007", "tab": "\ue004", "escape": "\ue00c", "space": " ", "left": "\ue012", "up": "\ue013",
        "right": "\ue014", "down": "\ue015", "home": "\ue011", "end": "\ue010", "shift": "\ue008"}


class Missing(Exception):
    """There is no browser here."""


class Failed(Exception):
    """The driver refused a command."""


def find(variable, names):
    """The program that the environment variable names, or the first of `names` in the path."""
    chosen = os.environ.get(variable)
    if chosen:
        return chosen
    for name in names:
        if shutil.which(name):
            return shutil.which(name)
    raise Missing(f"none of {', '.join(names)} is installed, and {variable} names none")


class browser:
    """One window of a headless Chromium with a profile of its own. Closes both at the end of a with statement."""

    def __init__(self, width=1400, height=900):
        self.size = (width, height)
        self.folder = self.driver = self.session = None

    def __enter__(self):
        chromium = find("CHROMIUM", ["chromium", "chromium-browser", "google-chrome", "chrome"])
        driver = find("CHROMEDRIVER", ["chromedriver"])
        self.folder = tempfile.TemporaryDirectory(prefix="memo_browser_", ignore_cleanup_errors=True)
        self.log = open(pathlib.Path(self.folder.name) / "driver.log", "w+", encoding="utf-8", errors="replace")
        # Port 0: the driver takes a free one and says in its first lines which.
        self.driver = subprocess.Popen([driver, "--port=0"], stdout=self.log, stderr=subprocess.STDOUT)
        try:
            self.address = f"http://127.0.0.1:{self.port()}"
            self.session = self.start(chromium)
            self.resize(*self.size)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.session:
            try:
                self.call("DELETE", "")
            except (Failed, OSError):
                pass
        if self.driver:
            self.driver.terminate()
            self.driver.wait()
        self.log.close()
        self.folder.cleanup()

    def port(self):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            text = pathlib.Path(self.log.name).read_text("utf-8", "replace")
            for line in text.splitlines():
                if "started successfully on port" in line:
                    return int(line.split("port")[-1].strip(" ."))
            if self.driver.poll() is not None:
                raise Missing(f"chromedriver ends at once: {text.strip()[-300:]}")
            time.sleep(0.02)  # the driver has no other way to say so
        raise Missing("chromedriver does not start within a minute")

    def start(self, chromium):
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                     "--force-device-scale-factor=1", "--force-color-profile=srgb", "--disable-background-networking",
                     f"--user-data-dir={self.folder.name}/profile", "about:blank"]
        wanted = {"browserName": "chrome", "goog:chromeOptions": {"binary": chromium, "args": arguments},
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        try:
            return self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}}, whole=True)["sessionId"]
        except Failed as reason:
            raise Missing(f"Chromium does not start: {str(reason)[:300]}") from None

    def call(self, method, path, body=None, whole=False):
        """One command of the protocol; `whole`: the path is not below that of the session."""
        url = self.address + (path if whole else f"/session/{self.session}{path}")
        data = None if method == "GET" or method == "DELETE" else json.dumps(body or {}).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as refusal:
            value = json.loads(refusal.read() or b"{}").get("value", {})
            raise Failed(f"{path}: {value.get('error')}: {value.get('message')}") from None

    def open(self, path, fragment=""):
        """Opens a file, anew also where only the fragment differs, and returns when it is loaded."""
        self.call("POST", "/url", {"url": "about:blank"})
        self.console(), self.requests()
        url = pathlib.Path(path).resolve().as_uri() + (f"#{fragment}" if fragment else "")
        self.call("POST", "/url", {"url": url})

    def script(self, text, *arguments):
        """What the body of a function returns."""
        return self.call("POST", "/execute/sync", {"script": text, "args": list(arguments)})

    def find(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        """A click of the mouse where the middle of the element is to be seen; fails where something covers it."""
        self.call("POST", f"/element/{self.find(selector)}/click")

    def pointer(self, *actions):
        """Moves and presses of the mouse: ("move", x, y), ("down",), ("up",), in pixels of the window."""
        made = []
        for kind, *place in actions:
            if kind == "move":
                made.append({"type": "pointerMove", "duration": 0, "x": round(place[0]), "y": round(place[1])})
            else:
                made.append({"type": f"pointer{kind.capitalize()}", "button": 0})
        self.call("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": made}]})

    def wheel(self, x, y, delta):
        action = {"type": "scroll", "x": round(x), "y": round(y), "deltaX": 0, "deltaY": delta, "duration": 0}
        self.call("POST", "/actions", {"actions": [{"type": "wheel", "id": "wheel", "actions": [action]}]})

    def keys(self, *names):
        """Presses keys one after the other, by name ("enter", "tab") or character, where the focus is."""
        made = []
        for name in names:
            value = KEYS.get(name, name)
            made += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": made}]})

    def type(self, selector, text):
        self.call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def console(self):
        """What the page wrote to its console, and what the browser complained of, since the last call."""
        found = self.call("POST", "/se/log", {"type": "browser"})
        return [f"{line['level']}: {line['message']}" for line in found]

    def requests(self):
        """The addresses that the page asked for since the last call, apart from data that it holds itself."""
        urls = []
        for line in self.call("POST", "/se/log", {"type": "performance"}):
            message = json.loads(line["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if not url.startswith(("data:", "about:", "blob:")):
                    urls.append(url)
        return urls

    def resize(self, width, height):
        """The size of what the page can draw on, not of the window."""
        self.command("Emulation.setDeviceMetricsOverride",
                     {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def prefer(self, scheme="light", media=""):
        """`scheme`: light or dark; `media`: "print" shows the page as it is printed."""
        self.command("Emulation.setEmulatedMedia",
                     {"media": media, "features": [{"name": "prefers-color-scheme", "value": scheme},
                                                   {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def command(self, name, parameters=None):
        """A command of the Chrome DevTools protocol."""
        return self.call("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters or {}})

    def screenshot(self, path, whole_page=False):
        parameters = {"format": "png"}
        if whole_page:
            size = self.command("Page.getLayoutMetrics")["cssContentSize"]
            parameters |= {"captureBeyondViewport": True, "clip": {**size, "scale": 1}}
        pathlib.Path(path).write_bytes(base64.b64decode(self.command("Page.captureScreenshot", parameters)["data"]))
