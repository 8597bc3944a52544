"""The pages that turn corrected answers into proposals, and group what had no answer."""

from __future__ import annotations

from collections.abc import Mapping

from bot.console.access import Route
from bot.console.learning import corrected, unanswered
from bot.console.parts import Handler

_TURN, _GROUP = "/learning/turns/{message}", "/learning/groups/{group}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/learning", "learning.corrected", "reviewer", changes=False),
    Route("POST", _TURN, "learning.propose", "reviewer", changes=True, audit="proposal.made",
          own_audit=True),
    Route("POST", f"{_TURN}/dismiss", "learning.dismiss", "reviewer", changes=True, audit="proposal.dismissed"),
    Route("POST", f"{_TURN}/withdraw", "learning.withdraw", "reviewer", changes=True, audit="proposal.withdrawn"),
    Route("GET", "/learning/unanswered", "learning.unanswered", "reviewer", changes=False),
    Route("GET", "/learning/dismissed", "learning.dismissed", "reviewer", changes=False),
    Route("POST", f"{_GROUP}/dismiss", "learning.dismiss_group", "reviewer", changes=True, audit="group.dismissed"),
    Route("POST", f"{_GROUP}/restore", "learning.restore_group", "reviewer", changes=True, audit="group.restored"),
)  # fmt: skip

HANDLERS: Mapping[str, Handler] = {
    "learning.corrected": corrected.corrected,
    "learning.propose": corrected.propose,
    "learning.dismiss": corrected.dismiss,
    "learning.withdraw": corrected.withdraw,
    "learning.unanswered": unanswered.unanswered,
    "learning.dismissed": unanswered.dismissed,
    "learning.dismiss_group": unanswered.dismiss_group,
    "learning.restore_group": unanswered.restore_group,
}
