"""``faro week`` tells the week as the console's page does, and counts days that nobody has counted."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.cli.week import week
from bot.core.errors import BotError
from bot.settings import Settings, load_settings
from bot.transcripts.store import TranscriptStore
from tests.console.insights.planting import MONDAY, plant_weeks
from tests.transcripts.saying import conversation

NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings on a database in which thirteen weeks are counted, and one conversation is not."""
    found = load_settings(
        {"FARO_VAR": str(tmp_path), "FARO_SECRET_KEY": "s" * 40, "FARO_ENGINE_SECRET": "e" * 40}
    )

    async def fill() -> None:
        store = TranscriptStore(found.database_url)
        await store.start()
        await plant_weeks(store)
        at = datetime(2026, 11, 10, 12, tzinfo=UTC)
        await store.save(conversation(created_at=at, last_at=at + timedelta(minutes=3)), [])
        await store.close()

    asyncio.run(fill())
    return found


def test_the_week_is_told_in_words_and_figures(settings: Settings) -> None:
    told = week(settings, None, "en", NOW)
    assert told.week.monday == MONDAY
    assert "Worse: in Spanish, the share of messages not understood rose from 6.7% to 19%." in told.sentences
    fallback = next(line for line in told.lines if line[0] == "Messages not understood")
    assert fallback == (
        "Messages not understood", "4.8% (before 5%)", "19% (before 6.7%)", "13% (before 6%)", "−14.6 points *",
    )  # fmt: skip
    data = json.loads(json.dumps(told.as_dict()))
    assert data["monday"] == "2026-11-09"
    assert data["measures"]["fallback"]["marked"] is True
    # The day is counted anew from what is kept: the one conversation stands where made-up figures stood.
    assert data["measures"]["kept"]["values"]["both"]["value"] < 252


def test_another_week_and_language(settings: Settings) -> None:
    told = week(settings, "2026-11-04", "es", NOW)
    assert told.title == "Semana del 2 nov al 8 nov 2026"
    assert told.head == ("Cifra", "Inglés", "Español", "Ambos", "Inglés menos español")


@pytest.mark.parametrize("monday", ["", "soon", "2030-01-01", "2026-02-30"])
def test_no_such_week(settings: Settings, monday: str) -> None:
    with pytest.raises(BotError, match="not a day of a week"):
        week(settings, monday, "en", NOW)


def test_the_command_writes_a_table_or_json(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARO_VAR", str(settings.var))
    monkeypatch.setenv("COLUMNS", "160")
    shown = CliRunner().invoke(app, ["week", "--monday", "2026-11-09", "--lang", "es"])
    assert shown.exit_code == 0, shown.output
    assert "Empeoró: en español" in shown.output
    written = CliRunner().invoke(app, ["week", "--monday", "2026-11-09", "--json"])
    assert json.loads(written.output)["measures"]["triage"]["values"]["en"]["value"] == 75
    assert isinstance(CliRunner().invoke(app, ["week", "--lang", "pt"]).exception, BotError)
