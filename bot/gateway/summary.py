"""What staff see of a conversation at a glance: its topic, what came of it, and how urgent it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.core.messages import NO_ANSWER, Reply

FALLBACK = "nlu_fallback"
#: Understood, but so little above the threshold of config.yml (0.35) that somebody should look at it.
UNSURE_BELOW = 0.45
EMERGENCY = "emergency"
#: Levels that a person of the firm should see at once, worst first.
PRESSING = (EMERGENCY, "urgent")
#: What can come of a conversation; the last that applies is the one that counts.
OUTCOMES = ("open", "apology", "unanswered", "answered", "triaged", "person", "booked")

_BOOKED = "booking_saved"
_PERSON = "talk_to_human"


@dataclass(frozen=True, slots=True)
class Summary:
    """``topic`` is the article answered last; ``urgent_at`` when it last became pressing; ``facts`` what is known."""

    topic: str | None = None
    outcome: str = OUTCOMES[0]
    urgency: str | None = None
    urgent_at: datetime | None = None
    facts: Mapping[str, Any] | None = None


def after_turn(
    before: Summary,
    replies: Sequence[Reply],
    intent: str | None,
    by: str,
    slots: Mapping[str, Any] | None,
    now: datetime,
) -> Summary:
    """The summary after a turn; ``slots`` is None when the engine was not asked."""
    answers = [reply.id for reply in replies if reply.kind == "answer"]
    outcome = max(before.outcome, _outcome(replies, intent, by), key=OUTCOMES.index)
    summary = replace(before, topic=answers[-1] if answers else before.topic, outcome=outcome)
    if by == EMERGENCY and intent != "emergency_unclear":
        return replace(summary, urgency=EMERGENCY, urgent_at=now)
    return summary if slots is None else _with_slots(summary, slots, now)


def needs_look(intent: str | None, confidence: float | None, *, chosen: bool) -> str | None:
    """Why staff should look at a message that was typed: ``fallback``, ``unsure`` or None."""
    if chosen:
        return None
    if intent == FALLBACK:
        return "fallback"
    return "unsure" if confidence is not None and confidence < UNSURE_BELOW else None


def _outcome(replies: Sequence[Reply], intent: str | None, by: str) -> str:
    ids = {reply.id for reply in replies}
    if any(id.startswith(_BOOKED) for id in ids):
        return "booked"
    if intent == _PERSON:
        return "person"
    if any(reply.id == "triage_result" for reply in replies):
        return "triaged"
    if by == "apology":
        return "apology"
    if intent == FALLBACK or ids & NO_ANSWER:
        return "unanswered"
    return "answered" if any(reply.kind == "answer" for reply in replies) else OUTCOMES[0]


def _with_slots(summary: Summary, slots: Mapping[str, Any], now: datetime) -> Summary:
    triage = slots.get("triage")
    known = triage if isinstance(triage, Mapping) else {}
    facts = {**known.get("facts", {}), **_dates(slots)}
    if state := slots.get("us_state"):
        facts["us_state"] = state
    level = known.get("level") or None
    summary = replace(summary, facts=facts or summary.facts)
    # An emergency stays one until somebody of the firm has dealt with it, whatever is answered afterwards.
    if level is None or level == summary.urgency or summary.urgency == EMERGENCY:
        return summary
    return replace(summary, urgency=level, urgent_at=now if level in PRESSING else summary.urgent_at)


def _dates(slots: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in slots.items() if name.startswith("date_") and value is not None}
