import asyncio
import io
import json
import logging
import sqlite3
from typing import Any

import pytest
import rasa.utils.endpoints
from jsonschema import ValidationError
from rasa.core.actions.action import ActionExecutionRejection, RemoteAction
from rasa.core.agent import Agent
from rasa.engine.training.hooks import TrainingHook

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


class _EmptyTracker:
    sender_id = "c"

    def current_state(self, verbosity: Any) -> dict[str, Any]:
        return {}


class _Domain:
    def as_dict(self) -> dict[str, Any]:
        return {}

    def does_custom_action_explicitly_need_domain(self, name: str) -> bool:
        return True
