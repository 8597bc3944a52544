"""What the pages share: names of staff, what has just happened, and the way back."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode

from aiohttp import web

from bot.console.pages.library import titles
from bot.console.parts import ACCOUNTS, AUDIT, RENDER, WORDS, see_other, staff_of
from bot.console.render import language_of
from bot.console.telling import Say, days, percent, pieces, short_id, waited
from bot.transcripts.records import AlarmRecord
from bot.transcripts.store import Noted

#: So many rows stand on one page.
ROWS = 50

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CODE = re.compile(r"[a-z_]{1,32}")


async def page(request: web.Request, template: str, status: int = 200, **values: object) -> web.Response:
    """A page with what all of these pages use.

    ``names`` are those of staff (read here, unless they are given), ``title_of`` names a topic, ``in_text`` puts words
    in the place of masked values, ``waited`` tells a span of time, ``alarm_word`` names a kind of alarm and
    ``alarm_advice`` what to do, ``fact_word`` names a fact, ``iso_day`` writes an ISO day in words.
    """
    lang, words = language_of(request), request.app[WORDS]
    say = say_of(request)
    if "names" not in values:
        values["names"] = await request.app[ACCOUNTS].names()
    return request.app[RENDER](
        request,
        template,
        status,
        title_of=titles(request, lang),
        in_text=lambda text: pieces(text, say),
        waited=lambda span: waited(span, say),
        short_id=short_id,
        percent=percent,
        fact_word=lambda name: say(f"fact_{name}") if words.has(f"fact_{name}") else name,
        alarm_word=lambda kind: say(f"alarm_{kind}" if words.has(f"alarm_{kind}") else "alarm_other"),
        alarm_advice=lambda alarm: alarm_advice(alarm, say, words.has),
        iso_day=lambda day: days(day, lang) or day,
        said=said_of(request),
        **values,
    )


def alarm_advice(alarm: AlarmRecord, say: Say, has: Callable[[str], bool]) -> str:
    """What to do about an alarm that somebody waits behind, and where to find their number; empty for others."""
    if alarm.kind not in ("booking", "whatsapp"):
        return ""
    word = f"alarm_do_{alarm.code.partition('_')[0]}"
    advice = [say(word)] if has(word) else []
    if alarm.kind == "whatsapp" and alarm.request_id is None:
        advice.append(say("alarm_no_number"))
    return " ".join(advice)


def say_of(request: web.Request) -> Say:
    """Says the words of the console in the language of the page."""
    lang, words = language_of(request), request.app[WORDS]
    return lambda name, **values: words.say(name, lang, **values)


def said_of(request: web.Request) -> str:
    """What has just happened, in words, from the code in the address; empty for none."""
    code = request.query.get("said", "")
    words = request.app[WORDS]
    name = f"said_{code}"
    if not _CODE.fullmatch(code) or not words.has(name):
        return ""
    return words.say(name, language_of(request), limit="")


def then(path: str, said: str = "", **query: str) -> web.HTTPSeeOther:
    """The page that follows a form; it says what happened."""
    fields = {name: value for name, value in {**query, "said": said}.items() if value}
    address = f"{path}?{urlencode(fields)}" if fields else path
    return see_other(f"{address}#said" if said else address)


def noting(request: web.Request, action: str, object_id: str) -> Noted:
    """Writes a line of the audit log in the transaction that it is given, which must have written already."""
    return lambda connection: request.app[AUDIT].add(connection, staff_of(request), action, object_id)


def is_id(given: str) -> bool:
    """Whether it can be the id of a conversation."""
    return _ID.fullmatch(given) is not None


def path_of(conversation_id: str) -> str:
    """Where a conversation is shown."""
    return f"/conversations/{conversation_id}"
