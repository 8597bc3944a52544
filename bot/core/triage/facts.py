"""What a person has told about the situation: one answer to each question, and nothing of the story."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from bot.core.deadlines.inputs import Span

#: "I don't know" and "I prefer not to say" are answers to every question.
UNKNOWN, REFUSED = "unknown", "refused"

#: The status has not ended.
CURRENT = "current"

_YES_NO = ("yes", "no")

#: The questions in the order in which they are asked, with the codes of their answers. A question without codes
#: takes a day; that of the end of a status takes a day or a code.
QUESTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "place": ("us", "border", "abroad"),
        "detained": ("no", "self", "relative"),
        "removal_soon": _YES_NO,
        "alone_minor": _YES_NO,
        "filed": ("no", "self", "other"),
        "court": _YES_NO,
        "appointment": ("none", "hearing", "check_in", "interview"),
        "appointment_date": (),
        "letter": ("none", "dismissal", "noid", "annual_fee", "denial", "in_absentia", "granted"),
        "letter_date": (),
        "order": _YES_NO,
        "entry": ("visa", "parole", "released", "uninspected"),
        "arrival": (),
        "status": ("visa", "tps", "parole", "i220a", "none"),
        "status_end": (CURRENT,),
        "family": ("none", "here", "abroad", "both"),
        "lawyer": _YES_NO,
    }
)

#: The questions that a day answers.
DAYS = frozenset({"appointment_date", "letter_date", "arrival", "status_end"})

#: What is kept when it is said and never asked.
_OTHER_DAYS = ("removal_date", "filed_date", "permit_expires", "clock_stopped", "clock_restarted")

type Answer = str | Span


@dataclass(frozen=True, slots=True)
class Facts:
    """The answers by question; None where it was not asked and not said.

    A day is a ``Span`` of days, both ends included. Below ``lawyer`` stands what is only kept when somebody says
    it: the programme of a parole, the day for which a removal is set, the day on which the I-589 was sent, the last
    day of the work permit, the days on which the asylum clock stopped and ran again. ``mentioned`` holds what a
    person touched on ("minor", "family"), so that it is asked about.
    """

    place: str | None = None
    detained: str | None = None
    removal_soon: str | None = None
    alone_minor: str | None = None
    filed: str | None = None
    court: str | None = None
    appointment: str | None = None
    appointment_date: Answer | None = None
    letter: str | None = None
    letter_date: Answer | None = None
    order: str | None = None
    entry: str | None = None
    arrival: Answer | None = None
    status: str | None = None
    status_end: Answer | None = None
    family: str | None = None
    lawyer: str | None = None
    parole_program: str | None = None
    removal_date: Span | None = None
    filed_date: Span | None = None
    permit_expires: Span | None = None
    clock_stopped: Span | None = None
    clock_restarted: Span | None = None
    mentioned: frozenset[str] = frozenset()

    def get(self, question: str) -> Answer | None:
        """The answer to a question, None where there is none."""
        answer: Answer | None = getattr(self, question)
        return answer

    def day(self, question: str) -> Span | None:
        """The day or range that answers a question; None where it is not known."""
        answer = self.get(question)
        return answer if isinstance(answer, Span) else None

    def is_open(self, question: str) -> bool:
        """Whether nobody asked for it and nobody told it."""
        return self.get(question) is None

    def is_unknown(self, question: str) -> bool:
        """Whether the person does not know or does not say."""
        return self.get(question) in (UNKNOWN, REFUSED)

    def with_answer(self, question: str, answer: Answer | None) -> Facts:
        """The facts with one answer more, or changed. Raises ValueError for what is no answer to the question."""
        if not is_answer(question, answer):
            raise ValueError(f"{answer!r} is no answer to {question!r}")
        changed: dict[str, Any] = {question: answer}
        return replace(self, **changed)

    def noting(self, **kept: Any) -> Facts:
        """The facts with what was said and is not asked."""
        return replace(self, **kept)

    def mentioning(self, things: Iterable[str]) -> Facts:
        """The facts with more things that were touched on."""
        return replace(self, mentioned=self.mentioned | frozenset(things))

    def as_dict(self) -> dict[str, Any]:
        """JSON that ``from_dict`` reads back; only what is known."""
        told: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Span):
                told[field.name] = {
                    "earliest": value.earliest.isoformat(),
                    "latest": value.latest.isoformat(),
                }
            elif isinstance(value, frozenset):
                if value:
                    told[field.name] = sorted(value)
            elif value is not None:
                told[field.name] = value
        return told

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Facts:
        """The facts that ``as_dict`` wrote; none for None. Raises ValueError for what is no fact."""
        facts = cls()
        for key, value in (data or {}).items():
            if key in QUESTIONS:
                facts = facts.with_answer(key, _read(value))
            elif key in _OTHER_DAYS:
                facts = facts.noting(**{key: _read(value)})
            elif key == "parole_program":
                facts = facts.noting(parole_program=str(value))
            elif key == "mentioned":
                facts = facts.mentioning(str(thing) for thing in value)
            else:
                raise ValueError(f"there is no fact {key!r}")
        return facts


def is_answer(question: str, answer: Answer | None) -> bool:
    """Whether the answer is one that the question has; None takes an answer back."""
    if answer is None or answer in (UNKNOWN, REFUSED):
        return question in QUESTIONS
    if isinstance(answer, Span):
        return question in DAYS and answer.earliest <= answer.latest
    return answer in QUESTIONS.get(question, ())


def _read(value: Any) -> Answer | None:
    if isinstance(value, Mapping):
        return Span(date.fromisoformat(value["earliest"]), date.fromisoformat(value["latest"]))
    return None if value is None else str(value)
