"""Replies as WhatsApp messages: the shapes hold whatever is said, nothing is lost, every choice can be reached."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.booking import questions
from bot.core.booking.interview import Interview
from bot.core.booking.telling import questions as asked_for_booking
from bot.core.content import Library
from bot.core.content.store import read_content
from bot.core.content.titles import LABEL_LIMIT, ROWS, TITLE_LIMIT
from bot.core.deadlines import calculate
from bot.core.deadlines.calculations import CALCULATIONS
from bot.core.deadlines.rules import load_rules
from bot.core.deadlines.telling import tell
from bot.core.errors import ContentFileError
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from bot.core.messages import LANGUAGES, Choice, Reply, Source
from bot.core.template import placeholders
from bot.core.triage.facts import DAYS, QUESTIONS, REFUSED, UNKNOWN, Facts
from bot.core.triage.levels import assess
from bot.core.triage.rules import load as load_triage_rules
from bot.core.triage.telling import tell as tell_triage
from bot.gateway.conversations import Offered
from bot.gateway.typed import clean, folded, is_blank, meant_choice
from bot.gateway.whatsapp.limits import CLOUD, SHAPES, TWILIO, Shape, breaches, length
from bot.gateway.whatsapp.model import Outbound
from bot.gateway.whatsapp.rendering import (
    LONGEST,
    MORE,
    Rendered,
    cut,
    formatted,
    render,
    render_more,
    shortened,
    wants_more,
)
from bot.gateway.whatsapp.words import LABELS, VALUES, Words

BOT = Path(__file__).parents[2] / "bot"
TODAY = date(2026, 11, 22)
every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
every_language = pytest.mark.parametrize("lang", LANGUAGES)
NO_BUTTONS = replace(TWILIO, name="twilio", buttons=0, rows=0)


@cache
def library() -> Library:
    parameters = load_parameters(BOT / "law/parameters")
    content, _ = read_content(BOT / "content", parameters)
    return Library(BOT / "content", content, parameters, load_firm(BOT / "content/firm.yml"))


class Notices:
    def notice(self, id: str, lang: str, **values: str) -> Reply:
        return library().notice(id, lang, **values)


@cache
def words() -> Words:
    return Words(Notices())


def said(*replies: Reply) -> list[dict[str, Any]]:
    """Replies as the gateway has them when it renders: each choice with its id."""
    told, number = [], 0
    for reply in replies:
        one = reply.as_dict()
        for choice in one["choices"]:
            number += 1
            choice["id"] = f"k_{number:016x}"
        told.append(one)
    return told


def latest(replies: Sequence[dict[str, Any]]) -> tuple[Offered, ...]:
    return tuple(
        Offered(choice["id"], choice["title"], choice["payload"])
        for one in replies
        for choice in one["choices"]
    )


def reply(text: str, titles: Sequence[str] = (), kind: str = "answer", **fields: Any) -> Reply:
    choices = tuple(Choice(title, f"/topic_{number}") for number, title in enumerate(titles))
    return Reply(kind=kind, id="x", lang="en", text=text, choices=choices, **fields)


def pages(
    rendered: Rendered, replies: Sequence[dict[str, Any]], shape: Shape, lang: str = "en"
) -> list[Rendered]:
    """The rendering and what each "more" gives after it."""
    all_of_it = [rendered]
    choices = [choice for one in replies for choice in one["choices"]]
    while all_of_it[-1].rest:
        assert len(all_of_it) < 60, "more never ends"
        all_of_it.append(render_more(all_of_it[-1].rest, choices, shape, words(), lang))
    return all_of_it


def reachable(rendered: Rendered, replies: Sequence[dict[str, Any]]) -> set[str]:
    """The payloads that can be pressed, or typed by a number that is shown."""
    payload_of = {choice.id: choice.payload for choice in latest(replies)}
    options = [option for message in rendered.messages for option in message.options]
    found = {payload_of[option.id] for option in options if option.id != MORE}
    for message in rendered.messages:
        for line in message.text.splitlines():
            number = re.match(r"(\d{1,3})\. ", line)
            if number and (chosen := meant_choice(number[1], latest(replies), numbered=True)):
                found.add(chosen.payload)
    return found


def squeezed(text: str) -> str:
    return "".join(text.split())


def checked(rendered: Rendered, shape: Shape) -> None:
    for message in rendered.messages:
        assert breaches(message, shape) == (), message
        assert message.text.strip()


# one reply, and what becomes of it


@every_shape
def test_an_answer_and_its_choices_are_one_message(shape: Shape) -> None:
    answer = reply(
        "It costs $100.",
        ["What it costs", "Where it goes", "Who is exempt", "Talk to a person"],
        title="The fee",
        notes=("This may change.", "Facts checked to July 3, 2026."),
        sources=(
            Source("8 CFR 106.2", "https://law.example/106", "2026-07-03"),
            Source("90 FR 1", "", "2026-07-03"),
            Source("8 CFR 106.2(a)", "https://law.example/106", "2026-07-04"),
        ),
        facts_checked="2026-07-03",
    )
    (message,) = render(said(answer), shape, words(), "en").messages
    assert message.kind == "list"
    assert message.label == "See choices"
    assert [option.title for option in message.options] == [choice.title for choice in answer.choices]
    assert message.text == (
        "*The fee*\n\nIt costs $100.\n\nThis may change. Facts checked to July 3, 2026.\n\n"
        "Sources:\n- 8 CFR 106.2; 8 CFR 106.2(a): https://law.example/106\n- 90 FR 1"
    )


def test_the_age_of_facts_is_told_where_no_note_tells_it() -> None:
    old = reply("The last day is near.", facts_checked="2026-07-03")
    assert render(said(old), CLOUD, words(), "en").messages[0].text.endswith("Facts checked to July 3, 2026.")
    told = replace(old, notes=("Facts checked to July 3, 2026. Not approved.",))
    assert render(said(told), CLOUD, words(), "en").messages[0].text.count("July 3, 2026") == 1


@pytest.mark.parametrize(
    ("titles", "kind"),
    [
        (["Yes", "No"], "buttons"),
        (["Yes", "No", "I don't know"], "buttons"),
        (["Hablar con alguien", "x" * 20, "No"], "buttons"),
        (["x" * 21, "No"], "list"),
        (["Yes", "No", "I don't know", "Prefer not to say"], "list"),
        ([f"Choice {n}" for n in range(10)], "list"),
        ([f"Choice {n}" for n in range(11)], "text"),
        (["x" * 73, "No"], "text"),
        (["Sí", "si"], "text"),
    ],
)
@every_shape
def test_choices_are_buttons_then_a_list_then_numbers(titles: list[str], kind: str, shape: Shape) -> None:
    told = said(reply("Which?", titles, kind="question"))
    rendered = render(told, shape, words(), "en")
    assert [message.kind for message in rendered.messages] == [kind]
    assert reachable(rendered, told) == {f"/topic_{n}" for n in range(len(titles))}


def test_a_title_too_long_for_a_row_stands_whole_in_its_description() -> None:
    title = "between March 3, 2025 and April 30, 2025"
    (message,) = render(said(reply("Which?", [title, "Another"])), CLOUD, words(), "en").messages
    assert (message.options[0].title, message.options[0].description) == ("between March 3, 2025…", title)
    assert message.options[1].description == ""


def test_numbers_follow_the_order_in_which_choices_can_be_typed() -> None:
    told = said(
        reply("First.", ["Talk to a person", "Fees"], kind="notice"),
        reply("Second.", ["Talk to a person", *(f"Choice {n}" for n in range(9))], kind="question"),
    )
    told[1]["choices"][0]["payload"] = told[0]["choices"][0]["payload"]
    (message,) = render(told, CLOUD, words(), "en").messages
    lines = message.text.split("Write the number of your answer:\n")[1].splitlines()
    assert lines == ["1. Talk to a person", "2. Fees", *(f"{n + 4}. Choice {n}" for n in range(9))]
    for line in lines:
        number, title = line.split(". ", 1)
        chosen = meant_choice(number, latest(told), numbered=True)
        assert chosen is not None and chosen.title == title


def test_the_same_choice_under_two_replies_is_shown_once() -> None:
    person = Choice("Talk to a person", "/talk_to_human")
    told = said(
        replace(reply("I covered a number.", kind="notice"), choices=(person,)),
        replace(reply("It costs $100."), choices=(Choice("Fees", "/fees"), person)),
    )
    (message,) = render(told, CLOUD, words(), "en").messages
    assert [option.title for option in message.options] == ["Talk to a person", "Fees"]


def test_replies_to_one_message_share_one_message() -> None:
    told = said(reply("I covered a number.", kind="notice"), reply("It costs $100.", ["Fees", "Forms"]))
    (message,) = render(told, CLOUD, words(), "en").messages
    assert message.text == "I covered a number.\n\nIt costs $100."


def test_a_question_keeps_its_buttons_when_all_is_too_long_for_one_message() -> None:
    told = said(reply("Word. " * 200, kind="notice"), reply("May we?", ["Yes", "No"], kind="question"))
    first, second = render(told, CLOUD, words(), "en").messages
    assert (first.kind, second.kind, second.text) == ("text", "buttons", "May we?")


def test_a_long_answer_is_two_messages_and_the_second_holds_what_stands_below_it() -> None:
    note = "This part is changing."
    told = said(reply("A sentence here. " * 60, ["Fees", "Forms"], title="Long", notes=(note,)))
    first, second = render(told, CLOUD, words(), "en").messages
    assert (first.kind, second.kind, second.text) == ("text", "buttons", note)


def test_sources_that_do_not_fit_wait_behind_more() -> None:
    sources = tuple(
        Source(f"8 CFR {n}", f"https://law.example/{n}/{'x' * 60}", "2026-07-03") for n in range(9)
    )
    told = said(reply("A sentence here. " * 30, ["Fees", "Forms"], sources=sources))
    rendered = render(told, CLOUD, words(), "en")
    (message,) = rendered.messages
    assert [option.title for option in message.options] == ["Fees", "Forms", "See the sources"]
    assert message.options[-1].id == MORE
    all_of_it = "\n".join(m.text for page in pages(rendered, told, CLOUD) for m in page.messages)
    assert all(f"8 CFR {n}: https://law.example/{n}/" in all_of_it for n in range(9))


def test_what_the_longer_form_adds_comes_with_more() -> None:
    picture = {"svg": "<svg/>", "svg_dark": "<svg/>", "text": "1. Prepare (done)\n2. Interview (next)"}
    told = said(reply("It is soon.", ["Book"], full="It is soon.\n\nBring your papers.", picture=picture))
    rendered = render(told, CLOUD, words(), "en")
    (message,) = rendered.messages
    assert message.text == "It is soon."
    assert [option.title for option in message.options] == ["Book", "Keep reading"]
    assert rendered.rest == "- Prepare (done)\n- Interview (next)\n\nBring your papers."
    assert "Bring" not in str(
        render(said(reply("Soon.", full="Otherwise told. Bring.")), CLOUD, words(), "en")
    )


def test_the_room_of_an_appointment_is_a_button() -> None:
    for lang in LANGUAGES:
        room = library().notice(
            "booking_confirmed_link",
            lang,
            start="Tuesday",
            link="https://meet.example/a_b_c",
            reference="AB-12",
        )
        (message,) = render(said(room), CLOUD, words(), lang).messages
        assert (message.kind, message.url) == ("link", "https://meet.example/a_b_c")
        assert message.url in message.text
        assert breaches(message, CLOUD) == ()


def test_nothing_said_is_no_message() -> None:
    assert render([], CLOUD, words(), "en") == Rendered(())
    assert render(said(reply(" \u200b\n")), CLOUD, words(), "en") == Rendered(())


def test_choices_without_a_text_have_a_line_above_them() -> None:
    (message,) = render(said(reply("", ["Fees", "Forms"])), CLOUD, words(), "es").messages
    assert message.text == "¿Qué quiere hacer ahora?"


# signs that WhatsApp would take for formatting


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* and ~struck~ and `code`", "∗bold∗ and ∼struck∼ and ˋcodeˋ"),
        ("_slanted_ but snake_case_name", "＿slanted＿ but snake_case_name"),
        ("see https://a.example/~me/*b*_c_ now", "see https://a.example/~me/*b*_c_ now"),
        ("- a point\n- another", "- a point\n- another"),
        ("> quoted\nthen 3 > 2", "› quoted\nthen 3 > 2"),
        ("a\n\n\n\nb\r\nc", "a\n\nb\nc"),
    ],
)
def test_nothing_is_formatted_by_accident(text: str, shown: str) -> None:
    assert formatted(text) == shown


def test_a_title_is_one_bold_line() -> None:
    told = said(reply("Text.", title="A *title*\nof two lines"))
    assert render(told, CLOUD, words(), "en").messages[0].text == "*A ∗title∗ of two lines*\n\nText."


# emergencies


def emergencies() -> Iterator[Any]:
    for id, notice in library().notices.items():
        if notice.kind == "emergency":
            for lang in LANGUAGES:
                yield pytest.param(words().spoken(library().notice(id, lang)), id=f"{id}-{lang}")


@pytest.mark.parametrize("danger", list(emergencies()))
@pytest.mark.parametrize("shape", [CLOUD, TWILIO, NO_BUTTONS])
def test_an_emergency_is_whole_in_one_message_with_nothing_behind_a_tap(danger: Reply, shape: Shape) -> None:
    told = said(danger)
    rendered = render(told, shape, words(), danger.lang)
    (message,) = rendered.messages
    assert message.kind in ("text", "buttons")
    assert squeezed(message.text).startswith(squeezed(formatted(danger.text)))
    assert rendered.rest == ""
    assert reachable(rendered, told) == {choice.payload for choice in danger.choices}


@given(
    text=st.text(min_size=1, max_size=6_000).filter(lambda text: not is_blank(clean(text))),
    titles=st.lists(st.text("abcdé ", min_size=1), max_size=12),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_emergency_of_any_length_is_never_cut_nor_hidden(text: str, titles: list[str]) -> None:
    told = said(reply("An answer. " * 300, kind="answer"), reply(text, titles, kind="emergency"))
    for shape in SHAPES.values():
        rendered = render(told, shape, words(), "en")
        checked(rendered, shape)
        assert rendered.rest == ""
        assert all(message.kind != "list" for message in rendered.messages)
        assert squeezed(formatted(text)) in squeezed("".join(message.text for message in rendered.messages))


# whatever is said

# Words and signs of all sorts, as long as a real text and longer; titles that can be read.
WORDS = "No.|EE. UU.|Sr. Pérez|1.5|3 de marzo de 2027|https://law.example/a?b=c_d|👩🏽‍👧‍👦|🇲🇽🇺🇸|¿Puede?|*x*|_y_|~|`"
PIECES = st.sampled_from([*WORDS.split("|"), "palabra", "- ", "\n", "\n\n", ". ", "e\u0301" * 9, "x" * 90])
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(PIECES, max_size=400).map(" ".join),
    st.lists(PIECES, max_size=300).map("".join),
)
TITLES = st.text(min_size=1, max_size=90).filter(lambda title: any(sign.isalpha() for sign in folded(title)))
REPLIES = st.lists(
    st.builds(
        lambda kind, text, title, full, titles, notes, sources: reply(
            text, titles, kind, title=title, full=text + full, notes=tuple(notes), sources=tuple(sources)
        ),
        st.sampled_from(["answer", "notice", "question", "emergency", "apology"]),
        TEXTS,
        st.text(max_size=150),
        st.sampled_from(["", "\n\nWhat comes next."]),
        st.lists(TITLES, max_size=12),
        st.lists(st.text(max_size=300), max_size=4),
        st.lists(
            st.builds(
                Source,
                st.text(max_size=40),
                st.sampled_from(["", *(f"https://law.example/{n}" for n in range(6))]),
                st.just("2026-07-03"),
            ),
            max_size=14,
        ),
    ),
    max_size=4,
)


@given(replies=REPLIES, shape=st.sampled_from([CLOUD, TWILIO, NO_BUTTONS]), lang=st.sampled_from(LANGUAGES))
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_whatever_is_said_keeps_its_shape_and_loses_nothing(
    replies: list[Reply], shape: Shape, lang: str
) -> None:
    told = said(*replies)
    rendered = render(told, shape, words(), lang)
    all_of_it = pages(rendered, told, shape, lang)
    shown = squeezed("".join(message.text for page in all_of_it for message in page.messages))
    for page in all_of_it:
        checked(page, SHAPES[shape.name])
    for one in told:
        assert squeezed(formatted(one["text"])) in shown or any(page.rest for page in all_of_it)
    # Each sign of what was said is somewhere, cut or not.
    wanted = Counter(squeezed("".join(formatted(one["text"]) for one in told)))
    assert not wanted - Counter(shown)
    if rendered.messages:
        assert reachable(rendered, told) == {choice["payload"] for one in told for choice in one["choices"]}
    else:
        assert not any(one["choices"] for one in told)


@given(text=TEXTS.filter(lambda text: bool(text.strip())), limit=st.integers(40, 900))
@settings(max_examples=200, deadline=None)
def test_a_text_that_is_cut_loses_nothing_and_breaks_no_sign(text: str, limit: int) -> None:
    rest, parts = text.strip(), []
    while rest:
        head, rest = cut(rest, limit)
        assert head and length(head) <= limit
        parts.append(head)
    assert squeezed("".join(parts)) == squeezed(text)
    clusters = Counter(regex.findall(r"\X", squeezed(text)))
    if all(length(cluster) <= limit for cluster in clusters):
        # Space between the parts of a text parts no sign of it.
        assert not set(regex.findall(r"\X", squeezed(" ".join(parts)))) - set(clusters)


@pytest.mark.parametrize(
    ("text", "limit", "head"),
    [
        ("Vive en EE. UU. desde enero. Llegó sola.", 39, "Vive en EE. UU. desde enero."),
        ("Pregunte al Sr. Pérez mañana. Vaya temprano.", 40, "Pregunte al Sr. Pérez mañana."),
        ("Lleve el papel No. 5 a la corte. Vaya hoy.", 40, "Lleve el papel No. 5 a la corte."),
        ("Abre a las 9 a. m. Lleve su recibo. Vaya hoy.", 40, "Abre a las 9 a. m. Lleve su recibo."),
        ("Cuesta 1.5 veces más. Vea https://a.example/x.y?z. Luego", 40, "Cuesta 1.5 veces más."),
        ("Es el 3 de marzo de 2027 a las diez en punto", 22, "Es"),
        ("It is on March 3, 2027 at the court", 14, "It is on"),
        ("The U.S. Court is open. Go there early.", 30, "The U.S. Court is open."),
        ("No. Pedir asilo no da permiso para trabajar aquí mismo.", 40, "No. Pedir asilo no da permiso para"),
        ("¿Puede? Sí puede pedirlo. ¿Cuándo? Pronto lo verá.", 35, "¿Puede? Sí puede pedirlo. ¿Cuándo?"),
        ("Uno dos tres.\n\nCuatro cinco seis siete ocho nueve.", 30, "Uno dos tres."),
        ("👩🏽‍👧👩🏽‍👧👩🏽‍👧", 15, "👩🏽‍👧👩🏽‍👧"),
        ("🇲🇽🇺🇸🇬🇹", 6, "🇲🇽"),
    ],
)
def test_it_is_cut_where_it_hurts_least(text: str, limit: int, head: str) -> None:
    assert cut(text, limit)[0] == head


@pytest.mark.parametrize(
    ("title", "limit", "short"),
    [
        ("Hablar con abogado", 20, "Hablar con abogado"),
        ("Hablar con un abogado", 20, "Hablar con…"),
        ("entre el 4 y el 30 de marzo de 2025", 24, "entre el 4 y el 30…"),
        ("Residencia, ciudadanía", 20, "Residencia…"),
        ("Supercalifragilisticoespialidoso", 20, "Supercalifragilisti…"),
        ("👩🏽‍👧 y 👩🏽‍👧 y 👩🏽‍👧", 20, "👩🏽‍👧 y 👩🏽‍👧…"),
    ],
)
def test_a_title_is_shortened_after_a_word(title: str, limit: int, short: str) -> None:
    assert shortened(title, limit) == short
    assert length(short) <= limit


# more


def test_a_very_long_answer_is_read_in_parts_with_its_choices_under_each() -> None:
    sentences = [f"This is sentence {n} of many." for n in range(200)]
    told = said(reply(" ".join(sentences), ["Fees", "Forms"]))
    for shape in SHAPES.values():
        all_of_it = pages(render(told, shape, words(), "en"), told, shape)
        assert len(all_of_it) > 2
        for page in all_of_it:
            assert sum(length(m.text) for m in page.messages if m.kind == "text") <= LONGEST
            assert all(m.text.endswith((".", "?")) for m in page.messages)
            assert reachable(page, told) == {"/topic_0", "/topic_1"}
        assert [MORE in [o.id for m in page.messages for o in m.options] for page in all_of_it[:-1]] == [
            True
        ] * (len(all_of_it) - 1)
        assert MORE not in [o.id for m in all_of_it[-1].messages for o in m.options]


def test_more_without_a_rest_says_so() -> None:
    (message,) = render_more("", [], CLOUD, words(), "es").messages
    assert message.text.startswith("Eso era todo")


def test_where_numbers_stand_more_is_a_word() -> None:
    told = said(reply("A sentence here. " * 300, [f"Choice {n}" for n in range(10)]))
    rendered = render(told, CLOUD, words(), "es")
    assert rendered.rest
    assert rendered.messages[-1].text.endswith('Para leer lo que sigue, escriba "más".')


@pytest.mark.parametrize(
    "text", ["más", "MAS", "Más.", "more", "Seguir leyendo", "ver las fuentes", "Keep reading", "3"]
)
def test_more_can_be_typed(text: str) -> None:
    assert wants_more(text, (Offered("k_1", "Fees", "/fees"), Offered("k_2", "Forms", "/forms")))


@pytest.mark.parametrize("text", ["", "más información sobre el asilo", "no more", "2", "4", "33", "seguir"])
def test_other_words_are_not_taken_for_more(text: str) -> None:
    assert not wants_more(text, (Offered("k_1", "Fees", "/fees"), Offered("k_2", "Forms", "/forms")))


@every_language
def test_the_labels_for_more_can_be_typed_too(lang: str) -> None:
    for id in ("whatsapp_more", "whatsapp_more_sources"):
        assert wants_more(words().label(id, lang), ())


# the words themselves


def test_every_notice_of_whatsapp_is_known_with_its_values() -> None:
    folder = BOT / "content/notices/whatsapp"
    here = {id: notice for id, notice in library().notices.items() if str(folder) in notice.path}
    assert set(here) == set(VALUES)
    for id, notice in here.items():
        for text in notice.texts.values():
            assert {p.name for p in placeholders(text) if "." not in p.name} == set(VALUES[id])


@pytest.mark.parametrize("id", LABELS)
def test_a_label_that_does_not_fit_stops_the_gateway_at_its_start(id: str) -> None:
    class Longer(Notices):
        def notice(self, asked: str, lang: str, **values: str) -> Reply:
            found = super().notice(asked, lang, **values)
            return replace(found, title="y" * 21) if asked == id else found

    class Without(Notices):
        def notice(self, asked: str, lang: str, **values: str) -> Reply:
            if asked == id:
                raise KeyError(asked)
            return super().notice(asked, lang, **values)

    for notices in (Longer(), Without()):
        with pytest.raises(ContentFileError):
            Words(notices)


@every_language
@pytest.mark.parametrize("provider", SHAPES)
def test_the_greeting_is_two_messages_and_says_what_this_is(provider: str, lang: str) -> None:
    greeting = words().greeting(lang, provider)
    first, second = render(said(*greeting), SHAPES[provider], words(), lang).messages
    assert first.text.splitlines()[0] in ("Hello. How can I help you?", "Hola. ¿En qué le puedo ayudar?")
    for part in {
        "en": ("not a lawyer", "Meta", "delete my data", "emergency", "do not write your story")
    }.get(lang, ("ni un abogado", "Meta", "borrar mis datos", "emergencia", "no escriba su historia")):
        assert part in first.text
    assert ("Twilio" in first.text) == (provider == "twilio")
    assert second.kind == "buttons"
    assert [option.title for option in second.options] == {
        "en": ["Español", "Yes, keep it", "No, do not keep it"],
        "es": ["English", "Sí, guardar", "No guardar"],
    }[lang]


@every_language
def test_who_comes_back_is_greeted_shortly_and_asked_only_if_it_is_open(lang: str) -> None:
    ids = [reply.id for reply in words().greeting(lang, "cloud", returning=True)]
    assert ids == ["whatsapp_back", "consent_ask"]
    (message,) = render(
        said(*words().greeting(lang, "cloud", returning=True, asked=True)), CLOUD, words(), lang
    ).messages
    assert message.kind == "buttons"


@every_language
def test_what_speaks_of_a_page_is_said_otherwise_here(lang: str) -> None:
    for id in ("consent_no", "emergency_violence"):
        before = library().notice(id, lang)
        after = words().spoken(before)
        assert (after.id, after.kind, after.choices) == (before.id, before.kind, before.choices)
        assert re.search(r"\bpage\b|\bpágina\b", before.text) and not re.search(
            r"\bpage\b|\bpágina\b", after.text
        )
    same = library().notice("thanks", lang)
    assert words().spoken(same) is same


def test_no_reply_that_a_person_can_get_speaks_of_this_page() -> None:
    for id, notice in library().notices.items():
        for lang in LANGUAGES:
            text = notice.texts.get(lang, "")
            if re.search(r"\bthis page\b|\besta página\b", text):
                assert id in ("consent_no", "emergency_violence"), id


@every_language
def test_templates_hold_no_facts_and_stand_by_themselves(lang: str) -> None:
    for id in ("whatsapp_template_reminder", "whatsapp_template_window"):
        text = library().notices[id].texts[lang]
        # Meta refuses a text that begins or ends with a value.
        assert not text.startswith("{{") and not text.rstrip(". ").endswith("}}")
        assert length(text) <= 1024
        assert not re.search(r"asylum|asilo|court|corte|deport|immigra|migra|judge|juez", text, re.IGNORECASE)
        assert "STOP" in text or "ALTO" in text


# all real content


@cache
def real_replies(lang: str) -> tuple[tuple[str, list[Reply]], ...]:
    """Everything that the bot can say with the shipped words: by name, the replies of one turn."""
    return tuple(_real_replies(lang))


def _real_replies(lang: str) -> Iterator[tuple[str, list[Reply]]]:
    told = library()
    for topic, found in told.topics.items():
        for section in found.articles[lang].sections:
            yield f"{topic}.{section.id}", [told.answer(topic, lang, section.id, TODAY)]
    for id, notice in told.notices.items():
        if lang not in notice.texts:
            continue
        names = {p.name for p in placeholders(notice.texts[lang]) if "." not in p.name}
        value = {"link": "https://meet.example/room-1234"}
        values = {name: value.get(name, "miércoles 30 de septiembre de 2027") for name in names}
        yield id, [told.notice(id, lang, today=TODAY, **values)]
    for id, notice in told.notices.items():
        if lang not in notice.texts and lang == LANGUAGES[0]:
            yield id, [told.notice(id, lang, today=TODAY)]
    yield from triage_questions(lang)
    yield from booking_questions(lang)
    yield from deadline_questions(lang)
    yield from deadline_results(lang)
    yield from triage_results(lang)


def triage_questions(lang: str) -> Iterator[tuple[str, list[Reply]]]:
    told = library()
    for question, codes in QUESTIONS.items():
        titles = [told.label(f"label_triage_{question}_{code}", lang) for code in (*codes, UNKNOWN, REFUSED)]
        if question in DAYS:
            titles = ["3 de abril de 2025", "entre el 4 y el 30 de marzo de 2025", *titles]
        ask = told.notice(f"triage_ask_{question}", lang, today=TODAY)
        choices = tuple(Choice(title, f"/{n}") for n, title in enumerate(titles))
        yield f"triage {question}", [replace(ask, kind="question", choices=(*ask.choices, *choices))]
    titles = [told.label(f"label_triage_question_{question}", lang) for question in QUESTIONS]
    which = told.notice("triage_which_to_correct", lang, today=TODAY)
    yield "triage correct", [replace(which, choices=tuple(Choice(t, f"/{n}") for n, t in enumerate(titles)))]


def booking_questions(lang: str) -> Iterator[tuple[str, list[Reply]]]:
    known = Interview(
        answers={
            "name": "Ana María Guadalupe Hernández", "reach": "phone", "phone": "+502 5555 0100", "phone_region": "GT",
            "email": "ana@example.com", "email_ending": "@example.com", "safe_message": "yes", "language": "es",
            "interpreter": "no", "when": "mornings", "consent": "yes", "consent_version": "0", "consent_language": "es",
            "conflict": "unknown",
        },
        slots=tuple(f"2026-11-{day}T15:30:00Z/2026-11-{day}T16:00:00Z" for day in (24, 25, 26)),
        more=True,
        proposed={"name": "Ana", "phone": "+502 5555 0100", "email": "ana@example.com"},
        regions=("GT", "SV", "US"),
        channel="whatsapp",
    )  # fmt: skip
    for asked in (*questions.PERSONAL, *questions.CODES, questions.PHONE_COUNTRY, questions.CORRECT):
        for trouble in (None, questions.NOT_UNDERSTOOD):
            interview = replace(known, asked=asked, trouble=trouble)
            yield f"booking {asked}", list(asked_for_booking(library(), interview, lang, TODAY))


def deadline_questions(lang: str) -> Iterator[tuple[str, list[Reply]]]:
    told = library()
    unsure = Choice(told.label("label_dont_know", lang), "/x")
    for id in [id for id in told.notices if id.startswith("deadline_ask_")]:
        ask = told.notice(id, lang, today=TODAY)
        yield f"{id} with its button", [replace(ask, choices=(*ask.choices, unsure))]


def deadline_results(lang: str) -> Iterator[tuple[str, list[Reply]]]:
    laws = load_rules(BOT / "law/deadlines", library().parameters)
    for arrival in (TODAY - timedelta(days=days) for days in (20, 340, 365, 700)):
        result = calculate("one_year_filing", {"last_arrival": arrival}, laws, TODAY)
        choices = (
            Choice(library().label("label_other_date", lang), "/a"),
            Choice("Hablar con alguien", "/b"),
        )
        yield f"one year {arrival}", [replace(tell(library(), laws, result, lang), choices=choices)]
    assert "one_year_filing" in CALCULATIONS


def triage_results(lang: str) -> Iterator[tuple[str, list[Reply]]]:
    laws = load_rules(BOT / "law/deadlines", library().parameters)
    levels = load_triage_rules(BOT / "law/triage/levels.yml")
    day = {"earliest": "2025-12-05", "latest": "2025-12-05"}
    told = {
        "near": {
            "place": "us",
            "detained": "no",
            "filed": "no",
            "court": "no",
            "arrival": day,
            "lawyer": "yes",
        },
        "detained": {"place": "us", "detained": "self", "removal_soon": "yes", "court": "unknown"},
        "abroad": {"place": "abroad", "family": "both"},
        "nothing": {question: "refused" for question in QUESTIONS if question not in DAYS},
    }
    book = Choice(library().label("label_book", lang), "/book")
    for name, facts in told.items():
        known = Facts.from_dict(facts)
        found = assess(known, laws, levels, TODAY, ())
        yield (
            f"triage result {name}",
            [replace(tell_triage(library(), found, known, lang, TODAY), choices=(book,))],
        )


@every_shape
@every_language
def test_everything_that_is_said_fits(shape: Shape, lang: str) -> None:
    seen = Counter[str]()
    for name, replies in real_replies(lang):
        told = said(*replies)
        rendered = render(told, shape, words(), lang)
        all_of_it = pages(rendered, told, shape, lang)
        for page in all_of_it:
            checked(page, shape)
            # Three messages in a row are many, and cost people data.
            assert 1 <= len(page.messages) <= 2, name
            assert reachable(page, told) == {
                choice.payload for reply in replies for choice in reply.choices
            }, name
        shown = squeezed("".join(message.text for page in all_of_it for message in page.messages))
        for one in replies:
            assert squeezed(formatted(one.text)) in shown, name
            assert all(squeezed(formatted(note)) in shown for note in one.notes), name
            for source in one.sources:
                assert source.url in shown, name
                assert all(squeezed(cite) in shown for cite in source.cite.split("; ")), name
        seen["+".join(message.kind for message in rendered.messages)] += 1
    assert seen["list"] > 300 and seen["buttons"] > 20 and seen["link"] == 4


@every_language
def test_what_a_notice_asks_is_answered_by_buttons_or_a_list_not_by_numbers(lang: str) -> None:
    numbered = set()
    for name, replies in real_replies(lang):
        rendered = render(said(*replies), CLOUD, words(), lang)
        if any(one.choices for one in replies) and not any(message.options for message in rendered.messages):
            numbered.add(name)
    # Danger is never behind the button of a list; of more answers than ten rows one is typed.
    assert numbered == {"emergency_unclear", "triage correct"}


def test_the_limits_of_the_content_check_are_those_of_the_providers() -> None:
    assert min(shape.button_title for shape in SHAPES.values()) == TITLE_LIMIT
    assert min(shape.row_title for shape in SHAPES.values()) == LABEL_LIMIT
    assert min(shape.rows for shape in SHAPES.values()) == ROWS


def test_a_rendered_message_travels() -> None:
    for name, replies in real_replies("es")[:200]:
        for message in render(said(*replies), CLOUD, words(), "es").messages:
            assert Outbound.from_dict(message.as_dict()) == message, name
