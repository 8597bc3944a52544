"""What the transcript store refuses."""

from __future__ import annotations

from bot.core.errors import BotError


class Held(BotError):
    """The conversation must be kept, because staff said so (legal hold)."""

    def __init__(self) -> None:
        super().__init__("This conversation is on legal hold. Lift the hold before you erase it.")
