"""The events that the firm's system receives: codes and no story, as ``consultation.schema.json`` publishes.

What is not in the schema never leaves: only known fields are taken, and what was not said is ``unknown``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from jsonschema import Draft202012Validator

from bot.booking.ports import CANCELLED

SCHEMA_VERSION = "1"
SCHEMA_FILE = Path(__file__).with_name("consultation.schema.json")

_ANSWERS = ("yes", "no")
_CONTACT = (
    "name_as_given", "given_name", "family_name", "preferred_name", "phone_e164", "email", "whatsapp_user_id",
    "preferred_channel", "safe_to_leave_message", "safe_times_text",
)  # fmt: skip
_DEADLINE = (
    "calculation", "last_day", "earliest", "latest", "days_left", "computed_on", "method_version", "caveats",
)  # fmt: skip


def consultation(
    type: str,
    *,
    request_id: str,
    reference: str,
    created_at: datetime,
    at: datetime,
    site: str,
    environment: str,
    level: str,
    language: str,
    contact: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """One event, ready for ``json.dumps``.

    ``contact`` holds real values under the names of the schema. ``facts`` holds what else is known, each part
    optional: ``language`` (preferred, other_text, interpreter_needed), ``location``, ``availability``, ``triage``
    (reasons, rules_version), ``facts`` (the shared keys of triage, see ``facts_for_firm``), ``deadline``,
    ``consent``, ``source``, ``transcript``, ``conflict_check``. A cancellation uses none of them.
    """
    data: dict[str, Any] = {
        "request_id": request_id,
        "reference": reference,
        "created_at": moment(created_at),
        "site": site,
        "environment": environment,
    }
    if type != CANCELLED:
        data |= {
            "contact": {"safe_to_leave_message": "unknown", **_picked(contact, _CONTACT)},
            "language": _language(_part(facts, "language"), language),
            **_if_any("location", _picked(_part(facts, "location"), ("us_state", "timezone"))),
            **_if_any("availability", facts.get("availability")),
            "triage": {
                "level": level,
                "reasons": list(_part(facts, "triage").get("reasons", ())),
                **_picked(_part(facts, "triage"), ("rules_version",)),
            },
            "facts": facts_for_firm(_part(facts, "facts")),
            "deadline": _picked(_part(facts, "deadline"), _DEADLINE) or None,
            "consent": _picked(_part(facts, "consent"), ("text_version", "language", "given_at", "scope")),
            "source": _source(_part(facts, "source")),
            **_if_any("transcript", _picked(_part(facts, "transcript"), ("conversation_ref", "console_url"))),
            "conflict_check": _answer(facts.get("conflict_check")),
        }
    return {"type": type, "timestamp": moment(at), "schema_version": SCHEMA_VERSION, "data": data}


def facts_for_firm(triage: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of triage as the firm gets them.

    Not asked, "I don't know" and "prefer not to say" are all ``unknown`` to the firm. A form that somebody else
    filed counts as filed, and as filed by another.
    """
    filed = triage.get("filed")
    court = _answer(triage.get("court"))
    hearing = _days(triage.get("appointment_date")) if triage.get("appointment") == "hearing" else None
    return {
        "arrival": _arrival(triage.get("arrival")),
        "already_filed": {"self": "yes", "other": "yes", "no": "no"}.get(str(filed), "unknown"),
        "in_court": court,
        **({} if hearing is None else {"next_hearing_date": hearing[0].isoformat()}),
        "detained": triage["detained"] if triage.get("detained") in ("no", "self", "relative") else "unknown",
        "prior_filing_by_other": {"other": "yes", "self": "no", "no": "no"}.get(str(filed), "unknown"),
        "has_lawyer": _answer(triage.get("lawyer")),
    }


def moment(at: datetime) -> str:
    """An aware moment in UTC, to the second, such as ``2026-11-21T12:00:00Z``. Raises ValueError for others."""
    if at.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def wrong(event: Mapping[str, Any]) -> str | None:
    """Where the event breaks the published schema, as a path such as ``data.contact``; None when it does not.

    Values stay out of it: they may name a person.
    """
    error = next(iter(_validator().iter_errors(event)), None)
    return None if error is None else ".".join(str(part) for part in error.absolute_path) or "event"


@cache
def schema() -> dict[str, Any]:
    """The published schema."""
    read: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return read


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def _part(facts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = facts.get(name)
    return found if isinstance(found, Mapping) else {}


def _picked(given: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: given[name] for name in names if given.get(name) not in (None, "")}


def _if_any(name: str, value: Any) -> dict[str, Any]:
    return {name: value} if value else {}


def _answer(value: Any) -> str:
    return value if value in _ANSWERS else "unknown"


def _language(given: Mapping[str, Any], spoken: str) -> dict[str, Any]:
    return {
        "preferred": given.get("preferred") or spoken,
        **_picked(given, ("other_text",)),
        "interpreter_needed": _answer(given.get("interpreter_needed")),
    }


def _source(given: Mapping[str, Any]) -> dict[str, Any]:
    source = {"channel": "web", **_picked(given, ("channel", "page_url", "campaign"))}
    if "page_url" in source:
        # What stands behind the path may name the person, or say what they were reading.
        parts = urlsplit(source["page_url"])
        source["page_url"] = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    return source


def _days(value: Any) -> tuple[date, date] | None:
    """The first and the last day that is meant, both inclusive; None when no day was said."""
    try:
        if isinstance(value, Mapping):
            return date.fromisoformat(value["earliest"]), date.fromisoformat(value["latest"])
        if isinstance(value, (list, tuple)):
            return date.fromisoformat(value[0]), date.fromisoformat(value[1])
        day = date.fromisoformat(value)
    except (ValueError, TypeError, KeyError, IndexError):
        return None
    return day, day


def _arrival(value: Any) -> dict[str, Any]:
    days = _days(value)
    if days is None:
        return {"precision": "unknown"}
    first, last = days
    if first == last:
        return {"value": first.isoformat(), "precision": "day"}
    within = "year" if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) else "unknown"
    if (first.year, first.month) == (last.year, last.month):
        within = "month"
    elif first.year != last.year:
        within = "unknown"
    return {"earliest": first.isoformat(), "latest": last.isoformat(), "precision": within}
