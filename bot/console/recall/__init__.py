"""The pages that find who was told what has changed since, and correct it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.console.access import Route
from bot.console.parts import Handler

ROUTES: tuple[Route, ...] = ()

HANDLERS: Mapping[str, Handler] = {}
