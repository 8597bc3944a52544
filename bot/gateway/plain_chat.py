"""The chat for people whose browser runs no scripts: whole pages, made here, sent by forms.

No cookie, and nothing in the address: the conversation's token travels in a hidden field, so whoever goes back or
loads the page again sends the same form, and the same form gets the same answer.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.core.errors import RequestError
from bot.core.law import format_date
from bot.core.messages import DATE, GATEWAY_PREFIX, LANGUAGES
from bot.gateway import wire
from bot.gateway.bulletin import Told
from bot.gateway.clock import Clock
from bot.gateway.conduct import Conduct
from bot.gateway.conversations import Conversation
from bot.gateway.keeper import Keeper
from bot.gateway.limits import Limits, RateLimiter
from bot.gateway.metrics import Metrics
from bot.gateway.middleware import LANGUAGE
from bot.gateway.page_words import PageWords
from bot.gateway.ports import Firm
from bot.gateway.problems import Problems
from bot.gateway.prose import blocks
from bot.gateway.security import client_address, is_forged
from bot.gateway.tokens import Tokens
from bot.gateway.turns import Incoming, Turns
from bot.gateway.voice import Voice
from bot.settings import Network
from bot.transcripts.records import MessageRecord

PATH = "/chat"
WORDS_FILE = "chat_page_words.yml"

#: Every word of the page, with the names that it uses.
WORDS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            *(
                "role",
                "exit",
                "emergency",
                "at_hand",
                "skip",
                "conversation",
                "bot",
                "you",
                "also",
                "sources",
            ),
            *(
                "helped",
                "helped_yes",
                "helped_no",
                "rated",
                "label",
                "send",
                "waiting",
                "day",
                "use_day",
                "danger",
            ),
            *("person", "news", "erase", "shared", "erase_title", "erase_detail", "erase_yes", "erase_no"),
            *("erased_title", "erased_detail", "again", "say_person", "say_emergency", "say_language"),
        ),
        frozenset(),
    ),
    **dict.fromkeys(("checked", "facts"), frozenset({"date"})),
}

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
#: Where leaving fast leads: a page that everybody may look at.
NEUTRAL = "https://www.weather.gov/"

_MOST_FIELDS = 12
#: What a message may have besides its words, for those that have not.
_NOTHING_BESIDES: Mapping[str, Any] = {
    **dict.fromkeys(("title", "id"), ""),
    **dict.fromkeys(("choices", "sources", "notes"), ()),
    **dict.fromkeys(("picture", "keep", "facts_checked"), None),
    **dict.fromkeys(("can_be_rated", "is_rated"), False),
}
#: What asks for help without words, and the problems of a page whose conversation is over.
_HELP = ("person", "emergency")
_OVER = ("conversation_gone", "token_missing", "token_unknown")
_FORM_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class _Form:
    """What a form said. ``form`` names the page that it stood on, ``begin`` a conversation that has still to begin.

    ``text`` comes with the button to send; every other button has its own field.
    """

    token: str = ""
    form: str = ""
    begin: str = ""
    language: str = ""
    text: str = ""
    choice: str = ""
    ask: str = ""
    day: str = ""
    switch: str = ""
    rate: str = ""


class PlainChat:
    """The page ``/chat`` on one set of parts."""

    def __init__(
        self,
        *,
        keeper: Keeper,
        turns: Turns,
        conduct: Conduct,
        tokens: Tokens,
        voice: Voice,
        problems: Problems,
        words: PageWords,
        firm: Firm,
        clock: Clock,
        limits: Limits,
        limiter: RateLimiter,
        metrics: Metrics,
        board: Told,
        trusted_proxies: tuple[Network, ...],
    ) -> None:
        self._board = board
        self._keeper = keeper
        self._turns = turns
        self._conduct = conduct
        self._tokens = tokens
        self._voice = voice
        self._problems = problems
        self._words = words
        self._firm = firm
        self._clock = clock
        self._limits = limits
        self._limiter = limiter
        self._metrics = metrics
        self._trusted = trusted_proxies
        #: The conversations that a first form has begun, so that sending it twice begins one.
        self._begun: OrderedDict[str, str] = OrderedDict()
        self._template = environment().get_template("chat.html")

    def routes(self) -> list[web.RouteDef]:
        """The page, and what its forms are sent to."""
        return [web.get(PATH, self.open), web.post(PATH, self.send)]

    async def open(self, request: web.Request) -> web.Response:
        """The page before anything was said; a conversation begins only with the first form."""
        asked = request.query.get("language", "")
        language = asked if asked in LANGUAGES else wire.accepted_language(request)
        return self._first_page(language)

    async def send(self, request: web.Request) -> web.Response:
        """What a form asks for, and the page after it."""
        form = await read_form(request)
        language = form.language if form.language in LANGUAGES else wire.accepted_language(request)
        request[LANGUAGE] = language
        try:
            if is_forged(request):
                # Else another site could lead somebody into a conversation that it can read.
                raise RequestError("foreign_form", 403)
            self._limiter.client(client_address(request, self._trusted))
            if form.begin and form.switch in LANGUAGES:
                return self._first_page(form.switch)
            return await self._in_conversation(form, language, request)
        except RequestError as error:
            return self._first_page(language, error, form)

    async def _in_conversation(self, form: _Form, language: str, request: web.Request) -> web.Response:
        try:
            async with self._keeper.use(self._conversation(form, language, request)) as conversation:
                return await self._answered(conversation, form, request)
        except RequestError as error:
            if form.ask not in _HELP or error.code not in _OVER:
                raise
        # Who presses for help on an old page gets help.
        anew = replace(form, token="", begin=secrets.token_hex(16))
        async with self._keeper.use(self._conversation(anew, language, request)) as conversation:
            return await self._answered(conversation, anew, request)

    def _conversation(self, form: _Form, language: str, request: web.Request) -> str:
        """The id of the conversation that a form belongs to; its first form begins it."""
        if form.token:
            return self._tokens.opened(form.token)
        if not _FORM_ID.fullmatch(form.begin):
            raise RequestError("token_missing", 401)
        if form.begin not in self._begun:
            self._limiter.new_conversation(client_address(request, self._trusted))
            self._begun[form.begin] = self._conduct.begin(language).id
            if len(self._begun) > self._limits.conversations_in_memory:
                self._begun.popitem(last=False)
        return self._begun[form.begin]

    async def _answered(self, conversation: Conversation, form: _Form, request: web.Request) -> web.Response:
        request[LANGUAGE] = conversation.language
        problem, said = None, list[MessageRecord]()
        try:
            if form.ask == "erase_yes":
                outcome = await self._conduct.erase(conversation)
                return self._last_page(conversation.language, [outcome.text] if outcome.text else [])
            said = await self._do(conversation, form)
        except RequestError as error:
            if error.code == "conversation_gone":
                raise
            problem = error
        if conversation.gone:
            return self._last_page(conversation.language, [message.text for message in said])
        await self._keeper.refresh(conversation)
        return self._page(conversation, form, problem)

    async def _do(self, conversation: Conversation, form: _Form) -> list[MessageRecord]:
        if form.rate:
            rating, _, message = form.rate.partition(":")
            await self._conduct.rate(conversation, message, wire.read_rating({"rating": rating}))
            return []
        if form.ask in ("erase", "news"):
            return []
        if form.switch:
            return await self._switch(conversation, form)
        language = conversation.language
        if form.choice:
            return await self._turns.send(conversation, _incoming(form, choice=form.choice))
        text = form.text
        if form.ask in _HELP:
            text = self._words.say(f"say_{form.ask}", language)
        elif form.day:
            text = _in_words(form.day, language)
        return await self._turns.send(conversation, _incoming(form, text=text))

    async def _switch(self, conversation: Conversation, form: _Form) -> list[MessageRecord]:
        """Goes on in another language, also with the engine away."""
        wanted = wire.read_start({"language": form.switch}, conversation.language)
        payload = f"{GATEWAY_PREFIX}language_{wanted}"
        offered = next((id for id, known in conversation.offered.items() if known.payload == payload), None)
        incoming = (
            _incoming(form, choice=offered)
            if offered is not None
            else _incoming(form, text=self._words.say("say_language", wanted))
        )
        said = await self._turns.send(conversation, incoming)
        async with conversation.lock:
            conversation.language = wanted
        return said

    # -- pages

    def _first_page(
        self, language: str, problem: RequestError | None = None, form: _Form | None = None
    ) -> web.Response:
        hello, notice, _consent = self._voice.greeting(language)
        said = [
            {
                **_NOTHING_BESIDES,
                "author": "bot",
                "kind": reply.kind,
                "language": reply.lang,
                "blocks": list(blocks(reply.text)),
            }
            for reply in (*self._board.first(language), hello, notice)
        ]
        # A form that could not begin its conversation may try again; one whose conversation is over begins anew.
        begin = secrets.token_hex(16)
        if form is not None and problem is not None and problem.status == 429 and not form.token:
            begin = form.begin
        hidden = {"begin": begin, "language": language}
        return self._rendered(language, problem, hidden=hidden, messages=said, kept_text=_kept(form, problem))

    def _last_page(self, language: str, told: Sequence[str]) -> web.Response:
        return self._rendered(language, None, hidden={}, erased=[list(blocks(text)) for text in told])

    def _page(self, conversation: Conversation, form: _Form, problem: RequestError | None) -> web.Response:
        shown = [wire.shown(message, conversation.values) for message in conversation.messages]
        conversation.read_seq = conversation.last_seq
        newest = max((i for i, message in enumerate(shown) if message["author"] == "visitor"), default=0)
        messages = [
            self._view(message, conversation, is_new=index >= newest) for index, message in enumerate(shown)
        ]
        last = shown[-1] if shown else {}
        return self._rendered(
            conversation.language,
            problem,
            hidden={"token": self._tokens.make(conversation.id), "language": conversation.language},
            messages=messages,
            newest=newest,
            expects_day=last.get("expects") == DATE,
            asks_erase=form.ask == "erase",
            kept_text=_kept(form, problem),
        )

    def _view(self, message: dict[str, Any], conversation: Conversation, is_new: bool) -> dict[str, Any]:
        """A message as the template sets it. Older ones offer nothing, but for the question of consent."""
        open_consent = message["about"] == "consent_ask" and not conversation.asked
        view = {**_NOTHING_BESIDES, **message, "blocks": list(blocks(message["full"] or message["text"]))}
        view["choices"] = message["choices"] if is_new or open_consent else []
        view["is_rated"] = message["rating"] is not None
        view["can_be_rated"] = is_new and message["kind"] == "answer"
        view["keep"] = self._kept_date(message)
        return view

    def _kept_date(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """The forms that make a page and a calendar file of a date; None for what has none."""
        keep = message.get("keep") or {}
        if "calculation" not in keep:
            return None
        facts = {name: keep[name] for name in ("calculation", "inputs", "today")}
        until = keep["calendar_until"]
        today = self._clock.now_in(self._firm.timezone).date().isoformat()
        return {
            "request": json.dumps({**facts, "lang": message["language"]}),
            "labels": keep["labels"],
            "has_calendar": until is not None and until >= today,
        }

    def _rendered(
        self, language: str, problem: RequestError | None, *, hidden: Mapping[str, str], **values: Any
    ) -> web.Response:
        def say(name: str, /, **told: str) -> str:
            return self._words.say(name, language, **told)

        def day(iso: str) -> str:
            return format_date(date.fromisoformat(iso), language)

        if problem is not None:
            self._metrics.problems.labels(problem.code).inc()
        text = self._template.render(
            {
                "messages": [],
                "newest": -1,
                "expects_day": False,
                "asks_erase": False,
                "erased": None,
                "kept_text": "",
                **values,
            },
            language=language,
            other="en" if language == "es" else "es",
            say=say,
            day_in_words=day,
            firm=self._firm,
            hidden={**hidden, "form": secrets.token_hex(16)} if hidden else {},
            problem=None if problem is None else self._problems.document(problem, language),
            neutral=NEUTRAL,
            path=PATH,
        )
        response = web.Response(
            text=text,
            status=200 if problem is None else problem.status,
            content_type="text/html",
            charset="utf-8",
        )
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Content-Language"] = language
        # To this server only, so that a form of another site can be told apart.
        response.headers["Referrer-Policy"] = "same-origin"
        if problem is not None and "seconds" in problem.detail:
            response.headers["Retry-After"] = str(problem.detail["seconds"])
        return response


async def read_form(request: web.Request) -> _Form:
    """A posted form. Raises RequestError (bad_form, body_too_large) for anything else."""
    if request.content_type != wire.FORM:
        raise RequestError("bad_form", 415)
    raw = await wire.read_body(request)
    try:
        fields = dict(
            parse_qsl(
                raw.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
            )
        )
    except ValueError:
        raise RequestError("bad_form", 400) from None
    return _Form(**{name: fields[name].strip() for name in _Form.__slots__ if name in fields})


@cache
def environment() -> Environment:
    """Where the templates of pages are found; what is put into them is text, never markup."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _incoming(form: _Form, text: str | None = None, choice: str | None = None) -> Incoming:
    """The message with a name of its own: the same form with the same content is the same message.

    Who goes back and presses something else on the same page sends another one.
    """
    if not _FORM_ID.fullmatch(form.form):
        raise RequestError("bad_form", 400)
    said = f"{form.form}\n{'text' if choice is None else 'choice'}\n{text if choice is None else choice}"
    name = hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32]
    return Incoming(name, text, choice)


def _in_words(day: str, language: str) -> str:
    """A day from the calendar field in words, so that it reads the same in both; what is none, as it was written."""
    try:
        return format_date(date.fromisoformat(day), language)
    except ValueError:
        return day


def _kept(form: _Form | None, problem: RequestError | None) -> str:
    """What was written and could not be taken, so that it need not be written again."""
    return form.text if form is not None and problem is not None else ""
