"""The fixed words of the pages that the gateway makes, from a file of ``bot/content`` in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.core import template, yaml12
from bot.core.errors import ContentFileError
from bot.core.messages import LANGUAGES


@dataclass(frozen=True, slots=True)
class PageWords:
    """The words by name and language."""

    texts: Mapping[str, Mapping[str, str]]

    def say(self, name: str, lang: str, /, **values: str) -> str:
        """One of them with its names filled."""
        return template.fill(self.texts[name][lang], lambda found: values.get(found.name, ""))


def load_page_words(path: Path, wanted: Mapping[str, frozenset[str]]) -> PageWords:
    """The words of a file; ``wanted`` maps each that is needed to the names that it must use.

    Raises ContentFileError for the first that is missing, not used or wrong.
    """
    data = yaml12.load_file(path, ContentFileError)
    if not isinstance(data, dict):
        raise ContentFileError(str(path), None, "not words by name", "Give each its name as key.")
    for name in sorted(set(wanted) ^ {str(key) for key in data}):
        problem = "is missing" if name in wanted else "is not used"
        raise ContentFileError(str(path), None, f"{name} {problem}", "Compare it with the file that came.")
    for name, names in wanted.items():
        texts = data[name]
        if not isinstance(texts, dict) or set(texts) != set(LANGUAGES):
            raise ContentFileError(str(path), None, f"{name} needs en and es", "Write the missing language.")
        for lang, text in texts.items():
            if not isinstance(text, str) or not text.strip():
                raise ContentFileError(str(path), None, f"{name} has no text in {lang}", "Write it.")
            used = {found.name for found in template.placeholders(text)}
            if used != names:
                told = ", ".join(f"{{{{{found}}}}}" for found in sorted(names)) or "no name between braces"
                raise ContentFileError(str(path), None, f"{name} in {lang} must use {told}", "Correct it.")
    return PageWords(data)
