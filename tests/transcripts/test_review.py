"""What staff read and note, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from bot.booking.tables import bookings
from bot.transcripts.errors import Held
from bot.transcripts.judging_tables import judgements
from bot.transcripts.records import AlarmRecord, View
from bot.transcripts.review import Filter, Review
from bot.transcripts.rows import conversation_row
from bot.transcripts.sealing import Keys, Unreadable
from bot.transcripts.store import TranscriptStore
from bot.transcripts.tables import conversations, messages
from tests.transcripts.plans import plans
from tests.transcripts.saying import KEY, NOON, bot, conversation, keep, visitor

LATER = NOON + timedelta(hours=1)


async def ids(review: Review, found: Filter, limit: int = 50) -> list[str]:
    """The ids of all pages."""
    seen: list[str] = []
    key = None
    while True:
        page = await review.page(found, limit, key)
        assert len(page.rows) <= limit
        seen += [row.id for row in page.rows]
        if (key := page.next_key) is None:
            return seen


async def test_a_conversation_comes_back_with_what_was_understood_and_with_its_facts(
    store: TranscriptStore, review: Review
) -> None:
    head = conversation(
        topic="work_permit", outcome="triaged", urgency="urgent", urgent_at=NOON, facts={"court": "yes"}
    )
    asked = visitor(
        intent="work_permit",
        confidence=0.4,
        ranking=({"name": "work_permit", "confidence": 0.4}, {"name": "fees", "confidence": 0.3}),
        entities=({"entity": "country", "value": "GT"},),
        look="unsure",
    )
    said = bot(versions={"content": "3", "law": "2026-11"})
    await store.save(head, [asked, said])
    transcript = await store.load("c_1")
    assert transcript is not None
    assert (transcript.conversation, transcript.messages) == (head, (asked, said))
    whole = await review.whole("c_1")
    assert whole is not None
    assert whole.messages == (asked, said)
    assert (whole.facts, whole.hold_reason, whole.unreadable) == ({"court": "yes"}, None, False)
    assert whole.consent == head.consent
    assert (whole.row.turns, whole.row.opening, whole.row.booking) == (1, "¿Puedo trabajar? 🙏", None)
    assert await review.whole("c_x") is None


@pytest.mark.parametrize("kinds", [(), ("choice",), ("choice", "text", "text"), ("text", "choice")])
async def test_a_conversation_says_of_itself_what_the_list_says_of_it(
    store: TranscriptStore, review: Review, kinds: tuple[str, ...]
) -> None:
    said = [
        visitor(seq, client=f"k_{seq}", kind=kind, text=f"{seq} " + "á" * 500)
        for seq, kind in enumerate(kinds, 1)
    ]
    await store.save(conversation(topic="fees"), [*said, bot(9, reply_to=None)])
    await review.label("c_1", "notario", True)
    await review.hold("c_1", "s_1", "por una demanda", NOON)
    whole = await review.whole("c_1")
    assert whole is not None
    assert whole.row == (await review.page(Filter())).rows[0]
    assert whole.row.turns == len(kinds)


async def test_facts_and_entities_are_sealed_and_stay_when_a_record_does_not_bring_them(
    store: TranscriptStore, review: Review
) -> None:
    found = ({"entity": "country", "value": "Guatemala"},)
    await store.save(conversation(facts={"nationality": "Guatemala"}), [visitor(entities=found)])
    async with store.database.connect() as connection:
        for query in ("SELECT facts FROM conversations", "SELECT entities FROM messages"):
            assert b"Guatemala" not in (await connection.execute(text(query))).scalar_one()
    await store.save(conversation(), [visitor(intent="greet")])
    whole = await review.whole("c_1")
    assert whole is not None
    assert whole.facts == {"nationality": "Guatemala"}
    assert (whole.messages[0].entities, whole.messages[0].intent) == (found, "greet")


async def test_without_the_key_a_conversation_is_shown_and_what_is_sealed_is_named_as_unreadable(
    store: TranscriptStore, store_url: str
) -> None:
    await store.save(conversation(facts={"court": "yes"}), [visitor(entities=({"value": 1},), raw="bare")])
    for keys in (None, Keys(["b2" * 32])):
        other = TranscriptStore(store_url, keys)
        whole = await Review(other).whole("c_1")
        assert whole is not None
        assert (whole.facts, whole.messages[0].entities, whole.unreadable) == ({}, None, True)
        assert (await other.load("c_1")) is not None
        with pytest.raises(Unreadable):
            await Review(other).raw("m_1")
        await other.close()
    both = TranscriptStore(store_url, Keys(["b2" * 32, KEY]))
    assert await Review(both).raw("m_1") == "bare"
    await both.close()


async def test_without_keys_nothing_that_needs_one_is_written(store_url: str) -> None:
    opened = TranscriptStore(store_url, None, raw_days=3)
    await opened.start()
    await opened.save(conversation(facts={"court": "yes"}), [visitor(entities=({"value": 1},), raw="bare")])
    whole = await Review(opened).whole("c_1")
    assert whole is not None
    assert (whole.facts, whole.messages[0].entities, whole.raw, whole.unreadable) == (
        {},
        None,
        frozenset(),
        False,
    )
    await opened.close()


async def test_unmasked_text_is_kept_apart_only_where_the_firm_wants_it_and_goes_when_its_time_is_over(
    store: TranscriptStore, review: Review, store_url: str
) -> None:
    plain = TranscriptStore(store_url, Keys([KEY]))
    await plain.save(conversation("c_0"), [visitor(id="m_0", raw="Me llamo Ana")])
    assert await review.raw("m_0") is None
    await plain.close()
    await store.save(conversation(), [visitor(raw="Me llamo Ana", text="Me llamo [NAME_1]")])
    whole = await review.whole("c_1")
    assert whole is not None
    assert (whole.raw, whole.messages[0].raw) == (frozenset({"m_1"}), None)
    assert await review.raw("m_1") == "Me llamo Ana"
    assert await store.expire_raw(NOON + timedelta(days=3, seconds=-1)) == 0
    assert await store.expire_raw(NOON + timedelta(days=3)) == 1
    assert await review.raw("m_1") is None


async def test_what_was_told_is_noted_once_however_often_the_message_is_saved(store: TranscriptStore) -> None:
    for value in ("150 días", "180 días"):
        reply = {"id": "work_permit", "parameters": {"ead.wait": value}}
        await store.save(conversation(), [visitor(), bot(reply=reply)])
    async with store.database.connect() as connection:
        told = (await connection.execute(text("SELECT message_id, parameter, value FROM told"))).all()
        indexed = (await connection.execute(text("SELECT count(*) FROM message_words"))).scalar_one()
    assert [tuple(row) for row in told] == [("m_2", "ead.wait", "180 días")]
    assert indexed == 2


async def test_saving_leaves_what_staff_did(store: TranscriptStore, review: Review) -> None:
    await store.save(conversation(), [visitor(look="fallback")])
    assert await review.claim("c_1", "s_1", NOON) == "s_1"
    assert await review.touch("c_1", NOON) is True
    assert await review.review("c_1", "s_2", NOON) is True
    assert await review.hold("c_1", "s_3", "Demanda 12", NOON) is True
    assert await review.looked("m_1", "s_1", NOON) is True
    await store.save(conversation(outcome="answered"), [visitor(look="fallback"), bot()])
    whole = await review.whole("c_1")
    assert whole is not None
    row = whole.row
    assert (row.claimed_by, row.human_at, row.reviewed_by, row.reviewed_at) == ("s_1", NOON, "s_2", NOON)
    assert (row.held, whole.hold_reason, row.outcome) == (True, "Demanda 12", "answered")
    assert whole.looked == {"m_1"}
    head = await store.head("c_1")
    assert head is not None
    assert head.claimed_by == "s_1"


async def test_each_filter_finds_its_conversations_newest_first(
    store: TranscriptStore, review: Review
) -> None:
    await keep(store, 1, "Hola", channel="whatsapp", topic="fees", outcome="answered")
    await keep(store, 2, "Hola", language="en", topic="fees", urgency="soon", urgent_at=NOON)
    await keep(store, 3, "Hola", topic="one_year_deadline")
    await review.review("c_1", "s_1", NOON)
    await review.hold("c_2", "s_1", "x", NOON)
    await review.claim("c_3", "s_9", NOON)
    # Two have judged the second, and taken back that it is reviewed.
    async with store.database.begin() as connection:
        given = {"conversation_id": "c_2", "verdict": "good", "judged_at": NOON}
        await connection.execute(
            judgements.insert(), [{**given, "staff_id": f"s_{reader}", "reader": reader} for reader in (1, 2)]
        )
    for id in ("c_1", "c_3", "c_1"):
        await writes(store, id, "s_9")
    await review.label("c_1", "unsafe", True)
    await review.label("c_2", "unsafe", True)
    second = NOON + timedelta(minutes=2)
    for found, expected in (
        (Filter(), ["c_3", "c_2", "c_1"]),
        (Filter(channel="whatsapp"), ["c_1"]),
        (Filter(language="en"), ["c_2"]),
        (Filter(topic="fees"), ["c_2", "c_1"]),
        (Filter(topic="fees", outcome="answered"), ["c_1"]),
        (Filter(urgency="soon"), ["c_2"]),
        (Filter(reviewed=True), ["c_1"]),
        (Filter(reviewed=False), ["c_3", "c_2"]),
        (Filter(held=True), ["c_2"]),
        (Filter(held=False), ["c_3", "c_1"]),
        (Filter(staff="s_9"), ["c_3"]),
        (Filter(staff="s_1"), []),
        (Filter(reviewer="s_1"), ["c_2", "c_1"]),
        (Filter(reviewer="s_2"), ["c_2"]),
        (Filter(reviewer="s_9"), []),
        (Filter(writer="s_9"), ["c_3", "c_1"]),
        (Filter(writer="s_9", channel="whatsapp"), ["c_1"]),
        (Filter(writer="s_1"), []),
        (Filter(label="unsafe"), ["c_2", "c_1"]),
        (Filter(label="unsafe", text="hola", language="en"), ["c_2"]),
        (Filter(since=second), ["c_3", "c_2"]),
        (Filter(until=second), ["c_1"]),
        (Filter(since=second, until=second + timedelta(seconds=1)), ["c_2"]),
        (Filter(channel="sms"), []),
    ):
        for limit in (1, 2, 50):
            assert await ids(review, found, limit) == expected, found
    assert await review.topics() == ("fees", "one_year_deadline")


async def test_pages_show_every_conversation_once_also_at_equal_times(
    store: TranscriptStore, review: Review
) -> None:
    for number in range(7):
        await store.save(conversation(f"c_{number}", minutes=number // 3), [])
    assert await ids(review, Filter(), 2) == [f"c_{number}" for number in range(6, -1, -1)]


async def test_a_row_tells_turns_labels_and_how_the_newest_request_was_delivered(
    store: TranscriptStore, review: Review
) -> None:
    await store.save(
        conversation(),
        [visitor(kind="choice", text="Español"), bot(), visitor(3, client="b", text="Tengo miedo " * 20)],
    )
    for number, (minutes, delivery) in enumerate(((1, "dead"), (2, "delivered"))):
        at = NOON + timedelta(minutes=minutes)
        request = {"id": f"b_{number}", "reference": f"R{number}", "conversation_id": "c_1", "created_at": at}
        state = {"state": "requested", "level": "soon", "language": "es", "appointment": "none"}
        async with store.database.begin() as connection:
            await connection.execute(
                bookings.insert().values(**request, **state, updated_at=at, delivery=delivery)
            )
    assert await review.label("c_1", "wrong_language", True) is True
    assert await review.label("c_1", "wrong_language", True) is False
    assert await review.label("c_1", "great", True) is True
    assert await review.label("c_x", "great", True) is False
    (row,) = (await review.page(Filter())).rows
    assert (row.turns, row.labels, row.booking) == (2, ("great", "wrong_language"), "delivered")
    assert row.opening == ("Tengo miedo " * 20)[:120]
    assert await review.label("c_1", "great", False) is True
    assert await review.label("c_1", "great", False) is False


async def test_urgent_ones_wait_emergencies_first_until_somebody_has_dealt_with_them(
    store: TranscriptStore, review: Review
) -> None:
    for id, level, minutes in (("c_1", "urgent", 0), ("c_2", "emergency", 9), ("c_3", "emergency", 5)):
        at = NOON + timedelta(minutes=minutes)
        await store.save(conversation(id, urgency=level, urgent_at=at), [])
    await store.save(conversation("c_4", urgency="soon", urgent_at=NOON), [])
    assert [row.id for row in (await review.urgent()).rows] == ["c_3", "c_2", "c_1"]
    assert [row.id for row in (await review.urgent(1)).rows] == ["c_3"]
    assert await review.touch("c_3", LATER) is True
    assert [row.id for row in (await review.urgent()).rows] == ["c_2", "c_1"]
    # Something urgent happens again: the time since the last touch counts.
    again = LATER + timedelta(minutes=1)
    await store.save(conversation("c_3", urgency="emergency", urgent_at=again), [])
    assert [row.id for row in (await review.urgent()).rows] == ["c_2", "c_3", "c_1"]
    assert (await review.counts())["urgent"] == 3


@pytest.mark.parametrize("few", [True, False])
async def test_the_conversations_of_one_member_of_staff_are_found_without_the_rest(
    store: TranscriptStore, review: Review, monkeypatch: pytest.MonkeyPatch, few: bool
) -> None:
    """Few are looked up and sorted; many are found on the way through the list."""
    if not few:
        monkeypatch.setattr("bot.transcripts.listing.FEW", 100)
    rows, written = [], []
    for number in range(20_000):
        id, at = f"c_{number:05}", NOON + timedelta(minutes=number)
        row = conversation_row(conversation(id, minutes=number), store.seal) | {"number": number}
        row |= {"reviewed_by": None, "reviewed_at": None}
        line = {"conversation_id": id, "created_at": at, "kind": "text", "language": "es", "text": "Hola"}
        written.append(line | {"id": f"m_{number}", "seq": 1, "author": "visitor", "staff_id": None})
        if number % 100 == 0:
            row |= {"reviewed_by": "s_1", "reviewed_at": at}
            written.append(line | {"id": f"w_{number}", "seq": 2, "author": "staff", "staff_id": "s_1"})
        rows.append(row)
    async with store.database.begin() as connection:
        await connection.execute(conversations.insert(), rows)
        await connection.execute(messages.insert(), written)
    async with store.database.begin() as connection:
        await connection.execute(text("ANALYZE"))
    newest = [f"c_{number:05}" for number in range(19_900, 19_900 - 5_000, -100)]
    for found in (Filter(reviewer="s_1"), Filter(writer="s_1")):
        assert [row.id for row in (await review.page(found)).rows] == newest
        for plan in await plans(store.database, lambda found=found: review.page(found)):  # type: ignore[misc]
            for name in ("conversations", "messages"):
                assert f"Seq Scan on {name}" not in plan, plan
                assert f"SCAN {name}" not in plan.replace(f"SCAN {name} USING", ""), plan


async def writes(store: TranscriptStore, conversation_id: str, staff: str) -> None:
    """A message of staff."""
    async with store.database.begin() as connection:
        count = await connection.scalar(select(func.count()).select_from(messages))
        await connection.execute(
            messages.insert().values(
                id=f"staff_{count}",
                conversation_id=conversation_id,
                seq=100 + int(count or 0),
                created_at=NOON,
                author="staff",
                kind="staff",
                language="es",
                text="Buenas tardes",
                staff_id=staff,
            )
        )


async def test_more_urgent_ones_than_a_page_follow_page_by_page(
    store: TranscriptStore, review: Review
) -> None:
    """Each comes once, in the order of waiting, also of equal moments and when somebody is called meanwhile."""
    for number in range(60):
        level = "emergency" if number % 5 == 0 else "urgent"
        at = NOON + timedelta(minutes=number % 7)
        await store.save(conversation(f"c_{number:02}", urgency=level, urgent_at=at), [])
    order = sorted(range(60), key=lambda number: (number % 5 != 0, number % 7, number))
    first = await review.urgent()
    assert [row.id for row in first.rows] == [f"c_{number:02}" for number in order[:50]]
    assert first.next_place is not None
    # Who is dealt with between two pages, before or behind the place, moves nobody else.
    for number in (order[3], order[49], order[55]):
        await review.touch(f"c_{number:02}", LATER)
    rest = await review.urgent(50, first.next_place)
    assert [row.id for row in rest.rows] == [f"c_{number:02}" for number in order[50:] if number != order[55]]
    assert rest.next_place is None
    seen, place = [], None
    while True:
        page = await review.urgent(7, place)
        seen += [row.id for row in page.rows]
        if (place := page.next_place) is None:
            break
    assert seen == [f"c_{number:02}" for number in order if number not in (order[3], order[49], order[55])]


async def test_a_page_of_urgent_ones_goes_through_no_table(store: TranscriptStore, review: Review) -> None:
    rows = []
    for number in range(4_000):
        level = {0: "urgent", 1: "emergency"}.get(number % 40, "routine")
        at = NOON + timedelta(minutes=number)
        head = conversation(f"c_{number:04}", urgency=level, urgent_at=at)
        rows.append(conversation_row(head, store.seal) | {"number": number})
    async with store.database.begin() as connection:
        await connection.execute(conversations.insert(), rows)
    async with store.database.begin() as connection:
        await connection.execute(text("ANALYZE"))
    place = (await review.urgent(20)).next_place
    assert place is not None
    for before in (None, place):
        head_query, *_ = await plans(store.database, lambda before=before: review.urgent(20, before))  # type: ignore[misc]
        assert "ix_conversations_urgent" in head_query, head_query
        assert "Seq Scan" not in head_query and "Sort" not in head_query, head_query
        assert "TEMP B-TREE" not in head_query, head_query


async def test_turns_that_went_badly_show_both_halves_until_somebody_has_looked(
    store: TranscriptStore, review: Review
) -> None:
    asked = visitor(text="asdf", intent="nlu_fallback", confidence=0.2, look="fallback")
    await store.save(conversation(), [asked, bot(text="x" * 300), bot(3, text="Segundo")])
    other = visitor(id="m_8", created_at=LATER, look="unsure", intent="fees", confidence=0.5)
    await store.save(conversation("c_2", channel="whatsapp"), [other, bot(id="m_9", reply_to="m_8")])
    page = await review.turns("look", 1)
    assert [(row.message_id, row.look, row.channel, row.said) for row in page.rows] == [
        ("m_8", "unsure", "whatsapp", "Sí.")
    ]
    (row,) = (await review.turns("look", 1, page.next_key)).rows
    assert (row.text, row.intent, row.confidence, row.said) == ("asdf", "nlu_fallback", 0.2, "x" * 200)
    assert (await review.turns("down")).rows == ()
    assert await store.rate("c_1", "m_3", "down") is True
    (bad,) = (await review.turns("down")).rows
    assert (bad.message_id, bad.text, bad.said, bad.rating) == ("m_3", "asdf", "Segundo", "down")
    assert bad.intent == "nlu_fallback"
    assert await review.counts() == {"urgent": 0, "look": 2, "down": 1, "alarms": 0, "claimed": 0}
    assert await review.looked("m_1", "s_1", NOON) is True
    assert await review.looked("m_1", "s_2", NOON) is False
    assert await review.looked("m_3", "s_1", NOON) is True
    assert [row.message_id for row in (await review.turns("look")).rows] == ["m_8"]
    assert (await review.turns("down")).rows == ()


async def test_alarms_leave_the_queue_when_somebody_settles_them(
    store: TranscriptStore, review: Review
) -> None:
    for number in range(3):
        await store.add_alarm(
            AlarmRecord(f"a_{number}", NOON + timedelta(minutes=number // 2), "turn", "empty")
        )
    page = await review.alarms(2)
    assert [row.id for row in page.rows] == ["a_2", "a_1"]
    assert [row.id for row in (await review.alarms(2, page.next_key)).rows] == ["a_0"]
    assert await review.settle("a_1", "s_1", LATER) is True
    assert await review.settle("a_1", "s_2", LATER) is False
    assert [row.id for row in (await review.alarms()).rows] == ["a_2", "a_0"]
    settled = next(row for row in await store.alarms() if row.id == "a_1")
    assert (settled.settled_by, settled.settled_at) == ("s_1", LATER)


async def test_one_person_has_a_conversation_in_hand_and_gives_it_back(
    store: TranscriptStore, review: Review
) -> None:
    await keep(store, 1, "Hola")
    holders = await asyncio.gather(*(review.claim("c_1", f"s_{number}", NOON) for number in range(4)))
    assert len(set(holders)) == 1
    first = holders[0]
    assert first is not None
    assert (await review.counts())["claimed"] == 1
    assert await review.release("c_1", "s_other") is False
    assert await review.release("c_1", first) is True
    assert await review.release("c_1", None) is False
    assert await review.claim("c_1", "s_7", NOON) == "s_7"
    assert await review.release("c_1", None) is True
    assert await review.claim("c_x", "s_7", NOON) is None


async def test_what_is_on_hold_is_neither_erased_nor_past_its_time(
    store: TranscriptStore, review: Review
) -> None:
    await keep(store, 1, "Hola")
    await keep(store, 2, "Hola")
    assert await review.hold("c_1", "s_1", "Orden del tribunal", NOON) is True
    assert await review.hold("c_1", "s_2", "otra", LATER) is False
    assert await review.hold("c_x", "s_2", "otra", LATER) is False
    async with store.database.connect() as connection:
        sealed = (
            await connection.execute(text("SELECT hold_reason FROM conversations WHERE id = 'c_1'"))
        ).scalar_one()
        assert b"tribunal" not in sealed
    with pytest.raises(Held):
        await store.erase("c_1")
    assert await store.load("c_1") is not None
    assert await store.expired(LATER, 9) == ("c_2",)
    assert await review.lift("c_1") is True
    assert await review.lift("c_1") is False
    assert await store.erase("c_1") is True


async def test_a_view_belongs_to_who_kept_it(review: Review) -> None:
    one = await review.save_view("s_1", "Mías", {"staff": "s_1"})
    again = await review.save_view("s_1", "Mías", {"language": "es"})
    await review.save_view("s_1", "Inglés", {"language": "en"})
    await review.save_view("s_2", "Mías", {})
    assert one.id == again.id
    shown = await review.views("s_1")
    assert [view.name for view in shown] == ["Inglés", "Mías"]
    assert View(one.id, "Mías", {"language": "es"}) in shown
    assert await review.delete_view("s_2", one.id) is False
    assert await review.delete_view("s_1", one.id) is True
    assert [view.name for view in await review.views("s_1")] == ["Inglés"]


async def test_a_message_saved_by_staff_is_part_of_the_conversation(
    store: TranscriptStore, review: Review
) -> None:
    written = replace(visitor(3, client="b"), author="staff", staff_id="s_1", client_message_id=None)
    await store.save(conversation(last_seq=3), [visitor(), bot(), written])
    whole = await review.whole("c_1")
    assert whole is not None
    assert whole.messages[2] == written
    assert whole.row.turns == 1
