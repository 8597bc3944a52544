"""The measures that may not get worse unnoticed, and how two models compare by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from bot.cli.answers import AnswerMeasures
from bot.cli.measures import Measures

#: All questions, and those of each language.
LANGUAGES = ("all", "en", "es")
GOOD = ("answered_right", "right_in_three")
BAD = ("confidently_wrong", "false_accept")
ANSWERED = "answered"

#: Less than one question of any set: what the arithmetic of shares may do.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Change:
    """One measure of one set of questions, as a share between 0 and 1, before and after."""

    measure: str
    language: str
    before: float
    after: float

    @property
    def by(self) -> float:
        """How much it moved; above 0 is more."""
        return self.after - self.before

    @property
    def worse(self) -> bool:
        """Whether it moved the wrong way."""
        return (self.by if self.measure in BAD else -self.by) > _ROUNDING


@dataclass(frozen=True, slots=True)
class Measured:
    """What the gate looks at of one model, each by language."""

    questions: Mapping[str, Measures]
    answers: Mapping[str, AnswerMeasures]


def changes(before: Measured, after: Measured) -> tuple[Change, ...]:
    """Every measure of the gate; those that no question counts towards are left out."""
    values = (_values(before), _values(after))
    return tuple(Change(*key, found, values[1][key]) for key, found in values[0].items() if key in values[1])


def _values(measured: Measured) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for name in (*GOOD, *BAD):
        for language in LANGUAGES:
            share = asdict(measured.questions[language])[name]
            if share is not None:
                found[name, language] = share
    for language in LANGUAGES:
        found[ANSWERED, language] = measured.answers[language].answered
    return found
