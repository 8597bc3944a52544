"""Drawing conversations for judging, who reads what next, and what they think, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from bot.transcripts import judging_draw, judging_queue
from bot.transcripts.judging import Agreement, Judging, Opinion, TurnJudgement
from bot.transcripts.judging_draw import QUIET, falls_within, sampling_key
from bot.transcripts.judging_records import REASONS, VERDICTS, agreement_of
from bot.transcripts.judging_tables import OF_CONVERSATION, judgements, samples
from bot.transcripts.review import Review
from bot.transcripts.rows import conversation_row
from bot.transcripts.store import TranscriptStore
from bot.transcripts.tables import conversations
from tests.transcripts.plans import plans
from tests.transcripts.saying import NOON, bot, conversation, keep, visitor

KEY = sampling_key("s" * 40)
LATER = NOON + timedelta(days=1)
MANY = 20_000
GOOD, FIX = Opinion("good"), Opinion("fix", note="Falta la tarifa.")


@pytest.fixture
def judging(store: TranscriptStore) -> Judging:
    return Judging(store)


async def misunderstood(store: TranscriptStore, id: str, minutes: float = 0, at: datetime = NOON) -> None:
    head = conversation(id, minutes)
    await store.save(head, [visitor(1, f"{id}_1", look="fallback", created_at=at), bot(2, f"{id}_2")])


async def urgent(store: TranscriptStore, id: str, minutes: float = 0) -> None:
    head = conversation(id, minutes, urgency="urgent", urgent_at=NOON)
    await store.save(head, [visitor(1, f"{id}_1"), bot(2, f"{id}_2")])


async def drawn(store: TranscriptStore) -> dict[str, str]:
    async with store.database.connect() as connection:
        rows = await connection.execute(select(samples.c.conversation_id, samples.c.reason))
        return {row.conversation_id: row.reason for row in rows}


async def wait(store: TranscriptStore, *ids: str, reason: str = "fallback", second: bool = False) -> None:
    """Conversations that are drawn already, each later than the one before."""
    for place, id in enumerate(ids):
        await store.save(conversation(id), [visitor(1, f"{id}_1"), bot(2, f"{id}_2")])
        row = {"conversation_id": id, "reason": reason, "second": second,
               "drawn_at": NOON + timedelta(minutes=place)}  # fmt: skip
        async with store.database.begin() as connection:
            await connection.execute(insert(samples).values(**row))


async def order(judging: Judging, staff: str) -> list[str]:
    """Everything that somebody gets, one after the other, judging each."""
    ids: list[str] = []
    while (found := await judging.queue(staff, LATER)) is not None:
        ids.append(found.conversation_id)
        await judging.judge(found.conversation_id, staff, GOOD, LATER)
    return ids


async def test_all_that_is_urgent_or_was_not_understood_is_drawn_and_a_share_of_the_rest(
    store: TranscriptStore, judging: Judging
) -> None:
    await urgent(store, "c_urgent")
    await misunderstood(store, "c_missed")
    await store.save(conversation("c_unanswered", outcome="unanswered"), [])
    ids = [f"c_{number}" for number in range(300)]
    for number in range(300):
        await store.save(conversation(f"c_{number}", number / 60), [])
    assert await judging.draw(KEY, LATER) == 303
    found = await drawn(store)
    chosen = {id for id in ids if falls_within(KEY, "draw", id, 0.05)}
    assert {id: reason for id, reason in found.items() if reason != "random"} == {
        "c_urgent": "urgent", "c_missed": "fallback", "c_unanswered": "fallback"
    }  # fmt: skip
    assert {id for id, reason in found.items() if reason == "random"} == chosen
    assert 5 <= len(chosen) <= 30
    # Again it looks only at what has the last moment, and changes nothing.
    assert await judging.draw(KEY, LATER) <= 1
    assert await drawn(store) == found


def test_the_share_is_exact_in_the_long_run_and_nobody_can_steer_it() -> None:
    for share in (0.05, 0.2):
        picked = sum(falls_within(KEY, "draw", f"c_{number:032x}", share) for number in range(20_000))
        assert abs(picked / 20_000 - share) < 0.01
    ids = [f"c_{number}" for number in range(400)]
    one, two = KEY, sampling_key("t" * 40)
    assert [falls_within(one, "draw", id, 0.05) for id in ids] != [
        falls_within(two, "draw", id, 0.05) for id in ids
    ]
    # Who is read twice does not follow from who is drawn.
    both = sum(
        falls_within(KEY, "draw", f"c_{n}", 0.05) and falls_within(KEY, "second", f"c_{n}", 0.2)
        for n in range(20_000)
    )
    assert 100 < both < 300


async def test_a_conversation_is_not_drawn_while_it_goes_on_and_none_is_missed(
    store: TranscriptStore, judging: Judging
) -> None:
    await urgent(store, "c_a")
    moment = timedelta(microseconds=1)
    assert await judging.draw(KEY, NOON + QUIET - moment) == 0
    assert await judging.draw(KEY, NOON + QUIET) == 1
    # Another one of the very same moment is seen afterwards.
    await urgent(store, "c_0")
    assert await judging.draw(KEY, NOON + QUIET) == 2
    assert set(await drawn(store)) == {"c_a", "c_0"}
    # One that goes on comes again.
    await store.save(conversation("c_b", 1), [])
    await judging.draw(KEY, LATER)
    await urgent(store, "c_b", 90)
    await judging.draw(KEY, LATER)
    assert (await drawn(store))["c_b"] == "urgent"


async def test_what_was_kept_late_is_found_when_the_drawing_comes_into_another_hour(
    store: TranscriptStore, judging: Judging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging_draw, "_TOGETHER", 2)
    await urgent(store, "c_a", 10)
    await judging.draw(KEY, NOON + timedelta(minutes=40))
    # Kept when the drawing had gone by.
    for number in range(5):
        await urgent(store, f"c_late_{number}", 5)
    await urgent(store, "c_too_late", -24 * 60)
    await urgent(store, "c_b", 59)
    await judging.draw(KEY, NOON + timedelta(minutes=89))
    assert set(await drawn(store)) == {"c_a", "c_b"}
    await judging.judge("c_a", "s_1", GOOD, NOON + timedelta(minutes=89))
    done = await judging.sample("c_a")
    await urgent(store, "c_c", 60)
    assert await judging.draw(KEY, NOON + timedelta(minutes=90)) == 2
    assert set(await drawn(store)) == {"c_a", "c_b", "c_c", *(f"c_late_{n}" for n in range(5))}
    assert await judging.sample("c_a") == done


async def test_a_call_is_bounded_and_the_next_goes_on(
    store: TranscriptStore, judging: Judging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging_draw, "_TOGETHER", 4)
    for number in range(30):
        # Many of the same moment are never parted, however small the bound.
        await urgent(store, f"c_{number}", 0 if number < 10 else number)
    looked = [await judging.draw(KEY, LATER, most=4) for _ in range(12)]
    assert max(looked) <= 14
    assert len(await drawn(store)) == 30


async def test_what_goes_on_after_its_judgement_waits_again_only_for_a_new_reason(
    store: TranscriptStore, judging: Judging
) -> None:
    await misunderstood(store, "c_1")
    await judging.draw(KEY, LATER)
    await judging.judge("c_1", "s_1", GOOD, LATER)
    later = LATER + timedelta(hours=1)
    minutes = (later - NOON).total_seconds() / 60
    await store.save(conversation("c_1", minutes), [])
    await judging.draw(KEY, later + QUIET)
    assert await judging.queue("s_2", later) is None
    await store.save(
        conversation("c_1", minutes + 1, last_seq=3),
        [visitor(3, "c_1_3", "b", look="fallback", created_at=later)],
    )
    await judging.draw(KEY, later + 2 * QUIET)
    found = await judging.queue("s_2", later)
    assert found is not None and not found.second
    await judging.judge("c_1", "s_2", FIX, later + 2 * QUIET)
    # What was thought of it before it had ended is no second opinion.
    assert [(one.staff_id, one.reader) for one in await judging.of("c_1")] == [("s_2", 1)]


async def no_answer(store: TranscriptStore, seq: int, at: datetime, **more: Any) -> None:
    """A question of conversation c_1 to which Faro has no answer."""
    said = bot(seq + 1, created_at=at, reply_to=f"m_{seq}", reply={"id": "no_exact_answer"})
    head = conversation("c_1", last_seq=seq + 1, created_at=NOON, last_at=at, outcome="unanswered", **more)
    await store.save(head, [visitor(seq, client=f"k_{seq}", created_at=at), said])


async def goes_on(store: TranscriptStore, seq: int, at: datetime) -> None:
    """Conversation c_1 goes on with something that asks for nothing, after all that was saved of it so far."""
    head = await store.head("c_1")
    assert head is not None
    said = visitor(seq, client=f"k_{seq}", created_at=at, text="Gracias.")
    await store.save(replace(head, last_at=at, last_seq=seq), [said])


async def test_thanks_or_a_message_of_staff_do_not_call_back_what_had_no_answer(
    store: TranscriptStore, judging: Judging
) -> None:
    await no_answer(store, 1, NOON)
    await judging.draw(KEY, LATER)
    await judging.judge("c_1", "s_1", FIX, LATER)
    before = await judging.sample("c_1")
    later = LATER + timedelta(days=1)
    for seq, author in ((3, "visitor"), (4, "staff")):
        head = await store.head("c_1")
        assert head is not None
        at = later + timedelta(minutes=seq)
        said = visitor(seq, client=f"k_{seq}", created_at=at)
        if author == "staff":
            said = replace(said, author="staff", staff_id="s_1", client_message_id=None, kind="staff")
        await store.save(replace(head, last_at=at, last_seq=seq), [said])
        await judging.draw(KEY, at + QUIET)
        assert await judging.sample("c_1") == before
    # A question without an answer does.
    at = later + timedelta(hours=2)
    await no_answer(store, 5, at)
    await judging.draw(KEY, at + QUIET)
    sample = await judging.sample("c_1")
    assert sample is not None and sample.done_at is None


async def test_what_readers_found_urgent_is_not_new_to_them(store: TranscriptStore, judging: Judging) -> None:
    await wait(store, "c_1", second=True)
    hour = timedelta(hours=1)
    await judging.judge("c_1", "s_1", GOOD, LATER)
    await judging.judge("c_1", "s_2", Opinion("urgent"), LATER + hour)
    # Dealt with, and found urgent once more.
    await Review(store).touch("c_1", LATER + 2 * hour)
    await goes_on(store, 3, LATER + 3 * hour)
    await judging.judge("c_1", "s_3", Opinion("urgent"), LATER + 4 * hour)
    before = await judging.sample("c_1")
    await goes_on(store, 4, LATER + 5 * hour)
    await judging.draw(KEY, LATER + 5 * hour + QUIET)
    assert await judging.sample("c_1") == before
    assert [one.staff_id for one in await judging.of("c_1")] == ["s_1", "s_2", "s_3"]
    # What becomes urgent by the person's own words is.
    head = await store.head("c_1")
    assert head is not None
    at = LATER + 6 * hour
    await store.save(replace(head, last_at=at, urgency="emergency", urgent_at=at), [])
    await judging.draw(KEY, at + QUIET)
    sample = await judging.sample("c_1")
    assert sample is not None and sample.done_at is None


@pytest.mark.parametrize("reason", ["fallback", "no answer"])
async def test_an_urgent_one_comes_again_when_it_was_not_understood_anew(
    store: TranscriptStore, judging: Judging, reason: str
) -> None:
    await urgent(store, "c_1")
    await judging.draw(KEY, LATER)
    await judging.judge("c_1", "s_1", GOOD, LATER)
    at = LATER + timedelta(hours=1)
    if reason == "fallback":
        await goes_on(store, 3, at)
        await store.save(
            conversation("c_1", 0, 4, last_at=at, urgency="urgent", urgent_at=NOON),
            [visitor(4, client="k_4", look="fallback", created_at=at)],
        )
    else:
        await no_answer(store, 3, at, urgency="urgent", urgent_at=NOON)
    await judging.draw(KEY, at + QUIET)
    sample = await judging.sample("c_1")
    assert sample is not None and (sample.reason, sample.done_at) == ("urgent", None)


async def test_what_was_judged_out_of_turn_is_not_read_a_first_time_again(
    store: TranscriptStore, judging: Judging
) -> None:
    await misunderstood(store, "c_1")
    await judging.judge("c_1", "s_1", FIX, NOON + timedelta(minutes=5))
    await judging.draw(KEY, LATER)
    sample = await judging.sample("c_1")
    assert sample is not None and sample.first_by == "s_1" and sample.done_at is not None


async def test_urgent_first_then_mine_then_not_understood_then_chance_the_oldest_first(
    store: TranscriptStore, judging: Judging
) -> None:
    await wait(store, "c_r1", "c_r2", reason="random")
    await wait(store, "c_f1", "c_f2", "c_f3")
    await wait(store, "c_u1", "c_u2", reason="urgent")
    await judging.assign("c_r2", "s_1")
    await judging.assign("c_f3", "s_1")
    await judging.assign("c_f2", "s_2")
    await judging.assign("c_u2", "s_1")
    assert await order(judging, "s_1") == ["c_u2", "c_u1", "c_f3", "c_r2", "c_f1", "c_r1"]
    assert await order(judging, "s_2") == ["c_f2"]


async def test_a_second_reading_is_somebody_elses_and_comes_before_first_ones(
    store: TranscriptStore, judging: Judging
) -> None:
    await wait(store, "c_1", "c_2", second=True)
    await judging.judge("c_2", "s_1", GOOD, LATER)
    found = await judging.queue("s_1", LATER)
    assert found is not None and (found.conversation_id, found.second) == ("c_1", False)
    for staff in ("s_0", "s_2"):
        found = await judging.queue(staff, LATER)
        assert found is not None and (found.conversation_id, found.second) == ("c_2", True)
    await judging.judge("c_2", "s_2", FIX, LATER)
    assert [(one.staff_id, one.reader) for one in await judging.of("c_2")] == [("s_1", 1), ("s_2", 2)]
    found = await judging.queue("s_0", LATER)
    assert found is not None and found.conversation_id == "c_1"
    # Neither is it given to whoever read it first.
    await wait(store, "c_3", second=True)
    await judging.judge("c_3", "s_1", GOOD, LATER)
    assert not await judging.assign("c_3", "s_1")
    assert await judging.assign("c_3", "s_2")
    assert "c_3" not in await order(judging, "s_0")


async def test_two_people_do_not_get_the_same_one_at_once(store: TranscriptStore, judging: Judging) -> None:
    await wait(store, "c_1", "c_2")
    one, two = await judging.take("s_1", LATER), await judging.take("s_2", LATER)
    assert one is not None and two is not None
    assert (one.conversation_id, two.conversation_id) == ("c_1", "c_2")
    assert await judging.take("s_3", LATER) is None
    assert await judging.take("s_1", LATER) == one
    assert await judging.take("s_3", LATER + judging_queue.OPEN_FOR) is not None


async def test_what_is_skipped_is_for_others_and_comes_back_later(
    store: TranscriptStore, judging: Judging
) -> None:
    await wait(store, "c_1", "c_2")
    await judging.take("s_1", LATER)
    await judging.skip("c_1", "s_1", LATER)
    await judging.skip("c_none", "s_1", LATER)
    found, other = await judging.queue("s_1", LATER), await judging.queue("s_2", LATER)
    assert found is not None and found.conversation_id == "c_2"
    assert other is not None and other.conversation_id == "c_1"
    back = await judging.queue("s_1", LATER + judging_queue.ASIDE_FOR)
    assert back is not None and back.conversation_id == "c_1"


async def test_the_work_is_shared_in_turn_and_can_be_taken_back(
    store: TranscriptStore, judging: Judging
) -> None:
    await wait(store, *(f"c_f{number}" for number in range(5)))
    await wait(store, "c_u", reason="urgent")
    await judging.assign("c_f4", "s_9")
    assert await judging.share(["s_1", "s_2"], 2, LATER) == {"s_1": 2, "s_2": 2}
    assert await judging.assigned() == {"s_1": 2, "s_2": 2, "s_9": 1}
    assert (await judging.counts("s_1"))["urgent"] == {"free": 0, "mine": 1, "second": 0}
    assert (await judging.counts("s_1"))["fallback"] == {"free": 1, "mine": 1, "second": 0}
    assert await judging.release("s_2") == 2
    assert (await judging.counts("s_1"))["fallback"]["free"] == 3
    assert await judging.share(["s_1"], 9, LATER) == {"s_1": 3}
    assert await judging.share(["s_1"], 9, LATER) == {"s_1": 0}


async def test_an_opinion_is_kept_whole_replaced_and_sealed(store: TranscriptStore, judging: Judging) -> None:
    await keep(store, 1, "Hola", "Buenas", "Otra", "Sí")
    opinion = Opinion(
        "fix",
        {"correct": "no", "trauma_aware": "partly"},
        "Confunde la tarifa",
        (
            TurnJudgement("m_1_2", "wrong_topic", "filing_fee", "amount"),
            TurnJudgement("m_1_1", "unsafe"),
            TurnJudgement("m_none", "unsafe"),
        ),
    )
    assert await judging.judge("c_1", "s_1", opinion, LATER)
    (found,) = await judging.of("c_1")
    assert (found.verdict, found.note, found.rubric) == ("fix", opinion.note, opinion.rubric)
    # What the person wrote is not judged, and nothing that is not there.
    assert found.turns == opinion.turns[:1]
    async with store.database.connect() as connection:
        sealed = await connection.scalar(select(judgements.c.note))
    assert sealed is not None and b"tarifa" not in sealed
    assert await judging.judge_turn("c_1", "s_1", TurnJudgement("m_1_4", "unclear"), LATER)
    assert not await judging.judge_turn("c_1", "s_1", TurnJudgement("m_1_3", "unclear"), LATER)
    assert not await judging.judge_turn("c_9", "s_1", TurnJudgement("m_1_4", "unclear"), LATER)
    assert len((await judging.of("c_1"))[0].turns) == 2
    assert await judging.unjudge_turn("m_1_4", "s_1") and not await judging.unjudge_turn("m_1_4", "s_1")
    assert await judging.judge("c_1", "s_1", GOOD, LATER)
    assert await judging.judge("c_1", "s_1", GOOD, LATER)
    (found,) = await judging.of("c_1")
    assert (found.verdict, found.note, found.rubric, found.turns) == ("good", None, {}, ())
    assert await judging.judged("s_1", LATER) == {"good": 1}
    assert await judging.judged("s_1", LATER + timedelta(seconds=1)) == {}


async def test_a_note_without_its_key_is_told_as_unreadable(store: TranscriptStore, judging: Judging) -> None:
    await keep(store, 1, "Hola", "Buenas")
    await judging.judge("c_1", "s_1", FIX, LATER)
    blind = TranscriptStore(str(store.database.url.render_as_string(hide_password=False)))
    (found,) = await Judging(blind).of("c_1")
    await blind.close()
    assert (found.note, found.unreadable, found.verdict) == (None, True, "fix")


async def test_a_judgement_reviews_the_conversation_and_undoing_it_takes_all_of_it_back(
    store: TranscriptStore, judging: Judging, review: Review
) -> None:
    await wait(store, "c_1")
    await judging.judge("c_1", "s_1", FIX, LATER)
    whole = await review.whole("c_1")
    assert whole is not None and (whole.row.reviewed_by, whole.row.reviewed_at) == ("s_1", LATER)
    assert await judging.last("s_1", LATER) == ("c_1", "fix")
    assert await judging.queue("s_2", LATER) is None
    was = await judging.undo("c_1", "s_1", LATER)
    assert was is not None and was.note == FIX.note
    whole = await review.whole("c_1")
    assert whole is not None and whole.row.reviewed_at is None
    assert await judging.of("c_1") == () and await judging.last("s_1", LATER) is None
    # It is still open with whoever took it back.
    assert await judging.take("s_2", LATER) is None
    assert await judging.take("s_1", LATER) is not None
    assert await judging.undo("c_1", "s_1", LATER) is None
    assert await judging.undo("c_none", "s_1", LATER) is None


async def test_undoing_puts_the_labels_back_that_the_verdict_changed(
    store: TranscriptStore, judging: Judging, review: Review
) -> None:
    async def labels() -> tuple[str, ...]:
        whole = await review.whole("c_1")
        assert whole is not None
        return tuple(whole.row.labels)

    await wait(store, "c_1")
    for name in ("notario", "training"):
        await review.label("c_1", name, True)
    # "training" is there already, so the verdict does not put it on.
    await judging.judge("c_1", "s_1", replace(FIX, labels={"notario": False, "training": True}), LATER)
    assert await labels() == ("training",)
    await judging.judge("c_1", "s_1", replace(GOOD, labels={"call_back": True}), LATER)
    assert await labels() == ("call_back", "training")
    was = await judging.undo("c_1", "s_1", LATER)
    assert await labels() == ("notario", "training")
    assert was is not None and dict(was.labels) == {"notario": False, "call_back": True}
    # What was changed and changed back leaves nothing to undo.
    await judging.judge("c_1", "s_1", replace(GOOD, labels={"notario": False}), LATER)
    await judging.judge("c_1", "s_1", replace(GOOD, labels={"notario": True}), LATER)
    was = await judging.undo("c_1", "s_1", LATER)
    assert was is not None and (dict(was.labels), await labels()) == ({}, ("notario", "training"))


async def test_when_the_first_takes_it_back_the_second_reader_is_the_first(
    store: TranscriptStore, judging: Judging
) -> None:
    await wait(store, "c_1", second=True)
    await judging.judge("c_1", "s_1", GOOD, LATER)
    await judging.judge("c_1", "s_2", FIX, LATER)
    await judging.undo("c_1", "s_1", LATER)
    assert [(one.staff_id, one.reader) for one in await judging.of("c_1")] == [("s_2", 1)]
    found = await judging.queue("s_3", LATER)
    assert found is not None and found.second
    assert await judging.queue("s_2", LATER) is None


@pytest.mark.parametrize(
    ("before", "raised"),
    [
        ({}, True),
        ({"urgency": "soon"}, True),
        ({"urgency": "urgent", "urgent_at": NOON}, False),
        ({"urgency": "emergency", "urgent_at": NOON}, False),
    ],
)
async def test_an_urgent_verdict_puts_it_among_the_urgent_and_back(
    store: TranscriptStore, judging: Judging, review: Review, before: dict[str, Any], raised: bool
) -> None:
    await store.save(conversation(**before), [visitor(), bot()])
    waited = [row.id for row in (await review.urgent()).rows]
    await judging.judge("c_1", "s_1", Opinion("urgent"), LATER)
    (row,) = (await review.urgent()).rows
    assert row.urgent_at == (LATER if raised else NOON)
    assert row.urgency == ("urgent" if raised else before["urgency"])
    # Saying it again, or something else, leaves no trace of the first time.
    await judging.judge("c_1", "s_1", Opinion("urgent"), LATER)
    await judging.judge("c_1", "s_1", GOOD, LATER)
    assert [row.id for row in (await review.urgent()).rows] == waited
    whole = await review.whole("c_1")
    assert whole is not None and whole.row.urgency == before.get("urgency")


async def test_a_gateway_that_still_has_the_conversation_does_not_lower_what_a_reader_raised(
    store: TranscriptStore, judging: Judging, review: Review
) -> None:
    async def stands() -> tuple[str | None, datetime | None]:
        head = await store.head("c_1")
        assert head is not None
        return head.urgency, head.urgent_at

    await store.save(conversation(urgency="soon"), [visitor(), bot()])
    await judging.judge("c_1", "s_1", Opinion("urgent"), LATER)
    # As it is in the gateway's memory, one message later.
    await store.save(conversation(minutes=1, last_seq=3, urgency="routine"), [visitor(3, client="b")])
    assert await stands() == ("urgent", LATER)
    assert [row.id for row in (await review.urgent()).rows] == ["c_1"]
    # What the person wrote since counts, and so does what is calmer after it.
    worse = LATER + timedelta(hours=1)
    await store.save(conversation(urgency="emergency", urgent_at=worse), [])
    assert await stands() == ("emergency", worse)
    await store.save(conversation(urgency="soon", urgent_at=worse), [])
    assert await stands() == ("soon", worse)


async def test_an_urgent_verdict_calls_nobody_back_to_a_person_whom_staff_have_dealt_with(
    store: TranscriptStore, judging: Judging, review: Review
) -> None:
    await store.save(conversation("c_0"), [])
    await review.touch("c_0", NOON)
    await store.save(conversation("c_1"), [])
    await review.claim("c_1", "s_2", NOON)
    for id in ("c_0", "c_1"):
        await judging.judge(id, "s_1", Opinion("urgent"), LATER)
    assert (await review.urgent()).rows == ()
    # Whom they dealt with before the person's last word is raised.
    await store.save(conversation("c_0", 60), [])
    await judging.judge("c_0", "s_1", Opinion("urgent"), LATER)
    assert [row.id for row in (await review.urgent()).rows] == ["c_0"]


async def test_the_agreement_of_readers_by_language(store: TranscriptStore, judging: Judging) -> None:
    said: Sequence[tuple[str, str]] = (
        [("good", "good")] * 6 + [("fix", "fix")] * 3 + [("good", "fix")] * 2 + [("fix", "good")]
    )
    for number, (one, two) in enumerate(said):
        await store.save(conversation(f"c_{number}"), [])
        await judging.judge(f"c_{number}", "s_1", Opinion(one), NOON)
        await judging.judge(f"c_{number}", "s_2", Opinion(two), LATER)
    await store.save(conversation("c_en", language="en"), [])
    await judging.judge("c_en", "s_1", GOOD, NOON)
    await judging.judge("c_en", "s_2", GOOD, LATER)
    await store.save(conversation("c_alone"), [])
    await judging.judge("c_alone", "s_1", GOOD, LATER)
    english, spanish = await judging.agreement(LATER)
    assert (english.language, english.pairs, english.percent, english.kappa, english.few) == (
        "en",
        1,
        100.0,
        None,
        True,
    )
    assert (spanish.pairs, spanish.percent, spanish.few) == (12, 75.0, False)
    # (0.75 - (8*7 + 4*5)/144) / (1 - 76/144)
    assert spanish.kappa == pytest.approx(8 / 17)
    assert await judging.agreement(LATER + timedelta(seconds=1)) == ()


def test_agreement_of_nothing_and_of_chance() -> None:
    assert agreement_of("es", {}) == Agreement("es", 0, 0.0, None)
    even = {(one, two): 1 for one in VERDICTS for two in VERDICTS}
    assert agreement_of("es", even).kappa == pytest.approx(0)


async def test_a_conversation_that_is_erased_leaves_nothing_behind(
    store: TranscriptStore, judging: Judging
) -> None:
    await wait(store, "c_1", "c_2", second=True)
    for id in ("c_1", "c_2"):
        await judging.skip(id, "s_9", LATER)
        await judging.judge(id, "s_1", Opinion("fix", turns=(TurnJudgement(f"{id}_2", "unsafe"),)), LATER)
    await store.erase("c_1")
    async with store.database.connect() as connection:
        for table in OF_CONVERSATION:
            left = (await connection.execute(select(table.c.conversation_id))).scalars().all()
            assert left == ["c_2"], table.name
    assert not await judging.judge("c_1", "s_1", GOOD, LATER)
    assert await judging.undo("c_1", "s_1", LATER) is None
    assert not await judging.assign("c_1", "s_1")
    assert await judging.sample("c_1") is None


async def test_the_queue_goes_through_no_table(store: TranscriptStore, judging: Judging) -> None:
    """With many drawn conversations, most of them read, an index answers each of its queries, in its order."""
    heads, rows = [], []
    for number in range(MANY):
        id = f"c_{number}"
        heads.append(conversation_row(conversation(id), store.seal) | {"number": number})
        done = None if number % 10 == 0 else NOON
        rows.append({"conversation_id": id, "reason": REASONS[number % 3], "second": number % 5 == 0, "drawn_at": NOON,
                     "assigned_to": f"s_{number % 4}" if number % 7 == 0 else None, "done_at": done,
                     "first_by": None if done is None else "s_1"})  # fmt: skip
    async with store.database.begin() as connection:
        await connection.execute(insert(conversations), heads)
        await connection.execute(insert(samples), rows)
    async with store.database.begin() as connection:
        await connection.execute(text("ANALYZE"))
    for staff in ("s_1", "s_2"):
        for plan in await plans(store.database, lambda staff=staff: judging.queue(staff, LATER)):  # type: ignore[misc]
            assert "Seq Scan on samples" not in plan and "SCAN samples" not in plan, plan
            # Only the heads themselves are sorted, one of each kind.
            assert plan.count("Sort  (") <= 1, plan
            for head in plan.split("CO-ROUTINE")[1:]:
                assert "TEMP B-TREE" not in head.partition("SCAN anon")[0], plan
    for plan in await plans(store.database, lambda: judging.counts("s_1")):
        assert "Seq Scan on samples" not in plan and "SCAN samples" not in plan, plan
    # Whoever has read all that waits for a second reader goes through none of it.
    async with store.database.begin() as connection:
        await connection.execute(text("UPDATE samples SET done_at = drawn_at, first_by = 's_1'"))
    assert await judging.queue("s_1", LATER) is None
    found = await judging.queue("s_2", LATER)
    assert found is not None and found.second
