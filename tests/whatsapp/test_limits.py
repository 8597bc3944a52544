"""The limits of both providers, each at its edge and one beyond."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.gateway.whatsapp.limits import CLOUD, SHAPES, TWILIO, Shape, breaches, length
from bot.gateway.whatsapp.model import Option, Outbound

BUTTONS = Outbound("buttons", "¿Sí o no?", (Option("a", "Sí"), Option("b", "No")))
LIST = Outbound("list", "¿Cuál?", (Option("a", "Uno", "El primero"), Option("b", "Dos")), label="Ver")
LINK = Outbound("link", "Aquí.", label="Abrir", url="https://www.uscis.gov/es")
TEMPLATES = {
    "cloud": Outbound("template", template="aviso_60", language="es_MX", values=("uno", "dos")),
    "twilio": Outbound("template", template="HX" + "0" * 32, values=("uno", "dos")),
}


def _first(message: Outbound, **change: str) -> Outbound:
    return replace(message, options=(replace(message.options[0], **change), *message.options[1:]))


def _many(message: Outbound, count: int) -> Outbound:
    return replace(message, options=tuple(Option(f"id{n}", f"T{n}") for n in range(count)))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_what_fits_breaks_nothing(shape: Shape) -> None:
    for message in (Outbound("text", "Hola"), BUTTONS, LIST, LINK, TEMPLATES[shape.name]):
        assert breaches(message, shape) == ()


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_each_limit_holds_at_its_edge_and_not_beyond(shape: Shape) -> None:
    def at(size: int) -> list[Outbound]:
        return [
            Outbound("text", "ñ" * (shape.text + size)),
            replace(BUTTONS, text="ñ" * (shape.body + size)),
            _first(BUTTONS, title="ñ" * (shape.button_title + size)),
            _first(BUTTONS, id="x" * (shape.button_id + size)),
            _many(BUTTONS, shape.buttons + size),
            replace(LIST, text="ñ" * (shape.body + size)),
            replace(LIST, label="ñ" * (shape.label + size)),
            _first(LIST, title="ñ" * (shape.row_title + size)),
            _first(LIST, description="ñ" * (shape.row_description + size)),
            _first(LIST, id="x" * (shape.row_id + size)),
            _many(LIST, shape.rows + size),
            replace(LINK, text="ñ" * (shape.body + size)),
            replace(LINK, label="ñ" * (shape.label + size)),
            replace(LINK, url="https://a.example/".ljust(shape.url + size, "x")),
            replace(TEMPLATES[shape.name], values=("ñ" * (shape.value + size),)),
            replace(TEMPLATES[shape.name], values=("ñ",) * (shape.values + size)),
        ]

    assert [breaches(message, shape) for message in at(0)] == [()] * 16
    assert [len(breaches(message, shape)) for message in at(1)] == [1] * 16


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize(
    "message",
    [
        Outbound("text"),
        Outbound("text", " \n "),
        Outbound("text", "Hola", BUTTONS.options),
        Outbound("hologram", "Hola"),
        replace(BUTTONS, options=()),
        _first(BUTTONS, title=""),
        _first(BUTTONS, title=" Sí"),
        _first(BUTTONS, title="Sí\nno"),
        _first(BUTTONS, title="no"),
        _first(BUTTONS, id="b"),
        _first(BUTTONS, id=""),
        _first(BUTTONS, id="a "),
        _first(BUTTONS, description="De verdad"),
        replace(LIST, label=""),
        replace(LIST, options=()),
        _first(LIST, title="DOS"),
        _first(LIST, description="a\nb"),
        replace(LINK, url=""),
        replace(LINK, url="mailto:a@b.example"),
        replace(LINK, url="https:///a"),
        replace(LINK, url="https://[::1/a"),
        replace(LINK, url="https://a.example/a b"),
        replace(LINK, label=""),
        replace(TEMPLATES["cloud"], values=("",)),
        replace(TEMPLATES["cloud"], values=("a\nb",)),
        replace(TEMPLATES["cloud"], values=("a\tb",)),
        replace(TEMPLATES["cloud"], values=("a     b",)),
        replace(TEMPLATES["cloud"], template="Aviso 60"),
        replace(TEMPLATES["cloud"], template=""),
    ],
)
def test_what_a_provider_refuses_is_said(message: Outbound, shape: Shape) -> None:
    assert breaches(message, shape)


def test_a_template_needs_its_language_with_meta_alone() -> None:
    assert breaches(replace(TEMPLATES["cloud"], language=""), CLOUD)
    assert breaches(replace(TEMPLATES["cloud"], language="español"), CLOUD)
    assert not breaches(TEMPLATES["twilio"], TWILIO)


def test_nothing_of_a_message_is_quoted() -> None:
    secret = "Mi vecino me amenazó"
    broken = [
        Outbound("text", secret * 500),
        Outbound(
            "buttons", secret * 500, (Option(secret * 20, secret * 2, secret), Option("", "\n" + secret))
        ),
        Outbound("list", secret * 500, (Option(secret, secret * 9, secret * 9),) * 11, label=secret * 3),
        Outbound("link", secret * 500, label=secret * 3, url=secret),
        Outbound("template", template=secret, language=secret, values=(secret * 500 + "\n",)),
    ]
    for message in broken:
        assert breaches(message, CLOUD)
        assert "vecino" not in " ".join(breaches(message, CLOUD))


@pytest.mark.parametrize(
    ("text", "units"), [("", 0), ("ñ", 1), ("¿", 1), ("🙏", 2), ("👨‍👩‍👧", 8), ("\ud83d", 1)]
)
def test_length_counts_the_most_that_a_provider_can(text: str, units: int) -> None:
    assert length(text) == units
    assert length(text) >= len(text)
