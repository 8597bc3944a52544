"""Which calculation a person means: by their words, by the event whose date they gave, by the topic just told."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from bot.core import yaml12
from bot.core.language import plain

#: Each calculation that a conversation can do: its facts, and the events (``bot.core.dates``) that give their days.
ASKED_FOR: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "one_year_filing": {"last_arrival": ("arrival",)},
        "asylum_ead_clock": {"i589_received": ("filed",)},
        "ead_renewal_window": {"ead_expires": ("permit_expires",)},
        "annual_asylum_fee_due": {"notice_date": ("fee_notice",)},
        "bia_appeal": {"decision_date": ("judge_decision",)},
        "petition_for_review": {"final_order": ("board_decision",)},
        "motion_to_reopen": {"final_order": ("board_decision", "judge_decision")},
        "motion_to_reconsider": {"final_order": ("board_decision", "judge_decision")},
        "motion_to_reopen_in_absentia": {"in_absentia_order": ("in_absentia_order",)},
        "noid_response": {"noid_date": ("noid",)},
        "i730_deadline": {"asylum_granted": ("granted",)},
        "i485_one_year": {"asylum_granted": ("granted",)},
        "naturalization": {"i485_approved": ("green_card",)},
        "eoir33": {"moved": ("moved",)},
        "individual_hearing_filings": {"hearing": ("hearing",)},
        "credible_fear_ij_review": {"determination": ("fear_decision",)},
        "child_age_lock": {"child_dob": ("birth",), "i589_received": ("filed",)},
    }
)

#: Events that may lie ahead; all others have happened.
TO_COME = frozenset({"permit_expires", "hearing", "moved", "status_ended"})

#: What is most often wanted by who gives the date of an event.
_BY_EVENT = {
    "arrival": "one_year_filing",
    "filed": "asylum_ead_clock",
    "judge_decision": "bia_appeal",
    "in_absentia_order": "motion_to_reopen_in_absentia",
    "board_decision": "petition_for_review",
    "noid": "noid_response",
    "granted": "i730_deadline",
    "green_card": "naturalization",
    "moved": "eoir33",
    "hearing": "individual_hearing_filings",
    "permit_expires": "ead_renewal_window",
    "fee_notice": "annual_asylum_fee_due",
    "fear_decision": "credible_fear_ij_review",
}

#: What "how long do I have" means right after an article.
_BY_TOPIC = {
    "one_year_deadline": "one_year_filing",
    "deadline_exceptions": "one_year_filing",
    "work_permit": "asylum_ead_clock",
    "work_permit_clock": "asylum_ead_clock",
    "work_permit_renewal": "ead_renewal_window",
    "annual_fee": "annual_asylum_fee_due",
    "appeal": "bia_appeal",
    "denied_or_referred": "bia_appeal",
    "family_abroad": "i730_deadline",
    "green_card_citizenship": "i485_one_year",
    "change_address": "eoir33",
    "credible_fear": "credible_fear_ij_review",
}

_WORDS = yaml12.load_file(Path(__file__).with_name("answer_words.yml"))


def _any_of(pieces: list[str]) -> str:
    return "|".join(f"(?:{piece})" for piece in pieces)


_NAMED = tuple((name, re.compile(_any_of(pieces))) for name, pieces in _WORDS["calculations"].items())
_TIME_LEFT = re.compile(_any_of(_WORDS["time_left"]))
_DONT_KNOW = re.compile(_any_of(_WORDS["dont_know"]))
_YES = re.compile(rf"\W*(?:{_any_of(_WORDS['yes'])})(?!\w)|\W*[👍👌✅]")
_NO = re.compile(rf"\W*(?:{_any_of(_WORDS['no'])})(?!\w)|\W*[👎❌]")

#: A yes or no of more words tells something else: "no, I have no court and no lawyer".
_SHORT_YES, _SHORT_NO = 8, 5
_BUT_NO = re.compile(_any_of(_WORDS["but_no"]))
_ABOUT_THE_DAY = re.compile(_any_of(_WORDS["about_the_day"]))
_QUESTION = re.compile(_any_of(_WORDS["question"]))
_BACK = re.compile(rf"\W*(?:{_any_of(_WORDS['back'])})\W*")


def by_words(text: str) -> str | None:
    """The calculation that the words name, or None."""
    told = plain(text)
    return next((calculation for calculation, pattern in _NAMED if pattern.search(told)), None)


def asks_for_time(text: str) -> bool:
    """Whether the words ask how much time there is, or for a day."""
    return _TIME_LEFT.search(plain(text)) is not None


def says_yes(text: str) -> bool:
    """Whether the text is a yes: it begins with one, and neither asks, takes it back nor tells something else."""
    told = plain(text)
    if _YES.match(told) is None or len(told.split()) > _SHORT_YES:
        return False
    return _BUT_NO.search(told) is None and _QUESTION.search(told) is None


def says_no(text: str) -> bool:
    """Whether the text is a no: it begins with one, and is short or goes on about the day."""
    told = plain(text)
    if _NO.match(told) is None or _DONT_KNOW.search(told) is not None or _QUESTION.search(told) is not None:
        return False
    return len(told.split()) <= _SHORT_NO or _ABOUT_THE_DAY.search(told) is not None


def goes_back(text: str) -> bool:
    """Whether the text asks for the question before, and nothing else."""
    return _BACK.fullmatch(plain(text)) is not None


def does_not_know(text: str) -> bool:
    """Whether the text says that the answer is not known."""
    return _DONT_KNOW.search(plain(text)) is not None


def by_topic(topic: str | None) -> str | None:
    """The calculation that belongs to an article's topic, or None."""
    return _BY_TOPIC.get(topic or "")


def topic_of(calculation: str | None) -> str | None:
    """The article's topic that says more of a calculation, or None."""
    return next((topic for topic, belongs in _BY_TOPIC.items() if belongs == calculation), None)


def by_events(events: Collection[str]) -> str | None:
    """The calculation for which a date was given; the last event that has one counts. None when there is none."""
    found = [_BY_EVENT[event] for event in events if event in _BY_EVENT]
    return found[-1] if found else None


def wanted(text: str, said: Collection[str], topic: str | None, known: Collection[str] = ()) -> str | None:
    """The calculation that is meant, or None when the person has to be asked.

    The words come first, then the events whose dates this message gives (``said``), the topic told last, and the
    events known from before. Words that name a calculation yield to a date of another one, where they ask for
    no time: "they got my form on May 3, I want asylum".
    """
    named = by_words(text)
    given = by_events(said)
    if named is not None:
        needs = {event for events in ASKED_FOR[named].values() for event in events}
        if given is None or needs & set(said):
            return named
        return named if asks_for_time(text) and named != "one_year_filing" else given
    return given or by_topic(topic) or by_events(known)
