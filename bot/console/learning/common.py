"""What both pages of learning need of the content."""

from __future__ import annotations

from aiohttp import web

from bot.console.pages.library import library_of
from bot.console.render import language_of
from bot.core.content.article import GENERAL


def section_title(request: web.Request, topic: str, section: str | None) -> str | None:
    """The question that a section answers; None where the content has no such section."""
    library = library_of(request)
    return None if library is None else library.section(topic, section, language_of(request))


def article_of(request: web.Request, topic: str) -> bool:
    """Whether the topic has an article, so that a test can ask for it."""
    return section_title(request, topic, GENERAL) is not None
