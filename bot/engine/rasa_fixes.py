"""What has to be changed in Rasa 3.6.21, each with its reason; applied once, when the connector is imported.

Rasa 3.6.21 is the last release of its line, so nobody will change the places that are patched here. Another
version is refused: a patch that meets other code would fail later and elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import lru_cache
from graphlib import TopologicalSorter
from types import SimpleNamespace, TracebackType
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import rasa
import rasa.core.policies.rule_policy
import rasa.core.processor
import rasa.utils.endpoints
import structlog
from aiohttp import ClientSession
from jsonschema import ValidationError
from jsonschema.validators import validator_for
from rasa.core.actions.action import ActionExecutionRejection, RemoteAction
from rasa.core.agent import Agent
from rasa.core.policies.rule_policy import RulePolicy
from rasa.core.processor import MessageProcessor
from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.constants import PREVIOUS_ACTION, SHOULD_NOT_BE_SET, USER
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.utils.endpoints import EndpointConfig

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
    _remember_the_empty_domain()
    _run_graphs_without_dask()
    _read_rules_once()
    _copy_nothing_for_logs()
    _send_no_domain()
    _keep_connections()
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


def _remember_the_empty_domain() -> None:
    # Rasa builds an empty domain for each message, to see whether its own is one: 0.3 ms.
    empty = Domain.empty().as_dict()

    def is_empty(self: Domain) -> bool:
        return bool(self.as_dict() == empty)

    Domain.is_empty = is_empty


def _run_graphs_without_dask() -> None:
    # dask plans the same chain of components anew in each run, three times a turn, and hands every component to a
    # queue of jobs that one thread empties: 1.5 ms a turn.
    orders: WeakKeyDictionary[DaskGraphRunner, dict[tuple[str, ...], list[str]]] = WeakKeyDictionary()

    def run(
        self: DaskGraphRunner, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
    ) -> dict[str, Any]:
        wanted = tuple(targets or self._graph_schema.target_names)
        known = orders.setdefault(self, {})
        if wanted not in known:
            known[wanted] = _order(self._graph_schema.minimal_graph_schema(list(wanted)).nodes)
        done = dict(inputs or {})
        try:
            for name in known[wanted]:
                needed = dict.fromkeys(self._graph_schema.nodes[name].needs.values())
                # What nobody gives is missed by the node itself.
                _, done[name] = self._instantiated_nodes[name](*((n, done[n]) for n in needed if n in done))
        except RuntimeError as exc:
            raise GraphRunError("Error running runner.") from exc
        return {name: done[name] for name in wanted}

    DaskGraphRunner.run = run


def _order(nodes: dict[str, Any]) -> list[str]:
    """The names of a graph's nodes, each behind those that it needs."""
    order = TopologicalSorter({name: node.needs.values() for name, node in nodes.items()}).static_order()
    return [name for name in order if name in nodes]


def _read_rules_once() -> None:
    # Every rule is reversed and taken apart again for each state of each prediction: 1.5 ms a turn.
    def possible_keys(self: RulePolicy, lookup: dict[str, str], states: list[Any]) -> set[str]:
        possible = set(lookup)
        for age, state in enumerate(reversed(states)):
            possible = {key for key in possible if _fits(key, age, state)}
        return possible

    RulePolicy._get_possible_keys = possible_keys


def _fits(rule: str, age: int, state: dict[str, Any]) -> bool:
    """Whether a state, ``age`` states before the newest one, is as a rule wants it (``_is_rule_applicable``)."""
    wanted = _states_of(rule)
    if age >= len(wanted):
        return True
    follows_action, conditions = wanted[age]
    if not follows_action or not state.get(PREVIOUS_ACTION):
        return not follows_action and not state.get(PREVIOUS_ACTION)
    for part, name, value in conditions:
        found = state.get(part, {}).get(name)
        if found != value and (value != SHOULD_NOT_BE_SET or found):
            return False
    return True


@lru_cache(maxsize=4096)
def _states_of(rule: str) -> list[tuple[bool, list[tuple[str, str, Any]]]]:
    """The states of a rule, newest first: whether an action comes before, and (part, name, value) of what it wants."""
    return [
        (
            bool(state.get(PREVIOUS_ACTION)),
            [
                (part, name, tuple(value) if isinstance(value, list) else value)
                # What the person meant tells most rules apart, so it is looked at first.
                for part in sorted(state, key=lambda part: part != USER)
                for name, value in state[part].items()
                if value
            ],
        )
        for state in reversed(json.loads(rule))
    ]


def _copy_nothing_for_logs() -> None:
    # In these two modules nothing is copied but for log entries that nobody writes: 0.5 ms a turn. What is logged
    # after all is not changed by whoever logs it (``_hide_words`` makes a new entry).
    uncopied = SimpleNamespace(deepcopy=lambda value: value)
    rasa.core.processor.copy = uncopied
    rasa.core.policies.rule_policy.copy = uncopied


def _send_no_domain() -> None:
    # 33 kB with every call of an action. One that looks at it says so in domain.yml (``send_domain: true``).
    RemoteAction._is_selective_domain_enabled = lambda self: True


_sessions: WeakSet[ClientSession] = WeakSet()


def _keep_connections() -> None:
    # A session and a connection for each call of an action: 0.7 ms. The action server lets a connection go after 75 s
    # without a call, aiohttp's client after 15 s, so none is used that the other side is about to close.
    new_session = EndpointConfig.session

    @asynccontextmanager
    async def session(self: EndpointConfig) -> AsyncIterator[ClientSession]:
        loop = asyncio.get_running_loop()
        kept: tuple[asyncio.AbstractEventLoop, ClientSession] | None = getattr(self, "_session_kept", None)
        if kept is None or kept[0] is not loop or kept[1].closed:
            kept = self._session_kept = (loop, new_session(self))
            _sessions.add(kept[1])
        yield kept[1]

    EndpointConfig.session = session


async def close_connections() -> None:
    """Close what was kept open between calls; before the loop ends."""
    for session in list(_sessions):
        await session.close()


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
