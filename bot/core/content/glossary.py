"""The agreed words of the two languages: bot/content/glossary.yml."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.core.datafile import Document, read_text
from bot.core.messages import LANGUAGES
from bot.core.problems import Report


@dataclass(frozen=True, slots=True)
class Term:
    """One agreed pair. ``avoid`` lists, per language, words that mean the same and are not used."""

    id: str
    words: dict[str, str]
    meaning: dict[str, str] | None
    avoid: dict[str, tuple[str, ...]]
    also: dict[str, tuple[str, ...]]


#: "what is a", "qué significa": what stands in front of a word whose meaning is asked for.
_ASKS_MEANING = re.compile(
    r"^(?:(?:what (?:is|are|does|do)|whats|what s|meaning of|define) (?:(?:an?|the) )?"
    r"|(?:(?:que|q|k|ke) (?:es|son|significa|quiere decir)|significado de) (?:(?:el|la|los|las|una?|lo de) )?)"
    r"(?P<word>.+?)(?: (?:mean|means|stand for))?$"
)


def folded(text: str) -> str:
    """Small letters and digits, without accents and marks: how two people write the same word."""
    plain = unicodedata.normalize("NFD", text.casefold())
    return " ".join(re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c))))


class Glossary:
    """All agreed pairs, the search for words to avoid, and for a word whose meaning is asked."""

    def __init__(self, terms: tuple[Term, ...]) -> None:
        self.terms = terms
        self._avoid: dict[str, tuple[re.Pattern[str], dict[str, str]] | None] = {}
        for lang in LANGUAGES:
            agreed = {
                word.casefold(): term.words[lang] for term in terms for word in term.avoid.get(lang, ())
            }
            if not agreed:
                self._avoid[lang] = None
                continue
            longest_first = sorted(agreed, key=len, reverse=True)
            words = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest_first)
            self._avoid[lang] = (re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE), agreed)

    def asked(self, text: str) -> Term | None:
        """The term with a meaning that a message asks for and nothing else ("what does NTA mean"), or None."""
        found = _ASKS_MEANING.match(folded(text))
        if found is None:
            return None
        word = found["word"]
        for term in self.terms:
            known = [*term.words.values(), *(w for words in term.also.values() for w in words)]
            if term.meaning is not None and word in map(folded, known):
                return term
        return None

    def breaches(self, text: str, lang: str) -> Iterator[tuple[int, str, str]]:
        """Where a word to avoid stands: its position, the word, and the agreed one."""
        search = self._avoid[lang]
        if search is None:
            return
        pattern, agreed = search
        for found in pattern.finditer(text):
            word = " ".join(found[0].split())
            yield found.start(), word, agreed[word.casefold()]


def read_glossary(path: Path, report: Report) -> Glossary:
    """The glossary; empty when there is no file or it cannot be read (reported)."""
    if not path.exists():
        return Glossary(())
    text = read_text(path, report)
    doc = None if text is None else Document.parse(text, str(path), report)
    if doc is None or not doc.keys((), ("terms",)):
        return Glossary(())
    terms: list[Term] = []
    ids: set[str] = set()
    for index in range(len(doc.items("terms") or [])):
        where = ("terms", index)
        if not doc.keys(where, LANGUAGES, ("id", "meaning", "avoid", "also")):
            continue
        words = {lang: doc.text(*where, lang) for lang in LANGUAGES}
        meaning = doc.both(*where, "meaning") if doc.has(*where, "meaning") else None
        avoid = _words(doc, *where, "avoid")
        also = _words(doc, *where, "also")
        id = doc.optional_text(*where, "id") or str(words["en"]).casefold()
        if id in ids:
            doc.add("duplicate_key", *where, key=id)
        ids.add(id)
        told = {lang: word for lang, word in words.items() if word is not None}
        if len(told) < len(LANGUAGES):
            continue
        for lang, listed in avoid.items():
            for word in listed:
                if word.casefold() == told[lang].casefold():
                    doc.add("glossary_conflict", *where, "avoid", text=word)
        terms.append(Term(id, told, meaning, avoid, also))
    return Glossary(tuple(terms))


def _words(doc: Document, *where: str | int) -> dict[str, tuple[str, ...]]:
    """The word lists per language at ``where``."""
    if doc.get(*where) is None:
        return {}
    doc.keys(where, (), LANGUAGES)
    lists: dict[str, tuple[str, ...]] = {}
    for lang in LANGUAGES:
        if doc.get(*where, lang) is None:
            continue
        words = [doc.text(*where, lang, index) for index in range(len(doc.items(*where, lang) or []))]
        lists[lang] = tuple(word for word in words if word is not None)
    return lists
