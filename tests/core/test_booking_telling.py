"""What the booking conversation says: a text in both languages for each thing that it can ask, and how it ends."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from bot.core.booking import contact, questions
from bot.core.booking.interview import Interview
from bot.core.booking.telling import chosen, consent_version, ending, payload, read_back
from bot.core.booking.telling import questions as told_for
from bot.core.booking.wants import corrects
from bot.core.content import Library
from bot.core.content.notices import NOTICE_LIMIT, TITLE_LIMIT
from bot.core.content.store import read_content
from bot.core.firm import LEVELS, load_firm
from bot.core.law import load_parameters
from bot.core.messages import LANGUAGES, Choice

BOT = Path(__file__).parents[2] / "bot"
TODAY = date(2026, 11, 21)

#: Two on a Tuesday and one on the Wednesday after it, at half past ten and later in New York.
SLOTS = (
    "2026-11-24T15:30:00Z/2026-11-24T16:00:00Z",
    "2026-11-24T21:00:00Z/2026-11-24T21:30:00Z",
    "2026-11-25T17:00:00Z/2026-11-25T17:30:00Z",
)
COMPLETE = Interview(
    answers={
        "name": "[NAME_1]",
        "reach": "phone",
        "phone": "[PHONE_1]",
        "phone_region": "GT",
        "email": "[EMAIL_1]",
        "email_ending": "@gmail.com",
        "safe_message": "yes",
        "language": "es",
        "interpreter": "no",
        "when": "mornings",
        "consent": "yes",
        "consent_version": "0123456789ab",
        "consent_language": "en",
        "conflict": "unknown",
    },
    slots=SLOTS,
    more=True,
    proposed={"name": "[NAME_2]", "phone": "[PHONE_2]", "email": "[EMAIL_2]"},
    regions=("GT", "SV", "US"),
    asked="review",
    channel="whatsapp",
)
ASKED = (*questions.PERSONAL, *questions.CODES, questions.PHONE_COUNTRY, questions.CORRECT)
TROUBLES = [
    *(
        ("phone", f"phone_{code}")
        for code in (contact.NONE, contact.TOO_SHORT, contact.TOO_LONG, contact.INVALID)
    ),
    *(("phone", f"phone_{code}") for code in (contact.TOLL_FREE, contact.UNCLEAR)),
    *(("email", f"email_{code}") for code in (contact.NONE, contact.INVALID, contact.NO_AT, contact.SPACES)),
    *(("name", f"name_{code}") for code in (contact.EMPTY, contact.DIGITS, contact.TOO_LONG_NAME)),
    *((asked, questions.NEEDED) for asked in ("name", "reach", "consent")),
    ("email", questions.SAID_NO),
    ("reach", questions.OTHER_WAY),
    *((asked, questions.NOT_UNDERSTOOD) for asked in ASKED),
]
OUTCOMES = (
    questions.CANCELLED,
    questions.REFUSED,
    questions.SECOND_OPINION,
    questions.ASK_LAWYER,
    questions.NO_CONTACT,
    questions.GAVE_UP,
)
both = pytest.mark.parametrize("lang", LANGUAGES)


@cache
def shipped() -> Library:
    parameters = load_parameters(BOT / "law/parameters")
    content, _ = read_content(BOT / "content", parameters)
    return Library(BOT / "content", content, parameters, load_firm(BOT / "content/firm.yml"))


def kept_longer() -> Library:
    """The same library of a firm that keeps what it is told for another time."""
    words = shipped()
    firm = replace(words.firm, request_retention_days=words.firm.request_retention_days + 1)
    return Library(words.root, words._content, words.parameters, firm)


def chosen_of(choice: Choice) -> tuple[str, str] | None:
    found = re.fullmatch(r'/book_consultation\{"booking": "([^"]+)"\}', choice.payload)
    assert found is not None
    return chosen(found[1])


@both
@pytest.mark.parametrize("asked", ASKED)
def test_each_question_has_a_text_and_titles_for_its_buttons(asked: str, lang: str) -> None:
    interview = replace(COMPLETE, asked=asked)
    (reply,) = told_for(shipped(), interview, lang, TODAY)
    assert (reply.kind, reply.lang) == ("question", lang)
    assert "?" in reply.text
    assert len(reply.text) <= NOTICE_LIMIT
    assert [chosen_of(choice) for choice in reply.choices] == [(asked, code) for code in interview.choices]
    titles = [choice.title for choice in reply.choices]
    assert len(set(titles)) == len(titles) <= 10
    assert all(len(title) <= TITLE_LIMIT for title in titles)


@both
@pytest.mark.parametrize(("asked", "trouble"), TROUBLES)
def test_each_trouble_is_told_and_the_question_asked_again(asked: str, trouble: str, lang: str) -> None:
    interview = replace(COMPLETE, asked=asked, trouble=trouble)
    replies = told_for(shipped(), interview, lang, TODAY)
    assert len(replies) == (2 if trouble == questions.NOT_UNDERSTOOD else 1)
    assert replies[-1].kind == "question"
    assert [choice.payload for choice in replies[-1].choices] == [
        payload(asked, code) for code in interview.choices
    ]
    plainly = told_for(shipped(), replace(interview, trouble=None), lang, TODAY)
    assert replies[0].text != plainly[0].text


@both
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_end_without_a_request_says_so_and_gives_the_phone_number(outcome: str, lang: str) -> None:
    reply = ending(shipped(), Interview(outcome=outcome), lang, TODAY)
    assert reply is not None
    assert reply.lang == lang
    assert shipped().firm.phone in reply.text


def test_nothing_is_told_where_nothing_is_asked_or_ended() -> None:
    assert told_for(shipped(), Interview(), "en", TODAY) == ()
    assert ending(shipped(), COMPLETE, "en", TODAY) is None
    assert ending(shipped(), Interview(outcome=questions.DONE), "en", TODAY) is None


@pytest.mark.parametrize(
    ("changes", "field", "en", "es"),
    [
        ({}, "name", "[NAME_1]", "[NAME_1]"),
        ({}, "reach", "by phone, [PHONE_1] (Guatemala)", "por teléfono, [PHONE_1] (Guatemala)"),
        (
            {"phone_region": "US"},
            "reach",
            "by phone, [PHONE_1] (United States)",
            "por teléfono, [PHONE_1] (Estados Unidos)",
        ),
        ({"reach": "email"}, "reach", "by e-mail, [EMAIL_1]", "por correo, [EMAIL_1]"),
        (
            {"reach": "email", "email_mended": "yes"},
            "reach",
            "by e-mail, [EMAIL_1:mended]",
            "por correo, [EMAIL_1:mended]",
        ),
        ({"reach": "whatsapp"}, "reach", "in this WhatsApp chat", "por este chat de WhatsApp"),
        ({}, "language", "Spanish", "español"),
        (
            {"language": "other", "language_other": "[LANGUAGE_1]", "interpreter": "yes"},
            "language",
            "[LANGUAGE_1], with an interpreter",
            "[LANGUAGE_1], con intérprete",
        ),
        ({"when": "[WHEN_1]"}, "when", "[WHEN_1]", "[WHEN_1]"),
        ({"when": "any"}, "when", "any time", "a cualquier hora"),
        ({"safe_message": "no"}, "safe_message", "no, leave no message", "no, no dejar mensaje"),
        ({"conflict": "yes"}, "conflict", "yes", "sí"),
        (
            {"slot": SLOTS[0]},
            "when",
            "Tuesday, November 24, 2026, 10:30 AM (Eastern Standard Time)",
            "martes 24 de noviembre de 2026, 10:30 a.m. (hora estándar oriental)",
        ),
        ({"slot": "none"}, "when", "mornings", "por las mañanas"),
    ],
)
def test_the_answers_are_read_back_in_words(changes: dict[str, str], field: str, en: str, es: str) -> None:
    interview = replace(COMPLETE, answers={**COMPLETE.answers, **changes})
    for lang, expected in (("en", en), ("es", es)):
        assert read_back(shipped(), interview, lang)[field] == expected
        (reply,) = told_for(shipped(), interview, lang, TODAY)
        assert expected in reply.text


@both
def test_every_code_of_an_answer_can_be_read_back(lang: str) -> None:
    for question in ("reach", "safe_message", "language", "interpreter", "when", "conflict"):
        for code in questions.CODES[question]:
            if code in ("skip", "other"):
                continue
            answers = {**COMPLETE.answers, question: code}
            assert all(read_back(shipped(), replace(COMPLETE, answers=answers), lang).values())


@both
def test_the_version_of_the_consent_is_that_of_its_words(lang: str) -> None:
    version = consent_version(shipped(), lang, TODAY)
    assert re.fullmatch(r"[0-9a-f]{12}", version)
    assert version == consent_version(shipped(), lang, date(2027, 3, 1))
    assert consent_version(kept_longer(), lang, TODAY) != version
    assert consent_version(shipped(), "en", TODAY) != consent_version(shipped(), "es", TODAY)


@both
def test_the_consent_says_what_is_sent_to_whom_how_long_and_that_nobody_is_a_client_yet(lang: str) -> None:
    firm = shipped().firm
    text = shipped().notice("booking_consent", lang, today=TODAY).text
    for told in (
        firm.name,
        firm.value("request_retention_days", lang),
        firm.privacy_url,
        firm.no_representation[lang],
    ):
        assert told in text


@both
@pytest.mark.parametrize("level", LEVELS)
def test_a_saved_request_is_told_with_its_reference_and_the_time_of_its_level(level: str, lang: str) -> None:
    firm = shipped().firm
    reply = shipped().notice(f"booking_saved_{level}", lang, today=TODAY, reference="BDFGHJ")
    assert "BDFGHJ" in reply.text
    assert firm.response_times[level][lang] in reply.text
    assert (firm.urgent_phone if level in ("emergency", "urgent") else firm.phone) in reply.text


WITH_TIME = """slot_taken_kept delivered_time delivered_time_link status_confirmed confirmed confirmed_link moved
moved_link"""
WITHOUT_TIME = """slot_taken change_kept
delivered delivered_link not_yet not_yet_urgent dead updated status_saved status_delivered cancel_ask
withdrawn not_withdrawn cancelled_by_firm"""


@both
@pytest.mark.parametrize("name", [*WITH_TIME.split(), *WITHOUT_TIME.split()])
def test_what_becomes_of_a_request_is_told_with_its_reference(name: str, lang: str) -> None:
    values = {"reference": "BDFGHJ", "start": "the-time", "link": "the-link"}
    text = shipped().notice(f"booking_{name}", lang, today=TODAY, **values).text
    assert "BDFGHJ" in text
    assert ("the-link" in text) == name.endswith("link")
    assert ("the-time" in text) == (name in WITH_TIME.split())


@both
@pytest.mark.parametrize("name", ["intro", "not_saved", "interrupted", "status_none", "nothing_to_cancel"])
def test_the_rest_is_told_without_a_value(name: str, lang: str) -> None:
    assert shipped().notice(f"booking_{name}", lang, today=TODAY).text


def test_a_button_is_read_back_as_its_question_and_code() -> None:
    assert chosen("phone_country:GT") == ("phone_country", "GT")
    assert chosen("nothing") is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("quiero cambiar mi teléfono", True),
        ("puse mal el correo", True),
        ("me equivoqué de número", True),
        ("mi celular esta mal", True),
        ("can i change the time", True),
        ("i gave you the wrong number", True),
        ("my email is wrong", True),
        ("quiero cambiar de abogado", False),
        ("how do i change my address with the court", False),
        ("puedo cambiar mi fecha de corte", False),
        ("cambió la ley", False),
    ],
)
def test_a_wish_to_correct_a_saved_request_is_heard(text: str, wanted: bool) -> None:
    assert corrects(text) is wanted
