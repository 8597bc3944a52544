"""One conversation as staff read it."""

from __future__ import annotations

import pytest

from bot.booking.tables import bookings
from tests.console.pages.conftest import asks
from tests.console.pages.planting import CONTACT, NOON, Planted, answer, beside, full_conversation, words
from tests.console.pages.test_queues import plainly


async def test_everything_behind_a_conversation_is_there(pages, signed_in, plant):
    id = await plant(full_conversation())
    page = await (await signed_in("reader")).page(f"/conversations/{id}")
    told = plainly(page)
    for shown in (
        "Understood: The one-year deadline (88 %)",
        "Typed",
        "84 ms",
        "event_date December 3, 2025",
        "The person did not find this helpful",
        "texts 3",
        "law 2026-11-01",
        "No lawyer has approved this text",
        "How the date was counted: Thursday, December 3, 2026",
        "Day 0: Wednesday, December 3, 2025",
        "Nationality Honduras",
        "personal story of 120 words, not kept",
        "The same in English",
        "version 1a2b3c",
    ):
        assert shown in told, shown
    assert '<span class="chip"' in page
    assert "[PHONE_1]" not in page


FATES = {
    "waiting": ("Waiting to be sent on WhatsApp", "Falta enviarlo por WhatsApp"),
    "sent": ("The phone has not confirmed yet", "El teléfono todavía no confirma que llegó"),
    "delivered": ("Arrived on the phone", "Llegó al teléfono"),
    "read": ("Read on the phone", "Leído en el teléfono"),
    "failed": (
        "Not delivered. WhatsApp refused it. Call the person",
        "No se entregó. WhatsApp lo rechazó. Si puede, llame",
    ),
    "unknown": ("Nobody knows whether this arrived. Call", "No se sabe si llegó. Llame"),
    "blocked": (
        "Not delivered yet. It goes out when the person writes again",
        "Sale cuando la persona escriba de nuevo",
    ),
    "dropped": ("Not sent. The person sent STOP", "No se envió. La persona mandó ALTO"),
}


@pytest.mark.parametrize("fate", FATES)
async def test_staff_read_what_became_of_their_message_on_whatsapp(pages, signed_in, plant, fate):
    planted = Planted("es", channel="whatsapp")
    planted.heard("cuando me llaman")
    mine, other = planted.wrote("Hoy a las tres.", "s_1"), planted.wrote("¿Sigue ahí?", "s_1")
    correction = planted.said(words().notice("hello", "es"))
    id = await plant(planted)
    pages.desk.fates = {mine: fate, correction: fate, "m_other": "read"}
    for place, language in enumerate(("en", "es")):
        page = await (await signed_in("reader", language)).page(f"/conversations/{id}")
        for message, times in ((mine, 1), (correction, 1), (other, 0)):
            part = plainly("<main " + page.partition(f'<li id="m-{message}"')[2].partition("</li>")[0])
            assert part.count(FATES[fate][place]) == times, (message, part)
    pages.desk.fates = {mine: "something_new"}
    told = plainly(await (await signed_in("reader")).page(f"/conversations/{id}"))
    assert not any(said in told for said, _ in FATES.values())


async def test_each_message_carries_its_language(signed_in, plant):
    id = await plant(full_conversation())
    page = await (await signed_in("reader")).page(f"/conversations/{id}")
    assert '<html lang="en">' in page
    assert '<p class="words" lang="es">' in page
    assert '<p class="words" lang="en">' in page


async def test_opening_a_conversation_is_in_the_log(pages, signed_in, plant):
    id = await plant(full_conversation())
    await (await signed_in("reader")).page(f"/conversations/{id}")
    assert await pages.actions(id) == ["conversation.opened"]


async def test_the_title_and_the_address_tell_nothing_about_the_person(signed_in, plant):
    id = await plant(full_conversation())
    page = await (await signed_in("attorney")).page(f"/conversations/{id}")
    title = page[page.index("<title>") : page.index("</title>")]
    assert title.startswith(f"<title>Conversation {id[2:10]}")


async def test_a_person_who_asked_for_a_consultation_can_be_called_in_one_step(pages, signed_in, plant):
    id = await plant(full_conversation())
    await asks(pages, id)
    reviewer = await signed_in("reviewer", "es")
    assert CONTACT["phone_e164"] not in await reviewer.page(f"/conversations/{id}")
    page = await (await reviewer.post(f"/conversations/{id}/contact")).text()
    assert f'href="tel:{CONTACT["phone_e164"]}"' in page
    told = plainly(page)
    assert "Nombre Apellido" in told
    assert "No deje mensaje" in told
    assert "Prefiere Una llamada" in told
    assert "Cuándo puede En la mañana" in told
    assert await pages.actions(id) == ["conversation.opened", "contact.shown"]


async def test_who_said_that_a_message_is_safe_gets_no_warning(pages, signed_in, plant):
    id = await plant(full_conversation())
    await asks(pages, id, safe_to_leave_message="yes", email="a+b@example.org", safe_times_text="after 5 <b>")
    page = await (await (await signed_in("reviewer")).post(f"/conversations/{id}/contact")).text()
    assert "Do not leave a message" not in page
    assert 'href="mailto:a+b@example.org"' in page
    assert "after 5 &lt;b&gt;" in page


async def test_contact_that_cannot_be_decrypted_says_what_to_do(pages, signed_in, plant):
    id = await plant(full_conversation())
    saved = await asks(pages, id)
    async with pages.database.begin() as connection:
        await connection.execute(bookings.update().values(body=b"nothing of ours"))
    reviewer = await signed_in("reviewer")
    for path in (f"/conversations/{id}/contact", f"/bookings/{saved.request_id}/contact"):
        page = plainly(await (await reviewer.post(path)).text())
        assert "cannot be decrypted" in page


async def test_a_request_has_its_own_page(pages, signed_in, plant):
    id = await plant(full_conversation())
    saved = await asks(pages, id)
    reviewer = await signed_in("reviewer")
    path = f"/bookings/{saved.request_id}"
    page = await reviewer.page(path)
    assert CONTACT["phone_e164"] not in page
    assert f"/staff/conversations/{id}" in page
    assert "tried 0 times" in plainly(page)
    assert CONTACT["phone_e164"] in await (await reviewer.post(f"{path}/contact")).text()
    assert await pages.actions(saved.request_id) == ["booking.opened", "contact.shown"]
    reader = await signed_in("reader")
    assert "Your role does not see" in await reader.page(path)
    assert (await reader.post(f"{path}/contact")).status == 403


async def test_a_request_whose_person_was_erased_keeps_its_reference_only(pages, signed_in, plant):
    id = await plant(full_conversation())
    saved = await asks(pages, id)
    (item,) = await pages.bookings.lease("w", NOON, 1)
    await pages.bookings.refused(item, "http_410")
    await pages.bookings.erase(id)
    page = plainly(await (await signed_in("admin")).page(f"/bookings/{saved.request_id}"))
    assert "The person's data were erased" in page.replace("&#39;", "'")
    assert "Show name" not in page


async def test_sending_again_queues_what_was_refused(open_console):
    console = await open_console(
        {"FARO_BOOKING_URL": "https://firm.example/hook", "FARO_BOOKING_SECRET": "whsec_" + "QUFB" * 8},
        other=beside(),
    )
    id = await full_conversation().save(console.store)
    saved = await asks(console, id)
    (item,) = await console.bookings.lease("w", NOON, 1)
    await console.bookings.refused(item, "http_410")
    staff, _ = await console.member("reviewer")
    reviewer = await console.signed_in(staff)
    page = await reviewer.page(f"/conversations/{id}")
    assert "Refused" in page and "Send again" in page
    answer = await reviewer.post(f"/bookings/{saved.request_id}/resend", {"back": "conversation"})
    assert answer.headers["Location"] == f"/staff/conversations/{id}?said=resent#said"
    assert (await console.bookings.by_id(saved.request_id)).delivery == "queued"
    assert await console.actions(saved.request_id) == ["booking.resent"]


async def test_without_a_system_nothing_is_said_to_be_sent(pages, signed_in, plant):
    saved = await asks(pages, await plant(full_conversation()))
    answer = await (await signed_in("reviewer")).post(f"/bookings/{saved.request_id}/resend")
    assert answer.headers["Location"] == f"/staff/bookings/{saved.request_id}?said=no_system#said"


@pytest.mark.parametrize(
    "path", ["/conversations/c_none", "/conversations/..%2f..", "/bookings/none", "/bookings/%00"]
)
async def test_what_does_not_exist_is_not_found(signed_in, path):
    assert (await (await signed_in("admin")).get(path)).status in (404, 400)


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"{{ 7 * 7 }} ]]> --> </textarea></script>"


async def test_what_a_person_wrote_is_text_and_never_markup(pages, signed_in, plant):
    planted = Planted(
        "en",
        changes={"urgency": "urgent", "urgent_at": NOON, "topic": HOSTILE[:64], "facts": {"place": HOSTILE}},
    )
    planted.heard(
        HOSTILE,
        HOSTILE,
        0.4,
        look="fallback",
        ranking=({"name": HOSTILE, "confidence": 0.4},),
        entities=({"entity": HOSTILE, "value": HOSTILE},),
    )
    hostile = answer("filing_fee", "en").as_dict()
    source = {"cite": HOSTILE, "url": "javascript:alert(1)", "checked": HOSTILE}
    told = {
        **hostile,
        "title": HOSTILE,
        "notes": [HOSTILE],
        "parameters": {HOSTILE: HOSTILE},
        "sources": [source],
    }
    planted.added("bot", "answer", HOSTILE, reply=told, rating="down")
    id = await plant(planted)
    await pages.review.label(id, HOSTILE[:64], True)
    admin = await signed_in("admin")
    export = await (await admin.post(f"/conversations/{id}/export")).text()
    for page in [
        *[
            await admin.page(path)
            for path in ("/", "/queues/look", "/queues/down", "/conversations", f"/conversations/{id}")
        ],
        export,
    ]:
        assert "<script>alert" not in page
        assert "<img" not in page
        assert 'href="javascript' not in page
        assert "49" not in page[page.index("<body") :].split("alert(2)")[1][:20]


async def test_twenty_thousand_letters_in_one_message_are_shown(signed_in, plant):
    planted = Planted("es")
    planted.heard("ñ" * 20_000, "greet")
    id = await plant(planted)
    reader = await signed_in("reader")
    assert "ñ" * 20_000 in await reader.page(f"/conversations/{id}")
    assert "ñ" * 500 not in await reader.page("/conversations")


async def test_a_reply_of_an_older_version_is_still_shown(signed_in, plant):
    planted = Planted("es")
    planted.added(
        "bot", "answer", "Texto viejo", reply={"id": "gone_topic", "lang": "es", "keep": {"calculation": 3}}
    )
    planted.added("bot", "notice", "Sin nada", reply=None)
    id = await plant(planted)
    page = await (await signed_in("reader")).page(f"/conversations/{id}")
    assert "Texto viejo" in page and "Sin nada" in page
    assert "No text in the other language" in page
