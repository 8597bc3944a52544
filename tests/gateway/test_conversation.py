"""Starting, asking, choosing, agreeing, resuming."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.core.messages import Choice, Reply
from tests.gateway.conftest import CONVERSATIONS, Gateway, Start, Talk, checked, ids


async def test_a_conversation_starts_with_greeting_firm_notice_and_consent_question(gateway: Gateway) -> None:
    talk = await gateway.begin("es")
    assert ids(talk.started) == ["[greeting es]", "[firm_notice es]", "[consent_ask es]"]
    assert talk.started["cursor"] == 3
    titles = [c["title"] for m in talk.started["messages"] for c in m["choices"]]
    assert titles == ["language_en es", "consent_yes es", "consent_no es"]


async def test_the_greeting_needs_no_engine(gateway: Gateway) -> None:
    await gateway.engine.stop()
    assert (await gateway.begin()).started["cursor"] == 3


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("fr,en;q=0.5,es;q=0.7", "es"),
        ("de", "en"),
        ("es;q=x", "en"),
        ("", "en"),
    ],
)
async def test_without_a_language_the_browsers_preference_counts(
    gateway: Gateway, header: str, language: str
) -> None:
    response = await gateway.client.post(CONVERSATIONS, headers={"Accept-Language": header})
    assert (await checked(response))["language"] == language


async def test_a_question_is_answered_with_sources_and_choices(gateway: Gateway) -> None:
    talk = await gateway.begin()
    data = await talk.send("can i work while i wait")
    (message,) = data["messages"]
    assert message["kind"] == "answer"
    assert message["sources"] == [
        {"cite": "8 CFR 208.7(a)", "url": "https://www.ecfr.gov/", "checked": "2026-06-20"}
    ]
    assert message["facts_checked"] == "2026-06-20"
    assert [choice["title"] for choice in message["choices"]] == ["Fee", "Renewal", "Talk to a person"]
    assert "payload" not in message["choices"][0]


async def test_the_engine_gets_the_day_the_zone_and_the_consent(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.send("first")
    await talk.agree()
    await talk.send("second")
    first, second = gateway.engine.turns
    assert first["today"] == "2026-11-21"
    assert first["now"] == "2026-11-21T17:00:00+00:00"
    assert first["timezone"] == ""
    assert first["firm_timezone"] == "America/New_York"
    assert first["channel"] == "web"
    assert (first["consent"], second["consent"]) == (False, True)
    assert first["message_id"] != second["message_id"]


async def started_in(gateway: Gateway, timezone: Any) -> tuple[int, dict[str, Any]]:
    response = await gateway.client.post(CONVERSATIONS, json={"language": "en", "timezone": timezone})
    return response.status, await checked(response)


@pytest.mark.parametrize(
    ("timezone", "told", "day"),
    [
        ("America/Los_Angeles", "America/Los_Angeles", "2026-11-21"),
        ("US/Eastern", "America/New_York", "2026-11-22"),
        ("America/Bogota", "", "2026-11-21"),
        ("Mars/Olympus", "", "2026-11-21"),
        (None, "", "2026-11-21"),
    ],
)
async def test_the_engine_gets_the_browsers_zone_and_the_earliest_day_for_reading_dates(
    gateway: Gateway, timezone: str | None, told: str, day: str
) -> None:
    gateway.clock.day = datetime(2026, 11, 22, 1)  # noqa: DTZ001 - at night, in the firm's zone
    status, data = await started_in(gateway, timezone)
    assert status == 201
    talk = Talk(gateway.client, data["conversation"], data["token"], data)
    await talk.send("first")
    (turn,) = gateway.engine.turns
    assert (turn["timezone"], turn["today"]) == (told, day)
    assert turn["now"] == "2026-11-22T06:00:00+00:00"


@pytest.mark.parametrize("timezone", [5, ["America/Denver"], "x" * 65])
async def test_what_cannot_be_a_time_zone_is_refused(gateway: Gateway, timezone: Any) -> None:
    status, data = await started_in(gateway, timezone)
    assert (status, data["code"]) == (400, "bad_field")


async def test_a_state_that_was_named_tells_the_day_of_the_next_message(gateway: Gateway) -> None:
    gateway.clock.day = datetime(2026, 11, 22, 1)  # noqa: DTZ001 - at night, in the firm's zone
    talk = await gateway.begin()
    gateway.engine.slots = {"us_state": "NY"}
    await talk.send("first")
    await talk.send("second")
    gateway.engine.slots = {"us_state": None}
    await talk.send("third")
    await talk.send("fourth")
    days = [turn["today"] for turn in gateway.engine.turns]
    assert days == ["2026-11-21", "2026-11-22", "2026-11-22", "2026-11-21"]


async def test_the_time_zone_is_not_kept_with_the_conversation(gateway: Gateway) -> None:
    _, data = await started_in(gateway, "America/Boise")
    talk = Talk(gateway.client, data["conversation"], data["token"], data)
    await talk.send("first")
    await talk.agree()
    assert gateway.engine.turns[0]["timezone"] == "America/Boise"
    path = gateway.database.rpartition("///")[2]
    assert all(b"Boise" not in file.read_bytes() for file in Path(path).parent.glob("*") if file.is_file())


async def test_the_conversation_follows_the_language_that_the_engine_found(gateway: Gateway) -> None:
    talk = await gateway.begin("en")
    assert (await talk.send("puedo trabajar?"))["language"] == "es"
    await talk.send("ok")
    assert gateway.engine.turns[-1]["language"] == "es"


async def test_a_pressed_choice_reaches_the_engine_as_its_payload(gateway: Gateway) -> None:
    talk = await gateway.begin()
    data = await talk.send("work permit")
    await talk.press(data["messages"], "Fee")
    assert gateway.engine.turns[-1]["payload"] == '/work_permit{"section": "fee"}'
    assert "text" not in gateway.engine.turns[-1]


@pytest.mark.parametrize("typed", ["renewal", "  RENEWAL. "])
async def test_a_typed_title_counts_as_the_choice(gateway: Gateway, typed: str) -> None:
    talk = await gateway.begin()
    await talk.send("work permit")
    await talk.send(typed)
    assert gateway.engine.turns[-1]["payload"] == "/work_permit_renewal"


@pytest.mark.parametrize("typed", ["2", "(2)", "12", "renewal of what", "fees"])
async def test_other_typed_words_are_text(gateway: Gateway, typed: str) -> None:
    talk = await gateway.begin()
    await talk.send("work permit")
    await talk.send(typed)
    assert gateway.engine.turns[-1]["text"] == typed


async def test_older_choices_can_be_pressed_but_not_typed(gateway: Gateway) -> None:
    talk = await gateway.begin()
    first = await talk.send("work permit")
    gateway.engine.replies = [Reply("answer", "x", "en", "no choices here")]
    await talk.send("something else")
    await talk.send("renewal")
    assert gateway.engine.turns[-1]["text"] == "renewal"
    await talk.press(first["messages"], "Renewal")
    assert gateway.engine.turns[-1]["payload"] == "/work_permit_renewal"


@pytest.mark.parametrize("typed", ["yes", "Sí", "si", "Yes please!", "claro"])
async def test_a_typed_yes_right_after_the_question_is_consent(gateway: Gateway, typed: str) -> None:
    talk = await gateway.begin()
    assert ids(await talk.send(typed)) == ["[consent_yes en]"]
    assert await gateway.store.head(talk.id) is not None
    assert gateway.engine.turns == []


@pytest.mark.parametrize("typed", ["ok", "bueno", "¿Bueno?", "vale", "1"])
async def test_what_is_not_clearly_a_yes_keeps_nothing_and_is_read_as_text(
    gateway: Gateway, typed: str
) -> None:
    talk = await gateway.begin()
    await talk.send(typed)
    assert gateway.engine.turns[-1]["text"] == typed
    assert await gateway.store.head(talk.id) is None


@pytest.mark.parametrize("typed", ["no", "No, gracias", "no thanks"])
async def test_a_typed_no_right_after_the_question_keeps_nothing(gateway: Gateway, typed: str) -> None:
    talk = await gateway.begin()
    assert ids(await talk.send(typed)) == ["[consent_no en]"]
    assert await gateway.store.head(talk.id) is None


async def test_a_yes_later_on_is_not_consent(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.send("work permit")
    await talk.send("yes")
    assert gateway.engine.turns[-1]["text"] == "yes"
    assert await gateway.store.head(talk.id) is None


async def test_nothing_is_in_the_database_before_consent(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.send("work permit")
    assert await gateway.store.load(talk.id) is None
    assert (await gateway.store.page(10)).rows == ()


async def test_consent_is_kept_with_wording_language_and_time(gateway: Gateway) -> None:
    talk = await gateway.begin("es")
    await talk.agree()
    head = await gateway.store.head(talk.id)
    assert head is not None
    assert head.consent.language == "es"
    assert head.consent.at == gateway.clock.now()
    assert len(head.consent.version) == 16


async def test_what_was_understood_is_kept_with_the_message(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.agree()
    await talk.send("call me at 555-1234 about work")
    transcript = await gateway.store.load(talk.id)
    assert transcript is not None
    visitor, bot = transcript.messages[-2:]
    assert visitor.text == "call me at [PHONE_1] about work"
    assert (visitor.intent, visitor.confidence) == ("work_permit", 0.93)
    assert visitor.latency_ms is not None
    assert bot.reply is not None
    assert bot.reply["parameters"] == {"ead.file_wait": "150 days"}
    assert bot.reply["section"] == "general"
    assert bot.reply_to == visitor.id


async def test_masked_text_is_what_the_engine_and_the_memory_get(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.send("my number is 555-1234")
    assert gateway.engine.typed == ["my number is [PHONE_1]"]
    (conversation,) = gateway.keeper.registry.all()
    assert "555-1234" not in str([message.text for message in conversation.messages])
    # The page of the same person shows it as it was written.
    assert "555-1234" in str(await talk.read())


async def test_after_an_answer_of_no_a_yes_by_button_keeps_the_conversation(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.press(talk.started["messages"], "consent_no")
    assert ids(await talk.agree()) == ["[consent_yes en]"]
    assert await gateway.store.head(talk.id) is not None


async def test_withdrawing_consent_deletes_the_rows_and_the_talk_goes_on(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.agree()
    await talk.send("work permit")
    data = await talk.press(talk.started["messages"], "consent_no")
    assert ids(data) == ["[consent_withdrawn en]"]
    assert await gateway.store.load(talk.id) is None
    assert gateway.engine.forgotten == [talk.id]
    await talk.send("still here?")
    assert await gateway.store.load(talk.id) is None
    assert gateway.engine.turns[-1]["consent"] is False


async def test_consent_is_not_claimed_when_the_database_fails(start: Start) -> None:
    gateway = await start()
    talk = await gateway.begin()
    gateway.store.save = _broken  # type: ignore[method-assign]
    assert ids(await talk.agree()) == ["[consent_failed en]"]
    data = await talk.send("work permit")
    assert data["messages"][0]["kind"] == "answer"
    assert gateway.engine.turns[-1]["consent"] is False


async def test_a_kept_conversation_is_answered_while_the_database_fails_and_written_later(
    gateway: Gateway,
) -> None:
    talk = await gateway.begin()
    await talk.agree()
    save, gateway.store.save = gateway.store.save, _broken  # type: ignore[method-assign]
    assert (await talk.send("work permit"))["messages"][0]["kind"] == "answer"
    gateway.store.save = save  # type: ignore[method-assign]
    await gateway.keeper.put_away()
    transcript = await gateway.store.load(talk.id)
    assert transcript is not None
    assert [m.seq for m in transcript.messages] == list(range(1, transcript.conversation.last_seq + 1))


async def test_a_language_button_greets_again_at_the_start_and_switches_later(gateway: Gateway) -> None:
    talk = await gateway.begin("en")
    data = await talk.press(talk.started["messages"], "language_es")
    assert ids(data) == ["[greeting es]", "[firm_notice es]", "[consent_ask es]"]
    assert data["language"] == "es"
    await talk.press(data["messages"], "consent_no")
    assert ids(await talk.press(data["messages"], "language_en")) == ["[language_switched en]"]


async def test_a_kept_conversation_resumes_after_a_restart_of_the_gateway(start: Start) -> None:
    first = await start()
    talk = await first.begin("es")
    await talk.agree()
    data = await talk.send("work permit")
    before = await talk.read()
    await first.client.close()
    second = await start()
    talk.client = second.client
    assert await talk.read() == before
    await talk.press(data["messages"], "Renewal")
    assert second.engine.turns[-1]["payload"] == "/work_permit_renewal"
    assert (await talk.send("work permit", "n2"))["messages"] == data["messages"]


async def test_a_conversation_without_consent_ends_with_the_gateway(start: Start) -> None:
    first = await start()
    talk = await first.begin("es")
    await first.client.close()
    second = await start()
    response = await second.client.get(
        f"{talk.path}/messages", headers={**talk.headers, "Accept-Language": "es"}
    )
    data = await checked(response)
    assert (response.status, data["code"]) == (404, "conversation_gone")
    assert data["title"] == "Esta conversación ya no existe"


async def test_idle_conversations_end_and_kept_ones_only_leave_the_memory(start: Start) -> None:
    gateway = await start(idle_seconds=0.0, idle_kept_seconds=0.0)
    kept, unkept = await gateway.begin(), await gateway.begin()
    await kept.agree()
    await gateway.keeper.put_away()
    assert len(gateway.keeper.registry) == 0
    assert gateway.engine.forgotten == [unkept.id]
    assert (await kept.read())["cursor"] == 5
    response = await gateway.client.get(f"{unkept.path}/messages", headers=unkept.headers)
    assert (await checked(response))["code"] == "conversation_gone"


async def test_memory_is_bounded_and_the_one_unused_longest_goes(start: Start) -> None:
    gateway = await start(conversations_in_memory=3)
    talks = [await gateway.begin() for _ in range(4)]
    assert len(gateway.keeper.registry) == 3
    response = await gateway.client.get(f"{talks[0].path}/messages", headers=talks[0].headers)
    assert response.status == 404
    await talks[1].read()


async def test_a_long_conversation_keeps_its_last_messages_in_memory(start: Start) -> None:
    gateway = await start(messages_in_memory=10)
    talk = await gateway.begin()
    for number in range(12):
        await talk.send(f"question {number}")
    data = await talk.read()
    assert len(data["messages"]) <= 11
    assert data["cursor"] == 3 + 24


async def test_two_tabs_read_the_same_messages_in_the_same_order(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await asyncio.gather(*(talk.send(f"question {n}", f"tab{n % 2}-{n}") for n in range(8)))
    one, two = await talk.read(), await talk.read()
    assert one == two
    seqs = [message["seq"] for message in one["messages"]]
    assert seqs == sorted(seqs) == list(range(1, len(seqs) + 1))
    authors = [message["author"] for message in one["messages"][3:]]
    assert authors == ["visitor", "bot"] * 8


async def test_a_rating_is_kept_and_can_be_changed(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.agree()
    message = (await talk.send("work permit"))["messages"][0]["id"]
    for rating in ("up", "down"):
        response = await gateway.client.post(
            f"{talk.path}/messages/{message}/rating", json={"rating": rating}, headers=talk.headers
        )
        assert response.status == 204
        await checked(response)
    transcript = await gateway.store.load(talk.id)
    assert transcript is not None
    assert transcript.messages[-1].rating == "down"
    assert (await talk.read())["messages"][-1]["rating"] == "down"
    await talk.send("more")
    again = await gateway.store.load(talk.id)
    assert again is not None
    assert again.messages[-3].rating == "down"


async def test_a_gateway_choice_of_the_engine_that_nobody_knows_becomes_an_apology(gateway: Gateway) -> None:
    talk = await gateway.begin()
    gateway.engine.replies = [Reply("notice", "x", "en", "choose", choices=(Choice("Odd", "gateway:odd"),))]
    data = await talk.send("hello there")
    assert ids(await talk.press(data["messages"], "Odd")) == ["[apology_turn en]"]


async def _broken(*_args: object, **_options: object) -> None:
    raise OSError("the disk is full")


@pytest.mark.parametrize("text", ["كيف أطلب اللجوء في أمريكا", "как мне попросить убежище", "我怎么申请庇护"])
async def test_a_language_without_a_sentence_of_its_own_is_told_which_are_spoken(
    gateway: Gateway, text: str
) -> None:
    talk = await gateway.begin("es")
    said = (await talk.send(text))["messages"]
    assert said[0]["kind"] != "apology"
