"""Who was told a value that is over: exactly those, on both databases."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, text

from bot.booking.tables import bookings
from bot.transcripts.recall import ENDED, Affected, Recall, Wanted, in_force
from bot.transcripts.rows import LONGEST_VALUE
from bot.transcripts.store import TranscriptStore
from bot.transcripts.tables import told
from tests.transcripts.saying import NOON, bot, conversation

FEE = "fee.annual"
NOW = frozenset({"$102"})
ZONE = ZoneInfo("America/New_York")

type Told = tuple[str, datetime, str]


@pytest.fixture
def recall(store: TranscriptStore) -> Recall:
    return Recall(store)


async def tell(
    store: TranscriptStore, *lines: tuple[str, float, str], parameter: str = FEE, **more: object
) -> None:
    """Conversations in which a value was told, each line a conversation, a minute after noon, and the value."""
    for place, (id, minute, value) in enumerate(lines):
        await store.save(
            conversation(id, **more),
            [
                bot(
                    1000 + place,
                    f"m_{id}_{place:04}",
                    created_at=NOON + timedelta(minutes=minute),
                    reply={"id": "filing_fee", "parameters": {parameter: value}, "choices": []},
                )
            ],
        )


async def found(recall: Recall, wanted: Wanted, limit: int = 3) -> list[Affected]:
    """Everybody, page by page."""
    rows: list[Affected] = []
    page = await recall.affected(wanted, limit)
    rows += page.rows
    while page.next_key is not None:
        page = await recall.affected(wanted, limit, page.next_key)
        assert page.rows
        rows += page.rows
    return rows


async def names(recall: Recall, wanted: Wanted) -> list[str]:
    return [row.conversation_id for row in await found(recall, wanted)]


async def test_those_who_heard_the_old_value_are_found_newest_first(
    store: TranscriptStore, recall: Recall
) -> None:
    await tell(store, ("c_1", 0, "$100"), ("c_2", 5, "$102"), ("c_3", 3, "$100"), ("c_4", 9, "$95"))
    await tell(store, ("c_5", 1, "$100"), parameter="fee.other")
    rows = await found(recall, Wanted(FEE, NOW))
    assert [(row.conversation_id, row.value) for row in rows] == [
        ("c_4", "$95"),
        ("c_3", "$100"),
        ("c_1", "$100"),
    ]
    first = rows[0]
    assert (first.channel, first.language, first.claimed_by, first.heard_at) == ("web", "es", None, None)
    assert first.message_id == "m_c_4_0003"
    assert await recall.count(Wanted(FEE, NOW)) == 3
    assert await recall.count(Wanted(FEE, NOW), most=2) == 2
    assert await names(recall, Wanted(FEE, NOW, only=frozenset({"$95", "$102"}))) == ["c_4"]
    assert await recall.values(FEE) == ("$100", "$102", "$95")
    assert await recall.values("none_such") == ()


async def test_who_has_heard_the_new_value_since_is_listed_apart(
    store: TranscriptStore, recall: Recall
) -> None:
    await tell(store, ("c_1", 0, "$100"), ("c_1", 4, "$102"), ("c_2", 0, "$102"), ("c_2", 4, "$100"))
    # At the same moment it may have been read first: such a person is told again.
    await tell(store, ("c_3", 0, "$100"), ("c_3", 0, "$102"))
    assert await names(recall, Wanted(FEE, NOW)) == ["c_2", "c_3"]
    (heard,) = await found(recall, Wanted(FEE, NOW, heard=True))
    assert (heard.conversation_id, heard.heard_at) == ("c_1", NOON + timedelta(minutes=4))


async def test_a_value_that_came_back_concerns_only_who_heard_the_one_between(
    store: TranscriptStore, recall: Recall
) -> None:
    await tell(store, ("c_1", 0, "$102"), ("c_2", 5, "$110"), ("c_3", 9, "$102"))
    await tell(store, ("c_4", 0, "$102"), ("c_4", 5, "$110"), ("c_4", 9, "$102"))
    assert await names(recall, Wanted(FEE, NOW)) == ["c_2"]
    assert await names(recall, Wanted(FEE, NOW, heard=True)) == ["c_4"]


async def test_a_person_who_heard_several_old_values_is_found_once_by_the_last(
    store: TranscriptStore, recall: Recall
) -> None:
    await tell(store, ("c_1", 0, "$100"), ("c_1", 5, "$95"), ("c_1", 7, "$100"), ("c_1", 9, "$95"))
    (row,) = await found(recall, Wanted(FEE, NOW))
    assert (row.value, row.told_at) == ("$95", NOON + timedelta(minutes=9))
    (row,) = await found(recall, Wanted(FEE, NOW, until=NOON + timedelta(minutes=9)))
    assert (row.value, row.told_at) == ("$100", NOON + timedelta(minutes=7))


async def test_the_day_begins_and_ends_where_the_firm_is(store: TranscriptStore, recall: Recall) -> None:
    def midnight(day: date) -> datetime:
        return datetime.combine(day, time(), ZONE)

    first, second = midnight(date(2026, 3, 8)), midnight(date(2026, 3, 9))
    # The clocks go forward that night: the day has 23 hours.
    assert second.astimezone(UTC) - first.astimezone(UTC) == timedelta(hours=23)
    tick = timedelta(microseconds=1)
    moments = {
        "c_before": first.astimezone(UTC) - tick,
        "c_at": first,
        "c_last": second.astimezone(UTC) - tick,
        "c_after": second,
    }
    for id, at in moments.items():
        await tell(store, (id, (at - NOON) / timedelta(minutes=1), "$100"))
    assert set(await names(recall, Wanted(FEE, NOW, since=first))) == {"c_at", "c_last", "c_after"}
    assert set(await names(recall, Wanted(FEE, NOW, first, second))) == {"c_at", "c_last"}
    assert set(await names(recall, Wanted(FEE, NOW, until=first))) == {"c_before"}


async def test_both_languages_of_the_value_in_force_are_the_new_value(
    store: TranscriptStore, recall: Recall
) -> None:
    await tell(store, ("c_1", 0, "180 days"), ("c_2", 1, "180 días"), ("c_3", 2, "150 días"))
    assert await names(recall, Wanted(FEE, in_force(("180 days", "180 días")))) == ["c_3"]


async def test_where_the_rule_has_ended_everything_told_is_old(
    store: TranscriptStore, recall: Recall
) -> None:
    await tell(store, ("c_1", 0, "$100"), ("c_2", 0, "$100"), ("c_2", 1, ENDED))
    wanted = Wanted(FEE, in_force(()))
    assert await names(recall, wanted) == ["c_1"]


async def test_what_was_erased_is_not_found(store: TranscriptStore, recall: Recall) -> None:
    await tell(store, ("c_1", 0, "$100"), ("c_2", 1, "$100"))
    await store.erase("c_2")
    assert await names(recall, Wanted(FEE, NOW)) == ["c_1"]


async def test_a_very_long_value_can_be_told_and_found(store: TranscriptStore, recall: Recall) -> None:
    long = "".join(random.Random(1).choices("áéíóúñ¿¡abcdefgh ", k=20_000))
    await tell(store, ("c_1", 0, long), ("c_2", 1, f"{long[:400]}x"))
    assert await names(recall, Wanted(FEE, in_force((long,)))) == ["c_2"]
    assert len((await recall.values(FEE))[0]) <= LONGEST_VALUE


async def test_a_request_for_a_consultation_is_named(store: TranscriptStore, recall: Recall) -> None:
    await tell(store, ("c_1", 0, "$100"), ("c_2", 1, "$100"))
    async with store.database.begin() as connection:
        for id, owner, state, minute in (
            ("b_old", "c_1", "requested", 0),
            ("b_new", "c_1", "requested", 1),
            ("b_gone", "c_2", "cancelled", 0),
        ):
            at = NOON + timedelta(minutes=minute)
            values = {"id": id, "reference": id.upper(), "conversation_id": owner, "created_at": at}
            more = {"updated_at": at, "state": state, "level": "routine", "language": "es"}
            await connection.execute(
                insert(bookings).values(**values, **more, delivery="waiting", appointment="none")
            )
    assert [row.booking for row in await found(recall, Wanted(FEE, NOW))] == [None, "b_new"]


def expected(lines: Iterable[Told], wanted: Wanted) -> tuple[set[Told], set[Told]]:
    """What is to be found, worked out from everything that was told: not heard since, and heard since."""
    by_conversation: dict[str, list[Told]] = defaultdict(list)
    for line in lines:
        by_conversation[line[0]].append(line)
    open_ones: set[Told] = set()
    heard: set[Told] = set()
    for told_to in by_conversation.values():
        old = [
            line
            for line in told_to
            if line[2] not in wanted.in_force
            and (wanted.only is None or line[2] in wanted.only)
            and (wanted.since is None or line[1] >= wanted.since)
            and (wanted.until is None or line[1] < wanted.until)
        ]
        if not old:
            continue
        last = max(old, key=lambda line: line[1])
        since = any(line[2] in wanted.in_force and line[1] > last[1] for line in told_to)
        (heard if since else open_ones).add(last)
    return open_ones, heard


@pytest.mark.parametrize("seed", range(2))
async def test_exactly_those_are_found_whatever_was_told(
    store: TranscriptStore, recall: Recall, seed: int
) -> None:
    chance = random.Random(seed)
    values = ["$95", "$100", "$102", "$110", "100 días", "100 days"]
    people = [f"c_{number:03}" for number in range(40)]
    lines: list[Told] = []
    rows = []
    for person in people:
        await store.save(conversation(person), [])
        # Told at moments of their own, so that which came last is no matter of taste.
        minutes = chance.sample(range(0, 6 * 24 * 60, 30), chance.randrange(6))
        for minute in minutes:
            at, value = NOON + timedelta(minutes=minute), chance.choice(values)
            lines.append((person, at, value))
            rows += [
                {"message_id": f"m_{len(rows):05}", "parameter": name, "conversation_id": person,
                 "value": value if name == FEE else "$100", "told_at": at}
                for name in (FEE, "fee.i589")
            ]  # fmt: skip
    async with store.database.begin() as connection:
        await connection.execute(insert(told), rows)
    for person in chance.sample(people, 8):
        await store.erase(person, clean=False)
        lines = [line for line in lines if line[0] != person]
    days = [datetime.combine(NOON.date() + timedelta(days=day), time(), ZONE) for day in range(6)]
    for in_force_now in (NOW, frozenset({"100 días", "100 days"}), frozenset({ENDED})):
        for since in (None, chance.choice(days)):
            for until in (None, chance.choice(days)):
                for only in (None, frozenset(chance.sample(values, 2))):
                    wanted = Wanted(FEE, in_force_now, since, until, only)
                    open_ones, heard = expected(lines, wanted)
                    for want, listed in (
                        (open_ones, wanted),
                        (heard, Wanted(FEE, in_force_now, since, until, only, True)),
                    ):
                        got = await found(recall, listed, chance.choice((1, 7, 50)))
                        told_to = [(row.conversation_id, row.told_at, row.value) for row in got]
                        assert len(told_to) == len(set(told_to))
                        assert set(told_to) == want
                        assert [row.told_at for row in got] == sorted(
                            (row.told_at for row in got), reverse=True
                        )
                        assert await recall.count(listed) == len(want)


async def test_no_query_reads_what_was_told_of_the_value_in_force(
    store: TranscriptStore, recall: Recall
) -> None:
    if store.shared:
        return
    await tell(store, ("c_1", 0, "$100"), ("c_2", 1, "$102"))
    seen: list[str] = []
    async with store.database.connect() as connection:
        from bot.transcripts.recall import _found

        query = _found(Wanted(FEE, NOW), ("$100",), "$100").compile(
            store.database.sync_engine, compile_kwargs={"literal_binds": True}
        )
        for row in await connection.execute(text(f"EXPLAIN QUERY PLAN {query}")):
            seen.append(row.detail)
    assert any(
        "ix_told_parameter_value_told_at_message_id (parameter=? AND value=?" in line for line in seen
    ), seen
    assert sum("ix_told_conversation_id (conversation_id=?)" in line for line in seen) >= 2, seen
    assert not any(line.startswith("SCAN") for line in seen), seen
