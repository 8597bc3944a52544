"""The figures as a file of comma-separated values (RFC 4180) that a spreadsheet opens as it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from bot.transcripts.insights_records import Dated

#: By this mark Excel knows that accents are UTF-8.
_MARK = "\ufeff"
_HEAD = ("day", "about", "figure", "language", "channel", "value")
#: With one of these a spreadsheet begins a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def sheet(found: Iterable[Dated]) -> str:
    """One line for each figure of a day; ``about`` is the group that it is counted from."""
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\r\n")
    lines.writerow(_HEAD)
    for one in found:
        about, _, name = one.figure.name.partition(".")
        texts = (about, name, one.figure.language, one.figure.channel)
        lines.writerow((one.day.isoformat(), *map(_harmless, texts), one.figure.value))
    return _MARK + written.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
