"""The measures by which the understanding of questions is judged (tests/eval/README.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: Not topics a person could be answered with: the bot asks back instead.
ASKS_BACK = "nlu_fallback"
OUT_OF_SCOPE = "out_of_scope"

#: Intents that neither inform nor start anything, so that taking an off-topic question for one does no harm.
SMALL_TALK = frozenset(
    {
        "greet", "goodbye", "thank", "affirm", "deny", "bot_challenge", "help", "change_language", "restart",
        "stop", "delete_my_data", "emergency",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """One labelled question; any of ``right`` is a right answer."""

    id: str
    lang: str
    style: str
    text: str
    label: str
    right: frozenset[str]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model said: ``ranking`` holds intents with confidence, best first, fallback entries included."""

    id: str
    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Measures:
    """Shares between 0 and 1; None where no question counts towards the measure."""

    questions: int
    answered_right: float | None
    right_in_three: float | None
    confidently_wrong: float | None
    false_accept: float | None


def measure(
    pairs: Iterable[tuple[Question, Prediction]], parents: Mapping[str, str] | None = None
) -> Measures:
    """The four measures over questions and their predictions; a child topic counts as its parent."""
    up = parents or {}
    pairs = list(pairs)
    right = three = three_of = wrong = accepted = accepted_of = 0
    for question, prediction in pairs:
        allowed = {up.get(name, name) for name in question.right}
        said = up.get(prediction.intent, prediction.intent)
        is_right = said in allowed
        right += is_right
        wrong += not (is_right or said in (ASKS_BACK, OUT_OF_SCOPE) or said.startswith("inform"))
        if question.label == OUT_OF_SCOPE:
            accepted_of += 1
            accepted += said not in SMALL_TALK | {ASKS_BACK, OUT_OF_SCOPE} and not said.startswith("inform")
        else:
            three_of += 1
            best = [up.get(name, name) for name, _ in prediction.ranking if name != ASKS_BACK]
            three += bool(allowed & set(best[:3]))
    return Measures(
        questions=len(pairs),
        answered_right=_share(right, len(pairs)),
        right_in_three=_share(three, three_of),
        confidently_wrong=_share(wrong, len(pairs)),
        false_accept=_share(accepted, accepted_of),
    )


def by_group(
    pairs: Iterable[tuple[Question, Prediction]], parents: Mapping[str, str] | None = None
) -> dict[str, Measures]:
    """Measures for all questions, then for each language, then for each style ("all", "en", "style: chat"...)."""
    pairs = list(pairs)
    groups: dict[str, list[tuple[Question, Prediction]]] = {"all": pairs}
    for lang in sorted({question.lang for question, _ in pairs}):
        groups[lang] = [pair for pair in pairs if pair[0].lang == lang]
    for style in sorted({question.style for question, _ in pairs}):
        groups[f"style: {style}"] = [pair for pair in pairs if pair[0].style == style]
    return {name: measure(members, parents) for name, members in groups.items()}


def _share(count: int, of: int) -> float | None:
    return count / of if of else None
