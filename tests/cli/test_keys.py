"""``faro keys``: after it the older key can be taken out, and nothing that was sealed is lost."""

from __future__ import annotations

import asyncio
import importlib
import json
import pkgutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import LargeBinary, select, update
from typer.testing import CliRunner

import bot
from bot.cli.keys import app, import_tables
from bot.console import totp
from bot.console.access import Staff
from bot.console.accounts import Accounts
from bot.console.audit import Audit, AuditKeys
from bot.console.doors import Doors
from bot.console.passwords import Passwords
from bot.console.sessions import Sessions
from bot.console.tables import accounts
from bot.core.errors import BotError
from bot.gateway.whatsapp.records import Named
from bot.gateway.whatsapp.tables import people, reminders
from bot.settings import normalise_database_url
from bot.transcripts.judging import Judging
from bot.transcripts.review import Review
from bot.transcripts.rotation import Rotated, count, rotate, sealed_columns
from bot.transcripts.sealing import Keys
from bot.transcripts.tables import conversations, messages, metadata
from tests.databases import made
from tests.planted import BEFORE, DUE, Planted, Stores, places_with, plant, stores
from tests.whatsapp.storing import said

OLD, NEW, LOST = "0a" * 32, "0b" * 32, "0c" * 32
WORD = "quetzalcoatlus"
PASSWORD = "four plain words here"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield normalise_database_url(f"sqlite:///{tmp_path / 'faro.db'}")
        return
    with made(request.getfixturevalue("postgres_url")) as address:
        yield normalise_database_url(address)


class _Now:
    """A clock that is a little ahead each time: a code of the app works once."""

    def __init__(self) -> None:
        self.steps = 0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=30 * self.steps)


class _Office:
    """The accounts of staff, and the door."""

    def __init__(self, held: Stores, *keys: str) -> None:
        self.clock = _Now()
        passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        audit = Audit(held.database, AuditKeys(["k" * 40]), self.clock)
        sessions = Sessions(held.database, b"k" * 32)
        self.accounts = Accounts(held.database, passwords, audit, self.clock)
        self.doors = Doors(held.database, Keys(keys), passwords, sessions, audit, self.clock)

    async def hire(self) -> str:
        """Somebody with an app, who is setting up another one; the secret of the first."""
        given = await self.accounts.add("m.perez", "M. Pérez", "attorney")
        signed = await self.doors.sign_in("m.perez", given, "", "")
        staff = Staff(signed.staff_id or "", "m.perez", "M. Pérez", "attorney", "es")
        secret = await self.doors.pending(staff)
        assert secret is not None
        assert (await self.doors.set_up(staff, PASSWORD, PASSWORD, self.code(secret))).problem == ""
        assert (await self.doors.begin_totp(staff, PASSWORD)).problem == ""
        return secret

    def code(self, secret: str) -> str:
        return totp.code_at(secret, totp.step_at(self.clock.now()))

    async def comes_in(self, secret: str) -> bool:
        self.clock.steps += 1
        return (await self.doors.sign_in("m.perez", PASSWORD, self.code(secret), "")).stage == "full"


async def fill(held: Stores, *keys: str) -> tuple[Planted, str]:
    """A conversation on hold in every table, and an account; the key of its app."""
    planted = await plant(held, "c_1", WORD)
    assert await Review(held.transcripts).hold("c_1", "s_1", WORD, BEFORE)
    return planted, await _Office(held, *keys).hire()


async def check_all_opens(held: Stores, planted: Planted, secret: str, *keys: str) -> None:
    """That the program itself reads whatever was sealed."""
    whole = await Review(held.transcripts).whole("c_1")
    assert whole is not None
    assert (whole.hold_reason, whole.facts) == (WORD, {"nationality": WORD})
    assert whole.messages[0].entities == ({"value": WORD},)
    assert await Review(held.transcripts).raw("m_c_1_1") == WORD
    assert [one.note for one in await Judging(held.transcripts).of("c_1")] == [WORD]
    assert await held.vault.get("c_1") == {"[NAME_1]": WORD}
    for saved in (planted.sent, planted.waiting):
        contents = await held.bookings.contents(saved.request_id)
        assert contents is not None
        assert contents["contact"]["name_as_given"] == WORD
    sent = await held.bookings.by_id(planted.sent.request_id)
    assert sent is not None
    assert sent.join_url == f"https://meet.example/{WORD}"
    person = await held.whatsapp.person(planted.person, BEFORE)
    assert person is not None
    assert (person.address, person.state) == ("12025550001", f'"{WORD}"')
    (reminder,) = await held.whatsapp.open_reminders()
    assert reminder.body == {"inputs": {"last_arrival": WORD}}
    handed = await held.whatsapp.redeem("CODE1", "by", BEFORE)
    assert not isinstance(handed, str)
    assert handed.state == f'"{WORD}"'
    assert await _Office(held, *keys).comes_in(secret)


def by_name(done: tuple[Rotated, ...]) -> dict[str, Rotated]:
    return {one.name: one for one in done}


def test_the_command_knows_every_column_of_bytes_that_the_program_has() -> None:
    """A sealed column of a table that the command does not import would be forgotten."""
    for module in pkgutil.walk_packages(bot.__path__, "bot."):
        if module.name.rpartition(".")[2].endswith("tables"):
            importlib.import_module(module.name)
    everywhere = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    alone = subprocess.run(
        [
            sys.executable,
            "-c",
            "from bot.cli.keys import import_tables; import_tables()\n"
            "from bot.transcripts.rotation import sealed_columns\n"
            "print(*(one.name for one in sealed_columns()))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(alone.stdout.split()) == everywhere


async def test_everything_sealed_opens_without_the_older_key_afterwards(url: str) -> None:
    import_tables()
    async with stores(url, OLD) as held:
        planted, secret = await fill(held, OLD)
        counts = {one.name: one.first for one in await count(held.database, Keys([OLD]))}
        assert [name for name, many in counts.items() if not many] == [], "plant something sealed there"
    async with stores(url, NEW, OLD) as held:
        done = await rotate(held.database, Keys([NEW, OLD]), batch=2)
        assert {one.name: one.changed for one in done} == counts
        assert {(one.older, one.closed) for one in done} == {(0, 0)}
        # And once more changes nothing.
        assert {one.changed for one in await rotate(held.database, Keys([NEW, OLD]))} == {0}
    async with stores(url, NEW) as held:
        await check_all_opens(held, planted, secret, NEW)
        # Every ciphertext opens in its place, also those that the lines above did not read.
        assert {sealed.name for sealed in sealed_columns()} - await places_with(
            held, [WORD], Keys([NEW])
        ) == {
            "staff.totp",
            "staff.totp_pending",
            "wa_people.address",
        }


async def test_stopped_in_the_middle_it_goes_on_with_the_next_run(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_tables()
    async with stores(url, OLD) as held:
        planted, secret = await fill(held, OLD)
    both, seal, left = Keys([NEW, OLD]), Keys.seal, [9]

    def tires(keys: Keys, text: str, place: str) -> bytes:
        left[0] -= 1
        if left[0] < 0:
            raise asyncio.CancelledError
        return seal(keys, text, place)

    async with stores(url, NEW, OLD) as held:
        monkeypatch.setattr(Keys, "seal", tires)
        with pytest.raises(asyncio.CancelledError):
            await rotate(held.database, both, batch=2)
        monkeypatch.undo()
        middle = await count(held.database, both)
        assert sum(one.first for one in middle) > 0
        assert sum(one.older for one in middle) > 0
        assert sum(one.closed for one in middle) == 0
        done = await rotate(held.database, both)
        assert sum(one.changed for one in done) == sum(one.older for one in middle)
    async with stores(url, NEW) as held:
        await check_all_opens(held, planted, secret, NEW)


async def test_what_a_gateway_writes_meanwhile_stays(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between reading a value and writing it, a gateway changes it; with the old key, as before its restart."""
    import_tables()
    async with stores(url, OLD) as held:
        await fill(held, OLD)
    both, seal = Keys([NEW, OLD]), Keys.seal
    async with stores(url, NEW, OLD) as held:
        changed = seal(Keys([OLD]), '{"nationality":"changed"}', "conversations.facts:c_1")
        where = update(conversations).where(conversations.c.id == "c_1").values(facts=changed)
        if held.database.dialect.name == "postgresql":
            # The row is in the gateway's hands when the command comes by: it goes on, and comes again.
            async with held.database.connect() as gateway:
                await gateway.execute(where)
                running = asyncio.create_task(rotate(held.database, both))
                await asyncio.sleep(0.5)
                await gateway.commit()
            done = by_name(await running)
        else:

            def sealed(keys: Keys, text: str, place: str) -> bytes:
                if place == "conversations.facts:c_1" and "changed" not in text:
                    # Another process: not through the connection that is in use.
                    with closing(sqlite3.connect(held.database.url.database)) as gateway, gateway:
                        gateway.execute("UPDATE conversations SET facts = ?", (changed,))
                return seal(keys, text, place)

            monkeypatch.setattr(Keys, "seal", sealed)
            done = by_name(await rotate(held.database, both, batch=1))
        assert done["conversations.facts"].changed == 1
        assert done["conversations.facts"].older == 0
        whole = await Review(held.transcripts).whole("c_1")
        assert whole is not None
        assert whole.facts == {"nationality": "changed"}


async def test_gateways_that_write_all_the_while_lose_nothing(url: str) -> None:
    import_tables()
    both = Keys([NEW, OLD])
    async with stores(url, OLD) as held:
        await fill(held, OLD)
    async with stores(url, NEW, OLD) as gateway, stores(url, NEW, OLD) as held:
        over = asyncio.Event()

        async def talk() -> str:
            number = 0
            while not over.is_set() or number < 5:
                number += 1
                await gateway.vault.put("c_1", {"[NAME_1]": f"value {number}"}, BEFORE + timedelta(hours=2))
            return f"value {number}"

        talking = asyncio.create_task(talk())
        done = [await rotate(held.database, both, batch=1) for _ in range(2)][-1]
        over.set()
        last = await talking
        assert await held.vault.get("c_1") == {"[NAME_1]": last}
        assert {one.older for one in done} == {0}


async def test_what_no_key_opens_is_told_and_left_as_it_is(url: str) -> None:
    import_tables()
    async with stores(url, LOST) as held:
        await fill(held, LOST)
    async with stores(url, OLD) as held, held.database.begin() as connection:
        # A ciphertext of the key that is there, moved from another row.
        moved = Keys([OLD]).seal("12025550001", "wa_people.address:somebody else")
        await connection.execute(update(people).values(address=moved))
    async with stores(url, NEW, OLD) as held:
        before = await held_now(held)
        for _ in range(2):
            done = by_name(await rotate(held.database, Keys([NEW, OLD])))
            assert (done["wa_people.address"].changed, done["wa_people.address"].closed) == (0, 2)
            assert (done["messages.entities"].older, done["messages.entities"].closed) == (0, 1)
        assert await held_now(held) == before


async def held_now(held: Stores) -> list[object]:
    async with held.database.connect() as connection:
        return [
            (await connection.execute(select(column).order_by(column))).all()
            for column in (people.c.address, messages.c.entities)
        ]


# The command.

runner = CliRunner()


def faro(*arguments: str) -> tuple[int, str]:
    result = runner.invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout


def test_the_command_rotates_tells_what_it_did_and_when_the_older_key_may_go(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"FARO_VAR": str(tmp_path), "FARO_DATABASE_URL": url, "COLUMNS": "160"}.items():
        monkeypatch.setenv(name, value)

    async def filled() -> None:
        async with stores(url, OLD) as held:
            await fill(held, OLD)

    asyncio.run(filled())
    monkeypatch.setenv("FARO_DATA_KEY", OLD)
    assert faro("status")[0] == 0
    monkeypatch.setenv("FARO_DATA_KEY", f"{NEW},{OLD}")
    code, told = faro("status")
    assert code == 1
    assert "still need an older key" in told
    # Too early: the older key is needed.
    monkeypatch.setenv("FARO_DATA_KEY", NEW)
    for command in ("status", "rotate"):
        code, told = faro(command)
        assert (code, "cannot be opened" in told) == (1, True)
    monkeypatch.setenv("FARO_DATA_KEY", f"{NEW},{OLD}")
    code, told = faro("rotate", "--json")
    assert code == 0
    assert {"name": "wa_reminders.body", "changed": 1, "older": 0, "closed": 0} in json.loads(told)
    monkeypatch.setenv("FARO_DATA_KEY", NEW)
    code, told = faro("status")
    assert code == 0
    assert "Older ones can be taken out." in told
    assert WORD not in told


def test_the_command_says_when_there_is_no_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FARO_VAR", str(tmp_path))
    monkeypatch.setenv("FARO_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    result = runner.invoke(app, ["rotate"])
    assert isinstance(result.exception, BotError)
    assert "run it again" in str(result.exception)


async def test_names_of_whatsapp_people_do_not_depend_on_the_key(url: str) -> None:
    """Who wrote before the key was changed is known after it, and has one reminder."""
    async with stores(url, OLD) as held:
        planted = await plant(held, "c_1", WORD)
    async with stores(url, NEW) as held:
        await held.whatsapp.take("cloud", [said("wamid.new", "hola", 1)], BEFORE + timedelta(minutes=5))
        async with held.database.connect() as connection:
            assert len((await connection.execute(select(people.c.id))).all()) == 2
            assert (await connection.execute(select(reminders.c.person_id, reminders.c.due_on))).all() == [
                (planted.person, DUE)
            ]
            assert (await connection.execute(select(accounts.c.id))).all() == []


async def test_after_a_new_secret_people_are_known_again_once_they_have_their_new_names(url: str) -> None:
    async with stores(url, NEW, secret="s" * 40) as held:
        planted = await plant(held, "c_1", WORD)
    async with stores(url, NEW, secret="t" * 40) as held:
        store = held.whatsapp
        assert await store.name_again(batch=1) == Named(made=2, had=0, taken=0, closed=0)
        assert await store.name_again() == Named(made=0, had=2, taken=0, closed=0)
        # STOP of the same number reaches what was held before the secret changed.
        await store.take("cloud", [said("wamid.stop", "STOP", 1)], BEFORE + timedelta(minutes=5))
        async with held.database.connect() as connection:
            assert len((await connection.execute(select(people.c.id))).all()) == 2
        assert await store.stop(planted.person, BEFORE + timedelta(minutes=5))
        assert await store.open_reminders() == ()
    async with stores(url, NEW, secret="u" * 40) as held:
        # Who has written before they had their name is another person by now, and that is told.
        await held.whatsapp.take("cloud", [said("wamid.late", "hola", 1)], BEFORE + timedelta(minutes=6))
        assert await held.whatsapp.name_again() == Named(made=1, had=1, taken=1, closed=0)
    async with stores(url, LOST, secret="v" * 40) as held:
        assert await held.whatsapp.name_again() == Named(made=0, had=0, taken=0, closed=3)


def test_the_command_names_people_under_a_new_secret(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def filled() -> None:
        async with stores(url, NEW) as held:
            await plant(held, "c_1", WORD)

    asyncio.run(filled())
    new = {
        "FARO_VAR": str(tmp_path),
        "FARO_DATABASE_URL": url,
        "FARO_DATA_KEY": NEW,
        "FARO_SECRET_KEY": "t" * 40,
    }
    for name, value in new.items():
        monkeypatch.setenv(name, value)
    assert faro("names") == (0, "2 people got their name under this FARO_SECRET_KEY, 0 had it.\n")
    assert json.loads(faro("names", "--json")[1]) == {"made": 0, "had": 2, "taken": 0, "closed": 0}
    monkeypatch.setenv("FARO_DATA_KEY", OLD)
    code, told = faro("names")
    assert (code, "2 addresses cannot be opened" in told) == (1, True)
