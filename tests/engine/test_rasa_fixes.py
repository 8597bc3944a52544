import asyncio
import io
import json
import logging
import sqlite3
from typing import Any

import pytest
import rasa.core.processor
import rasa.utils.endpoints
from jsonschema import ValidationError
from rasa.core.actions.action import ActionExecutionRejection, RemoteAction
from rasa.core.agent import Agent
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.training.hooks import TrainingHook
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig

from bot.core.errors import SettingsError
from bot.engine import rasa_fixes

rasa_fixes.apply()

GOOD = {
    "events": [{"event": "slot", "name": "language", "value": "es", "timestamp": None}],
    "responses": [{}],
}


def test_another_version_of_rasa_is_refused_with_the_remedy() -> None:
    with pytest.raises(SettingsError, match=r"needs rasa 3\.6\.21, but 3\.6\.22"):
        rasa_fixes.check_version("3.6.22")


def test_applying_twice_changes_nothing() -> None:
    before = RemoteAction.run
    rasa_fixes.apply()
    assert RemoteAction.run is before


def test_a_training_without_cache_neither_hashes_nor_stores_anything() -> None:
    rasa_fixes.skip_training_cache()
    hook = TrainingHook(None, None, None)
    assert hook.on_before_node("node", None, {}, {}) == {}
    assert hook.on_after_node("node", None, {}, output=object(), input_hook_data={}) is None


def test_a_good_answer_of_an_action_is_accepted() -> None:
    assert RemoteAction("action", None)._validate_action_result(GOOD)


@pytest.mark.parametrize(
    "bad",
    [
        {"events": "none"},
        {"events": [{"event": "slot"}]},
        {"events": [{"event": 5}]},
        {"responses": {"text": "x"}},
        {"responses": ["words of a person"]},
        ["not an object"],
    ],
)
def test_a_bad_answer_is_refused_without_printing_it(bad: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        RemoteAction("action", None)._validate_action_result(bad)
    assert "words of a person" not in str(caught.value)


async def test_failures_are_recorded_once_and_only_inside_the_block() -> None:
    action = RemoteAction("action_without_endpoint", None)
    tracker = _EmptyTracker()
    with rasa_fixes.recording_failures() as failed:
        for _ in range(2):
            with pytest.raises(Exception, match="no endpoint"):
                await action.run(None, None, tracker, _Domain())
    with pytest.raises(Exception, match="no endpoint"):
        await action.run(None, None, tracker, _Domain())
    assert failed == ["action_without_endpoint"]


async def test_two_turns_at_once_do_not_mix_their_failures() -> None:
    async def turn(name: str) -> list[str]:
        with rasa_fixes.recording_failures() as failed:
            await asyncio.sleep(0)
            with pytest.raises(Exception, match="no endpoint"):
                await RemoteAction(name, None).run(None, None, _EmptyTracker(), _Domain())
            await asyncio.sleep(0)
        return failed

    assert await asyncio.gather(turn("one"), turn("two")) == [["one"], ["two"]]


async def test_a_rejection_is_no_failure() -> None:
    async def reject() -> None:
        raise ActionExecutionRejection("form")

    with rasa_fixes.recording_failures() as failed, pytest.raises(ActionExecutionRejection):
        await rasa_fixes._recorded(reject, "form")()
    assert failed == []


def test_an_http_error_does_not_print_the_body_that_echoes_the_tracker() -> None:
    error = rasa.utils.endpoints.ClientResponseError(500, "Internal", "the words of a person")
    assert "words" not in str(error)
    assert error.text == "the words of a person"


def test_a_store_that_fails_openly_is_not_wrapped_and_others_are() -> None:
    class Store:
        fails_openly = True
        domain = None

    store = Store()
    assert Agent._create_tracker_store(store, None) is store
    assert Agent._create_tracker_store(None, None) is not None


def test_a_logged_exception_shows_where_and_not_what() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    log = logging.getLogger("rasa.tested")
    log.addHandler(handler)
    try:
        try:
            json.loads('{"text": the words of a person')
        except ValueError as exc:
            try:
                raise sqlite3.OperationalError("the words of a person") from exc
            except sqlite3.OperationalError:
                log.exception("It failed")
    finally:
        log.removeHandler(handler)
    written = stream.getvalue()
    assert "sqlite3.OperationalError in test_a_logged_exception" in written
    assert "json.decoder.JSONDecodeError" in written
    assert "words" not in written


def test_structured_entries_hide_what_was_said() -> None:
    entry = rasa_fixes._hide_words(None, "warning", {"event": "x", "user_text": "secret", "slot": "language"})
    assert entry == {"event": "x", "user_text": "(hidden)", "slot": "language"}


def test_a_domain_knows_whether_it_is_empty() -> None:
    assert Domain.empty().is_empty()
    assert not Domain.from_dict({"intents": ["greet"]}).is_empty()


class _Step(GraphComponent):
    """Puts its name behind what it is given."""

    def __init__(self, name: str) -> None:
        self.name = name

    @classmethod
    def create(cls, config: Any, model_storage: Any, resource: Any, execution_context: Any) -> Any:
        return cls(execution_context.node_name)

    def run(self, **given: str) -> str:
        if self.name == "broken":
            raise RuntimeError("the words of a person")
        return "".join(given.values()) + self.name


def _runner(**needs: dict[str, str]) -> DaskGraphRunner:
    def node(wanted: dict[str, str]) -> SchemaNode:
        return SchemaNode(
            needs=wanted, uses=_Step, constructor_name="create", fn="run", config={}, eager=True
        )

    schema = GraphSchema({name: node(wanted) for name, wanted in needs.items()})
    return DaskGraphRunner(schema, None, ExecutionContext(GraphSchema({}), "model"))


def test_a_graph_runs_each_step_behind_those_that_it_needs_and_no_other() -> None:
    runner = _runner(d={"x": "b", "y": "c"}, c={"x": "a"}, b={"x": "a"}, a={"x": "told"}, broken={"x": "a"})
    for told in ("1", "2"):
        assert runner.run({"told": told}, ["d"]) == {"d": f"{told}ab{told}acd"}
    assert runner.run({"told": "3"}, ["b", "c"]) == {"b": "3ab", "c": "3ac"}


def test_a_step_that_fails_or_misses_something_fails_the_run() -> None:
    runner = _runner(a={"x": "told"}, broken={"x": "a"})
    with pytest.raises(Exception, match="broken"):
        runner.run({"told": "1"}, ["broken"])
    with pytest.raises(GraphRunError, match="Missing input"):
        runner.run({}, ["a"])


def test_rules_apply_as_they_did_before() -> None:
    said, asked, none = {"intent": "greet"}, {"intent": "ask"}, "should_not_be_set"
    listened, done = {"action_name": "action_listen"}, {"action_name": "utter_a"}
    parts: list[dict[str, Any]] = [
        {},
        {"user": said},
        {"prev_action": listened},
        {"prev_action": listened, "user": said},
        {"prev_action": listened, "user": asked},
        {"prev_action": listened, "user": {**said, "entities": ("language",)}},
        {"prev_action": listened, "user": said, "slots": {"topic": (1.0,)}},
        {"prev_action": listened, "user": said, "slots": {"topic": none}},
        {"prev_action": listened, "user": said, "active_loop": {"name": none}},
        {"prev_action": listened, "user": said, "active_loop": {"name": "form"}},
        {"prev_action": done, "user": said, "active_loop": {}},
    ]
    policy = RulePolicy.__new__(RulePolicy)
    rules = [json.dumps(rule) for one in parts for rule in ([one], [{}, one], [parts[3], one])]
    for rule in rules:
        for age in range(3):
            for state in parts:
                expected = RulePolicy._is_rule_applicable(policy, rule, age, state)
                assert rasa_fixes._fits(rule, age, state) == expected, (rule, age, state)
    states = [parts[3], parts[10]]
    assert policy._get_possible_keys(dict.fromkeys(rules, "action"), states) == {
        rule
        for rule in rules
        if all(policy._is_rule_applicable(rule, age, state) for age, state in enumerate(reversed(states)))
    }


def test_logs_get_what_there_is_and_actions_no_domain() -> None:
    entry = [{"text": "x"}]
    assert rasa.core.processor.copy.deepcopy(entry) is entry
    call = RemoteAction("action", None)._action_call_format(_EmptyTracker(), Domain.empty())
    assert "domain" not in call


async def test_calls_of_one_loop_share_a_session_until_it_is_closed() -> None:
    endpoint = EndpointConfig("http://127.0.0.1:9")
    async with endpoint.session() as first:
        pass
    assert not first.closed
    async with endpoint.session() as second, EndpointConfig("http://127.0.0.1:9").session() as other:
        assert second is first is not other
    await rasa_fixes.close_connections()
    assert first.closed
    assert other.closed
    async with endpoint.session() as third:
        assert third is not first
    await rasa_fixes.close_connections()


def test_a_session_of_a_loop_that_ended_is_not_used() -> None:
    endpoint = EndpointConfig("http://127.0.0.1:9")

    async def used() -> Any:
        async with endpoint.session() as session:
            pass
        await session.close()
        return session

    assert asyncio.run(used()) is not asyncio.run(used())


class _EmptyTracker:
    sender_id = "c"

    def current_state(self, verbosity: Any) -> dict[str, Any]:
        return {}


class _Domain:
    def as_dict(self) -> dict[str, Any]:
        return {}

    def does_custom_action_explicitly_need_domain(self, name: str) -> bool:
        return True
