import json
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.core.errors import EngineError, SettingsError
from bot.engine import rasa_fixes, tracker
from bot.engine.state import KEPT_TURNS, shortened
from bot.engine.tracker import StateTrackerStore, Turn, in_turn

rasa_fixes.apply()

DOMAIN = Domain.from_file("tests/engine/bot/domain.yml")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/engine.db"


@pytest.fixture
def store(database: str, clock: Clock) -> StateTrackerStore:
    return StateTrackerStore(DOMAIN, database, clock=clock)


def tracker_with(*slots: tuple[str, Any], conversation: str = "c_1") -> DialogueStateTracker:
    made = DialogueStateTracker(conversation, DOMAIN.slots)
    for event in (ActionExecuted("action_session_start"), ActionExecuted("action_listen")):
        made.update(event)
    made.update(UserUttered("hello", {"name": "greet"}))
    for name, value in slots:
        made.update(SlotSet(name, value))
    made.update(ActionExecuted("action_listen"))
    return made


async def kept(
    store: StateTrackerStore,
    *,
    consent: bool,
    message: str = "m_1",
    conversation: str = "c_1",
    place: str = "home",
) -> Turn:
    turn = await store.begin(conversation, message, consent)
    with in_turn(turn):
        await store.save(tracker_with(("event_place", place), conversation=conversation))
    await store.commit(turn, {"said": message})
    return turn


async def place(store: StateTrackerStore, conversation: str = "c_1") -> Any:
    found = await store.retrieve(conversation)
    return None if found is None else found.get_slot("event_place")


async def test_with_consent_another_process_finds_state_and_reply(
    store: StateTrackerStore, database: str
) -> None:
    await kept(store, consent=True)
    other = StateTrackerStore(DOMAIN, database)
    assert await place(other) == "home"
    assert (await other.begin("c_1", "m_1", True)).earlier_reply == {"said": "m_1"}
    assert (await other.begin("c_1", "m_2", True)).earlier_reply is None


async def test_without_consent_nothing_reaches_the_table(
    store: StateTrackerStore, database: str, tmp_path: Path
) -> None:
    await kept(store, consent=False, place="a-private-place")
    assert await place(store) == "a-private-place"
    assert await StateTrackerStore(DOMAIN, database).retrieve("c_1") is None
    assert all(b"private" not in file.read_bytes() for file in tmp_path.iterdir())
    assert (await store.begin("c_1", "m_1", False)).earlier_reply == {"said": "m_1"}


async def test_consent_moves_the_state_into_the_table(store: StateTrackerStore, database: str) -> None:
    await kept(store, consent=False)
    turn = await store.begin("c_1", "m_2", True)
    with in_turn(turn):
        carried = await store.retrieve("c_1")
        assert carried is not None
        await store.save(carried)
    await store.commit(turn, {})
    assert await place(StateTrackerStore(DOMAIN, database)) == "home"


async def test_consent_taken_back_empties_the_table(store: StateTrackerStore, database: str) -> None:
    await kept(store, consent=True)
    await kept(store, consent=False, message="m_2")
    assert await StateTrackerStore(DOMAIN, database).retrieve("c_1") is None
    assert await place(store) == "home"


@pytest.mark.parametrize("consent", [True, False])
async def test_a_forgotten_conversation_is_gone_everywhere(
    store: StateTrackerStore, consent: bool, tmp_path: Path
) -> None:
    await kept(store, consent=consent, place="a-private-place")
    await kept(store, consent=consent, conversation="c_2")
    await store.forget("c_1")
    assert await store.retrieve("c_1") is None
    assert await place(store, "c_2") == "home"
    assert all(b"private" not in file.read_bytes() for file in tmp_path.iterdir())


async def test_a_turn_that_is_not_committed_leaves_no_trace(store: StateTrackerStore) -> None:
    await kept(store, consent=True)
    turn = await store.begin("c_1", "m_2", True)
    with in_turn(turn):
        await store.save(tracker_with(("event_place", "elsewhere")))
    assert await place(store) == "home"
    assert (await store.begin("c_1", "m_2", True)).earlier_reply is None


async def test_a_turn_without_a_state_is_refused(store: StateTrackerStore) -> None:
    with pytest.raises(EngineError):
        await store.commit(await store.begin("c_1", "m_1", True), {})


async def test_memory_forgets_after_its_time_and_beyond_its_size(
    store: StateTrackerStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker, "MOST_IN_MEMORY", 2)
    for number in range(3):
        clock.now += 1
        await kept(store, consent=False, conversation=f"c_{number}")
    assert [await place(store, f"c_{number}") for number in range(3)] == [None, "home", "home"]
    clock.now += tracker.SECONDS_IN_MEMORY
    assert await place(store, "c_2") == "home"
    clock.now += 1
    assert await place(store, "c_2") is None


async def test_an_error_of_the_database_is_raised(store: StateTrackerStore, tmp_path: Path) -> None:
    turn = await store.begin("c_1", "m_1", True)
    turn.tracker = tracker_with()
    with store._database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE engine_conversations")
    with pytest.raises(Exception, match="no such table") as caught:
        await store.commit(turn, {"text": "the words of a person"})
    assert "words of a person" not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "", None])
def test_other_databases_are_refused(url: str | None) -> None:
    with pytest.raises(SettingsError, match="FARO_ENGINE_DATABASE"):
        StateTrackerStore(DOMAIN, url)


async def test_a_form_that_the_model_no_longer_has_ends_its_conversation(store: StateTrackerStore) -> None:
    turn = await store.begin("c_1", "m_1", True)
    turn.tracker = tracker_with()
    turn.tracker.update(ActiveLoop("form_of_last_year"))
    await store.commit(turn, {})
    assert await store.retrieve("c_1") is None


async def test_postgresql_keeps_a_conversation_too(postgres_url: str) -> None:
    store = StateTrackerStore(DOMAIN, postgres_url)
    conversation = f"c_test_{id(store)}"
    try:
        await kept(store, consent=True, conversation=conversation)
        await kept(store, consent=True, conversation=conversation, message="m_2", place="work")
        assert await place(StateTrackerStore(DOMAIN, postgres_url), conversation) == "work"
        assert conversation in await store.keys()
    finally:
        await store.forget(conversation)
    assert await store.retrieve(conversation) is None


def test_only_the_last_turns_are_kept_and_what_came_before_stands_in_front() -> None:
    long = tracker_with(("event_place", "home"))
    long.update(ActiveLoop("deadline_form"))
    for number in range(KEPT_TURNS + 3):
        long.update(UserUttered(f"text {number}", {"name": "greet"}))
        long.update(ActionExecuted("action_answer"))
        long.update(ActionExecuted("deadline_form"))
        long.update(ActionExecuted("action_listen"))
    events = shortened(list(long.events), DOMAIN.slots)
    texts = [event.text for event in events if isinstance(event, UserUttered)]
    assert texts == [f"text {number}" for number in range(3, KEPT_TURNS + 3)]
    rebuilt = DialogueStateTracker.from_events("c_1", events, DOMAIN.slots)
    assert rebuilt.current_slot_values() == long.current_slot_values()
    assert rebuilt.active_loop_name == "deadline_form"
    assert rebuilt.latest_action_name == "action_listen"
    again = shortened(events, DOMAIN.slots)
    assert [event.as_dict() for event in again] == [event.as_dict() for event in events]


FAQ = ["/work_permit", "/filing_fee", "/greet"]
CONVERSATIONS = {
    "questions only": FAQ * 4,
    "a form interrupted six times": ["/calculate_deadline", *FAQ * 2, "/inform", *FAQ * 2, "/inform", "/thank"],
    "a form that is stopped after a long detour": ["/calculate_deadline", *FAQ * 3, "/stop", *FAQ, "/inform"],
    "what a form cannot use": ["/calculate_deadline", "/thank", "/thank", *FAQ * 2, "/thank", "/inform", "/inform"],
    "two forms one after the other": [*["/calculate_deadline", "/inform", "/inform", *FAQ] * 2, "/inform"],
    "a restart in a form": ["/calculate_deadline", *FAQ, "/restart", "/inform", *FAQ, "/calculate_deadline", "/inform"],
    "unclear messages": ["/nlu_fallback"] * 6 + ["/calculate_deadline", "/nlu_fallback", "/inform"],
}  # fmt: skip


@pytest.fixture(scope="module")
def agent(model: Path, actions: Any) -> Agent:
    endpoint = EndpointConfig(f"http://127.0.0.1:{actions.port}/webhook")
    return Agent.load(str(model), action_endpoint=endpoint)


async def told(agent: Agent, store: Any, texts: list[str]) -> list[tuple[Any, ...]]:
    """What every turn said and left: messages, executed actions, slots, form."""
    processor = agent.processor
    assert processor is not None
    processor.tracker_store = store
    store.domain = agent.domain
    turns = []
    for text in texts:
        output = CollectingOutputChannel()
        await processor.handle_message(UserMessage(text, output, "c_1", metadata={"today": "2026-11-21"}))
        after = await store.retrieve("c_1")
        assert after is not None
        turn: list[str] = []
        for event in reversed(after.events):
            if isinstance(event, UserUttered):
                break
            if isinstance(event, ActionExecuted) and event.action_name != "action_session_start":
                turn.append(event.action_name)
        said = [message.get("text") or json.dumps(message["custom"]) for message in output.messages]
        turns.append((text, said, turn[::-1], after.current_slot_values(), after.active_loop_name))
    return turns


@pytest.mark.parametrize("name", CONVERSATIONS)
async def test_state_leads_to_the_same_turns_as_the_whole_history(
    agent: Agent, database: str, name: str
) -> None:
    texts = CONVERSATIONS[name]
    whole = await told(agent, InMemoryTrackerStore(DOMAIN), texts)
    state = await told(agent, StateTrackerStore(DOMAIN, database), texts)
    assert state == whole
