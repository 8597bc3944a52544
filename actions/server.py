"""The action server: rasa_sdk's executor behind a loopback aiohttp application.

rasa_sdk's own server binds to every interface, and answers a failing action with the whole tracker in the
body, which Rasa then logs. Here the body and the log hold the action's name and the error's class only
(docs/adr/0003).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

import structlog
from aiohttp import web
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from actions.sections import keep_engine_ready, kept_session

log = structlog.get_logger("faro.actions")

#: The tracker travels with every call, a few kB, so 4 MB is never reached in earnest.
BODY_LIMIT = 4 * 1024 * 1024

EXECUTOR = web.AppKey("executor", ActionExecutor)


def create_app(*, in_service: bool = False) -> web.Application:
    """The application with every action of the package ``actions`` registered.

    ``in_service``: it also hands the questions of the articles over to the engine, again and again.
    """
    executor = ActionExecutor()
    executor.register_package("actions")
    app = web.Application(client_max_size=BODY_LIMIT)
    app[EXECUTOR] = executor
    app.router.add_post("/webhook", run_action)
    app.router.add_get("/health", health)
    app.cleanup_ctx.append(_with_session)
    if in_service:
        app.cleanup_ctx.append(_with_engine_ready)
    return app


async def _with_session(app: web.Application) -> AsyncIterator[None]:
    async with kept_session():
        yield


async def _with_engine_ready(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(keep_engine_ready())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def health(request: web.Request) -> web.Response:
    """Says that the process answers, and how many actions it knows."""
    return web.json_response({"status": "ok", "actions": len(request.app[EXECUTOR].actions)})


async def run_action(request: web.Request) -> web.Response:
    """One action call as Rasa makes it; 400 rejected, 404 unknown, 500 failed."""
    # Rasa may deflate the body; aiohttp has inflated it by now.
    call = json.loads(await request.read())
    name = call.get("next_action")
    # The engine leaves the domain out (bot/engine/rasa_fixes.py), and rasa_sdk refuses a call without one.
    call.setdefault("domain", {})
    try:
        result = await request.app[EXECUTOR].run(call)
    except ActionExecutionRejection as exc:
        return web.json_response({"error": "rejected", "action_name": exc.action_name}, status=400)
    except ActionNotFoundException as exc:
        log.error("action_unknown", action=exc.action_name)
        return web.json_response({"error": "unknown", "action_name": exc.action_name}, status=404)
    except Exception as exc:  # the border of the process: any failure of an action ends here
        log.error("action_failed", action=name, error=type(exc).__name__)
        return web.json_response({"error": "failed", "action_name": name}, status=500)
    return web.json_response(result.model_dump() if result else {"events": [], "responses": []})
