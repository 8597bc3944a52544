"""``make bench-widget``: what a chat costs the page that carries it, Faro's beside three from npm in one run.

    python -m tests.bench.widget [--rounds N] [--json]

A law firm's page is loaded in Chromium bare and with each chat, as the chat's own instructions embed it, on an emulated
cheap phone: 360 by 640 points, a processor four times slower, a network of 1.6 Mbit/s with 150 ms there and back
(what Lighthouse takes for a phone). Everything is served from this machine, compressed. Every load has an empty cache,
the chats take turns, and medians are compared. Every load is done twice: once left alone, to weigh it, and once
watched, for the time until somebody can use it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import resvg_py
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from tests.axe import OPEN_SHADOW_ROOTS, violations
from tests.chromium import FLAGS
from tests.stack import ROOT, free_port, running

SITE = Path(__file__).parent / "site"
#: A chat that wants to speak with somebody else is seen trying, and nothing depends on this machine's network.
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
PHONE = {"width": 360, "height": 640}
SLOWER = 4
#: Bytes a second and milliseconds: 1.6 Mbit/s down, 750 kbit/s up.
NETWORK = {"offline": False, "downloadThroughput": 200_000, "uploadThroughput": 93_750, "latency": 150}
#: Seconds without anything on the network after which a page counts as quiet, and the longest that is waited for it.
QUIET, PATIENCE = 2.0, 60.0

OBSERVE = """(() => {
  const seen = window.__seen = { blocking: 0, shift: 0, paint: 0 };
  const watch = (type, each) =>
    new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true });
  watch("longtask", (task) => { seen.blocking += Math.max(0, task.duration - 50); });
  // Chromium takes the first fitting of a phone's page for input, so what moves then would go unseen.
  let touched = Infinity;
  addEventListener("pointerdown", () => { touched = Math.min(touched, performance.now()); }, true);
  watch("layout-shift", (shift) => {
    if (shift.startTime < touched || !shift.hadRecentInput) seen.shift += shift.value;
  });
  watch("largest-contentful-paint", (paint) => { seen.paint = paint.startTime; });
})()"""

#: The middle of the first element that a selector finds and a person can see, also inside shadow roots. Playwright's
#: own search would put some 0.7 MB of script into the page that is being weighed.
MIDDLE = """(selector) => {
  const look = (root) => root.querySelector(selector)
    ?? [...root.querySelectorAll("*")].map((element) => element.shadowRoot && look(element.shadowRoot)).find(Boolean);
  const box = look(document)?.getBoundingClientRect();
  return box?.width ? [box.x + box.width / 2, box.y + box.height / 2] : null;
}"""

#: Roles and attributes that make a screen reader say what is new, also inside shadow roots.
LIVE = """() => {
  const found = new Set();
  const look = (root) => {
    for (const element of root.querySelectorAll("*")) {
      const role = element.getAttribute("role"), live = element.getAttribute("aria-live");
      if (["log", "status", "alert"].includes(role)) found.add(role);
      if (live && live !== "off") found.add("live: " + live);
      if (element.shadowRoot) look(element.shadowRoot);
    }
  };
  look(document);
  return [...found].sort();
}"""


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat and where a person meets it: selectors inside the page or any one shadow root.

    ``launcher`` is None where the chat stands in the page.
    """

    name: str
    title: str
    launcher: str | None
    field: str
    reply: str


FARO = Chat("faro", "Faro", "#launcher", "#text", "#log > li.bot")
CHATS = (
    FARO,
    Chat("deep-chat", "deep-chat 2.4.2", None, "#text-input", ".ai-message-text"),
    Chat(
        "botframework-webchat", "botframework-webchat 4.18.1, minimal", None,
        ".webchat__send-box-text-box__input", ".webchat__bubble:not(.webchat__bubble--from-user)",
    ),
    Chat("rasa-webchat", "rasa-webchat 1.0.1", ".rw-launcher", ".rw-new-message", ".rw-response"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cost:
    """What was spent until now, from the start of a page load."""

    kilobytes: float
    requests: float
    third_party: float
    blocking_ms: float
    script_ms: float
    layout_shift: float
    largest_paint_ms: float
    heap_mb: float


class Traffic:
    """Requests of one page and their bytes on the wire, headers with them; without what WebSockets carry."""

    def __init__(self, session: CDPSession, own: Sequence[str]) -> None:
        self._own = {urlsplit(address).netloc for address in own}
        self._bytes: dict[str, float] = {}
        self._addresses: dict[str, str] = {}
        self.last = time.monotonic()
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.webSocketCreated", lambda e: self._asked(e["requestId"], e["url"]))
        session.on("Network.responseReceived", lambda e: self._came(e, e["response"]["encodedDataLength"]))
        session.on("Network.dataReceived", lambda e: self._came(e, e["encodedDataLength"]))
        session.on("Network.loadingFinished", self._finished)
        session.on("Network.loadingFailed", lambda _: self._moved())
        session.send("Network.enable")
        # The same for all: Faro's server also knows Brotli.
        session.send("Network.setExtraHTTPHeaders", {"headers": {"Accept-Encoding": "gzip"}})

    @property
    def bytes(self) -> float:
        return sum(self._bytes.values())

    def bytes_from(self, address: str) -> float:
        """Of one server alone."""
        host = urlsplit(address).netloc
        return sum(
            self._bytes.get(name, 0) for name, a in self._addresses.items() if urlsplit(a).netloc == host
        )

    @property
    def requests(self) -> int:
        return len(self._addresses)

    @property
    def third_party(self) -> list[str]:
        return [a for a in self._addresses.values() if urlsplit(a).netloc not in self._own]

    def _sent(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith(("http:", "https:")):
            # A redirect keeps the name of its request.
            name = event["requestId"] + ("+" if "redirectResponse" in event else "")
            self._asked(name, event["request"]["url"])

    def _asked(self, name: str, address: str) -> None:
        self._addresses[name] = address
        self._moved()

    def _came(self, event: dict[str, Any], count: float) -> None:
        if event["requestId"] in self._addresses:
            self._bytes[event["requestId"]] = self._bytes.get(event["requestId"], 0) + count
            self._moved()

    def _finished(self, event: dict[str, Any]) -> None:
        # The sum that Chromium itself keeps, where the request has an end; a stream of events has none.
        if event["requestId"] in self._addresses:
            self._bytes[event["requestId"]] = event["encodedDataLength"]
            self._moved()

    def _moved(self) -> None:
        self.last = time.monotonic()


class Visit:
    """One load of a page on the emulated phone, with an empty cache."""

    def __init__(self, browser: Browser, own: Sequence[str], *, slow: bool = True) -> None:
        self._context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, locale="en-US")
        self.page: Page = self._context.new_page()
        self.page.add_init_script(OPEN_SHADOW_ROOTS)
        self.page.add_init_script(OBSERVE)
        self._session = self._context.new_cdp_session(self.page)
        self.traffic = Traffic(self._session, own)
        self._session.send("Performance.enable")
        if slow:
            self._session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            self._session.send("Network.emulateNetworkConditions", NETWORK)

    def close(self) -> None:
        self._context.close()

    def load(self, address: str, chat: Chat | None) -> None:
        """The page with its chat, at rest."""
        self.page.goto(address, wait_until="load", timeout=PATIENCE * 1000)
        self.settle()
        if chat is not None:
            # On a busy machine a chat that waits for an idle moment comes later than that.
            self.find(chat.launcher or chat.field)
            self.settle()

    def find(self, selector: str) -> tuple[float, float]:
        """The middle of an element, as soon as it can be seen."""
        until = time.monotonic() + PATIENCE
        while (middle := self.page.evaluate(MIDDLE, selector)) is None:
            if time.monotonic() > until:
                raise SystemExit(f"{selector} does not come on {self.page.url}.")
            self.page.wait_for_timeout(50)
        return middle[0], middle[1]

    def open(self, chat: Chat) -> None:
        """Taps the launcher, if there is one, and waits until a message can be typed."""
        if chat.launcher is not None:
            self.page.touchscreen.tap(*self.find(chat.launcher))
            self.find(chat.field)

    def settle(self) -> None:
        """Until nothing was on the network for a while, and nothing that it brought is still being worked on."""
        until = time.monotonic() + PATIENCE
        while True:
            while time.monotonic() - self.traffic.last < QUIET:
                if time.monotonic() > until:
                    raise SystemExit(f"{self.page.url} does not come to rest.")
                self.page.wait_for_timeout(100)
            self.page.evaluate("0")
            if time.monotonic() - self.traffic.last >= QUIET:
                return

    def cost(self) -> Cost:
        """What was spent until now."""
        seen = self.page.evaluate("window.__seen")
        times = {m["name"]: m["value"] for m in self._session.send("Performance.getMetrics")["metrics"]}
        script = 1000 * (times["ScriptDuration"] + times["V8CompileDuration"])
        self._session.send("HeapProfiler.collectGarbage")
        heap = self._session.send("Runtime.getHeapUsage")["usedSize"]
        return Cost(
            kilobytes=self.traffic.bytes / 1000,
            requests=self.traffic.requests,
            third_party=len(self.traffic.third_party),
            blocking_ms=seen["blocking"],
            script_ms=script,
            layout_shift=seen["shift"],
            largest_paint_ms=seen["paint"],
            heap_mb=heap / 1e6,
        )

    def now(self) -> float:
        """Milliseconds since the load began."""
        return float(self.page.evaluate("performance.now()"))


def weigh(browser: Browser, address: str, own: Sequence[str], chat: Chat | None) -> tuple[Cost, Cost]:
    """A page with its chat closed, and with it open; the same twice where there is nothing to open."""
    visit = Visit(browser, own)
    try:
        visit.load(address, chat)
        closed = visit.cost()
        if chat is None or chat.launcher is None:
            return closed, closed
        visit.open(chat)
        visit.settle()
        return closed, visit.cost()
    finally:
        visit.close()


def times(browser: Browser, address: str, own: Sequence[str], chat: Chat) -> tuple[float, float]:
    """Milliseconds until the launcher is there, and until a message can be typed after it was pressed.

    Where the chat stands in the page: until a message can be typed, and nothing.
    """
    visit = Visit(browser, own)
    try:
        visit.page.goto(address, wait_until="commit", timeout=PATIENCE * 1000)
        visit.find(chat.launcher or chat.field)
        there = visit.now()
        if chat.launcher is None:
            return there, 0.0
        visit.page.wait_for_load_state("load")
        pressed = visit.now()
        visit.open(chat)
        return there, visit.now() - pressed
    finally:
        visit.close()


def accessible(browser: Browser, address: str, own: Sequence[str], chat: Chat | None) -> dict[str, Any]:
    """Rules of axe-core that a page breaks, with a chat closed and after one exchange, and what announces news."""
    visit = Visit(browser, own, slow=False)
    try:
        visit.load(address, chat)
        closed = violations(visit.page)
        if chat is None:
            return {"closed": closed, "answered": closed, "live": visit.page.evaluate(LIVE)}
        visit.open(chat)
        visit.settle()
        visit.page.locator(chat.field).first.click()
        visit.page.keyboard.type("Can you help me?")
        before = visit.page.locator(chat.reply).count()
        visit.page.keyboard.press("Enter")
        visit.page.locator(chat.reply).nth(before).wait_for(timeout=30_000)
        visit.settle()
        return {"closed": closed, "answered": violations(visit.page), "live": visit.page.evaluate(LIVE)}
    finally:
        visit.close()


@contextmanager
def site(port: int, gateway: str) -> Iterator[str]:
    """The address of the host page's server."""
    with tempfile.TemporaryDirectory(prefix="faro-bench-") as folder:
        picture = Path(folder) / "office.png"
        drawing = (SITE / "office.svg").read_text("utf-8")
        picture.write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=drawing)))
        process = subprocess.Popen(
            [ROOT / ".venv-engine" / "bin" / "python", SITE / "serve.py", str(port), gateway, picture]
        )
        address = f"http://127.0.0.1:{port}"
        try:
            while True:
                try:
                    urllib.request.urlopen(f"{address}/en/with/bare", timeout=5).close()
                    break
                except urllib.error.URLError:
                    if process.poll() is not None:
                        raise
                    time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            process.wait(10)


def medians(costs: Sequence[Cost]) -> Cost:
    return Cost(*(statistics.median(getattr(cost, f.name) for cost in costs) for f in fields(Cost)))


def bench(chats: Sequence[Chat], rounds: int, gateway: str, address: str, out: Console) -> dict[str, Any]:
    """Medians of ``rounds`` loads of each page, and what axe-core finds."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is missing: sudo apt-get install -y chromium")
    own = (address, gateway)
    pages: list[tuple[str, Chat | None]] = [("bare", None), *((chat.name, chat) for chat in chats)]
    weighed: dict[str, list[tuple[Cost, Cost]]] = {name: [] for name, _ in pages}
    timed: dict[str, list[tuple[float, float]]] = {name: [] for name, _ in pages}
    found: dict[str, Any] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, ALONE])
        for number in range(rounds):
            out.print(f"Round {number + 1} of {rounds} ...")
            for name, chat in pages:
                weighed[name].append(weigh(browser, f"{address}/en/with/{name}", own, chat))
                if chat is not None:
                    timed[name].append(times(browser, f"{address}/en/with/{name}", own, chat))
        out.print("Looking for what keeps people out ...")
        for name, chat in pages:
            found[name] = accessible(browser, f"{address}/en/with/{name}", own, chat)
        browser.close()
    return {
        name: {
            "closed": asdict(medians([closed for closed, _ in weighed[name]])),
            "open": asdict(medians([opened for _, opened in weighed[name]])),
            "blocking_ms_of_each": [closed.blocking_ms for closed, _ in weighed[name]],
            "usable_ms": statistics.median(t for t, _ in timed[name]) if chat else None,
            "opens_ms": statistics.median(t for _, t in timed[name]) if chat and chat.launcher else None,
            "in_page": bool(chat and chat.launcher is None),
            "axe": found[name],
        }
        for name, chat in pages
    }


#: Column: figure, unit, decimals.
WEIGHED = {
    "kB": ("kilobytes", 0),
    "requests": ("requests", 0),
    "to third parties": ("third_party", 0),
    "blocking ms": ("blocking_ms", 0),
    "script ms": ("script_ms", 0),
    "layout shift": ("layout_shift", 3),
    "heap MB": ("heap_mb", 2),
}


def times_ours(value: float, ours: float) -> str:
    """ "(x3.4)", or nothing where Faro's figure is too small to divide by."""
    return f" (x{value / ours:.1f})" if ours > 0.01 and value > 0 else ""


def show(figures: dict[str, Any], rounds: int, out: Console) -> None:
    """The tables; in brackets how many times Faro's figure."""
    titles = {chat.name: chat.title for chat in CHATS}
    bare, others = figures["bare"], {name: f for name, f in figures.items() if name != "bare"}
    closed = bare["closed"]
    out.print(
        f"\nThe page alone: {closed['kilobytes']:.0f} kB in {closed['requests']:.0f} requests, blocked for "
        f"{closed['blocking_ms']:.0f} ms, {closed['script_ms']:.0f} ms of script, largest paint after "
        f"{closed['largest_paint_ms']:.0f} ms, heap {closed['heap_mb']:.2f} MB. Medians of {rounds} loads."
    )
    for state, title, wait in (
        ("closed", "Added to the page before anybody asks for the chat", "usable_ms"),
        ("open", "Added once it is open", "opens_ms"),
    ):
        table = Table(title=f"{title} (in brackets: times Faro)", title_justify="left")
        table.add_column("")
        paints = state == "closed"
        for heading in (*WEIGHED, *(["largest paint ms", "usable after ms"] if paints else ["opens in ms"])):
            table.add_column(heading, justify="right")
        for name, figure in others.items():
            added = {key: figure[state][key] - closed[key] for key, _ in WEIGHED.values()}
            ours = {key: figures["faro"][state][key] - closed[key] for key in added}
            cells = [
                f"{added[key]:.{digits}f}" + ("" if name == "faro" else times_ours(added[key], ours[key]))
                for key, digits in WEIGHED.values()
            ]
            if paints:
                paint = figure["closed"]["largest_paint_ms"]
                cells.append(f"{paint:.0f} ({paint / closed['largest_paint_ms']:.2f} of bare)")
            cells.append("in the page" if figure[wait] is None else f"{figure[wait]:.0f}")
            table.add_row(titles[name], *cells)
        out.print(table)
    table = Table(title="Rules of axe-core that the page breaks with it", title_justify="left")
    for heading in ("", "closed", "after an answer", "what announces an answer"):
        table.add_column(heading)
    for name, figure in figures.items():
        found = figure["axe"]
        rules = [", ".join(rule["id"] for rule in found[state]) or "none" for state in ("closed", "answered")]
        table.add_row(titles.get(name, "page alone"), *rules, ", ".join(found["live"]) or "nothing")
    out.print(table)


def main() -> None:
    """Install the peers, start Faro and the page, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="every figure, for machines")
    options = parser.parse_args()
    if shutil.which("npm") is None:
        raise SystemExit("npm is missing: sudo apt-get install -y npm")
    out = Console(stderr=options.json, soft_wrap=True, highlight=False)
    subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=SITE, check=True
    )
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="faro-bench-") as folder,
        running(Path(folder), FARO_ALLOWED_ORIGINS=f"http://127.0.0.1:{port}") as faro,
        site(port, faro.address) as address,
    ):
        figures = bench(CHATS, options.rounds, faro.address, address, out)
    if options.json:
        print(json.dumps(figures, indent=1))
    else:
        show(figures, options.rounds, out)


if __name__ == "__main__":
    main()
