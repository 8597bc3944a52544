"""What is to do: the urgent lead, and each queue says what it means when it is empty."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.booking.ports import Outcome
from bot.transcripts.records import AlarmRecord
from tests.console.pages.conftest import asks
from tests.console.pages.planting import CONTACT, NOON, Planted, beside, full_conversation, words

QUEUES = ("urgent", "requests", "look", "down", "alarms")


def plainly(page: str) -> str:
    """A page's words without its markup."""
    body = page[page.index("<main") :]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


@pytest.mark.parametrize(
    ("language", "words_of"),
    [("en", ("Nobody urgent", "No alarms")), ("es", ("No hay nadie urgente", "No hay alarmas"))],
)
async def test_empty_queues_say_what_it_means(signed_in, language, words_of):
    reader = await signed_in("reader", language)
    page = plainly(await reader.page("/"))
    for said in words_of:
        assert said in page
    for name in QUEUES:
        assert "empty" in await reader.page(f"/queues/{name}")


async def test_an_emergency_leads_and_tells_how_long_nobody_has_been_in_touch(pages, signed_in, plant):
    urgent = await plant(full_conversation())
    late = Planted("en", changes={"urgency": "emergency", "urgent_at": NOON - timedelta(minutes=12)})
    late.heard("they are at my door", "emergency_agents")
    emergency = await plant(late)
    page = await (await signed_in("reader")).page("/")
    assert page.index(emergency) < page.index(urgent)
    told = plainly(page)
    assert "waiting 12 min nobody has been in touch yet" in told
    assert "waiting 2 h 10 min" in told
    assert "espera desde hace 2 h 10 min" in plainly(await (await signed_in("reader", "es")).page("/"))


async def test_who_was_called_leaves_the_urgent_queue(pages, signed_in, plant):
    id = await plant(full_conversation())
    reviewer = await signed_in("reviewer")
    answer = await reviewer.post(f"/conversations/{id}/touched", {"back": "queues"})
    assert (answer.status, answer.headers["Location"]) == (303, "/staff/?said=touched#said")
    page = plainly(await reviewer.page("/?said=touched"))
    assert "Noted that the firm was in touch." in page
    assert "Nobody urgent is waiting" in page
    assert await pages.actions(id) == ["conversation.touched"]


async def test_a_request_shows_how_its_delivery_stands(pages, signed_in, plant):
    saved = await asks(pages, await plant(full_conversation()))
    told = plainly(await (await signed_in("reader", "es")).page("/queues/requests"))
    assert f"Solicitud {saved.reference}" in told
    assert "En camino" in told


async def listed(visitor, path):
    """The references that a list of requests shows, in its order."""
    return re.findall(r"(?:Request|Solicitud) ([A-Z0-9]{6})</a>", await visitor.page(path))


async def asked_for(pages, plant, level, minutes=0):
    """A request of somebody of their own, so many minutes after noon."""
    id = await plant(Planted("es"))
    pages.clock.moment = NOON + timedelta(minutes=minutes)
    return await pages.bookings.request(id, f"e_{id}", {}, CONTACT, level, "es", pages.clock.moment)


async def test_requests_wait_the_refused_first_then_by_level_then_by_time(pages, signed_in, plant):
    soon = await asked_for(pages, plant, "soon")
    late = await asked_for(pages, plant, "urgent", 5)
    early = await asked_for(pages, plant, "urgent", 2)
    refused = await asked_for(pages, plant, "routine", 7)
    there = await asked_for(pages, plant, "emergency", 1)
    gone = await asked_for(pages, plant, "urgent", 8)
    items = {item.request_id: item for item in await pages.bookings.lease("w", pages.clock.moment, 9)}
    await pages.bookings.refused(items[refused.request_id], "http_410")
    await pages.bookings.delivered(items[there.request_id], Outcome("delivered"), pages.clock.moment)
    conversation = (await pages.bookings.by_id(gone.request_id)).conversation_id
    await pages.bookings.cancel(conversation, "e_gone", pages.clock.moment)
    reader = await signed_in("reader")
    order = [one.reference for one in (refused, early, late, soon)]
    for path in ("/", "/queues/requests", "/bookings"):
        assert await listed(reader, path) == order, path
    newest = [one.reference for one in (gone, refused, late, early, there, soon)]
    assert await listed(reader, "/bookings?which=all") == newest
    assert (await (await reader.get("/counts")).json())["requests"] == 4
    assert '<span class="count" data-count="requests">4</span>' in await reader.page("/")


@pytest.mark.parametrize("back", ["", "queues", "requests", "waiting", "all", "//evil.example"])
async def test_who_was_called_leaves_the_requests_and_comes_back_when_that_is_undone(
    pages, signed_in, plant, back
):
    id = await plant(full_conversation())
    saved = await asks(pages, id)
    reviewer = await signed_in("reviewer", "es")
    path = f"/bookings/{saved.request_id}"
    places = {
        "queues": "/",
        "requests": "/queues/requests",
        "waiting": "/bookings",
        "all": "/bookings?which=all",
    }
    assert await listed(reviewer, "/queues/requests") == [saved.reference]
    answer = await reviewer.post(f"{path}/handled", {"back": back})
    place = answer.headers["Location"].removeprefix("/staff").partition("#")[0]
    assert place.startswith(places.get(back, path)) and "said=handled" in place
    assert await listed(reviewer, "/queues/requests") == await listed(reviewer, "/bookings") == []
    assert "No hay solicitudes en espera" in plainly(await reviewer.page("/queues/requests"))
    assert (await pages.review.counts())["urgent"] == 0, "the same press takes the person off the urgent"
    told = plainly(await reviewer.page("/bookings?which=all"))
    assert "Nora Reviewer llamó o escribió" in told
    page = await reviewer.page(place)
    if back in places:
        assert f'action="/staff{path}/reopened"' in page and f"Deshacer para {saved.reference}" in plainly(
            page
        )
    else:
        assert "Volver a ponerla en la lista" in plainly(page)
    again = await reviewer.post(f"{path}/handled", {"back": back})
    assert "said=already" in again.headers["Location"]

    answer = await reviewer.post(f"{path}/reopened", {"back": back})
    assert "said=reopened" in answer.headers["Location"]
    assert await listed(reviewer, "/queues/requests") == [saved.reference]
    assert (await pages.review.counts())["urgent"] == 1
    assert "llamó o escribió" not in plainly(await reviewer.page(path)).replace("Ya llamé o escribí", "")
    again = await reviewer.post(f"{path}/reopened", {"back": back})
    assert "said=already" in again.headers["Location"]
    kept = [action for action in await pages.actions(saved.request_id) if action != "booking.opened"]
    assert kept == ["booking.handled", "booking.handled", "booking.reopened", "booking.reopened"]


async def test_a_call_noted_in_the_conversation_counts_for_its_request(pages, signed_in, plant):
    id = await plant(full_conversation())
    saved = await asks(pages, id)
    reviewer = await signed_in("reviewer")
    await reviewer.post(f"/conversations/{id}/touched")
    assert await listed(reviewer, "/queues/requests") == []
    assert "Nora Reviewer called or wrote" in plainly(await reviewer.page(f"/conversations/{id}"))
    before = await pages.review.whole(id)
    await reviewer.post(f"/bookings/{saved.request_id}/reopened")
    after = await pages.review.whole(id)
    assert before.row.human_at == pages.clock.now() and after.row.human_at is None


async def test_a_correction_after_the_call_makes_a_request_wait_again(pages, signed_in, plant):
    id = await plant(full_conversation())
    saved = await asks(pages, id)
    reviewer = await signed_in("reviewer")
    await reviewer.post(f"/bookings/{saved.request_id}/handled")
    pages.clock.moment = NOON + timedelta(minutes=3)
    await pages.bookings.update(id, "e_new", {}, CONTACT, "urgent", "es", pages.clock.moment)
    assert await listed(reviewer, "/queues/requests") == [saved.reference]
    page = plainly(await reviewer.page(f"/bookings/{saved.request_id}"))
    assert "I called or wrote" in page and "Nora Reviewer called" not in page


async def test_the_waiting_requests_go_on_page_by_page(pages, signed_in, plant):
    order = [await asked_for(pages, plant, "routine", number) for number in range(53)]
    reader = await signed_in("reader")
    for path in ("/bookings", "/queues/requests"):
        first = await listed(reader, path)
        assert first == [one.reference for one in order[:50]]
        following = re.search(rf'href="/staff({path}\?before=[^"]+)"', await reader.page(path))[1]
        assert await listed(reader, following) == [one.reference for one in order[50:]]
    assert len(await listed(reader, "/")) == 5
    every = re.search(
        r'href="/staff(/bookings\?which=all[^"]*before=[^"]+)"', await reader.page("/bookings?which=all")
    )
    assert await listed(reader, every[1].replace("&amp;", "&")) == [one.reference for one in order[2::-1]]


@pytest.mark.parametrize("has_system", [True, False])
async def test_the_list_says_whether_another_system_is_the_inbox(open_console, has_system):
    hook = {"FARO_BOOKING_URL": "https://firm.example/hook", "FARO_BOOKING_SECRET": "whsec_" + "QUFB" * 8}
    console = await open_console(hook if has_system else {}, other=beside())
    staff, _ = await console.member("reader")
    told = plainly(await (await console.signed_in(staff)).page("/bookings"))
    assert ("What your own system has accepted does not wait here" in told) is has_system
    assert ("No other system is connected" in told) is not has_system


async def test_only_a_request_that_is_marked_can_be_undone_from_the_address(pages, signed_in, plant):
    saved = await asks(pages, await plant(full_conversation()))
    reviewer, reader = await signed_in("reviewer"), await signed_in("reader")
    for marked in (saved.request_id, "none", "<b>", "x" * 99):
        page = await (await reviewer.get("/bookings", params={"marked": marked})).text()
        assert "Undo for" not in page, marked
    await reviewer.post(f"/bookings/{saved.request_id}/handled")
    assert "Undo for" in await reviewer.page(f"/bookings?marked={saved.request_id}")
    assert "Undo for" not in await reader.page(f"/bookings?marked={saved.request_id}")


async def test_an_answer_that_was_looked_at_leaves_its_queue(pages, signed_in, plant):
    planted = full_conversation()
    id = await plant(planted)
    reviewer = await signed_in("reviewer")
    unsure = next(one.id for one in planted.messages if one.look)
    page = await reviewer.page("/queues/look")
    assert f"/conversations/{id}#m-{unsure}" in page
    answer = await reviewer.post(f"/messages/{unsure}/looked", {"back": "look"})
    assert answer.headers["Location"] == "/staff/queues/look?said=looked#said"
    assert unsure not in await reviewer.page("/queues/look")
    again = await reviewer.post(f"/messages/{unsure}/looked", {"conversation": id})
    assert again.headers["Location"] == f"/staff/conversations/{id}?said=already#said"


async def test_a_bad_rating_stands_with_the_question_and_the_answer(pages, signed_in, plant):
    planted = full_conversation()
    await plant(planted)
    rated = next(one for one in planted.messages if one.rating == "down")
    reviewer = await signed_in("reviewer")
    page = await reviewer.page("/queues/down")
    assert rated.id in page
    assert "cuanto tiempo tengo para pedir asilo" in page
    assert "La regla general" in page
    await reviewer.post(f"/messages/{rated.id}/looked", {"back": "down"})
    assert rated.id not in await reviewer.page("/queues/down")


async def test_an_alarm_that_was_dealt_with_is_gone(pages, signed_in):
    await pages.store.add_alarm(AlarmRecord("a_1", NOON, "store", "OperationalError"))
    reviewer = await signed_in("reviewer")
    assert "Something could not be kept" in plainly(await reviewer.page("/queues/alarms"))
    answer = await reviewer.post("/alarms/a_1/settled")
    assert answer.headers["Location"] == "/staff/queues/alarms?said=settled#said"
    assert "No alarms" in plainly(await reviewer.page("/queues/alarms"))


async def test_an_alarm_leads_to_the_request_and_to_the_number_of_who_may_read_it(pages, signed_in, plant):
    saved = await asks(pages, await plant(full_conversation()))
    about = AlarmRecord("a_1", NOON, "whatsapp", "blocked_131047", request_id=saved.request_id)
    await pages.store.add_alarm_about(about)
    reader, reviewer = await signed_in("reader"), await signed_in("reviewer")
    page = await reader.page("/queues/alarms")
    assert f'href="/staff/bookings/{saved.request_id}"' in page
    assert f"Request {saved.reference}" in plainly(page)
    assert "Call them." in plainly(page)
    assert "faro whatsapp status" not in page
    contact = f"/bookings/{saved.request_id}/contact"
    assert contact not in page
    assert f'action="/staff{contact}#contact"' in await reviewer.page("/queues/alarms")
    shown = await (await reviewer.post(contact)).text()
    assert CONTACT["phone_e164"] in shown
    assert await pages.actions(saved.request_id) == ["contact.shown"]


async def test_an_alarm_without_a_request_says_where_the_number_is_found(pages, signed_in, plant):
    id = await plant(full_conversation())
    await pages.store.add_alarm_about(AlarmRecord("a_1", NOON, "whatsapp", "failed_131026", "c_not_kept"))
    nobody = await (await signed_in("reader", "es")).page("/queues/alarms")
    assert "No se pudo contactar a alguien por WhatsApp" in plainly(nobody)
    assert "faro whatsapp status" in nobody
    assert "c_not_kept" not in nobody
    await pages.store.add_alarm_about(AlarmRecord("a_2", NOON, "whatsapp", "failed_131026", id))
    assert f'href="/staff/conversations/{id}"' in await (await signed_in("reader")).page("/queues/alarms")


async def test_everybody_urgent_can_be_reached_however_many_wait(pages, signed_in, plant):
    ids = []
    for number in range(53):
        at = NOON - timedelta(minutes=number)
        one = Planted("en", changes={"urgency": "urgent" if number else "emergency", "urgent_at": at})
        one.heard("help", "emergency_unclear")
        ids.append(await plant(one))
    # The emergency came last and leads; then who has waited longest.
    ids = [ids[0], *reversed(ids[1:])]
    reviewer = await signed_in("reviewer")
    first = await reviewer.page("/queues/urgent")
    assert [id in first for id in ids] == [True] * 50 + [False] * 3
    following = re.search(r'href="/staff(/queues/urgent\?before=[^"]+)"', first)[1]
    second = await reviewer.page(following)
    assert [id in second for id in ids] == [False] * 50 + [True] * 3
    assert "Back to the first page" in second
    answer = await reviewer.post(f"/conversations/{ids[51]}/touched", {"back": "urgent"})
    assert answer.headers["Location"] == "/staff/queues/urgent?said=touched#said"
    # The first page shows a page of them, and where the others are.
    start = await reviewer.page("/")
    assert ids[49] in start and ids[50] not in start
    assert re.search(r'<p><a href="/staff/queues/urgent">See all', start)
    # A place of another queue, or none at all, is the start.
    for place in ("routine-1-c_1", "urgent-x-1", "1-c_1", "urgent"):
        assert ids[0] in await reviewer.page(f"/queues/urgent?before={place}")


async def test_a_long_queue_goes_on_page_by_page(pages, signed_in):
    for number in range(53):
        at = NOON - timedelta(minutes=number)
        await pages.store.add_alarm(AlarmRecord(f"a_{number:03}", at, "turn", f"code_{number:03}"))
    reader = await signed_in("reader")
    first = await reader.page("/queues/alarms")
    assert "code_049" in first and "code_050" not in first
    older = re.search(r"/queues/alarms\?before=([\w-]+)", first)
    second = await reader.page(f"/queues/alarms?before={older[1]}")
    assert "code_050" in second and "code_049" not in second
    assert "Back to the newest" in second


async def test_the_figures_of_the_queues_can_be_asked_for(pages, signed_in, plant):
    await plant(full_conversation())
    answer = await (await signed_in("reader")).get("/counts")
    assert (await answer.json())["urgent"] == 1


async def test_a_reader_is_offered_nothing_to_press(pages, signed_in, plant):
    id = await plant(full_conversation())
    await asks(pages, id)
    reader = await signed_in("reader")
    for path in ("/", "/queues/look", f"/conversations/{id}"):
        page = await reader.page(path)
        main = page[page.index("<main") :]
        assert 'method="post"' not in main, path


async def test_a_queue_that_does_not_exist_is_not_found(signed_in):
    assert (await (await signed_in("reader")).get("/queues/everything")).status == 404


async def test_what_happened_is_only_said_in_known_words(signed_in):
    reader = await signed_in("reader")
    for code in ("<script>", "no_such", "x" * 400, "../etc"):
        page = await (await reader.get("/", params={"said": code})).text()
        assert 'id="said"' not in page
        assert "<script>alert" not in page


async def test_a_conversation_in_which_nothing_was_written_can_be_opened(pages, signed_in, plant):
    silent = Planted("en", changes={"urgency": "urgent", "urgent_at": NOON})
    silent.said(words().notice("hello", "en"))
    id = await plant(silent)
    reader = await signed_in("reader")
    assert "(nothing written)" in await reader.page("/")
    assert "Hello" in await reader.page(f"/conversations/{id}")
