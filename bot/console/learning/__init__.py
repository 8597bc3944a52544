"""The pages that turn corrected answers into proposals, and group what had no answer."""

from __future__ import annotations

from collections.abc import Mapping

from bot.console.access import Route
from bot.console.parts import Handler

ROUTES: tuple[Route, ...] = ()

HANDLERS: Mapping[str, Handler] = {}
