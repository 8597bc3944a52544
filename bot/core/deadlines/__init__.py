"""Deadlines of asylum law, counted from dated rules: pure functions, with today always passed in.

``calculate("bia_appeal", {"decision_date": "2026-11-20", "mode": "oral"}, rules, today)`` gives a ``Deadline`` with the
date, how it was counted, what it rests on and what is in dispute; or ``NotCovered``. A fact that cannot be used
raises ``InputError``. A day may be a range, and then the result is one: it leads with the cautious end, which is
the earlier day for a deadline and the later one for the first day on which something is possible.

Every calculation has an event, which is day 0, and the rule that was in force on that day is used, so that
a change of law reaches only later events; ``as_of`` asks for another day's law. Business days are all days but
Saturday, Sunday and the holidays of 5 USC 6103 as federal offices observe them.
"""

from __future__ import annotations

from bot.core.deadlines.calculations import CALCULATIONS, calculate
from bot.core.deadlines.counting import Calculation
from bot.core.deadlines.inputs import Field, InputError, Span, Stop
from bot.core.deadlines.results import Caveat, Deadline, Ends, NotCovered, Roll, Step
from bot.core.deadlines.rules import Rule, Rules, check_rules, load_rules

__all__ = [
    "CALCULATIONS",
    "Calculation",
    "Caveat",
    "Deadline",
    "Ends",
    "Field",
    "InputError",
    "NotCovered",
    "Roll",
    "Rule",
    "Rules",
    "Span",
    "Step",
    "Stop",
    "calculate",
    "check_rules",
    "load_rules",
]
