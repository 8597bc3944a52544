"""The pages on which staff judge conversations, one after the other."""

from __future__ import annotations

from collections.abc import Mapping

from bot.console.access import Route
from bot.console.parts import Handler

ROUTES: tuple[Route, ...] = ()

HANDLERS: Mapping[str, Handler] = {}
