"""What the engine, the actions and the gateway say to each other about one turn.

A reply travels as JSON: an action puts ``Reply.as_dict()`` into a Rasa custom message, the turn connector
passes it on, the gateway reads it back with ``Reply.from_dict``. Python 3.10 syntax: both environments use it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

#: Choices whose payload starts so are carried out by the gateway; all others go to the engine.
GATEWAY_PREFIX = "gateway:"

#: What a question can expect (``Reply.expects``).
DATE = "date"

#: The languages that Faro answers in. Others get one fixed sentence and the way to a person.
LANGUAGES = ("en", "es")

#: The replies (``Reply.id``) that say to a question that there is no answer, or none that is sure to be meant.
NO_ANSWER = frozenset({"no_answer_yet", "no_exact_answer", "not_understood", "did_you_mean"})


def without_command(text: str) -> str:
    """The text as a person meant it, never a Rasa command.

    Rasa reads ``/intent{...}`` as an order to skip understanding; only a choice that the bot offered may do so.
    Leading slashes and white space go, everything else stays.
    """
    return text.lstrip("/ \t\r\n\u00a0\u200b\ufeff").rstrip()


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing the person can press. ``payload`` is ``/intent{...}`` or ``gateway:<command>``."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from; ``checked`` is the ISO date on which somebody last read it there."""

    cite: str
    url: str
    checked: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing the bot says.

    kind: ``answer`` (an article's section), ``notice``, ``question`` (the bot waits for this answer),
    ``emergency`` or ``apology``. ``id`` names the article, notice or response, ``section`` the article's section.
    ``text`` is the short form for every channel, ``full`` the longer one where there is room, both plain text:
    paragraphs part at blank lines, list items start with "- ". ``facts_checked`` is the oldest check among the
    parameters and sources used; ``parameters`` maps each law parameter used to the value told.
    ``notes`` are sentences about the answer itself (changing law, past its review date, who approved it).
    ``keep`` is for a date that the person can keep (calendar, print, copy), else empty: ``calculation`` and ``inputs``
    as the deadline API takes them, ``today`` on which it was counted, ``calendar_until`` (the last day that a calendar
    file of it has, or None when it has none), and ``labels``: the titles of the buttons, by name. A summary that can
    be printed and copied as it stands has only ``labels``.
    ``asks`` names the contact value that the reply asks for (``name``, ``phone``, ``email``, ``when``,
    ``language_other``): the gateway keeps the answer out of everything but the booking. ``picture`` holds ``svg``,
    ``svg_dark`` for dark pages, and its equivalent in words, ``text``; or nothing. ``expects`` is ``date`` when a day
    answers the question, so that a page can offer a calendar to pick it from; else empty. ``version`` names
    the very wording of an article and its parameters, so that it can be told later what a person read.
    """

    kind: str
    id: str
    lang: str
    text: str
    full: str = ""
    title: str = ""
    section: str | None = None
    choices: tuple[Choice, ...] = ()
    sources: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()
    facts_checked: str | None = None
    approved_by: str | None = None
    approved_on: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    keep: dict[str, Any] = field(default_factory=dict)
    asks: str = ""
    picture: dict[str, str] = field(default_factory=dict)
    expects: str = ""
    version: str = ""

    def as_dict(self) -> dict[str, Any]:
        """A JSON-ready dict that ``from_dict`` reads back to an equal reply."""
        data = asdict(self)
        data["choices"] = [asdict(choice) for choice in self.choices]
        data["sources"] = [asdict(source) for source in self.sources]
        data["notes"] = list(self.notes)
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Reply:
        """The reply that ``as_dict`` wrote. Raises KeyError or TypeError when ``data`` is something else."""
        known = dict(data)
        known["choices"] = tuple(Choice(**choice) for choice in data.get("choices", ()))
        known["sources"] = tuple(Source(**source) for source in data.get("sources", ()))
        known["notes"] = tuple(data.get("notes", ()))
        return cls(**known)
