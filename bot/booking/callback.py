"""What the firm's system tells us about a request: confirmed, moved or cancelled; verified, then read strictly."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.booking.outside import aware, link
from bot.booking.reference import read_reference
from bot.booking.signature import verified
from bot.core.errors import BotError

TYPES = ("consultation.confirmed", "consultation.moved", "consultation.cancelled")
#: Bytes; a callback needs a few hundred.
LARGEST = 20_000

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CODE = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")


class CallbackError(BotError):
    """A signed callback that cannot be used; ``field`` is the part that is missing or wrong."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"{field} is missing or cannot be read.")


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback. ``id`` is its webhook-id; ``at``, ``start`` and ``end`` are aware; one of the two names is set."""

    id: str
    type: str
    at: datetime
    request_id: str | None = None
    reference: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    timezone: str | None = None
    join_url: str | None = None
    note_code: str | None = None

    @property
    def kind(self) -> str:
        """``confirmed``, ``moved`` or ``cancelled``."""
        return self.type.rpartition(".")[2]


def read_callback(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> Callback:
    """The callback in a request. Raises SignatureError (not from the firm) or CallbackError (not usable)."""
    if len(body) > LARGEST:
        raise CallbackError("body")
    message_id = verified(secrets, headers, body, now)
    if len(message_id) > 128:
        raise CallbackError("webhook-id")
    try:
        read = json.loads(body)
    except ValueError:
        raise CallbackError("body") from None
    if not isinstance(read, dict) or not isinstance(read.get("data"), dict):
        raise CallbackError("data")
    if read.get("type") not in TYPES:
        raise CallbackError("type")
    at = aware(read.get("timestamp"))
    if at is None:
        raise CallbackError("timestamp")
    data = read["data"]
    request_id = data.get("request_id")
    reference = read_reference(str(data.get("reference") or ""))
    if not (isinstance(request_id, str) and _ID.fullmatch(request_id)):
        request_id = None
    if request_id is None and reference is None:
        raise CallbackError("request_id")
    callback = Callback(
        id=message_id,
        type=read["type"],
        at=at,
        request_id=request_id,
        reference=reference,
        start=_optional(data, "start", aware),
        end=_optional(data, "end", aware),
        timezone=_optional(data, "timezone", _timezone),
        join_url=_optional(data, "join_url", link),
        note_code=_optional(data, "note_code", _code),
    )
    if callback.kind == "moved" and callback.start is None:
        raise CallbackError("start")
    return callback


def _optional(data: Mapping[str, Any], name: str, read: Any) -> Any:
    """None when it is missing. Raises CallbackError when it is there and wrong: half an appointment misleads."""
    if data.get(name) is None:
        return None
    value = read(data[name])
    if value is None:
        raise CallbackError(name)
    return value


def _timezone(value: Any) -> str | None:
    try:
        return ZoneInfo(value).key
    except (LookupError, OSError, ValueError, TypeError):
        return None


def _code(value: Any) -> str | None:
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None
