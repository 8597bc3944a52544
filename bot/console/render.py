"""Makes the pages: templates, words in the language of whoever asks, and moments in the firm's time."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web
from babel.dates import format_date, format_datetime, format_time
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot.console.access import PREFIX, ROLES
from bot.console.csrf import FIELD
from bot.console.parts import CLOCK, FIRM, LANGUAGE, SESSION, WORDS, Render, staff_or_none
from bot.console.static import address
from bot.core.law import LOCALES

_HERE = Path(__file__).parent
#: The links at the top: path, words, and the role from which on they are shown. Those after the first ``OFTEN``
#: stand behind one button on narrow screens.
OFTEN = 4
NAVIGATION = (
    ("/", "nav_queues", "reader"),
    ("/conversations", "nav_conversations", "reader"),
    ("/bookings", "nav_bookings", "reader"),
    ("/judging", "nav_judging", "reviewer"),
    ("/articles", "nav_articles", "reader"),
    ("/bulletins", "nav_bulletins", "reader"),
    ("/recall", "nav_recall", "reader"),
    ("/learning", "nav_learning", "reviewer"),
    ("/insights", "nav_insights", "reader"),
    ("/accounts", "accounts", "admin"),
    ("/audit", "audit", "admin"),
    ("/account", "account", "reader"),
)

FOLDER = _HERE / "templates"


@cache
def environment() -> Environment:
    """The templates of the console; a name that nobody gave is an error."""
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        # Else every page asks for the age of each file that it is made of.
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def language_of(request: web.Request) -> str:
    """The language of the page: the staff member's own, else the one that the browser prefers."""
    staff = staff_or_none(request)
    if staff is not None:
        return staff.language
    return str(request.get(LANGUAGE, "en"))


def page_values(request: web.Request) -> dict[str, object]:
    """What every template can use: words, who asks, the form's token, and how moments are written.

    ``say(name, **values)`` and ``many(name, count, **values)`` give words; ``has_words(name)`` tells whether there
    are any; ``at(moment)`` writes a moment in the firm's time, ``day(date)`` a day, ``ago(moment)`` how long it is
    since; ``to(path)`` is an address of the console; ``token()`` is the field that every form needs.
    """
    lang = language_of(request)
    app = request.app
    words, zone, now = app[WORDS], ZoneInfo(app[FIRM].timezone), app[CLOCK].now()
    session = request.get(SESSION)
    form_token = "" if session is None else session.form_token

    def ago(moment: datetime) -> str:
        minutes = max(0, int((now - moment).total_seconds() // 60))
        for unit, size in (("days", 1440), ("hours", 60)):
            if minutes >= size:
                return words.many(f"ago_{unit}", minutes // size, lang)
        return words.many("ago_minutes", minutes, lang)

    return {
        "say": lambda name, /, **values: words.say(name, lang, **values),
        "many": lambda name, count, /, **values: words.many(name, count, lang, **values),
        "has_words": words.has,
        "language": lang,
        "other_language": "en" if lang == "es" else "es",
        "staff": staff_or_none(request),
        "firm": app[FIRM].name,
        "csrf": form_token,
        "to": lambda path: PREFIX + (address(path) if path.startswith("/static/") else path),
        "is_here": lambda path: _is_here(request, path),
        # Where the switch of languages leads back to: a page that a form made cannot be asked for again.
        "here_path": request.path.removeprefix(PREFIX) if request.method == "GET" else "/",
        "token": lambda: Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, form_token),
        "plain": False,
        "ROLES": ROLES,
        "NAVIGATION": NAVIGATION,
        "OFTEN": OFTEN,
        "now": now,
        "at": lambda moment: moment_text(moment, zone, now, lang),
        "day": lambda day: day_text(day, lang),
        "ago": ago,
        "iso": lambda moment: moment.isoformat(timespec="seconds"),
    }


def _is_here(request: web.Request, path: str) -> bool:
    """Whether the page is the one of a link at the top, or below it."""
    here = request.path.removeprefix(PREFIX)
    return here == path or (path != "/" and here.startswith(f"{path}/"))


def moment_text(moment: datetime, zone: ZoneInfo, now: datetime, lang: str) -> str:
    """The moment in that zone: the time alone for today, without the year in this year."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    locale = LOCALES[lang]
    clock = format_time(local, "short", locale=locale)
    if local.date() == today:
        return clock
    skeleton = "MMM d" if lang == "en" else "d MMM"
    if local.year != today.year:
        skeleton += ", y" if lang == "en" else " y"
    return f"{format_datetime(local, skeleton, locale=locale)}, {clock}"


def day_text(day: date, lang: str) -> str:
    """A day in words."""
    return format_date(day, "long", locale=LOCALES[lang])


def make_render() -> Render:
    """What handlers call to answer with a page."""

    def render(request: web.Request, template: str, /, status: int = 200, **values: object) -> web.Response:
        text = environment().get_template(template).render({**page_values(request), **values})
        response = web.Response(text=text, status=status, content_type="text/html", charset="utf-8")
        response.headers["Content-Language"] = language_of(request)
        return response

    return render
