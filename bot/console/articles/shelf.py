"""The articles as staff look after them: what is due, what nobody approved, and each as it reads on a given day.

Pure: the library and a day in, rows for a page out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from bot.core.content.approvals import Approval
from bot.core.content.article import Section
from bot.core.content.library import Library
from bot.core.content.store import Topic
from bot.core.law import IN_FORCE, Authority, NotInForce, Parameter, Value, Version, format_value
from bot.core.messages import LANGUAGES, Reply

#: What is due within so long stands among what is due.
SOON = timedelta(days=30)
#: What the list can be narrowed to.
FILTERS = ("all", "due", "unapproved", "uncertain")


@dataclass(frozen=True, slots=True)
class Approved:
    """``state``: ``approved``, ``edited`` (somebody approved another text) or ``never``."""

    state: str
    by: str = ""
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One article in the list. ``checked`` is the oldest check among all that it rests on, None when there is none;
    ``left`` how many days remain until its review, negative when it is overdue; ``uncertain`` how many values of the
    law a lawyer has still a question about."""

    topic: str
    title: str
    parent: str | None
    sections: int
    checked: date | None
    age: int
    due: date
    left: int
    approved: Approved
    uncertain: int

    def is_among(self, which: str) -> bool:
        """Whether a filter shows it."""
        match which:
            case "due":
                return self.left <= SOON.days
            case "unapproved":
                return self.approved.state != "approved"
            case "uncertain":
                return self.uncertain > 0
            case _:
                return True


@dataclass(frozen=True, slots=True)
class Coming:
    """Another version of a value, after the day that is looked at; ``told`` is empty where it closes the rule."""

    on: date
    told: str
    status: str


@dataclass(frozen=True, slots=True)
class Law:
    """A value of the law on a day; ``told`` is None where none is in force."""

    id: str
    title: str
    told: str | None
    since: date | None
    sources: tuple[Authority, ...]
    question: str
    confidence: str
    coming: tuple[Coming, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """A section in one language. ``reply`` is what people get on the day, None where it is withheld; ``written`` and
    ``written_full`` are its texts as they stand in the file then."""

    question: str
    asks: tuple[str, ...]
    reply: Reply | None
    written: str
    written_full: str


@dataclass(frozen=True, slots=True)
class Part:
    """A section by language; a language that lacks it is not among ``sides``."""

    id: str
    sides: dict[str, Side]
    law: tuple[Law, ...]


def approved(library: Library, topic: str) -> Approved:
    """Who approved a topic, and whether that still holds."""
    return state_of(library.recorded_approval(topic), library.is_approved(topic))


def state_of(recorded: Approval | None, holds: bool) -> Approved:
    """An approval as it is shown."""
    if recorded is None:
        return Approved("never")
    return Approved("approved" if holds else "edited", recorded.by, recorded.on)


def rows(library: Library, lang: str, today: date) -> list[Row]:
    """Every article, what is due first."""
    found = [_row(library, topic, lang, today) for topic in library.topics.values()]
    return sorted(found, key=lambda row: (row.due, row.title.casefold()))


def _row(library: Library, topic: Topic, lang: str, today: date) -> Row:
    article, parameters = topic.articles[lang], library.parameters_of(topic.intent)
    parent = None if article.parent is None else library.topics.get(article.parent)
    checked = min(_checks(library, topic, today), default=None)
    due = min(article.review_due for article in topic.articles.values())
    return Row(
        topic=topic.intent,
        title=article.title,
        parent=None if parent is None else parent.articles[lang].title,
        sections=len(topic.sections),
        checked=checked,
        age=0 if checked is None else (today - checked).days,
        due=due,
        left=(due - today).days,
        approved=approved(library, topic.intent),
        uncertain=sum(library.parameters.get(name).uncertain for name in parameters),
    )


def _checks(library: Library, topic: Topic, today: date) -> Iterator[date]:
    """When somebody last looked at each source."""
    for article in topic.articles.values():
        yield from (source.checked for source in article.sources)
    for name in library.parameters_of(topic.intent):
        value = library.parameters.at(name, today)
        if isinstance(value, Value):
            yield value.checked


def parts(library: Library, topic: Topic, lang: str, day: date) -> list[Part]:
    """The sections of a topic as they read on a day, in the order of the English article; what only another language
    has follows. ``lang`` is that of the law's titles and values."""
    ids = dict.fromkeys(section.id for known in LANGUAGES for section in _sections(topic, known))
    return [_part(library, topic, id, lang, day) for id in ids]


def _part(library: Library, topic: Topic, id: str, lang: str, day: date) -> Part:
    sides, names = {}, dict[str, None]()
    for known in LANGUAGES:
        section = next((section for section in _sections(topic, known) if section.id == id), None)
        if section is None:
            continue
        full = "" if section.full is None else section.full.text
        sides[known] = Side(
            library.filled(section.question, known, day) or section.question,
            section.asks,
            library.as_told(topic.intent, known, id, day),
            section.short.text,
            full,
        )
        names |= dict.fromkeys(found.name for found in section.placeholders() if found.is_parameter)
    return Part(id, sides, tuple(law(library, library.parameters.get(name), lang, day) for name in names))


def law(library: Library, parameter: Parameter, lang: str, day: date) -> Law:
    """A value of the law on a day, and what comes after it."""
    found = library.parameters.at(parameter.id, day)
    known = None if isinstance(found, NotInForce) else found
    return Law(
        id=parameter.id,
        title=parameter.title[lang],
        told=None if known is None else format_value(known, lang),
        since=None if known is None else known.effective,
        sources=() if known is None else known.authority,
        question=parameter.question if parameter.uncertain else "",
        confidence=parameter.confidence,
        coming=tuple(
            _coming(parameter, version, lang) for version in parameter.versions if version.effective > day
        ),
    )


def _coming(parameter: Parameter, version: Version, lang: str) -> Coming:
    if version.raw is None:
        return Coming(version.effective, "", version.status)
    value = Value(parameter, version.effective, version.raw, version.authority)
    return Coming(version.effective, format_value(value, lang), version.status)


def turning_days(library: Library, topic: str) -> list[date]:
    """The days on which a value that the topic tells changes, the newest first."""
    found: Iterable[Parameter] = map(library.parameters.get, library.parameters_of(topic))
    days = {version.effective for one in found for version in one.versions if version.status == IN_FORCE}
    return sorted(days, reverse=True)


def _sections(topic: Topic, lang: str) -> tuple[Section, ...]:
    article = topic.articles.get(lang)
    return () if article is None else article.sections
