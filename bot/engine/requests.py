"""What the gateway may ask of the engine, checked before Rasa sees any of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.core.messages import LANGUAGES, without_command

_PAYLOAD = re.compile(r"/([a-z][a-z0-9_]*)(\{.*\})?", re.DOTALL)


class BadRequest(Exception):
    """The request cannot be understood; the text says what to change."""


@dataclass(frozen=True)
class TurnRequest:
    """A turn as the gateway asked for it; either ``text`` or ``payload`` is set."""

    conversation: str
    message_id: str
    text: str
    payload: str
    language: str | None
    today: str
    now: str
    timezone: str
    firm_timezone: str
    channel: str
    consent: bool
    at: str
    #: What is kept in the place of the text, where the text tells what happened to a person.
    marker: str
    emergency: str

    @classmethod
    def of(cls, body: dict[str, Any]) -> TurnRequest:
        """The turn in a JSON body. Raises BadRequest with the first thing that is wrong."""
        payload = text_of(body, "payload", "")
        text = without_command(text_of(body, "text", ""))
        if bool(text) == bool(payload):
            raise BadRequest("give either text with something in it or a payload")
        if payload:
            check_payload(payload)
        language = body.get("language")
        if language is not None and language not in LANGUAGES:
            raise BadRequest("language must be one of " + ", ".join(LANGUAGES))
        consent = body.get("consent", False)
        if not isinstance(consent, bool):
            raise BadRequest("consent must be true or false")
        today = text_of(body, "today")
        try:
            date.fromisoformat(today)
        except ValueError as exc:
            raise BadRequest("today must be a date, YYYY-MM-DD") from exc
        now = text_of(body, "now", "")
        if now and not _is_moment(now):
            raise BadRequest("now must be a moment with its offset, YYYY-MM-DDTHH:MM:SS+00:00")
        return cls(
            conversation=text_of(body, "conversation"),
            message_id=text_of(body, "message_id"),
            text=text,
            payload=payload,
            language=language,
            today=today,
            now=now,
            timezone=text_of(body, "timezone", ""),
            firm_timezone=text_of(body, "firm_timezone", ""),
            channel=text_of(body, "channel", ""),
            consent=consent,
            at=text_of(body, "at", ""),
            marker=text_of(body, "marker", ""),
            emergency=text_of(body, "emergency", ""),
        )

    @property
    def metadata(self) -> dict[str, Any]:
        """What components and actions see beside the words."""
        names = (
            "today",
            "now",
            "timezone",
            "firm_timezone",
            "channel",
            "language",
            "consent",
            "message_id",
            "at",
            "emergency",
        )
        return {name: getattr(self, name) for name in names}


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def text_of(body: dict[str, Any], name: str, default: str | None = None) -> str:
    """A text in a JSON body; without a default it must be there. Raises BadRequest when it is not."""
    value = body.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or (default is None and not 0 < len(value) <= 200):
        raise BadRequest(f"{name} must be text" + ("" if default is not None else " of 1 to 200 characters"))
    return value


def check_payload(payload: str) -> None:
    """Raise BadRequest unless ``payload`` is ``/intent`` with nothing or a JSON object of texts behind it."""
    match = _PAYLOAD.fullmatch(payload)
    if match is None:
        raise BadRequest("payload must look like /intent or /intent{...}")
    try:
        entities = json.loads(match.group(2) or "{}")
    except ValueError as exc:
        raise BadRequest("the entities of the payload are no JSON object") from exc
    if any(not isinstance(value, str) for value in entities.values()):
        raise BadRequest("the entities of a payload must be texts")


def texts_of(body: dict[str, Any]) -> list[str]:
    """The list of texts in a JSON body, none of them a command. Raises BadRequest for anything else."""
    texts = body.get("texts")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadRequest("texts must be a list of texts")
    return [without_command(text) for text in texts]


@dataclass(frozen=True)
class NearestRequest:
    """Which groups of questions a text is to be compared with.

    ``names`` gives each topic's questions a name that no others have; they are learnt under it, and later it stands for
    them. ``topics`` holds the questions themselves, and need not where the engine knows the name. ``prepare``: nobody
    waits for scores; the questions are to be learnt.
    """

    text: str
    topics: dict[str, dict[str, list[str]]]
    names: dict[str, str]
    prepare: bool

    @classmethod
    def of(cls, body: dict[str, Any]) -> NearestRequest:
        """The request in a JSON body. Raises BadRequest with the first thing that is wrong."""
        names = body.get("names", {})
        if not isinstance(names, dict) or not all(isinstance(name, str) and name for name in names.values()):
            raise BadRequest("names must give each topic a text")
        prepare = body.get("prepare", False)
        if not isinstance(prepare, bool):
            raise BadRequest("prepare must be true or false")
        topics = topics_of(body) if "topics" in body or not names else {}
        if prepare and not topics.keys() <= names.keys():
            raise BadRequest("what is prepared needs a name")
        return cls(without_command(text_of(body, "text", "")), topics, names, prepare)


def topics_of(body: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Groups of questions by topic in a JSON body, no group empty. Raises BadRequest for anything else."""
    topics = body.get("topics")
    if (
        not isinstance(topics, dict)
        or not all(isinstance(groups, dict) and groups for groups in topics.values())
        or not all(
            isinstance(texts, list)
            and texts
            and all(isinstance(text, str) and text.strip() for text in texts)
            for groups in topics.values()
            for texts in groups.values()
        )
    ):
        raise BadRequest("topics must hold groups of texts, no group or text of them empty")
    return topics
