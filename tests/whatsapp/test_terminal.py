"""What can be tried out in the terminal of ``faro whatsapp simulate``, against a real gateway."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from rich.console import Console

from bot.cli import whatsapp as room
from bot.simulator.cloud import CloudStandIn, Template
from tests.whatsapp.gateways import Begin, WhatsAppGateway

ENVIRON = {"FARO_WHATSAPP_TEMPLATES": room._TEMPLATES}
WAITS = "There is an answer. Please write."


async def typed(gateway: WhatsAppGateway, monkeypatch: pytest.MonkeyPatch, lines: Iterable[str]) -> str:
    """What the terminal shows when somebody types that."""
    monkeypatch.setattr(room, "QUIET", 1.0)
    monkeypatch.setattr(room, "FAILING_WITHIN", 3.0)
    screen = Console(record=True, width=100, highlight=False)
    terminal = room.Terminal(gateway.phone(), screen)
    rest = iter(lines)

    monkeypatch.setattr(terminal, "_read", lambda: next(rest, None))
    await terminal.talk()
    return screen.export_text()


async def test_what_was_written_long_ago_is_answered_by_a_template_and_then_in_words(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await begin(environ=ENVIRON)
    assert isinstance(gateway.standin, CloudStandIn)
    gateway.standin.templates["answer_waiting", "en"] = Template(WAITS)
    shown = await typed(gateway, monkeypatch, ["/late work permit", "work permit"])
    assert WAITS in shown
    assert "an approved template" in shown
    assert shown.index(WAITS) < shown.index("You can ask for it later.")


async def test_the_provider_fails_until_it_is_let_through(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await begin()
    shown = await typed(
        gateway, monkeypatch, ["/fail 418", "/fail 429", "work permit", "/ok", "What does it cost?"]
    )
    assert "/fail takes one of: 429, 500" in shown
    assert "The provider fails now (429), until /ok." in shown
    assert "Nothing came: the provider fails (429)." in shown
    assert "The provider works." in shown
    assert "You can ask for it later." in shown[shown.index("The provider works.") :]


@pytest.mark.parametrize("provider", ["cloud", "twilio"])
async def test_somebody_without_a_number_is_answered(
    begin: Begin, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await begin(provider)
    shown = await typed(gateway, monkeypatch, ["/new id", "work permit", "/new phone"])
    assert "You are somebody new, without a phone number." in shown
    assert "You can ask for it later." in shown
    assert "Write /new, or /new id" in shown
    assert gateway.standin.people[-1].number == ""
