"""The conversation that leads to a request for a consultation, message by message."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core import yaml12
from bot.core.booking.contact import Email, Name, Phone, as_typed, read_email, read_name, read_phone
from bot.core.booking.control import speaks_to_the_bot
from bot.core.booking.interview import PATIENCE, Heard, Interview, begin, hear
from bot.core.booking.questions import (
    ANY,
    CANCELLED,
    CODES,
    CONSENT,
    CORRECT,
    CORRECTABLE,
    DONE,
    EMAIL,
    GAVE_UP,
    INTERPRETER,
    LANGUAGE,
    LANGUAGE_OTHER,
    NAME,
    NO_CONTACT,
    NOT_UNDERSTOOD,
    PHONE,
    PHONE_COUNTRY,
    REACH,
    REFUSED,
    REVIEW,
    SAFE_MESSAGE,
    SLOT,
    WHATSAPP,
    WHEN,
    YES,
)

VECTORS = Path(__file__).parent.parent / "vectors" / "booking"
CONVERSATIONS = yaml12.load_file(VECTORS / "conversations.yml")
MARKED = re.compile(r"\{([A-Z]+):([^}]*)\}")
VERSION = "0123456789ab"


class Desk:
    """A conversation as the gateway and the action lead it: values become tokens before the interview hears them."""

    def __init__(
        self, language: str = "en", channel: str = "web", has_lawyer: bool | None = None, **known: str
    ) -> None:
        self.language, self.channel, self.has_lawyer = language, channel, has_lawyer
        self.values: dict[str, str] = {}
        self.known = {kind: self.token(kind, value) for kind, value in known.items()}
        self.interview = Interview()

    def token(self, kind: str, value: str) -> str:
        """The token of a value; the same value has the same token."""
        same = next((t for t, v in self.values.items() if v == value and t.startswith(f"[{kind}_")), None)
        number = 1 + sum(token.startswith(f"[{kind}_") for token in self.values)
        token = same or f"[{kind}_{number}]"
        self.values[token] = value
        return token

    def masked(self, text: str) -> str:
        asked = self.interview.contact_asked
        if asked is not None and not MARKED.search(text) and not speaks_to_the_bot(text, asked):
            return self.token("LANGUAGE" if asked == LANGUAGE_OTHER else asked.upper(), text)
        return MARKED.sub(lambda found: self.token(found[1], found[2]), text)

    def heard(self, text: str) -> Heard:
        text, _, intent = text.partition(" ~")
        choice = None
        if text.startswith("!"):
            question, _, code = text.removeprefix("!").partition(":")
            choice, text = (question, code), ""
        return Heard(
            self.masked(text),
            intent or "nlu_fallback",
            self.values,
            choice,
            self.channel,
            self.known,
            self.has_lawyer,
            self.language,
            VERSION,
        )

    def says(self, text: str) -> bool:
        """Whether the message was an answer."""
        if self.interview.asked is None or text.startswith("+i "):
            self.interview = begin(self.interview, self.heard(text.removeprefix("+")))
            return True
        after = hear(self.interview, self.heard(text))
        self.interview = after or self.interview
        return after is not None

    @property
    def step(self) -> str:
        now = self.interview
        return now.outcome or "/".join(part for part in (now.asked, now.trouble) if part)


def desk_of(row: Mapping[str, Any]) -> Desk:
    return Desk(
        row.get("language", "en"),
        row.get("channel", "web"),
        row.get("has_lawyer"),
        **row.get("known", {}),
    )


def holds_no_value(desk: Desk) -> bool:
    """Whether the state gives no value away, neither whole nor by its longer parts."""
    state = json.dumps(desk.interview.as_dict(), ensure_ascii=False).lower()
    pieces = {
        piece for value in desk.values.values() for piece in re.findall(r"\w{5,}|\d{3,}", value.lower())
    }
    told_as_codes = {"gmail", "hotmail", *(code for codes in CODES.values() for code in codes)}
    return not any(piece in state for piece in pieces - told_as_codes)


@pytest.mark.parametrize("row", CONVERSATIONS, ids=[row["it"] for row in CONVERSATIONS])
def test_a_conversation(row: Mapping[str, Any]) -> None:
    desk = desk_of(row)
    for line in row["says"]:
        text, _, expected = line.rpartition(" => ")
        before = desk.interview
        understood = desk.says(text)
        if expected == "-":
            assert not understood, text
            assert desk.interview == before
            continue
        assert understood, text
        assert desk.step == expected, text
        assert holds_no_value(desk), text
        assert Interview.from_dict(json.loads(json.dumps(desk.interview.as_dict()))) == desk.interview
    if "has" in row:
        assert desk.interview.complete
        facts = desk.interview.facts
        assert facts | row["has"] == facts
        assert facts["consent"] == {"version": VERSION, "language": row.get("language", "en")}
    if "has_now" in row:
        told = dict(desk.interview.answers)
        assert told | row["has_now"] == told
    if "ends" in row:
        assert desk.interview.answers == {}


def test_the_conversations_cover_both_languages_and_every_outcome() -> None:
    languages = [row.get("language", "en") for row in CONVERSATIONS]
    assert min(languages.count("en"), languages.count("es")) >= 15
    ends = {row.get("ends", DONE if "has" in row else None) for row in CONVERSATIONS}
    assert {DONE, CANCELLED, "refused", "second_opinion", "ask_lawyer", NO_CONTACT, GAVE_UP} <= ends


TO_REVIEW = [
    "my name is {NAME:Ana Lopez} and my number is {PHONE:305 555 0142}",
    "!safe_message:yes",
    "!language:en",
    "!when:mornings",
    "!consent:yes",
    "!conflict:no",
]


def after(*messages: str, **options: Any) -> Desk:
    """The conversation after messages that are all answers."""
    desk = Desk(**options)
    for message in messages:
        assert desk.says(message), message
    return desk


# what is said in words


@pytest.mark.parametrize(
    ("question", "text", "code"),
    [
        (REACH, "you can call me", PHONE),
        (REACH, "llámenme", PHONE),
        (REACH, "mi celular", PHONE),
        (REACH, "e-mail", EMAIL),
        (REACH, "por correo electrónico", EMAIL),
        (REACH, "phone, please", PHONE),
        (SAFE_MESSAGE, "yes that's fine", "yes"),
        (SAFE_MESSAGE, "no, my ex reads it", "no"),
        (SAFE_MESSAGE, "better not, it is not safe", "no"),
        (SAFE_MESSAGE, "no me dejen mensajes", "no"),
        (SAFE_MESSAGE, "no es seguro", "no"),
        (SAFE_MESSAGE, "sí, está bien", "yes"),
        (SAFE_MESSAGE, "pueden dejar mensaje", "yes"),
        (SAFE_MESSAGE, "no sé", "unknown"),
        (SAFE_MESSAGE, "not sure", "unknown"),
        (LANGUAGE, "español por favor", "es"),
        (LANGUAGE, "English please", "en"),
        (LANGUAGE, "hablo español", "es"),
        (WHEN, "por la mañana", "mornings"),
        (WHEN, "en las tardes", "afternoons"),
        (WHEN, "de noche", "evenings"),
        (WHEN, "sábados", "weekend"),
        (WHEN, "whenever", ANY),
        (WHEN, "evenings please", "evenings"),
        (WHEN, "after 5", "[WHEN_1]"),
        (WHEN, "lunes en la tarde o sábado en la mañana", "[WHEN_1]"),
        (WHEN, "no sé", ANY),
        ("conflict", "sí, mi hermana", "yes"),
        ("conflict", "no", "no"),
        ("conflict", "nadie que yo sepa", "no"),
        ("conflict", "i don't know", "unknown"),
    ],
)
def test_an_answer_in_words_is_its_code(question: str, text: str, code: str) -> None:
    desk = after(*TO_REVIEW)
    desk.interview = replace(desk.interview, asked=question)
    assert desk.says(text), text
    told = desk.interview.answers
    assert told[question] == code


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("yes", YES),
        ("sí", YES),
        ("ok, send it please", YES),
        ("I agree", YES),
        ("you can send it", YES),
        ("acepto", YES),
        ("sí, puede enviarla", YES),
        ("si autorizo", YES),
        ("mándela por favor", YES),
        ("de acuerdo", YES),
        ("no", REFUSED),
        ("no thanks", REFUSED),
        ("don't send it", REFUSED),
        ("i do not agree", REFUSED),
        ("no acepto", REFUSED),
        ("no la envíe", REFUSED),
        ("no quiero que la envíe", REFUSED),
        ("mejor no", REFUSED),
        ("si no acepto", None),
        ("si no quiero que la envie", None),
        ("will you send it to ice", None),
        ("¿puede enviarla mañana?", None),
        ("you send it to immigration", None),
        ("no entiendo", None),
        ("no hay problema", None),
        ("not sure what that means", None),
        ("send it but not my name", None),
        ("yes but not my phone", None),
        ("sí pero no mi nombre", None),
        ("yes, except the number", None),
        ("claro, solo si es gratis", None),
        ("maybe", None),
    ],
)
def test_consent_is_a_plain_yes_and_a_refusal_a_plain_no(text: str, outcome: str | None) -> None:
    desk = after(*TO_REVIEW[:4])
    assert desk.interview.asked == CONSENT
    assert desk.says(text)
    assert desk.interview.answers.get(CONSENT) == (YES if outcome == YES else None)
    assert desk.interview.outcome == (REFUSED if outcome == REFUSED else None)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("confirm", DONE),
        ("looks good", DONE),
        ("yes, everything is correct", DONE),
        ("sí, todo está bien", DONE),
        ("confirmo", DONE),
        ("enviar", DONE),
        ("no", CORRECT),
        ("no está bien", CORRECT),
        ("not right", CORRECT),
        ("there is a mistake", CORRECT),
        ("hay un error", CORRECT),
        ("el nombre está mal", NAME),
        ("wrong number", PHONE),
        ("yes but the time is wrong", WHEN),
    ],
)
def test_what_is_read_back_is_confirmed_or_corrected(text: str, step: str) -> None:
    desk = after(*TO_REVIEW)
    assert desk.says(text)
    assert desk.step == step


@pytest.mark.parametrize(
    "text",
    ["yes but not my phone", "sí pero no mi nombre", "yes, except the number", "claro, solo si es gratis"],
)
def test_a_yes_with_a_condition_is_no_consent_and_confirms_nothing(text: str) -> None:
    for steps in (TO_REVIEW[:4], TO_REVIEW):
        desk = after(*steps)
        assert desk.interview.asked in (CONSENT, REVIEW)
        assert desk.says(text)
        assert desk.interview.outcome is None
        assert desk.interview.trouble == NOT_UNDERSTOOD


@pytest.mark.parametrize(
    "text",
    [
        "how do I change the time of my hearing",
        "can you change my address with uscis",
        "quiero cambiar mi dirección",
        "se equivocaron en la corte con mi nombre",
        "¿puedo cambiar el nombre?",
    ],
)
def test_a_change_of_something_else_is_no_correction(text: str) -> None:
    desk = after(*TO_REVIEW[:1])
    before = desk.interview
    assert not desk.says(f"{text} ~change_address")
    assert desk.interview == before


@pytest.mark.parametrize(
    "intent", ["restart", "delete_my_data", "emergency", "change_language", "talk_to_human"]
)
def test_what_the_program_does_at_any_time_is_no_answer(intent: str) -> None:
    desk = after(*TO_REVIEW[:1])
    assert not desk.says(f"whatever was said ~{intent}")


def test_what_the_engine_makes_of_a_bare_token_means_nothing() -> None:
    desk = after("appointment")
    assert desk.says("Ana Lopez ~stop")
    assert desk.step == REACH


# buttons


@pytest.mark.parametrize("field", [name for name in CORRECTABLE if name != SLOT])
def test_each_answer_can_be_corrected_by_its_button_and_then_the_rest_stands(field: str) -> None:
    new = {
        NAME: "Maria",
        PHONE: "786 555 0199",
        EMAIL: "maria@example.com",
        WHEN: "after 5",
        LANGUAGE: "!language:es",
        INTERPRETER: "!interpreter:no",
        REACH: "!reach:phone",
        SAFE_MESSAGE: "!safe_message:no",
        "conflict": "!conflict:unknown",
    }
    desk = after(*TO_REVIEW, "my email is {EMAIL:ana@example.com}")
    before = dict(desk.interview.answers)
    assert field in replace(desk.interview, asked=CORRECT).choices
    assert desk.says(f"!correct:{field}")
    assert desk.interview.asked == field
    assert desk.says(new[field])
    assert desk.step == REVIEW
    kept = set(before) - {field, REACH, "phone_region"}
    assert {name: desk.interview.answers[name] for name in kept} == {name: before[name] for name in kept}


def test_a_button_of_an_earlier_question_changes_its_answer() -> None:
    desk = after(*TO_REVIEW[:4])
    assert desk.says("!when:evenings")
    assert (desk.step, desk.interview.answers[WHEN]) == (CONSENT, "evenings")


@pytest.mark.parametrize(
    "pressed", ["!when:never", "!nothing:yes", "!correct:consent", "!phone_country:GT", "!reach:whatsapp"]
)
def test_a_button_that_was_not_offered_does_nothing(pressed: str) -> None:
    desk = after("appointment", "Ana")
    before = desk.interview
    assert not desk.says(pressed)
    assert desk.interview == before


def test_the_button_to_confirm_does_not_pass_over_what_is_open() -> None:
    desk = after("appointment", "Ana")
    assert desk.says("!review:confirm")
    assert desk.step == REACH


# the beginning and the end


def test_a_second_request_reads_the_first_back() -> None:
    desk = after(*TO_REVIEW, "yes")
    assert desk.interview.complete
    assert desk.says("i want to change my appointment")
    assert desk.step == REVIEW
    assert desk.says("no, my number is {PHONE:786 555 0199}")
    assert desk.says("yes")
    assert desk.interview.facts["phone"] == "[PHONE_2]"


def test_consent_to_other_words_is_asked_for_again() -> None:
    desk = after(*TO_REVIEW, "yes")
    heard = replace(desk.heard("appointment"), consent_version="ba9876543210")
    begun = begin(desk.interview, heard)
    assert begun.asked == CONSENT
    again = hear(begun, replace(heard, text="", choice=(CONSENT, YES)))
    assert again is not None
    assert again.answers["consent_version"] == "ba9876543210"


@pytest.mark.parametrize("ending", ["cancel", "!review:cancel"])
def test_after_a_cancellation_a_request_begins_anew(ending: str) -> None:
    desk = after(*TO_REVIEW, ending)
    assert desk.step == CANCELLED
    assert not desk.says("yes") or desk.step == NAME
    assert desk.interview.answers == {}


@pytest.mark.parametrize("number", range(len(TO_REVIEW) + 1))
def test_it_can_be_cancelled_at_each_step_and_keeps_nothing(number: int) -> None:
    for words in ("cancel", "cancelar", "ya no quiero la cita", "stop", "never mind"):
        desk = after("appointment", *TO_REVIEW[:number])
        assert desk.says(words), words
        assert desk.step == CANCELLED
        assert desk.interview == replace(Interview(), outcome=CANCELLED)


def test_a_value_that_is_gone_is_asked_for_again() -> None:
    desk = Desk(NAME="Ana Lopez", PHONE="305 555 0142")
    assert desk.says("appointment")
    desk.values.clear()
    assert desk.says("yes")
    assert desk.step == NAME


def test_an_unusable_value_from_earlier_is_not_read_back() -> None:
    desk = Desk(NAME="12345", PHONE="555", EMAIL="ana@gmial.com")
    assert desk.says("appointment")
    assert desk.interview.proposed == {}
    assert desk.step == NAME


def test_the_facts_are_what_a_delivery_can_read_again() -> None:
    for text in ("220 111 0142", "305 555 0142"):
        desk = after("appointment", "me llamo Ana Lopez", "!reach:phone", text)
        if desk.step == PHONE_COUNTRY:
            desk.says("!phone_country:US")
            desk.says(text)
        for message in TO_REVIEW[1:]:
            desk.says(message)
        desk.says("yes")
        facts = desk.interview.facts
        read = read_phone(
            desk.values[facts["phone"]], (facts["phone_region"],), strict=not facts["phone_loose"]
        )
        assert isinstance(read, Phone)
        assert read_name(desk.values[facts["name"]]) == Name("Ana", "Lopez", "Ana Lopez")


def test_the_address_that_was_mended_or_kept_can_be_read_again() -> None:
    for steps, address in (
        (["ana@gmial.com", "yes"], "ana@gmail.com"),
        (["ana@gmial.com", "no", "ana@gmial.com"], "ana@gmial.com"),
    ):
        desk = after("appointment", "Ana", "!reach:email", *steps, *TO_REVIEW[1:], "yes")
        facts = desk.interview.facts
        value = desk.values[facts["email"]]
        read = as_typed(value) if facts["email_as_typed"] else read_email(value, mended=True)
        assert read == Email(address)


# what holds for any conversation

MESSAGES = [
    *(
        "yes",
        "no",
        "back",
        "skip",
        "cancel",
        "no sé",
        "Ana Lopez",
        "me llamo Juan",
        "305 555 0142",
        "5555 1234",
    ),
    *(
        "ana@gmial.com",
        "ana@example.com",
        "guatemala",
        "no tengo telefono",
        "mornings",
        "after 5",
        "english",
        "mam",
    ),
    *(
        "cambiar el nombre",
        "no, mi tel es {PHONE:786 555 0199}",
        "555",
        "blue",
        "¿cuánto cuesta? ~firm_services",
    ),
    *(
        "prefiero no decir",
        "por correo",
        "80011",
        "{A_NUMBER:201555873}",
        "quiero una cita ~book_consultation",
    ),
    *(f"!{question}:{code}" for question, codes in CODES.items() for code in codes),
    *("!phone_country:GT", "!phone_country:other", "!correct:name", "!correct:phone", "!correct:language"),
]
STEPS = st.one_of(st.sampled_from(MESSAGES), st.text(max_size=40))


@settings(max_examples=250, deadline=None)
@given(
    st.lists(STEPS, max_size=18),
    st.sampled_from(["web", "whatsapp"]),
    st.sampled_from([None, True]),
    st.sampled_from([{}, {"NAME": "Ana Lopez"}, {"PHONE": "305 555 0142", "EMAIL": "ana@example.com"}]),
)
def test_any_conversation_stays_whole_and_holds_no_value(
    messages: list[str], channel: str, has_lawyer: bool | None, known: dict[str, str]
) -> None:
    desk = Desk(channel=channel, has_lawyer=has_lawyer, **known)
    desk.says("appointment")
    for message in messages:
        desk.says(message)
        now = desk.interview
        assert Interview.from_dict(json.loads(json.dumps(now.as_dict()))) == now
        assert (now.asked is None) == (now.outcome is not None)
        assert now.misses < PATIENCE
        assert now.outcome in (None, DONE) or now.answers == {}
        assert now.complete == (now.outcome == DONE)
        for told in (*now.answers.values(), *now.proposed.values(), now.again or ""):
            assert not told.startswith("[") or told in desk.values
        for value in desk.values.values():
            assert len(value) < 6 or value not in json.dumps(now.as_dict(), ensure_ascii=False)
        if now.complete:
            facts = now.facts
            assert facts["consent"]["version"] == VERSION
            assert facts["reach"] != PHONE or (facts["phone"] and facts["phone_region"])
            assert facts["reach"] != EMAIL or facts["email"]
            assert facts["reach"] != WHATSAPP or channel == WHATSAPP


@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from(["blue", "skip", "no", "555", "no tengo", "x@y"]), min_size=60, max_size=60))
def test_a_conversation_without_usable_answers_ends(messages: list[str]) -> None:
    desk = after("appointment")
    for message in messages:
        if desk.interview.outcome is not None:
            break
        desk.says(message)
    assert desk.interview.outcome in (NO_CONTACT, GAVE_UP, REFUSED, CANCELLED)
