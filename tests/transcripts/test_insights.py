"""Figures of days, the same on SQLite and PostgreSQL as a slow count in plain Python."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text, update

from bot.booking.tables import bookings
from bot.transcripts.insights import Insights
from bot.transcripts.insights_records import (
    ALL,
    BOOKING,
    JUDGED,
    KEPT,
    Dated,
    Figure,
    Figures,
    days,
    monday_of,
    quantile,
    span_of,
    step,
)
from bot.transcripts.insights_tables import daily_figures
from bot.transcripts.judging_tables import judgements, samples, turn_judgements
from bot.transcripts.store import TranscriptStore
from bot.transcripts.tables import conversations, messages
from tests.transcripts.saying import bot, conversation, visitor

ZONE = "America/New_York"
#: The last night of summer time lies in the first of these two weeks: Sunday 1 November has 25 hours.
FIRST, TODAY = date(2026, 10, 26), date(2026, 11, 8)
KEPT_DAYS = 90
_TOPICS = (None, "work_permit", "filing_fee", "one_year_deadline")
_LABELS = ("wrong_topic", "out_of_date", "unclear")


async def plant(store: TranscriptStore, seed: int, count: int) -> None:
    """Seeded conversations, judgements and requests of two weeks, many of them around midnight of the firm."""
    chance = random.Random(seed)
    zone = ZoneInfo(ZONE)
    for number in range(count):
        day = FIRST + timedelta(days=chance.randrange((TODAY - FIRST).days + 1))
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        at = midnight + timedelta(minutes=chance.choice((-3, -1, 0, 1, 90, 150, chance.randrange(1500))))
        await _talk(store, chance, number, at)


async def _talk(store: TranscriptStore, chance: random.Random, number: int, at: datetime) -> None:
    id, language, channel = f"c_{number}", chance.choice(("en", "es")), chance.choice(("web", "whatsapp"))
    lines: list[Any] = []
    moment = at
    for _ in range(chance.randint(1, 4)):
        moment += timedelta(seconds=chance.choice((5, 40, 90)))
        look = chance.choice((None, None, "fallback", "unsure"))
        ask = visitor(len(lines) + 1, f"{id}_{len(lines)}", f"k{len(lines)}", created_at=moment)
        lines.append(_changed(ask, language=language, look=look, latency_ms=chance.randint(1, 3000)))
        reply = bot(len(lines) + 1, f"{id}_{len(lines)}", reply_to=lines[-1].id, created_at=moment)
        lines.append(_changed(reply, language=language, rating=chance.choice((None, None, "up", "down"))))
    human_at = None
    if chance.random() < 0.3:
        moment += timedelta(minutes=chance.randint(1, 400))
        told = _changed(
            lines[-1], author="staff", id=f"{id}_s", seq=len(lines) + 1, reply_to=None, rating=None
        )
        lines.append(_changed(told, created_at=moment, reply=None, staff_id="s_1"))
    if chance.random() < 0.5:
        human_at = at + timedelta(minutes=chance.randint(-5, 900))
    urgency = chance.choice((None, "routine", "urgent", "emergency"))
    head = conversation(
        id,
        last_seq=len(lines),
        language=language,
        channel=channel,
        created_at=at,
        last_at=moment,
        topic=chance.choice(_TOPICS),
        outcome=chance.choice(("open", "answered", "unanswered", "triaged")),
        urgency=urgency,
        urgent_at=at + timedelta(seconds=5) if urgency in ("urgent", "emergency") else None,
    )
    await store.save(head, lines)
    await _work(store, chance, id, at, lines, human_at)


async def _work(
    store: TranscriptStore,
    chance: random.Random,
    id: str,
    at: datetime,
    lines: list[Any],
    human_at: datetime | None,
) -> None:
    """What staff and the firm's system do with it."""
    async with store.database.begin() as connection:
        await connection.execute(
            update(conversations).where(conversations.c.id == id).values(human_at=human_at)
        )
        reason = chance.choice((None, "random", "random", "urgent", "fallback"))
        if reason:
            row = {"conversation_id": id, "reason": reason, "second": False, "drawn_at": at}
            await connection.execute(samples.insert().values(**row))
        for reader in (1, 2):
            if chance.random() < 0.5:
                continue
            judged_at = min(at + timedelta(hours=chance.randrange(60)), datetime(2026, 11, 8, 20, tzinfo=UTC))
            staff = f"s_{reader}"
            await connection.execute(
                judgements.insert().values(
                    conversation_id=id,
                    staff_id=staff,
                    reader=reader,
                    verdict=chance.choice(("good", "good", "fix", "urgent")),
                    judged_at=judged_at,
                )
            )
            for line in lines:
                if line.author == "bot" and chance.random() < 0.3:
                    await connection.execute(
                        turn_judgements.insert().values(
                            message_id=line.id,
                            staff_id=staff,
                            conversation_id=id,
                            label=chance.choice(_LABELS),
                            judged_at=judged_at,
                        )
                    )
        if chance.random() < 0.4:
            await connection.execute(
                bookings.insert().values(
                    id=id,
                    reference=f"R{id}"[:8],
                    conversation_id=id,
                    created_at=at,
                    updated_at=at,
                    state=chance.choice(("requested", "cancelled")),
                    level="routine",
                    language=lines[0].language,
                    delivery=chance.choice(("delivered", "queued")),
                    appointment=chance.choice(("none", "pending", "confirmed", "moved", "cancelled")),
                )
            )


def _changed(record: Any, **values: Any) -> Any:
    from dataclasses import replace

    return replace(record, **values)


async def slow_count(store: TranscriptStore) -> set[tuple[date, str, str, str, int]]:
    """Everything that is figured, row by row."""
    found: Counter[tuple[date, str, str, str]] = Counter()
    async with store.database.connect() as connection:
        heads = {row.id: row for row in await connection.execute(select(conversations))}
        said = (await connection.execute(select(messages))).all()
        verdicts = (await connection.execute(select(judgements))).all()
        labels = {
            (row.message_id, row.staff_id): row.label
            for row in await connection.execute(select(turn_judgements))
        }
        drawn = {row.conversation_id: row.reason for row in await connection.execute(select(samples))}
        asked = (await connection.execute(select(bookings))).all()

    def add(at: datetime, name: str, language: str, channel: str) -> None:
        day = at.astimezone(ZoneInfo(ZONE)).date()
        if FIRST <= day <= TODAY:
            found[day, name, language, channel] += 1

    for head in heads.values():
        add(head.created_at, "kept.conversations", head.language, head.channel)
        add(head.created_at, f"kept.outcome:{head.outcome}", head.language, head.channel)
        if head.topic:
            add(head.created_at, f"kept.topic:{head.topic}", head.language, head.channel)
        if head.urgent_at:
            add(head.urgent_at, "kept.urgent", head.language, head.channel)
            signs = [
                one.created_at for one in said if one.conversation_id == head.id and one.author == "staff"
            ]
            signs = [at for at in (*signs, head.human_at) if at and at >= head.urgent_at]
            waited = (min(signs) - head.urgent_at).total_seconds() / 60 if signs else None
            name = "kept.unmet" if waited is None else f"kept.wait:{step(waited)}"
            add(head.urgent_at, name, head.language, head.channel)
    staffed: set[tuple[str, date]] = set()
    for one in said:
        channel = heads[one.conversation_id].channel
        if one.author == "staff":
            day = one.created_at.astimezone(ZoneInfo(ZONE)).date()
            if (one.conversation_id, day) not in staffed:
                add(one.created_at, "kept.takeovers", heads[one.conversation_id].language, channel)
            staffed.add((one.conversation_id, day))
        elif one.author == "bot":
            if one.rating:
                add(one.created_at, f"kept.rating_{one.rating}", one.language, channel)
        else:
            add(one.created_at, "kept.turns", one.language, channel)
            add(one.created_at, f"kept.latency:{step(one.latency_ms)}", one.language, channel)
            if one.look:
                add(one.created_at, f"kept.{one.look}", one.language, channel)
    for verdict in verdicts:
        if verdict.reader != 1:
            continue
        head = heads[verdict.conversation_id]
        how = "random" if drawn.get(head.id) == "random" else "chosen"
        of = (head.language, head.channel)
        add(verdict.judged_at, f"judged.{how}.{verdict.verdict}", *of)
        add(verdict.judged_at, f"judged.{how}.conversations", *of)
        for one in said:
            if one.conversation_id == head.id and one.author == "bot" and one.reply_to:
                add(verdict.judged_at, f"judged.{how}.turns", *of)
                if label := labels.get((one.id, verdict.staff_id)):
                    add(verdict.judged_at, f"judged.{how}.wrong:{label}", *of)
    for request in asked:
        add(request.created_at, "booking.requested", request.language, "")
        if request.state == "cancelled":
            add(request.created_at, "booking.cancelled", request.language, "")
        if request.delivery == "delivered":
            add(request.created_at, "booking.delivered", request.language, "")
        if request.appointment in ("confirmed", "moved"):
            add(request.created_at, "booking.appointed", request.language, "")
    return {(*key, value) for key, value in found.items()}


def flat(found: Iterable[Dated]) -> set[tuple[date, str, str, str, int]]:
    return {
        (one.day, one.figure.name, one.figure.language, one.figure.channel, one.figure.value) for one in found
    }


@pytest.fixture
def insights(store: TranscriptStore) -> Insights:
    return Insights(store)


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_figures_are_those_of_a_slow_count(
    store: TranscriptStore, insights: Insights, seed: int
) -> None:
    await plant(store, seed, 60)
    assert await insights.uncounted(FIRST, TODAY, TODAY, ZONE, KEPT_DAYS)
    assert await insights.roll_up(TODAY, ZONE, KEPT_DAYS) == 0
    assert not await insights.uncounted(FIRST, TODAY, TODAY, ZONE, KEPT_DAYS)
    expected = await slow_count(store)
    assert len(expected) > 300
    assert flat(await insights.between(FIRST, TODAY, TODAY, ZONE)) == expected
    # Counting again changes nothing, and today is not written.
    await insights.roll_up(TODAY, ZONE, KEPT_DAYS)
    assert flat(await insights.between(FIRST, TODAY, TODAY, ZONE)) == expected
    async with store.database.connect() as connection:
        assert (
            await connection.scalar(select(daily_figures.c.day).where(daily_figures.c.day == TODAY)) is None
        )
    some = ("kept.turns", "judged.random.good")
    assert flat(await insights.between(FIRST, TODAY, TODAY, ZONE, some)) == {
        row for row in expected if row[1] in some
    }


async def test_yesterday_is_counted_live_until_it_is_rolled_up(
    store: TranscriptStore, insights: Insights
) -> None:
    await plant(store, 3, 30)
    expected = {row for row in await slow_count(store) if row[0] >= TODAY - timedelta(days=1)}
    live = flat(await insights.between(FIRST, TODAY, TODAY, ZONE))
    assert live == expected
    assert expected


async def test_long_ago_is_counted_some_days_at_a_time(store: TranscriptStore, insights: Insights) -> None:
    await plant(store, 4, 40)
    expected = await slow_count(store)
    left, rounds = 99, 0
    while left:
        left = await insights.roll_up(TODAY, ZONE, KEPT_DAYS, most=4)
        rounds += 1
    assert rounds == 4
    assert flat(await insights.between(FIRST, TODAY, TODAY, ZONE)) == expected


async def test_figures_outlive_what_they_were_counted_from(
    store: TranscriptStore, insights: Insights
) -> None:
    await plant(store, 5, 30)
    await insights.roll_up(TODAY, ZONE, KEPT_DAYS)
    before = flat(await insights.between(FIRST, TODAY - timedelta(days=4), TODAY, ZONE))
    for number in range(30):
        await store.erase(f"c_{number}", clean=False)
    later = TODAY + timedelta(days=15)
    await insights.roll_up(later, ZONE, KEPT_DAYS)
    after = flat(await insights.between(FIRST, TODAY - timedelta(days=4), later, ZONE))
    assert after == before
    assert len(before) > 50
    async with store.database.connect() as connection:
        rows = (await connection.execute(text("SELECT * FROM daily_figures"))).all()
    assert not any("c_" in str(value) for row in rows for value in row)


async def test_a_day_whose_conversations_may_be_gone_for_their_age_is_not_made_anew(
    store: TranscriptStore, insights: Insights
) -> None:
    await store.save(conversation("c_1", created_at=_at(7, 12), last_at=_at(7, 12)), [])
    await store.save(conversation("c_0", created_at=_at(2, 12), last_at=_at(2, 12)), [])
    await insights.roll_up(TODAY, ZONE, 1)
    await store.erase("c_1")
    await insights.roll_up(TODAY, ZONE, 1)
    assert (
        Figures.of(_only(await insights.between(FIRST, TODAY, TODAY, ZONE))).total("kept.conversations") == 1
    )


async def test_days_of_which_only_what_is_on_hold_is_left_are_not_counted(
    store: TranscriptStore, insights: Insights
) -> None:
    long_ago = _at(1, 12) - timedelta(days=400)
    await store.save(conversation("c_held", created_at=long_ago, last_at=long_ago), [])
    await store.save(conversation("c_0", created_at=_at(5, 12), last_at=_at(5, 12)), [])
    assert await insights.roll_up(TODAY, ZONE, 5, most=1_000) == 0
    async with store.database.connect() as connection:
        rows = await connection.execute(
            text("SELECT day, value FROM daily_figures WHERE name = 'kept.conversations'")
        )
        assert [(str(row.day), row.value) for row in rows] == [("2026-11-05", 1)]
        first = await connection.scalar(text("SELECT min(day) FROM daily_figures"))
    assert str(first) == "2026-11-03"
    assert not await insights.uncounted(long_ago.date(), TODAY, TODAY, ZONE, 5)


async def test_requests_are_counted_also_before_the_oldest_conversation_that_is_kept(
    store: TranscriptStore, insights: Insights
) -> None:
    await plant(store, 6, 20)
    expected = {row for row in await slow_count(store) if row[1].startswith("booking.")}
    for number in range(20):
        await store.erase(f"c_{number}", clean=False)
    await insights.roll_up(TODAY, ZONE, KEPT_DAYS)
    found = flat(await insights.between(FIRST, TODAY - timedelta(days=2), TODAY, ZONE))
    assert found == {row for row in expected if row[0] <= TODAY - timedelta(days=2)}
    assert found


async def test_an_outcome_that_comes_later_is_taken_over_for_three_days(
    store: TranscriptStore, insights: Insights
) -> None:
    for day, expected in ((7, 1), (5, 1), (4, 0)):
        at = _at(day, 12)
        await store.save(conversation(f"c_{day}", created_at=at, last_at=at), [])
        await insights.roll_up(TODAY, ZONE, KEPT_DAYS)
        await store.save(conversation(f"c_{day}", created_at=at, last_at=at, outcome="booked"), [])
        await insights.roll_up(TODAY, ZONE, KEPT_DAYS)
        found = Figures.of(_only(await insights.between(at.date(), at.date(), TODAY, ZONE)))
        assert found.total("kept.outcome:booked") == expected, day


async def test_what_the_gateway_counts_is_added_and_stays(store: TranscriptStore, insights: Insights) -> None:
    await insights.add(TODAY, [])
    day = TODAY - timedelta(days=2)
    for _ in range(3):
        await insights.add(day, [Figure("all.turns", "es", "web", 2), Figure("all.turns", "en", "web", 1)])
    await store.save(conversation(created_at=_at(6, 12), last_at=_at(6, 12)), [])
    await insights.roll_up(TODAY, ZONE, KEPT_DAYS)
    found = Figures.of(_only(await insights.between(FIRST, TODAY, TODAY, ZONE)))
    assert (found.total("all.turns", "es"), found.total("all.turns")) == (6, 9)
    assert found.total("kept.conversations") == 1


async def test_an_empty_week_has_no_figures(store: TranscriptStore, insights: Insights) -> None:
    assert await insights.roll_up(TODAY, ZONE, KEPT_DAYS) == 0
    assert await insights.between(FIRST, TODAY, TODAY, ZONE) == []
    assert not await insights.uncounted(FIRST, TODAY, TODAY, ZONE, KEPT_DAYS)


async def test_two_that_count_at_once_count_once(store_url: str, store: TranscriptStore) -> None:
    import asyncio

    await plant(store, 6, 12)
    expected = await slow_count(store)
    other = TranscriptStore(store_url)
    await asyncio.gather(*(Insights(one).roll_up(TODAY, ZONE, KEPT_DAYS) for one in (store, other, store)))
    await other.close()
    assert flat(await Insights(store).between(FIRST, TODAY, TODAY, ZONE)) == expected


async def test_a_slow_day_is_remembered_for_a_while(
    store: TranscriptStore, insights: Insights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.transcripts.insights._SLOW", 0.0)
    await plant(store, 7, 20)
    before = flat(await insights.between(TODAY, TODAY, TODAY, ZONE))
    await store.save(conversation("c_new", created_at=_at(8, 12), last_at=_at(8, 12)), [])
    assert flat(await insights.between(TODAY, TODAY, TODAY, ZONE)) == before
    monkeypatch.setattr("bot.transcripts.insights._REMEMBERED", -1.0)
    insights._live.clear()
    assert flat(await insights.between(TODAY, TODAY, TODAY, ZONE)) != before


@pytest.mark.parametrize(
    ("group", "index"), [(KEPT, "created_at"), (JUDGED, "judged_at"), (BOOKING, "created_at")]
)
async def test_no_count_walks_through_everything(
    store: TranscriptStore, insights: Insights, group: str, index: str
) -> None:
    from sqlalchemy import event

    from bot.transcripts.insights_counting import count

    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(store.database.sync_engine, "before_cursor_execute", note)
    async with store.database.connect() as connection:
        if store.shared:
            await connection.execute(text("SET enable_seqscan = off"))
        await count(connection, group, span_of(TODAY, ZoneInfo(ZONE)))
        event.remove(store.database.sync_engine, "before_cursor_execute", note)
        for statement, parameters in asked:
            if not statement.startswith("SELECT"):
                continue
            explain = "EXPLAIN " if store.shared else "EXPLAIN QUERY PLAN "
            rows = (await connection.exec_driver_sql(explain + statement, parameters)).all()
            plan = "\n".join(str(row[-1]) for row in rows)
            assert "Seq Scan" not in plan, plan
            assert "SCAN " not in plan.replace("SCAN (", ""), plan
            assert any(name in plan for name in (index, "urgency", "listed")), plan
    assert asked


def test_a_day_has_as_many_hours_as_it_has_there() -> None:
    zone = ZoneInfo(ZONE)
    lengths = {day: span_of(day, zone)[1] - span_of(day, zone)[0] for day in days(FIRST, TODAY)}
    assert lengths.pop(date(2026, 11, 1)) == timedelta(hours=25)
    assert set(lengths.values()) == {timedelta(hours=24)}
    begin, end = span_of(date(2026, 3, 8), zone)
    assert end - begin == timedelta(hours=23)
    # In Havana the clock goes from 00:00 to 01:00: the day begins at one, and no moment is lost.
    havana = ZoneInfo("America/Havana")
    assert span_of(date(2026, 3, 7), havana)[1] == span_of(date(2026, 3, 8), havana)[0]
    assert monday_of(date(2026, 11, 1)) == FIRST
    assert monday_of(FIRST) == FIRST


def test_a_time_is_kept_as_a_step_not_a_tenth_above_it() -> None:
    for value in range(1, 100_000):
        at = step(value)
        assert value <= at <= value * 1.2, value
        assert at <= value * 1.16 or value < 30, value
        assert step(at) == at
    assert (step(0), step(0.2), step(9.5), step(92), step(100), step(911)) == (1, 1, 10, 100, 100, 1000)


def test_a_quantile_is_the_step_below_which_that_share_lies() -> None:
    assert quantile({}, 0.5) is None
    assert quantile({10: 1}, 0.95) == 10
    assert quantile({10: 50, 20: 45, 91: 5}, 0.5) == 10
    assert quantile({10: 50, 20: 45, 91: 5}, 0.95) == 20
    assert quantile({10: 50, 20: 44, 91: 6}, 0.95) == 91


def test_figures_add_up_by_language_and_channel() -> None:
    found = Figures.of(
        [
            Figure("all.turns", "en", "web", 3),
            Figure("all.turns", "es", "web", 4),
            Figure("all.turns", "es", "whatsapp", 5),
            Figure("kept.topic:work_permit", "es", "web", 1),
            Figure("kept.latency:20", "es", "web", 2),
        ]
    )
    assert found.total("all.turns") == 12
    assert found.total("all.turns", "es") == 9
    assert found.total("all.turns", channel="web") == 7
    assert found.below("kept.topic:") == {"work_permit": 1}
    assert found.below("kept.topic:", "en") == {}
    assert found.times("kept.latency") == {20: 2}
    assert ALL != KEPT


def _at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=ZoneInfo(ZONE))


def _only(found: Iterable[Dated]) -> list[Figure]:
    return [one.figure for one in found]
