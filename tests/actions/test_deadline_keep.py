"""What a told date carries so that it can be kept."""

from __future__ import annotations

from datetime import date

import pytest
from rasa_sdk.executor import CollectingDispatcher

from actions.deadlines import tell_date
from actions.turn import Turn
from bot.core.deadlines import Span
from bot.core.deadlines.interview import Interview
from bot.core.messages import Reply
from tests.actions.conftest import shipped

TODAY = date(2026, 11, 21)


def told(calculation: str, event: str, first: str, last: str | None = None, lang: str = "en") -> Reply:
    span = Span(date.fromisoformat(first), date.fromisoformat(last or first))
    interview = Interview(calculation=calculation, dates={event: span}, confirmed=frozenset({event}))
    dispatcher = CollectingDispatcher()
    tell_date(dispatcher, interview, Turn("", "", lang, TODAY, {}, (), Span(TODAY, TODAY)), shipped())
    return Reply.from_dict(dispatcher.messages[-1]["custom"])


@pytest.mark.parametrize(
    ("lang", "labels"),
    [
        ("en", {"calendar": "Add to calendar", "print": "Print", "copy": "Copy"}),
        ("es", {"calendar": "Añadir al calendario", "print": "Imprimir", "copy": "Copiar"}),
    ],
)
def test_a_date_carries_its_facts_its_day_and_the_titles_of_its_buttons(
    lang: str, labels: dict[str, str]
) -> None:
    assert told("bia_appeal", "judge_decision", "2026-11-20", lang=lang).keep == {
        "calculation": "bia_appeal",
        "inputs": {"decision_date": "2026-11-20"},
        "today": "2026-11-21",
        "calendar_until": "2026-12-21",
        "labels": labels,
    }


def test_of_a_range_the_calendar_ends_with_the_cautious_end() -> None:
    keep = told("bia_appeal", "judge_decision", "2026-11-10", "2026-11-20").keep
    assert keep["inputs"] == {"decision_date": {"earliest": "2026-11-10", "latest": "2026-11-20"}}
    assert keep["calendar_until"] == "2026-12-10"


def test_where_no_date_can_be_given_there_is_no_calendar() -> None:
    assert told("bia_appeal", "judge_decision", "1990-01-05").keep["calendar_until"] is None


def test_a_reply_that_tells_no_date_carries_nothing() -> None:
    dispatcher = CollectingDispatcher()
    tell_date(
        dispatcher,
        Interview(calculation="bia_appeal"),
        Turn("", "", "en", TODAY, {}, (), Span(TODAY, TODAY)),
        shipped(),
    )
    assert Reply.from_dict(dispatcher.messages[-1]["custom"]).keep == {}
