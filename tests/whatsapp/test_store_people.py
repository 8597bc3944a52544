"""People who stop and leave, what comes over from the page, reminders, and what is wiped when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from bot.gateway.whatsapp.model import Outbound
from bot.gateway.whatsapp.records import After, Handed, LostLease, Out, Work
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.gateway.whatsapp.tables import aliases, earlier, handovers, inbox, outbox, people, reminders
from bot.transcripts.schema import rewrite
from bot.transcripts.tables import conversations, metadata
from tests.whatsapp.storing import (
    HOLD,
    NOON,
    PHONE,
    answer,
    at,
    claim,
    heard,
    ids,
    next_out,
    reply,
    said,
    said_in,
    sender,
    take,
    texts,
)

DAY = 86_400.0
WA_TABLES = (people, aliases, earlier, inbox, outbox, handovers, reminders)
DUE = date(2027, 3, 1)


async def count(store: WhatsAppStore, table: Any, *conditions: Any) -> int:
    async with store.database.connect() as connection:
        query = select(func.count()).select_from(table).where(*conditions)
        return int(await connection.scalar(query) or 0)


async def known(
    store: WhatsAppStore, who: int = 1, state: str = "state", replies: tuple[str, ...] = ()
) -> str:
    """The id of a person with a conversation ``c_<who>``."""
    await take(store, said(f"wamid.k{who}", "hola", who))
    work = await claim(store, 2)
    await answer(store, work, *replies, after=After(f"c_{who}", "es", state, at(7200), at(2)))
    return work.person.id


async def reminds(
    store: WhatsAppStore, person: str, next_on: date = DUE, calculation: str = "one_year"
) -> str:
    id = await store.add_reminder(
        person, calculation, {"arrived": "2026-03-01"}, DUE, next_on, "es", "v1", NOON, NOON
    )
    assert id is not None
    return id


async def everything(store: WhatsAppStore) -> str:
    """All columns of all tables, as text."""
    async with store.database.connect() as connection:
        rows = []
        for table in metadata.sorted_tables:
            rows += [tuple(row) for row in await connection.execute(select(table))]
    return repr(rows)


async def test_no_column_holds_a_word_a_number_or_a_providers_id(store: WhatsAppStore) -> None:
    person = sender(PHONE, "bsuid:US.13491208655302741918")
    words = ("mi prima secreta", "llegué por Reynosa", "wamid.HBgLM", "wamid.OUT", "codigo-traido")
    await take(
        store,
        said("wamid.HBgLM1", words[0], person),
        said("wamid.HBgLM2", "", person, kind="choice", choice="k_secreta", title="Título secreto"),
        said("wamid.HBgLM3", words[1], person, kind="edited", refers_to="wamid.HBgLM0"),
    )
    await store.offer("codigo-traido", "c_web", "estado traído", at(600), at())
    work = await claim(store)
    assert isinstance(await store.redeem("codigo-traido", ids(work)[0], at(1)), Handed)
    aside, *rest = ids(work)
    out = [Out("e_1", reply(words[0])), Out("e_2", reply("otra respuesta"))]
    await store.set_aside(work, [aside], f"error for {words[0]}", at(2))
    await store.finish(work, rest[:1], out, at(2), after=After("c_1", "es", "estado secreto", at(7200)))
    row = await next_out(store)
    await store.sent(row, "wamid.OUT1", at(3))
    await take(store, heard("wamid.OUT1", "delivered", row=row.id))
    await reminds(store, row.person_id)
    told = await everything(store)
    assert work.person.id in told
    assert row.id in told
    for secret in (
        *words,
        *(PHONE, "0550142", "US.1349", "k_secreta", "Título", "2026-03-01", "otra respuesta", "estado"),
    ):
        assert secret not in told, secret


async def test_stop_ends_news_and_reminders_and_start_allows_them_again(store: WhatsAppStore) -> None:
    person = await known(store, replies=("uno",))
    await reminds(store, person)
    await store.queue(person, "news", [reply("noticia")], at(3))
    assert await store.stop(person, at(4)) is True
    assert await store.queue(person, "more", [reply("noticia")], at(5)) == 0
    assert await store.reminders_of(person) == ()
    assert (await store.add_reminder(person, "one_year", {}, DUE, DUE, "es", "v1", NOON, NOON)) is None
    await take(store, said("wamid.2", "¿cuánto?", seconds=6), seconds=6)
    work = await claim(store, 8)
    assert work.person.stopped_at == at(4)
    await answer(store, work, "dos", seconds=8)
    seen = []
    while (row := await store.next_out("s", at(9), HOLD)) is not None:
        seen.append(said_in(row))
        await store.sent(row, row.id, at(9))
    assert seen == ["uno", "dos"]
    assert await store.start(person, at(10)) is True
    assert await store.queue(person, "later", [reply("noticia")], at(11)) == 1
    assert (await store.stop("p_x", at(11)), await store.start("p_x", at(11))) == (False, False)


# Erasure.


async def test_an_erasure_leaves_only_the_names_of_messages(store: WhatsAppStore) -> None:
    person = await known(store, replies=("uno", "dos"))
    await known(store, who=2)
    await reminds(store, person)
    await store.offer("code", "c_1", "state", at(600), at())
    await take(store, said("wamid.2", "a"), seconds=5)
    assert await store.erase("c_1", at(6)) is True
    assert await store.erase("c_1", at(6)) is False
    assert await store.person(person, at(6)) is None
    assert await store.claim("w", at(99), HOLD) is None
    assert await store.next_out("s", at(99), HOLD) is None
    assert [await count(store, table) for table in (people, aliases, outbox, handovers, reminders)] == [
        *(1, 1, 0, 0, 0)
    ]
    assert await count(store, inbox, inbox.c.person_id.is_(None), inbox.c.body.is_(None)) == 2
    # What the provider sends again is still known, and somebody who writes anew is new.
    assert (await take(store, said("wamid.2", "a"), seconds=7)).new == ()
    assert await count(store, people) == 1
    await take(store, said("wamid.3", "b", seconds=8), seconds=8)
    work = await claim(store, 10)
    assert (texts(work), work.person.conversation_id, work.person.greeted_at) == (["b"], None, None)


async def _erased_while_answered(store: WhatsAppStore, how: str) -> Work:
    person = await known(store, replies=("vieja",))
    await reminds(store, person)
    await take(store, said("wamid.2", "borrar todo", seconds=5), seconds=5)
    work = await claim(store, 7)
    if how == "from outside":
        assert await store.erase("c_1", at(8)) is True
    return work


@pytest.mark.parametrize("how", ["by the work", "from outside"])
async def test_the_last_words_still_reach_who_erased(store: WhatsAppStore, how: str) -> None:
    work = await _erased_while_answered(store, how)
    after = After("c_1", "es", "must not come back", at(9999))
    out = [Out("bye", reply("borrado"))]
    await store.finish(work, ids(work), out, at(9), after=after, leaving=how == "by the work")
    left = await store.person(work.person.id, at(9))
    assert left is not None
    assert (left.conversation_id, left.state, left.language, left.greeted_at) == (None, None, "", None)
    row = await next_out(store, 9)
    assert (said_in(row), row.address) == ("borrado", sender(1).address)
    assert await count(store, reminders) == 0
    await store.sent(row, "wamid.bye", at(10))
    assert [await count(store, table) for table in (people, aliases, outbox)] == [0, 0, 0]


@pytest.mark.parametrize("how", ["by the work", "from outside"])
async def test_who_erased_without_last_words_is_gone_at_once(store: WhatsAppStore, how: str) -> None:
    work = await _erased_while_answered(store, how)
    await store.finish(work, ids(work), [], at(9), leaving=True)
    assert await count(store, people) == 0
    with pytest.raises(LostLease):
        await store.finish(work, ids(work), [], at(9))


async def test_who_writes_again_while_leaving_stays_as_somebody_new(store: WhatsAppStore) -> None:
    work = await _erased_while_answered(store, "from outside")
    await take(store, said("wamid.3", "otra pregunta", seconds=8), seconds=8)
    await store.finish(work, ids(work), [Out("bye", reply("borrado"))], at(9), leaving=True)
    await store.release(work, at(9))
    await store.sent(await next_out(store, 9), "wamid.bye", at(10))
    work = await claim(store, 10)
    assert (texts(work), work.person.conversation_id) == (["otra pregunta"], None)
    await answer(store, work, "respuesta", seconds=11, after=After("c_new", "es", "s", at(9999)))
    assert await store.of_conversation("c_new", at(12)) is not None


async def test_who_left_is_gone_after_a_while_whatever_became_of_the_last_words(store: WhatsAppStore) -> None:
    work = await _erased_while_answered(store, "by the work")
    await store.finish(work, ids(work), [Out("bye", reply("borrado"))], at(9), leaving=True)
    assert (await store.sweep(at(3600))).people == 0
    assert (await store.sweep(at(3609))).people == 1
    assert await count(store, people) == 0


# What is wiped, and when.


async def test_states_run_out_and_the_conversation_stays(store: WhatsAppStore) -> None:
    person = await known(store)
    assert (await store.sweep(at(7199))).idle == ()
    assert (await store.sweep(at(7200))).idle == ("c_1",)
    assert (await store.sweep(at(7201))).idle == ()
    assert await count(store, people, people.c.state.is_not(None)) == 0
    found = await store.person(person, at(7201))
    assert found is not None
    assert found.conversation_id == "c_1"


async def test_what_was_set_aside_is_wiped_after_a_day(store: WhatsAppStore) -> None:
    await take(store, said("wamid.1", "a"))
    work = await claim(store)
    await store.set_aside(work, ids(work), "poison", at(2))
    assert (await store.sweep(at(2 + DAY - 1))).wiped == 0
    assert (await store.sweep(at(2 + DAY))).wiped == 1
    assert await count(store, inbox, inbox.c.body.is_not(None)) == 0
    (aside,) = await store.aside()
    assert await store.resume(aside.id, at(3 + DAY)) is False


async def test_names_are_kept_for_nine_days(store: WhatsAppStore) -> None:
    await known(store, replies=("uno", "dos"))
    await store.sent(await next_out(store), "wamid.out", at(3))
    await store.sweep(at(9 * DAY))
    assert (await take(store, said("wamid.k1"), seconds=9 * DAY)).repeated == 1
    swept = await store.sweep(at(9 * DAY + 3))
    # The one that is still to go out stays.
    assert (swept.inbox, swept.outbox) == (1, 1)
    assert await count(store, outbox) == 1


@pytest.mark.parametrize("kept", ["nothing", "transcript", "reminder", "queued"])
async def test_people_go_when_nothing_that_they_agreed_to_needs_them(store: WhatsAppStore, kept: str) -> None:
    person = await known(store)
    if kept == "transcript":
        async with store.database.begin() as connection:
            head = {"channel": "whatsapp", "language": "es", "last_seq": 1, "id": "c_1", "created_at": NOON}
            consent = {"consent_version": "v", "consent_language": "es", "consent_at": NOON}
            await connection.execute(conversations.insert().values(**head, **consent, last_at=NOON))
    elif kept == "reminder":
        await reminds(store, person)
    elif kept == "queued":
        await store.queue(person, "news", [reply("uno")], at(3))
    assert (await store.sweep(at(9 * DAY))).people == 0
    assert (await store.sweep(at(9 * DAY + 1))).people == (kept == "nothing")
    # The firm's own time is over for everybody whom nothing waits for.
    gone = await store.expire_people(at(9 * DAY))
    assert gone == (("c_1",) if kept == "transcript" else ())


# PostgreSQL clears its files by its own vacuum.
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_sqlite_files_hold_nothing_of_what_was_wiped(store: WhatsAppStore, url: str) -> None:
    path = Path(make_url(url).database or "")
    sealed: set[bytes] = set()

    async def note() -> None:
        async with store.database.connect() as connection:
            for column in (inbox.c.body, outbox.c.body, people.c.state, people.c.address):
                rows = await connection.scalars(select(column).where(column.is_not(None)))
                sealed.update(bytes(one) for one in rows)

    def found() -> int:
        files = [one.read_bytes() for one in path.parent.glob(f"{path.name}*")]
        # Its end, too: the beginning of a freed place may be overwritten by chance.
        return sum(any(piece in file for file in files for piece in (one[6:30], one[-24:])) for one in sealed)

    for who in range(60):
        await take(
            store, *(said(f"wamid.{who}.{n}", f"{n} " + "palabras " * (1 + who % 90), who) for n in range(4))
        )
    await note()
    assert found() == len(sealed)
    second = 10.0
    while (work := await store.claim("w", at(second), HOLD)) is not None:
        text = "respuesta " * (1 + int(work.person.address[-2:]))
        after = After(f"c_{work.person.address}", "es", "estado " * 50, at(7200))
        await answer(store, work, text, seconds=second, after=after)
        if work.person.address.endswith("7"):
            await note()
    await note()
    while (row := await store.next_out("s", at(second), HOLD)) is not None:
        await store.sent(row, row.id, at(second))
    for who in range(0, 60, 2):
        assert await store.erase(f"c_{sender(who).address}", at(second)) is True
    await store.sweep(at(7200))
    async with store.database.connect() as connection:
        kept = {bytes(one) for one in await connection.scalars(select(people.c.address))}
    assert len(kept) == 30
    sealed -= kept
    assert len(sealed) > 200
    # What SQLite leaves between rows when it parts pages: seldom, never much, and until the night.
    assert found() <= 5
    await rewrite(store.database)
    assert found() == 0


# Only SQLite has this log.
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_the_log_is_emptied_later_when_somebody_reads(store: WhatsAppStore, url: str) -> None:
    await known(store)
    log = Path(f"{make_url(url).database}-wal")
    async with store.database.connect() as reader:
        await reader.exec_driver_sql("BEGIN")
        await reader.execute(select(people))
        await take(store, said("wamid.2"), seconds=5)
        await store.sweep(at(5))
        assert log.stat().st_size > 0
    await store.sweep(at(6))
    assert log.stat().st_size == 0


# From the page.


async def test_a_code_is_redeemed_by_one_message(open_store: Callable[..., Any]) -> None:
    stores = [await open_store() for _ in range(3)]
    await stores[0].offer("code", "c_web", "state", at(600), at())
    found = await asyncio.gather(*(stores[n % 3].redeem("code", f"m_{n}", at(1)) for n in range(9)))
    winners = [n for n, one in enumerate(found) if isinstance(one, Handed)]
    assert len(winners) == 1
    assert found[winners[0]] == Handed("c_web", "state")
    assert {one for one in found if not isinstance(one, Handed)} == {"used"}
    # After a crash the same message gets the same.
    assert await stores[1].redeem("code", f"m_{winners[0]}", at(2)) == Handed("c_web", "state")


async def test_codes_run_out(store: WhatsAppStore) -> None:
    await store.offer("code", "c_web", "state", at(600), at())
    await store.offer("later", "c_other", "state", at(900), at())
    assert await store.redeem("code", "m_1", at(600)) == "expired"
    assert await store.redeem("cod", "m_1", at(1)) == "unknown"
    assert (await store.sweep(at(600))).handovers == 1
    assert await store.redeem("code", "m_1", at(601)) == "unknown"
    assert await store.redeem("later", "m_1", at(899)) == Handed("c_other", "state")


async def test_a_new_offer_of_a_conversation_voids_the_old(store: WhatsAppStore) -> None:
    await store.offer("first", "c_web", "state", at(600), at())
    await store.offer("second", "c_web", "state", at(600), at())
    assert await store.redeem("first", "m_1", at(1)) == "unknown"
    assert await store.redeem("second", "m_1", at(1)) == Handed("c_web", "state")


# Reminders.


async def test_reminders_are_taken_once_and_move_on(open_store: Callable[..., Any]) -> None:
    stores = [await open_store() for _ in range(3)]
    store = stores[0]
    made = [await reminds(store, await known(store, who), DUE - timedelta(days=30)) for who in (1, 2, 3)]
    assert await store.take_reminders(DUE - timedelta(days=31), at(9), HOLD) == ()
    day = DUE - timedelta(days=30)
    taken = await asyncio.gather(*(stores[n % 3].take_reminders(day, at(9), HOLD) for n in range(6)))
    mine = [reminder for one in taken for reminder in one]
    assert sorted(one.id for one in mine) == sorted(made)
    first = mine[0]
    assert (first.body, first.due_on, first.consent_version) == ({"arrived": "2026-03-01"}, DUE, "v1")
    template = Outbound("template", template="reminder", language="es", values=("30",))
    assert await store.reminded(first, DUE - timedelta(days=7), at(10), [template]) is True
    assert await store.reminded(first, DUE - timedelta(days=7), at(10), [template]) is False
    row = await next_out(store, 10)
    assert row.message == template
    # Who was killed in between is followed by somebody else, and comes too late.
    again = await store.take_reminders(day, at(40), HOLD)
    assert {one.id for one in again} == {one.id for one in mine[1:]}
    assert await store.reminded(mine[1], None, at(41), [template]) is False
    assert await store.reminded(next(one for one in again if one.id == mine[1].id), None, at(41)) is True
    assert [one.id for one in await store.reminders_of(mine[1].person_id)] == []


async def test_a_reminder_of_the_same_kind_takes_the_place_of_the_old(store: WhatsAppStore) -> None:
    person = await known(store)
    await reminds(store, person)
    second = await reminds(store, person)
    other = await reminds(store, person, calculation="work_permit")
    assert {one.id for one in await store.reminders_of(person)} == {second, other}
    assert [one.id for one in await store.open_reminders()] == sorted((second, other))
    assert [one.id for one in await store.open_reminders(after=min(second, other))] == [max(second, other)]
    later = DUE + timedelta(days=9)
    assert (
        await store.move_reminder(second, later, later, {"arrived": "x"}, at(5), [reply("otra fecha")])
        is True
    )
    assert said_in(await next_out(store, 5)) == "otra fecha"
    moved = next(one for one in await store.reminders_of(person) if one.id == second)
    assert (moved.due_on, moved.body) == (later, {"arrived": "x"})
    assert await store.end_reminders(person, at(6), other) == 1
    assert await store.end_reminders(person, at(6)) == 1
    assert await store.move_reminder(second, later, later, {}, at(7)) is False
    assert await count(store, reminders, reminders.c.body.is_not(None)) == 0
    assert (await store.sweep(at(7 + 9 * DAY))).reminders == 3


async def test_the_overview_counts_what_waits(store: WhatsAppStore) -> None:
    empty = await store.overview()
    assert (empty.waiting, empty.oldest, empty.out, empty.oldest_out) == (0, None, {}, None)
    person = await known(store, replies=("uno", "dos"))
    await reminds(store, person)
    await take(store, said("wamid.2", seconds=3), said("wamid.3", who=2, seconds=3), seconds=3)
    work = await claim(store, 9)
    await store.set_aside(work, ids(work), "poison", at(9))
    await store.failed(await next_out(store, 9), "131026", at(9))
    seen = await store.overview()
    assert (seen.waiting, seen.people, seen.oldest, seen.aside, seen.reminders) == (1, 1, at(3), 1, 1)
    assert (seen.out, seen.oldest_out) == ({"failed": 1, "queued": 1}, at(2))


# Conversations that were left.


async def moves(store: WhatsAppStore, to: str, seconds: float, who: int = 1) -> None:
    """The person goes on with another conversation."""
    await take(store, said(f"wamid.{to}.{seconds}", "hola", who, seconds), seconds=seconds)
    work = await claim(store, seconds + 2)
    after = After(to, "es", "state", at(99_999), at(2))
    await answer(store, work, seconds=seconds + 2, after=after)


async def keeps(store: WhatsAppStore, *conversation_ids: str) -> None:
    """Those conversations are kept by consent."""
    async with store.database.begin() as connection:
        for id in conversation_ids:
            await connection.execute(
                conversations.insert().values(
                    id=id, channel="whatsapp", language="es", created_at=NOON, last_at=NOON, last_seq=0,
                    consent_version="w", consent_language="es", consent_at=NOON,
                )
            )  # fmt: skip


async def test_who_left_a_conversation_is_still_found_by_it(store: WhatsAppStore) -> None:
    person = await known(store)
    await moves(store, "c_web", 10)
    await moves(store, "c_other", 20)
    assert await store.earlier_of("c_other") == ("c_1", "c_web")
    assert await store.earlier_of("c_web") == ()
    assert await store.of_conversation("c_1", at(30)) is None
    found = await store.who_left("c_1", at(30))
    assert found is not None
    assert found.id == person
    # Back where they were before.
    await moves(store, "c_web", 40)
    assert await store.earlier_of("c_web") == ("c_1", "c_other")
    assert await store.who_left("c_web", at(50)) is None


async def test_erasing_one_that_was_left_leaves_the_person(store: WhatsAppStore) -> None:
    await known(store)
    await moves(store, "c_web", 10)
    assert await store.erase("c_1", at(20)) is True
    assert await store.earlier_of("c_web") == ()
    assert await store.of_conversation("c_web", at(20)) is not None
    assert await store.erase("c_1", at(20)) is False


async def test_nothing_of_a_person_who_goes_names_what_they_left(store: WhatsAppStore) -> None:
    await known(store)
    await moves(store, "c_web", 10)
    assert await store.erase("c_web", at(20)) is True
    assert await count(store, earlier) == 0


async def test_what_is_kept_no_more_is_no_more_named(store: WhatsAppStore) -> None:
    await known(store)
    await keeps(store, "c_1", "c_2")
    await moves(store, "c_2", 10)
    await moves(store, "c_web", 20)
    await store.sweep(at(30))
    assert await store.earlier_of("c_web") == ("c_1", "c_2")
    async with store.database.begin() as connection:
        await connection.execute(conversations.delete().where(conversations.c.id == "c_1"))
    # As long as there is another one its person stays.
    await store.sweep(at(30 * DAY))
    assert await store.earlier_of("c_web") == ("c_2",)
    async with store.database.begin() as connection:
        await connection.execute(conversations.delete())
    await store.sweep(at(31 * DAY))
    assert await count(store, earlier) == 0
    assert await count(store, people) == 0


async def test_two_people_who_are_one_have_left_the_older_conversation(store: WhatsAppStore) -> None:
    await known(store, 1)
    await moves(store, "c_web", 10)
    await known(store, 2)
    both = sender(1, "phone:12025550002")
    taken = await take(store, said("wamid.both", "soy yo", both, 20), seconds=20)
    (left,) = taken.dropped
    on = "c_2" if left == "c_web" else "c_web"
    assert set(await store.earlier_of(on)) == {"c_1", left}
