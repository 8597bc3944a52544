"""What staff do with a conversation: it happens, the page says so, and the log has it."""

from __future__ import annotations

import hashlib
import html
import json
import re
from datetime import timedelta

import pytest

from bot.console.ports import Erasure, Window
from bot.console.telling import short_id
from tests.console.pages.conftest import asks
from tests.console.pages.planting import CONTACT, NOON, full_conversation
from tests.console.pages.test_queues import plainly


def at(id: str, said: str) -> str:
    """Where a page leads after a form."""
    return f"/staff/conversations/{id}?said={said}#said"


async def test_a_conversation_is_marked_as_reviewed(pages, signed_in, plant):
    id = await plant(full_conversation())
    reviewer = await signed_in("reviewer")
    answer = await reviewer.post(f"/conversations/{id}/reviewed")
    assert answer.headers["Location"] == at(id, "reviewed")
    page = plainly(await reviewer.page(f"/conversations/{id}?said=reviewed"))
    assert "Marked as reviewed." in page
    assert "Reviewed by Nora Reviewer" in page
    assert await pages.actions(id) == ["conversation.reviewed", "conversation.opened"]


async def test_labels_go_on_and_off(pages, signed_in, plant):
    id = await plant(full_conversation())
    reviewer = await signed_in("reviewer", "es")
    answer = await reviewer.post(f"/conversations/{id}/label", {"label": "notario", "on": "yes"})
    assert answer.headers["Location"] == at(id, "labelled")
    assert "Quitar Dañado por un notario" in await reviewer.page(f"/conversations/{id}")
    answer = await reviewer.post(f"/conversations/{id}/label", {"label": "notario", "on": "yes"})
    assert answer.headers["Location"] == at(id, "already")
    answer = await reviewer.post(f"/conversations/{id}/label", {"label": "notario"})
    assert answer.headers["Location"] == at(id, "unlabelled")
    whole = await pages.review.whole(id)
    assert whole.row.labels == ()


async def test_only_known_labels_go_on(pages, signed_in, plant):
    id = await plant(full_conversation())
    answer = await (await signed_in("reviewer")).post(
        f"/conversations/{id}/label", {"label": "Ana", "on": "yes"}
    )
    assert answer.headers["Location"] == at(id, "already")
    assert (await pages.review.whole(id)).row.labels == ()


async def test_a_conversation_is_taken_over_written_in_and_given_back(pages, signed_in, plant):
    id = await plant(full_conversation())
    reviewer = await signed_in("reviewer")
    assert "<textarea" not in await reviewer.page(f"/conversations/{id}")
    answer = await reviewer.post(f"/conversations/{id}/claim")
    assert answer.headers["Location"] == at(id, "claimed")
    page = await reviewer.page(f"/conversations/{id}")
    key = re.search(r'name="key" value="([0-9a-f]{32})"', page)[1]
    for _again in range(2):
        answer = await reviewer.post(f"/conversations/{id}/write", {"text": " Buenas\r\ntardes ", "key": key})
        assert answer.headers["Location"] == at(id, "sent")
    written = [call for call in pages.desk.calls if call[0] == "write"]
    assert written == [("write", id, reviewer.staff.id, reviewer.staff.name, "Buenas\ntardes")]
    answer = await reviewer.post(f"/conversations/{id}/release")
    assert answer.headers["Location"] == at(id, "released")
    assert "<textarea" not in await reviewer.page(f"/conversations/{id}")


async def test_whoever_takes_over_first_has_it(pages, signed_in, plant):
    id = await plant(full_conversation())
    first, second, admin = await signed_in("reviewer"), await signed_in("attorney"), await signed_in("admin")
    await first.post(f"/conversations/{id}/claim")
    assert (await second.post(f"/conversations/{id}/claim")).headers["Location"] == at(id, "taken")
    page = plainly(await second.page(f"/conversations/{id}"))
    assert "Nora Reviewer is writing with this person" in page
    assert (await second.post(f"/conversations/{id}/release")).headers["Location"] == at(id, "not_held")
    assert (await admin.post(f"/conversations/{id}/release")).headers["Location"] == at(id, "released")
    assert pages.desk.calls[-1] == ("release", id, None)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("window_closed", "WhatsApp takes no message more than 24 hours"),
        ("personal", "Leave out numbers"),
        ("stopped", "The person asked for no more messages"),
        ("not_held", "You have not taken over"),
    ],
)
async def test_what_could_not_be_sent_is_not_lost(pages, signed_in, plant, outcome, said):
    id = await plant(full_conversation())
    reviewer = await signed_in("reviewer")
    await reviewer.post(f"/conversations/{id}/claim")
    pages.desk.answers["write"] = outcome
    answer = await reviewer.post(f"/conversations/{id}/write", {"text": "Le llamo mañana", "key": "0" * 32})
    page = await answer.text()
    assert answer.status == 409
    assert said in page
    assert "Le llamo mañana</textarea>" in page
    assert 'role="alert"' in page


async def test_an_empty_or_endless_message_is_not_sent(pages, signed_in, plant):
    id = await plant(full_conversation())
    reviewer = await signed_in("reviewer")
    await reviewer.post(f"/conversations/{id}/claim")
    for text, said in ((" \n", "Write something first"), ("x" * 4001, "longer than 4000 letters")):
        answer = await reviewer.post(f"/conversations/{id}/write", {"text": text, "key": "0" * 32})
        assert (answer.status, said in await answer.text()) == (409, True)
    assert not [call for call in pages.desk.calls if call[0] == "write"]


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (Window("whatsapp", NOON + timedelta(hours=5), False), "durante 5 h 0 min más"),
        (Window("whatsapp", NOON - timedelta(minutes=1), False), "WhatsApp ya no acepta mensajes"),
        (Window("whatsapp", None, False), "WhatsApp ya no acepta mensajes"),
        (Window("whatsapp", NOON + timedelta(hours=5), True), "La persona mandó ALTO"),
        (Window("web", None, False), "La persona lee esto en el sitio web"),
    ],
)
async def test_the_page_tells_whether_the_person_can_be_written_to(pages, signed_in, plant, window, said):
    pages.desk.next_window = window
    id = await plant(full_conversation())
    assert said in plainly(await (await signed_in("reviewer", "es")).page(f"/conversations/{id}"))


async def test_what_is_hidden_is_shown_once_for_a_reason_that_the_log_keeps(pages, signed_in, plant):
    planted = full_conversation()
    id = await plant(planted)
    message = planted.messages[0].id
    attorney = await signed_in("attorney")
    assert "Fulano" not in await attorney.page(f"/conversations/{id}")
    refused = await attorney.post(f"/conversations/{id}/reveal", {"message": message, "why": ""})
    assert (refused.status, "Fulano" in await refused.text()) == (400, False)
    shown = await attorney.post(f"/conversations/{id}/reveal", {"message": message, "why": "safety"})
    assert "hola me llamo Fulano, mi numero es 202 555 0142" in await shown.text()
    assert "no-store" in shown.headers["Cache-Control"]
    assert "Fulano" not in await attorney.page(f"/conversations/{id}")
    lines, _ = await pages.audit.page(100, object_id=id)
    (line,) = [one for one in lines if one.action == "message.revealed"]
    assert (line.staff_id, dict(line.detail)) == (attorney.staff.id, {"message": message, "why": "safety"})


async def test_only_messages_of_this_conversation_are_revealed(pages, signed_in, plant):
    other = full_conversation()
    await plant(other)
    id = await plant(full_conversation())
    attorney = await signed_in("attorney")
    answer = await attorney.post(
        f"/conversations/{id}/reveal", {"message": other.messages[0].id, "why": "safety"}
    )
    assert answer.status == 404
    assert "message.revealed" not in await pages.actions()


async def test_words_that_are_no_longer_kept_are_said_to_be_gone(pages, signed_in, plant):
    planted = full_conversation()
    id = await plant(planted)
    answer = await (await signed_in("attorney")).post(
        f"/conversations/{id}/reveal", {"message": planted.messages[2].id, "why": "quality"}
    )
    assert answer.status == 410
    assert "no longer kept" in await answer.text()


async def test_a_hold_needs_a_reason_and_keeps_the_conversation_from_being_erased(pages, signed_in, plant):
    id = await plant(full_conversation())
    attorney = await signed_in("attorney")
    assert (await attorney.post(f"/conversations/{id}/hold", {"why": "  "})).status == 400
    answer = await attorney.post(f"/conversations/{id}/hold", {"why": "Subpoena 12 <b>"})
    assert answer.headers["Location"] == at(id, "hold_on")
    page = await attorney.page(f"/conversations/{id}")
    assert "On legal hold: Subpoena 12 &lt;b&gt;" in page
    pages.desk.next_erasure = Erasure(False, True, ())
    refused = await attorney.post(f"/conversations/{id}/erase", {"typed": short_id(id)})
    assert (refused.status, "Lift the hold first" in await refused.text()) == (409, True)
    assert (await attorney.post(f"/conversations/{id}/lift")).headers["Location"] == at(id, "hold_off")
    assert (await attorney.post(f"/conversations/{id}/lift")).headers["Location"] == at(id, "already")
    assert "Subpoena" not in json.dumps([dict(line.detail) for line in (await pages.audit.page(100))[0]])


async def test_erasing_asks_for_the_short_id_and_names_what_cannot_be_taken_back(pages, signed_in, plant):
    id = await plant(full_conversation())
    attorney = await signed_in("attorney", "es")
    wrong = await attorney.post(f"/conversations/{id}/erase", {"typed": "yes"})
    assert (wrong.status, "No se borró nada" in await wrong.text()) == (400, True)
    assert ("erase", id) not in pages.desk.calls
    pages.desk.next_erasure = Erasure(True, False, ("firm_has_booking", "whatsapp_copy", "engine_later"))
    answer = await attorney.post(f"/conversations/{id}/erase", {"typed": f" {short_id(id).upper()} "})
    page = plainly(await answer.text())
    assert answer.status == 200
    for told in (
        "El sistema de la firma ya recibió",
        "WhatsApp conserva su propia copia",
        "motor de diálogo",
    ):
        assert told in page
    assert await pages.actions(id) == ["conversation.erase_asked", "conversation.erased"]


async def test_a_conversation_that_was_erased_meanwhile_leads_back_to_the_list(pages, signed_in, plant):
    id = await plant(full_conversation())
    pages.desk.answers["claim"] = "gone"
    answer = await (await signed_in("reviewer")).post(f"/conversations/{id}/claim")
    assert answer.headers["Location"] == "/staff/conversations?said=gone#said"


def saved_content(page: str) -> str:
    """The block of data in an exported page."""
    return re.search(r'<script type="application/json" id="content">(.*?)</script>', page, re.DOTALL)[1]


async def test_an_export_holds_everything_and_its_checksum_can_be_checked(pages, signed_in, plant):
    planted = full_conversation()
    id = await plant(planted)
    await asks(pages, id)
    attorney = await signed_in("attorney")
    answer = await attorney.post(f"/conversations/{id}/export")
    page = await answer.text()
    assert answer.headers["Content-Disposition"] == f'attachment; filename="faro-{short_id(id)}.html"'
    content = saved_content(page)
    checksum = hashlib.sha256(content.encode()).hexdigest()
    assert checksum in page
    read = json.loads(content)
    assert [one["id"] for one in read["messages"]] == [one.id for one in planted.messages]
    assert read["conversation"]["facts"]["nationality"] == "Honduras"
    assert read["request"]["contents"] is None
    assert CONTACT["phone_e164"] not in page
    (line,) = [one for one in (await pages.audit.page(10))[0] if one.action == "conversation.exported"]
    assert dict(line.detail) == {"sha256": checksum, "contact": False}
    assert attorney.staff.name in page
    for outside in ("<link", "<img", "src=", "@import", 'http-equiv="refresh'):
        assert outside not in page[: page.index('id="content"')].replace("default-src", "")


async def test_the_same_content_has_the_same_checksum_whoever_saves_it(pages, signed_in, plant):
    id = await plant(full_conversation())
    first = saved_content(
        await (await (await signed_in("attorney")).post(f"/conversations/{id}/export")).text()
    )
    pages.clock.pass_time(minutes=3)
    second = saved_content(
        await (await (await signed_in("admin", "es")).post(f"/conversations/{id}/export")).text()
    )
    assert first == second
    await pages.review.label(id, "training", True)
    third = saved_content(await (await (await signed_in("admin")).post(f"/conversations/{id}/export")).text())
    assert third != first


async def test_an_export_with_contact_is_logged_as_such(pages, signed_in, plant):
    id = await plant(full_conversation())
    await asks(pages, id)
    attorney = await signed_in("attorney", "es")
    page = await (await attorney.post(f"/conversations/{id}/export", {"contact": "yes"})).text()
    assert CONTACT["phone_e164"] in html.unescape(page)
    assert (
        json.loads(saved_content(page))["request"]["contents"]["contact"]["name_as_given"]
        == "Nombre Apellido"
    )
    (line,) = [one for one in (await pages.audit.page(10))[0] if one.action == "conversation.exported"]
    assert line.detail["contact"] is True


@pytest.mark.parametrize("role", ["reader", "reviewer"])
@pytest.mark.parametrize("action", ["reveal", "hold", "lift", "erase", "export"])
async def test_what_an_attorney_decides_is_not_for_others(pages, signed_in, plant, role, action):
    id = await plant(full_conversation())
    visitor = await signed_in(role)
    answer = await visitor.post(f"/conversations/{id}/{action}", {"typed": short_id(id), "why": "safety"})
    assert answer.status == 403
    assert f"/{action}" not in await visitor.page(f"/conversations/{id}")


@pytest.mark.parametrize(
    "action",
    [
        "reviewed",
        "touched",
        "label",
        "claim",
        "release",
        "write",
        "contact",
        "reveal",
        "hold",
        "erase",
        "export",
    ],
)
async def test_nothing_can_be_done_with_a_conversation_that_does_not_exist(signed_in, action):
    admin = await signed_in("admin")
    assert (await admin.post(f"/conversations/c_none/{action}", {"why": "safety"})).status == 404
