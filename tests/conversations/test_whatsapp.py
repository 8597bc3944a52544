"""Whole conversations on WhatsApp through the real stack, with a stand-in for each provider's API.

The person presses buttons and rows, types numbers and titles, and writes freely, as people do within one conversation.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from bot.core.firm import load_firm
from bot.settings import ROOT
from bot.simulator.phone import Phone, new_bsuid
from bot.simulator.standin import Message, StandIn
from bot.simulator.twilio import Content, TwilioStandIn
from tests.stack import Stack, free_port, running
from tests.whatsapp import simulators

PROVIDERS = {"cloud": "/webhooks/whatsapp/cloud", "twilio": "/webhooks/whatsapp/twilio"}
#: Turns in [brackets] press a button or row; the others are typed: numbers, titles and free words.
TRIAGE = (
    "hola, quiero que miren mi situacion, tengo miedo",
    "1",
    "[No]",
    "Todavía no",
    "no tengo corte",
    "2",
    "cruce y nadie me paro",
    "el 5 de marzo de 2025",
    "[Ninguno]",
)
BOOKING = (
    "[Pedir una consulta]",
    "Quetzal Bolivar",
    "[Por teléfono]",
    "(305) 555-0148",
    "si",
    "2",
    "despues de las 6",
    "1",
    "Saltar",
    "[Sí, está bien]",
)


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    """Where the stand-ins listen."""
    return {provider: free_port() for provider in PROVIDERS}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, ports: dict[str, int]) -> Iterator[Stack]:
    """A Faro that both providers are connected to."""
    settings = {
        "FARO_WHATSAPP": "cloud,twilio",
        "FARO_PUBLIC_URL": simulators.PUBLIC_URL,
        "FARO_WHATSAPP_APP_SECRET": simulators.APP_SECRET,
        "FARO_WHATSAPP_VERIFY_TOKEN": "v" * 32,
        "FARO_WHATSAPP_TOKEN": simulators.ACCESS_TOKEN,
        "FARO_WHATSAPP_PHONE_ID": simulators.NUMBER_ID,
        "FARO_WHATSAPP_API_URL": f"http://127.0.0.1:{ports['cloud']}",
        "FARO_TWILIO_ACCOUNT": simulators.ACCOUNT,
        "FARO_TWILIO_AUTH_TOKEN": simulators.AUTH_TOKEN,
        "FARO_TWILIO_FROM": f"+{simulators.NUMBER}",
        "FARO_TWILIO_API_URL": f"http://127.0.0.1:{ports['twilio']}",
    }
    with running(tmp_path_factory.mktemp("whatsapp"), **settings) as found:
        yield found


@pytest.fixture(scope="module")
def contents() -> dict[str, Content]:
    return {}


@pytest.fixture(params=sorted(PROVIDERS))
def on_whatsapp(
    request: pytest.FixtureRequest, stack: Stack, ports: dict[str, int]
) -> Callable[[Callable[[StandIn], Coroutine[Any, Any, None]]], None]:
    """Runs a conversation with the stand-in of a provider, in a thread of its own: browsers' tests keep a loop."""
    provider = request.param

    # Twilio keeps what was created there, also when nobody looks.
    contents: dict[str, Content] = request.getfixturevalue("contents")

    async def begin(talk: Callable[[StandIn], Coroutine[Any, Any, None]]) -> None:
        stand_in = simulators.BY_NAME[provider](stack.address, webhook=PROVIDERS[provider])
        if isinstance(stand_in, TwilioStandIn):
            stand_in.contents = contents
        await stand_in.start(port=ports[provider])
        try:
            async with asyncio.timeout(400):
                await talk(stand_in)
        finally:
            await stand_in.stop()

    def run(talk: Callable[[StandIn], Coroutine[Any, Any, None]]) -> None:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, begin(talk)).result()

    return run


async def walk(phone: Phone, turns: tuple[str, ...]) -> list[Message]:
    """What is shown in answer to the last of the turns."""
    shown: list[Message] = []
    for turn in turns:
        await (phone.presses(turn[1:-1]) if turn.startswith("[") else phone.says(turn))
        shown = await phone.hears_out(pause=1.5, within=60)
    return shown


def everything(phone: Phone) -> str:
    return "\n".join(message.text for message in phone.sees)


def test_a_frightened_person_gets_from_the_first_words_to_a_request(stack: Stack, on_whatsapp: Any) -> None:
    async def talk(provider: StandIn) -> None:
        ana = Phone(provider)
        await walk(ana, TRIAGE)
        said = everything(ana)
        for words in ("Esto no decide su caso", "jueves 5 de marzo de 2026", "miércoles 5 de marzo de 2025"):
            assert words in said
        last = await walk(ana, BOOKING)
        assert "Nombre: Quetzal Bolivar" in everything(ana)
        (reference,) = set(re.findall(r"referencia es ([A-Z]{6})", "\n".join(m.text for m in last)))
        assert saved(stack, reference) == ("requested", "soon", "es")
        # Questions were shown as buttons and lists, and nothing of it broke a limit.
        assert {"buttons", "list", "text"} <= {message.kind for message in ana.sees}
        assert provider.refused == []
        assert [message.text for message in ana.sees if "No entendí" in message.text] == []
        first = ana.sees[0]
        assert "asilo" not in first.text.splitlines()[0].lower()
        assert all(ana.has_read(id) for id in ana.person.sent)

    on_whatsapp(talk)


def test_a_person_without_a_number_is_asked_how_to_be_reached(stack: Stack, on_whatsapp: Any) -> None:
    async def talk(provider: StandIn) -> None:
        someone = Phone(provider, bsuid=new_bsuid())
        await walk(someone, ("quiero una cita con un abogado", "Ceiba Turquesa", "[Por correo]"))
        last = await walk(
            someone, ("ceiba.turquesa@example.com", "Sí, es seguro", "2", "[Cualquier hora]", "1", "[Saltar]")
        )
        assert "ceiba.turquesa@example.com" in "\n".join(message.text for message in last)
        last = await walk(someone, ("1",))
        assert re.search(r"referencia es [A-Z]{6}", "\n".join(message.text for message in last))
        assert provider.refused == []

    on_whatsapp(talk)


def test_what_is_no_text_is_answered_kindly_in_the_middle_of_a_form(stack: Stack, on_whatsapp: Any) -> None:
    async def talk(provider: StandIn) -> None:
        ana = Phone(provider)
        await walk(ana, ("quiero que miren mi situacion",))
        for kind in ("voice", "image", "location", "document"):
            await ana.sends(kind)
            shown = await ana.hears_out(pause=1.5, within=60)
            assert len(shown) == 1, [message.text for message in shown]
            assert shown[0].text
        # The question still stands.
        (question,) = await walk(ana, ("[En Estados Unidos]",))
        assert "detención" in question.text
        assert provider.refused == []

    on_whatsapp(talk)


@pytest.mark.parametrize("on_whatsapp", ["cloud"], indirect=True)
@pytest.mark.parametrize("part", ["gateway", "actions", "engine"])
def test_a_message_is_answered_once_though_a_part_is_killed_under_it(
    stack: Stack, on_whatsapp: Any, part: str
) -> None:
    phone_number = load_firm(ROOT / "bot/content/firm.yml").phone

    async def talk(provider: StandIn) -> None:
        ana = Phone(provider)
        await walk(ana, ("hola",))
        os.kill(stack.pid(part), signal.SIGKILL)
        await ana.says("¿Cuánto cuesta pedir asilo?")
        shown = await ana.hears_out(pause=4.0, within=120)
        answers = [message for message in shown if "I-589" in message.text]
        apologies = [message for message in shown if phone_number in message.text and message not in answers]
        # Without actions, or with an engine that takes longer to come back than people are kept waiting, an apology.
        assert len(answers) + len(apologies) == 1, [message.text for message in shown]
        assert answers or part != "gateway"
        await asyncio.to_thread(stack.wait_ready)
        shown = await walk(ana, ("¿Puedo trabajar mientras espero?",))
        assert [message for message in shown if "150 días" in message.text], [m.text for m in shown]

    on_whatsapp(talk)


def saved(stack: Stack, reference: str) -> tuple[str, str, str]:
    """State, level and language of a request."""
    with closing(sqlite3.connect(stack.var / "faro.db")) as database:
        query = "SELECT state, level, language FROM bookings WHERE reference = ?"
        (row,) = database.execute(query, (reference,)).fetchall()
    return row
