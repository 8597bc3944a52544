"""What all calculations share: a rule as it applies on one day, and how a count becomes a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from bot.core.deadlines import calendar
from bot.core.deadlines.inputs import Facts, Field
from bot.core.deadlines.results import Caveat, Deadline, NotCovered, Out, Roll, Step
from bot.core.deadlines.rules import COUNT, DOUBTFUL_MOVE, NEXT_BUSINESS_DAY, NONE, Rules, RuleVersion
from bot.core.law import Authority, NotInForce

FRIDAY_NOTE = (
    "Falls on the Friday on which a Saturday holiday is observed. Rolled because federal offices close "
    "(5 USC 6103(b)); safer to file by the unrolled date."
)

TODAY = Field("today", "date", required=False)


@dataclass(frozen=True, slots=True)
class Count:
    """A figure of the law: a number of ``unit``, or for the unit date a day."""

    raw: int | date
    unit: str

    @property
    def number(self) -> int:
        """The number."""
        assert isinstance(self.raw, int)
        return self.raw

    @property
    def day(self) -> date:
        """The day."""
        assert isinstance(self.raw, date)
        return self.raw

    def after(self, day: date) -> date:
        """The day so much later, with ``day`` as day 0."""
        return calendar.add(day, self.number, self.unit)

    def before(self, day: date) -> date:
        """The day so much earlier, with ``day`` as day 0."""
        return calendar.add(day, -self.number, self.unit)

    @property
    def nth(self) -> str:
        """The last counted day in English: "10th day", or "Last day" where the count is not in days."""
        if self.unit != "days":
            return "Last day"
        teen = self.number % 100 in (11, 12, 13)
        suffix = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(self.number % 10, "th")
        return f"{self.number}{suffix} day"


@dataclass(frozen=True, slots=True)
class Law:
    """A rule as it applies to one event, with its figures, sources and standing caveats."""

    calculation: str
    version: RuleVersion
    counts: Mapping[str, Count]
    authority: tuple[Authority, ...]
    caveats: tuple[Caveat, ...]
    today: date

    def count(self, name: str = COUNT) -> Count:
        """One figure of the rule."""
        return self.counts[name]

    def outside(self, reason: str) -> NotCovered:
        """No date, for a reason that lies in the facts."""
        return NotCovered(self.calculation, reason, self.today, {}, self.authority)


@dataclass(frozen=True, slots=True)
class Calculation:
    """One calculation.

    ``event`` gives day 0, whose law applies; with ``reaches_back`` an event before the first version falls under
    that version. ``compute`` makes the result of settled facts.
    """

    id: str
    rule: str
    fields: tuple[Field, ...]
    title: Mapping[str, str]
    event: Callable[[Facts], date]
    compute: Callable[[Facts, Law], Deadline | NotCovered]
    reaches_back: bool = False


def bind(
    calculation: Calculation,
    rules: Rules,
    event: date,
    today: date,
    as_of: date | None = None,
    include: Iterable[str] = (),
) -> Law | NotCovered:
    """The rule of a calculation on the day of its event, or of ``as_of``; NotCovered where there is none."""
    rule = rules.get(calculation.rule)
    first = rule.versions[0].effective
    on = as_of or (max(event, first) if calculation.reaches_back else event)
    version = rule.at(on, include)
    if version is None:
        return NotCovered(calculation.id, "before_the_rule", today, {"since": first, "event": on})
    caveats = [Caveat("event_to_come", {"date": event})] if event > today else []
    if rule.uncertain:
        caveats.append(Caveat("doubt" if rule.doubt else "uncertain", {"rule": rule.id}))
    authority = list(version.authority)
    counts: dict[str, Count] = {}
    for name, id in version.counts.items():
        value = rules.parameters.at(id, on, include)
        if isinstance(value, NotInForce):
            return NotCovered(calculation.id, "rule_ended", today, {"parameter": id, "event": on})
        assert isinstance(value.raw, int | date)
        counts[name] = Count(value.raw, value.parameter.unit)
        authority += [found for found in value.authority if found.cite not in {a.cite for a in authority}]
        if value.parameter.changing is not None:
            caveats.append(Caveat("changing", {"parameter": id}))
    return Law(calculation.id, version, counts, tuple(authority), tuple(caveats), today)


def added(count: Count, day: date) -> Step:
    """The step of a count forward that ended on ``day``."""
    return Step("add", {"number": count.number, "unit": count.unit, "date": day})


def taken(count: Count, day: date) -> Step:
    """The step of a count back that ended on ``day``."""
    return Step("subtract", {"number": count.number, "unit": count.unit, "date": day})


def started(day: date) -> Step:
    """The day 0 of a count."""
    return Step("from", {"date": day})


def result(
    law: Law,
    day: date | None,
    outputs: Mapping[str, Out],
    steps: tuple[Step, ...] = (),
    *,
    unrolled: date | None = None,
    roll: Roll | None = None,
    is_deadline: bool = True,
    note: str = "",
    caveats: tuple[Caveat, ...] = (),
) -> Deadline:
    """A result that leads with ``day``; it is contested when there is a ``note``.

    ``unrolled`` is the last day before any move; where something is to be filed, ``file_by`` is the last
    business day before it.
    """
    unrolled = unrolled or day
    file_by = calendar.business_day_before(unrolled) if is_deadline and unrolled else None
    told: dict[str, Out] = {**outputs, "contested": bool(note)}
    if note:
        told["contested_note"] = note
    if law.version.must_be and day:
        told["must_be"] = law.version.must_be
    told["file_by"] = file_by
    return Deadline(
        calculation=law.calculation,
        date=day,
        unrolled=unrolled,
        roll=roll,
        file_by=file_by,
        days_left=(day - law.today).days if day else None,
        counted_on=law.today,
        is_deadline=is_deadline,
        must_be=law.version.must_be,
        contested=bool(note),
        contested_note=note,
        outputs=told,
        steps=steps,
        authority=law.authority,
        caveats=law.caveats + caveats,
    )


def meet(
    law: Law, unrolled: date, steps: tuple[Step, ...], note: str, *, caveats: tuple[Caveat, ...] = ()
) -> Deadline:
    """A deadline whose last day is ``unrolled``, moved or not as the rule says.

    ``note`` says what is in dispute where the rule's own text does not move a day that is no business day.
    """
    off = calendar.day_off(unrolled)
    if law.version.roll not in (NEXT_BUSINESS_DAY, DOUBTFUL_MOVE):
        flagged = note if off is not None and law.version.roll != NONE else ""
        return result(law, unrolled, {"deadline": unrolled}, steps, note=flagged, caveats=caveats)
    day = calendar.next_business_day(unrolled)
    outputs: dict[str, Out] = {"deadline": day, "rolled": off is not None, "unrolled": unrolled}
    flagged = ""
    if off is not None:
        outputs["roll_reason"] = off.reason
        steps += (Step("roll", {"code": off.code, "holiday": off.holiday, "date": day}),)
        if law.version.roll == DOUBTFUL_MOVE:
            flagged = note
        elif calendar.observed_friday(unrolled):
            flagged = FRIDAY_NOTE
    return result(law, day, outputs, steps, unrolled=unrolled, roll=off, note=flagged, caveats=caveats)


def open_ended(law: Law, caveat: Caveat) -> Deadline:
    """The law sets no last day."""
    outputs: dict[str, Out] = {"deadline": None, "rolled": False, "unrolled": None, "any_time": True}
    return result(law, None, outputs, caveats=(caveat,))


def also_telling(deadline: Deadline, outputs: Mapping[str, Out]) -> Deadline:
    """The deadline with more tabled keys."""
    return replace(deadline, outputs={**deadline.outputs, **outputs})
