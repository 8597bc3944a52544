"""The chat API's JSON: requests checked on the way in, messages shown on the way out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from bot.core.deadlines.own_day import LONGEST_ZONE, zone_inside
from bot.core.errors import RequestError
from bot.core.messages import LANGUAGES
from bot.gateway.masking import shown_reply
from bot.gateway.turns import Incoming
from bot.transcripts.records import MessageRecord

#: How a browser posts a form.
FORM = "application/x-www-form-urlencoded"

_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CURSOR = re.compile(r"[0-9]{1,9}")


async def read_object(request: web.Request, fields: Sequence[str]) -> dict[str, Any]:
    """The JSON object of a request, which has only these fields. Raises RequestError for anything else."""
    if request.content_type != "application/json":
        raise RequestError("not_json", 415)
    try:
        data = json.loads((await read_body(request)).decode("utf-8"))
    except (ValueError, RecursionError):
        raise RequestError("bad_json", 400) from None
    return object_of(data, fields)


async def read_body(request: web.Request, most: int | None = None) -> bytes:
    """The body of a request of at most ``most`` bytes (the application's own bound otherwise). Raises RequestError."""
    try:
        if most is not None and (request.content_length or 0) > most:
            raise RequestError("body_too_large", 413)
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise RequestError("body_too_large", 413) from None
    if most is not None and len(raw) > most:
        raise RequestError("body_too_large", 413)
    return raw


def object_of(data: Any, fields: Sequence[str]) -> dict[str, Any]:
    """The JSON value, when it is an object with only these fields. Raises RequestError for anything else."""
    if not isinstance(data, dict):
        raise RequestError("bad_json", 400)
    if set(data) - set(fields):
        raise RequestError("unknown_field", 400)
    return data


def read_start(data: dict[str, Any], accepted: str) -> str:
    """The language of a new conversation: the one asked for, else the one the browser prefers."""
    language = data.get("language")
    if language is None:
        return accepted
    if not isinstance(language, str) or language not in LANGUAGES:
        raise RequestError("bad_field", 400, {"field": "language"})
    return language


def read_timezone(data: dict[str, Any]) -> str | None:
    """The browser's time zone, when it lies in the U.S. One that is abroad or not known is left out: nobody is to
    be turned away for the name that a browser gives. Raises RequestError for what cannot be a name."""
    timezone = data.get("timezone")
    if timezone is None:
        return None
    if not isinstance(timezone, str) or len(timezone) > LONGEST_ZONE:
        raise RequestError("bad_field", 400, {"field": "timezone"})
    return zone_inside(timezone)


def read_message(data: dict[str, Any]) -> Incoming:
    """A person's message: ``text`` or ``choice``."""
    client_id = data.get("client_message_id")
    if not isinstance(client_id, str) or not _CLIENT_ID.fullmatch(client_id):
        raise RequestError("bad_field", 400, {"field": "client_message_id"})
    text, choice = data.get("text"), data.get("choice")
    if text is not None and not isinstance(text, str):
        raise RequestError("bad_field", 400, {"field": "text"})
    if choice is not None and not isinstance(choice, str):
        raise RequestError("bad_field", 400, {"field": "choice"})
    if text is None and choice is None:
        raise RequestError("bad_field", 400, {"field": "text"})
    if text is not None and choice is not None:
        raise RequestError("bad_field", 400, {"field": "choice"})
    return Incoming(client_id, text, choice)


def read_rating(data: dict[str, Any]) -> str:
    """``up`` or ``down``."""
    rating = data.get("rating")
    if rating not in ("up", "down"):
        raise RequestError("bad_field", 400, {"field": "rating"})
    return str(rating)


def read_cursor(request: web.Request) -> int:
    """After which message to go on: ``after``, or what an interrupted stream last received."""
    raw = request.headers.get("Last-Event-ID") or request.query.get("after") or "0"
    if not _CURSOR.fullmatch(raw) or not raw.isascii():
        raise RequestError("bad_field", 400, {"field": "after"})
    return int(raw)


def accepted_language(request: web.Request) -> str:
    """Spanish when the browser prefers it to English, else English."""
    best, weight = LANGUAGES[0], 0.0
    for part in request.headers.get("Accept-Language", "")[:200].split(","):
        tag, _, quality = part.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary not in LANGUAGES:
            continue
        try:
            asked = float(quality.strip().removeprefix("q=") or 1.0)
        except ValueError:
            continue
        if asked > weight:
            best, weight = primary, asked
    return best


def shown(message: MessageRecord, values: Mapping[str, str]) -> dict[str, Any]:
    """A message as its own person gets it: no payloads, no intents, their own ``values`` in the place of tokens."""
    reply = message.reply or {}
    kept = {name: reply[name] for name in ("keep", "picture", "expects") if reply.get(name)}
    said = {
        "id": message.id,
        "seq": message.seq,
        "author": message.author,
        "kind": message.kind,
        "about": reply.get("id"),
        "section": reply.get("section"),
        "language": message.language,
        "text": message.text,
        "full": reply.get("full", ""),
        "title": reply.get("title", ""),
        "choices": [{"id": choice["id"], "title": choice["title"]} for choice in reply.get("choices", ())],
        "sources": list(reply.get("sources", ())),
        "notes": list(reply.get("notes", ())),
        **kept,
        "facts_checked": reply.get("facts_checked"),
        "approved_by": reply.get("approved_by"),
        "approved_on": reply.get("approved_on"),
        "client_message_id": message.client_message_id,
        "reply_to": message.reply_to,
        "rating": message.rating,
        "created_at": message.created_at.isoformat(),
    }
    return shown_reply(said, values)


def shown_messages(
    messages: Sequence[MessageRecord], cursor: int, language: str, values: Mapping[str, str]
) -> dict[str, Any]:
    """Messages with the cursor after which to go on."""
    return {"messages": [shown(m, values) for m in messages], "cursor": cursor, "language": language}
