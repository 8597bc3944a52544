"""Around every request: errors become problem documents, and one log line tells what was done."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.core.errors import RequestError
from bot.gateway.alarms import Alarms
from bot.gateway.logs import fault, logger
from bot.gateway.metrics import Metrics
from bot.gateway.problems import Problems
from bot.gateway.security import preflight
from bot.gateway.wire import FORM, accepted_language

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: The language of the conversation that a request is about, once it is known.
LANGUAGE: web.RequestKey[str] = web.RequestKey("language", str)

_BY_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}


def problem_middleware(problems: Problems, metrics: Metrics, alarms: Alarms, origins: tuple[str, ...]) -> Any:
    """Lets no error reach the person, or the log, as anything but a code."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.monotonic()
        code = "ok"
        status = 500
        try:
            try:
                response = preflight(request, origins) or await handler(request)
            except RequestError as error:
                code = error.code
                response = _refuse(request, error)
            except web.HTTPException as exc:
                if exc.status < 400:
                    response = exc
                else:
                    code = _BY_STATUS.get(exc.status, "bad_request")
                    response = _refuse(request, RequestError(code, exc.status))
                    if "Allow" in exc.headers:
                        response.headers["Allow"] = exc.headers["Allow"]
            except (ConnectionError, TimeoutError):
                # The person's connection broke: there is nobody to answer.
                code = "connection_lost"
                raise
            except Exception as exc:
                code = "internal"
                logger().error("request_broke", route=_route(request), **fault(exc))
                alarms.raise_alarm("internal", type(exc).__name__, None, kept=False)
                response = _refuse(request, RequestError("internal", 500))
            status = response.status
            return response
        finally:
            if code != "ok":
                metrics.problems.labels(code).inc()
            logger().info(
                "request",
                method=request.method if request.method.isalpha() else "?",
                route=_route(request),
                status=status,
                code=code,
                ms=round((time.monotonic() - started) * 1000),
            )

    def _refuse(request: web.Request, error: RequestError) -> web.Response:
        language = str(request.get(LANGUAGE) or accepted_language(request))
        # A form is posted by a person in a browser, where a JSON document would be all that they see.
        if request.content_type == FORM and "text/html" in request.headers.get("Accept", ""):
            return problems.page(error, language)
        return problems.response(error, language)

    return middleware


def _route(request: web.Request) -> str:
    """The pattern of the address, never the address: a path can hold anything that somebody typed."""
    resource = request.match_info.route.resource
    return "?" if resource is None else resource.canonical
