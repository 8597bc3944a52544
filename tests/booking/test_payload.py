"""What the firm's system receives: exactly the published schema, codes, and nothing that was not asked for."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bot.booking.payload import consultation, facts_for_firm, moment, schema, wrong
from bot.booking.ports import CANCELLED, REQUESTED, UPDATED
from tests.booking.conftest import CONTACT, FACTS, NOON

ID = "3b9833a9-ff5c-4743-9884-5135db9bb6e7"


def event(type: str = REQUESTED, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "request_id": ID,
        "reference": "FHKLMQ",
        "created_at": NOON,
        "at": NOON + timedelta(minutes=1),
        "site": "Example Firm",
        "environment": "demo",
        "level": "urgent",
        "language": "es",
        "contact": CONTACT,
        "facts": FACTS,
    }
    return consultation(type, **{**given, **changes})


def test_the_schema_is_one_and_closed_everywhere() -> None:
    Draft202012Validator.check_schema(schema())

    def objects(node: Any) -> list[dict[str, Any]]:
        if isinstance(node, list):
            return [found for part in node for found in objects(part)]
        if not isinstance(node, dict):
            return []
        own = [node] if node.get("type") == "object" and "properties" in node else []
        return own + [found for part in node.values() for found in objects(part)]

    found = objects(schema())
    assert len(found) > 10
    assert all(part.get("additionalProperties") is False for part in found)


def test_a_request_with_everything_is_exactly_this() -> None:
    facts = {
        **FACTS,
        "language": {"preferred": "other", "other_text": "Mam", "interpreter_needed": "yes"},
        "location": {"us_state": "NJ", "timezone": "America/New_York"},
        "availability": [{"start": "2026-11-23T14:00:00Z", "end": "2026-11-23T16:00:00Z"}],
        "facts": {
            "arrival": {"earliest": "2025-12-01", "latest": "2025-12-31"},
            "filed": "other",
            "court": "yes",
            "appointment": "hearing",
            "appointment_date": {"earliest": "2026-12-01", "latest": "2026-12-02"},
            "detained": "relative",
            "lawyer": "no",
            "status": "none",
        },
        "deadline": {
            "calculation": "one_year_filing",
            "last_day": "2026-12-01",
            "days_left": 10,
            "computed_on": "2026-11-21",
            "method_version": "2026-11-1",
            "caveats": ["range"],
        },
        "source": {"channel": "web", "page_url": "https://firm.example/asilo?name=x#y"},
        "transcript": {"conversation_ref": "c_1", "console_url": "https://firm.example/console/c_1"},
        "conflict_check": "no",
        "story": "never leaves",
    }
    found = event(facts=facts, contact={**CONTACT, "email": None, "story": "never leaves"})
    assert wrong(found) is None
    assert found == {
        "type": "consultation.requested",
        "timestamp": "2026-11-21T12:01:00Z",
        "schema_version": "1",
        "data": {
            "request_id": ID,
            "reference": "FHKLMQ",
            "created_at": "2026-11-21T12:00:00Z",
            "site": "Example Firm",
            "environment": "demo",
            "contact": CONTACT,
            "language": {"preferred": "other", "other_text": "Mam", "interpreter_needed": "yes"},
            "location": {"us_state": "NJ", "timezone": "America/New_York"},
            "availability": [{"start": "2026-11-23T14:00:00Z", "end": "2026-11-23T16:00:00Z"}],
            "triage": {"level": "urgent", "reasons": ["one_year_near"], "rules_version": "2026-11-1"},
            "facts": {
                "arrival": {"earliest": "2025-12-01", "latest": "2025-12-31", "precision": "month"},
                "already_filed": "yes",
                "in_court": "yes",
                "next_hearing_date": "2026-12-01",
                "detained": "relative",
                "prior_filing_by_other": "yes",
                "has_lawyer": "no",
            },
            "deadline": facts["deadline"],
            "consent": FACTS["consent"],
            "source": {"channel": "web", "page_url": "https://firm.example/asilo"},
            "transcript": {"conversation_ref": "c_1", "console_url": "https://firm.example/console/c_1"},
            "conflict_check": "no",
        },
    }


def test_with_as_little_as_possible_everything_else_is_unknown() -> None:
    contact = {"name_as_given": "Nombre", "whatsapp_user_id": "US.1349", "preferred_channel": "whatsapp"}
    found = event(contact=contact, facts={"consent": FACTS["consent"]})
    assert wrong(found) is None
    data = found["data"]
    assert data["contact"]["safe_to_leave_message"] == "unknown"
    assert data["language"] == {"preferred": "es", "interpreter_needed": "unknown"}
    assert data["triage"] == {"level": "urgent", "reasons": []}
    assert data["deadline"] is None
    assert data["conflict_check"] == "unknown"
    assert data["facts"].pop("arrival") == {"precision": "unknown"}
    assert set(data["facts"].values()) == {"unknown"}


def test_an_update_is_the_whole_request_and_a_cancellation_only_its_name() -> None:
    first, update = event(), event(UPDATED)
    assert update["data"] == first["data"]
    assert wrong(update) is None
    cancelled = event(CANCELLED)
    assert wrong(cancelled) is None
    assert set(cancelled["data"]) == {"request_id", "reference", "created_at", "site", "environment"}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("type", "consultation.deleted"),
        ("schema_version", "2"),
        ("timestamp", "2026-11-21 12:00"),
        ("data.request_id", "1"),
        ("data.reference", "ABCDEF"),
        ("data.environment", "test"),
        ("data.story", "they came at night"),
        ("data.contact.story", "they came at night"),
        ("data.contact.phone_e164", "202 555 0142"),
        ("data.contact.email", "nobody"),
        ("data.contact.name_as_given", "x" * 121),
        ("data.contact.preferred_channel", "fax"),
        ("data.triage.level", "high"),
        ("data.triage.reasons", ["they came at night"]),
        ("data.facts.in_court", "maybe"),
        ("data.facts.arrival", {"precision": "week"}),
        ("data.facts.next_hearing_date", "soon"),
        ("data.consent.scope", []),
        ("data.source.page_url", "https://firm.example/?q=1"),
        ("data.availability", "x" * 201),
        ("data.deadline", {"last_day": "2026-12-01"}),
    ],
)
def test_what_is_not_in_the_schema_does_not_leave(place: str, value: Any) -> None:
    changed = copy.deepcopy(event())
    *path, last = place.split(".")
    node = changed
    for part in path:
        node = node[part]
    node[last] = value
    found = wrong(changed)
    assert found is not None
    assert "night" not in found


@pytest.mark.parametrize("missing", ["phone_e164", "name_as_given", "preferred_channel"])
def test_a_request_without_a_name_or_a_way_to_answer_is_not_one(missing: str) -> None:
    contact = {name: value for name, value in CONTACT.items() if name != missing}
    assert (wrong(event(contact=contact)) or "").startswith("data")


@pytest.mark.parametrize(
    ("triage", "told"),
    [
        ({"filed": "self"}, {"already_filed": "yes", "prior_filing_by_other": "no"}),
        ({"filed": "other"}, {"already_filed": "yes", "prior_filing_by_other": "yes"}),
        ({"filed": "no"}, {"already_filed": "no", "prior_filing_by_other": "no"}),
        ({"filed": "unknown"}, {"already_filed": "unknown", "prior_filing_by_other": "unknown"}),
        ({"filed": "refused"}, {"already_filed": "unknown", "prior_filing_by_other": "unknown"}),
        ({"court": "refused", "lawyer": "yes"}, {"in_court": "unknown", "has_lawyer": "yes"}),
        ({"detained": "self"}, {"detained": "self"}),
        ({"detained": "refused"}, {"detained": "unknown"}),
        ({"arrival": "2025-12-03"}, {"arrival": {"value": "2025-12-03", "precision": "day"}}),
        (
            {"arrival": ["2024-01-01", "2024-12-31"]},
            {"arrival": {"earliest": "2024-01-01", "latest": "2024-12-31", "precision": "year"}},
        ),
        (
            {"arrival": {"earliest": "2024-06-01", "latest": "2024-08-31"}},
            {"arrival": {"earliest": "2024-06-01", "latest": "2024-08-31", "precision": "unknown"}},
        ),
        (
            {"arrival": {"earliest": "2023-01-01", "latest": "2024-12-31"}},
            {"arrival": {"earliest": "2023-01-01", "latest": "2024-12-31", "precision": "unknown"}},
        ),
        ({"arrival": "last summer"}, {"arrival": {"precision": "unknown"}}),
        ({"arrival": {"earliest": "2024-06-01"}}, {"arrival": {"precision": "unknown"}}),
        ({"appointment": "hearing", "appointment_date": "2026-12-01"}, {"next_hearing_date": "2026-12-01"}),
    ],
)
def test_facts_of_triage_as_the_firm_gets_them(triage: dict[str, Any], told: dict[str, Any]) -> None:
    found = facts_for_firm(triage)
    assert {name: found[name] for name in told} == told


def test_a_check_in_is_not_a_hearing() -> None:
    assert "next_hearing_date" not in facts_for_firm(
        {"appointment": "check_in", "appointment_date": "2026-12-01"}
    )


@given(
    st.dictionaries(
        st.sampled_from(
            ["arrival", "filed", "court", "detained", "lawyer", "appointment", "appointment_date"]
        ),
        st.one_of(
            st.none(),
            st.text(max_size=12),
            st.sampled_from(["yes", "no", "hearing", "other", "2026-12-01"]),
            st.lists(st.text(max_size=10), max_size=3),
        ),
    )
)
def test_whatever_triage_holds_the_event_fits_the_schema(triage: dict[str, Any]) -> None:
    assert wrong(event(facts={**FACTS, "facts": triage})) is None


def test_moments_are_in_utc() -> None:
    there = datetime(2026, 11, 21, 7, tzinfo=timezone(timedelta(hours=-5)))
    assert moment(there) == "2026-11-21T12:00:00Z"
    with pytest.raises(ValueError, match="time zone"):
        moment(datetime(2026, 11, 21, 7, tzinfo=UTC).replace(tzinfo=None))
