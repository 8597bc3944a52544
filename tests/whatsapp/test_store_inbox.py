"""What came and waits, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.gateway.whatsapp.model import Renamed, Sender
from bot.gateway.whatsapp.records import ATTEMPTS, After, LostLease, Out, Taken
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.gateway.whatsapp.tables import aliases, inbox, people
from tests.booking.conftest import OLD_KEY
from tests.whatsapp.conftest import KEY
from tests.whatsapp.storing import (
    HOLD,
    NOON,
    answer,
    at,
    claim,
    heard,
    ids,
    next_out,
    reply,
    said,
    said_in,
    sender,
    take,
    texts,
)


async def count(store: WhatsAppStore, table: Any) -> int:
    async with store.database.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(table)) or 0)


async def test_a_message_waits_and_is_answered_once(store: WhatsAppStore) -> None:
    taken = await take(store, said("wamid.1", "¿Cuánto cuesta? 🙂"))
    assert (len(taken.new), taken.repeated) == (1, 0)
    work = await claim(store)
    (waiting,) = work.messages
    assert waiting.id == taken.new[0]
    assert waiting.message is not None
    assert (waiting.message.id, waiting.message.text, waiting.message.at, waiting.attempts) == (
        "wamid.1",
        "¿Cuánto cuesta? 🙂",
        NOON,
        1,
    )
    assert (work.person.provider, work.person.address, work.person.conversation_id, work.person.language) == (
        "cloud",
        sender(1).address,
        None,
        "",
    )
    after = After("c_1", "es", '{"a":1}', at(7200), at(2))
    assert await answer(store, work, "uno", "dos", after=after) == 2
    assert await store.claim("w", at(9), HOLD) is None
    person = await store.of_conversation("c_1", at(9))
    assert person is not None
    assert (person.language, person.state, person.greeted_at, person.last_inbound_at) == (
        "es",
        '{"a":1}',
        at(2),
        NOON,
    )
    assert await store.person(person.id, at(7200)) != person
    late = await store.person(person.id, at(7200))
    assert late is not None
    assert (late.state, late.conversation_id) == (None, "c_1")
    assert person.window_until == NOON + timedelta(hours=24)


async def test_the_same_message_is_taken_once(store: WhatsAppStore) -> None:
    assert await take(store, said("wamid.1"), said("wamid.1")) == await _one_new(store, 1)
    again = await take(store, said("wamid.1"), seconds=1)
    assert (again.new, again.repeated) == ((), 1)
    await answer(store, await claim(store), "uno")
    again = await take(store, said("wamid.1"), said("wamid.2"), seconds=86_400 * 8)
    assert (len(again.new), again.repeated) == (1, 1)
    other = await store.take("twilio", [said("wamid.1")], at(), ())
    assert len(other.new) == 1


async def _one_new(store: WhatsAppStore, repeated: int) -> Taken:
    async with store.database.connect() as connection:
        found = tuple(await connection.scalars(select(inbox.c.id)))
    assert len(found) == 1
    return Taken(found, repeated)


async def test_the_same_message_at_the_same_time_is_taken_once(open_store: Callable[..., Any]) -> None:
    stores = [await open_store() for _ in range(3)]
    events = [
        said(f"wamid.{n}", who=sender(n % 2, "bsuid:US.1" if n % 2 else "bsuid:US.2")) for n in range(8)
    ]
    taken = await asyncio.gather(*(take(stores[n % 3], *events) for n in range(6)))
    assert sum(len(one.new) for one in taken) == 8
    assert sum(one.repeated for one in taken) == 40
    assert (await count(stores[0], people), await count(stores[0], inbox)) == (2, 8)


async def test_an_empty_post_changes_nothing(store: WhatsAppStore) -> None:
    assert await take(store) == Taken()


async def test_moments_without_a_time_zone_are_refused(store: WhatsAppStore) -> None:
    with pytest.raises(Exception, match="time zone"):
        await store.take("cloud", [said("wamid.1")], datetime(2026, 1, 1), ())  # noqa: DTZ001


@pytest.mark.parametrize("text", ["", "x" * 4096, "\x00 nul", "lone \ud800 half", "🧑‍⚖️¿¡ñ" * 500])
async def test_any_text_comes_out_as_it_went_in(store: WhatsAppStore, text: str) -> None:
    await take(store, said("wamid.\ud800", text, choice="k_1", title=text[:20], kind="choice"))
    (waiting,) = (await claim(store)).messages
    assert waiting.message is not None
    assert (waiting.message.text, waiting.message.title, waiting.message.id) == (
        text,
        text[:20],
        "wamid.\ud800",
    )


async def test_a_kind_of_the_future_is_kept_as_unsupported(store: WhatsAppStore) -> None:
    await take(store, said("wamid.1", kind="hologram_with_a_very_long_name"), said("wamid.2", kind="voice"))
    assert [one.kind for one in (await claim(store)).messages] == ["unsupported", "voice"]


# Bursts and order.


async def test_a_burst_is_claimed_together_when_it_has_ended(store: WhatsAppStore) -> None:
    for number in range(3):
        await take(store, said(f"wamid.{number}", str(number), seconds=number * 0.5), seconds=number * 0.5)
    assert await store.claim("w", at(1.9), HOLD) is None
    assert await store.next_due() == at(2)
    assert texts(await claim(store, 2)) == ["0", "1", "2"]


async def test_who_does_not_end_is_answered_after_a_while(store: WhatsAppStore) -> None:
    for number in range(13):
        await take(store, said(f"wamid.{number}", str(number)), seconds=number * 0.5)
        if number < 12:
            assert await store.claim("w", at(number * 0.5), HOLD) is None
    assert len((await claim(store, 6)).messages) == 13


@pytest.mark.parametrize("how", ["choice", "urgent"])
async def test_what_presses_is_due_at_once(store: WhatsAppStore, how: str) -> None:
    await take(store, said("wamid.1", "a"))
    kind = "choice" if how == "choice" else "text"
    await take(
        store, said("wamid.2", "b", kind=kind), seconds=0.1, urgent=["wamid.2"] if how == "urgent" else []
    )
    assert texts(await claim(store, 0.1)) == ["a", "b"]


async def test_messages_are_ordered_by_when_they_were_sent_and_then_came(store: WhatsAppStore) -> None:
    await take(store, said("wamid.3", "c", seconds=5), seconds=6)
    await take(store, said("wamid.1", "a", seconds=4), said("wamid.2", "b", seconds=4), seconds=6.1)
    assert texts(await claim(store, 9)) == ["a", "b", "c"]


async def test_who_waits_longest_is_first_and_nobody_is_claimed_twice(store: WhatsAppStore) -> None:
    for who in (3, 1, 2):
        await take(store, said(f"wamid.{who}", who=who), seconds=10 - who)
    got = [(await claim(store, 20)).person.address[-1] for _ in range(3)]
    assert got == ["3", "2", "1"]
    assert await store.claim("w", at(20), HOLD) is None


async def test_nobody_starves_behind_those_who_keep_writing(store: WhatsAppStore) -> None:
    quiet = None
    await take(store, said("wamid.q", who=99))
    for round_ in range(20):
        seconds = round_ * 0.5
        for who in range(3):
            await take(store, said(f"wamid.{who}.{round_}", who=who, seconds=seconds), seconds=seconds)
        work = await store.claim("w", at(seconds), HOLD)
        if work is not None:
            if work.person.address.endswith("99"):
                quiet = round_
            await answer(store, work, seconds=seconds)
    assert quiet == 2


async def test_many_messages_come_in_several_claims(store: WhatsAppStore) -> None:
    await take(store, *(said(f"wamid.{n}", str(n), seconds=n) for n in range(70)))
    work = await claim(store)
    assert texts(work) == [str(n) for n in range(50)]
    await answer(store, work)
    await store.release(work, at(2))
    work = await claim(store)
    assert texts(work) == [str(n) for n in range(50, 70)]
    await answer(store, work)
    with pytest.raises(LostLease):
        await answer(store, work)


async def test_what_came_meanwhile_is_answered_after_the_release(store: WhatsAppStore) -> None:
    await take(store, said("wamid.1", "a"))
    work = await claim(store)
    await take(store, said("wamid.2", "b", seconds=3), seconds=3)
    assert await store.claim("x", at(20), HOLD) is None
    await store.finish(work, ids(work), [Out("e_1", reply("uno"))], at(4))
    await store.renew(work, at(4), HOLD)
    await store.release(work, at(4))
    assert texts(await claim(store, 4)) == ["b"]


# Leases.


async def test_a_worker_that_lost_its_lease_changes_nothing(store: WhatsAppStore) -> None:
    await take(store, said("wamid.1", "a"))
    lost = await claim(store, 2)
    assert await store.claim("x", at(31), HOLD) is None
    work = await claim(store, 32, worker="x")
    assert (ids(work), work.messages[0].attempts) == (ids(lost), 2)
    out = [Out("e_1", reply("uno"))]
    for change in (
        lambda: store.finish(lost, ids(lost), out, at(33), after=After("c_9", "en")),
        lambda: store.finish(lost, ids(lost), out, at(33), leaving=True),
        lambda: store.close(lost, ids(lost), "late", at(33), out),
        lambda: store.set_aside(lost, ids(lost), "late", at(33), out),
        lambda: store.postpone(lost, at(99), "late", at(33)),
        lambda: store.joined(lost, ids(lost), at(33)),
        lambda: store.renew(lost, at(33), HOLD),
    ):
        with pytest.raises(LostLease):
            await change()
    await store.release(lost, at(33))
    assert await store.claim("y", at(33), HOLD) is None
    assert await store.next_out("s", at(33), HOLD) is None
    assert await answer(store, work, "uno", seconds=34, after=After("c_1", "es")) == 1
    person = await store.person(work.person.id, at(34))
    assert person is not None
    assert person.conversation_id == "c_1"


async def test_a_lease_that_ran_out_and_was_given_to_nobody_still_counts(store: WhatsAppStore) -> None:
    await take(store, said("wamid.1", "a"))
    work = await claim(store, 2)
    assert await answer(store, work, "uno", seconds=40) == 1


async def test_a_renewed_lease_holds_longer(store: WhatsAppStore) -> None:
    await take(store, said("wamid.1", "a"))
    work = await claim(store, 2)
    await store.renew(work, at(30), HOLD)
    assert await store.claim("x", at(59), HOLD) is None
    assert (await claim(store, 60, worker="x")).person.id == work.person.id


async def test_the_same_worker_after_its_lease_is_another(store: WhatsAppStore) -> None:
    await take(store, said("wamid.1", "a"))
    first, second = await claim(store, 2), await claim(store, 32)
    with pytest.raises(LostLease):
        await answer(store, first)
    assert await answer(store, second, "uno") == 1


async def test_workers_at_the_same_time_share_the_people(open_store: Callable[..., Any]) -> None:
    stores = [await open_store() for _ in range(4)]
    for who in range(40):
        await take(stores[0], said(f"wamid.{who}", who=who))
    works = await asyncio.gather(*(stores[n % 4].claim(f"w{n}", at(5), HOLD) for n in range(48)))
    found = [work.person.id for work in works if work is not None]
    # On PostgreSQL one whose row another has just locked may be passed over; it is there at the next look.
    while (work := await stores[0].claim("last", at(5), HOLD)) is not None:
        found.append(work.person.id)
    assert len(found) == len(set(found)) == 40


# Trying again.


async def test_who_is_postponed_waits_with_everything_that_comes(store: WhatsAppStore) -> None:
    await take(store, said("wamid.1", "a"))
    work = await claim(store, 2)
    await store.postpone(work, at(12), "engine away", at(2), counted=False)
    await take(store, said("wamid.2", "b", seconds=3), seconds=3)
    assert await store.claim("w", at(11.9), HOLD) is None
    work = await claim(store, 12)
    assert [(text, one.attempts) for text, one in zip(texts(work), work.messages, strict=True)] == [
        ("a", 1),
        ("b", 1),
    ]
    await store.postpone(work, at(20), "broke", at(12))
    assert [one.attempts for one in (await claim(store, 20)).messages] == [2, 2]


async def test_what_presses_does_not_wait_for_the_next_try(store: WhatsAppStore) -> None:
    await take(store, said("wamid.1", "a"))
    await store.postpone(await claim(store, 2), at(60), "engine", at(2), counted=False)
    await take(store, said("wamid.2", "b", seconds=3), seconds=3, urgent=["wamid.2"])
    work = await claim(store, 3)
    assert texts(work) == ["a", "b"]
    await take(store, said("wamid.3", "c", seconds=4), seconds=4, urgent=["wamid.3"])
    await store.postpone(work, at(60), "engine", at(5), counted=False)
    assert texts(await claim(store, 5)) == ["a", "b", "c"]


async def test_a_clean_stop_counts_for_nothing(store: WhatsAppStore) -> None:
    await take(store, said("wamid.1", "a"))
    for second in range(2, 9):
        work = await claim(store, second)
        assert work.messages[0].attempts == 1
        await store.release(work, at(second))


async def test_a_poison_message_is_found_among_others_and_those_are_answered(store: WhatsAppStore) -> None:
    await take(store, *(said(f"wamid.{n}", text, seconds=n) for n, text in enumerate(["a", "poison", "c"])))
    answered, second = [], 10.0
    while (work := await store.claim("w", at(second), HOLD)) is not None:
        if work.messages[0].attempts > ATTEMPTS:
            await store.set_aside(
                work, [work.messages[0].id], "poison", at(second), [Out("sorry", reply("!"))]
            )
            await store.release(work, at(second))
        elif "poison" not in texts(work):
            answered += texts(work)
            await answer(store, work, seconds=second)
            await store.release(work, at(second))
        second += 31
    assert answered == ["a", "c"]
    (aside,) = await store.aside()
    assert (aside.code, aside.attempts, aside.kind) == ("poison", ATTEMPTS + 1, "text")
    assert second < 10 + 31 * 11
    # It is found by staff, who may have it tried again.
    assert [trouble.code for trouble in await store.troubles(at(second))] == ["poison"]
    assert await store.troubles(at(second)) == ()
    assert await store.resume(aside.id, at(second)) is True
    assert await store.resume(aside.id, at(second)) is False
    work = await claim(store, second + 1)
    assert (texts(work), work.messages[0].attempts) == (["poison"], 1)


async def test_messages_that_broke_together_are_tried_one_by_one(store: WhatsAppStore) -> None:
    await take(store, *(said(f"wamid.{n}", str(n), seconds=n) for n in range(3)))
    work = await claim(store, 5)
    await store.joined(work, ids(work)[:2], at(5))
    await store.parted(work, ids(work)[:2], at(5))
    await store.postpone(work, at(6), "broke", at(5))
    for number in range(2):
        work = await claim(store, 6 + number)
        assert texts(work) == [str(number)]
        assert work.messages[0].attempts == ATTEMPTS - 1
        await answer(store, work, seconds=6 + number)
        await store.release(work, at(6 + number))
    assert texts(await claim(store, 9)) == ["2"]


async def test_what_was_joined_comes_together_again(store: WhatsAppStore) -> None:
    await take(store, *(said(f"wamid.{n}", str(n), seconds=n) for n in range(4)))
    first = await claim(store, 10)
    assert {one.turn for one in first.messages} == {""}
    await store.joined(first, ids(first)[:2], at(10))
    for second in (40, 70, 100):
        work = await claim(store, second)
    assert (texts(work), work.messages[0].attempts) == (["0", "1"], 4)
    assert {one.turn for one in work.messages} == {ids(first)[0]}


# Deletions and edits.


async def test_a_deletion_wipes_what_still_waits(store: WhatsAppStore) -> None:
    await take(store, said("wamid.1", "a"), said("wamid.2", "b", seconds=1))
    await take(store, said("wamid.3", "", seconds=2, kind="deleted", refers_to="wamid.1"), seconds=2)
    work = await claim(store, 5)
    assert [(one.kind, one.caught) for one in work.messages] == [("text", False), ("deleted", True)]
    assert texts(work) == ["b", ""]
    await answer(store, work)
    await take(store, said("wamid.4", "", seconds=9, kind="deleted", refers_to="wamid.2"), seconds=9)
    assert [one.caught for one in (await claim(store, 12)).messages] == [False]


async def test_what_a_try_may_have_read_is_not_called_unread(store: WhatsAppStore) -> None:
    await take(store, said("wamid.1", "a"))
    work = await claim(store, 3)
    await store.set_aside(work, ids(work), "poison", at(4))
    await store.release(work, at(4))
    await take(store, said("wamid.2", "", seconds=5, kind="deleted", refers_to="wamid.1"), seconds=5)
    assert [(one.kind, one.caught) for one in (await claim(store, 9)).messages] == [("deleted", False)]


async def test_an_edit_whose_words_are_not_told_changes_nothing(store: WhatsAppStore) -> None:
    await take(store, said("wamid.1", "el 5 de mayo"))
    await take(store, said("wamid.2", "", seconds=0.5, kind="edited", refers_to="wamid.1"), seconds=0.5)
    work = await claim(store, 5)
    assert [(one.kind, text) for one, text in zip(work.messages, texts(work), strict=True)] == [
        ("text", "el 5 de mayo"), ("edited", ""),
    ]  # fmt: skip


async def test_a_deletion_that_overtook_its_message_still_counts(store: WhatsAppStore) -> None:
    await take(store, said("wamid.2", "", seconds=1, kind="deleted", refers_to="wamid.1"))
    late = await take(store, said("wamid.1", "a"), seconds=1)
    assert (late.new, late.repeated) == ((), 1)
    assert [one.kind for one in (await claim(store, 5)).messages] == ["deleted"]


async def test_nobody_deletes_or_edits_what_others_wrote(store: WhatsAppStore) -> None:
    await take(store, said("wamid.1", "a"))
    for id, kind in (("wamid.2", "deleted"), ("wamid.3", "edited")):
        await take(store, said(id, "x", who=2, kind=kind, refers_to="wamid.1"))
    works = [await claim(store, 5), await claim(store, 5)]
    assert sorted(texts(work) for work in works) == [["a"], ["x", "x"]]


async def test_an_edit_changes_what_still_waits_and_else_waits_itself(store: WhatsAppStore) -> None:
    await take(store, said("wamid.1", "el 5 de mayo"))
    edit = said("wamid.2", "el 6 de mayo", seconds=0.5, kind="edited", refers_to="wamid.1")
    assert (await take(store, edit, seconds=0.5)).new == ()
    assert (await take(store, edit, seconds=0.6)).repeated == 1
    work = await claim(store, 5)
    assert [(one.kind, one.message.text) for one in work.messages if one.message] == [
        ("text", "el 6 de mayo")
    ]
    late = said("wamid.3", "el 7 de mayo", seconds=6, kind="edited", refers_to="wamid.1")
    assert len((await take(store, late, seconds=6)).new) == 1
    await answer(store, work, seconds=7)
    await store.release(work, at(7))
    work = await claim(store, 8)
    assert [(one.kind, text) for one, text in zip(work.messages, texts(work), strict=True)] == [
        ("edited", "el 7 de mayo")
    ]


# People.


async def test_a_person_is_known_by_any_alias(store: WhatsAppStore) -> None:
    both = sender(1, "bsuid:US.1")
    await take(store, said("wamid.1", "a", both))
    await take(store, said("wamid.2", "b", Sender("US.1", ("bsuid:US.1",)), seconds=1), seconds=1)
    moved = Sender("12025559999", ("phone:12025550001", "phone:x"))
    await take(store, said("wamid.3", "c", moved, seconds=2), seconds=2)
    work = await claim(store, 5)
    assert texts(work) == ["a", "b", "c"]
    assert work.person.address == "12025559999"
    late = said("wamid.0", "z", both, seconds=-60)
    await take(store, late, seconds=6)
    person = await store.person(work.person.id, at(6))
    assert person is not None
    assert (person.address, person.last_inbound_at) == ("12025559999", at(2))


async def test_somebody_without_any_alias_is_known_by_the_address(store: WhatsAppStore) -> None:
    nameless = Sender("whatsapp:+12025550142", ())
    await take(store, said("wamid.1", "a", nameless), said("wamid.2", "b", nameless, seconds=1))
    assert texts(await claim(store, 5)) == ["a", "b"]


async def test_two_people_who_turn_out_to_be_one_become_the_older(store: WhatsAppStore) -> None:
    phone, bsuid = sender(1), Sender("US.1", ("bsuid:US.1",))
    await take(store, said("wamid.1", "a", phone))
    await answer(store, await claim(store, 2), "a1", "a2", after=After("c_1", "es", "state of 1", at(7200)))
    await take(store, said("wamid.2", "b", bsuid, seconds=3), seconds=3)
    await answer(store, await claim(store, 5), "b1", after=After("c_2", "en", "state of 2", at(7200)))
    older = await store.of_conversation("c_1", at(5))
    assert older is not None
    taken = await take(store, said("wamid.3", "c", sender(1, "bsuid:US.1"), seconds=6), seconds=6)
    assert taken.dropped == ("c_1",)
    assert await count(store, people) == 1
    work = await claim(store, 8)
    assert (work.person.id, work.person.conversation_id, work.person.state, work.person.address) == (
        older.id,
        "c_2",
        "state of 2",
        phone.address,
    )
    order = []
    for _ in range(3):
        row = await next_out(store, 8)
        order.append(said_in(row))
        assert await store.sent(row, f"p.{len(order)}", at(8))
    assert order == ["a1", "a2", "b1"]


async def test_who_is_being_answered_is_the_one_that_stays(store: WhatsAppStore) -> None:
    phone, bsuid = sender(1), Sender("US.1", ("bsuid:US.1",))
    await take(store, said("wamid.1", "a", phone))
    await take(store, said("wamid.2", "b", bsuid, seconds=3), seconds=3)
    waits = await claim(store, 5)
    assert texts(waits) == ["a"]
    held = await claim(store, 5)
    assert texts(held) == ["b"]
    await store.release(waits, at(5))
    await take(store, said("wamid.3", "c", sender(1, "bsuid:US.1"), seconds=6), seconds=6)
    assert await answer(store, held, "b1", seconds=7) == 1
    await store.release(held, at(7))
    work = await claim(store, 9)
    assert (texts(work), work.person.id) == (["a", "c"], held.person.id)


async def test_people_who_become_one_within_a_post(store: WhatsAppStore) -> None:
    await take(
        store,
        said("wamid.1", "a", sender(1)),
        said("wamid.2", "b", Sender("US.1", ("bsuid:US.1",)), seconds=1),
        said("wamid.3", "c", sender(1, "bsuid:US.1"), seconds=2),
    )
    assert await count(store, people) == 1
    assert texts(await claim(store, 5)) == ["a", "b", "c"]


async def test_a_new_number_is_the_same_person_and_the_old_one_may_be_somebody_else(
    store: WhatsAppStore,
) -> None:
    await take(store, said("wamid.1", "a", sender(1, "bsuid:US.1")))
    await answer(store, await claim(store, 2), after=After("c_1", "es"))
    new = sender(2, "bsuid:US.2")
    renamed = Renamed("wamid.r", ("phone:12025550001", "bsuid:US.1"), new, at(3))
    await take(store, renamed, seconds=3)
    person = await store.of_conversation("c_1", at(4))
    assert person is not None
    assert person.address == new.address
    await take(
        store, said("wamid.2", "b", sender(1), seconds=5), said("wamid.3", "c", new, seconds=5), seconds=5
    )
    works = [await claim(store, 9), await claim(store, 9)]
    assert sorted((texts(work), work.person.conversation_id or "") for work in works) == [
        (["b"], ""),
        (["c"], "c_1"),
    ]
    # Told again days later, it must not bring the new owner of the old number into this conversation.
    await take(store, renamed, seconds=86_400 * 6)
    assert (await count(store, people), await count(store, aliases)) == (2, 3)


async def test_a_new_number_of_somebody_unknown_is_nothing(store: WhatsAppStore) -> None:
    await take(store, Renamed("wamid.r", ("phone:1",), sender(2), at()))
    assert await count(store, people) == 0


async def test_a_lost_key_loses_the_words_and_not_the_person(open_store: Callable[..., Any]) -> None:
    old, new = await open_store(keys=(OLD_KEY,)), await open_store(keys=(KEY,))
    await take(old, said("wamid.1", "a"))
    work = await claim(new)
    assert work.messages[0].message is None
    assert work.person.address == ""
    await new.set_aside(work, ids(work), "unreadable", at(2))
    await take(new, said("wamid.2", "b", seconds=3), seconds=3)
    work = await claim(new, 9)
    assert (texts(work), work.person.address) == (["b"], sender(1).address)


async def test_an_unknown_status_is_nothing(store: WhatsAppStore) -> None:
    assert await take(store, heard("wamid.x", "read", row="o_x")) == Taken()


async def test_danger_goes_before_whoever_waits(store: WhatsAppStore) -> None:
    await take(store, *(said(f"m{n}", who=n) for n in range(1, 6)))
    await take(store, said("help", "they are at my door", who=9), seconds=2, urgent=["help"])
    assert texts(await claim(store, 3)) == ["they are at my door"]
