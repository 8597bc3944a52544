"""The pages on which staff find who was told a value that is over, and correct it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.console.access import Route
from bot.console.parts import Handler
from bot.console.recall import corrections, finding

_ONE = "/corrections/{correction}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/recall", "recall.changes", "reader", changes=False),
    Route("GET", "/recall/{parameter}", "recall.people", "reader", changes=False),
    Route("POST", "/recall/{parameter}", "recall.prepare", "reviewer", changes=True, audit="correction.prepared"),
    Route("GET", _ONE, "recall.correction", "reader", changes=False),
    Route("POST", f"{_ONE}/text", "recall.reword", "attorney", changes=True, audit="correction.reworded"),
    Route("POST", f"{_ONE}/approve", "recall.approve", "attorney", changes=True, audit="correction.approved"),
    Route("POST", f"{_ONE}/stop", "recall.stop", "attorney", changes=True, audit="correction.stopped"),
)  # fmt: skip

HANDLERS: Mapping[str, Handler] = {
    "recall.changes": finding.changes,
    "recall.people": finding.people,
    "recall.prepare": corrections.prepare,
    "recall.correction": corrections.correction,
    "recall.reword": corrections.reword,
    "recall.approve": corrections.approve,
    "recall.stop": corrections.stop,
}
