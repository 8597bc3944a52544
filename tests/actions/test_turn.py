"""What an action knows about its turn: the day by which dates are read, and the person's own days for a count."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.deadlines import tell_date
from actions.turn import Turn
from bot.core.deadlines import Span
from bot.core.deadlines.interview import Interview
from bot.core.messages import LANGUAGES, Reply
from tests.actions.builders import TODAY, state
from tests.actions.conftest import shipped

#: One in the morning of November 22 in New York.
NIGHT = "2026-11-22T06:00:00+00:00"
BEFORE, AFTER = date(2026, 11, 21), date(2026, 11, 22)


def turn(us_state: Any = None, **metadata: str) -> Turn:
    sent = state("greet")
    sent["slots"]["us_state"] = us_state
    sent["latest_message"]["metadata"] |= {"timezone": "", **metadata}
    return Turn.of(Tracker.from_dict(sent))


@pytest.mark.parametrize(
    ("us_state", "timezone", "first", "last"),
    [
        pytest.param(None, "", BEFORE, AFTER, id="nothing is known"),
        pytest.param("CA", "", BEFORE, BEFORE, id="the state is"),
        pytest.param(None, "America/New_York", AFTER, AFTER, id="the browser's zone is"),
        pytest.param("CA", "America/New_York", BEFORE, AFTER, id="they contradict each other"),
        pytest.param(["CA", "NY"], "", BEFORE, AFTER, id="a list is no state"),
        pytest.param("Atlantis", "", BEFORE, AFTER, id="an unknown name is no state"),
    ],
)
def test_the_days_are_the_persons(us_state: Any, timezone: str, first: date, last: date) -> None:
    told = turn(us_state, now=NIGHT, timezone=timezone, firm_timezone="America/New_York")
    assert told.days == Span(first, last)
    assert told.today == date.fromisoformat(TODAY)


@pytest.mark.parametrize("metadata", [{}, {"now": ""}, {"now": NIGHT, "firm_timezone": ""}])
def test_without_a_moment_the_days_are_today(metadata: dict[str, str]) -> None:
    day = date.fromisoformat(TODAY)
    assert turn("CA", **metadata).days == Span(day, day)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_date_is_counted_on_the_cautious_day_and_tells_both(lang: str) -> None:
    decided = date(2026, 10, 27)
    interview = Interview(
        calculation="bia_appeal",
        dates={"judge_decision": Span(decided, decided)},
        confirmed=frozenset({"judge_decision"}),
    )
    dispatcher = CollectingDispatcher()
    now = Turn("", "", lang, BEFORE, {}, (), Span(BEFORE, AFTER))
    tell_date(dispatcher, interview, now, shipped())
    reply = Reply.from_dict(dispatcher.messages[-1]["custom"])
    assert reply.keep["today"] == AFTER.isoformat()
    days = {"en": ("November 22, 2026", "November 21, 2026"), "es": ("22 de noviembre", "21 de noviembre")}[
        lang
    ]
    assert all(day in reply.full for day in days)
    sure = CollectingDispatcher()
    tell_date(sure, interview, Turn("", "", lang, BEFORE, {}, (), Span(BEFORE, BEFORE)), shipped())
    kept = Reply.from_dict(sure.messages[-1]["custom"])
    assert kept.keep["today"] == BEFORE.isoformat()
    assert days[0] not in kept.full
