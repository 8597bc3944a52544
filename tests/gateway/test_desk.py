"""Staff in a conversation: taking over, writing, leaving, erasing."""

from __future__ import annotations

from typing import Any

import pytest

from bot.gateway.app import DESK
from bot.gateway.staffing import GONE_AFTER, PATIENCE
from bot.transcripts.review import Review
from tests.gateway.conftest import Gateway, Start, Talk, ids

ANA, BEA = "s_ana", "s_bea"


@pytest.fixture
async def talk(gateway: Gateway) -> Talk:
    """A conversation that is kept."""
    begun = await gateway.begin()
    await begun.agree()
    return begun


def desk_of(gateway: Gateway) -> Any:
    return gateway.app[DESK]


async def said(talk: Talk) -> list[tuple[str, str]]:
    return [(m["author"], m["text"]) for m in (await talk.read())["messages"]]


async def test_the_person_is_told_who_came_and_that_the_program_is_silent(gateway: Gateway, talk: Talk):
    assert await desk_of(gateway).claim(talk.id, ANA, "Ana") == "claimed"
    assert (await said(talk))[-1] == ("bot", "[staff_joined en Ana]")
    before = len(gateway.engine.typed)
    assert ids(await talk.send("How much does it cost?")) == []
    assert len(gateway.engine.typed) == before
    assert (await said(talk))[-1] == ("visitor", "How much does it cost?")


async def test_what_staff_write_reaches_the_person_under_their_name(gateway: Gateway, talk: Talk):
    desk = desk_of(gateway)
    await desk.claim(talk.id, ANA, "Ana")
    assert await desk.write(talk.id, ANA, "Ana", "  Can you call us today?  ", "k1") == "sent"
    last = (await talk.read())["messages"][-1]
    assert (last["author"], last["kind"], last["title"]) == ("staff", "staff", "Ana, Example Firm")
    assert last["text"] == "Can you call us today?"


async def test_a_form_sent_twice_is_one_message(gateway: Gateway, talk: Talk):
    desk = desk_of(gateway)
    await desk.claim(talk.id, ANA, "Ana")
    assert [await desk.write(talk.id, ANA, "Ana", "Hello", "k1") for _ in range(2)] == ["sent", "sent"]
    assert [text for author, text in await said(talk) if author == "staff"] == ["Hello"]


async def test_the_first_who_takes_over_holds_it(gateway: Gateway, talk: Talk):
    desk = desk_of(gateway)
    assert await desk.claim(talk.id, ANA, "Ana") == "claimed"
    assert await desk.claim(talk.id, BEA, "Bea") == "taken"
    assert await desk.write(talk.id, BEA, "Bea", "Hello", "k1") == "not_held"
    assert await desk.release(talk.id, BEA) == "not_held"
    assert await desk.claim(talk.id, ANA, "Ana") == "claimed"
    joined = [text for _, text in await said(talk) if "staff_joined" in text]
    assert joined == ["[staff_joined en Ana]"]


async def test_after_release_the_program_answers_again(gateway: Gateway, talk: Talk):
    desk = desk_of(gateway)
    await desk.claim(talk.id, ANA, "Ana")
    assert await desk.release(talk.id, ANA) == "released"
    assert (await said(talk))[-1] == ("bot", "[staff_left en]")
    assert ids(await talk.send("How much does it cost?")) != []


async def test_an_emergency_is_answered_at_once_whoever_holds_the_conversation(gateway: Gateway, talk: Talk):
    await desk_of(gateway).claim(talk.id, ANA, "Ana")
    assert ids(await talk.send("They are at my door")) == ["[emergency_agents en]"]


async def test_deleting_is_never_left_to_staff(gateway: Gateway, talk: Talk):
    gateway.engine.replies = None
    await desk_of(gateway).claim(talk.id, ANA, "Ana")
    assert (await talk.erase()).status == 204


async def test_nobody_is_left_in_silence(gateway: Gateway, talk: Talk):
    await desk_of(gateway).claim(talk.id, ANA, "Ana")
    gateway.clock.pass_seconds(PATIENCE.total_seconds())
    assert ids(await talk.send("Are you there?")) == ["[staff_waiting en]"]
    assert ids(await talk.send("Hello?")) == []
    gateway.clock.pass_seconds(GONE_AFTER.total_seconds())
    answered = ids(await talk.send("How much does it cost?"))
    assert answered[0] == "[staff_left en]"
    assert len(answered) > 1
    assert await desk_of(gateway).claim(talk.id, BEA, "Bea") == "claimed"


async def test_numbers_from_papers_are_not_written_to_anybody(gateway: Gateway, talk: Talk):
    desk = desk_of(gateway)
    await desk.claim(talk.id, ANA, "Ana")
    assert await desk.write(talk.id, ANA, "Ana", "Your A-number is A123456789", "k1") == "personal"
    assert await desk.write(talk.id, ANA, "Ana", "Call me at 202-555-0142", "k2") == "sent"
    assert await desk.write(talk.id, ANA, "Ana", " ", "k3") == "empty"
    assert await desk.write(talk.id, ANA, "Ana", "x" * 4_001, "k4") == "too_long"


async def test_what_is_not_kept_cannot_be_taken_over(gateway: Gateway):
    talk = await gateway.begin()
    assert await desk_of(gateway).claim(talk.id, ANA, "Ana") == "gone"
    assert await desk_of(gateway).claim("c_unknown", ANA, "Ana") == "gone"


async def test_a_conversation_on_hold_is_not_erased_and_says_so(gateway: Gateway, talk: Talk):
    review, now = Review(gateway.store), gateway.clock.now()
    assert await review.hold(talk.id, ANA, "Subpoena of 3 November", now)
    response = await talk.erase()
    assert (response.status, (await response.json())["code"]) == (409, "erase_held")
    erased = await desk_of(gateway).erase(talk.id)
    assert (erased.done, erased.held) == (False, True)
    assert (await gateway.store.load(talk.id)) is not None
    await review.lift(talk.id)
    assert (await desk_of(gateway).erase(talk.id)).done
    assert (await gateway.store.load(talk.id)) is None


async def test_staff_erase_what_the_engine_cannot_forget_yet(gateway: Gateway, talk: Talk):
    gateway.engine.forgets_fail = True
    erased = await desk_of(gateway).erase(talk.id)
    assert (erased.done, erased.cannot) == (True, ("engine_later",))


async def test_a_takeover_outlives_the_gateway(start: Start, gateway: Gateway, talk: Talk):
    await desk_of(gateway).claim(talk.id, ANA, "Ana")
    gateway.keeper.registry.remove(talk.id)
    assert ids(await talk.send("How much does it cost?")) == []


async def test_staff_see_topic_outcome_and_urgency(gateway: Gateway, talk: Talk):
    await talk.send("How much does it cost?")
    await talk.send("They are at my door")
    whole = await Review(gateway.store).whole(talk.id)
    assert whole is not None
    assert (whole.row.outcome, whole.row.urgency) == ("answered", "emergency")
    assert [row.id for row in (await Review(gateway.store).urgent()).rows] == [talk.id]
    await desk_of(gateway).claim(talk.id, ANA, "Ana")
    assert (await Review(gateway.store).urgent()).rows == ()
