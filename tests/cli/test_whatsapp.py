"""``faro whatsapp``: what it shows of the messages, and the simulator as a person at a terminal meets it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import unused_port
from rich.console import Console
from typer.testing import CliRunner

from bot.cli import main as cli
from bot.cli import whatsapp as room
from bot.core.errors import BotError
from bot.gateway.whatsapp.model import Inbound, Outbound, Sender
from bot.gateway.whatsapp.names import Names
from bot.gateway.whatsapp.records import Out
from bot.gateway.whatsapp.service import approved, reminders_can_be_sent
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.settings import load_settings, normalise_database_url, with_demo_secrets
from bot.simulator.cloud import CloudStandIn
from bot.simulator.phone import Phone
from bot.simulator.standin import Message, Option
from bot.simulator.twilio import TwilioStandIn
from bot.transcripts.sealing import Keys
from tests.booking.conftest import KEY
from tests.whatsapp import simulators

SECRET_KEY = "s" * 64
NOON = datetime.now(UTC) - timedelta(minutes=5)
runner = CliRunner()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder and ports of its own, where no Faro runs."""
    ports = [unused_port() for _ in range(3)]
    for name, value in {
        "FARO_VAR": str(tmp_path),
        "FARO_DATABASE_URL": f"sqlite:///{tmp_path / 'faro.db'}",
        "FARO_DATA_KEY": KEY,
        "FARO_SECRET_KEY": SECRET_KEY,
        "FARO_PORT": str(ports[0]),
        "FARO_ACTIONS_PORT": str(ports[1]),
        "FARO_ENGINE_PORT": str(ports[2]),
        "COLUMNS": "160",
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def filled(folder: Path) -> str:
    """One message set aside, one that waits, and an answer on its way; the id of the first."""

    def inbound(number: int, person: str) -> Inbound:
        return Inbound(f"wamid.{number}", Sender(person, (f"phone:{person}",)), NOON, "text", "tengo miedo")

    async def fill() -> str:
        url = normalise_database_url(f"sqlite:///{folder / 'faro.db'}")
        store = WhatsAppStore(url, Keys([KEY]), Names(SECRET_KEY))
        await store.prepare()
        await store.take("cloud", [inbound(1, "15550100123")], NOON)
        work = await store.claim("w", NOON + timedelta(seconds=10), timedelta(minutes=1))
        assert work is not None
        (waiting,) = work.messages
        out = [Out("k:0", Outbound("text", "Lo siento"), waiting.id)]
        await store.set_aside(work, [waiting.id], "poison", NOON + timedelta(seconds=11), out)
        await store.take("cloud", [inbound(2, "15550100124")], NOON + timedelta(seconds=20))
        await store.dispose()
        return waiting.id

    return asyncio.run(fill())


def test_status_counts_and_names_nobody(folder: Path) -> None:
    id = filled(folder)
    shown = runner.invoke(cli.app, ["whatsapp", "status"]).output
    assert "Waiting for an answer: 1 messages of 1 people." in shown
    assert "the oldest came at" in shown
    assert "1 queued" in shown
    assert "Set aside for staff: 1." in shown
    assert id[:16] in shown
    assert "poison" in shown
    data = json.loads(runner.invoke(cli.app, ["whatsapp", "status", "--json"]).output)
    assert (data["waiting"], data["aside"], data["out"]["queued"]) == (1, 1, 1)
    assert data["set_aside"][0]["id"] == id
    for secret in ("1555010", "miedo", "siento"):
        assert secret not in shown
        assert secret not in json.dumps(data)


def test_status_lists_who_was_not_reached_and_person_tells_whom_to_call(folder: Path) -> None:
    id = filled(folder)
    shown = runner.invoke(cli.app, ["whatsapp", "status"]).output
    assert "Not reached" in shown
    assert "faro whatsapp person MESSAGE" in shown
    data = json.loads(runner.invoke(cli.app, ["whatsapp", "status", "--json"]).output)
    assert [(one["id"], one["state"], one["request"]) for one in data["not_reached"]] == [(id, "aside", None)]
    told = runner.invoke(cli.app, ["whatsapp", "person", id[:16]]).output
    assert "+15550100123" in told
    assert "Writes in: not known yet." in told
    assert "miedo" not in told
    failed = runner.invoke(cli.app, ["whatsapp", "person", "0" * 16])
    assert isinstance(failed.exception, BotError)


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("15550100123", "+15550100123"),
        ("whatsapp:+15550100123", "+15550100123"),
        ("US.13491208655302741918", ""),
        ("whatsapp:US.13491208655302741918", ""),
    ],
)
def test_a_number_can_be_dialled_and_an_id_cannot(address: str, number: str) -> None:
    assert room._number(address) == number


def test_status_without_anything_says_so(folder: Path) -> None:
    shown = runner.invoke(cli.app, ["whatsapp", "status"]).output
    assert "Waiting for an answer: 0 messages of 0 people." in shown
    assert "not gone out: none." in shown
    assert "the oldest" not in shown


def test_what_was_set_aside_is_answered_again(folder: Path) -> None:
    id = filled(folder)
    assert runner.invoke(cli.app, ["whatsapp", "again", id[:16]]).exit_code == 0
    assert json.loads(runner.invoke(cli.app, ["whatsapp", "status", "--json"]).output)["aside"] == 0
    failed = runner.invoke(cli.app, ["whatsapp", "again", id[:16]])
    assert isinstance(failed.exception, BotError)


def test_the_simulator_says_how_faro_is_started_when_it_does_not_run(folder: Path) -> None:
    for provider in ("cloud", "twilio"):
        failed = runner.invoke(cli.app, ["whatsapp", "simulate", "--provider", provider])
        assert isinstance(failed.exception, BotError)
        assert "Faro does not run at http://127.0.0.1:" in str(failed.exception)
        assert "make run" in str(failed.exception)
    failed = runner.invoke(cli.app, ["whatsapp", "simulate", "--provider", "sms"])
    assert "no provider" in str(failed.exception)


def test_the_simulator_takes_only_messages_that_come_to_this_machine(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARO_WHATSAPP", "cloud")
    for name in ("APP_SECRET", "VERIFY_TOKEN", "TOKEN"):
        monkeypatch.setenv(f"FARO_WHATSAPP_{name}", "t" * 32)
    monkeypatch.setenv("FARO_WHATSAPP_PHONE_ID", "106540352242922")
    failed = runner.invoke(cli.app, ["whatsapp", "simulate"])
    assert "Faro sends its messages to https://graph.facebook.com" in str(failed.exception)
    assert "FARO_WHATSAPP_API_URL=http://127.0.0.1:" in str(failed.exception)
    failed = runner.invoke(cli.app, ["whatsapp", "simulate", "--provider", "twilio"])
    assert "configured without twilio" in str(failed.exception)


def test_a_demo_needs_no_settings_and_production_gets_none(folder: Path) -> None:
    settings = with_demo_secrets(load_settings({"FARO_VAR": str(folder), "FARO_PORT": "8080"}))
    given = room.simulator_environment(settings, {})
    # The gateway takes them, and a second look gives the same.
    there = load_settings({"FARO_VAR": str(folder), **given})
    assert there.cloud is not None
    assert there.twilio is not None
    assert there.cloud.api_url == there.twilio.api_url == "http://127.0.0.1:8089"
    assert there.public_url == "http://127.0.0.1:8080"
    assert room.simulator_environment(settings, {}) == given
    assert room.simulator_environment(there, {}) == {}
    assert room.simulator_environment(settings, {"FARO_PUBLIC_URL": "https://x.example"}) == {
        **given, "FARO_PUBLIC_URL": "https://x.example"
    }  # fmt: skip
    # So that reminders and the way from the page can be tried, too.
    assert reminders_can_be_sent(there)
    assert approved(there, "window", "cloud", "es") and approved(there, "window", "twilio", "es")
    assert there.whatsapp_number == "+12025550199"
    configured = room.configured(settings)
    assert configured.whatsapp_number == there.whatsapp_number
    assert configured.cloud == there.cloud
    assert configured.twilio == there.twilio
    live = replace(settings, mode="production")
    assert room.simulator_environment(live, {}) == {}
    with pytest.raises(BotError, match="production"):
        room.configured(live)


def test_the_stand_ins_know_the_templates_in_the_words_that_are_handed_in(folder: Path) -> None:
    settings = room.configured(with_demo_secrets(load_settings({"FARO_VAR": str(folder)})))
    cloud, twilio = (room.stand_in(settings, provider)[0] for provider in ("cloud", "twilio"))
    assert isinstance(cloud, CloudStandIn) and isinstance(twilio, TwilioStandIn)
    bodies = {key: template.body for key, template in cloud.templates.items()}
    assert bodies["date_reminder", "es"].startswith("Hola. Usted le pidió a ")
    assert "Tiempo que queda: {{1}}." in bodies["date_reminder", "es"]
    assert "{{" not in bodies["answer_waiting", "en"]
    assert len(bodies) == 4
    made = [content.types["twilio/text"]["body"] for content in twilio.contents.values()]
    assert sorted(made) == sorted(bodies.values())
    assert all(content.approved for content in twilio.contents.values())


@pytest.mark.parametrize("provider", ["cloud", "twilio"])
async def test_the_terminal_sends_what_is_typed_and_shows_what_comes(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = iter(["hola", "/1", "/7", "/voice", "/react", "/nothing", "", "/help", None])
    monkeypatch.setattr(room, "QUIET", 0.05)
    async with (
        simulators.webhook() as hook,
        simulators.running(simulators.BY_NAME[provider](hook.url)) as there,
    ):
        phone = Phone(there, "15550100001")
        screen = Console(record=True, width=80, highlight=False)
        terminal = room.Terminal(phone, screen)
        monkeypatch.setattr(terminal, "_read", lambda: next(lines))

        async def answer() -> None:
            seen = 0
            while True:
                await asyncio.sleep(0.02)
                if len(hook.posts) > seen:
                    seen = len(hook.posts)
                    options = (Option("a", "Sí", "Con detalle"), Option("b", "No"))
                    message = Message(
                        there.new_id(), "list", "*Mi situación*\n¿Está en Estados Unidos?", datetime.now(UTC),
                        options, "Ver opciones",
                    )  # fmt: skip
                    phone.person.shown.append(message)
                    phone.person.arrived.set()

        answering = asyncio.create_task(answer())
        await terminal.talk()
        answering.cancel()
    shown = screen.export_text()
    kinds = [sent.kind for sent in phone.person.sent.values()]
    reaction = ["reaction"] if provider == "cloud" else []
    assert kinds == ["text", "choice", "voice", *reaction]
    assert "Mi situación" in shown
    assert "*" not in shown
    assert "≡ Ver opciones" in shown
    assert "/1  Sí" in shown
    assert "Con detalle" in shown
    assert "There are 2 buttons or rows now." in shown
    assert "/nothing is not known here." in shown
    assert ("does not tell businesses" in shown) == (provider == "twilio")


def test_marks_of_whatsapp_become_styles_and_other_stars_stay() -> None:
    text = room.formatted("*Plazo* de 1*2*3 y _nota_, snake_case_name")
    assert text.plain == "Plazo de 1*2*3 y nota, snake_case_name"
    assert [str(span.style) for span in text.spans] == ["bold", "italic"]
