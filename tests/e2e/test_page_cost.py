"""What a site pays for carrying the widget, before anybody opens it: ``make bench-widget`` has the figures."""

from __future__ import annotations

import gzip
import urllib.request

import pytest
from playwright.sync_api import Browser

from tests.bench.widget import FARO, Cost, Visit
from tests.stack import Stack

pytestmark = [pytest.mark.bot, pytest.mark.browser]

#: A machine has slow moments: the best of so many loads is judged.
LOADS = 3
MOST_BYTES = 20_000


@pytest.fixture(scope="module")
def visits(browser: Browser, faro: Stack, firm_site: str) -> dict[str, list[Cost]]:
    """Loads of the firm's page without and with the widget, in turns, on the emulated phone."""
    costs: dict[str, list[Cost]] = {"bare": [], "faro": []}
    for _ in range(LOADS):
        for name, found in costs.items():
            visit = Visit(browser, (firm_site, faro.address))
            visit.load(f"{firm_site}/en/with/{name}", FARO if name == "faro" else None)
            found.append(visit.cost())
            visit.close()
    return costs


def test_the_script_is_below_twenty_thousand_bytes(faro: Stack) -> None:
    request = urllib.request.Request(
        f"{faro.address}/widget/faro-chat.js", headers={"Accept-Encoding": "gzip"}
    )
    with urllib.request.urlopen(request, timeout=15) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        body = response.read()
    assert len(body) < MOST_BYTES
    assert b"faro-chat" in gzip.decompress(body)


def test_two_requests_and_nobody_else_is_asked(visits: dict[str, list[Cost]]) -> None:
    for bare, faro in zip(visits["bare"], visits["faro"], strict=True):
        assert faro.requests - bare.requests == 2  # the script, and whether this site may show it
        assert faro.third_party == bare.third_party == 0
        assert faro.kilobytes - bare.kilobytes < (MOST_BYTES + 2_000) / 1000  # the answers' headers


def test_nothing_on_the_page_moves(visits: dict[str, list[Cost]]) -> None:
    assert [cost.layout_shift for cost in visits["faro"]] == [cost.layout_shift for cost in visits["bare"]]


def test_the_page_is_not_held_up(visits: dict[str, list[Cost]]) -> None:
    """At a quarter of this machine's speed; 50 ms is where a task begins to count as long."""
    bare, faro = (min(cost.blocking_ms for cost in visits[name]) for name in ("bare", "faro"))
    assert faro <= bare + 50


def test_the_page_is_there_before_the_widget_asks_for_anything(
    browser: Browser, faro: Stack, firm_site: str
) -> None:
    visit = Visit(browser, (firm_site, faro.address))
    visit.load(f"{firm_site}/en/with/faro", FARO)
    script, loaded_at, asked_at = visit.page.evaluate(
        """() => {
          const one = (end) => performance.getEntriesByType("resource").find((entry) => entry.name.endsWith(end));
          const page = performance.getEntriesByType("navigation")[0];
          return [one("/faro-chat.js").renderBlockingStatus, page.loadEventStart, one("/site.json").startTime];
        }"""
    )
    visit.close()
    assert script == "non-blocking"
    assert asked_at >= loaded_at > 0


def test_the_next_page_of_the_site_asks_for_nothing_again(
    browser: Browser, faro: Stack, firm_site: str
) -> None:
    visit = Visit(browser, (firm_site, faro.address))
    visit.load(f"{firm_site}/en/with/faro", FARO)
    first = visit.traffic.bytes_from(faro.address)
    visit.load(f"{firm_site}/es/with/faro", FARO)
    second = visit.traffic.bytes_from(faro.address) - first
    visit.close()
    assert first > 0
    assert second == 0


def test_the_measure_sees_a_page_that_is_held_up_and_moved(
    browser: Browser, faro: Stack, firm_site: str
) -> None:
    visit = Visit(browser, (firm_site, faro.address))
    visit.page.add_init_script(
        """addEventListener("load", () => setTimeout(() => {
          const until = performance.now() + 300;
          while (performance.now() < until);
          document.body.prepend(Object.assign(document.createElement("p"), { textContent: "news ".repeat(200) }));
          fetch("http://third.invalid/").catch(() => {});
        }, 100))"""
    )
    visit.page.goto(f"{firm_site}/en/with/bare")
    visit.settle()
    cost = visit.cost()
    visit.close()
    assert cost.blocking_ms > 200
    assert cost.layout_shift > 0.05
    assert cost.third_party == 1
