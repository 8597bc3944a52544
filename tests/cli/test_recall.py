"""``faro recall``: who was told the old value, and whether they can be reached."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import recall
from bot.cli.main import app
from bot.cli.recall import as_dict, find
from bot.core.errors import BotError
from bot.settings import Settings, load_settings, with_demo_secrets
from bot.transcripts.review import Review
from bot.transcripts.store import TranscriptStore
from tests.databases import made
from tests.transcripts.saying import NOON
from tests.transcripts.test_recall import FEE, tell

runner = CliRunner()


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path):
    environ = {"FARO_VAR": str(tmp_path), "FARO_TODAY": "2026-11-22"}
    if request.param == "sqlite":
        yield with_demo_secrets(load_settings(environ))
        return
    with made(request.getfixturevalue("postgres_url")) as address:
        yield with_demo_secrets(load_settings({**environ, "FARO_DATABASE_URL": address}))


async def plant(settings: Settings) -> None:
    """Six people: before the day, on its first moment, after; one on WhatsApp, one who heard the new value."""
    store = TranscriptStore(settings.database_url)
    await store.start()
    # The firm is in New York: its 21 November begins at five o'clock UTC.
    first = (datetime(2026, 11, 21, 5, tzinfo=UTC) - NOON) / timedelta(minutes=1)
    await tell(store, ("c_before", first - 1, "$100"), ("c_first", first, "$100"), ("c_other", 3, "$95"))
    await tell(store, ("c_new", 1, "$102"), ("c_heard", 1, "$100"), ("c_heard", 2, "$102"))
    await tell(store, ("c_phone", 5, "$100"), channel="whatsapp", language="en")
    await Review(store).claim("c_phone", "s_1", NOON)
    await store.close()


async def test_exactly_those_are_listed_with_what_staff_need(settings: Settings) -> None:
    await plant(settings)
    told = as_dict(await find(settings, FEE, date(2026, 11, 21)))
    assert (told["parameter"], told["value"]["es"], told["in_force_since"]) == (FEE, "$102", "2026-01-01")
    assert [row["conversation"] for row in told["told_another_value"]] == ["c_phone", "c_other", "c_first"]
    phone, other, _ = told["told_another_value"]
    assert phone == {
        "conversation": "c_phone",
        "message": "m_c_phone_0000",
        "channel": "whatsapp",
        "language": "en",
        "told_at": "2026-11-21T07:05:00-05:00",
        "told": "$100",
        "now": "$102",
        "heard_at": None,
        "reach": "closed",
        "reach_until": None,
        "booking": None,
        "claimed": True,
    }
    assert (other["told"], other["reach"], other["claimed"]) == ("$95", "left", False)
    (heard,) = told["has_heard_the_new_value"]
    assert (heard["conversation"], heard["heard_at"]) == ("c_heard", "2026-11-21T07:02:00-05:00")
    narrowed = await find(settings, FEE, date(2026, 11, 21), "95")
    assert [line.affected.conversation_id for line in narrowed.affected] == ["c_other"]
    assert (await find(settings, FEE, date(2026, 11, 22))).affected == ()


def faro(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *arguments: str):
    for name, value in {"FARO_VAR": str(tmp_path), "FARO_TODAY": "2026-11-22"}.items():
        monkeypatch.setenv(name, value)
    # It took its width from the terminal when it was made, which another test may have set.
    monkeypatch.setattr(recall.console, "_width", 200)
    return runner.invoke(app, ["recall", *arguments])


def test_it_prints_tables_and_json(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = with_demo_secrets(load_settings({"FARO_VAR": str(tmp_path)}))
    asyncio.run(plant(settings))
    told = faro(monkeypatch, tmp_path, "--parameter", FEE, "--since", "2026-11-21")
    assert told.exit_code == 0, told.output
    assert "Annual asylum fee" in told.output
    assert "Told another value since 2026-11-21: 3" in told.output
    assert "Has heard the new value since: 1" in told.output
    assert "no: WhatsApp is closed" in told.output
    as_json = faro(monkeypatch, tmp_path, "--parameter", FEE, "--since", "2026-11-20", "--json")
    assert len(json.loads(as_json.stdout)["told_another_value"]) == 4


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--parameter", "fee.anual", "--since", "2026-11-21"), "fee.annual"),
        (("--parameter", "../../x", "--since", "2026-11-21"), "no law parameter"),
        (("--parameter", FEE, "--since", "yesterday"), "YYYY-MM-DD"),
    ],
)
def test_what_cannot_be_asked_is_told_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    result = faro(monkeypatch, tmp_path, *arguments)
    assert isinstance(result.exception, BotError)
    assert told in str(result.exception)


def test_a_database_that_is_away_is_told_as_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FARO_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:9/none")
    result = faro(monkeypatch, tmp_path, "--parameter", FEE, "--since", "2026-11-21")
    assert isinstance(result.exception, BotError)
    assert "FARO_DATABASE_URL" in str(result.exception)
    assert "secret" not in str(result.exception)
