"""What the content library and the rules add to a stored conversation: the other language of what was said, how a
date was counted, and the answers of the person in words."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from aiohttp import web

from bot.console.parts import OTHER, WORDS
from bot.console.telling import Fact, other_facts
from bot.core import template
from bot.core.content.library import Library
from bot.core.content.store import WITHHELD, Topic
from bot.core.deadlines.calculations import CALCULATIONS, calculate
from bot.core.deadlines.inputs import InputError
from bot.core.deadlines.phrases import Phrases, weekday_and_day
from bot.core.deadlines.results import Deadline, NotCovered
from bot.core.deadlines.rules import Rules
from bot.core.deadlines.telling import day_in_words
from bot.core.deadlines.telling import tell as tell_deadline
from bot.core.deadlines.wanted import ASKED_FOR
from bot.core.errors import ContentFileError
from bot.core.messages import LANGUAGES, Reply
from bot.core.triage.facts import QUESTIONS, Facts
from bot.core.triage.levels import assess
from bot.core.triage.rules import TriageRules
from bot.core.triage.telling import answer_in_words
from bot.core.triage.telling import tell as tell_triage

_BETWEEN = {"en": "between {} and {}", "es": "entre el {} y el {}"}


@dataclass(frozen=True, slots=True)
class Other:
    """A bot's message in the other language; ``full`` is its longer form, or empty.

    ``same``: the content still says in its own language what was said.
    """

    lang: str
    text: str
    full: str
    same: bool


@dataclass(frozen=True, slots=True)
class Working:
    """How a date was counted, from what it was counted, and on which day."""

    title: str
    date: str
    given: tuple[Fact, ...]
    steps: tuple[str, ...]
    counted_on: str
    authority: tuple[tuple[str, str], ...]


class FromLibrary:
    """Everything that is looked up in the words and the law as they stand now."""

    def __init__(
        self,
        words: Library,
        rules: Callable[[], Rules],
        triage: Callable[[], TriageRules],
        phrases: Phrases,
    ) -> None:
        self._words = words
        self._rules = rules
        self._triage = triage
        self._phrases = phrases
        self._contents: dict[str, tuple[Mapping[str, Topic], tuple[tuple[str, str | None, str], ...]]] = {}

    @property
    def library(self) -> Library:
        """The words themselves, as their files stand now."""
        self._words.reload_if_changed(time.monotonic())
        return self._words

    def topic(self, name: str, lang: str) -> str | None:
        """The title of a topic or of a date that is worked out; None for anything else."""
        calculation = CALCULATIONS.get(name.removeprefix("deadline_"))
        if calculation is not None:
            return calculation.title[lang]
        topic = self._words.topics.get(name)
        return None if topic is None else topic.articles[lang].title

    def section(self, name: str, section: str | None, lang: str) -> str | None:
        """The question that a topic's section answers."""
        topic = self._words.topics.get(name)
        if topic is None or section is None:
            return None
        found = topic.articles[lang].section(section)
        return None if found.id != section else self._words.filled(found.question, lang, date.max)

    def contents(self, lang: str) -> tuple[tuple[str, str | None, str], ...]:
        """Every topic by its title, each followed by its sections: topic, section or None, and what it is called.

        The same tuple until the content changes.
        """
        topics = self._words.topics
        kept = self._contents.get(lang)
        if kept is None or kept[0] is not topics:
            kept = self._contents[lang] = (topics, tuple(self._listed(topics, lang)))
        return kept[1]

    def _listed(self, topics: Mapping[str, Topic], lang: str) -> Iterator[tuple[str, str | None, str]]:
        for name in sorted(topics, key=lambda name: topics[name].articles[lang].title.casefold()):
            article = topics[name].articles[lang]
            yield name, None, article.title
            for section in article.sections:
                if section.question:
                    question = self._words.filled(section.question, lang, date.max) or section.id
                    yield name, section.id, f"{article.title} › {question}"

    def other(self, reply: Mapping[str, Any]) -> str | None:
        """What a reply says in the other language, with the figures of today's files."""
        found = self.beside(reply, date.max)
        return None if found is None else found.text

    def beside(
        self, reply: Mapping[str, Any], told_on: date, facts: Mapping[str, Any] | None = None
    ) -> Other | None:
        """What a stored reply says in the other language; None where the content has no such text any more."""
        lang = str(reply.get("lang", ""))
        if lang not in LANGUAGES:
            return None
        to = next(known for known in LANGUAGES if known != lang)
        try:
            there = self._told(reply, lang, to, told_on, facts)
            here = None if there is None else self._told(reply, lang, lang, told_on, facts)
        except (ContentFileError, InputError, KeyError, TypeError, ValueError):
            # The files may have changed since it was said: then there is nothing to show beside it.
            return None
        if there is None or here is None:
            return None
        same = here.text == reply.get("text") and here.full == reply.get("full", "")
        return Other(to, there.text, there.full, same)

    def working(self, keep: Mapping[str, Any], lang: str) -> Working | None:
        """How the date that a reply told was counted; None for a reply without one, or that cannot be counted now."""
        try:
            result = self._result(keep)
        except (InputError, KeyError, TypeError, ValueError):
            return None
        if not isinstance(result, Deadline):
            return None
        return Working(
            title=CALCULATIONS[result.calculation].title[lang],
            date="" if result.date is None else weekday_and_day(result.date, lang),
            given=tuple(other_facts(keep["inputs"], (), lang)),
            steps=tuple(self._phrases.step(step, lang) for step in result.steps),
            counted_on=self._phrases.counted_on(result, lang),
            authority=tuple((found.cite, found.url) for found in result.authority),
        )

    def facts(self, facts: Mapping[str, Any], lang: str) -> tuple[Fact, ...]:
        """The person's answers by question, in the order in which they are asked; then what else is known."""
        known = {name: value for name, value in facts.items() if name in QUESTIONS}
        try:
            read = Facts.from_dict(known)
        except (KeyError, TypeError, ValueError):
            return tuple(other_facts(facts, (), lang))
        rows = [
            Fact(
                self._words.label(f"label_triage_question_{question}", lang),
                answer_in_words(self._words, question, read.get(question), lang),
            )
            for question in QUESTIONS
            if read.get(question) is not None
        ]
        return (*rows, *other_facts(facts, tuple(QUESTIONS), lang))

    def _told(
        self, reply: Mapping[str, Any], lang: str, to: str, told_on: date, facts: Mapping[str, Any] | None
    ) -> Reply | None:
        """The reply as it is told now in the language ``to``."""
        id, keep = str(reply["id"]), reply.get("keep") or {}
        if "calculation" in keep:
            below = tuple(self._counted_from(keep, to, told_on))
            return tell_deadline(self._words, self._rules(), self._result(keep), to, below)
        if id in self._words.topics:
            told = self._words.answer(id, to, reply.get("section"), told_on)
            return None if told.id == WITHHELD else told
        if id == "triage_result":
            read = Facts.from_dict({k: v for k, v in (facts or {}).items() if k in QUESTIONS})
            found = assess(read, self._rules(), self._triage(), told_on)
            return tell_triage(self._words, found, read, to, told_on)
        return self._notice(id, str(reply.get("text", "")), lang, to, told_on)

    def _counted_from(self, keep: Mapping[str, Any], lang: str, told_on: date) -> Iterator[str]:
        """From which days a date was counted, as it stands below it."""
        for name, events in ASKED_FOR.get(str(keep["calculation"]), {}).items():
            given = keep["inputs"][name]
            ends = (given["earliest"], given["latest"]) if isinstance(given, Mapping) else (given, given)
            first, last = (day_in_words(date.fromisoformat(end), lang) for end in ends)
            day = first if first == last else _BETWEEN[lang].format(first, last)
            what = self._words.label(f"event_{events[0]}", lang)
            yield self._words.notice("deadline_based_on", lang, today=told_on, what=what, event=day).text

    def _notice(self, id: str, text: str, lang: str, to: str, told_on: date) -> Reply | None:
        """A notice, with the values that the stored text shows in the place of its names."""
        notice = self._words.notices.get(id)
        if notice is None or not {lang, to} <= set(notice.texts):
            return None
        names = {found.name for found in template.placeholders(notice.texts[lang]) if "." not in found.name}
        wanted = {found.name for found in template.placeholders(notice.texts[to]) if "." not in found.name}
        values = _read_back(notice.texts[lang], text) if names else {}
        if not wanted <= set(values):
            return None
        return self._words.notice(id, to, today=told_on, **{name: values[name] for name in wanted})

    def _result(self, keep: Mapping[str, Any]) -> Deadline | NotCovered:
        today = date.fromisoformat(keep["today"])
        return calculate(keep["calculation"], keep["inputs"], self._rules(), today)


def _read_back(written: str, told: str) -> dict[str, str]:
    """The values by name with which a text was told; none where it no longer fits."""
    pattern, end, seen = "", 0, set[str]()
    for found in re.finditer(r"\{\{\s*([a-z][a-z0-9_.]*)[^}]*\}\}", written):
        name = found[1]
        pattern += re.escape(written[end : found.start()])
        if "." in name:
            pattern += "[^{}]{0,400}?"
        else:
            pattern += f"(?P={name})" if name in seen else f"(?P<{name}>[^{{}}]{{0,400}}?)"
            seen.add(name)
        end = found.end()
    match = re.fullmatch(pattern + re.escape(written[end:]), told.strip(), re.DOTALL)
    return {} if match is None else match.groupdict()


def library_of(request: web.Request) -> FromLibrary | None:
    """The library of this console; None where only its other language was given."""
    found = request.app[OTHER]
    return found if isinstance(found, FromLibrary) else None


def titles(request: web.Request, lang: str) -> Callable[[str], str]:
    """Names a topic or another intent as people know it; one without a name by its code."""
    library, words = library_of(request), request.app[WORDS]

    def title(name: str) -> str:
        found = None if library is None else library.topic(name, lang)
        if found is None and words.has(f"intent_{name}"):
            found = words.say(f"intent_{name}", lang)
        return found or name

    return title
