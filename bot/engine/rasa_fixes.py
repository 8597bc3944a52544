"""What has to be changed in Rasa 3.6.21, each with its reason; applied once, when the connector is imported.

Rasa 3.6.21 is the last release of its line, so nobody will change the places that are patched here. Another
version is refused: a patch that meets other code would fail later and elsewhere.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from types import TracebackType
from typing import Any

import rasa
import rasa.utils.endpoints
import structlog
from jsonschema import ValidationError
from jsonschema.validators import validator_for
from rasa.core.actions.action import ActionExecutionRejection, RemoteAction
from rasa.core.agent import Agent
from rasa.core.processor import MessageProcessor
from rasa.shared.core.events import Event

from bot.core.errors import SettingsError

SUPPORTED = "3.6.21"

_failed_actions: ContextVar[list[str] | None] = ContextVar("failed_actions", default=None)

#: Keys of structured log entries in which Rasa prints what people wrote or what was concluded from it.
_WORDS_IN_LOGS = frozenset(
    {
        "text", "response_text", "user_text", "slot_values", "parse_data_text", "parse_data_entities",
        "prediction_events", "tracker_latest_message", "prefilled_slots", "message", "response",
        "slot_candidates", "rasa_event", "rasa_events", "tracker_states", "current_states", "old_states",
        "successes", "current_entity", "next_entity", "states", "entity", "token_text", "user_message",
        "json_message",
    }
)  # fmt: skip


def apply() -> None:
    """Change Rasa; a second call changes nothing. Raises SettingsError for another version of Rasa."""
    check_version(rasa.__version__)
    if getattr(RemoteAction, "_changed_by_faro", False):
        return
    RemoteAction._changed_by_faro = True
    _compile_event_schema()
    _record_failures()
    _keep_trackers_out_of_errors()
    _let_the_store_fail()
    _remember_event_classes()
    keep_words_out_of_logs()


def skip_training_cache() -> None:
    """Let a training neither hash nor store what its components put out.

    Rasa hashes every example with all its features after each component, for a cache that this project does not use
    (``bot.engine.offline`` keeps the one slow thing itself): 66 of 292 seconds with 19,000 examples.
    Raises SettingsError for another version of Rasa.
    """
    check_version(rasa.__version__)
    from rasa.engine.training.hooks import TrainingHook

    TrainingHook.on_before_node = lambda *_, **__: {}
    TrainingHook.on_after_node = lambda *_, **__: None


def check_version(version: str) -> None:
    """Raise SettingsError unless ``version`` is the one that these changes were made for."""
    if version != SUPPORTED:
        raise SettingsError(
            [
                f"The engine needs rasa {SUPPORTED}, but {version} is installed. Install "
                "requirements/engine.lock again, or check every change in bot/engine/rasa_fixes.py."
            ]
        )


@contextmanager
def recording_failures() -> Iterator[list[str]]:
    """The names of the actions that fail inside the block, in order and each once.

    Rasa logs a failed action and goes on as if it had said nothing, so nobody else would know.
    """
    failed: list[str] = []
    token = _failed_actions.set(failed)
    try:
        yield failed
    finally:
        _failed_actions.reset(token)


def _record(name: str) -> None:
    failed = _failed_actions.get()
    if failed is not None and name not in failed:
        failed.append(name)


def _compile_event_schema() -> None:
    # jsonschema.validate checks the schema itself against the meta-schema before each use: 40 ms for a schema
    # that never changes.
    schema = RemoteAction.action_response_format_spec()
    validator_class = validator_for(schema)
    validator_class.check_schema(schema)
    validator = validator_class(schema)

    def validate(self: RemoteAction, result: Any) -> bool:
        error = next(validator.iter_errors(result), None)
        if error is None:
            return True
        # Only the place: the whole message would print what the action said.
        place = "/".join(str(part) for part in error.absolute_path) or "the answer itself"
        raise ValidationError(f"The action server's answer has the wrong shape at: {place}")

    RemoteAction._validate_action_result = validate


def _recorded(run: Callable[..., Awaitable[Any]], name: str) -> Callable[..., Awaitable[Any]]:
    async def recorded(*args: Any, **kwargs: Any) -> Any:
        try:
            return await run(*args, **kwargs)
        except ActionExecutionRejection:
            raise  # how a form says that the message was not for it
        except Exception:
            _record(name)
            raise

    return recorded


def _record_failures() -> None:
    # Two places: a form calls validate_* and action_ask_* by itself, and the processor swallows whatever an
    # action of any kind raises.
    run_remote = RemoteAction.run
    run_any = MessageProcessor._run_action

    async def run(self: RemoteAction, *args: Any, **kwargs: Any) -> Any:
        return await _recorded(run_remote, self.name())(self, *args, **kwargs)

    async def run_action(self: MessageProcessor, action: Any, *args: Any, **kwargs: Any) -> bool:
        action.run = _recorded(action.run, action.name())
        return bool(await run_any(self, action, *args, **kwargs))

    RemoteAction.run = run
    MessageProcessor._run_action = run_action


def _keep_trackers_out_of_errors() -> None:
    # An action server answers an error with the request, so the text of this exception held the tracker.
    def init(self: Any, status: int, message: str, text: str) -> None:
        self.status = status
        self.message = message
        self.text = text
        Exception.__init__(self, f"{status}, {message}")

    rasa.utils.endpoints.ClientResponseError.__init__ = init


def _let_the_store_fail() -> None:
    # Agent wraps every store so that an error is logged and the conversation goes on in memory, where nothing
    # is kept. A turn that cannot be stored has to fail instead.
    wrap = Agent._create_tracker_store

    def create(store: Any, domain: Any) -> Any:
        if getattr(store, "fails_openly", False):
            store.domain = domain
            return store
        return wrap(store, domain)

    Agent._create_tracker_store = staticmethod(create)


def _remember_event_classes() -> None:
    # Rasa walks all subclasses of Event again for each stored event that it reads.
    Event.resolve_by_type = staticmethod(lru_cache(maxsize=None)(Event.resolve_by_type))


def keep_words_out_of_logs() -> None:
    """From now on a logged exception shows classes and places only, and no entry shows what was said."""
    make = logging.getLogRecordFactory()

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        if record.exc_info:
            record.exc_text = describe(record.exc_info[1])
            record.exc_info = None
        return record

    logging.setLogRecordFactory(factory)
    # In place: loggers that are already in use share this very list.
    structlog.get_config()["processors"].insert(0, _hide_words)


def _hide_words(logger: Any, method: str, entry: dict[str, Any]) -> dict[str, Any]:
    if entry.get("exc_info"):
        entry["exception"] = describe(sys.exc_info()[1])
        entry["exc_info"] = None
    return {key: "(hidden)" if key in _WORDS_IN_LOGS else value for key, value in entry.items()}


def describe(error: BaseException | None) -> str:
    """The classes of an exception and of what led to it, each with its last place in the code."""
    parts: list[str] = []
    while error is not None and len(parts) < 8:
        parts.append(f"{type(error).__module__}.{type(error).__qualname__}{_place(error.__traceback__)}")
        error = error.__cause__ or error.__context__
    return "\n  from ".join(parts)


def _place(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    return f" in {frames[-1].name} ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
