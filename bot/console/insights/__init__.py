"""The pages that count: by week and language, as charts and as CSV."""

from __future__ import annotations

from collections.abc import Mapping

from bot.console.access import Route
from bot.console.parts import Handler

ROUTES: tuple[Route, ...] = ()

HANDLERS: Mapping[str, Handler] = {}
