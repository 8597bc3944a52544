"""The page that helps a site's owner to put the chat on the site: settings, a preview, and lines to copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.core.errors import RequestError
from bot.core.messages import LANGUAGES
from bot.gateway import plain_chat, wire
from bot.gateway.bundle import Build
from bot.gateway.page_words import PageWords
from bot.gateway.widget import PREFIX, SCRIPT

PATH = "/embed"
PREVIEW = f"{PATH}/preview"
WORDS_FILE = "embed_page_words.yml"

#: What a site's owner may set, as the widget's own list has it (bot/widget/src/settings.js), without what tests set.
ATTRIBUTES = (
    "language",
    "position",
    "colour",
    "launcher-text-en",
    "launcher-text-es",
    "consent-text-en",
    "consent-text-es",
    "privacy-link",
    "privacy-link-es",
    "pages",
    "display",
    "idle-minutes",
)
#: What a site's policy must allow; ``{}`` is the address of this server.
POLICY_LINES = ("script-src {}", "connect-src {}", "img-src data:", "form-action {}")

#: Every word of the page, with the names that it uses.
WORDS: Mapping[str, frozenset[str]] = dict.fromkeys(
    (
        *("title", "intro", "other_language", "no_script", "settings", "settings_hint"),
        *("language", "language_auto", "position", "position_end", "position_start", "colour", "colour_hint"),
        *("launcher_text_en", "launcher_text_es", "consent_text_en", "consent_text_es"),
        *(
            "privacy_link",
            "privacy_link_es",
            "pages",
            "pages_hint",
            "display",
            "display_launcher",
            "display_page",
        ),
        *("idle_minutes", "pin", "pin_yes", "pin_no", "preview", "preview_hint", "preview_title"),
        *("sample_name", "sample_text", "snippet", "snippet_script", "snippet_element", "link_text"),
        *("copy", "copied", "by_hand", "origin", "origin_hint", "site", "policy", "policy_hint"),
        *("version", "version_hint"),
    ),
    frozenset(),
)

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PREVIEW_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
_LONGEST_VALUE = 300
_ON_THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class _Tag:
    """The script tag of a build; ``server`` is the gateway's address as sites write it."""

    server: str
    build: Build

    @property
    def pinned(self) -> str:
        """The address of this very build."""
        return f"{self.server}{PREFIX}/{self.build.version}/{SCRIPT}"

    @property
    def script(self) -> str:
        """The tag as a site has it; bot/widget/embed.js writes the same with what is chosen."""
        return f'<script async src="{self.pinned}" integrity="{self.build.integrity}" crossorigin="anonymous"></script>'

    def element(self, link: str) -> str:
        """The element with a link for browsers that run no scripts, and the tag."""
        return f'<faro-chat><a href="{self.server}{plain_chat.PATH}">{link}</a></faro-chat>\n{self.script}'


class EmbedPage:
    """The routes ``/embed`` and ``/embed/preview``."""

    def __init__(self, *, current: Build | None, words: PageWords) -> None:
        self._current = current
        self._words = words
        templates = plain_chat.environment()
        self._page = templates.get_template("embed.html")
        self._preview = templates.get_template("preview.html")

    def routes(self) -> list[web.RouteDef]:
        """Both pages."""
        return [web.get(PATH, self.page), web.get(PREVIEW, self.preview)]

    async def page(self, request: web.Request) -> web.Response:
        """Settings, preview and snippets."""
        language = language_of(request)
        tag = _Tag(server_of(request), self._build)
        text = self._page.render(
            say=lambda name: self._words.say(name, language),
            language=language,
            other="en" if language == "es" else "es",
            tag=tag,
            policy=";\n".join(line.format(tag.server) for line in POLICY_LINES),
            preview=PREVIEW,
            path=PATH,
        )
        return _html(text, language, _POLICY)

    async def preview(self, request: web.Request) -> web.Response:
        """A page as a site may have it, with the widget as the settings in the address make it."""
        language = language_of(request, "page")
        text = self._preview.render(
            say=lambda name: self._words.say(name, language),
            language=language,
            tag=_Tag("", self._build),
            chat=plain_chat.PATH,
            attributes=_settings(request),
        )
        response = _html(text, language, _PREVIEW_POLICY)
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
        return response

    @property
    def _build(self) -> Build:
        if self._current is None:
            raise RequestError("not_found", 404)
        return self._current


def language_of(request: web.Request, name: str = "language") -> str:
    """The language that an address names, else the one that the browser prefers."""
    asked = request.query.get(name, "")
    return asked if asked in LANGUAGES else wire.accepted_language(request)


def server_of(request: web.Request) -> str:
    """The gateway's address as the browser knows it; behind a proxy only https is worth copying."""
    name = request.host.rpartition(":")[0] or request.host
    return f"{'http' if name in _ON_THIS_MACHINE else 'https'}://{request.host}"


def _settings(request: web.Request) -> dict[str, str]:
    """The attributes in an address, but only inside the frame of ``/embed``.

    Else somebody could send a link to this server that shows words of their own as the firm's.
    """
    framed = (request.headers.get("Sec-Fetch-Dest"), request.headers.get("Sec-Fetch-Site"))
    if framed != ("iframe", "same-origin"):
        return {}
    given = {name: request.query.get(name, "")[:_LONGEST_VALUE] for name in ATTRIBUTES}
    return {name: value for name, value in given.items() if value}


def _html(text: str, language: str, policy: str) -> web.Response:
    response = web.Response(text=text, content_type="text/html", charset="utf-8")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Content-Language"] = language
    return response
