"""Figures in words: numbers as each language writes them, and the sentences of a week."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from babel.dates import format_skeleton
from babel.numbers import format_decimal

from bot.console.insights.measures import Measure, Row, Value, worse
from bot.console.telling import Say
from bot.console.words import Words
from bot.core.law import LOCALES

_WEEK = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Voice:
    """Says words and numbers in one language."""

    words: Words
    lang: str

    @property
    def say(self) -> Say:
        return lambda name, **values: self.words.say(name, self.lang, **values)

    def many(self, name: str, count: int, **values: object) -> str:
        """Words for one or many; the count is written as a number of the language."""
        form = f"{name}_one" if count == 1 else f"{name}_many"
        return self.words.say(form, self.lang, count=self.number(count), **values)

    def number(self, value: float) -> str:
        """A number, with at most one decimal."""
        return format_decimal(value, format="#,##0.#", locale=LOCALES[self.lang])

    def points(self, value: float) -> str:
        """A difference in points, with its sign."""
        sign = "+" if value > 0 else "−" if value < 0 else ""
        form = "fig_points_one" if abs(value) == 1 else "fig_points_many"
        return self.say(form, count=f"{sign}{self.number(abs(value))}")

    def time(self, value: float, kind: str) -> str:
        """A time in milliseconds or minutes, as people say it."""
        if kind == "ms":
            if value < 1000:
                return self.say("fig_ms", value=self.number(value))
            return self.say("fig_seconds", value=self.number(value / 1000))
        if value < 60:
            return self.say("fig_minutes", value=self.number(value))
        if value < 48 * 60:
            return self.say("fig_hours", value=self.number(value / 60))
        return self.say("fig_days", value=self.number(value / 1440))

    def plain(self, measure: Measure, value: Value) -> str:
        """A value alone; a dash where there is none."""
        if value.number is None:
            return "–"
        if measure.kind == "count":
            return self.number(value.number)
        if measure.kind == "share":
            return f"{self.number(_rounded(value.number))}%"
        return self.time(value.number, measure.kind)

    def cases(self, measure: Measure, value: Value) -> str:
        """Of how many cases a value tells; empty for a count."""
        if measure.kind == "count" or not value.whole:
            return ""
        if measure.kind == "share":
            return self.say("fig_of", part=self.number(value.part), whole=self.number(value.whole))
        return self.many("fig_cases", value.whole)

    def week(self, monday: date) -> str:
        """The days of a week, such as Nov 2 to Nov 8, 2026."""
        locale = LOCALES[self.lang]
        begin = format_skeleton("MMMd", monday, locale=locale)
        end = format_skeleton("yMMMd", monday + _WEEK, locale=locale)
        return self.say("fig_week_span", begin=begin, end=end)

    def day(self, day: date) -> str:
        """A day as a chart has room for it."""
        return format_skeleton("MMMd", day, locale=LOCALES[self.lang])


def _rounded(percent: float) -> float:
    """Whole percents; below ten one decimal, where it tells something."""
    return round(percent, 1) if percent < 10 else round(percent)


def sentences(rows: Mapping[str, Row], voice: Voice) -> Iterator[str]:
    """What a week was like, in words: how many came, what got worse, and where the languages differ."""
    conversations = rows["conversations"]
    now, before = (int(found[""].number or 0) for found in (conversations.now, conversations.before))
    if not now and not rows["kept"].now[""].number:
        yield voice.say("fig_said_nothing")
        return
    yield _volume(conversations, now, before, voice)
    got_worse = worse(rows.values())
    for row, language in got_worse:
        yield _worse(row, language, voice)
    if not got_worse:
        yield voice.say("fig_said_no_worse")
    if apart := [row for row in rows.values() if row.is_marked and row.measure.better and not row.is_few]:
        widest = max(apart, key=lambda row: abs(row.gap or 0))
        yield voice.say(
            "fig_said_gap",
            measure=voice.say(f"fig_is_{widest.measure.name}"),
            en=voice.plain(widest.measure, widest.now["en"]),
            es=voice.plain(widest.measure, widest.now["es"]),
        )


def _volume(row: Row, now: int, before: int, voice: Voice) -> str:
    spanish = int(row.now["es"].number or 0)
    told = voice.many("fig_said_conversations", now, share=round(100 * spanish / now) if now else 0)
    if not before:
        return told
    if now == before:
        return f"{told} {voice.say('fig_said_same')}"
    name = "fig_said_more" if now > before else "fig_said_fewer"
    return f"{told} {voice.many(name, abs(now - before))}"


def _worse(row: Row, language: str, voice: Voice) -> str:
    change = row.change(language) or 0.0
    return voice.say(
        "fig_said_rose" if change > 0 else "fig_said_fell",
        measure=voice.say(f"fig_is_{row.measure.name}"),
        language=voice.say(f"in_language_{language}"),
        before=voice.plain(row.measure, row.before[language]),
        now=voice.plain(row.measure, row.now[language]),
    )
