"""The Cloud API on the wire: each captured shape, signatures one byte off, hostile bodies, what goes out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.gateway.whatsapp import cloud
from bot.gateway.whatsapp.limits import CLOUD, breaches
from bot.gateway.whatsapp.model import (
    KINDS,
    Inbound,
    NotSent,
    Option,
    Outbound,
    Refused,
    SendError,
    Status,
    Unsure,
    WindowClosed,
    WireError,
)
from tests.whatsapp import vectors
from tests.whatsapp.vectors import NUMBER, Vector

VECTORS = vectors.cloud()
SECRET, OTHER_SECRET = "5f2b8e0c9d7a4f6e8b1c3d5a7e9f0b2d", "0123456789abcdef0123456789abcdef"

#: HMAC-SHA-256 of these bytes with SECRET as ``openssl dgst -sha256 -hmac`` writes it.
BODY = '{"texto":"¡Hola! ¿Cuánto cuesta? 👨‍👩‍👧"}'.encode()
SIGNATURE = "sha256=da65947104b3aa2bf54f211dce9ff583e178b72a7a05b2ecf4829b38ae1c3a07"

BOTH = Outbound("buttons", "¿Sigue en Estados Unidos?", (Option("c:1:si", "Sí"), Option("c:1:no", "No")))
MESSAGES = {
    "text": Outbound("text", "¡Hola! ¿Cuánto cuesta?\n\n👨‍👩‍👧"),
    "buttons": BOTH,
    "list": Outbound(
        "list",
        "¿En qué estado vive?",
        (Option("c:2:ny", "Nueva York"), Option("c:2:ca", "California", "También Los Ángeles")),
        label="Ver opciones",
    ),
    "link": Outbound("link", "Aquí está el formulario.", label="Abrir", url="https://www.uscis.gov/es/i-589"),
    "template": Outbound(
        "template", template="recordatorio_60", language="es", values=("22 de noviembre", "despacho")
    ),
}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_each_captured_shape_is_read_as_what_it_means(vector: Vector) -> None:
    assert cloud.parse(vector.raw, NUMBER) == vector.events


def test_every_kind_is_captured() -> None:
    found = {event.kind for vector in VECTORS for event in vector.events if isinstance(event, Inbound)}
    assert found == set(KINDS)


def test_a_body_without_escapes_means_the_same() -> None:
    for vector in VECTORS:
        raw = json.dumps(vector.body, ensure_ascii=False, indent=2).encode()
        assert cloud.parse(raw, NUMBER) == vector.events


def test_a_message_keeps_its_order_when_others_come_in_the_same_post() -> None:
    texts = [vectors.find(VECTORS, name) for name in ("text", "text_without_phone", "voice")]
    body = {"object": "whatsapp_business_account", "entry": [vector.body["entry"][0] for vector in texts]}
    assert cloud.parse(json.dumps(body).encode(), NUMBER) == tuple(vector.events[0] for vector in texts)


def test_a_signature_is_that_of_openssl() -> None:
    assert cloud.verified(BODY, SIGNATURE, [SECRET])


def test_either_secret_counts_while_one_is_changed() -> None:
    assert cloud.verified(BODY, SIGNATURE, [OTHER_SECRET, SECRET])
    assert cloud.verified(BODY, SIGNATURE, [SECRET, OTHER_SECRET])
    assert not cloud.verified(BODY, SIGNATURE, [OTHER_SECRET])


def _rewritten(raw: bytes) -> bytes:
    return json.dumps(json.loads(raw)).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw + b" ",
        lambda raw: raw[:-1],
        lambda raw: raw[:9] + bytes([raw[9] ^ 1]) + raw[10:],
        lambda raw: raw.replace("á".encode(), b"a"),
        _rewritten,
        lambda raw: b"",
    ],
    ids=["byte_added", "byte_lost", "bit_turned", "accent_lost", "json_written_again", "empty"],
)
def test_another_body_is_refused(change: Callable[[bytes], bytes]) -> None:
    assert not cloud.verified(change(BODY), SIGNATURE, [SECRET])


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        SIGNATURE.removeprefix("sha256="),
        SIGNATURE.replace("sha256", "sha1"),
        SIGNATURE[:-1],
        SIGNATURE + "0",
        SIGNATURE[:-1] + ("0" if SIGNATURE[-1] != "0" else "1"),
        SIGNATURE + "\n",
        f"{SIGNATURE},{SIGNATURE}",
        "sha256=" + "ñ" * 64,
        "sha256=" + "0" * 64,
    ],
)
def test_another_signature_is_refused(signature: str | None) -> None:
    assert not cloud.verified(BODY, signature, [SECRET])


def test_without_a_secret_nothing_passes() -> None:
    import hashlib
    import hmac

    empty = "sha256=" + hmac.digest(b"", BODY, hashlib.sha256).hex()
    assert not cloud.verified(BODY, empty, [])
    assert not cloud.verified(BODY, empty, [""])


ASKED = {"hub.mode": "subscribe", "hub.verify_token": "un-secreto-ñ", "hub.challenge": "1158201444"}


def test_the_handshake_says_the_challenge_back() -> None:
    assert cloud.challenge(ASKED, ["un-secreto-ñ"]) == "1158201444"
    assert cloud.challenge(ASKED, ["old", "un-secreto-ñ"]) == "1158201444"


@pytest.mark.parametrize(
    ("change", "tokens"),
    [
        ({}, ["other"]),
        ({}, []),
        ({"hub.verify_token": ""}, [""]),
        ({"hub.verify_token": "un-secreto-n"}, ["un-secreto-ñ"]),
        ({"hub.verify_token": "\udcff"}, ["un-secreto-ñ"]),
        ({"hub.mode": "unsubscribe"}, ["un-secreto-ñ"]),
        ({"hub.challenge": ""}, ["un-secreto-ñ"]),
        ({"hub.challenge": "<script>alert(1)</script>"}, ["un-secreto-ñ"]),
        ({"hub.challenge": "1" * 257}, ["un-secreto-ñ"]),
    ],
)
def test_another_handshake_gets_nothing(change: dict[str, str], tokens: list[str]) -> None:
    assert cloud.challenge(ASKED | change, tokens) is None


def _changed(name: str, path: tuple[str | int, ...], value: Any) -> bytes:
    body = json.loads(vectors.find(VECTORS, name).raw)
    place = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(body).encode()


VALUE: tuple[str | int, ...] = ("entry", 0, "changes", 0, "value")
MESSAGE = (*VALUE, "messages", 0)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'{"object":"page","entry":[]}',
        b'{"object":"whatsapp_business_account","entry":{}}',
        b'{"object":"whatsapp_business_account","entry":[1]}',
        b"[" * 200_000,
        b'{"object":"whatsapp_business_account","entry":' + b"[" * 200_000,
        b'{"object":"whatsapp_business_account","entry":[{"id":' + b"9" * 10_000 + b"}]}",
        _changed("text", ("entry", 0, "changes"), "x"),
        _changed("text", VALUE, [1]),
        _changed("text", (*VALUE, "metadata"), 5),
        _changed("text", (*VALUE, "messages"), {"0": 1}),
        _changed("text", (*VALUE, "contacts"), "x"),
        _changed("text", (*MESSAGE, "id"), None),
        _changed("text", (*MESSAGE, "id"), "x" * 257),
        _changed("text", (*MESSAGE, "id"), "an id"),
        _changed("text", (*MESSAGE, "timestamp"), "soon"),
        _changed("text", (*MESSAGE, "timestamp"), True),
        _changed("text", (*MESSAGE, "timestamp"), "9" * 12),
        _changed("text", (*MESSAGE, "timestamp"), "١٢٣"),
        _changed("number_changed", (*MESSAGE, "system"), []),
        _changed("status_sent", (*VALUE, "statuses", 0, "id"), 7),
        _changed("status_failed", (*VALUE, "statuses", 0, "errors"), [1]),
    ],
)
def test_what_meta_never_sends_is_refused(raw: bytes) -> None:
    with pytest.raises(WireError):
        cloud.parse(raw, NUMBER)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("text", (*MESSAGE, "text"), None),
        ("text", (*MESSAGE, "text", "body"), 5),
        ("text", (*MESSAGE, "type"), ["text"]),
        ("text", (*MESSAGE, "type"), None),
        ("button_reply", (*MESSAGE, "interactive", "button_reply"), "x"),
        ("button_reply", (*MESSAGE, "interactive", "button_reply", "id"), None),
        ("template_button", (*MESSAGE, "button", "payload"), {}),
    ],
)
def test_a_message_with_unusable_content_is_still_answered(
    name: str, path: tuple[str | int, ...], value: Any
) -> None:
    (event,) = cloud.parse(_changed(name, path, value), NUMBER)
    assert isinstance(event, Inbound)
    assert event.kind == "unsupported"


def test_a_message_from_nobody_is_left_out() -> None:
    body = json.loads(vectors.find(VECTORS, "text_without_phone").raw)
    value = body["entry"][0]["changes"][0]["value"]
    del value["contacts"], value["messages"][0]["from_user_id"]
    assert cloud.parse(json.dumps(body).encode(), NUMBER) == ()


def test_contacts_of_others_lend_no_name() -> None:
    body = json.loads(vectors.find(VECTORS, "several").raw)
    value = body["entry"][0]["changes"][0]["value"]
    value["contacts"] = [{"wa_id": "12025550177", "user_id": "US.77"}]
    first, second, *_ = cloud.parse(json.dumps(body).encode(), NUMBER)
    assert isinstance(first, Inbound)
    assert isinstance(second, Inbound)
    assert "phone:12025550177" not in first.sender.aliases + second.sender.aliases


def test_halves_of_characters_and_nul_cannot_reach_a_database() -> None:
    (event,) = cloud.parse(_changed("text", (*MESSAGE, "text", "body"), "a\ud83d\x00b"), NUMBER)
    assert isinstance(event, Inbound)
    assert event.text == "a��b"


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["text", "system", "9" * 30]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def _places(part: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    steps = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for step, inner in steps:
        found += _places(inner, (*path, step))
    return found


_PLACES = [(vector.name, path) for vector in VECTORS for path in _places(vector.body)]


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.sampled_from(_PLACES), value=_JSON)
def test_any_value_in_any_place_gives_events_or_our_error(place: tuple[str, Any], value: Any) -> None:
    _only_our_error(_changed(*place, value))


@settings(max_examples=200)
@given(raw=st.binary(max_size=200) | st.text().map(str.encode))
def test_any_bytes_give_our_error(raw: bytes) -> None:
    _only_our_error(raw)
    assert not cloud.verified(raw, "sha256=" + "0" * 64, [SECRET])


def _only_our_error(raw: bytes) -> None:
    try:
        events = cloud.parse(raw, NUMBER)
    except WireError as error:
        assert error.problem
        return
    for event in events:
        repr(event).encode()
        if isinstance(event, Inbound):
            assert event.kind in KINDS
            assert event.sender.aliases
            event.text.encode()
        elif isinstance(event, Status):
            assert event.state in ("sent", "delivered", "read", "failed")


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())
def test_the_example_messages_fit(message: Outbound) -> None:
    assert breaches(message, CLOUD) == ()


def test_what_goes_out() -> None:
    common = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "12025550142",
        "biz_opaque_callback_data": "row-1",
    }
    sent = {kind: cloud.render(message, "12025550142", "row-1") for kind, message in MESSAGES.items()}
    assert sent["text"] == common | {
        "type": "text",
        "text": {"body": "¡Hola! ¿Cuánto cuesta?\n\n👨‍👩‍👧", "preview_url": False},
    }
    assert sent["buttons"] == common | {
        "type": "interactive",
        "interactive": {
            "type": "button",
            "body": {"text": "¿Sigue en Estados Unidos?"},
            "action": {
                "buttons": [
                    {"type": "reply", "reply": {"id": "c:1:si", "title": "Sí"}},
                    {"type": "reply", "reply": {"id": "c:1:no", "title": "No"}},
                ]
            },
        },
    }
    assert sent["list"] == common | {
        "type": "interactive",
        "interactive": {
            "type": "list",
            "body": {"text": "¿En qué estado vive?"},
            "action": {
                "button": "Ver opciones",
                "sections": [
                    {
                        "rows": [
                            {"id": "c:2:ny", "title": "Nueva York"},
                            {"id": "c:2:ca", "title": "California", "description": "También Los Ángeles"},
                        ]
                    }
                ],
            },
        },
    }
    assert sent["link"] == common | {
        "type": "interactive",
        "interactive": {
            "type": "cta_url",
            "body": {"text": "Aquí está el formulario."},
            "action": {
                "name": "cta_url",
                "parameters": {"display_text": "Abrir", "url": "https://www.uscis.gov/es/i-589"},
            },
        },
    }
    assert sent["template"] == common | {
        "type": "template",
        "template": {
            "name": "recordatorio_60",
            "language": {"code": "es"},
            "components": [
                {
                    "type": "body",
                    "parameters": [
                        {"type": "text", "text": "22 de noviembre"},
                        {"type": "text", "text": "despacho"},
                    ],
                }
            ],
        },
    }


@pytest.mark.parametrize("address", ["US.13491208655302741918", "US.ENT.11815799212886844830"])
def test_a_person_without_a_number_is_addressed_as_recipient(address: str) -> None:
    sent = cloud.render(MESSAGES["text"], address, "row-1")
    assert sent["recipient"] == address
    assert "to" not in sent


def test_a_kind_that_does_not_exist_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="hologram"):
        cloud.render(Outbound("hologram"), "12025550142", "row-1")


def test_read_ticks_with_and_without_typing() -> None:
    tick = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.X"}
    assert cloud.seen("wamid.X", typing=False) == tick
    assert cloud.seen("wamid.X", typing=True) == tick | {"typing_indicator": {"type": "text"}}


def test_the_id_in_a_good_answer() -> None:
    body = {"messaging_product": "whatsapp", "contacts": [{"wa_id": "1"}], "messages": [{"id": "wamid.OK="}]}
    assert cloud.read_answer(200, json.dumps(body).encode()) == "wamid.OK="


def _error(code: object, **more: object) -> bytes:
    return json.dumps({"error": {"message": "(#x) Something", "code": code, **more}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "wait", "expected", "code", "seconds"),
    [
        (400, _error(130429), None, NotSent, "130429", 2.0),
        (400, _error(131056), None, NotSent, "131056", 6.0),
        (400, _error(131048), None, NotSent, "131048", 900.0),
        (400, _error(80007), 90.0, NotSent, "80007", 90.0),
        (500, _error(131000), None, Unsure, "131000", None),
        (500, _error(1), None, Unsure, "1", None),
        (400, _error(1), None, NotSent, "1", 1.0),
        (500, _error(132069, is_transient=True), None, Unsure, "132069", None),
        (500, _error(999999), None, Unsure, "999999", None),
        (503, _error(131000), 4.0, NotSent, "131000", 4.0),
        (500, _error(10), None, NotSent, "10", 60.0),
        (500, _error(2), None, NotSent, "2", 1.0),
        (503, _error(131016), None, NotSent, "131016", 5.0),
        (401, _error(190), None, NotSent, "190", 60.0),
        (403, _error(200), None, NotSent, "200", 60.0),
        (400, _error(132069, is_transient=True), None, NotSent, "132069", 1.0),
        (400, _error(131047), None, WindowClosed, "131047", None),
        (400, _error(131026), None, Refused, "131026", None),
        (400, _error(131051), None, Refused, "131051", None),
        (400, _error(368), None, Refused, "368", None),
        (400, _error(131031), None, Refused, "131031", None),
        (400, _error(132001), None, Refused, "132001", None),
        (400, _error(999999), None, Refused, "999999", None),
        (429, b"slow down", 7.0, NotSent, "http_429", 7.0),
        (500, b"", None, Unsure, "http_500", None),
        (503, b"<html>", None, Unsure, "http_503", None),
        (408, b"", None, Unsure, "http_408", None),
        (425, b"", None, NotSent, "http_425", 1.0),
        (503, b"<html>", 30.0, NotSent, "http_503", 30.0),
        (502, b"<html>", None, Unsure, "http_502", None),
        (504, b"", None, Unsure, "http_504", None),
        (403, b"<html>", None, NotSent, "http_403", 60.0),
        (404, b"", None, Refused, "http_404", None),
        (302, b"", None, Refused, "http_302", None),
        (400, _error({"a": 1}), None, Refused, "http_400", None),
        (400, _error(True), None, Refused, "http_400", None),
        (200, b"", None, Unsure, "answer", None),
        (200, b"[]", None, Unsure, "answer", None),
        (200, b'{"messages":[]}', None, Unsure, "answer", None),
        (200, b'{"messages":[{"id":"a b"}]}', None, Unsure, "answer", None),
        (200, b"[" * 100_000, None, Unsure, "answer", None),
    ],
)
def test_what_an_answer_means(
    status: int, body: bytes, wait: float | None, expected: type[SendError], code: str, seconds: float | None
) -> None:
    with pytest.raises(SendError) as caught:
        cloud.read_answer(status, body, wait)
    assert type(caught.value) is expected
    assert caught.value.code == code
    assert getattr(caught.value, "seconds", None) == seconds


def test_a_failed_status_means_the_same_as_an_answer() -> None:
    (event,) = vectors.find(VECTORS, "status_failed").events
    assert isinstance(event, Status)
    assert type(cloud.failure(event.code)) is WindowClosed
    assert type(cloud.failure("131056")) is NotSent
    assert type(cloud.failure("131026")) is Refused
    assert type(cloud.failure("")) is Refused
