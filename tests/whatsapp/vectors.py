"""The captured shapes under tests/vectors/whatsapp: what a provider sends, one kind a file, and what it means.

``body`` is the JSON of the Cloud API, or the form of Twilio as an object, with the ``query`` of the address beside it.
Numbers and names are made up (555-01xx); hashes and ids of files have the right form and no file. The XXXX at the end
of a ``ChannelToAddress`` is sent so by Twilio itself, which covers the number there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bot.gateway.whatsapp.model import Event, Inbound, Renamed, Sender, Status

FOLDER = Path(__file__).parents[1] / "vectors" / "whatsapp"

#: The id of our number in the vectors of the Cloud API.
NUMBER = "106540352242922"
#: When Twilio's webhooks came in.
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Vector:
    name: str
    body: Any
    raw: bytes
    query: str
    events: tuple[Event, ...]


def cloud() -> list[Vector]:
    return [_vector(path, _as_meta_writes) for path in sorted((FOLDER / "cloud").glob("*.json"))]


def twilio() -> list[Vector]:
    return [_vector(path, _as_form) for path in sorted((FOLDER / "twilio").glob("*.json"))]


def find(vectors: list[Vector], name: str) -> Vector:
    return next(vector for vector in vectors if vector.name == name)


def _vector(path: Path, write: Any) -> Vector:
    read = json.loads(path.read_text(encoding="utf-8"))
    events = tuple(_event(event) for event in read["events"])
    return Vector(path.stem, read["body"], write(read["body"]), read.get("query", ""), events)


def _as_meta_writes(body: Any) -> bytes:
    """Meta escapes what is not ASCII, and slashes: another JSON writer makes other bytes of the same object."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()


def _as_form(body: Any) -> bytes:
    return urlencode(body).encode()


def _event(event: dict[str, Any]) -> Event:
    fields = dict(event)
    kind = fields.pop("event")
    fields["at"] = datetime.fromisoformat(fields["at"])
    if kind == "status":
        return Status(**fields)
    sender = Sender(fields.pop("address"), tuple(fields.pop("aliases")))
    if kind == "renamed":
        return Renamed(fields["id"], tuple(fields["old"]), sender, fields["at"])
    return Inbound(sender=sender, **fields)
