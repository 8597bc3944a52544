"""What follows from a person's answers, in words and in a picture: the notices of ``bot/content/notices/triage``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from babel.lists import format_list

from bot.core import picture
from bot.core.content import Library
from bot.core.content.notices import NOTICE_LIMIT
from bot.core.deadlines.phrases import weekday_and_day
from bot.core.law import LOCALES
from bot.core.messages import Reply
from bot.core.triage.facts import QUESTIONS, Answer, Facts
from bot.core.triage.levels import Assessment, Reason

#: How urgent it is, why, and which way: what the short text holds.
FIRST_PARTS = 3


def tell(words: Library, found: Assessment, facts: Facts, lang: str, today: date) -> Reply:
    """The reply that tells an assessment: how urgent and why, which way, the steps, what to bring, what comes next.

    ``text`` holds level, reasons and way as far as they fit into ``NOTICE_LIMIT`` characters; ``full`` begins with it
    and goes on with everything else. It never says that somebody qualifies.
    """
    parts = list(_Told(words, found, facts, lang, today).parts())
    steps = [words.label(f"triage_step_{step}", lang) for step in found.steps]
    here = words.label("triage_you_are_here", lang)
    title = words.label("triage_picture_title", lang)
    return Reply(
        kind="answer",
        id="triage_result",
        lang=lang,
        title=words.label("triage_result_title", lang),
        text=_fitting(parts),
        full="\n\n".join(parts),
        keep={"labels": {button: words.label(f"label_{button}", lang) for button in ("print", "copy")}},
        picture={
            "svg": picture.svg(steps, found.here, title, here, lang),
            "svg_dark": picture.svg(steps, found.here, title, here, lang, dark=True),
            "text": picture.text(steps, found.here, here, lang),
        },
    )


def answer_in_words(words: Library, question: str, answer: Answer | None, lang: str) -> str:
    """An answer as it is read back: the title of its button, or the day in words."""
    if answer is None:
        return ""
    if isinstance(answer, str):
        return words.label(f"label_triage_{question}_{answer}", lang)
    if answer.earliest == answer.latest:
        return weekday_and_day(answer.earliest, lang)
    return days_in_words(answer.earliest, answer.latest, lang)


def days_in_words(first: date, last: date, lang: str) -> str:
    """A range of days, both ends included."""
    between = {"en": "between {} and {}", "es": "entre el {} y el {}"}[lang]
    return between.format(weekday_and_day(first, lang), weekday_and_day(last, lang))


def _fitting(parts: list[str]) -> str:
    """As many parts from the front as fit, at least one."""
    text = parts[0]
    for part in parts[1:FIRST_PARTS]:
        if len(text) + len(part) + 2 > NOTICE_LIMIT:
            break
        text = f"{text}\n\n{part}"
    return text


class _Told:
    """The parts of one answer."""

    def __init__(self, words: Library, found: Assessment, facts: Facts, lang: str, today: date) -> None:
        self._words = words
        self._found = found
        self._facts = facts
        self._lang = lang
        self._today = today

    def parts(self) -> Iterator[str]:
        """Everything, the most important first."""
        yield self._say(f"triage_level_{self._found.level}")
        yield "\n".join(f"- {reason}" for reason in self._reasons())
        yield self._say(f"triage_way_{self._found.way}")
        if self._facts.lawyer == "yes":
            yield self._say("triage_has_lawyer")
        yield self._say(f"triage_next_{self._found.level}")
        for name in self._found.checklists:
            yield self._say(f"triage_bring_{name}")
        yield "\n".join([self._say("triage_summary_title"), *self._answers()])
        yield self._say("triage_notario")
        yield self._say("triage_help")
        yield self._say("triage_limits")

    def _answers(self) -> Iterator[str]:
        for question in QUESTIONS:
            answer = self._facts.get(question)
            if answer is not None:
                name = self._words.label(f"label_triage_question_{question}", self._lang)
                yield f"- {name}: {answer_in_words(self._words, question, answer, self._lang)}"

    def _reasons(self) -> Iterator[str]:
        """What is known, each for itself; then what is not known, in one sentence."""
        unknown = []
        for reason in self._found.reasons:
            if reason.code.startswith("unknown_"):
                question = reason.code.removeprefix("unknown_")
                unknown.append(self._words.label(f"triage_what_{question}", self._lang))
            else:
                yield self._reason(reason)
        if unknown:
            told = format_list(unknown, style="or", locale=LOCALES[self._lang])
            yield self._say("triage_reason_unknown", what=told)

    def _reason(self, reason: Reason) -> str:
        day = self._day(reason)
        return self._say(f"triage_reason_{reason.code}", **({"day": day} if day else {}))

    def _day(self, reason: Reason) -> str:
        first, last = reason.values.get("earliest"), reason.values.get("latest")
        if isinstance(first, date) and isinstance(last, date):
            return days_in_words(first, last, self._lang)
        day = reason.values.get("day")
        return weekday_and_day(day, self._lang) if isinstance(day, date) else ""

    def _say(self, name: str, **values: str) -> str:
        return self._words.notice(name, self._lang, today=self._today, **values).text
