"""The words of the bot: articles, notices, agreed terms, and who approved them."""

from bot.core.content.library import DEMO, PRODUCTION, Library, check_library, load_library
from bot.core.content.store import Topic

__all__ = ["DEMO", "PRODUCTION", "Library", "Topic", "check_library", "load_library"]
