"""The deadline API, version 1: facts in, a date out; nothing is stored and nothing of a request is logged.

Everything with facts is POST: what stands in an address ends in the logs of proxies and the history of browsers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from bot.core.deadlines import CALCULATIONS, Deadline, Field, InputError, NotCovered
from bot.core.deadlines.calendar_file import KINDS, NoFile, calendar_file
from bot.core.deadlines.inputs import read_inputs
from bot.core.deadlines.own_day import STATES, own_days
from bot.core.deadlines.phrases import Phrases
from bot.core.deadlines.wire import calculation_as_json, explained, read_json, result_as_json
from bot.core.errors import RequestError
from bot.core.law import STATUSES
from bot.core.messages import LANGUAGES
from bot.gateway import wire
from bot.gateway.clock import Clock
from bot.gateway.deadline_page import POLICY, page
from bot.gateway.limits import Limits, RateLimiter
from bot.gateway.middleware import LANGUAGE
from bot.gateway.ports import Deadlines, Firm
from bot.gateway.security import client_address
from bot.settings import Network

PREFIX = "/api/deadlines/v1"

_FIELDS = ("inputs", "today", "state", "timezone", "as_of", "include", "lang")
_NAMED = ("calculation", *_FIELDS)
# Law that may be added for a fact-check.
_NOT_IN_FORCE = STATUSES[1:]
_DAY = (Field("as_of", "date", required=False),)
# Each range multiplies the counts, and one caller must not hold up everybody else.
_MOST_RANGES = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: which date, from which facts. ``inputs`` holds the day of asking too, if it was told; else
    ``state`` and ``timezone`` tell it, as far as they are known."""

    calculation: str
    inputs: Mapping[str, object]
    as_of: date | None
    include: tuple[str, ...]
    lang: str
    state: str | None = None
    timezone: str | None = None


class DeadlineApi:
    """The deadline API on one set of parts."""

    def __init__(
        self,
        *,
        deadlines: Deadlines,
        phrases: Phrases,
        firm: Firm,
        clock: Clock,
        limits: Limits,
        limiter: RateLimiter,
        trusted_proxies: tuple[Network, ...],
    ) -> None:
        self._deadlines = deadlines
        self._phrases = phrases
        self._firm = firm
        self._clock = clock
        self._most = limits.deadline_bytes
        self._limiter = limiter
        self._trusted = trusted_proxies

    def routes(self) -> list[web.RouteDef]:
        """Every route of the API."""
        return [
            web.get(f"{PREFIX}/calculations", self.calculations),
            web.post(f"{PREFIX}/calculations/{{calculation}}", self.calculate),
            web.post(f"{PREFIX}/calendar", self.calendar),
            web.post(f"{PREFIX}/page", self.page),
        ]

    async def calculations(self, request: web.Request) -> web.Response:
        """Every calculation with its titles and facts."""
        self._limiter.client(client_address(request, self._trusted))
        return web.json_response({"calculations": [calculation_as_json(c) for c in CALCULATIONS.values()]})

    async def calculate(self, request: web.Request) -> web.Response:
        """A date with everything that led to it."""
        data = await self._data(request, _FIELDS)
        asked = read_asked({**data, "calculation": request.match_info["calculation"]}, request)
        result = self._result(asked)
        return web.json_response(self._shown(asked, result))

    async def calendar(self, request: web.Request) -> web.Response:
        """The date as a calendar file, asked for in JSON or by a form."""
        asked = read_asked(await self._data(request, _NAMED, form=True), request)
        result = self._result(asked, in_force=True)
        name = self._deadlines.title(asked.calculation, asked.lang)
        file = calendar_file(
            result, {kind: self._phrases.say(f"calendar_{kind}", asked.lang, title=name) for kind in KINDS}
        )
        if isinstance(file, NoFile):
            raise _no_file(file)
        response = web.Response(body=file, content_type="text/calendar", charset="utf-8")
        called = self._phrases.say("calendar_name", asked.lang)
        response.headers["Content-Disposition"] = f'attachment; filename="{called}.ics"'
        return response

    async def page(self, request: web.Request) -> web.Response:
        """The date as a page to print, asked for in JSON or by a form."""
        asked = read_asked(await self._data(request, _NAMED, form=True), request)
        result = self._result(asked, in_force=True)
        text = page(
            result,
            self._deadlines.tell(result, asked.lang),
            self._phrases,
            self._firm,
            asked.lang,
            name=self._deadlines.title(asked.calculation, asked.lang),
            as_of=asked.as_of,
        )
        response = web.Response(text=text, content_type="text/html", charset="utf-8")
        response.headers["Content-Security-Policy"] = POLICY
        # The page that opened it may be a firm's, and must be able to close it: somebody may have to leave fast.
        response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
        response.headers["Content-Language"] = asked.lang
        return response

    async def _data(
        self, request: web.Request, fields: tuple[str, ...], form: bool = False
    ) -> dict[str, Any]:
        """The JSON object of a request, or with ``form`` that in the field ``request`` of a posted form."""
        self._limiter.deadline(client_address(request, self._trusted))
        posted = form and request.content_type == wire.FORM
        if not posted and request.content_type != "application/json":
            raise RequestError("not_json", 415)
        raw = await wire.read_body(request, self._most)
        try:
            text = raw.decode("utf-8")
            data = read_json(_only_field(text) if posted else text)
        except ValueError:
            raise RequestError("bad_json", 400) from None
        return wire.object_of(data, fields)

    def _result(self, asked: Asked, in_force: bool = False) -> Deadline | NotCovered:
        """The result of a request; with ``in_force`` it must be one that a person may act on."""
        if in_force and asked.include:
            raise RequestError("only_for_checks", 422)
        firm = self._firm.timezone
        days = own_days(self._clock.now_in(firm), asked.state, asked.timezone, firm)
        try:
            return self._deadlines.calculate(
                asked.calculation, asked.inputs, days, asked.as_of, asked.include
            )
        except InputError as error:
            raise _refused(error, asked.lang) from None

    def _shown(self, asked: Asked, result: Deadline | NotCovered) -> dict[str, Any]:
        reply = self._deadlines.tell(result, asked.lang)
        warning = [self._phrases.say("check_only", asked.lang)] if asked.include else []
        return {
            **result_as_json(result),
            "as_of": None if asked.as_of is None else asked.as_of.isoformat(),
            "include": list(asked.include),
            "language": asked.lang,
            "title": CALCULATIONS[asked.calculation].title[asked.lang],
            "text": reply.text,
            "full": reply.full,
            "notes": [*warning, *reply.notes],
        }


def _only_field(text: str) -> str:
    """The value of a posted form's only field, ``request``. Raises ValueError for any other form."""
    fields = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=1)
    ((name, value),) = fields
    if name != "request":
        raise ValueError(name)
    return value


def read_asked(data: Mapping[str, Any], request: web.Request) -> Asked:
    """A checked request. Its language goes to ``request``, so that a refusal comes in it. Raises RequestError."""
    lang = data.get("lang")
    lang = wire.accepted_language(request) if lang is None else lang
    if not isinstance(lang, str) or lang not in LANGUAGES:
        raise RequestError("bad_field", 400, {"field": "lang"})
    request[LANGUAGE] = lang
    calculation = data.get("calculation")
    if not isinstance(calculation, str):
        raise RequestError("bad_field", 400, {"field": "calculation"})
    inputs = data.get("inputs")
    if not isinstance(inputs, dict):
        raise RequestError("bad_field", 400, {"field": "inputs"})
    state = data.get("state")
    if state is not None and not (isinstance(state, str) and state in STATES):
        raise RequestError("bad_field", 400, {"field": "state"})
    timezone = wire.read_timezone(dict(data))
    include = data.get("include")
    include = [] if include is None else include
    if not isinstance(include, list) or not all(status in _NOT_IN_FORCE for status in include):
        raise RequestError("bad_field", 400, {"field": "include"})
    try:
        # Read as a fact is, so that it is refused in the same words.
        as_of = read_inputs({"as_of": data.get("as_of")}, _DAY)["as_of"]
        if as_of is not None and not isinstance(as_of, date):
            raise InputError("wrong_date", "as_of", value=data["as_of"])
        # The person's own day, if the page knows it, is a fact like others.
        if inputs.get("today") is None:
            inputs = {**inputs, "today": data.get("today")}
        if _ranges(inputs) > _MOST_RANGES:
            raise InputError("too_many_ranges", most=_MOST_RANGES)
    except InputError as error:
        raise _refused(error, lang) from None
    return Asked(calculation, inputs, as_of, tuple(dict.fromkeys(include)), lang, state, timezone)


def _ranges(value: object) -> int:
    """How many ranges of days stand in a value."""
    if isinstance(value, dict):
        return ("earliest" in value) + sum(_ranges(item) for item in value.values())
    return sum(_ranges(item) for item in value) if isinstance(value, list) else 0


def _refused(error: InputError, lang: str) -> RequestError:
    """The refusal of a fact, with what is wrong and what to do in the person's language."""
    problem, remedy = explained(error, lang)
    detail: dict[str, str | int] = {"problem": problem, "remedy": remedy}
    match error.code:
        case "unknown_calculation":
            return RequestError("unknown_calculation", 404, detail)
        case "unknown_field":
            return RequestError("unknown_fact", 422, detail)
        case "missing":
            return RequestError("missing_fact", 422, detail)
        case "wrong_date" | "wrong_range" | "wrong_order" | "out_of_range" | "too_many_ranges":
            return RequestError("wrong_date", 422, detail)
    return RequestError("wrong_fact", 422, detail)


def _no_file(file: NoFile) -> RequestError:
    match file.reason:
        case "not_covered":
            return RequestError("date_not_covered", 422)
        case "no_date":
            return RequestError("no_single_date", 422)
    return RequestError("date_passed", 422)
