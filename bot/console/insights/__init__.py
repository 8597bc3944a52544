"""The pages that count: by week and language, as charts and as CSV."""

from __future__ import annotations

from collections.abc import Mapping

from bot.console.access import Route
from bot.console.insights import pages
from bot.console.parts import Handler

ROUTES: tuple[Route, ...] = (
    Route("GET", "/insights", "insights", "reader", changes=False),
    Route("GET", "/insights/week/{monday}", "insights_week", "reader", changes=False),
    Route("GET", "/insights.csv", "insights_file", "reader", changes=False, audit="insights.exported"),
)

HANDLERS: Mapping[str, Handler] = {
    handler.__name__: handler for handler in (pages.insights, pages.insights_week, pages.insights_file)
}
