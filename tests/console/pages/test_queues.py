"""What is to do: the urgent lead, and each queue says what it means when it is empty."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.transcripts.records import AlarmRecord
from tests.console.pages.conftest import asks
from tests.console.pages.planting import NOON, Planted, full_conversation, words

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
