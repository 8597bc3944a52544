"""With a hundred thousand rows no statement of the store reads a whole table, on either database."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from bot.gateway.whatsapp.model import Renamed
from bot.gateway.whatsapp.records import After, Out
from bot.gateway.whatsapp.store import WhatsAppStore
from tests.whatsapp.storing import HOLD, NOON, at, claim, heard, ids, next_out, reply, said, sender, take
from tests.whatsapp.test_store_people import DAY, DUE

ROWS, PEOPLE = 100_000, 20_000
PAST = (NOON - timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S.%f")

#: People of whom one in a hundred has something that waits, with five messages each way.
FILL = {
    "wa_people": """
        INSERT INTO wa_people (id, provider, address, conversation_id, language, state_until, last_inbound_at,
                               due_at, out_due_at, last_in, last_out, created_at, updated_at)
        SELECT 'p_' || n, 'cloud', CAST('x' AS {blob}), 'c_' || n, 'es', {later}, {past},
               CASE WHEN n % 100 = 0 THEN {later} END, CASE WHEN n % 100 = 0 THEN {later} END, 5, 5, {past}, {past}
        FROM numbers WHERE n < {people}""",
    "wa_aliases": """
        INSERT INTO wa_aliases (name, person_id) SELECT 'a_' || n, 'p_' || n FROM numbers WHERE n < {people}""",
    "wa_earlier": """
        INSERT INTO wa_earlier (conversation_id, person_id, look_at)
        SELECT 'l_' || n, 'p_' || n, {later} FROM numbers WHERE n < {people}""",
    "wa_inbox": """
        INSERT INTO wa_inbox (id, person_id, seq, kind, urgent, sent_at, received_at, state, attempts)
        SELECT 'i_' || n, 'p_' || (n % {people}), n, 'text', {false}, {past}, {past},
               CASE WHEN n % 500 = 0 THEN 'waiting' WHEN n % 500 = 1 THEN 'aside' ELSE 'answered' END, 0
        FROM numbers""",
    "wa_outbox": """
        INSERT INTO wa_outbox (id, person_id, seq, effect_key, news, state, attempts, unsure, next_at, provider_name,
                               created_at, alarmed_at)
        SELECT 'o_' || n, 'p_' || (n % {people}), n, 'e_' || n, {false},
               CASE WHEN n % 500 = 0 THEN 'queued' WHEN n % 500 = 1 THEN 'failed' ELSE 'sent' END, 0, 0, {later},
               'n_' || n, {past}, {past}
        FROM numbers""",
    "wa_handovers": """
        INSERT INTO wa_handovers (name, conversation_id, state, expires_at)
        SELECT 'h_' || n, 'w_' || n, CAST('x' AS {blob}), {later} FROM numbers WHERE n < {people}""",
    "wa_reminders": """
        INSERT INTO wa_reminders (id, person_id, calculation, due_on, next_on, language, consent_version, consent_at,
                                  created_at)
        SELECT 'r_' || n, 'p_' || n, 'one_year', {day}, CASE WHEN n % 20 = 0 THEN {day} END, 'es', 'v1', {past}, {past}
        FROM numbers WHERE n < {people}""",
}


async def fill(store: WhatsAppStore) -> None:
    shared = store.database.dialect.name == "postgresql"
    words = {
        "blob": "bytea" if shared else "blob",
        "false": "false" if shared else "0",
        "past": f"TIMESTAMPTZ '{PAST}+00'" if shared else f"'{PAST}'",
        "later": "TIMESTAMPTZ '2099-01-01 00:00:00+00'" if shared else "'2099-01-01 00:00:00.000000'",
        "day": "DATE '2099-01-01'" if shared else "'2099-01-01'",
        "people": PEOPLE,
    }
    numbers = (
        f"WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {ROWS - 1})"
    )
    async with store.database.begin() as connection:
        for statement in FILL.values():
            insert, _, rest = statement.format(**words).partition("SELECT")
            await connection.execute(text(f"{insert} {numbers} SELECT {rest}".replace(":", r"\:")))
    async with store.database.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))


@pytest.fixture
async def full(store: WhatsAppStore) -> AsyncIterator[WhatsAppStore]:
    await fill(store)
    yield store


async def everything(store: WhatsAppStore) -> None:
    """Each method, with something for it to do."""
    await take(store, said("m1", "a", sender(1, "bsuid:1")), heard("x", "read", row="o_7"))
    await take(store, said("m2", kind="edited", refers_to="m1"), said("m3", kind="deleted", refers_to="m0"))
    await take(store, said("m4", who=2), Renamed("r1", ("phone:12025550002",), sender(1), at(1)))
    await store.next_due()
    work = await claim(store, 3)
    await store.renew(work, at(3), HOLD)
    await store.joined(work, ids(work), at(3))
    await store.set_aside(work, ids(work)[:1], "x", at(3))
    after = After("c_new", "es", "state", at(99))
    await store.finish(
        work, ids(work)[1:], [Out("f1", reply("a")), Out("f2", reply("b"))], at(3), after=after
    )
    await store.release(work, at(3))
    await store.next_out_due()
    await store.unsure(await next_out(store, 3), at(3), "x")
    row = await next_out(store, 9)
    await store.sent(row, "p1", at(9))
    await store.blocked(await next_out(store, 9), "x", at(9), reply("t"))
    person = row.person_id
    await store.queue(person, "news", [reply("a")], at(9))
    await store.resume(ids(work)[0], at(9))
    await store.postpone(await claim(store, 10), at(11), "x", at(10))
    await store.troubles(at(10))
    await store.aside()
    await store.overview()
    await store.of_conversation("c_new", at(10))
    await store.fates(person)
    await store.add_reminder(person, "one_year", {}, DUE, DUE, "es", "v1", NOON, NOON)
    (reminder,) = await store.take_reminders(DUE, at(10), HOLD)
    await store.reminded(reminder, DUE + timedelta(days=1), at(10))
    await store.move_reminder(reminder.id, DUE, DUE, {}, at(10))
    await store.open_reminders(limit=50)
    await store.stop(person, at(11))
    await store.offer("code", "c_web", "state", at(600), at(11))
    await store.redeem("code", "m", at(11))
    await store.who_left("l_3", at(11))
    await store.earlier_of("c_new")
    await store.expire_people(NOON - timedelta(days=300))
    await store.erase("c_new", at(12))
    await store.sweep(at(12 + DAY))


async def test_every_statement_has_an_index(full: WhatsAppStore) -> None:
    ran: dict[str, Any] = {}

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if "wa_" in statement and not statement.lstrip().startswith("INSERT"):
            ran.setdefault(statement, parameters)

    engine = full.database.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    await everything(full)
    event.remove(engine, "before_cursor_execute", note)
    assert len(ran) > 60
    explain = "EXPLAIN" if full.database.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    bad = []
    async with full.database.connect() as connection:
        for statement, parameters in ran.items():
            lines = await connection.exec_driver_sql(f"{explain} {statement}", parameters)
            plan = "\n".join(str(line[-1]) for line in lines)
            if re.search(r"Seq Scan on wa_|SCAN wa_(?!.*INDEX)", plan):
                bad.append(f"{statement}\n{plan}")
    assert not bad, "\n\n".join(bad)
