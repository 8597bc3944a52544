"""What the firm's system sends back: signed, and read strictly."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.booking.callback import Callback, CallbackError, read_callback
from bot.booking.signature import SignatureError, signed
from tests.booking.conftest import NOON, OTHER_SECRET, SECRET

ID = "3b9833a9-ff5c-4743-9884-5135db9bb6e7"


def message(**changes: Any) -> dict[str, Any]:
    data = {"request_id": ID, "start": "2026-11-24T10:00:00-05:00", **changes.pop("data", {})}
    return {
        "type": "consultation.confirmed",
        "timestamp": "2026-11-21T11:59:00Z",
        **changes,
        "data": {name: value for name, value in data.items() if value != "missing"},
    }


def read(body: Any, id: str = "msg_f1", secret: str = SECRET) -> Callback:
    text = body if isinstance(body, str) else json.dumps(body)
    return read_callback([SECRET], signed([secret], id, NOON, text), text.encode(), NOON)


def test_a_confirmation_with_everything() -> None:
    more = {
        "end": "2026-11-24T10:30:00-05:00",
        "timezone": "America/New_York",
        "join_url": "https://meet.example/1",
        "note_code": "bring_papers",
        "something_new": "is left alone",
    }
    assert read(message(data=more)) == Callback(
        "msg_f1",
        "consultation.confirmed",
        NOON - timedelta(minutes=1),
        ID,
        None,
        datetime(2026, 11, 24, 15, tzinfo=UTC),
        datetime(2026, 11, 24, 15, 30, tzinfo=UTC),
        "America/New_York",
        "https://meet.example/1",
        "bring_papers",
    )


@pytest.mark.parametrize("kind", ["confirmed", "moved", "cancelled"])
def test_each_kind_may_name_the_request_by_its_reference(kind: str) -> None:
    found = read(message(type=f"consultation.{kind}", data={"request_id": "missing", "reference": "fhk lmq"}))
    assert (found.kind, found.reference, found.request_id) == (kind, "FHKLMQ", None)


def test_a_confirmation_or_cancellation_needs_no_time() -> None:
    for kind in ("confirmed", "cancelled"):
        assert read(message(type=f"consultation.{kind}", data={"start": None})).start is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", "body"),
        ("[1, 2", "body"),
        ("[]", "data"),
        ({"type": "consultation.confirmed"}, "data"),
        (message(type="consultation.requested"), "type"),
        (message(type=None), "type"),
        (message(type=["consultation.moved"]), "type"),
        (message(timestamp="2026-11-21T11:59:00"), "timestamp"),
        (message(timestamp=1_700_000_000), "timestamp"),
        (message(data={"request_id": "missing"}), "request_id"),
        (message(data={"request_id": "1; DROP TABLE", "reference": "ABCDEF"}), "request_id"),
        (message(type="consultation.moved", data={"start": "missing"}), "start"),
        (message(data={"start": "tomorrow"}), "start"),
        (message(data={"start": "2026-11-24T10:00:00"}), "start"),
        (message(data={"end": 7}), "end"),
        (message(data={"timezone": "Mars/Base"}), "timezone"),
        (message(data={"timezone": "../../etc/passwd"}), "timezone"),
        (message(data={"timezone": 7}), "timezone"),
        (message(data={"join_url": "http://meet.example"}), "join_url"),
        (message(data={"note_code": "They said that he was ..."}), "note_code"),
        (message(data={"reference": "x" * 30_000}), "body"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_part(body: Any, field: str) -> None:
    with pytest.raises(CallbackError) as caught:
        read(body)
    assert caught.value.field == field


def test_a_callback_of_somebody_else_is_refused() -> None:
    with pytest.raises(SignatureError):
        read(message(), secret=OTHER_SECRET)
    with pytest.raises(SignatureError):
        read_callback([], signed([SECRET], "msg_f1", NOON, "{}"), b"{}", NOON)


def test_an_endless_id_is_refused() -> None:
    with pytest.raises(CallbackError) as caught:
        read(message(), id="m" * 129)
    assert caught.value.field == "webhook-id"
