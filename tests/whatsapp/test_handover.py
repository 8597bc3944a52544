"""A conversation of the page goes on in WhatsApp: once, soon, by whichever gateway, and nobody guesses a code."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.core.messages import Choice, Reply
from bot.gateway.whatsapp.handover import (
    LETTERS,
    VALID,
    beside_code,
    code_in,
    new_code,
    square_code,
    written,
)
from bot.gateway.whatsapp.state import fresh
from bot.gateway.whatsapp.tables import earlier, handovers, inbox, people
from bot.gateway.whatsapp.words import Words
from bot.simulator.phone import titles
from bot.transcripts.tables import conversations, messages
from tests.gateway.conftest import Talk, checked
from tests.whatsapp.gateways import Begin, WhatsAppGateway, texts, until
from tests.whatsapp.test_reminders import notices, presses, says

PROVIDERS = ("cloud", "twilio")
#: Numbers that begin with 52 are Mexico's, so that their people are greeted in Spanish.
NUMBER = {"FARO_WHATSAPP_NUMBER": "+12025550100"}
CODE = "KTHW-MZQF-RLXD"
QUESTION = Reply(
    "question",
    "triage_detained",
    "es",
    "¿Está detenido ahora?",
    choices=(Choice("Sí", '/answer{"detained": "yes"}'), Choice("No", '/answer{"detained": "no"}')),
)


# Codes.


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        "Hola, quiero seguir aquí. Código: KTHW-MZQF-RLXD",
        "mi codigo es kthw mzqf rlxd gracias",
        "kthwmzqfrlxd",
        "k t h w m z q f r l x d",
        "*KTHW\u2011MZQF\u2013RLXD*",
        "KTHW-\nMZQF-\nRLXD",
        "\u200eKTHW-MZQF-RLXD\u200e",
        "b KTHW-MZQF-RLXD y ya",
    ],
)
def test_a_code_is_found_however_it_is_typed(text: str) -> None:
    assert code_in(text) == "KTHWMZQFRLXD"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hola",
        "jsjsjsjsjsjs",
        "jjjjjjjjjjjj",
        "hm hm hm hm hm hm",
        "305 555 0142 22",
        "KTHWMZQFRLXDK",
        "xKTHW-MZQF-RLXD",
        "https://firm.example/KTHW-MZQF-RLXDB",
        "KTHW-MZQF",
        "ñKTHWMZQFRLXD",
    ],
)
def test_other_texts_hold_no_code(text: str) -> None:
    assert code_in(text) is None


def test_new_codes_differ_and_are_found_again() -> None:
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    assert len(LETTERS) ** 12 == 2**48
    assert all(code_in(written(code).lower()) == code for code in codes)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Hola, quiero seguir aquí. Código: KTHW-MZQF-RLXD", ""),
        ("Hello, I want to go on here. Code: KTHW-MZQF-RLXD", ""),
        ("hola KTHW-MZQF-RLXD", ""),
        ("my code: kthw mzqf rlxd.", ""),
        ("KTHW-MZQF-RLXD ¿puedo trabajar?", "¿puedo trabajar?"),
        (
            "Hola, quiero seguir aquí. Código: KTHW-MZQF-RLXD hay agentes en la puerta",
            "hay agentes en la puerta",
        ),
    ],
)
def test_what_stands_beside_a_code(text: str, rest: str) -> None:
    assert beside_code(text, Words(notices())) == rest


def test_the_square_code_is_one_svg_that_any_page_can_show() -> None:
    picture = square_code("https://wa.me/12025550100?text=Hola")
    assert picture.startswith("<svg xmlns=")
    assert picture.endswith("</svg>")
    assert 'viewBox="' in picture
    assert "<script" not in picture
    assert len(picture) < 6000


# On the way.


async def page(gateway: WhatsAppGateway, language: str = "es") -> Talk:
    response = await gateway.client.post("/api/chat/v1/conversations", json={"language": language})
    data = await checked(response)
    return Talk(gateway.client, data["conversation"], data["token"], data)


async def offered(talk: Talk) -> dict[str, Any]:
    response = await talk.client.post(f"{talk.path}/whatsapp", headers=talk.headers)
    data: dict[str, Any] = await checked(response)
    assert response.status == 201, data
    return data


def text_of(offer: dict[str, Any]) -> str:
    return parse_qs(urlsplit(offer["link"]).query)["text"][0]


async def opened(begin: Begin, provider: str = "cloud", **options: Any) -> WhatsAppGateway:
    return await begin(provider, notices=notices(), environ=NUMBER, **options)


async def stream(talk: Talk, after: int) -> Any:
    return await talk.client.get(f"{talk.path}/events?after={after}", headers=talk.headers)


async def asked_on_the_page(gateway: WhatsAppGateway, *, keep: bool) -> Talk:
    """A conversation of the page with an open question."""
    talk = await page(gateway)
    if keep:
        await talk.press(talk.started["messages"], "Sí, guardar")
    gateway.engine.replies = [QUESTION]
    await talk.send("¿qué tan urgente es lo mío?")
    return talk


async def person_of(database: AsyncEngine) -> Any:
    async with database.connect() as connection:
        return (await connection.execute(select(people))).one()


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "not kept"])
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_the_question_goes_on_and_the_page_is_told(begin: Begin, provider: str, keep: bool) -> None:
    gateway = await opened(begin, provider)
    talk = await asked_on_the_page(gateway, keep=keep)
    cursor = (await talk.read())["cursor"]
    offer = await offered(talk)
    assert offer["link"].startswith("https://wa.me/12025550100?text=Hola%2C%20quiero%20seguir%20aqu%C3%AD.")
    assert code_in(text_of(offer)) is not None
    events = await stream(talk, cursor)
    ana = gateway.phone()
    carried, question = split(await says(gateway, ana, text_of(offer)), "¿Está detenido ahora?")
    assert "Esta conversación sigue en WhatsApp" in carried
    assert "¿Está detenido ahora?" in question
    assert titles(ana.sees) == ["Sí", "No"]
    line = await until_event(events)
    assert "whatsapp_carried_over" in line
    # The engine goes on with the same conversation, and the choice of the page is understood here.
    gateway.engine.replies = [Reply("answer", "triage_told", "es", "No es urgente.")]
    (answered, *_) = await says(gateway, ana, "2")
    assert "No es urgente." in answered.text
    assert gateway.engine.turns[-1]["conversation"] == talk.id
    assert gateway.engine.turns[-1]["payload"] == '/answer{"detained": "no"}'
    assert gateway.engine.turns[-1]["consent"] is keep
    # The page still works, and shows both.
    read = await talk.read()
    said = [message["text"] for message in read["messages"]]
    assert "No es urgente." in said
    assert "No es urgente." in ids_of(await talk.send("¿y ahora?"))
    events.close()


def split(came: list[Any], question: str) -> tuple[str, str]:
    """What was said before a question, and the message that holds it; they may share one message."""
    whole = "\n".join(texts(came))
    head, found, tail = whole.partition(question)
    return head, found + tail


def ids_of(data: dict[str, Any]) -> list[str]:
    return [message["text"] for message in data["messages"]]


async def until_event(events: Any) -> str:
    while True:
        line = (await events.content.readline()).decode()
        if line.startswith("data:") and "whatsapp_carried_over" in line:
            return str(line)


async def test_a_code_that_is_typed_around_answers_what_else_was_asked(begin: Begin) -> None:
    gateway = await opened(begin)
    talk = await asked_on_the_page(gateway, keep=False)
    code = code_in(text_of(await offered(talk)))
    assert code is not None
    gateway.engine.replies = [Reply("answer", "work_permit", "es", "Puede pedirlo después.")]
    came = await says(
        gateway,
        gateway.phone(),
        f"hola mi codigo es {written(code).lower().replace('-', ' ')}. ¿puedo trabajar?",
    )
    assert "Esta conversación sigue en WhatsApp" in came[0].text
    assert "Puede pedirlo después." in "\n".join(texts(came))
    assert "¿puedo trabajar?" in gateway.engine.typed[-1]
    assert code.lower() not in gateway.engine.typed[-1].lower()


async def test_danger_beside_a_code_is_answered_first(begin: Begin) -> None:
    gateway = await opened(begin)
    talk = await page(gateway)
    offer = await offered(talk)
    came = await says(gateway, gateway.phone(), f"{text_of(offer)} ICE is at my door")
    assert "No abra la puerta" in came[0].text or "Do not open" in came[0].text
    assert (await person_of(gateway.store.database)).conversation_id == talk.id


async def test_without_a_question_the_choices_of_the_page_stand_here_too(begin: Begin) -> None:
    gateway = await opened(begin)
    talk = await page(gateway)
    await talk.press(talk.started["messages"], "No guardar")
    gateway.engine.replies = [
        Reply("answer", "work_permit", "es", "Una respuesta.", choices=(Choice("Costo", "/fee"),))
    ]
    await talk.send("¿puedo trabajar?")
    ana = gateway.phone()
    (carried,) = await says(gateway, ana, text_of(await offered(talk)))
    assert titles([carried]) == ["Costo"]
    await presses(gateway, ana, "Costo")
    assert gateway.engine.turns[-1]["payload"] == "/fee"


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "not kept"])
async def test_another_gateway_can_take_it_over(begin: Begin, keep: bool) -> None:
    """The page's gateway has it in memory; the code comes to one that has never heard of it."""
    first = await opened(begin)
    talk = await asked_on_the_page(first, keep=keep)
    cursor = (await talk.read())["cursor"]
    offer = await offered(talk)
    second = await opened(begin, beside=first)
    # Only the second one works on WhatsApp.
    first.standin.gateways[:] = [str(second.client.make_url("")).rstrip("/")]
    first.service.inbox._at_once = 0
    ana = second.phone()
    came = await says(second, ana, text_of(offer))
    assert "¿Está detenido ahora?" in "\n".join(texts(came))
    assert titles(ana.sees) == ["Sí", "No"]
    await first.service.handovers.look()
    if keep:
        async with first.keeper.use(talk.id) as conversation:
            await first.keeper.refresh(conversation)
    if not keep or first.transcripts.shared:
        told = [m["about"] for m in (await talk.read(cursor))["messages"]]
        assert told == ["whatsapp_carried_over"]
    # And the page can go on.
    assert (await talk.send("¿y ahora?"))["messages"]


async def test_what_is_erased_in_whatsapp_elsewhere_leaves_the_page_too(begin: Begin) -> None:
    first = await opened(begin)
    talk = await asked_on_the_page(first, keep=False)
    offer = await offered(talk)
    second = await opened(begin, beside=first)
    first.standin.gateways[:] = [str(second.client.make_url("")).rstrip("/")]
    first.service.inbox._at_once = 0
    await says(second, second.phone(), text_of(offer))
    await first.service.handovers.look()
    await second.store.erase(talk.id, second.clock.now())
    await first.service.handovers.look()
    response = await talk.client.get(f"{talk.path}/messages", headers=talk.headers)
    assert response.status == 404


async def test_erasing_on_the_page_erases_in_whatsapp(begin: Begin) -> None:
    gateway = await opened(begin)
    talk = await asked_on_the_page(gateway, keep=True)
    await says(gateway, gateway.phone(), text_of(await offered(talk)))
    assert (await talk.erase()).status == 204
    async with gateway.store.database.connect() as connection:
        assert (await connection.execute(select(people))).all() == []
        assert (await connection.execute(select(messages))).all() == []


async def test_an_offer_goes_with_its_conversation(begin: Begin) -> None:
    gateway = await opened(begin)
    talk = await page(gateway)
    offer = await offered(talk)
    assert (await talk.erase()).status == 204
    came = await says(gateway, gateway.phone("525512345671"), text_of(offer))
    assert "Ese código ya no sirve" in "\n".join(texts(came))


# What does not work.


@pytest.mark.parametrize("case", ["expired", "used", "wrong", "replaced"])
async def test_a_code_that_brings_nothing_gets_a_kind_word_and_the_greeting(begin: Begin, case: str) -> None:
    gateway = await opened(begin)
    talk = await page(gateway)
    offer = await offered(talk)
    text = text_of(offer)
    if case == "expired":
        gateway.clock.pass_time(minutes=VALID.total_seconds() / 60)
        gateway.standin.clock = gateway.clock.now
    elif case == "used":
        await says(gateway, gateway.phone("525512345671"), text)
    elif case == "wrong":
        text = f"Código: {CODE}"
    else:
        await offered(talk)
    ben = gateway.phone("525512345672")
    came = await says(gateway, ben, text)
    assert "Faro" in came[0].text
    expected = "Ese código ya se usó" if case == "used" else "Ese código ya no sirve"
    assert expected in "\n".join(texts(came))
    assert gateway.engine.typed == []
    person = await gateway.store.of_conversation(talk.id, gateway.clock.now())
    assert (person is not None) is (case == "used")


async def test_a_conversation_goes_on_with_one_person_and_then_gives_no_more_codes(begin: Begin) -> None:
    gateway = await opened(begin)
    talk = await page(gateway)
    await says(gateway, gateway.phone(), text_of(await offered(talk)))
    again = await offered(talk)
    assert again["link"] == "https://wa.me/12025550100"


async def test_codes_cannot_be_guessed(begin: Begin) -> None:
    gateway = await opened(begin, wrong_codes="3/hour")
    talk = await page(gateway)
    code = code_in(text_of(await offered(talk)))
    ben = gateway.phone("525512345672")
    for _ in range(3):
        await says(gateway, ben, written(new_code()))
    came = await says(gateway, ben, written(code or ""))
    assert "Ese código ya no sirve" in "\n".join(texts(came))
    # Nobody else is kept from theirs, until very many are wrong.
    ana = gateway.phone("525512345671")
    came = await says(gateway, ana, written(code or ""))
    assert "Esta conversación sigue en WhatsApp" in "\n".join(texts(came))


async def test_too_many_wrong_codes_in_all_end_the_guessing_for_a_while(begin: Begin) -> None:
    gateway = await opened(begin, wrong_codes_in_all="2/hour")
    talk = await page(gateway)
    code = code_in(text_of(await offered(talk)))
    for number in ("525512345672", "525512345673"):
        await says(gateway, gateway.phone(number), written(new_code()))
    came = await says(gateway, gateway.phone("525512345671"), written(code or ""))
    assert "Ese código ya no sirve" in "\n".join(texts(came))


async def test_a_crash_after_redeeming_costs_nothing(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = await opened(begin)
    talk = await asked_on_the_page(gateway, keep=False)
    text = text_of(await offered(talk))
    code = code_in(text)
    finish, broken = gateway.store.finish, [True]

    async def once(*args: Any, **options: Any) -> int:
        if broken and options.get("after") is not None:
            broken.clear()
            raise RuntimeError("the process ends here")
        return int(await finish(*args, **options))

    monkeypatch.setattr(gateway.store, "finish", once)
    ana = gateway.phone()
    await ana.deliver(ana.prepare("text", text=text, at=gateway.clock.now()))

    async def broke() -> bool:
        return not broken

    await until(broke)
    await gateway.later(seconds=6)
    await gateway.idle(30)
    assert "¿Está detenido ahora?" in "\n".join(texts(ana.sees))
    assert len(ana.sees) <= 2
    assert code is not None


async def test_nothing_of_a_code_is_stored_or_logged(begin: Begin) -> None:
    gateway = await opened(begin)
    talk = await asked_on_the_page(gateway, keep=True)
    offer = await offered(talk)
    code = code_in(text_of(offer))
    assert code is not None
    async with gateway.store.database.connect() as connection:
        (row,) = (await connection.execute(select(handovers))).all()
    assert re.fullmatch("[0-9a-f]{64}", row.name)
    assert b"detenido" not in row.state
    await says(gateway, gateway.phone(), text_of(offer))
    kept = gateway.log.getvalue()
    async with gateway.store.database.connect() as connection:
        for table in (messages, inbox, people, handovers):
            kept += repr((await connection.execute(select(table))).all())
    assert code not in kept
    assert written(code) not in kept


async def test_the_page_knows_whether_there_is_a_way_to_whatsapp(begin: Begin) -> None:
    with_number = await opened(begin)
    site = await (
        await with_number.client.get("/widget/site.json", headers={"Sec-Fetch-Site": "same-origin"})
    ).json()
    without = await begin("cloud", notices=notices())
    talk = await page(without)
    response = await talk.client.post(f"{talk.path}/whatsapp", headers=talk.headers)
    assert response.status == 404
    assert site.get("whatsapp") is True


async def test_only_who_holds_the_conversation_gets_a_code(begin: Begin) -> None:
    gateway = await opened(begin)
    talk, other = await page(gateway), await page(gateway)
    path = f"{talk.path}/whatsapp"
    assert (await checked(await gateway.client.post(path)))["code"] == "token_missing"
    foreign = await gateway.client.post(path, headers=other.headers)
    assert (await checked(foreign))["code"] == "token_foreign"


async def left_for_the_page(gateway: WhatsAppGateway, ana: Any, *, keep: bool) -> tuple[str, Talk]:
    """A conversation that somebody had in WhatsApp, and the one of the page that they went on with."""
    await says(gateway, ana, "hola")
    if keep:
        await presses(gateway, ana, "Sí, guardar")
    before = await person_of(gateway.store.database)
    talk = await page(gateway)
    await says(gateway, ana, text_of(await offered(talk)))
    return str(before.conversation_id), talk


async def test_news_for_a_conversation_that_was_left_reach_the_person(begin: Begin) -> None:
    gateway = await opened(begin)
    ana = gateway.phone()
    left, _ = await left_for_the_page(gateway, ana, keep=False)
    seen = len(ana.sees)
    async with gateway.keeper.use(left) as conversation:
        news = conversation.say(QUESTION, None, gateway.clock.now())
        await gateway.service.tell(conversation, news, "news:1")
    await gateway.idle()
    assert "¿Está detenido ahora?" in "\n".join(texts(ana.sees[seen:]))
    assert gateway.metric("faro_alarms_total", kind="whatsapp") == 0
    # The engine lets go of what was not kept.
    await gateway.keeper.retry_forgets()
    assert left in gateway.engine.forgotten


async def test_news_for_nobody_reach_staff(begin: Begin) -> None:
    gateway = await opened(begin)
    left = fresh("c_of_nobody", "es", gateway.clock.now(), "cloud")
    await gateway.service.tell(left, left.say(QUESTION, None, gateway.clock.now()), "news:1")
    assert gateway.metric("faro_alarms_total", kind="whatsapp") == 1


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "not kept"])
async def test_erasing_everything_reaches_what_was_left_for_the_page(begin: Begin, keep: bool) -> None:
    gateway = await opened(begin)
    ana = gateway.phone()
    left, talk = await left_for_the_page(gateway, ana, keep=keep)
    async with gateway.store.database.connect() as connection:
        assert list((await connection.execute(select(conversations.c.id))).scalars()) == [left] * keep
    async with gateway.keeper.use(talk.id) as conversation:
        assert (await gateway.keeper.erase(conversation)).rows
    async with gateway.store.database.connect() as connection:
        for table in (conversations, messages, people, earlier):
            assert (await connection.execute(select(table))).all() == []
    assert {left, talk.id} <= set(gateway.engine.forgotten)


async def test_what_was_left_and_cannot_be_erased_keeps_the_person_in_reach(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await opened(begin)
    ana = gateway.phone()
    left, talk = await left_for_the_page(gateway, ana, keep=True)

    async def broken(conversation_id: str, **options: Any) -> None:
        raise TimeoutError

    with monkeypatch.context() as patched:
        patched.setattr(gateway.transcripts, "erase", broken)
        async with gateway.keeper.use(talk.id) as conversation:
            assert not (await gateway.keeper.erase(conversation)).rows
    assert await gateway.store.earlier_of(talk.id) == (left,)
    async with gateway.keeper.use(talk.id) as conversation:
        assert (await gateway.keeper.erase(conversation)).rows
    assert await gateway.transcripts.load(left) is None
