"""pywa, a client of the Cloud API that others wrote, as a second opinion on shapes, signatures, limits and errors.

It is no part of the product: its own receiving side keeps what it has seen in memory only, and takes one message of a
POST. So each captured shape with one event is put to it, and each message of ours is sent with it as well.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any

import httpx
import pytest
from pywa import WhatsApp, errors, types, utils
from pywa.types.base_update import BaseUserUpdate
from pywa.types.templates import BodyText, TemplateLanguage

from bot.gateway.whatsapp import cloud
from bot.gateway.whatsapp.limits import CLOUD
from bot.gateway.whatsapp.model import (
    Event,
    Inbound,
    NotSent,
    Option,
    Outbound,
    Refused,
    Renamed,
    Status,
    WindowClosed,
)
from tests.whatsapp import vectors
from tests.whatsapp.vectors import NUMBER, Vector

SECRET, TOKEN, PHONE = "5f2b8e0c9d7a4f6e8b1c3d5a7e9f0b2d", "a-token", "12025550142"
ROW = "b3V0Ym94LTE"

#: What pywa 4.5.0 cannot build, and why.
BEYOND_PYWA = {
    "text_before_2026": "it wants a business-scoped id in every contact",
    "text_id_as_from": "as before: the id stands where the number was, and nowhere else",
    "user_id_changed": "it wants the number that this notice is sent without",
    "unknown_kind": "it warns of kinds without a name, and warnings are errors here",
    "flow_reply": "it reads the forms of WhatsApp, which we never send",
}
ALONE = [vector for vector in vectors.cloud() if len(vector.events) == 1 and vector.name not in BEYOND_PYWA]


class Meta:
    """What Meta's server gets and says, without a network."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answer: tuple[int, dict[str, Any]] = (
            200,
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": PHONE, "wa_id": PHONE}],
                "messages": [{"id": "wamid.OK"}],
            },
        )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(self.answer[0], json=self.answer[1])


@pytest.fixture
def meta() -> Meta:
    return Meta()


@pytest.fixture
def pywa(meta: Meta) -> WhatsApp:
    session = httpx.Client(transport=httpx.MockTransport(meta))
    return WhatsApp(NUMBER, TOKEN, session=session, app_secret=SECRET, verify_token="token")


def _taken(pywa: WhatsApp, vector: Vector) -> list[BaseUserUpdate]:
    taken: list[BaseUserUpdate] = []

    def take(_: WhatsApp, update: BaseUserUpdate) -> None:
        taken.append(update)

    for register in (
        pywa.on_message,
        pywa.on_callback_button,
        pywa.on_callback_selection,
        pywa.on_edited_message,
        pywa.on_deleted_message,
        pywa.on_phone_number_change,
        pywa.on_message_status,
    ):
        register(take)
    assert pywa.webhook_update_handler(vector.raw) == ("ok", 200)
    return taken


@pytest.mark.parametrize("vector", ALONE, ids=lambda vector: vector.name)
def test_pywa_reads_the_same_in_each_captured_shape(pywa: WhatsApp, vector: Vector) -> None:
    (theirs,), (ours,) = _taken(pywa, vector), vector.events
    assert theirs.id == ours.id
    assert theirs.timestamp == ours.at
    assert _in_our_words(theirs) == _without_names(ours)
    if isinstance(ours, Inbound):
        named = (("phone", theirs.from_user.wa_id), ("bsuid", theirs.from_user.bsuid))
        # pywa calls every "wa_id" a number.
        found = {f"{kind}:{name}" for kind, name in named if name and (kind == "bsuid" or name.isdigit())}
        assert found <= set(ours.sender.aliases)
        assert found


@pytest.mark.parametrize("name", BEYOND_PYWA)
def test_pywa_still_cannot_build_what_is_left_out(pywa: WhatsApp, name: str) -> None:
    assert _taken(pywa, vectors.find(vectors.cloud(), name)) == []


def _without_names(event: Event) -> dict[str, Any]:
    if isinstance(event, Status):
        return {"state": event.state, "row": event.row, "code": event.code}
    if isinstance(event, Renamed):
        return {"old": event.old[0], "new": event.sender.aliases}
    words = {"kind": event.kind, "text": event.text, "refers_to": event.refers_to}
    return words | ({"choice": event.choice, "title": event.title} if event.kind == "choice" else {})


def _in_our_words(update: BaseUserUpdate) -> dict[str, Any]:
    match update:
        case types.MessageStatus():
            state = {"played": "read"}.get(update.status.value, update.status.value)
            return {
                "state": state,
                "row": update.tracker or "",
                "code": str(update.error.code) if update.error else "",
            }
        case types.PhoneNumberChange():
            new = (
                f"phone:{update.new_wa_id}",
                *([f"bsuid:{update.new_user_id}"] if update.new_user_id else []),
            )
            return {"old": f"phone:{update.old_wa_id}", "new": new}
        case types.CallbackButton() | types.CallbackSelection():
            return {
                "kind": "choice",
                "text": "",
                "refers_to": update.reply_to_message.id if update.reply_to_message else "",
                "choice": update.data,
                "title": update.title,
            }
        case types.EditedMessage():
            text = update.message.text or update.message.caption or ""
            return {"kind": "edited", "text": text, "refers_to": update.original_message_id}
        case types.DeletedMessage():
            return {"kind": "deleted", "text": "", "refers_to": update.original_message_id}
    assert isinstance(update, types.Message)
    if update.reaction:
        words = (update.reaction.emoji or "", update.reaction.message_id)
        return {"kind": "reaction", "text": words[0], "refers_to": words[1]}
    edited = update.unsupported is not None and update.unsupported.type == "edit"
    kind = "edited" if edited else {"audio": "voice"}.get(update.type.value, update.type.value)
    return {
        "kind": kind,
        "text": update.text or update.caption or "",
        "refers_to": update.reply_to_message.id if update.reply_to_message else "",
    }


OPTIONS = (Option("c:1:si", "Sí"), Option("c:1:no", "No", ""))
ROWS = (Option("c:2:ny", "Nueva York"), Option("c:2:ca", "California", "También Los Ángeles"))
TEXT = "¡Hola! ¿Cuánto cuesta?\n\n👨‍👩‍👧"


@pytest.mark.parametrize("to", [PHONE, "US.13491208655302741918", "US.ENT.11815799212886844830"])
def test_pywa_sends_the_same(pywa: WhatsApp, meta: Meta, to: str) -> None:
    section = types.Section("-", [types.SectionRow(o.title, o.id, o.description or None) for o in ROWS])
    pywa.send_message(to, TEXT, tracker=ROW)
    pywa.send_message(to, TEXT, buttons=[types.Button(o.title, o.id) for o in OPTIONS], tracker=ROW)
    pywa.send_message(to, TEXT, buttons=types.SectionList("Ver", [section]), tracker=ROW)
    pywa.send_message(to, TEXT, buttons=types.URLButton("Abrir", "https://www.uscis.gov/es"), tracker=ROW)
    pywa.send_template(
        to, "aviso_60", TemplateLanguage.SPANISH_MEX, [BodyText.params("uno", "dos")], tracker=ROW
    )
    theirs = [json.loads(request.content) for request in meta.asked]
    # Meta asks for a title where there is more than one section; pywa asks for it always.
    assert theirs[2]["interactive"]["action"]["sections"][0].pop("title") == "-"
    # Meta's own examples write it small.
    component = theirs[4]["template"]["components"][0]
    component["type"] = component["type"].lower()
    ours = [
        Outbound("text", TEXT),
        Outbound("buttons", TEXT, OPTIONS),
        Outbound("list", TEXT, ROWS, label="Ver"),
        Outbound("link", TEXT, label="Abrir", url="https://www.uscis.gov/es"),
        Outbound("template", template="aviso_60", language="es_MX", values=("uno", "dos")),
    ]
    assert theirs == [cloud.render(message, to, ROW) for message in ours]
    assert {request.url.path for request in meta.asked} == {f"/v26.0/{NUMBER}/messages"}


def test_pywa_marks_as_read_with_the_same_call(pywa: WhatsApp, meta: Meta) -> None:
    meta.answer = (200, {"success": True})
    pywa.mark_message_as_read("wamid.X")
    pywa.indicate_typing("wamid.X")
    ours = [cloud.seen("wamid.X", typing=False), cloud.seen("wamid.X", typing=True)]
    assert [json.loads(request.content) for request in meta.asked] == ours


def test_pywa_reads_the_same_id_from_an_answer(pywa: WhatsApp, meta: Meta) -> None:
    sent = pywa.send_message(PHONE, TEXT)
    assert sent.id == cloud.read_answer(200, json.dumps(meta.answer[1]).encode()) == "wamid.OK"


def _codes(*kinds: type[errors.WhatsAppError]) -> list[int]:
    found = {kind for base in kinds for kind in (base, *base.__subclasses__())}
    return sorted(code for kind in found for code in kind.__error_codes__ or ())


#: What pywa counts among rate limits and what no later try of the same message mends.
_NO_RATE = (133016, 131064)


@pytest.mark.parametrize("code", [c for c in _codes(errors.ThrottlingError) if c not in _NO_RATE])
def test_what_pywa_calls_throttling_is_tried_again(code: int) -> None:
    assert type(cloud.failure(str(code))) is NotSent


@pytest.mark.parametrize("code", _codes(errors.AuthorizationError))
def test_what_pywa_calls_authorization_waits_for_staff(code: int) -> None:
    error = cloud.failure(str(code))
    assert isinstance(error, NotSent)
    assert error.seconds == 60


@pytest.mark.parametrize(
    "code", _codes(errors.IntegrityError, errors.MessageUndeliverable, errors.TemplateNotExists)
)
def test_what_pywa_calls_restricted_or_wrong_is_final(code: int) -> None:
    assert type(cloud.failure(str(code))) is Refused


def test_the_closed_window_has_the_same_code() -> None:
    assert [type(cloud.failure(str(code))) for code in _codes(errors.ReEngagementMessage)] == [WindowClosed]


@pytest.mark.parametrize("code", [131047, 131056, 131026, 190])
def test_pywa_reads_the_same_code_from_an_answer(pywa: WhatsApp, meta: Meta, code: int) -> None:
    meta.answer = (400, {"error": {"message": "(#1) No", "type": "OAuthException", "code": code}})
    with pytest.raises(errors.WhatsAppError) as theirs:
        pywa.send_message(PHONE, TEXT)
    with pytest.raises((NotSent, Refused)) as ours:
        cloud.read_answer(400, json.dumps(meta.answer[1]).encode())
    assert ours.value.code == str(theirs.value.code)


@pytest.mark.parametrize(
    ("where", "named", "limit"),
    [
        (types.Button, r"title: .*\(up to (\d+) characters\)", CLOUD.button_title),
        (types.Button, r"callback_data: .*\(up to (\d+) characters", CLOUD.button_id),
        (types.SectionRow, r"title: .*\(up to (\d+) characters\)", CLOUD.row_title),
        (types.SectionRow, r"callback_data: .*\(up to (\d+) characters", CLOUD.row_id),
        (types.SectionRow, r"description: .*up to (\d+) characters", CLOUD.row_description),
        (types.SectionList, r"button_title: .*\(up to (\d+) characters\)", CLOUD.label),
        (types.SectionList, r"with up to (\d+) rows", CLOUD.rows),
        (types.URLButton, r"title: .*\(up to (\d+) characters\)", CLOUD.label),
        (WhatsApp.send_message, r"text: .*max (\d+) characters", CLOUD.text),
    ],
)
def test_limits_are_those_that_pywa_names(where: Any, named: str, limit: int) -> None:
    found = re.search(named, where.__doc__ or "")
    assert found is not None
    assert int(found[1]) == limit


def test_three_buttons_and_a_row_of_ours_fit_what_pywa_names() -> None:
    assert "up to three" in (types.Button.__doc__ or "")
    assert CLOUD.buttons == 3
    tracker = re.search(r"tracker: .*up to (\d+) characters", WhatsApp.send_message.__doc__ or "")
    assert tracker is not None
    assert int(tracker[1]) >= CLOUD.row


@pytest.mark.parametrize("vector", vectors.cloud(), ids=lambda vector: vector.name)
def test_pywa_takes_the_same_signatures(pywa: WhatsApp, vector: Vector) -> None:
    signature = "sha256=" + hmac.new(SECRET.encode(), vector.raw, hashlib.sha256).hexdigest()
    changed = vector.raw.replace(b"whatsapp", b"whatsApp", 1)
    for raw, valid in ((vector.raw, True), (changed, False)):
        assert utils.webhook_updates_validator(SECRET, raw, signature) is valid
        assert (pywa.webhook_update_validator(raw, signature) is None) is valid
        assert cloud.verified(raw, signature, [SECRET]) is valid
