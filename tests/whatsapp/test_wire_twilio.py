"""Twilio on the wire: each captured shape, signatures as its own validator makes them, hostile bodies, answers."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from bot.gateway.whatsapp import twilio
from bot.gateway.whatsapp.limits import TWILIO, breaches, length
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
from tests.whatsapp.vectors import NOW, Vector

VECTORS = vectors.twilio()
TOKEN, OTHER_TOKEN = "5f2b8e0c9d7a4f6e8b1c3d5a7e9f0b2d", "0123456789abcdef0123456789abcdef"
URL = "https://chat.example.org/webhooks/whatsapp/twilio?row=b3V0Ym94LTE"
FORM = {
    "Body": "¡Hola! ¿Cuánto cuesta? 👨‍👩‍👧",
    "From": "whatsapp:+12025550142",
    "Empty": "",
    "A": "1 & 2=3+4",
}
RAW = urlencode(FORM).encode()

SENDER, ADDRESS, STATUS_URL = "whatsapp:+12025550100", "whatsapp:+12025550142", "https://chat.example.org/w/t"
ROW = "b3V0Ym94LTE"

BUTTONS = Outbound(
    "buttons",
    "Gracias, Nombre.\n\n¿Sigue en Estados Unidos?",
    (Option("c:1:si", "Sí"), Option("c:1:no", "No")),
)
LIST = Outbound(
    "list",
    "¿En qué estado vive?",
    (Option("c:2:ny", "Nueva York"), Option("c:2:ca", "California", "También Los Ángeles")),
    label="Ver opciones",
)
LINK = Outbound("link", "Aquí está el formulario.", label="Abrir", url="https://www.uscis.gov/es/i-589?a=1#b")
TEMPLATE = Outbound("template", template="HX" + "a" * 32, values=("22 de noviembre", "el despacho"))


def _signed(url: str = URL, form: dict[str, Any] | None = None, token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, form if form is not None else FORM))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_each_captured_shape_is_read_as_what_it_means(vector: Vector) -> None:
    assert twilio.parse(vector.raw, vector.query, NOW) == vector.events


def test_every_kind_that_twilio_tells_is_captured() -> None:
    found = {event.kind for vector in VECTORS for event in vector.events if isinstance(event, Inbound)}
    # Twilio tells neither edits nor deletions.
    assert found == set(KINDS) - {"edited", "deleted"}


def test_the_example_of_twilio_passes() -> None:
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+12349013030",
        "Digits": "1234",
        "From": "+12349013030",
        "To": "+18005551212",
    }
    signature = "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
    assert _signed(url, form, "12345") == signature
    assert twilio.verified(urlencode(form).encode(), url, signature, ["12345"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_what_twilio_signs_passes(vector: Vector) -> None:
    url = "https://chat.example.org/webhooks" + (f"?{vector.query}" if vector.query else "")
    signature = _signed(url, vector.body)
    assert twilio.verified(vector.raw, url, signature, [TOKEN])
    assert twilio.verified(vector.raw, url, signature, [OTHER_TOKEN, TOKEN])
    assert not twilio.verified(vector.raw, url, signature, [OTHER_TOKEN])


class Repeated(dict[str, list[str]]):
    """Parameters as Twilio's validator takes them from Django."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


@settings(max_examples=200)
@given(
    form=st.dictionaries(st.text(min_size=1), st.lists(st.text(), min_size=1, max_size=3), max_size=5),
    host=st.sampled_from(["chat.example.org", "chat.example.org:443", "chat.example.org:8443"]),
    query=st.sampled_from(["", "?row=a", "?row=a&b=%C3%B1"]),
)
def test_verification_is_that_of_twilio_for_any_form(form: Any, host: str, query: str) -> None:
    url = f"https://{host}/webhooks{query}"
    raw = urlencode(form, doseq=True).encode()
    signature = _signed(url, Repeated(form))
    assert RequestValidator(TOKEN).validate(url, Repeated(form), signature)
    assert twilio.verified(raw, url, signature, [TOKEN])
    assert not twilio.verified(raw, url + "x", signature, [TOKEN])
    assert not twilio.verified(raw + b"&x=y", url, signature, [TOKEN])


@pytest.mark.parametrize(
    ("signed", "called"),
    [
        ("https://chat.example.org/w", "https://chat.example.org:443/w"),
        ("https://chat.example.org:443/w", "https://chat.example.org/w"),
        ("https://chat.example.org/w?row=1", "https://chat.example.org:443/w?row=1"),
    ],
)
def test_the_usual_port_may_be_there_or_not(signed: str, called: str) -> None:
    assert RequestValidator(TOKEN).validate(called, FORM, _signed(signed))
    assert twilio.verified(RAW, called, _signed(signed), [TOKEN])


@pytest.mark.parametrize(
    "url",
    [
        URL.replace("https", "http"),
        URL.replace("chat.", "Chat."),
        URL.replace("chat.", ""),
        URL.replace("?row", "/?row"),
        URL[:-1],
        URL + "&x=1",
        URL.partition("?")[0],
        "",
        "https://chat.example.org:99999/w",
    ],
)
def test_the_signature_of_another_address_is_refused(url: str) -> None:
    assert not twilio.verified(RAW, url, _signed(), [TOKEN])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        RAW[:-1],
        RAW + b"&",
        RAW + b"&B=",
        RAW.replace(b"%C2%A1", b"%40"),
        RAW.replace(b"Hola", b"hola"),
        RAW.replace(b"Empty=&", b""),
        RAW.replace(b"%C3%A1", "á".encode()),
        b"&".join([b"a=b"] * 501),
        json.dumps(FORM).encode(),
    ],
)
def test_another_body_is_refused(raw: bytes) -> None:
    valid = twilio.verified(raw, URL, _signed(), [TOKEN])
    # A bare "&" adds no parameter.
    assert valid == (raw == RAW + b"&")


@pytest.mark.parametrize(
    "signature",
    [None, "", "=", "A", "ñ", _signed()[:-1], _signed() + "=", _signed().lower(), " " + _signed(), "A" * 28],
)
def test_another_signature_is_refused(signature: str | None) -> None:
    assert not twilio.verified(RAW, URL, signature, [TOKEN])


def test_without_a_token_nothing_passes() -> None:
    assert not twilio.verified(RAW, URL, _signed(token=""), [])
    assert not twilio.verified(RAW, URL, _signed(token=""), [""])


@pytest.mark.parametrize(
    ("base", "path", "query", "url"),
    [
        ("https://chat.example.org", "/w/t", "", "https://chat.example.org/w/t"),
        ("https://chat.example.org/", "/w/t", "row=1", "https://chat.example.org/w/t?row=1"),
        ("https://example.org/chat", "/w/t", "row=%C3%B1", "https://example.org/chat/w/t?row=%C3%B1"),
    ],
)
def test_the_public_address_is_the_configured_one(base: str, path: str, query: str, url: str) -> None:
    assert twilio.public_url(base, path, query) == url


def _form(name: str, **change: str | None) -> bytes:
    body = vectors.find(VECTORS, name).body | change
    return urlencode({key: value for key, value in body.items() if value is not None}).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"&".join([b"a=b"] * 501),
        _form("text", MessageSid=None, SmsMessageSid=None),
        _form("text", MessageSid="an id"),
        _form("text", MessageSid="x" * 257),
        _form("text", From="whatsapp:", WaId=None, ExternalUserId=None),
        _form("status_sent", MessageSid=""),
    ],
)
def test_what_twilio_never_sends_is_refused(raw: bytes) -> None:
    with pytest.raises(WireError):
        twilio.parse(raw, "", NOW)


def test_a_repeated_field_counts_once() -> None:
    (event,) = twilio.parse(_form("text", Body="uno") + b"&Body=dos", "", NOW)
    assert isinstance(event, Inbound)
    assert event.text == "uno"


@pytest.mark.parametrize(
    "query", ["row=a%20b", "row=", "rows=1", "row=" + "x" * 129, "&".join(["a=b"] * 600)]
)
def test_a_row_that_is_none_of_ours_is_not_taken(query: str) -> None:
    (event,) = twilio.parse(_form("status_read"), query, NOW)
    assert isinstance(event, Status)
    assert event.row == ""


def test_broken_characters_and_nul_cannot_reach_a_database() -> None:
    (event,) = twilio.parse(_form("text", Body=None) + b"&Body=a%FF%00%ED%A0%BDb", "", NOW)
    assert isinstance(event, Inbound)
    assert "\x00" not in event.text
    event.text.encode()


_NAMES = sorted({name for vector in VECTORS for name in vector.body})


@settings(max_examples=300)
@given(
    form=st.dictionaries(
        st.sampled_from(_NAMES) | st.text(), st.text() | st.sampled_from(["1", "received", "sent"])
    ),
    query=st.text(),
)
def test_any_form_gives_events_or_our_error(form: dict[str, str], query: str) -> None:
    _only_our_error(urlencode(form).encode(), query)
    _only_our_error(urlencode(vectors.find(VECTORS, "text").body | form).encode(), query)


@settings(max_examples=200)
@given(raw=st.binary(max_size=200), signature=st.text(max_size=40))
def test_any_bytes_give_our_error(raw: bytes, signature: str) -> None:
    _only_our_error(raw, "")
    assert not twilio.verified(raw, URL, signature, [TOKEN])


def _only_our_error(raw: bytes, query: str) -> None:
    try:
        events = twilio.parse(raw, query, NOW)
    except WireError as error:
        assert error.problem
        return
    for event in events:
        if isinstance(event, Inbound):
            assert event.kind in KINDS
            assert event.sender.aliases
            (event.text + event.choice + event.title).encode()
            assert event.sender.address.startswith("whatsapp:")


@pytest.mark.parametrize("message", [BUTTONS, LIST, LINK, TEMPLATE], ids=lambda message: message.kind)
def test_the_example_messages_fit(message: Outbound) -> None:
    assert breaches(message, TWILIO) == ()


def test_a_text_goes_out_as_it_is() -> None:
    text = Outbound("text", FORM["Body"])
    assert twilio.render(text, ADDRESS, SENDER, STATUS_URL, ROW) == {
        "From": SENDER,
        "To": ADDRESS,
        "StatusCallback": f"{STATUS_URL}?row={ROW}",
        "Body": FORM["Body"],
    }


def test_a_status_address_with_a_query_keeps_it() -> None:
    form = twilio.render(Outbound("text", "a"), ADDRESS, SENDER, STATUS_URL + "?firm=1", "a b")
    assert form["StatusCallback"] == f"{STATUS_URL}?firm=1&row=a%20b"


def test_a_template_goes_by_its_id() -> None:
    form = twilio.render(TEMPLATE, ADDRESS, SENDER, STATUS_URL, ROW)
    assert form["ContentSid"] == TEMPLATE.template
    assert json.loads(form["ContentVariables"]) == {"1": "22 de noviembre", "2": "el despacho"}
    assert "Body" not in form


def _filled(made: twilio.Content) -> Any:
    """The resource with its variables put in, as Twilio does it."""
    text = json.dumps(made.resource["types"], ensure_ascii=False)
    return json.loads(
        re.sub(
            r"\{\{(\d+)\}\}",
            lambda found: json.dumps(made.variables[found[1]], ensure_ascii=False)[1:-1],
            text,
        )
    )


def _made(message: Outbound) -> twilio.Content:
    made = twilio.content(message)
    assert made is not None
    return made


def test_buttons_are_a_quick_reply() -> None:
    assert _filled(_made(BUTTONS)) == {
        "twilio/quick-reply": {
            "body": "Gracias, Nombre.\n\n¿Sigue en Estados Unidos?",
            "actions": [
                {"type": "QUICK_REPLY", "title": "Sí", "id": "c:1:si"},
                {"type": "QUICK_REPLY", "title": "No", "id": "c:1:no"},
            ],
        }
    }


def test_a_list_is_a_list_picker() -> None:
    assert _filled(_made(LIST)) == {
        "twilio/list-picker": {
            "body": "¿En qué estado vive?",
            "button": "Ver opciones",
            "items": [
                {"item": "Nueva York", "id": "c:2:ny"},
                {"item": "California", "id": "c:2:ca", "description": "También Los Ángeles"},
            ],
        }
    }


def test_a_link_is_a_call_to_action_whose_host_is_part_of_the_resource() -> None:
    made = _made(LINK)
    assert _filled(made) == {
        "twilio/call-to-action": {
            "body": "Aquí está el formulario.",
            "actions": [{"type": "URL", "title": "Abrir", "url": "https://www.uscis.gov/es/i-589?a=1#b"}],
        }
    }
    (action,) = made.resource["types"]["twilio/call-to-action"]["actions"]
    assert action["url"] == "https://www.uscis.gov/{{2}}"


@pytest.mark.parametrize("message", [BUTTONS, LIST, LINK], ids=lambda message: message.kind)
def test_nothing_of_a_message_stays_in_a_resource(message: Outbound) -> None:
    kept = json.dumps(_made(message).resource, ensure_ascii=False)
    said = [
        *message.text.split(),
        message.label,
        *(o.title for o in message.options),
        *(o.id for o in message.options),
    ]
    assert [word for word in said if len(word) > 2 and word in kept] == []


def test_messages_of_one_shape_share_a_resource() -> None:
    first, second = (
        _made(BUTTONS),
        _made(Outbound("buttons", "Uno.\n\nDos.", (Option("a", "A"), Option("b", "B")))),
    )
    assert first.name == second.name
    assert first.resource == second.resource
    others = [
        Outbound("buttons", "Uno.\nDos.", BUTTONS.options),
        Outbound("buttons", BUTTONS.text, BUTTONS.options[:1]),
        LIST,
        LINK,
    ]
    assert first.name not in {_made(other).name for other in others}


_LINES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


@settings(max_examples=200)
@given(text=_LINES, title=_LINES)
def test_values_keep_twilios_rules_for_any_text(text: str, title: str) -> None:
    made = twilio.content(Outbound("buttons", text, (Option("a", title), Option("b", "B"))))
    assert made is not None
    body = made.resource["types"]["twilio/quick-reply"]["body"]
    assert all(made.variables[number].strip() for number in re.findall(r"\{\{(\d+)", body))
    for value in made.variables.values():
        assert not re.search(r"[\n\r\t\x0b\x0c\x1c-\x1e\x85\u2028\u2029]| {5}|\{\{", value)
    assert made.variables.keys() == made.resource["variables"].keys()
    assert all(made.resource["variables"].values())


def test_a_text_of_too_many_lines_goes_as_text() -> None:
    many = Outbound("buttons", "\n".join("ab" * 100), BUTTONS.options)
    assert twilio.content(many) is None
    form = twilio.render(many, ADDRESS, SENDER, STATUS_URL, ROW, "HX" + "b" * 32)
    assert form["Body"].endswith("\n\n1. Sí\n2. No")


def test_a_message_with_a_resource_goes_by_its_id() -> None:
    form = twilio.render(BUTTONS, ADDRESS, SENDER, STATUS_URL, ROW, "HX" + "b" * 32)
    assert form["ContentSid"] == "HX" + "b" * 32
    assert json.loads(form["ContentVariables"]) == _made(BUTTONS).variables
    assert "Body" not in form


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (BUTTONS, f"{BUTTONS.text}\n\n1. Sí\n2. No"),
        (LIST, "¿En qué estado vive?\n\n1. Nueva York\n2. California: También Los Ángeles"),
        (LINK, "Aquí está el formulario.\n\nAbrir: https://www.uscis.gov/es/i-589?a=1#b"),
    ],
    ids=lambda part: part.kind if isinstance(part, Outbound) else "",
)
def test_without_a_resource_text_stands_in(message: Outbound, text: str) -> None:
    assert twilio.render(message, ADDRESS, SENDER, STATUS_URL, ROW)["Body"] == text


def test_the_largest_list_still_fits_as_text() -> None:
    options = tuple(Option(f"id{number}", f"{number}".rjust(24, "ñ"), "á" * 72) for number in range(10))
    largest = Outbound("list", "ñ" * 1_024, options, label="Ver")
    assert breaches(largest, TWILIO) == ()
    assert length(twilio.stand_in(largest)) <= TWILIO.text
    assert "á" not in twilio.stand_in(largest)


def _error(code: object) -> bytes:
    return json.dumps({"code": code, "message": "no", "more_info": "https://x", "status": 400}).encode()


def test_the_id_in_a_good_answer() -> None:
    sid = "SM" + "0a" * 16
    assert twilio.read_answer(201, json.dumps({"sid": sid, "status": "queued"}).encode()) == sid


@pytest.mark.parametrize(
    ("status", "body", "wait", "expected", "code", "seconds"),
    [
        (429, _error(20429), None, NotSent, "20429", 1.0),
        (429, _error(20429), 8.0, NotSent, "20429", 8.0),
        (429, _error(63018), None, NotSent, "63018", 6.0),
        (400, _error(21611), None, NotSent, "21611", 30.0),
        (500, _error(20500), None, Unsure, "20500", None),
        (500, _error(63012), None, Unsure, "63012", None),
        (500, _error(99999), None, Unsure, "99999", None),
        (503, _error(20503), None, NotSent, "20503", 5.0),
        (503, _error(99999), 4.0, NotSent, "99999", 4.0),
        (401, _error(20003), None, NotSent, "20003", 60.0),
        (400, _error(63016), None, WindowClosed, "63016", None),
        (400, _error(21211), None, Refused, "21211", None),
        (400, _error(21610), None, Refused, "21610", None),
        (400, _error(21617), None, Refused, "21617", None),
        (400, _error(63024), None, Refused, "63024", None),
        (500, b"", None, Unsure, "http_500", None),
        (503, b"<html>", None, Unsure, "http_503", None),
        (502, b"<html>", None, Unsure, "http_502", None),
        (504, b"<html>", None, Unsure, "http_504", None),
        (404, b"", None, Refused, "http_404", None),
        (307, b"", None, Refused, "http_307", None),
        (201, b"", None, Unsure, "answer", None),
        (201, b'{"sid":"XX1"}', None, Unsure, "answer", None),
        (200, b"[" * 100_000, None, Unsure, "answer", None),
    ],
)
def test_what_an_answer_means(
    status: int, body: bytes, wait: float | None, expected: type[SendError], code: str, seconds: float | None
) -> None:
    with pytest.raises(SendError) as caught:
        twilio.read_answer(status, body, wait)
    assert type(caught.value) is expected
    assert caught.value.code == code
    assert getattr(caught.value, "seconds", None) == seconds


def test_a_failed_status_means_the_same_as_an_answer() -> None:
    (event,) = vectors.find(VECTORS, "status_undelivered").events
    assert isinstance(event, Status)
    assert type(twilio.failure(event.code)) is WindowClosed
    assert type(twilio.failure("63018")) is NotSent
    assert type(twilio.failure("63024")) is Refused
