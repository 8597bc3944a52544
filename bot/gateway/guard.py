"""The guard against silence: a turn that says nothing, or that failed in part, becomes an apology.

Rasa 3.6.21 answers ``200`` with an empty list when its action server fails; a person would see nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.messages import Reply
from bot.gateway.ports import TurnResult


@dataclass(frozen=True, slots=True)
class Guarded:
    """What of a turn may be said; ``code`` tells what was wrong, None when nothing was."""

    replies: tuple[Reply, ...]
    code: str | None


def guard(result: TurnResult) -> Guarded:
    """The replies that say something, and what was wrong with the turn."""
    said = tuple(reply for reply in result.replies if reply.text.strip() or reply.full.strip())
    if result.failed_actions:
        return Guarded(said, f"failed_action:{result.failed_actions[0]}"[:100])
    if not result.replies:
        return Guarded((), "empty_turn")
    if not said:
        return Guarded((), "empty_message")
    return Guarded(said, None)
