"""One person's conversation wherever the database can hold something of it, and where something of it is found.

Whoever adds a table with a ``conversation_id``, or a column of ciphertexts, has to plant a row here: the tests that
use this fail until then.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert, select, text, update

from bot.booking.callback import Callback
from bot.booking.records import Saved
from bot.booking.store import BookingStore
from bot.booking.tables import outbox as booking_outbox
from bot.booking.vault import Vault
from bot.cli.keys import import_tables
from bot.gateway.whatsapp.names import Names
from bot.gateway.whatsapp.records import After, Out
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.gateway.whatsapp.tables import earlier
from bot.transcripts.judging import Judging
from bot.transcripts.judging_records import Opinion, TurnJudgement
from bot.transcripts.judging_tables import samples, skips
from bot.transcripts.learning_tables import grouped, groups, proposals
from bot.transcripts.recall_tables import correction_people, corrections
from bot.transcripts.records import AlarmRecord
from bot.transcripts.review import Review
from bot.transcripts.rotation import sealed_columns
from bot.transcripts.sealing import Keys
from bot.transcripts.store import TranscriptStore
from bot.transcripts.tables import metadata
from tests.transcripts.saying import bot, conversation, visitor
from tests.whatsapp.storing import reply, said

#: Before now, so that nothing planted is still to come; and late enough that nothing is past its time.
BEFORE = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
DUE = date(2099, 3, 19)


@dataclass(frozen=True, slots=True)
class Stores:
    """Every store, on one database with one set of keys."""

    transcripts: TranscriptStore
    bookings: BookingStore
    vault: Vault
    whatsapp: WhatsAppStore

    @property
    def database(self) -> Any:
        """The connections of one of them."""
        return self.bookings.database


@dataclass(frozen=True, slots=True)
class Planted:
    """What was planted: ``word`` stands wherever words can, ``sent`` is the request that the firm has."""

    id: str
    word: str
    person: str
    sent: Saved
    waiting: Saved


@asynccontextmanager
async def stores(url: str, *keys: str, secret: str = "k" * 40) -> AsyncIterator[Stores]:
    """Every store on that database, its tables up to date."""
    sealing = Keys(keys)
    transcripts = TranscriptStore(url, sealing, raw_days=3)
    bookings = BookingStore(url, sealing, site="Example Firm")
    vault, whatsapp = (
        Vault(bookings.database, sealing),
        WhatsAppStore(bookings.database, sealing, Names(secret)),
    )
    await transcripts.start()
    try:
        yield Stores(transcripts, bookings, vault, whatsapp)
    finally:
        await bookings.close()
        await transcripts.close()


async def plant(held: Stores, id: str, word: str, number: int = 1) -> Planted:
    """A conversation ``id`` with a row in every table that can have one, and ``word`` in every text of it."""
    first, second = f"m_{id}_1", f"m_{id}_2"
    content = {"id": "echo", "parameters": {"ead.wait": word}, "text": word, "choices": []}
    await held.transcripts.save(
        conversation(id, facts={"nationality": word}, created_at=BEFORE, last_at=BEFORE),
        [
            visitor(1, first, text=f"El {word} aquí", raw=word, entities=({"value": word},)),
            bot(2, second, reply_to=first, text=f"Sobre {word}", reply=content),
        ],
    )
    review = Review(held.transcripts)
    await review.label(id, word, True)
    await held.transcripts.add_alarm(AlarmRecord(f"a_{word[::-1]}", BEFORE, "turn", "empty_turn", id))
    await held.transcripts.queue_forget(id, BEFORE)
    await _plant_staffs_work(held, id, word, first, second)
    sent, waiting = await _plant_requests(held, id, word)
    person = await _plant_whatsapp(held, id, word, number)
    return Planted(id, word, person, sent, waiting)


async def _plant_staffs_work(held: Stores, id: str, word: str, first: str, second: str) -> None:
    async with held.database.begin() as connection:
        for table, values in (
            (samples, {"reason": "random", "second": True, "drawn_at": BEFORE}),
            (skips, {"staff_id": "s_2", "skipped_at": BEFORE}),
        ):
            await connection.execute(insert(table).values(conversation_id=id, **values))
    judged = await Judging(held.transcripts).judge(
        id, "s_1", Opinion("fix", note=word, turns=(TurnJudgement(second, "unclear", word),)), BEFORE
    )
    assert judged
    group, correction = f"g_{word[::-1]}", f"x_{word[::-1]}"  # not theirs: no id of the conversation in it
    rows: tuple[tuple[Table, dict[str, Any]], ...] = (
        (groups, {"id": group, "made_at": BEFORE, "size": 1, "similarity": 0.5}),
        (grouped, {"message_id": first, "conversation_id": id, "group_id": group, "place": 0}),
        (
            corrections,
            {"id": correction, "parameter": "ead.wait", "old_values": [], "new_value": {}, "text_en": "New.",
             "text_es": "Nuevo.", "made_by": "s_1", "made_at": BEFORE},
        ),
        (
            correction_people,
            {"correction_id": correction, "conversation_id": id, "state": "ready", "value": word, "told_at": BEFORE},
        ),
        (
            proposals,
            {"id": f"q_{id}", "kind": "example", "conversation_id": id, "message_id": second, "language": "es",
             "text": word, "topic": word, "state": "open", "made_by": "s_1", "made_at": BEFORE},
        ),
    )  # fmt: skip
    async with held.database.begin() as connection:
        for table, values in rows:
            await connection.execute(insert(table).values(**values))


async def _plant_requests(held: Stores, id: str, word: str) -> tuple[Saved, Saved]:
    """One that the firm has and has confirmed, and a later one that has not left."""
    await held.vault.put(id, {"[NAME_1]": word}, BEFORE + timedelta(hours=2))
    facts, contact = {"facts": {"filed": word}}, {"name_as_given": word, "preferred_channel": "phone"}
    day_before = BEFORE - timedelta(days=1)
    sent = await held.bookings.request(id, f"e_{id}_1", facts, contact, "routine", "es", day_before)
    async with held.database.begin() as connection:
        await connection.execute(
            update(booking_outbox)
            .where(booking_outbox.c.booking_id == sent.request_id)
            .values(state="delivered", attempts=1, delivered_at=day_before)
        )
    told = await held.bookings.apply(
        Callback(
            f"msg_{id}",
            "consultation.confirmed",
            BEFORE,
            sent.request_id,
            start=BEFORE + timedelta(days=2),
            end=BEFORE + timedelta(days=2, hours=1),
            join_url=f"https://meet.example/{word}",
        ),
        BEFORE,
    )
    assert told == "applied"
    waiting = await held.bookings.request(id, f"e_{id}_2", facts, contact, "routine", "es", BEFORE)
    return sent, waiting


async def _plant_whatsapp(held: Stores, id: str, word: str, number: int) -> str:
    """Somebody who carries the conversation on, with a message each way and a reminder; another has left it."""
    store = held.whatsapp

    async def take(message: str, who: int, text: str) -> str:
        event = said(message, text, who)
        await store.take("cloud", [event], BEFORE)
        work = await store.claim("w", BEFORE + timedelta(seconds=9), timedelta(seconds=30))
        assert work is not None
        replies = [Out(f"{work.messages[0].id}:1", reply(text), work.messages[0].id)]
        after = After(id if who == number else None, "es", f'"{text}"', BEFORE + timedelta(hours=2))
        answered = [work.messages[0].id]
        await store.finish(work, answered, replies, BEFORE + timedelta(seconds=9), after=after)
        return work.person.id

    person = await take(f"wamid.{id}.1", number, word)
    other = await take(f"wamid.{id}.2", number + 1, "hola")
    # One more, which waits.
    await store.take("cloud", [said(f"wamid.{id}.3", word, number)], BEFORE + timedelta(seconds=20))
    reminder = await store.add_reminder(
        person, "one_year_filing", {"inputs": {"last_arrival": word}}, DUE, DUE - timedelta(days=60), "es", "v1",
        BEFORE, BEFORE,
    )  # fmt: skip
    assert reminder is not None
    await store.offer(f"CODE{number}", id, f'"{word}"', BEFORE + timedelta(minutes=15), BEFORE)
    async with held.database.begin() as connection:
        for left, who in ((id, other), (f"{id}_before", person)):
            await connection.execute(
                insert(earlier).values(conversation_id=left, person_id=who, look_at=BEFORE)
            )
    return person


def tables_of_conversations() -> list[Table]:
    """Every table whose rows name a conversation."""
    import_tables()
    return [table for table in metadata.sorted_tables if "conversation_id" in table.columns]


async def tables_naming(held: Stores, id: str) -> set[str]:
    """The tables with a row of that conversation."""
    async with held.database.connect() as connection:
        return {
            table.name
            for table in tables_of_conversations()
            if await connection.scalar(select(table.c.conversation_id).where(table.c.conversation_id == id).limit(1))
        }  # fmt: skip


async def places_with(held: Stores, values: Collection[str], keys: Keys) -> set[str]:
    """Every column of every table, also of the index's own, in which one of the values stands, sealed or not."""
    shared = held.database.dialect.name == "postgresql"
    found = set[str]()
    async with held.database.connect() as connection:
        if shared:
            names = (
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            )
            stands = "CAST({column} AS text) ILIKE '%{value}%' OR CAST({column} AS text) ILIKE '%{hex}%'"
        else:
            names = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
            stands = "instr(lower(CAST({column} AS blob)), '{value}') OR instr(lower(hex({column})), '{hex}')"
        for table, column in [tuple(row) for row in await connection.execute(text(names))]:
            said = " OR ".join(
                stands.format(column=f'"{column}"', value=value, hex=value.encode().hex()) for value in values
            )
            if await connection.scalar(text(f'SELECT 1 FROM "{table}" WHERE {said} LIMIT 1')):
                found.add(f"{table}.{column}")
        for sealed in sealed_columns():
            rows = select(*sealed.key, sealed.column).where(sealed.column.is_not(None))
            for row in [row._asdict() for row in await connection.execute(rows)]:
                opened = keys.open(row[sealed.column.name], sealed.place(row))
                if any(value in opened for value in values):
                    found.add(sealed.name)
    return found
