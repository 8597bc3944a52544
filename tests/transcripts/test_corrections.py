"""Corrections: approved before anything goes out, each person once, and nobody lost when a sender is killed."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot.transcripts.corrections import STOPPED, Correction, Corrections, message_id_of
from bot.transcripts.recall import Recall, Wanted
from bot.transcripts.recall_tables import correction_people
from bot.transcripts.store import TranscriptStore
from tests.transcripts.saying import NOON, bot, conversation
from tests.transcripts.test_recall import FEE, NOW, tell

LATER = NOON + timedelta(days=1)
HOLD = timedelta(minutes=5)
BOTH = ("web", "whatsapp")
TEXTS = {"en": "It is $102 now.", "es": "Ahora es $102."}


@pytest.fixture
def corrections(store: TranscriptStore) -> Corrections:
    return Corrections(store)


async def proposed(corrections: Corrections, since: datetime | None = None) -> Correction:
    return await corrections.propose(
        FEE,
        since=since,
        old_values=("$95", "$100"),
        new_value={"en": "$102", "es": "$102"},
        texts=TEXTS,
        staff="s_1",
        now=LATER,
    )


async def approved(corrections: Corrections) -> Correction:
    made = await proposed(corrections)
    assert await corrections.approve(made.id, TEXTS, "s_2", LATER) == "approved"
    found = await corrections.find(made.id)
    assert found is not None
    return found


async def test_nothing_goes_out_before_an_attorney_approves(
    store: TranscriptStore, corrections: Corrections
) -> None:
    await tell(store, ("c_1", 0, "$100"), ("c_2", 1, "$102"), ("c_3", 2, "$95"))
    made = await proposed(corrections)
    assert await corrections.take(LATER, HOLD, BOTH) is None
    assert await corrections.reword(made.id, {**TEXTS, "es": "Hoy es $103."})
    read = {**TEXTS, "es": "Hoy es $102."}
    assert await corrections.approve(made.id, read, "s_2", LATER) == "approved"
    assert await corrections.approve(made.id, TEXTS, "s_3", LATER) == "already"
    assert not await corrections.reword(made.id, TEXTS)
    found = await corrections.find(made.id)
    assert found is not None
    assert (found.approved_by, found.text("es"), found.text("en")) == ("s_2", "Hoy es $102.", TEXTS["en"])
    assert await corrections.counts(made.id) == {"ready": 2}
    assert [made.id] == [known.id for known in await corrections.latest(parameter=FEE)]
    assert await corrections.latest(parameter="fee.other") == ()


async def test_what_goes_out_is_what_was_approved_however_somebody_rewords_it_meanwhile(
    store: TranscriptStore, corrections: Corrections, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tell(store, ("c_1", 0, "$100"))
    made, real = await proposed(corrections), corrections._take_up

    async def slow(correction: Correction, ids: list[str]) -> None:
        await real(correction, ids)
        assert await corrections.reword(made.id, {"en": "Nobody read this.", "es": "Nadie leyó esto."})

    monkeypatch.setattr(corrections, "_take_up", slow)
    assert await corrections.approve(made.id, TEXTS, "s_2", LATER) == "approved"
    taken = await corrections.take(LATER, HOLD, BOTH)
    assert taken is not None
    assert (taken.correction.text_en, taken.correction.text_es) == (TEXTS["en"], TEXTS["es"])


async def test_many_who_take_at_once_take_one_each(store: TranscriptStore, corrections: Corrections) -> None:
    await tell(store, *((f"c_{number}", number, "$100") for number in range(12)))
    made = await approved(corrections)
    taken = await asyncio.gather(*(corrections.take(LATER, HOLD, BOTH) for _ in range(16)))
    ids = [person.conversation_id for person in taken if person is not None]
    assert len(ids) == len(set(ids))
    assert (await corrections.counts(made.id)).get("sending") == len(ids)


async def test_each_person_is_taken_once_the_one_who_waits_longest_first(
    store: TranscriptStore, corrections: Corrections
) -> None:
    await tell(store, ("c_1", 5, "$100"), ("c_2", 1, "$95"), ("c_3", 3, "$100"))
    made = await approved(corrections)
    taken = []
    while (person := await corrections.take(LATER, HOLD, BOTH)) is not None:
        taken.append((person.conversation_id, person.value, person.heard))
        await corrections.end(person, "sent", None, LATER)
    assert taken == [("c_2", "$95", False), ("c_3", "$100", False), ("c_1", "$100", False)]
    assert await corrections.counts(made.id) == {"sent": 3}
    page = await corrections.people(made, "sent", limit=2)
    assert [row.conversation_id for row in page.rows] == ["c_1", "c_3"]
    assert page.rows[0].sent_at == LATER
    page = await corrections.people(made, "sent", 2, page.next_key)
    assert ([row.conversation_id for row in page.rows], page.next_key) == (["c_2"], None)


async def test_who_was_killed_while_sending_loses_the_person_after_a_while(
    store: TranscriptStore, corrections: Corrections
) -> None:
    await tell(store, ("c_1", 0, "$100"))
    await approved(corrections)
    assert await corrections.take(LATER, HOLD, BOTH) is not None
    assert await corrections.take(LATER + HOLD - timedelta(seconds=1), HOLD, BOTH) is None
    again = await corrections.take(LATER + HOLD, HOLD, BOTH)
    assert again is not None
    assert (again.conversation_id, again.state) == ("c_1", "sending")


async def test_who_has_heard_the_new_value_meanwhile_is_known(
    store: TranscriptStore, corrections: Corrections
) -> None:
    await tell(store, ("c_1", 0, "$100"))
    await approved(corrections)
    await tell(store, ("c_0", 0, "$102"), ("c_1", 60, "$102"))
    taken = await corrections.take(LATER, HOLD, BOTH)
    assert taken is not None
    assert taken.heard
    await corrections.end(taken, "told", None, LATER)
    assert await corrections.counts(taken.correction.id) == {"told": 1}


async def test_its_own_message_is_not_taken_for_having_heard_it(
    store: TranscriptStore, corrections: Corrections
) -> None:
    await tell(store, ("c_1", 0, "$100"))
    made = await approved(corrections)
    assert await corrections.take(LATER, HOLD, BOTH) is not None
    # Kept, and then killed before it was sent.
    own = bot(
        2000,
        message_id_of("c_1", made.id),
        created_at=LATER,
        reply={"id": "correction", "parameters": {FEE: "$102"}, "choices": []},
    )
    await store.save(conversation("c_1"), [own])
    again = await corrections.take(LATER + HOLD, HOLD, BOTH)
    assert again is not None
    assert not again.heard
    assert await Recall(store).count(Wanted(FEE, NOW)) == 0


async def test_two_of_one_value_do_not_go_out_at_once(
    store: TranscriptStore, corrections: Corrections
) -> None:
    await tell(store, ("c_1", 0, "$100"))
    first, second = await proposed(corrections), await proposed(corrections)
    # To another value, which is not news by now, or about something else: those are in nobody's way.
    other = await corrections.propose(
        FEE, since=None, old_values=("$95",), new_value={}, texts=TEXTS, staff="s_1", now=LATER
    )
    assert await corrections.approve(first.id, TEXTS, "s_2", LATER) == "approved"
    assert await corrections.approve(second.id, TEXTS, "s_2", LATER) == "busy"
    assert await corrections.approve(other.id, TEXTS, "s_2", LATER) == "approved"
    found = await corrections.find(second.id)
    assert found is not None
    assert found.approved_at is None
    taken = await corrections.take(LATER, HOLD, BOTH)
    assert taken is not None
    assert await corrections.approve(second.id, TEXTS, "s_2", LATER) == "busy"
    await corrections.end(taken, "sent", None, LATER)
    assert await corrections.approve(second.id, TEXTS, "s_2", LATER) == "approved"


async def test_of_two_that_are_approved_at_one_moment_one_goes_out(
    store: TranscriptStore, corrections: Corrections
) -> None:
    await tell(store, *((f"c_{number}", number, "$100") for number in range(3)))
    drafts = [await proposed(corrections) for _ in range(5)]
    done = await asyncio.gather(*(corrections.approve(made.id, TEXTS, "s_2", LATER) for made in drafts))
    assert sorted(done) == ["approved", *["busy"] * 4]


async def test_who_hears_the_new_value_after_being_taken_is_settled(
    store: TranscriptStore, corrections: Corrections
) -> None:
    await tell(store, ("c_1", 0, "$100"))
    await approved(corrections)
    taken = await corrections.take(LATER, HOLD, BOTH)
    assert taken is not None
    assert await corrections.settled(taken) == ""
    await tell(store, ("c_0", 0, "$102"), ("c_1", 60, "$102"))
    assert await corrections.settled(taken) == "told"


async def test_only_the_channels_that_may_be_used_now_are_taken(
    store: TranscriptStore, corrections: Corrections
) -> None:
    await tell(store, ("c_1", 0, "$100"), channel="whatsapp")
    await tell(store, ("c_2", 5, "$100"))
    await approved(corrections)
    taken = await corrections.take(LATER, HOLD, ("web",))
    assert taken is not None
    assert (taken.conversation_id, taken.channel) == ("c_2", "web")
    assert await corrections.take(LATER, HOLD, ("web",)) is None


async def test_stopping_keeps_it_from_who_has_not_had_it(
    store: TranscriptStore, corrections: Corrections
) -> None:
    await tell(store, ("c_1", 0, "$100"), ("c_2", 1, "$100"))
    made = await approved(corrections)
    taken = await corrections.take(LATER, HOLD, BOTH)
    assert taken is not None
    # Whoever has one in hand may be a moment too late to hear of it.
    assert await corrections.stop(made.id) == 2
    assert await corrections.stop(made.id) == 0
    await corrections.end(taken, "sent", None, LATER)
    assert await corrections.counts(made.id) == {"sent": 1, "declined": 1}
    draft = await proposed(corrections)
    assert await corrections.stop(draft.id) == 1
    assert await corrections.find(draft.id) is None
    assert await corrections.stop("none_such") == 0
    assert await corrections.approve(draft.id, TEXTS, "s_2", LATER) == "already"


async def test_stopping_reaches_who_is_in_hand_and_who_was_lost_in_hand(
    store: TranscriptStore, corrections: Corrections
) -> None:
    await tell(store, ("c_1", 0, "$100"), channel="whatsapp")
    made = await approved(corrections)
    taken = await corrections.take(LATER, HOLD, BOTH)
    assert taken is not None
    assert await corrections.settled(taken) == ""
    await corrections.stop(made.id)
    assert await corrections.settled(taken) == STOPPED
    assert await corrections.take(LATER, HOLD, ("web",)) is None
    # By night, too: there is nothing to be sent.
    again = await corrections.take(LATER + HOLD, HOLD, ("web",))
    assert again is not None
    assert await corrections.settled(again) == STOPPED
    assert (await corrections.approve((await proposed(corrections)).id, TEXTS, "s_2", LATER)) == "approved"


async def test_what_is_erased_goes_with_its_conversation(
    store: TranscriptStore, corrections: Corrections
) -> None:
    await tell(store, ("c_1", 0, "$100"), ("c_2", 1, "$100"))
    made = await approved(corrections)
    taken = await corrections.take(LATER, HOLD, BOTH)
    assert taken is not None
    await store.erase("c_1")
    await corrections.end(taken, "sent", None, LATER)
    assert await corrections.counts(made.id) == {"ready": 1}
    async with store.database.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(correction_people)) == 1


async def test_taking_up_many_is_done_in_parts_and_can_be_done_again(
    store: TranscriptStore, corrections: Corrections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.transcripts.corrections.BATCH", 2)
    await tell(store, *((f"c_{number}", number, "$100") for number in range(7)))
    made = await proposed(corrections)

    real, calls = corrections._take_up, 0

    async def killed(correction: Correction, ids: list[str]) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise ConnectionError
        await real(correction, ids)

    with monkeypatch.context() as patch:
        patch.setattr(corrections, "_take_up", killed)
        with pytest.raises(ConnectionError):
            await corrections.approve(made.id, TEXTS, "s_2", LATER)
    assert await corrections.take(LATER, HOLD, BOTH) is None
    assert await corrections.approve(made.id, TEXTS, "s_2", LATER) == "approved"
    assert await corrections.counts(made.id) == {"ready": 7}


async def test_a_correction_that_was_sent_leaves_nobody_to_be_found(
    store: TranscriptStore, corrections: Corrections
) -> None:
    await tell(store, ("c_1", 0, "$100"), ("c_1", 60, "$102"))
    assert await Recall(store).count(Wanted(FEE, NOW)) == 0
    made = await approved(corrections)
    assert await corrections.counts(made.id) == {}
