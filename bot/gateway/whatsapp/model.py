"""What comes from WhatsApp and goes to it, the same for Meta's Cloud API and for Twilio. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

#: What a message can be. ``text`` and ``choice`` are answered by the conversation, every other kind by a notice.
KINDS = (
    "text",
    "choice",
    "voice",
    "image",
    "video",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "order",
    "edited",
    "deleted",
    "unsupported",
)

#: How far a message of ours has come, in the order in which it can only go on.
STATES = ("sent", "delivered", "read", "failed")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote. ``address`` is where a reply goes, as the provider wants it; it may change.

    ``aliases`` are all names under which the provider knows the person, such as ``phone:15550100`` and
    ``bsuid:US.13491208655302741918``. A person need not have a phone number. Profile names are not read at all.
    """

    address: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message of a person. ``id`` is the provider's; ``at`` when they sent it (UTC).

    ``text`` is the body of a text, the new body of an edited one, or the caption of a file; ``choice`` the id of the
    button or row that was pressed and ``title`` what stood on it; ``refers_to`` the provider's id of the message that
    is edited, deleted, reacted or replied to. A reaction's ``text`` is its emoji, empty when it is taken back; that of
    an edited message is empty where the provider keeps it to itself. Of files nothing else is read, and nothing is
    ever downloaded.
    """

    id: str
    sender: Sender
    at: datetime
    kind: str
    text: str = ""
    choice: str = ""
    title: str = ""
    refers_to: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """How far a message of ours has come: one of ``STATES``. May be repeated, late or out of order.

    ``row`` is our own id of it where the provider hands that back, else empty; ``code`` the provider's error.
    """

    id: str
    state: str
    at: datetime
    row: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Renamed:
    """A person has a new number or id: ``old`` aliases now belong to ``sender``."""

    id: str
    old: tuple[str, ...]
    sender: Sender
    at: datetime


Event = Inbound | Status | Renamed


@dataclass(frozen=True, slots=True)
class Option:
    """A button or a row; ``id`` comes back when it is pressed."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message of ours, within the limits of its provider.

    kind: ``text``; ``buttons`` (``options``); ``list`` (``options``, opened by ``label``); ``link`` (a button ``label``
    that opens ``url``); ``template`` (approved by the provider under ``template``, with ``values`` in order).
    """

    kind: str
    text: str = ""
    options: tuple[Option, ...] = ()
    label: str = ""
    url: str = ""
    template: str = ""
    language: str = ""
    values: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """A JSON-ready dict that ``from_dict`` reads back to an equal message."""
        return {
            "kind": self.kind,
            "text": self.text,
            "options": [[option.id, option.title, option.description] for option in self.options],
            "label": self.label,
            "url": self.url,
            "template": self.template,
            "language": self.language,
            "values": list(self.values),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Outbound:
        """The message that ``as_dict`` wrote. Raises KeyError or TypeError for anything else."""
        return cls(
            kind=data["kind"],
            text=data["text"],
            options=tuple(Option(*option) for option in data["options"]),
            label=data["label"],
            url=data["url"],
            template=data["template"],
            language=data["language"],
            values=tuple(data["values"]),
        )


class WireError(Exception):
    """The provider signed it, and yet it is not what the provider sends; ``problem`` quotes nothing of it."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class SendError(Exception):
    """A message did not go out, or nobody knows; ``code`` is the provider's error or a word of ours."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotSent(SendError):
    """It surely did not go out, and may be tried again after ``seconds``: rate errors, no service, no connection."""

    def __init__(self, code: str, seconds: float = 0.0) -> None:
        super().__init__(code)
        self.seconds = seconds


class Unsure(SendError):
    """A server error, or the connection broke after the request was on its way: it may have gone out or not."""


class Refused(SendError):
    """It will never go out as it is: wrong content, closed account, unreachable person."""


class WindowClosed(Refused):
    """The person has not written for 24 hours: only an approved template may be sent."""


class Provider(Protocol):
    """One provider's API, as far as messages go out by it."""

    @property
    def name(self) -> str: ...

    async def send(self, message: Outbound, address: str, row: str) -> str:
        """The provider's id of the message now on its way; ``row`` comes back with its statuses.

        Raises NotSent, Unsure, WindowClosed or Refused.
        """

    async def seen(self, message_id: str, typing: bool) -> None:
        """Shows the person that a message of theirs was read, and that an answer is being written.

        Never raises: a missing tick costs nobody an answer.
        """

    async def close(self) -> None: ...
