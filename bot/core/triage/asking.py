"""Which questions can still change something: the level, the way, a date, or what to bring."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.core.triage.facts import QUESTIONS, REFUSED, UNKNOWN, Facts

_OPEN = (None, UNKNOWN, REFUSED)

#: Letters after which time runs from a day.
RUNNING = ("denial", "in_absentia", "noid", "annual_fee")
#: Letters whose date is asked.
DATED = (*RUNNING, "granted")

#: A status that follows from how a person entered, unless another was told.
_STATUS_OF_ENTRY: Mapping[str, str] = MappingProxyType({"visa": "visa", "parole": "parole"})

#: Nobody is asked more for the sake of the firm's summary alone.
MOST_QUESTIONS = 8


def is_detained(facts: Facts) -> bool:
    """Whether the person or a relative is held."""
    return facts.detained in ("self", "relative")


def is_in_us(facts: Facts) -> bool:
    """Whether the person is in the United States, or may be."""
    return facts.place not in ("border", "abroad")


def has_order(facts: Facts) -> bool:
    """Whether there is an order of removal. One made in absence is such an order."""
    return facts.order == "yes" or facts.letter == "in_absentia"


def was_filed_by_other(facts: Facts) -> bool:
    """Whether somebody else filed a form in the person's name."""
    return facts.filed == "other"


def status_of(facts: Facts) -> str | None:
    """The status that was told, or the one that follows from how the person entered."""
    return facts.status or _STATUS_OF_ENTRY.get(facts.entry or "")


def may_have_check_in(facts: Facts) -> bool:
    """Whether the authorities may have set days to appear: who was let go at the border, who has an I-220A."""
    return facts.entry in ("released", UNKNOWN, REFUSED) or status_of(facts) in ("i220a", UNKNOWN, REFUSED)


def matters(question: str, facts: Facts) -> bool:
    """Whether the answer to a question can change the outcome, as far as the other answers are known."""
    if question == "place":
        return True
    if question == "detained":
        return is_in_us(facts)
    if question == "removal_soon":
        return facts.removal_date is None and is_in_us(facts) and (is_detained(facts) or has_order(facts))
    if question == "lawyer":
        return (
            is_detained(facts) or has_order(facts) or facts.court == "yes" or facts.filed in ("self", "other")
        )
    if is_detained(facts):
        # Whoever is held is seen to today, whatever else is true.
        return False
    if question == "alone_minor":
        return "minor" in facts.mentioned and is_in_us(facts)
    if question == "order":
        return True
    if question == "family":
        return facts.place == "abroad" or facts.letter == "granted" or "family" in facts.mentioned
    return is_in_us(facts) and _matters_in_us(question, facts)


def _matters_in_us(question: str, facts: Facts) -> bool:
    """Whether it matters for a person in the United States who is not held."""
    late = facts.filed not in ("self",) and not has_order(facts)
    match question:
        case "filed" | "court":
            return True
        case "appointment":
            return facts.court != "no" or was_filed_by_other(facts) or may_have_check_in(facts)
        case "appointment_date":
            return facts.appointment in ("hearing", "check_in") or (
                facts.appointment == "interview" and facts.filed in ("other", UNKNOWN, REFUSED)
            )
        case "letter":
            # With nothing filed there is only a court to write, and before its next hearing it has not decided.
            return facts.filed != "no" or (facts.court != "no" and facts.appointment != "hearing")
        case "letter_date":
            return facts.letter in DATED
        case "arrival":
            return late
        case "entry":
            followed = facts.status in ("visa", "parole", "i220a")
            return late and facts.court != "yes" and not was_filed_by_other(facts) and not followed
        case "status":
            known = facts.entry in ("visa", "parole", "released")
            return late and not was_filed_by_other(facts) and not known
        case "status_end":
            return late and not was_filed_by_other(facts) and status_of(facts) in ("visa", "tps", "parole")
    return False


def open_questions(facts: Facts) -> tuple[str, ...]:
    """The questions that matter and have no answer, in the order in which they are asked."""
    if is_removal_near(facts):
        # A person of the firm takes over now.
        return ()
    return tuple(question for question in QUESTIONS if facts.is_open(question) and matters(question, facts))


def is_removal_near(facts: Facts) -> bool:
    """Whether a removal, or a paper to sign, was told to be a matter of hours."""
    return facts.removal_soon == "yes"
