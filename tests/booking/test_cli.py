"""``faro booking``: what it shows, what it changes, and the receiver that comes with it."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from rich.console import Console
from typer.testing import CliRunner

from bot.booking.example import receiver
from bot.booking.ports import REQUESTED
from bot.booking.signature import signed
from bot.booking.store import BookingStore
from bot.booking.webhook import WebhookDestination
from bot.cli import booking as room
from bot.cli import main as cli
from bot.core.errors import BotError
from bot.settings import normalise_database_url
from bot.transcripts.sealing import Keys
from tests.booking.conftest import CONTACT, KEY, NOON, OTHER_SECRET, PHONE, SECRET, asks
from tests.booking.test_webhook import BODY

runner = CliRunner()


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database that the command finds, with a system to send to."""
    url = f"sqlite:///{tmp_path / 'faro.db'}"
    for name, value in {
        "FARO_VAR": str(tmp_path),
        "FARO_DATABASE_URL": url,
        "FARO_DATA_KEY": KEY,
        "FARO_BOOKING_URL": "https://firm.example/hook",
        "FARO_BOOKING_SECRET": SECRET,
    }.items():
        monkeypatch.setenv(name, value)
    # The width of the terminal was read when the room was imported.
    monkeypatch.setattr(room.console, "_width", 160)
    return normalise_database_url(url)


def filled(url: str) -> str:
    """One dead and one queued request; the reference of the dead one."""

    async def fill() -> str:
        store = BookingStore(url, Keys([KEY]), site="Example Firm")
        await store.start()
        saved = await asks(store, level="urgent")
        (item,) = await store.lease("w_1", NOON, 1)
        await store.refused(item, "http_403")
        await asks(store, "c_2", "e_2")
        await store.close()
        return str(saved.reference)

    return asyncio.run(fill())


def faro(*arguments: str) -> str:
    result = runner.invoke(cli.app, ["booking", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_status_tells_what_stands_where_and_nobody_s_name(database: str) -> None:
    reference = filled(database)
    told = faro("status")
    for part in (
        "your system",
        "1 dead, 1 queued",
        reference,
        "urgent",
        "http_403",
        "faro booking resend",
        "2026-11-21 12:00",
    ):
        assert part in told
    assert "Apellido" not in told
    assert PHONE not in told


def test_status_of_nothing(database: str) -> None:
    assert "none yet" in faro("status")


def test_status_for_programs(database: str) -> None:
    reference = filled(database)
    data = json.loads(faro("status", "--json"))
    assert data["destination"] == "webhook"
    assert data["states"] == {"dead": 1, "queued": 1}
    (dead,) = (event for event in data["open"] if event["state"] == "dead")
    assert (dead["reference"], dead["created_at"]) == (reference, "2026-11-21T12:00:00+00:00")


def test_show_tells_who_waits_for_a_call(database: str) -> None:
    told = faro("show", filled(database).lower())
    assert "Apellido" in told
    assert PHONE in told


def test_erase_leaves_nothing_but_the_line_of_what_may_have_been_sent(database: str) -> None:
    reference = filled(database)
    assert "erase it there too" in faro("erase", reference, "--yes")
    assert "Erased" in faro("show", reference)
    again = runner.invoke(cli.app, ["booking", "erase", reference, "--yes"])
    assert "was erased before" in str(again.exception)


@pytest.mark.parametrize("command", ["show", "erase"])
def test_a_reference_that_nobody_has_is_named(database: str, command: str) -> None:
    arguments = [command, "FHKLMQ", *(["--yes"] if command == "erase" else [])]
    result = runner.invoke(cli.app, ["booking", *arguments])
    assert "no request 'FHKLMQ'" in str(result.exception)


def test_erase_asks_first(database: str) -> None:
    reference = filled(database)
    assert runner.invoke(cli.app, ["booking", "erase", reference], input="n\n").exit_code == 1
    assert "Apellido" in faro("show", reference)


def test_resend_queues_what_is_dead(database: str) -> None:
    reference = filled(database)
    assert "1 to send" in faro("resend", reference.lower())
    assert json.loads(faro("status", "--json"))["states"] == {"queued": 2}


@pytest.mark.parametrize(
    ("id", "without", "told"),
    [
        ("FHKLMQ", None, "no such request"),
        ("FHKLMQ", "FARO_BOOKING_URL", "FARO_BOOKING_URL or FARO_CALCOM_KEY"),
    ],
)
def test_resend_says_why_it_cannot(
    database: str, monkeypatch: pytest.MonkeyPatch, id: str, without: str | None, told: str
) -> None:
    if without:
        monkeypatch.delenv(without)
    result = runner.invoke(cli.app, ["booking", "resend", id])
    assert isinstance(result.exception, BotError)
    assert told in str(result.exception)


def test_a_secret_for_the_example_is_checked() -> None:
    assert room._secrets(SECRET) == (SECRET,)
    with pytest.raises(BotError, match="signing secret"):
        room._secrets("secret")
    assert room._secrets(room.EXAMPLE_SECRET) == (room.EXAMPLE_SECRET,)


async def test_the_example_takes_what_the_client_sends_once_and_refuses_the_rest() -> None:
    shown: list[tuple[str, bool]] = []
    app = receiver([SECRET], lambda event, again: shown.append((event["type"], again)), lambda: NOON)
    async with TestServer(app) as server:

        async def send(secret: str, body: dict[str, Any]) -> tuple[str, str]:
            client = WebhookDestination(str(server.make_url("/")), [secret], https_only=False)
            outcome = await client.send("msg_1", REQUESTED, body, NOON)
            await client.close()
            return outcome.kind, outcome.code

        assert await send(SECRET, BODY) == ("delivered", "")
        assert await send(SECRET, BODY) == ("delivered", "")
        assert await send(OTHER_SECRET, BODY) == ("dead", "http_401")
        assert await send(SECRET, {**BODY, "story": "x"}) == ("dead", "http_422")
    assert shown == [(REQUESTED, False), (REQUESTED, True)]
    assert signed([SECRET], "msg_1", NOON, "{}")["webhook-id"] == "msg_1"


def test_what_came_is_shown_once() -> None:
    out = io.StringIO()
    room.show(BODY, False, Console(file=out, width=120))
    first = out.getvalue()
    for part in (
        "consultation.requested",
        "FHKLMQ",
        CONTACT["name_as_given"],
        PHONE,
        "urgent",
        "one_year_near",
    ):
        assert part in first
    room.show(BODY, True, Console(file=out, width=120))
    again = out.getvalue().removeprefix(first)
    assert "came before" in again
    assert PHONE not in again
