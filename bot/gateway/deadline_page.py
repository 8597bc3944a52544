"""A date as a page to print: one sheet, black on white, no script, nothing from elsewhere."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import date
from html import escape

from bot.core.deadlines import Deadline, NotCovered
from bot.core.deadlines.calendar_file import LAST_DAY, SAFE_DAY, key_days
from bot.core.deadlines.phrases import Phrases, count, weekday_and_day
from bot.core.law import format_date
from bot.core.messages import Reply, Source
from bot.gateway.ports import Firm

# The sizes for print keep the longest answer on one sheet of A4 or Letter; tests/e2e holds that.
_STYLE = """
:root {
  color-scheme: light;
  font: 1.0625rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 44rem; color: #000; background: #fff; overflow-wrap: anywhere; }
h1 { font-size: 1.25rem; line-height: 1.25; margin: 0 0 .75rem; }
h2 { font-size: 1rem; margin: 1rem 0 .25rem; }
p { margin: 0 0 .5rem; }
ul, ol { margin: 0 0 .5rem; padding-inline-start: 1.2rem; }
.day { border: 3px solid #000; padding: .6rem .8rem; margin: 0 0 .75rem; }
.day p { margin: 0; }
.day b { display: block; font-size: 1.75rem; line-height: 1.2; }
.safe { border-width: 1px; }
.safe b { font-size: 1.2rem; }
.small { font-size: .9rem; }
.foot { border-top: 1px solid #000; margin-top: 1rem; padding-top: .5rem; }
.screen { border: 1px dashed #000; padding: .5rem .8rem; }
a { color: #000; }
@page { margin: 12mm 14mm; }
@media print {
  :root { font-size: 10.5pt; line-height: 1.35; }
  body { padding: 0; max-width: none; }
  h1 { font-size: 14pt; margin-bottom: 6pt; }
  h2 { font-size: 10.5pt; margin: 6pt 0 2pt; }
  p, ul, ol { margin-bottom: 3.5pt; }
  .day { padding: 4pt 8pt; margin-bottom: 6pt; break-inside: avoid; }
  .day b { font-size: 22pt; }
  .safe b { font-size: 13pt; }
  .small { font-size: 8.5pt; line-height: 1.3; }
  .foot { margin-top: 6pt; padding-top: 4pt; break-inside: avoid; }
  .screen { display: none; }
}
"""

_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
#: What the page may load: its own style and nothing else.
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def page(
    result: Deadline | NotCovered,
    reply: Reply,
    phrases: Phrases,
    firm: Firm,
    lang: str,
    *,
    name: str,
    as_of: date | None = None,
) -> str:
    """The whole page. ``name`` stands in the browser's history and gives nothing away; ``as_of`` is told where
    the law of another day was asked for."""

    def say(phrase: str, /, **values: str) -> str:
        return escape(phrases.say(phrase, lang, **values))

    parts: list[str] = []
    if reply.title:
        parts.append(f"<h1>{escape(reply.title)}</h1>")
    if isinstance(result, Deadline):
        parts += _days(result, phrases, lang)
    parts += _paragraphs(reply.full or reply.text)
    if isinstance(result, Deadline) and result.steps and result.earliest is None:
        lines = "".join(f"<li>{escape(phrases.step(step, lang))}</li>" for step in result.steps)
        parts.append(f"<h2>{say('steps')}</h2><ol class=small>{lines}</ol>")
    if reply.notes:
        parts.append(f"<h2>{say('doubt')}</h2>")
        parts += [f"<p class=small>{escape(note)}</p>" for note in reply.notes]
    if reply.sources:
        parts.append(f"<h2>{say('authority')}</h2><ul class=small>")
        parts += _sources(reply.sources, phrases, lang)
        parts.append("</ul>")
    parts.append("<div class=foot>")
    if as_of is not None:
        parts.append(f"<p>{say('law_of', date=format_date(as_of, lang))}</p>")
    if isinstance(result, NotCovered) or result.date is None:
        parts.append(f"<p>{escape(phrases.counted_on(result, lang))}</p>")
    parts.append(f"<p><b>{say('questions', name=firm.name, phone=firm.phone)}</b></p>")
    parts.append(f"<p class=small>{say('not_advice')}</p></div>")
    parts.append(f"<p class=screen>{say('how_to_print')}</p>")
    return _whole(name, lang, parts)


def problem_page(title: str, detail: str, lang: str) -> str:
    """What is wrong, for a person who asked for the page with a form."""
    return _whole(title, lang, [f"<h1>{escape(title)}</h1>", f"<p>{escape(detail)}</p>"])


def _whole(name: str, lang: str, parts: Iterable[str]) -> str:
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>{escape(name)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + "\n</main>\n</body>\n</html>\n"
    )


def _days(result: Deadline, phrases: Phrases, lang: str) -> Iterator[str]:
    """The key days in boxes, the one that counts first and large; a safe day only while it lies ahead."""
    days = key_days(result)
    for kind, day in reversed(days.items()):
        safe = kind == SAFE_DAY and LAST_DAY in days
        if safe and day < result.counted_on:
            continue
        label, told = escape(phrases.say(kind, lang)), escape(weekday_and_day(day, lang))
        left = "" if safe else f"<p>{escape(_left(result, day, phrases, lang))}</p>"
        yield f'<div class="day{" safe" if safe else ""}"><p>{label}</p><p><b>{told}</b></p>{left}</div>'


def _left(result: Deadline, day: date, phrases: Phrases, lang: str) -> str:
    """How far away a day is, and on which day that was counted: paper does not count on."""
    days = (day - result.counted_on).days
    far = "today" if days == 0 else "left" if days > 0 else "ago"
    told = phrases.say(far, lang, days=count(abs(days), "days", lang))
    return f"{told}. {phrases.counted_on(result, lang)}"


def _paragraphs(text: str) -> Iterator[str]:
    """Plain text as the replies have it: paragraphs at blank lines, list items after "- "."""
    for block in text.split("\n\n"):
        items: list[str] = []
        words: list[str] = []
        for line in block.splitlines():
            (items if line.startswith("- ") else words).append(escape(line.removeprefix("- ")))
        if words:
            yield f"<p>{' '.join(words)}</p>"
        if items:
            yield f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _sources(sources: Iterable[Source], phrases: Phrases, lang: str) -> Iterator[str]:
    for source in sources:
        checked = phrases.say("checked", lang, date=format_date(date.fromisoformat(source.checked), lang))
        yield f"<li>{escape(source.cite)}, {escape(checked)}. {escape(source.url)}</li>"
