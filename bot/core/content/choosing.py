"""Which section of which topic is told: a decision over scores, without any model in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.content.article import GENERAL

#: Added to the general section: it answers the broad questions, and a specific one must be nearer.
GENERAL_BONUS = 0.03

#: How many topics are looked at, best first.
TOPICS = 2

#: The second topic is looked at when the model gives it at least this share of the first one's confidence...
RIVAL = 0.5

#: ...and its section is told when it fits better by this much.
RIVAL_MARGIN = 0.0

#: Below this no section answers what was asked.
NEAR = 0.25

#: From here on a section is told even when the model is torn between two topics.
SURE = 0.6


@dataclass(frozen=True, slots=True)
class Chosen:
    """A section of a topic, and how well it fits (around 1 clearly, around 0 not at all)."""

    topic: str
    section: str
    fit: float

    @property
    def exact(self) -> bool:
        """Whether it answers what was asked; else even the best section is far from it."""
        return self.fit >= NEAR

    @property
    def sure(self) -> bool:
        """Whether it fits so well that it may decide between two topics."""
        return self.fit >= SURE


def rivals(ranking: Sequence[tuple[str, float]], topics: Mapping[str, object]) -> tuple[str, ...]:
    """The topics whose sections are worth a look: the best intent, and the next one if it is close and a topic too.

    ``ranking``: intents with confidence, best first. Empty when the best intent is no topic.
    """
    if not ranking or ranking[0][0] not in topics:
        return ()
    best = ranking[0][1]
    close = [intent for intent, confidence in ranking[:TOPICS] if confidence >= best * RIVAL]
    return tuple(intent for intent in close if intent in topics)


def choose(topics: Sequence[str], scores: Mapping[str, Mapping[str, float]]) -> Chosen:
    """The section to tell, of one or several topics, best topic first.

    ``scores``: for each topic, how well each of its sections fits the words (around 1 a clear fit, around 0 none).
    """
    chosen = _best(topics[0], scores[topics[0]])
    for other in topics[1:]:
        rival = _best(other, scores[other])
        if rival.fit > chosen.fit + RIVAL_MARGIN:
            chosen = rival
    return chosen


def _best(topic: str, scores: Mapping[str, float]) -> Chosen:
    raised = {id: score + (GENERAL_BONUS if id == GENERAL else 0) for id, score in scores.items()}
    best = max(raised, key=raised.__getitem__)
    return Chosen(topic, best, raised[best])
