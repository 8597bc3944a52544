"""The fixed words of the console in both languages, from the files of ``bot/console/words``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.core import template, yaml12
from bot.core.errors import ContentFileError
from bot.core.messages import LANGUAGES

FOLDER = Path(__file__).parent / "words"


@dataclass(frozen=True, slots=True)
class Words:
    """The words by name and language."""

    texts: Mapping[str, Mapping[str, str]]

    def say(self, name: str, lang: str, /, **values: object) -> str:
        """One of them with its names filled. Raises KeyError for words that do not exist or a value that lacks."""
        text = self.texts[name][lang]
        # A page says hundreds of them, and few have a place to fill.
        return template.fill(text, lambda found: str(values[found.name])) if "{{" in text else text

    def many(self, name: str, count: int, lang: str, /, **values: object) -> str:
        """``<name>_one`` or ``<name>_many``, as the count asks; the count fills ``{{count}}``."""
        return self.say(f"{name}_one" if count == 1 else f"{name}_many", lang, count=count, **values)

    def has(self, name: str) -> bool:
        """Whether there are words of that name."""
        return name in self.texts


def load_words(folder: Path = FOLDER) -> Words:
    """The words of every file of a folder. Raises ContentFileError for the first thing that is wrong."""
    texts: dict[str, Mapping[str, str]] = {}
    for path in sorted(folder.glob("*.yml")):
        data = yaml12.load_file(path, ContentFileError)
        if not isinstance(data, dict):
            raise ContentFileError(str(path), None, "not words by name", "Give each its name as key.")
        for name, found in data.items():
            if name in texts:
                raise ContentFileError(str(path), None, f"{name} stands in two files", "Take one away.")
            texts[name] = _checked(path, name, found)
    return Words(texts)


def _checked(path: Path, name: str, found: object) -> Mapping[str, str]:
    if not isinstance(found, dict) or set(found) != set(LANGUAGES):
        raise ContentFileError(str(path), None, f"{name} needs en and es", "Write both languages.")
    for lang, text in found.items():
        if not isinstance(text, str) or not text.strip():
            raise ContentFileError(str(path), None, f"{name} has no text in {lang}", "Write it.")
    used = [{part.name for part in template.placeholders(found[lang])} for lang in LANGUAGES]
    if used[0] != used[1]:
        odd = ", ".join(sorted(used[0] ^ used[1]))
        raise ContentFileError(str(path), None, f"{name} uses {odd} in one language only", "Use it in both.")
    return found
