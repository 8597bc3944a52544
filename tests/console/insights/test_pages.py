"""The pages of figures, on both databases."""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.console.insights.sheet import sheet
from bot.transcripts.insights import Insights
from bot.transcripts.insights_records import Dated, Figure, monday_of
from tests.console.conftest import Console, StillClock, Visitor
from tests.console.insights.planting import MONDAY, RUNNING, plant_weeks
from tests.console.pages.planting import beside, full_conversation
from tests.console.pages.test_queues import plainly


@pytest.fixture
async def reader(console: Console, as_role: Callable[..., Awaitable[Visitor]]) -> Visitor:
    await plant_weeks(console.store)
    return await as_role("reader")


async def test_the_week_tells_what_got_worse_and_what_waits(console: Console, reader: Visitor) -> None:
    await full_conversation().save(console.store)
    page = plainly(await reader.page(f"/insights/week/{MONDAY}"))
    assert "Week of Nov 9 to Nov 15, 2026" in page
    assert "in Spanish, the share of messages not understood rose from 6.7% to 19%." in page
    assert "1 urgent conversation that nobody has attended" in page
    assert "1 bad rating that nobody has looked at" in page
    assert "126 of 651 before 6.7%" in page
    assert "−14.6 points differs" in page


async def test_the_page_speaks_spanish(
    console: Console, reader: Visitor, as_role: Callable[..., Awaitable[Visitor]]
) -> None:
    staff, _ = await console.member("reader", language="es")
    page = plainly(await (await console.signed_in(staff)).page(f"/insights/week/{MONDAY}"))
    assert "Empeoró: en español, el porcentaje de mensajes que Faro no entendió subió de 6.7% a 19%." in page
    assert "No hay nada pendiente." in page


async def test_the_week_that_runs_says_so_and_counts_what_was_just_kept(
    console: Console, reader: Visitor
) -> None:
    assert "This week is still running." in plainly(await reader.page("/insights"))
    path = f"/insights/week/{RUNNING}"
    assert "Conversations kept kept English 75 before 105 Spanish 120 before 147" in plainly(
        await reader.page(path)
    )
    await full_conversation().save(console.store)
    assert "Conversations kept kept English 75 before 105 Spanish 121 before 147" in plainly(
        await reader.page(path)
    )


async def test_charts_have_their_values_in_a_table(reader: Visitor) -> None:
    page = await reader.page(f"/insights?week={MONDAY}")
    assert page.count("<svg") == 8
    assert page.count("<title") == 9
    assert 'style="' not in page
    told = plainly(page)
    assert "Messages not understood (everybody)" in told
    assert "Nov 9 4.8% 19%" in told


async def test_a_week_that_is_none_shows_the_present_one(reader: Visitor) -> None:
    for week in ("none_such", "2026-13-40", "9999-12-31", "1890-01-01", "2026-11-30", "%00", "x" * 2000):
        page = plainly(await reader.page(f"/insights?week={week}"))
        assert "There is no such week here." in page, week
        assert "Week of Nov 16 to Nov 22, 2026" in page, week


async def test_a_day_of_a_week_leads_to_its_page(reader: Visitor) -> None:
    response = await reader.get("/insights/week/2026-11-12")
    assert (response.status, response.headers["Location"]) == (303, f"/staff/insights/week/{MONDAY}")
    assert (await reader.get("/insights/week/2027-01-04")).status == 404
    assert (await reader.get("/insights/week/x")).status == 404


async def test_an_empty_console_has_pages(
    console: Console, as_role: Callable[..., Awaitable[Visitor]]
) -> None:
    reader = await as_role("reader")
    assert "Nobody wrote to Faro in this week." in plainly(await reader.page(f"/insights/week/{RUNNING}"))
    page = plainly(await reader.page("/insights"))
    assert page.count("Nothing to show for these days.") == 8


async def test_days_that_wait_to_be_counted_are_told_of(console: Console, reader: Visitor) -> None:
    planted = full_conversation()
    planted.began -= timedelta(days=10)
    await planted.save(console.store)
    note = "Some days of these weeks are still being counted."
    assert note in plainly(await reader.page(f"/insights/week/{MONDAY}"))
    await Insights(console.store).roll_up(date(2026, 11, 21), "America/New_York", 90)
    assert note not in plainly(await reader.page(f"/insights/week/{MONDAY}"))


async def test_the_file_is_what_a_spreadsheet_takes_and_stands_in_the_log(
    console: Console, reader: Visitor
) -> None:
    response = await reader.get(f"/insights.csv?from={MONDAY}&to={MONDAY + timedelta(days=1)}")
    body = (await response.read()).decode()
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="faro-2026-11-09-2026-11-10.csv"'
    assert body.startswith("\ufeffday,about,figure,language,channel,value\r\n")
    rows = list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"))))
    assert {row["day"] for row in rows} == {"2026-11-09", "2026-11-10"}
    fallback = [row for row in rows if row["figure"] == "fallback" and row["language"] == "es"]
    assert sum(int(row["value"]) for row in fallback) == 36
    assert await console.actions() == ["insights.exported"]


async def test_a_file_of_no_days_is_refused_kindly(reader: Visitor) -> None:
    for asked in (
        "",
        "from=2026-11-09",
        "from=2026-11-10&to=2026-11-09",
        "from=x&to=y",
        "from=0001-01-01&to=9999-12-31",
    ):
        page = plainly(await reader.page(f"/insights.csv?{asked}", 400))
        assert "Nothing was saved. Give two days" in page, asked


def test_nothing_in_the_file_begins_a_formula() -> None:
    found = [
        Dated(MONDAY, Figure(f"kept.{name}", "=1", "@x", 1))
        for name in ("=cmd|' /C calc'!A0", "+1", "-1", "@sum", "\tx", 'a"b,c', "topic:work_permit")
    ]
    text = sheet(found)
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    for row in rows[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row), row
    assert rows[-2][2] == 'a"b,c'
    assert rows[-1][2] == "topic:work_permit"
    assert text.count("\r\n") == len(rows)


async def test_articles_past_their_review_wait(
    open_console: Callable[..., Awaitable[Console]],
) -> None:
    library = beside().library
    last = max(min(one.review_due for one in topic.articles.values()) for topic in library.topics.values())
    for after, told in ((0, False), (1, True)):
        moment = datetime.combine(last, time(18), UTC) + timedelta(days=after)
        console = await open_console(other=beside(), clock=StillClock(moment))
        staff, _ = await console.member("reader")
        week = monday_of(moment.date()) - timedelta(days=7)
        page = plainly(await (await console.signed_in(staff)).page(f"/insights/week/{week}"))
        assert (f"{len(library.topics)} articles whose review is due" in page) is told
