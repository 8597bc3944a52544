"""A stored conversation as its page shows it: each message with what stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.console.pages.library import FromLibrary, Other, Working
from bot.console.ports import OtherLanguage
from bot.console.telling import Fact, Guess, Piece, Say, entities, guesses, is_unsure, percent, pieces
from bot.core.messages import LANGUAGES
from bot.transcripts.records import MessageRecord


@dataclass(frozen=True, slots=True)
class Behind:
    """What a bot's message rests on. ``parameters`` are the figures told, ``versions`` those of texts and law."""

    id: str
    article: str | None
    section: str | None
    versions: Mapping[str, str]
    parameters: tuple[Fact, ...]
    sources: tuple[Mapping[str, str], ...]
    notes: tuple[str, ...]
    choices: tuple[str, ...]
    approved_by: str | None
    approved_on: date | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One message; ``full`` is the longer form that a website shows.

    ``understood`` is empty for what was not worked on; ``raw`` says that the words as written are kept and may be
    revealed.
    """

    message: MessageRecord
    text: tuple[Piece, ...]
    full: tuple[Piece, ...] = ()
    understood: str = ""
    percent: int | None = None
    unsure: bool = False
    ranking: tuple[Guess, ...] = ()
    entities: tuple[Fact, ...] = ()
    raw: bool = False
    behind: Behind | None = None
    other: Other | None = None
    working: Working | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """What is needed to show messages: words, titles, and the library behind them."""

    say: Say
    title: Callable[[str], str]
    library: FromLibrary | None
    other: OtherLanguage
    lang: str

    def shown(
        self, messages: Sequence[MessageRecord], facts: Mapping[str, Any], raw: frozenset[str]
    ) -> tuple[Shown, ...]:
        """Every message in its order."""
        return tuple(
            self._said(message, facts) if message.author == "bot" else self._heard(message, message.id in raw)
            for message in messages
        )

    def _heard(self, message: MessageRecord, raw: bool) -> Shown:
        confidence = message.confidence
        return Shown(
            message,
            pieces(message.text, self.say),
            understood="" if message.intent is None else self.title(message.intent),
            percent=None if confidence is None else percent(confidence),
            unsure=is_unsure(confidence),
            ranking=tuple(
                Guess(self.title(guess.name), guess.percent)
                for guess in guesses(message.ranking)
                if guess.name != message.intent
            ),
            entities=entities(message.entities, self.lang),
            raw=raw,
        )

    def _said(self, message: MessageRecord, facts: Mapping[str, Any]) -> Shown:
        reply = message.reply or {}
        keep = reply.get("keep") or {}
        return Shown(
            message,
            pieces(message.text, self.say),
            full=pieces(reply["full"], self.say) if reply.get("full") else (),
            behind=self._behind(message, reply) if reply else None,
            other=self._other(message, reply, facts) if reply else None,
            working=None if self.library is None else self.library.working(keep, self.lang),
        )

    def _other(
        self, message: MessageRecord, reply: Mapping[str, Any], facts: Mapping[str, Any]
    ) -> Other | None:
        if self.library is not None:
            return self.library.beside(reply, message.created_at.date(), facts)
        text = self.other.other(reply)
        to = next((lang for lang in LANGUAGES if lang != message.language), LANGUAGES[0])
        return None if text is None else Other(to, text, "", same=True)

    def _behind(self, message: MessageRecord, reply: Mapping[str, Any]) -> Behind:
        id, section = str(reply.get("id", "")), reply.get("section")
        library = self.library
        approved_on = reply.get("approved_on")
        return Behind(
            id=id,
            article=None if library is None else library.topic(id, self.lang),
            section=None if library is None else library.section(id, section, self.lang),
            versions={str(name): str(told) for name, told in (message.versions or {}).items()},
            parameters=tuple(Fact(str(n), str(v)) for n, v in (reply.get("parameters") or {}).items()),
            sources=tuple(reply.get("sources") or ()),
            notes=tuple(str(note) for note in reply.get("notes") or ()),
            choices=tuple(str(choice.get("title", "")) for choice in reply.get("choices") or ()),
            approved_by=reply.get("approved_by"),
            approved_on=None if approved_on is None else date.fromisoformat(approved_on),
        )
