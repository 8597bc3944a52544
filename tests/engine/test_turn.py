import json
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import SettingsError
from bot.core.messages import Reply
from bot.engine.requests import BadRequest, NearestRequest, TurnRequest, check_payload, topics_of
from bot.engine.turn import ReplyCollector, TurnInput

SECRET = "a-secret-of-the-tests-0123456789"
BODY = {
    "conversation": "c_1", "message_id": "m_1", "text": "hello", "today": "2026-11-21",
    "now": "2026-11-21T17:00:00+00:00", "timezone": "America/Chicago", "firm_timezone": "America/New_York",
    "channel": "web", "consent": True, "language": "en",
}  # fmt: skip
TOPICS = {
    "work_permit": {"general": ["Can I work?", "¿Puedo trabajar?"], "cost": ["How much does it cost?"]},
    "travel": {"general": ["Can I travel?"]},
}


@pytest.mark.parametrize(
    "credentials",
    [
        None,
        {},
        {"secret": "short", "actions_port": 1},
        {"secret": "${FARO_ENGINE_SECRET}", "actions_port": 1},
    ],
)
def test_the_engine_does_not_start_without_a_secret(credentials: Any) -> None:
    with pytest.raises(SettingsError, match="FARO_ENGINE_SECRET"):
        TurnInput.from_credentials(credentials)


def test_the_engine_does_not_start_without_the_port_of_the_actions() -> None:
    with pytest.raises(SettingsError, match="FARO_ACTIONS_PORT"):
        TurnInput.from_credentials({"secret": SECRET})


@pytest.mark.parametrize(
    "change",
    [
        {"text": ""}, {"text": None}, {"text": "///"}, {"text": 5}, {"payload": "/greet"}, {"conversation": ""},
        {"conversation": "c" * 201}, {"message_id": None}, {"today": "tomorrow"}, {"today": None},
        {"language": "pt"}, {"consent": "yes"}, {"text": None, "payload": "greet"}, {"now": "noon"},
        {"now": "2026-11-21"}, {"now": "2026-11-21T12:00:00"}, {"timezone": 5}, {"firm_timezone": []},
    ],
)  # fmt: skip
def test_a_request_that_breaks_the_contract_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        TurnRequest.of({**BODY, **change})


def test_components_and_actions_get_the_moment_and_both_zones() -> None:
    metadata = TurnRequest.of(BODY).metadata
    names = ("now", "timezone", "firm_timezone")
    assert {name: metadata[name] for name in names} == {name: BODY[name] for name in names}
    older = {name: value for name, value in BODY.items() if name not in names}
    assert {name: TurnRequest.of(older).metadata[name] for name in names} == dict.fromkeys(names, "")


@pytest.mark.parametrize(
    "payload", ['/greet{"x', "/greet{}x", "//greet", "/Greet", '/greet{"a": 1}', "/greet[1]", "/"]
)
def test_a_broken_payload_is_refused(payload: str) -> None:
    with pytest.raises(BadRequest):
        check_payload(payload)


@pytest.mark.parametrize(
    "topics",
    [
        None, [], "t", {"t": {}}, {"t": []}, {"t": {"a": []}}, {"t": {"a": "words"}}, {"t": {"a": [1]}},
        {"t": {"a": [" "]}}, {"t": {"a": ["words", ""]}}, {"good": {"a": ["words"]}, "t": {"a": None}},
    ],
)  # fmt: skip
def test_groups_of_questions_with_a_gap_are_refused(topics: Any) -> None:
    with pytest.raises(BadRequest):
        topics_of({"topics": topics})


async def test_a_response_of_the_domain_becomes_one_notice_with_its_choices() -> None:
    collector = ReplyCollector()
    buttons = [{"title": "Work", "payload": "/work_permit"}]
    message = {"text": "One.\n\nTwo.", "buttons": buttons, "utter_action": "utter_thank", "custom": None}
    await collector.send_response("c_1", message)
    (said,) = collector.replies("es")
    reply = Reply.from_dict(said)
    assert (reply.kind, reply.id, reply.lang, reply.text) == ("notice", "utter_thank", "es", "One.\n\nTwo.")
    assert [(choice.title, choice.payload) for choice in reply.choices] == [("Work", "/work_permit")]


# -- through a real engine ------------------------------------------------------------------------------------------


def test_a_question_is_answered_with_its_parse_and_metadata(engine: Any) -> None:
    status, answer = engine.turn("¿puedo trabajar mientras espero?", conversation="c_q", language="en")
    assert status == 200
    (message,) = answer["messages"]
    assert (message["kind"], message["id"], message["lang"]) == ("answer", "work_permit", "es")
    metadata = json.loads(message["text"])
    assert metadata.pop("message_id").startswith("m_")
    assert metadata == {
        "today": "2026-11-21", "now": "2026-11-21T17:00:00+00:00", "timezone": "", "channel": "web",
        "firm_timezone": "America/New_York", "language": "en", "consent": True, "at": "", "emergency": "",
    }  # fmt: skip
    assert answer["parse"]["intent"]["name"] == "work_permit"
    assert answer["parse"]["language"] == "es"
    assert len(answer["parse"]["intent_ranking"]) >= 9
    assert answer["slots"]["language"] == "es"
    assert (answer["failed_actions"], answer["replayed"]) == ([], False)


def test_dates_and_domain_entities_are_part_of_the_parse(engine: Any) -> None:
    _, answer = engine.turn("I arrived 03/04/2025 with my husband on a B-2", conversation="c_e")
    values = {entity["entity"]: entity["value"] for entity in answer["parse"]["entities"]}
    assert values["relative"] == "spouse"
    assert values["visa_class"] == "b2"
    assert len(values["date"]["readings"]) == 2


def test_the_language_of_the_conversation_stands_in_where_the_words_name_none(engine: Any) -> None:
    _, answer = engine.turn("😀", conversation="c_l", language="es")
    assert answer["parse"]["language"] is None
    assert answer["slots"]["language"] == "es"
    _, answer = engine.turn(payload='/greet{"language": "en"}', conversation="c_l", language="es")
    assert answer["slots"]["language"] == "en"


def test_a_choice_skips_understanding(engine: Any) -> None:
    _, answer = engine.turn(payload='/work_permit{"section": "fee"}', conversation="c_p")
    assert answer["parse"]["intent"] == {"name": "work_permit", "confidence": 1.0}
    assert [e["value"] for e in answer["parse"]["entities"] if e["entity"] == "section"] == ["fee"]
    assert [message["id"] for message in answer["messages"]] == ["work_permit"]


@pytest.mark.parametrize("text", ["/restart", "//restart", ' /greet{"language": "xx"}', "\u200b/greet"])
def test_typed_commands_are_words(engine: Any, text: str) -> None:
    _, answer = engine.turn(text, conversation="c_typed")
    assert answer["parse"]["intent"]["confidence"] < 1.0
    assert answer["slots"]["language"] == "en"
    assert answer["messages"]


@pytest.mark.parametrize("text", ["😀😀😀", "?", "x" * 20_000, "hola " * 4_000, '{language} %s \\ " \u0000'])
def test_odd_messages_get_a_reply(engine: Any, text: str) -> None:
    assert engine.said(text, conversation="c_odd")


def test_bad_requests_are_told_what_is_wrong(engine: Any) -> None:
    assert engine.turn("") == (400, {"problem": "give either text with something in it or a payload"})
    assert engine.turn(payload="/no_such_intent") == (400, {"problem": "the payload names an unknown intent"})
    assert engine.post("turn", b"{broken") == (400, {"problem": "the body is no JSON"})
    assert engine.post("turn", [1]) == (400, {"problem": "the body must be a JSON object"})
    assert engine.post("vectors", {"texts": ["a"], "kind": "x"})[0] == 400
    assert engine.post("parse", {"texts": "a"})[0] == 400
    assert engine.post("nearest", {"text": 5, "topics": TOPICS})[0] == 400
    assert engine.post("nearest", {"text": "a", "topics": {"work_permit": {}}})[0] == 400


@pytest.mark.parametrize("path", ["turn", "parse", "vectors", "nearest", "forget"])
def test_a_wrong_secret_opens_nothing(engine: Any, path: str) -> None:
    assert engine.post(path, BODY, secret="wrong") == (401, {"problem": "wrong secret"})
    assert engine.post(path, BODY, secret=SECRET + "x")[0] == 401


def test_a_batch_is_parsed_without_a_conversation(engine: Any) -> None:
    status, answer = engine.post("parse", {"texts": ["hola", "thank you", ""]})
    assert status == 200
    assert [parse["intent"]["name"] for parse in answer["parses"]] == ["greet", "thank", "nlu_fallback"]


def test_vectors_have_one_length_and_two_kinds(engine: Any) -> None:
    _, queries = engine.post("vectors", {"texts": ["hola"] * 6, "kind": "query"})
    _, passages = engine.post("vectors", {"texts": ["hola"], "kind": "passage"})
    assert {len(row) for row in queries["vectors"]} == {384}
    assert len(queries["vectors"]) == 6
    assert queries["vectors"][0] != passages["vectors"][0]


def test_every_group_of_every_topic_gets_a_score(engine: Any) -> None:
    status, answer = engine.post("nearest", {"text": "¿cuánto cuesta?", "topics": TOPICS})
    assert status == 200
    scores = answer["scores"]
    assert {topic: list(found) for topic, found in scores.items()} == {t: list(g) for t, g in TOPICS.items()}
    assert scores["work_permit"]["cost"] > scores["work_permit"]["general"]
    assert engine.post("nearest", {"text": "¿cuánto cuesta?", "topics": {}}) == (200, {"scores": {}})


def test_a_command_is_scored_by_its_words_and_no_words_are_no_error(engine: Any) -> None:
    plain, typed = (engine.post("nearest", {"text": text, "topics": TOPICS}) for text in ("cost", " /cost"))
    assert plain == typed
    for body in ({"topics": TOPICS}, {"text": "😀", "topics": TOPICS}):
        assert engine.post("nearest", body)[0] == 200


def test_questions_with_a_name_travel_once(engine: Any) -> None:
    body = {"text": "¿cuánto cuesta?", "names": {topic: f"{topic} of today" for topic in TOPICS}}
    assert engine.post("nearest", body) == (200, {"scores": {}, "unknown": list(TOPICS)})
    first = engine.post("nearest", {**body, "topics": {"work_permit": TOPICS["work_permit"]}})[1]
    assert (list(first["scores"]), first["unknown"]) == (["work_permit"], ["travel"])
    assert engine.post("nearest", body) == (200, first)
    assert first["scores"] == {
        "work_permit": engine.post("nearest", {"text": body["text"], "topics": TOPICS})[1]["scores"][
            "work_permit"
        ]
    }


def test_questions_are_learnt_before_anybody_asks(engine: Any) -> None:
    names = {"travel": "travel as prepared"}
    assert engine.post("nearest", {"names": names, "prepare": True}) == (200, {"unknown": ["travel"]})
    body = {"names": names, "topics": {"travel": TOPICS["travel"]}, "prepare": True}
    assert engine.post("nearest", body) == (200, {"unknown": []})
    assert "unknown" not in engine.post("nearest", {"text": "a", "names": names})[1]


@pytest.mark.parametrize(
    "change",
    [
        {"names": ["travel"]},
        {"names": {"travel": 5}},
        {"names": {"travel": ""}},
        {"prepare": 1},
        {"prepare": True},
    ],
)
def test_a_request_for_scores_that_breaks_the_contract_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        NearestRequest.of({"text": "a", "topics": TOPICS, **change})


def test_an_edited_question_counts_from_the_next_message_on(engine: Any) -> None:
    def cost_of(*questions: str) -> float:
        topics = {"work_permit": {**TOPICS["work_permit"], "cost": questions}}
        answer = engine.post("nearest", {"text": "who won the match", "topics": topics})[1]
        return float(answer["scores"]["work_permit"]["cost"])

    assert cost_of("the football match", "who won?") > cost_of("how much is it?") + 0.1


def test_a_form_survives_six_questions_in_between(engine: Any) -> None:
    assert engine.said("calculate my deadline", conversation="c_f") == ["utter_ask_deadline_form_event_kind"]
    for question in ["can i work while i wait", "filing fee", "hola"] * 2:
        _, second = engine.said(question, conversation="c_f")
        assert second == "utter_ask_deadline_form_event_kind"
    assert engine.said(payload="/inform", conversation="c_f") == ["utter_ask_deadline_form_event_place"]
    assert engine.said(payload="/inform", conversation="c_f") == ["utter_done"]


def test_the_same_message_is_answered_once(engine: Any) -> None:
    first = engine.turn("hola", conversation="c_i", message_id="m_same")[1]
    second = engine.turn("hola", conversation="c_i", message_id="m_same")[1]
    assert first["slots"]["counted"] == second["slots"]["counted"] == 1
    assert second == {**first, "replayed": True}


def test_two_messages_at_once_are_done_one_after_the_other(engine: Any) -> None:
    def greet(number: int) -> float:
        answer = engine.turn(payload="/greet", conversation="c_two", message_id=f"m_two_{number}")[1]
        return float(answer["slots"]["counted"])

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(greet, range(8))) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_same_message_twice_at_once_is_done_once(engine: Any) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(
                lambda _: engine.turn(payload="/greet", conversation="c_tab", message_id="m")[1], range(4)
            )
        )
    assert [answer["slots"]["counted"] for answer in answers] == [1, 1, 1, 1]
    assert sorted(answer["replayed"] for answer in answers) == [False, True, True, True]


def test_a_forgotten_conversation_begins_again(engine: Any) -> None:
    for _ in range(2):
        engine.turn(payload="/greet", conversation="c_gone")
    assert engine.post("forget", {"conversation": "c_gone"}) == (200, {"forgotten": True})
    assert engine.turn(payload="/greet", conversation="c_gone")[1]["slots"]["counted"] == 1


def test_a_failing_second_action_is_told_and_leaves_the_conversation_as_it_was(engine: Any) -> None:
    engine.turn(payload="/greet", conversation="c_fail")
    _, answer = engine.turn(payload="/emergency", conversation="c_fail", message_id="m_fail")
    assert answer["failed_actions"] == ["action_fail"]
    _, again = engine.turn(payload="/emergency", conversation="c_fail", message_id="m_fail")
    assert (again["failed_actions"], again["replayed"]) == (["action_fail"], False)
    assert engine.turn(payload="/greet", conversation="c_fail")[1]["slots"]["counted"] == 2


def test_an_action_that_answers_nonsense_has_failed(engine: Any) -> None:
    assert engine.turn(payload="/goodbye", conversation="c_bad")[1]["failed_actions"] == ["action_bad_shape"]


def test_without_the_action_server_every_failure_is_named_and_nothing_is_lost(
    engine: Any, actions: Any
) -> None:
    engine.turn(payload="/greet", conversation="c_down")
    engine.turn(payload="/calculate_deadline", conversation="c_down_form")
    actions.stop()
    try:
        _, answer = engine.turn(payload="/greet", conversation="c_down")
        assert (answer["messages"], answer["failed_actions"]) == ([], ["action_answer"])
        _, start = engine.turn(payload="/calculate_deadline", conversation="c_down")
        assert "validate_deadline_form" in start["failed_actions"]
        _, inside = engine.turn(payload="/inform", conversation="c_down_form")
        assert "validate_deadline_form" in inside["failed_actions"]
    finally:
        actions.start()
    assert engine.turn(payload="/greet", conversation="c_down")[1]["slots"]["counted"] == 2
    assert engine.said(payload="/inform", conversation="c_down_form") == [
        "utter_ask_deadline_form_event_place"
    ]


def test_a_lost_table_fails_the_turn_and_not_silently(engine: Any) -> None:
    import sqlite3

    connection = sqlite3.connect(engine.database)
    connection.execute("ALTER TABLE engine_conversations RENAME TO hidden")
    connection.commit()
    try:
        status, answer = engine.turn(payload="/greet", conversation="c_lost")
        assert (status, answer["problem"]) == (500, "the engine failed")
    finally:
        connection.execute("ALTER TABLE hidden RENAME TO engine_conversations")
        connection.commit()
        connection.close()
    assert engine.turn(payload="/greet", conversation="c_lost")[0] == 200


def test_nothing_that_was_said_is_in_the_log(engine: Any) -> None:
    secret_words = "mariposa azul en el puente"
    engine.turn(secret_words, conversation="c_log")
    engine.turn(payload="/calculate_deadline", conversation="c_log")
    engine.turn(secret_words, conversation="c_log")
    engine.turn(payload="/emergency", conversation="c_log")
    engine.post("nearest", {"text": secret_words, "topics": TOPICS})
    log = engine.log.read_text(encoding="utf-8")
    assert "action_fail" in log
    assert "mariposa" not in log


STORY = "how much is the filing fee, they came at night to the molino viejo"
MARKER = "[story not kept: 13 words, en]"


def test_a_story_is_understood_and_only_its_marker_is_kept(engine: Any) -> None:
    engine.said("calculate my deadline", conversation="c_story")
    status, answer = engine.turn(STORY, conversation="c_story", message_id="m_story", marker=MARKER)
    assert status == 200
    assert (answer["parse"]["intent"]["name"], answer["failed_actions"]) == ("filing_fee", [])
    assert answer["parse"]["needs"] == []
    # The form goes on as if nothing had been said, and the same message again gets the same reply.
    again = engine.turn(STORY, conversation="c_story", message_id="m_story", marker=MARKER)[1]
    assert again == {**answer, "replayed": True}
    assert engine.said(payload="/inform", conversation="c_story") == ["utter_ask_deadline_form_event_place"]
    files = list(Path(engine.database).parent.glob(f"{Path(engine.database).name}*"))
    assert files
    assert [file.name for file in files if b"molino viejo" in file.read_bytes()] == []
    assert any(MARKER.encode() in file.read_bytes() for file in files)
    assert "molino" not in engine.log.read_text(encoding="utf-8")


def test_without_a_marker_the_words_stay_for_the_turns_that_follow(engine: Any) -> None:
    engine.turn("filing fee for the faro azul", conversation="c_plain")
    files = Path(engine.database).parent.glob(f"{Path(engine.database).name}*")
    assert any(b"faro azul" in file.read_bytes() for file in files)


@pytest.mark.parametrize("marker", [5, ["a"], {}, True])
def test_a_marker_is_text(marker: Any) -> None:
    with pytest.raises(BadRequest):
        TurnRequest.of({**BODY, "marker": marker})


def test_a_killed_engine_finds_state_and_reply_again(engine: Any) -> None:
    engine.said("calculate my deadline", conversation="c_kill")
    before = engine.turn("filing fee", conversation="c_kill", message_id="m_kill")[1]
    engine.stop(signal.SIGKILL)
    assert engine.turn("filing fee", conversation="c_kill", message_id="m_kill")[0] == 0
    engine.start()
    after = engine.turn("filing fee", conversation="c_kill", message_id="m_kill")[1]
    assert after == {**before, "replayed": True}
    assert engine.said(payload="/inform", conversation="c_kill") == ["utter_ask_deadline_form_event_place"]


def test_the_engine_listens_on_loopback_only(engine: Any) -> None:
    table = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    port = f"{engine.port:04X}"
    addresses = {
        line.split()[1] for line in table if line.split()[3] == "0A" and line.split()[1].endswith(port)
    }
    assert addresses == {f"0100007F:{port}"}
