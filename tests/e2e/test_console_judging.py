"""A day of judging in a real Chromium: 80 conversations by keys alone, and the pages for everybody."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, select

from bot.cli.demo_data import fill
from bot.transcripts.judging import Judging, Opinion
from bot.transcripts.judging_tables import draws, judgements, samples, turn_judgements
from bot.transcripts.sealing import Keys
from bot.transcripts.tables import conversations, messages
from tests.console.conftest import KEY
from tests.console.pages.planting import NOON, full_conversation, words
from tests.console.pages.serving import Served, serving
from tests.e2e.staff import DESK, PHONE, looked_at, tab_to

SEEDED, SECONDS = 100, 4
GOOD, FIX, URGENT = 60, 12, 4
#: Milliseconds in which half of the next pages have come from the server; generous, because the machine may be busy.
MOST_MS = 1_000.0

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("judging")) as running:
        made = fill(running.console.store, Keys([KEY]), words(), SEEDED, 7, (), NOON - timedelta(hours=1))
        running.run(made)
        yield running


async def wait_for(served: Served, first_reader: str) -> tuple[str, ...]:
    """Every seeded conversation waits as if drawn; of four, somebody has done the first reading."""
    store = served.console.store
    async with store.database.begin() as connection:
        ids = list(
            (await connection.execute(select(conversations.c.id).order_by(conversations.c.id))).scalars()
        )
        rows = [
            {"conversation_id": id, "reason": "random", "second": place < SECONDS, "drawn_at": NOON}
            for place, id in enumerate(ids)
        ]
        await connection.execute(samples.delete())
        # The drawing has come past them, so that it leaves them as they are.
        await connection.execute(draws.delete())
        await connection.execute(insert(draws).values(id=1, last_at=NOON))
        await connection.execute(insert(samples), rows)
    for id in ids[:SECONDS]:
        await Judging(store).judge(id, first_reader, Opinion("good"), NOON)
    return tuple(ids[:SECONDS])


def here(page: Page) -> str:
    """The id of the conversation that is shown."""
    found = re.search(r"/judging/(c_\w+)", page.url)
    assert found is not None, page.url
    return found[1]


def press(page: Page, *keys: str) -> float:
    """Presses keys of which the last one leads on; milliseconds from that one until the next page is shown."""
    was = page.url
    for key in keys[:-1]:
        page.keyboard.press(key)
    begun = time.perf_counter()
    page.keyboard.press(keys[-1])
    page.wait_for_url(lambda url: url != was, wait_until="domcontentloaded")
    return 1000 * (time.perf_counter() - begun)


def test_eighty_are_judged_by_keys_alone(served: Served, open_page: Callable[..., Page]) -> None:
    first = served.member("reviewer", "en")
    seconds = served.run(wait_for(served, first.id))
    page = open_page("reviewer", "es")
    page.goto(f"{served.address}/staff/judging")
    page.get_by_role("button", name="Empezar a evaluar").click()
    page.wait_for_url("**/judging/c_*")
    page.get_by_label("Usar teclas sueltas").check()

    took: list[float] = []
    served_in: list[float] = []
    shown: list[float] = []
    keys: dict[str, list[int]] = {"good": [], "fix": [], "urgent": []}
    read: list[str] = []
    plan = ["good"] * SECONDS + ["good", "good", "good", "fix", "good", "good"] * FIX
    plan += ["urgent"] * URGENT
    assert len(plan) == GOOD + FIX + URGENT + SECONDS == 80
    for verdict in plan:
        read.append(here(page))
        pressed = {"good": ("g",), "urgent": ("u",), "fix": ("j", "1", "t")}[verdict]
        if verdict == "fix":
            for key in pressed:
                page.keyboard.press(key)
            # Typed as a person does who knows the list; the field of the first answer of Faro has the focus.
            page.keyboard.type("filing_fee")
            page.keyboard.press("Escape")
            pressed = ("f",)
        keys[verdict].append(len(pressed) + (3 if verdict == "fix" else 0))
        took.append(press(page, *pressed))
        answered, ready = page.evaluate(
            "(() => { const n = performance.getEntriesByType('navigation')[0];"
            " return [n.responseEnd - n.startTime, n.domContentLoadedEventEnd - n.startTime] })()"
        )
        served_in.append(answered)
        shown.append(ready)
    assert max(keys["good"]) <= 3
    assert len(set(read)) == 80
    assert set(read[:SECONDS]) == set(seconds)

    kept = served.run(_kept(served))
    counts = {verdict: sum(1 for one, _ in kept if one == verdict) for verdict in ("good", "fix", "urgent")}
    # The first readings of the four that were read twice are good ones too.
    assert counts == {"good": GOOD + 2 * SECONDS, "fix": FIX, "urgent": URGENT}
    assert sum(1 for _, reader in kept if reader == 2) == SECONDS
    labels = served.run(_labels(served))
    assert labels == [("wrong_topic", "filing_fee")] * FIX
    server = statistics.median(served_in)
    for what, figures in (
        ("verdict and next page from the server", served_in),
        ("until the next page can be used, as the browser counts it", shown),
        ("from the key, as seen from outside the browser", took),
    ):
        print(f"\n{what}: median {statistics.median(figures):.0f} ms, p95 {p95(figures):.0f} ms", end="")
    assert server < MOST_MS, "the server takes too long for the next page"


def p95(figures: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(figures, n=20)[-1]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    "look", [{"viewport": PHONE}, {"viewport": DESK}, {"viewport": DESK, "color_scheme": "dark"}], ids=str
)
def test_every_page_is_open_to_everybody(
    served: Served, open_page: Callable[..., Page], language: str, look: dict[str, object]
) -> None:
    full = served.run(full_conversation().save(served.console.store))
    page = open_page("reviewer", language, **look)
    page.goto(f"{served.address}/staff/judging")
    assert looked_at(page) == [], "the overview"
    page.goto(f"{served.address}/staff/judging/{full}")
    page.evaluate("for (const found of document.querySelectorAll('details')) found.open = true")
    page.locator("[data-keys] input").check()
    assert looked_at(page) == [], "one with all details"
    page.locator("button[value=fix]").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert looked_at(page) == [], "with something to mend"
    page.locator("#note").fill("Falta el enlace.")
    page.locator("button[value=fix]").click()
    page.wait_for_url("**said=judg*")
    page.goto(f"{served.address}/staff/conversations/{full}")
    expect(page.locator("#review-title + p")).to_be_visible()
    assert looked_at(page) == [], "its own page"


def test_single_keys_work_only_once_they_are_turned_on(
    served: Served, open_page: Callable[..., Page]
) -> None:
    full = served.run(full_conversation().save(served.console.store))
    page = open_page("reviewer")
    page.goto(f"{served.address}/staff/judging/{full}")
    for key in ("g", "u", "f", "s"):
        page.keyboard.press(key)
    assert served.run(Judging(served.console.store).of(full)) == ()
    page.get_by_label("Use single keys").check()
    # Without an answer in hand a key marks nothing: it takes the first one.
    page.keyboard.press("3")
    first = page.locator("[data-turn]").first
    expect(first).to_be_focused()
    expect(first.locator("select")).to_have_value("")
    page.keyboard.press("3")
    expect(first.locator("select")).to_have_value("too_close")
    page.keyboard.press("3")
    expect(first.locator("select")).to_have_value("")
    page.keyboard.press("8")
    expect(page.locator("#rubric-safe")).to_have_value("yes")
    page.keyboard.press("j")
    expect(page.locator("[data-turn]").nth(1)).to_be_focused()
    page.keyboard.press("n")
    page.keyboard.type("good, fug")
    expect(page.locator("#note")).to_have_value("good, fug")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    page.wait_for_url("**said=judg*")
    if page.locator("#undo").count():
        page.keyboard.press("z")
        expect(page.locator("#note")).to_have_value("good, fug")
        assert served.run(Judging(served.console.store).of(full)) == ()


def test_a_conversation_is_judged_by_tab_and_enter(served: Served, open_page: Callable[..., Page]) -> None:
    served.run(wait_for(served, served.member("reviewer", "en").id))
    page = open_page("reviewer")
    page.goto(f"{served.address}/staff/judging")
    tab_to(page, "form[action$='/judging'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/judging/c_*")
    was = here(page)
    tab_to(page, "button[value='good']")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: was not in url)
    assert here(page) != was


def test_everything_works_without_scripts(served: Served, open_page: Callable[..., Page]) -> None:
    full = served.run(full_conversation().save(served.console.store))
    page = open_page("reviewer", "es", java_script_enabled=False, viewport=PHONE)
    page.goto(f"{served.address}/staff/judging/{full}")
    page.get_by_label("Qué está mal en esta respuesta").nth(1).select_option(label="2 Desactualizada")
    page.get_by_label("El tema correcto").nth(1).fill("filing_fee")
    page.get_by_label("Cuidadosa con el dolor").select_option(label="En parte")
    page.get_by_role("button", name="Hay que corregir").click()
    page.goto(f"{served.address}/staff/conversations/{full}")
    expect(page.locator("section[aria-labelledby=review-title]")).to_contain_text("Desactualizada")
    expect(page.locator("section[aria-labelledby=review-title]")).to_contain_text("Hay que corregir")


async def _kept(served: Served) -> list[tuple[str, int]]:
    async with served.console.store.database.connect() as connection:
        rows = await connection.execute(select(judgements.c.verdict, judgements.c.reader))
        return [(row.verdict, row.reader) for row in rows]


async def _labels(served: Served) -> list[tuple[str, str | None]]:
    """Every label with its right topic; all are of messages of the bot."""
    query = select(turn_judgements.c.label, turn_judgements.c.right_topic).join(
        messages, messages.c.id == turn_judgements.c.message_id
    )
    async with served.console.store.database.connect() as connection:
        return [
            (row.label, row.right_topic)
            for row in await connection.execute(query.where(messages.c.author == "bot"))
        ]
