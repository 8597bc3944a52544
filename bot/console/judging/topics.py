"""The topics and their sections as somebody types and chooses them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from bot.console.pages.library import FromLibrary


@dataclass(frozen=True, slots=True)
class Topics:
    """Everything that can be the right answer, by the title under which it is chosen."""

    by_title: dict[str, tuple[str, str | None]]
    #: The list of titles as a page carries it.
    options: Markup
    _titles: dict[tuple[str, str | None], str]
    _typed: dict[str, tuple[str, str | None]]

    def find(self, typed: str) -> tuple[str, str | None] | None:
        """The topic and section that somebody chose, by title or by code; case does not matter."""
        return self._typed.get(typed.strip().casefold())

    def title(self, topic: str, section: str | None) -> str:
        """What is chosen to say this topic and section; their codes for what the library no longer has."""
        found = self._titles.get((topic, section)) or self._titles.get((topic, None))
        return found or topic


def topics_of(library: FromLibrary | None, lang: str) -> Topics:
    """What the library has, in a language; each topic is followed by its sections."""
    return _topics(() if library is None else library.contents(lang))


@lru_cache(maxsize=4)
def _topics(contents: tuple[tuple[str, str | None, str], ...]) -> Topics:
    by_title: dict[str, tuple[str, str | None]] = {}
    for topic, section, title in contents:
        # Two articles may have the same title; the code tells them apart.
        name = title if title not in by_title else f"{title} ({topic})"
        by_title[name] = (topic, section)
    typed = {name.casefold(): place for name, place in by_title.items()}
    for topic, section in by_title.values():
        typed.setdefault(topic if section is None else f"{topic}/{section}", (topic, section))
    options = Markup("").join(Markup('<option value="{}"></option>').format(name) for name in by_title)
    return Topics(by_title, options, {place: name for name, place in by_title.items()}, typed)
