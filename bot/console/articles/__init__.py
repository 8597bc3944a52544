"""The pages that show every article with its age, sources and approval, and the firm's emergency notices."""

from __future__ import annotations

from collections.abc import Mapping

from bot.console.access import Route
from bot.console.parts import Handler

ROUTES: tuple[Route, ...] = ()

HANDLERS: Mapping[str, Handler] = {}
