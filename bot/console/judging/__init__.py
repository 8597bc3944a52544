"""The pages on which staff judge conversations, one after the other."""

from __future__ import annotations

from collections.abc import Mapping

from bot.console.access import Route
from bot.console.judging import overview, reading
from bot.console.parts import Handler

_ONE = "/judging/{conversation}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/judging", "judging", "reviewer", changes=False),
    Route("POST", "/judging", "start_judging", "reviewer", changes=True, audit="judging.started"),
    Route("POST", "/judging/share", "share_judging", "reviewer", changes=True, audit="judging.shared"),
    Route("POST", "/judging/release", "release_judging", "reviewer", changes=True, audit="judging.released"),
    Route("GET", _ONE, "judging_one", "reviewer", changes=False, audit="conversation.opened"),
    Route("POST", _ONE, "judge", "reviewer", changes=True, audit="conversation.judged", own_audit=True),
    Route("POST", f"{_ONE}/skip", "skip_judging", "reviewer", changes=True, audit="judging.skipped"),
    Route("POST", f"{_ONE}/undo", "undo_judging", "reviewer", changes=True, audit="judging.undone"),
    Route("POST", f"{_ONE}/assign", "assign_judging", "reviewer", changes=True, audit="judging.assigned"),
)

HANDLERS: Mapping[str, Handler] = {
    handler.__name__: handler
    for handler in (
        overview.judging,
        overview.start_judging,
        overview.share_judging,
        overview.release_judging,
        reading.judging_one,
        reading.judge,
        reading.skip_judging,
        reading.undo_judging,
        reading.assign_judging,
    )
}
