"""What the gateway counts for the pages of figures: everybody, and nothing that names anybody."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot.core.messages import Choice, Reply
from bot.gateway.app import FIGURES
from bot.gateway.conversations import Conversation
from bot.gateway.figures import answered
from bot.gateway.metrics import Metrics
from bot.transcripts.insights import Insights
from bot.transcripts.insights_records import Dated
from tests.gateway.conftest import Gateway

ZONE = "America/New_York"
NOON = datetime(2026, 11, 21, 17, tzinfo=UTC)


def reply(id: str, *payloads: str) -> Reply:
    return Reply(
        id=id, kind="notice", lang="en", text="…", choices=tuple(Choice("…", one) for one in payloads)
    )


async def figures(gateway: Gateway) -> dict[str, int]:
    """The figures of today, by name, language and channel."""
    await gateway.app[FIGURES].write()
    day = gateway.clock.now().date()
    found = await Insights(gateway.store).between(day, day, day, ZONE)
    return {_told(one): one.figure.value for one in found}


def _told(one: Dated) -> str:
    return f"{one.figure.name} {one.figure.language} {one.figure.channel}"


async def test_who_did_not_consent_is_counted_without_being_kept(gateway: Gateway) -> None:
    talk = await gateway.begin("es")
    await talk.send("puedo trabajar")
    await gateway.begin("en")
    found = await figures(gateway)
    assert found["all.conversations es web"] == 1
    assert found["all.conversations en web"] == 1
    assert found["all.turns es web"] == 1
    assert not any(name.startswith("kept.") for name in found)
    async with gateway.store.database.connect() as connection:
        rows = (await connection.execute(text("SELECT * FROM daily_figures"))).all()
    assert not any(talk.id in str(value) or "trabajar" in str(value) for row in rows for value in row)


async def test_counts_that_the_database_did_not_take_are_written_later(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    await gateway.begin("en")
    with monkeypatch.context() as broken:

        async def refuse(*_: object) -> None:
            raise OperationalError("", {}, Exception())

        broken.setattr(Insights, "add", refuse)
        broken.setattr(Insights, "roll_up", refuse)
        await gateway.app[FIGURES].work()
    assert (await figures(gateway))["all.conversations en web"] == 1
    assert (await figures(gateway))["all.conversations en web"] == 1


async def test_days_that_are_over_are_counted_once_and_each_day_anew(gateway: Gateway) -> None:
    talk = await gateway.begin("en")
    await talk.agree()
    await talk.send("work permit")
    day = gateway.clock.now().date()
    gateway.clock.pass_seconds(86_400)
    await gateway.app[FIGURES].work()
    insights = Insights(gateway.store)
    assert await _kept(insights, day) == 1
    # The same day is not gone through again with each sweep.
    async with gateway.store.database.begin() as connection:
        await connection.execute(text("DELETE FROM daily_figures WHERE name LIKE 'kept.%'"))
    await gateway.app[FIGURES].work()
    assert await _kept(insights, day, later=3) == 0
    gateway.clock.pass_seconds(86_400)
    await gateway.app[FIGURES].work()
    assert await _kept(insights, day, later=3) == 1


async def _kept(insights: Insights, day: date, later: int = 1) -> int:
    found = await insights.between(day, day, day + timedelta(days=later), ZONE, ("kept.conversations",))
    return sum(one.figure.value for one in found)


def test_the_way_to_an_appointment_and_through_the_questions() -> None:
    metrics, talk = Metrics(), Conversation("c_1", "web", "es", NOON, NOON)

    def turn(*replies: Reply, by: str = "engine", look: str | None = None) -> dict[str, int]:
        answered(metrics, talk, "es", by, look, replies)
        for one in replies:
            talk.say(one, None, NOON)
        return {name: value for (name, *_), value in metrics.take_figures().items()}

    assert turn(reply("work_permit", "/book_consultation")) == {"turns": 1, "offered": 1}
    assert turn(reply("triage_intro"), reply("triage_ask_place")) == {"turns": 1, "triage_started": 1}
    assert turn(reply("triage_result", "/book_consultation{}")) == {
        "turns": 1,
        "triage_finished": 1,
        "offered": 1,
    }
    # Corrected, it is told again.
    assert turn(reply("triage_corrected"), reply("triage_result")) == {"turns": 1}
    assert turn(reply("triage_intro")) == {"turns": 1, "triage_started": 1}
    assert turn(reply("triage_result")) == {"turns": 1, "triage_finished": 1}
    assert turn(reply("booking_intro")) == {"turns": 1, "begun": 1}
    assert turn(reply("booking_saved_urgent")) == {"turns": 1, "saved": 1}
    assert turn(reply("booking_kept_soon")) == {"turns": 1, "saved": 1}
    assert turn(reply("emergency_agents"), by="emergency") == {"turns": 1, "emergency": 1}
    assert turn(look="fallback") == {"turns": 1, "fallback": 1}
    assert turn(look="unsure") == {"turns": 1}
