"""What each kind of message is answered with, and how often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.gateway.whatsapp.kinds import NOTICES, SELDOM, Handling, command, handling, is_due
from bot.gateway.whatsapp.model import KINDS, Inbound, Sender
from bot.gateway.whatsapp.words import VALUES

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
ANA = Sender("15550100", ("phone:15550100",))


def inbound(kind: str, **fields: str) -> Inbound:
    return Inbound("wamid.1", ANA, NOW, kind, **fields)


def handled(
    message: Inbound, known: tuple[str, ...] = (), told: dict[str, datetime] | None = None
) -> Handling:
    return handling(message, known=known, told=told or {}, now=NOW)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gets_something_said_and_nothing_of_it_is_taken_for_words(kind: str) -> None:
    done = handled(inbound(kind, refers_to="wamid.0"))
    assert done.notice in VALUES
    assert done.text == done.choice == ""


def test_every_kind_but_words_has_a_notice_of_its_own() -> None:
    assert set(NOTICES) == set(KINDS) - {"text", "choice"}
    assert set(NOTICES.values()) | SELDOM <= set(VALUES)


def test_a_text_goes_on_as_it_is() -> None:
    text = "¿Puedo trabajar? 👩🏽‍👧 ¡Gracias!"
    assert handled(inbound("text", text=text)) == Handling(text=text)


@pytest.mark.parametrize("text", ["", " \n ", "\u200b\u2060", "\x00\x07"])
def test_a_text_that_shows_nothing_is_said_to_be_unreadable(text: str) -> None:
    assert handled(inbound("text", text=text)) == Handling("whatsapp_unsupported")


@pytest.mark.parametrize("kind", ["image", "video", "document"])
def test_a_caption_is_answered_after_the_notice(kind: str) -> None:
    done = handled(inbound(kind, text="¿Qué es este papel?"))
    assert done == Handling(NOTICES[kind], "¿Qué es este papel?")


def test_words_beside_what_is_not_read_as_words_go_nowhere() -> None:
    for kind in ("reaction", "sticker", "location", "contacts", "deleted", "order"):
        assert handled(inbound(kind, text="yes")).text == ""


@pytest.mark.parametrize("emoji", ["👍", "👍🏽", "❤️", "✅", "ok"])
def test_a_thumb_is_never_an_answer(emoji: str) -> None:
    done = handled(inbound("reaction", text=emoji, refers_to="wamid.0"), known=("k_1",))
    assert done == Handling("whatsapp_reaction")


def test_a_button_that_can_be_pressed_is_pressed_and_an_old_one_is_read_as_its_words() -> None:
    pressed = inbound("choice", choice="k_1", title="Permiso de trabajo")
    assert handled(pressed, known=("k_1",)) == Handling(choice="k_1")
    assert handled(pressed, known=("k_2",)) == Handling(text="Permiso de trabajo")
    assert handled(inbound("choice", choice="k_1")) == Handling("whatsapp_unsupported")


def test_an_edited_message_is_answered_as_new_words_and_the_remark_comes_once_an_hour() -> None:
    edited = inbound("edited", text="¿Cuánto cuesta?", refers_to="wamid.0")
    assert handled(edited) == Handling("whatsapp_edited", "¿Cuánto cuesta?")
    lately = {"whatsapp_edited": NOW - timedelta(minutes=59)}
    assert handled(edited, told=lately) == Handling("", "¿Cuánto cuesta?")


def test_a_change_that_cannot_be_seen_promises_no_answer_and_is_said_each_time() -> None:
    edited = inbound("edited")
    assert handled(edited) == Handling("whatsapp_edit_unseen")
    lately = {"whatsapp_edit_unseen": NOW, "whatsapp_edited": NOW}
    assert handled(edited, told=lately) == Handling("whatsapp_edit_unseen")


def test_a_deletion_says_whether_the_message_had_been_read() -> None:
    deleted = inbound("deleted", refers_to="wamid.0")
    said = [handling(deleted, known=(), told={}, now=NOW, caught=caught) for caught in (True, False)]
    assert said == [Handling("whatsapp_deleted_unread"), Handling("whatsapp_deleted")]


@pytest.mark.parametrize("kind", ["reaction", "sticker", "deleted"])
def test_what_asks_for_no_answer_gets_one_once_an_hour(kind: str) -> None:
    notice = NOTICES[kind]
    for ago, said in (
        (timedelta(0), ""),
        (timedelta(minutes=59, seconds=59), ""),
        (timedelta(hours=1), notice),
    ):
        assert handled(inbound(kind), told={notice: NOW - ago}).notice == said


def test_a_time_from_a_clock_that_was_ahead_silences_nothing() -> None:
    assert is_due("whatsapp_sticker", NOW + timedelta(days=300), NOW)


@pytest.mark.parametrize("kind", ["voice", "image", "document", "location", "unsupported"])
def test_who_asks_in_a_way_that_cannot_be_read_is_told_so_each_time(kind: str) -> None:
    assert handled(inbound(kind), told={NOTICES[kind]: NOW - timedelta(seconds=30)}).notice == NOTICES[kind]


@pytest.mark.parametrize(
    "text", ["STOP", "stop", " Stop. ", "ALTO", "¡Alto!", "Baja", "DARME DE BAJA", "unsubscribe"]
)
def test_a_word_alone_stops_what_we_send_first(text: str) -> None:
    assert command(text) == "stop"


@pytest.mark.parametrize("text", ["START", "iniciar", "Iniciar.", "INICIAR", "unstop"])
def test_a_word_alone_starts_it_again(text: str) -> None:
    assert command(text) == "start"


@pytest.mark.parametrize(
    "text", ["", "no quiero parar", "me dieron de baja en el trabajo", "stop deportation", "when do I start"]
)
def test_such_a_word_within_a_message_does_nothing(text: str) -> None:
    assert command(text) == ""
