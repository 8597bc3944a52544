"""What staff see of a conversation at a glance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.messages import Reply
from bot.gateway.summary import Summary, after_turn, needs_look

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def answer(id: str) -> Reply:
    return Reply("answer", id, "en", "text")


def notice(id: str) -> Reply:
    return Reply("notice", id, "en", "text")


def after(before: Summary, *replies: Reply, intent: str | None = None, by: str = "engine", **slots: object):
    return after_turn(before, replies, intent, by, slots, NOON)


def test_the_topic_is_the_article_answered_last_and_stays():
    first = after(Summary(), answer("filing_fee"), intent="filing_fee")
    assert (first.topic, first.outcome) == ("filing_fee", "answered")
    assert after(first, notice("thanks"), intent="thank").topic == "filing_fee"


@pytest.mark.parametrize(
    ("replies", "intent", "by", "outcome"),
    [
        ((notice("booking_saved_soon"),), "affirm", "engine", "booked"),
        ((notice("answer_human"),), "talk_to_human", "engine", "person"),
        ((answer("triage_result"),), "deny", "engine", "triaged"),
        ((answer("filing_fee"),), "filing_fee", "engine", "answered"),
        ((notice("did_you_mean"),), "nlu_fallback", "engine", "unanswered"),
        ((notice("no_exact_answer"),), "filing_fee", "engine", "unanswered"),
        ((notice("apology_engine"),), None, "apology", "apology"),
        ((notice("hello"),), "greet", "engine", "open"),
    ],
)
def test_what_came_of_a_turn(replies, intent, by, outcome):
    assert after(Summary(), *replies, intent=intent, by=by).outcome == outcome


def test_the_best_that_came_of_it_stays():
    booked = Summary(outcome="booked")
    assert after(booked, notice("did_you_mean"), intent="nlu_fallback").outcome == "booked"
    assert after(Summary(outcome="unanswered"), answer("filing_fee")).outcome == "answered"


def test_an_emergency_is_pressing_from_its_last_message_on():
    first = after(Summary(), notice("emergency_agents"), intent="emergency_agents", by="emergency")
    assert (first.urgency, first.urgent_at) == ("emergency", NOON)
    later = after_turn(first, (), "emergency_agents", "emergency", None, NOON + timedelta(hours=1))
    assert later.urgent_at == NOON + timedelta(hours=1)


def test_asking_whether_it_is_an_emergency_is_none():
    assert after(Summary(), intent="emergency_unclear", by="emergency").urgency is None


def test_a_level_told_by_triage_counts_and_a_correction_changes_it():
    urgent = after(Summary(), triage={"facts": {"court": "yes"}, "level": "urgent"})
    assert (urgent.urgency, urgent.urgent_at, urgent.facts) == ("urgent", NOON, {"court": "yes"})
    routine = after(urgent, triage={"facts": {"court": "no"}, "level": "routine"})
    assert (routine.urgency, routine.urgent_at) == ("routine", NOON)


def test_an_emergency_stays_one_whatever_is_answered_afterwards():
    danger = Summary(urgency="emergency", urgent_at=NOON)
    assert after(danger, triage={"facts": {}, "level": "routine"}).urgency == "emergency"


def test_state_and_dates_are_among_the_facts():
    span = {"earliest": "2026-01-02", "latest": "2026-01-02"}
    found = after(Summary(), us_state="NY", date_arrival=span, date_filed=None, language="en")
    assert found.facts == {"us_state": "NY", "date_arrival": span}


def test_a_turn_without_the_engine_leaves_the_facts():
    known = Summary(facts={"court": "yes"})
    assert after_turn(known, (notice("language_switched"),), None, "gateway", None, NOON).facts == known.facts


@pytest.mark.parametrize(
    ("intent", "confidence", "chosen", "look"),
    [
        ("nlu_fallback", 0.2, False, "fallback"),
        ("filing_fee", 0.40, False, "unsure"),
        ("filing_fee", 0.45, False, None),
        ("filing_fee", 0.40, True, None),
        ("emergency_agents", None, False, None),
    ],
)
def test_what_staff_should_look_at(intent, confidence, chosen, look):
    assert needs_look(intent, confidence, chosen=chosen) == look
