"""Finding conversations: filters in the address, words that are searched for never."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from bot.transcripts.tables import messages
from tests.console.pages.planting import NOON, Planted


async def three(plant) -> dict[str, str]:
    """A conversation that booked, one without an answer, and one on WhatsApp, by name."""
    booked = Planted(
        "es", began=NOON - timedelta(days=3), changes={"outcome": "booked", "topic": "filing_fee"}
    )
    booked.heard("quiero saber de mi aplicación", "filing_fee")
    lost = Planted("en", began=NOON - timedelta(days=2), changes={"outcome": "unanswered"})
    lost.heard("what about the weather", "out_of_scope")
    phone = Planted("es", "whatsapp", began=NOON - timedelta(days=1), changes={"urgency": "soon"})
    phone.heard("hola buenas", "greet")
    return {"booked": await plant(booked), "lost": await plant(lost), "phone": await plant(phone)}


def found_in(page: str, known: dict[str, str]) -> list[str]:
    """The names of those that stand on a page, in its order."""
    there = {name: page.find(f"/conversations/{id}") for name, id in known.items()}
    return sorted((name for name in there if there[name] > 0), key=lambda name: there[name])


async def test_the_newest_stand_first(signed_in, plant):
    known = await three(plant)
    page = await (await signed_in("reader")).page("/conversations")
    assert found_in(page, known) == ["phone", "lost", "booked"]


async def test_every_filter_narrows_the_list(pages, signed_in, plant):
    known = await three(plant)
    await pages.review.label(known["lost"], "training", True)
    await pages.review.review(known["booked"], "s_1", NOON)
    await pages.review.hold(known["phone"], "s_1", "subpoena", NOON)
    reader = await signed_in("reader")
    async with pages.database.begin() as connection:
        await connection.execute(
            messages.update()
            .where(messages.c.conversation_id == known["lost"])
            .values(author="staff", staff_id=reader.staff.id)
        )
    await pages.review.claim(known["phone"], reader.staff.id, NOON)
    for query, names in (
        ("outcome=booked", ["booked"]),
        ("topic=filing_fee", ["booked"]),
        ("language=en", ["lost"]),
        ("channel=whatsapp", ["phone"]),
        ("urgency=soon", ["phone"]),
        ("label=training", ["lost"]),
        ("reviewed=yes", ["booked"]),
        ("reviewed=no", ["phone", "lost"]),
        ("held=yes", ["phone"]),
        (f"staff={reader.staff.id}", ["phone"]),
        ("reviewer=s_1", ["booked"]),
        (f"writer={reader.staff.id}", ["lost"]),
        ("since=2026-11-19&until=2026-11-19", ["lost"]),
        ("until=2026-11-18", ["booked"]),
        ("channel=whatsapp&language=en", []),
        ("channel=pigeon", ["phone", "lost", "booked"]),
    ):
        assert found_in(await reader.page(f"/conversations?{query}"), known) == names, query


async def test_a_search_finds_without_accents_and_leaves_no_trace_in_an_address(signed_in, plant):
    known = await three(plant)
    reader = await signed_in("reader")
    answer = await reader.post("/conversations", {"text": "APLICACION", "language": "es"})
    page = await answer.text()
    assert answer.status == 200
    assert found_in(page, known) == ["booked"]
    assert not re.search(r'(href|action)="[^"]*aplicacion', page, re.IGNORECASE)
    empty = await reader.post("/conversations", {"text": "aplicacion", "language": "en"})
    assert "No conversation fits" in await empty.text()


async def test_filters_without_words_get_an_address_that_can_be_kept(signed_in):
    reader = await signed_in("reader")
    answer = await reader.post(
        "/conversations", {"text": " ", "language": "es", "outcome": "booked", "evil": "1"}
    )
    where = urlsplit(answer.headers["Location"])
    assert (answer.status, where.path) == (303, "/staff/conversations")
    assert parse_qs(where.query) == {"language": ["es"], "outcome": ["booked"]}


async def test_a_long_list_goes_on_page_by_page_with_its_filters(signed_in, plant):
    ids = []
    for number in range(53):
        planted = Planted("en", began=NOON - timedelta(hours=number))
        planted.heard(f"question number {number}")
        ids.append(await plant(planted))
    reader = await signed_in("reader")
    first = await reader.page("/conversations?language=en")
    assert ids[49] in first and ids[50] not in first
    older = re.search(r'href="/staff(/conversations\?[^"]*before=[^"]*)"', first)
    second = await reader.page(older[1].replace("&amp;", "&"))
    assert "language=en" in older[1]
    assert ids[50] in second and ids[49] not in second
    found = await (await reader.post("/conversations", {"text": "question"})).text()
    place = re.search(r'name="before" value="([^"]+)"', found)
    more = await (await reader.post("/conversations", {"text": "question", "before": place[1]})).text()
    assert ids[52] in more and ids[0] not in more


async def test_a_kept_search_is_there_for_who_kept_it_and_nobody_else(pages, signed_in, plant):
    known = await three(plant)
    reader, other = await signed_in("reader"), await signed_in("reader")
    await reader.post("/views", {"name": "Solicitudes", "text": "aplicacion", "language": "es"})
    page = await reader.page("/conversations")
    assert "Solicitudes" in page
    path = re.search(r'href="/staff(/views/[^"#]+)#found"', page)[1]
    assert found_in(await reader.page(path), known) == ["booked"]
    assert "Solicitudes" not in await other.page("/conversations")
    assert (await other.get(path)).headers["Location"] == "/staff/conversations?said=gone#said"
    await other.post(f"{path}/delete")
    assert "Solicitudes" in await reader.page("/conversations")
    answer = await reader.post(f"{path}/delete")
    assert answer.headers["Location"] == "/staff/conversations?said=view_deleted#said"
    assert "Solicitudes" not in await reader.page("/conversations")


async def test_a_kept_search_without_words_leads_to_its_address(signed_in):
    reader = await signed_in("reader")
    await reader.post("/views", {"name": "Booked", "outcome": "booked"})
    path = re.search(r'href="/staff(/views/[^"#]+)#found"', await reader.page("/conversations"))[1]
    assert (await reader.get(path)).headers["Location"] == "/staff/conversations?outcome=booked"


async def test_a_search_needs_a_name_to_be_kept(signed_in):
    reader = await signed_in("reader")
    answer = await reader.post("/views", {"name": "  ", "outcome": "booked"})
    page = await answer.text()
    assert (answer.status, "Give the search a name first." in page) == (400, True)
    assert '<option value="booked" selected>' in page
    answer = await reader.post("/views", {"name": "", "text": "aplicacion"})
    assert 'value="aplicacion"' in await answer.text()
