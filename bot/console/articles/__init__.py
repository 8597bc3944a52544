"""The pages that show every article with its age, sources and approval, and the firm's emergency notices."""

from __future__ import annotations

from collections.abc import Mapping

from bot.console.access import Route
from bot.console.articles import approving, bulletins, reading
from bot.console.parts import Handler

_ONE = "/articles/{topic}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/articles", "articles.list", "reader", changes=False),
    Route("GET", _ONE, "articles.article", "reader", changes=False),
    Route("POST", f"{_ONE}/approve", "articles.approve", "attorney", changes=True, audit="article.approved",
          own_audit=True),
    Route("POST", f"{_ONE}/withdraw", "articles.withdraw", "attorney", changes=True, audit="article.withdrawn",
          own_audit=True),
    Route("GET", "/bulletins", "bulletins.list", "reader", changes=False),
    Route("POST", "/bulletins/preview", "bulletins.preview", "attorney", changes=False),
    Route("POST", "/bulletins", "bulletins.switch_on", "attorney", changes=True, audit="bulletin.on", own_audit=True),
    Route("POST", "/bulletins/{bulletin}/off", "bulletins.switch_off", "attorney", changes=True,
          audit="bulletin.off"),
)  # fmt: skip

HANDLERS: Mapping[str, Handler] = {
    "articles.list": reading.articles,
    "articles.article": reading.article,
    "articles.approve": approving.approve,
    "articles.withdraw": approving.withdraw,
    "bulletins.list": bulletins.bulletins,
    "bulletins.preview": bulletins.preview,
    "bulletins.switch_on": bulletins.switch_on,
    "bulletins.switch_off": bulletins.switch_off,
}
