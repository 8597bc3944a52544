"""How urgent a situation is and why, which way applies, and what to bring: from the facts, by dated rules.

Levels come from ``bot/law/triage/levels.yml``, days from ``bot.core.deadlines``; here is only which fact leads to which
reason. Of a range of days the worst counts. What is not known takes the worse level, but is never an emergency.
Results hold codes and values and no sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType

from bot.core.deadlines import calendar
from bot.core.deadlines.calculations import calculate
from bot.core.deadlines.inputs import InputError, Span
from bot.core.deadlines.results import Deadline, NotCovered, Plain
from bot.core.deadlines.rules import Rules
from bot.core.triage.asking import (
    RUNNING,
    has_order,
    is_detained,
    is_in_us,
    is_removal_near,
    open_questions,
    status_of,
    was_filed_by_other,
)
from bot.core.triage.facts import Facts
from bot.core.triage.rules import LEVELS, WORSE_UNKNOWN, TriageRules, Version, unknown_reason

#: The kinds of ``bot.core.emergency`` as reasons. "unclear" is asked about before triage and is none by itself.
EMERGENCY_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "agents": "agents_now",
        "suicide": "suicide",
        "violence": "violence",
        "abroad": "danger_abroad",
    }
)

#: The ways, the one that leads first.
WAYS = ("person_first", "detained", "child", "order", "court", "border", "abroad", "uscis", "unknown")

_BEFORE_USCIS = ("prepare", "file", "fingerprints", "interview", "decision", "after")
_BEFORE_JUDGE = ("prepare", "file", "fingerprints", "hearing", "decision", "after")

#: The steps of each way; ``labels.yml`` names them (triage_step_...).
STEPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "person_first": ("form_copy", "form_look", "form_correct", "form_go_on"),
        "detained": ("detained_lawyer", "detained_fear_or_bond", "hearing", "decision"),
        "child": _BEFORE_USCIS,
        "order": ("find_order", "order_file", "order_options"),
        "court": _BEFORE_JUDGE,
        "border": ("border_lawyer", "border_ask", "border_fear_interview", "hearing", "decision"),
        "abroad": ("abroad_safety", "refugee_register", "refugee_referral", "refugee_interview", "decision"),
        "uscis": _BEFORE_USCIS,
        "unknown": ("find_papers", "find_case", "find_lawyer"),
    }
)

#: The calculation after each letter, and the fact that takes its day.
_AFTER_LETTER: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "denial": ("bia_appeal", "decision_date"),
        "in_absentia": ("motion_to_reopen_in_absentia", "in_absentia_order"),
        "noid": ("noid_response", "noid_date"),
        "annual_fee": ("annual_asylum_fee_due", "notice_date"),
        "granted": ("i730_deadline", "asylum_granted"),
    }
)
_RUNNING_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "denial": "appeal_running",
        "in_absentia": "in_absentia_running",
        "noid": "noid_running",
        "annual_fee": "fee_running",
    }
)
_HOURS_OF_A_DAY = 24


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a level: a code of ``rules.REASONS`` or ``unknown_<question>``, its level, and what is needed to tell it.

    ``values`` may hold ``day`` (a date) and ``days_left`` (from today; below 0 is past), both at the worst of what is
    possible; ``earliest`` and ``latest`` where the day is a range; ``status``; ``question`` where it is not known.
    """

    code: str
    level: str
    values: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """A date to tell: the calculation with its facts as ``calculate`` takes them, and its result."""

    calculation: str
    inputs: Mapping[str, object]
    result: Deadline | NotCovered


@dataclass(frozen=True, slots=True)
class Assessment:
    """What follows from the facts.

    ``reasons`` stand with the worst level first and are never empty. ``ways`` are all that apply, ``way`` is the first
    of them, and ``ways_why`` names the answers that led there, such as "court_yes". ``here`` is the place in
    ``steps`` where the person is, from 0. ``unknown`` are the questions that matter and have no answer.
    """

    level: str
    reasons: tuple[Reason, ...]
    way: str
    ways: tuple[str, ...]
    ways_why: tuple[str, ...]
    told: tuple[Told, ...]
    checklists: tuple[str, ...]
    steps: tuple[str, ...]
    here: int
    rules_version: str
    unknown: tuple[str, ...]

    @property
    def dates(self) -> tuple[Deadline | NotCovered, ...]:
        """The results of the dates to tell."""
        return tuple(told.result for told in self.told)

    @property
    def calculations(self) -> tuple[str, ...]:
        """The names of the dates to tell."""
        return tuple(told.calculation for told in self.told)


def assess(
    facts: Facts,
    laws: Rules,
    rules: TriageRules,
    today: date | Span,
    emergencies: Collection[str] = (),
) -> Assessment:
    """The assessment on a day, or on one of two where it is not known which day the person has.

    ``emergencies`` are kinds of ``bot.core.emergency`` or their reasons, told at any time in the conversation. What was
    never asked counts as unknown where its answer could matter.
    """
    days = today if isinstance(today, Span) else Span(today, today)
    version = rules.on(days.earliest)
    told = tuple(_dates_to_tell(facts, laws, days))
    reasons = [
        Reason(code, version.level(code), values)
        for code, values in (
            *_of_emergencies(facts, emergencies, version, days),
            *_of_situation(facts),
            *_of_appointment(facts, version, days),
            *_of_dates(facts, told, version, days),
            *_of_unknown(facts),
        )
    ]
    if not reasons:
        reasons = [Reason("nothing_near", version.level("nothing_near"))]
    ranked = tuple(sorted(reasons, key=lambda reason: LEVELS.index(reason.level)))
    ways = tuple(way for way in WAYS if _WAY_APPLIES[way](facts)) or ("unknown",)
    steps = STEPS[ways[0]]
    return Assessment(
        level=ranked[0].level,
        reasons=ranked,
        way=ways[0],
        ways=ways,
        ways_why=_why(facts),
        told=told,
        checklists=tuple(_checklists(facts)),
        steps=steps,
        here=_here(steps, facts),
        rules_version=version.id,
        unknown=unknown_questions(facts),
    )


def unknown_questions(facts: Facts) -> tuple[str, ...]:
    """The questions answered with "I don't know" or not at all that could make it worse, in their order."""
    still_open = open_questions(facts)
    return tuple(
        question
        for question in WORSE_UNKNOWN
        if (facts.is_unknown(question) or question in still_open)
        # Where the family is only changes the level once asylum was granted.
        and (question != "family" or facts.letter == "granted")
    )


def is_child_alone(facts: Facts) -> bool:
    """Whether the person is under age and without a parent here."""
    return facts.alone_minor == "yes"


def is_in_court(facts: Facts) -> bool:
    """Whether there is a case before an immigration judge."""
    return facts.court == "yes"


def does_year_matter(facts: Facts) -> bool:
    """Whether the year to file may still decide: in the U.S., and no form of one's own was filed."""
    return is_in_us(facts) and facts.filed != "self"


def has_status_ended_within(facts: Facts, months: int, today: date | Span) -> bool:
    """Whether a status may have ended before today, and less than so many months ago."""
    ended, days = facts.day("status_end"), _span(today)
    if ended is None or ended.earliest >= days.latest:
        return False
    last = min(ended.latest, days.latest - timedelta(days=1))
    return calendar.add(last, months, "months") > days.earliest


def is_removal_within(facts: Facts, hours: int, today: date | Span) -> bool:
    """Whether a removal or a signature was told to be so near, or its day may be. A day counts as its 24 hours."""
    if is_removal_near(facts):
        return True
    if facts.removal_date is None:
        return False
    first, last = _days_left(facts.removal_date, _span(today))
    return last >= 0 and first * _HOURS_OF_A_DAY <= hours


type _Told = tuple[str, Mapping[str, Plain]]


def _of_emergencies(
    facts: Facts, emergencies: Collection[str], version: Version, days: Span
) -> Iterator[_Told]:
    for kind, reason in EMERGENCY_REASONS.items():
        if kind in emergencies or reason in emergencies:
            yield reason, {}
    if "removal_72h" in emergencies or is_removal_within(facts, version.thresholds["removal"], days):
        values = {} if facts.removal_date is None else _values(facts.removal_date, days)
        yield "removal_72h", values


def _of_situation(facts: Facts) -> Iterator[_Told]:
    if is_detained(facts):
        yield f"detained_{facts.detained}", {}
    if is_child_alone(facts):
        yield "child_alone", {}
    if facts.letter == "dismissal":
        yield "dismissal_letter", {}
    if has_order(facts):
        yield "earlier_order", {}
    if facts.clock_stopped is not None and not _runs_again(facts):
        yield "clock_stopped", {"day": facts.clock_stopped.earliest}


def _of_appointment(facts: Facts, version: Version, days: Span) -> Iterator[_Told]:
    day = facts.day("appointment_date")
    if day is None:
        return
    if was_filed_by_other(facts) and facts.appointment in ("interview", "hearing"):
        yield "filed_by_other_with_date", _values(day, days)
    if facts.appointment in ("hearing", "check_in"):
        yield from _banded(facts.appointment, day, version, days)


def _of_dates(facts: Facts, told: tuple[Told, ...], version: Version, days: Span) -> Iterator[_Told]:
    by_name = {one.calculation: one.result for one in told if isinstance(one.result, Deadline)}
    if (year := _day_of(by_name.get("one_year_filing"))) is not None:
        yield from _banded("one_year", year, version, days)
    if has_status_ended_within(facts, version.thresholds["status_ended"], days):
        ended = facts.day("status_end")
        assert ended is not None
        yield "status_just_ended", {**_values(ended, days), "status": status_of(facts)}
    if facts.letter in RUNNING:
        day = _day_of(by_name.get(_AFTER_LETTER[facts.letter][0]))
        if day is not None and _days_left(day, days)[1] >= 0:
            yield _RUNNING_REASONS[facts.letter], _values(day, days, to_come=True)
    window = version.thresholds["window"]
    expires = facts.permit_expires
    if expires is not None and _is_ahead(expires, window, days):
        yield "permit_window", _values(expires, days, to_come=True)
    family = _day_of(by_name.get("i730_deadline"))
    if family is not None and facts.family != "none" and _is_ahead(family, window, days):
        yield "i730_window", _values(family, days, to_come=True)


def _of_unknown(facts: Facts) -> Iterator[_Told]:
    for question in unknown_questions(facts):
        yield unknown_reason(question), {"question": question}


def _banded(name: str, day: Span, version: Version, days: Span) -> Iterator[_Told]:
    """The reason for a day that is near, just passed, further ahead or longer past; the worst that a range allows."""
    limits = version.thresholds
    first, last = _days_left(day, days)
    bands = (
        ("near", 0, limits["near"]),
        ("just_passed", 1 - limits["just_passed"], -1),
        ("ahead", limits["near"] + 1, limits["ahead"]),
        ("passed", first, -limits["just_passed"]),
    )
    for band, low, high in bands:
        if first <= high and low <= last and low <= high:
            left = max(first, low)
            yield f"{name}_{band}", _values(day, days, left)
            return


def _dates_to_tell(facts: Facts, laws: Rules, days: Span) -> Iterator[Told]:
    wanted: list[tuple[str, dict[str, object]]] = []
    arrival, letter_date = facts.day("arrival"), facts.day("letter_date")
    if arrival is not None and does_year_matter(facts):
        child: dict[str, object] = {"unaccompanied_minor": True} if is_child_alone(facts) else {}
        wanted.append(("one_year_filing", {"last_arrival": _given(arrival), **child}))
    after = _AFTER_LETTER.get(facts.letter or "")
    if letter_date is not None and after is not None:
        calculation, name = after
        if facts.letter != "granted" or facts.family != "none":
            wanted.append((calculation, {name: _given(letter_date)}))
    if facts.permit_expires is not None:
        wanted.append(("ead_renewal_window", {"ead_expires": _given(facts.permit_expires)}))
    elif facts.filed_date is not None and facts.filed == "self":
        wanted.append(("asylum_ead_clock", {"i589_received": _given(facts.filed_date)}))
    for calculation, inputs in wanted:
        try:
            yield Told(calculation, inputs, calculate(calculation, inputs, laws, days))
        except InputError:
            # A day that no calculation takes is told as a reason or not at all; it never stops an assessment.
            continue


_WAY_APPLIES: Mapping[str, Callable[[Facts], bool]] = MappingProxyType(
    {
        "person_first": was_filed_by_other,
        "detained": is_detained,
        "child": is_child_alone,
        "order": has_order,
        "court": is_in_court,
        "border": lambda facts: facts.place == "border",
        "abroad": lambda facts: facts.place == "abroad",
        "uscis": lambda facts: facts.place == "us" and facts.court == "no",
        "unknown": lambda facts: False,
    }
)


def _why(facts: Facts) -> tuple[str, ...]:
    """The answers that lead to the ways, as "question_code"."""
    deciding = ("filed", "detained", "alone_minor", "order", "letter", "court", "place")
    leading = {
        "filed": ("other",),
        "detained": ("self", "relative"),
        "alone_minor": ("yes",),
        "order": ("yes",),
        "letter": ("in_absentia",),
        "court": ("yes", "no"),
        "place": ("border", "abroad", "us"),
    }
    return tuple(f"{name}_{facts.get(name)}" for name in deciding if facts.get(name) in leading[name])


def _here(steps: tuple[str, ...], facts: Facts) -> int:
    """Where the person is: the first step that is not behind, as far as it was told."""
    if "fingerprints" not in steps:
        return 0
    reached = "prepare"
    if facts.filed == "self":
        reached = "fingerprints"
    if facts.filed == "self" and facts.appointment in ("interview", "hearing"):
        reached = "interview" if "interview" in steps else "hearing"
    if facts.letter in ("noid", "denial"):
        reached = "decision"
    if facts.letter == "granted":
        reached = "after"
    return steps.index(reached)


def _checklists(facts: Facts) -> Iterator[str]:
    yield "common"
    if is_detained(facts):
        yield "detained"
    if is_in_court(facts):
        yield "court"
    if facts.filed in ("self", "other"):
        yield "filed"
    if has_order(facts):
        yield "order"
    if is_child_alone(facts):
        yield "child"
    if facts.place == "abroad":
        yield "abroad"
    if facts.entry in ("visa", "parole", "released"):
        yield "entry_papers"
    if status_of(facts) in ("visa", "tps", "parole", "i220a"):
        yield "status"
    if facts.family in ("here", "abroad", "both"):
        yield "family"


def _runs_again(facts: Facts) -> bool:
    """Whether the clock ran again after it stopped."""
    stopped, again = facts.clock_stopped, facts.clock_restarted
    return stopped is not None and again is not None and again.latest >= stopped.earliest


def _is_ahead(day: Span, most: int, days: Span) -> bool:
    """Whether the day may lie from today to ``most`` days from now, both included."""
    first, last = _days_left(day, days)
    return first <= most and last >= 0


def _days_left(day: Span, days: Span) -> tuple[int, int]:
    """The fewest and the most days that may be left."""
    return (day.earliest - days.latest).days, (day.latest - days.earliest).days


def _values(day: Span, days: Span, left: int | None = None, *, to_come: bool = False) -> dict[str, Plain]:
    """What is needed to tell a day. ``left`` are the days left at the worst; else those of the earliest day, or with
    ``to_come`` of the earliest that is not past."""
    if left is None:
        left = _days_left(day, days)[0]
        if to_come and left < 0:
            left = 0 if day.earliest != day.latest else _days_left(day, days)[1]
    told: dict[str, Plain] = {"day": day.earliest, "days_left": left}
    if day.earliest != day.latest:
        worst = days.latest + timedelta(days=left)
        told |= {"day": min(max(worst, day.earliest), day.latest)}
        told |= {"earliest": day.earliest, "latest": day.latest}
    return told


def _day_of(result: Deadline | None) -> Span | None:
    """The day of a result as a range, None where there is none."""
    if result is None or result.date is None:
        return None
    first, last = result.earliest or result, result.latest or result
    if first.date is None or last.date is None:
        return Span(result.date, result.date)
    return Span(first.date, last.date)


def _given(day: Span) -> dict[str, str] | str:
    """A day as ``calculate`` takes it."""
    if day.earliest == day.latest:
        return day.earliest.isoformat()
    return {"earliest": day.earliest.isoformat(), "latest": day.latest.isoformat()}


def _span(today: date | Span) -> Span:
    return today if isinstance(today, Span) else Span(today, today)
