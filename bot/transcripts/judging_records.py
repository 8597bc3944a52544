"""What judging speaks of: verdicts, labels of single answers, what waits and how far readers agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

VERDICTS = ("good", "fix", "urgent")
#: What can be wrong with an answer.
LABELS = ("wrong_topic", "out_of_date", "too_close", "unsafe", "wrong_language", "unclear")
#: What every conversation can be measured by, and how far it may fulfil it.
RUBRIC = ("correct", "safe", "centred", "trauma_aware")
GRADES = ("yes", "partly", "no")
#: Why a conversation is drawn, the most pressing first.
REASONS = ("urgent", "fallback", "random")
#: Below so many conversations that two people read, a percentage says nothing.
FEWEST_PAIRS = 10


@dataclass(frozen=True, slots=True)
class TurnJudgement:
    """What is wrong with the bot's message ``message_id``; ``section`` is one of the right ``topic``'s, or None."""

    message_id: str
    label: str
    topic: str | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What somebody thinks of a conversation; ``note`` is None also where its key is missing (``unreadable``).

    ``reader`` is 1 for the first, 2 for whoever read it afterwards. ``rubric`` holds what was answered of ``RUBRIC``;
    ``labels`` those of the conversation that it put on (True) or took off.
    """

    conversation_id: str
    staff_id: str
    reader: int
    verdict: str
    rubric: Mapping[str, str]
    note: str | None
    judged_at: datetime
    turns: tuple[TurnJudgement, ...] = ()
    unreadable: bool = False
    labels: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody is about to say of a conversation: checked already, except that its messages may be gone.

    ``labels`` are those to put on (True) and to take off.
    """

    verdict: str
    rubric: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    turns: tuple[TurnJudgement, ...] = ()
    labels: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation that waits for somebody; ``second``: it has its first reading already."""

    conversation_id: str
    reason: str
    second: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """How a drawn conversation stands; ``second``: it is to be read twice."""

    reason: str
    second: bool
    assigned_to: str | None
    done_at: datetime | None
    second_done_at: datetime | None
    first_by: str | None

    @property
    def waits_for_second(self) -> bool:
        """Whether somebody has read it and a second reader has not."""
        return self.second and self.done_at is not None and self.second_done_at is None


@dataclass(frozen=True, slots=True)
class Stands:
    """What a page shows a reader beside a conversation.

    It is what they thought of it, how it is drawn, and the id and verdict of what they judged last.
    """

    mine: Judgement | None
    sample: Sample | None
    last: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often two readers came to the same verdict, over ``pairs`` conversations of a language.

    ``percent`` is 0 to 100. ``kappa`` is Cohen's: what they agree beyond chance, 1 at best; None where both always
    said the same one thing, so that chance alone would have done it. Neither says much while ``few``.
    """

    language: str
    pairs: int
    percent: float
    kappa: float | None

    @property
    def few(self) -> bool:
        """Whether there are too few to tell."""
        return self.pairs < FEWEST_PAIRS


def agreement_of(language: str, counted: Mapping[tuple[str, str], int]) -> Agreement:
    """The agreement from how often each pair of verdicts (first reader, second reader) occurred."""
    pairs = sum(counted.values())
    if not pairs:
        return Agreement(language, 0, 0.0, None)
    same = sum(count for (first, second), count in counted.items() if first == second) / pairs
    chance = 0.0
    for verdict in VERDICTS:
        by_first = sum(count for (first, _), count in counted.items() if first == verdict)
        by_second = sum(count for (_, second), count in counted.items() if second == verdict)
        chance += by_first * by_second / pairs**2
    kappa = None if chance >= 1 else (same - chance) / (1 - chance)
    return Agreement(language, pairs, 100 * same, kappa)
