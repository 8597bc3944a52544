"""Every date that the conversation can work out, told on every kind of day and in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

from bot.core.content import Library
from bot.core.content.notices import NOTICE_LIMIT
from bot.core.content.store import read_content
from bot.core.deadlines import CALCULATIONS, Deadline, NotCovered, Rules, Span, calculate, load_rules
from bot.core.deadlines.calendar import day_off
from bot.core.deadlines.phrases import weekday_and_day
from bot.core.deadlines.telling import calendar_title, day_in_words, tell
from bot.core.deadlines.wanted import ASKED_FOR
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from bot.core.messages import LANGUAGES, Reply

BOT = Path(__file__).resolve().parents[2] / "bot"
EVENT = date(2027, 6, 10)
DAYS_LEFT = {"open": 45, "urgent": 10, "tomorrow": 1, "today": 0, "yesterday": -1, "passed": -60}
WIDTHS = {"exact": 0, "range": 30}
DATED = [name for name in ASKED_FOR if name != "child_age_lock"]
FIRST_DAYS = ("asylum_ead_clock", "ead_renewal_window", "i485_one_year", "naturalization")
LAST_DAYS = [name for name in DATED if name not in FIRST_DAYS]

every_language = pytest.mark.parametrize("lang", LANGUAGES)
every_date = pytest.mark.parametrize("name", DATED)
every_last_day = pytest.mark.parametrize("name", LAST_DAYS)


@cache
def shipped() -> tuple[Library, Rules]:
    parameters = load_parameters(BOT / "law/parameters")
    content, _ = read_content(BOT / "content", parameters)
    library = Library(BOT / "content", content, parameters, load_firm(BOT / "content/firm.yml"))
    return library, load_rules(BOT / "law/deadlines", parameters)


def counted(name: str, event: date, left: int, width: int = 0) -> Deadline:
    """The result for an event, on the day on which ``left`` days are left."""
    days: object = event if not width else Span(event, event + timedelta(days=width))
    inputs = dict.fromkeys(ASKED_FOR.get(name, {"last_arrival": ()}), days)
    first = calculate(name, inputs, shipped()[1], event)
    assert isinstance(first, Deadline)
    assert first.date is not None
    result = calculate(name, inputs, shipped()[1], first.date - timedelta(days=left))
    assert isinstance(result, Deadline)
    assert result.days_left == left
    return result


def told(result: Deadline | NotCovered, lang: str, *below: str) -> Reply:
    words, rules = shipped()
    return tell(words, rules, result, lang, below)


def whole_days(text: str) -> list[str]:
    return re.findall(r"(?<!\d)0 (?:days|días|day|día)\b", text)


def every_answer(name: str, lang: str) -> Iterator[tuple[Deadline, Reply]]:
    """The answers of a calculation for events over two weeks, so that weekends and holidays are among the days."""
    for width in WIDTHS.values():
        for left in DAYS_LEFT.values():
            for later in range(0, 14, 3):
                result = counted(name, EVENT + timedelta(days=later), left, width)
                yield result, told(result, lang)


@every_language
@every_date
def test_every_state_of_every_date_is_told_whole_and_fits(name: str, lang: str) -> None:
    for result, reply in every_answer(name, lang):
        assert result.date is not None
        for text in (reply.text, reply.full, *reply.notes):
            assert text.strip()
            assert "{{" not in text
            assert "  " not in text
            assert " ." not in text
        assert len(reply.text) <= NOTICE_LIMIT
        assert not whole_days(reply.full)
        day = weekday_and_day(result.date, lang)
        assert day in reply.text
        assert day in reply.full
        assert reply.text.split("\n\n")[0] in reply.full
        assert reply.sources
        assert (reply.kind, reply.lang, reply.title) == ("answer", lang, CALCULATIONS[name].title[lang])


@every_language
@every_date
def test_what_stands_below_counts_towards_the_limit(name: str, lang: str) -> None:
    below = "Counted from: " + "x" * 160
    for width in WIDTHS.values():
        for left in DAYS_LEFT.values():
            reply = told(counted(name, EVENT, left, width), lang, below)
            assert reply.text.endswith(f"\n\n{below}")
            assert reply.full.endswith(f"\n\n{below}")
            assert len(reply.text) <= NOTICE_LIMIT


@every_language
@every_last_day
def test_an_urgent_answer_keeps_its_advice_and_its_safer_day_however_long_it_is(name: str, lang: str) -> None:
    words, _ = shipped()
    result = counted(name, EVENT, 10, 30)
    reply = told(result, lang, "x" * 400)
    own = {"credible_fear_ij_review": "fear_review"}.get(name, name)
    advice = words.notice(f"deadline_next_{own}_urgent", lang, today=result.counted_on).text
    assert advice in reply.text
    if result.file_by is not None and result.file_by >= result.counted_on:
        assert weekday_and_day(result.file_by, lang) in reply.text


@every_language
@every_last_day
def test_advice_that_can_wait_and_the_ends_of_a_range_are_left_to_the_longer_text(
    name: str, lang: str
) -> None:
    short, longer = (told(counted(name, EVENT, 45, 30), lang, *below) for below in ((), ("x" * 700,)))
    assert len(longer.text) < len(short.text) + 700
    assert all(part in longer.full for part in short.text.split("\n\n"))


@every_language
@every_last_day
def test_a_last_day_that_is_today_is_told_as_today_with_a_lawyer(name: str, lang: str) -> None:
    for width in WIDTHS.values():
        text = told(counted(name, EVENT, 0, width), lang).text
        headline = text.split("\n\n")[0]
        assert {"en": "today", "es": "hoy"}[lang] in headline
        assert shipped()[0].firm.phone in headline


@every_language
@pytest.mark.parametrize("name", FIRST_DAYS)
def test_a_first_day_has_come_on_its_own_day(name: str, lang: str) -> None:
    waiting, today, before = (
        told(counted(name, EVENT, left), lang).text.split("\n\n")[0] for left in (1, 0, -9)
    )
    assert today == before
    assert waiting != today


@every_language
def test_a_year_that_has_passed_names_what_has_no_deadline(lang: str) -> None:
    wanted = {
        "en": ("withholding of removal", "Convention against Torture", "exceptions"),
        "es": ("retención de deportación", "Convención contra la Tortura", "excepciones"),
    }[lang]
    for width in WIDTHS.values():
        for left in (-1, -60, -900):
            text = told(counted("one_year_filing", EVENT, left, width), lang).text
            assert all(words in text for words in wanted)


@every_language
@every_last_day
def test_every_passed_date_names_a_lawyer(name: str, lang: str) -> None:
    for width in WIDTHS.values():
        text = told(counted(name, EVENT, -60, width), lang).text
        assert {"en": "lawyer", "es": "abogado"}[lang] in text


ORDERS = {
    "en": re.compile(r"(?:^|[.:;!?]\s+)(?:please )?(?:file|send|submit|mail)\b(?! can)", re.IGNORECASE),
    "es": re.compile(r"(?:^|[.:;!?]\s+)(?:presente|mande|envíe|meta|entregue)\b", re.IGNORECASE),
}
MUST = {
    "en": re.compile(r"\byou (?:must|should|need to|have to) (?:file|send|submit|mail)\b", re.IGNORECASE),
    "es": re.compile(
        r"\b(?:debe|tiene que) (?:presentar|mandar|enviar|meter|entregar)(?!se)\b", re.IGNORECASE
    ),
}


@every_language
@every_date
def test_nobody_is_told_to_send_something_before_a_lawyer_is_named(name: str, lang: str) -> None:
    lawyer = {"en": "lawyer", "es": "abogado"}[lang]
    for _, reply in every_answer(name, lang):
        for text in (reply.text, reply.full):
            for pattern in (ORDERS[lang], MUST[lang]):
                found = pattern.search(text)
                assert found is None or lawyer in text[: found.start()]


@every_language
@every_last_day
def test_a_range_that_today_lies_in_says_that_it_may_have_passed(name: str, lang: str) -> None:
    if name == "credible_fear_ij_review":
        return
    result = counted(name, EVENT, -5, 30)
    text = told(result, lang, "x" * 300).text
    assert {"en": "may already have passed", "es": "quizás ya pasó"}[lang] in text
    assert shipped()[0].firm.phone in text


@every_language
def test_the_governments_date_is_never_called_the_last_day_of_the_person(lang: str) -> None:
    for width in WIDTHS.values():
        for left in (9, 1, 0):
            text = told(counted("credible_fear_ij_review", EVENT, left, width), lang).text
            assert {"en": "your last day", "es": "su último día"}[lang] not in text
            assert {"en": "should ask at once", "es": "debe pedirlo de inmediato"}[lang] in text


@every_language
def test_the_safe_target_tells_the_real_last_day_and_the_safe_day(lang: str) -> None:
    arrival = date(2026, 3, 3)
    for left in (40, 5):
        result = counted("one_year_safe_target", arrival, left)
        text = told(result, lang).text
        assert weekday_and_day(date(2027, 3, 3), lang) in text.split("\n\n")[0]
        assert weekday_and_day(date(2027, 3, 2), lang) in text.split("\n\n")[1]
        assert {"en": f"{left + 1} days", "es": f"{left + 1} días"}[lang] in text
        assert {"en": "weekend", "es": "fin de semana"}[lang] not in told(result, lang).full


@every_language
def test_after_the_safe_target_the_last_day_still_lies_ahead(lang: str) -> None:
    text = told(counted("one_year_safe_target", date(2026, 3, 3), -1), lang).text
    assert {"en": "last day is today", "es": "último día es hoy"}[lang] in text


@every_language
def test_the_safe_target_of_a_range_tells_the_real_ends(lang: str) -> None:
    text = told(counted("one_year_safe_target", date(2026, 3, 3), 60, 14), lang).text
    for day in (date(2027, 3, 3), date(2027, 3, 17), date(2027, 3, 2)):
        assert weekday_and_day(day, lang) in text


@every_language
@every_last_day
def test_a_weekend_or_holiday_is_only_blamed_where_the_last_day_is_one(name: str, lang: str) -> None:
    blamed = {"en": "Not all lawyers agree", "es": "No todos los abogados"}[lang]
    for result, reply in every_answer(name, lang):
        if blamed in reply.full:
            assert result.unrolled is not None
            assert day_off(result.unrolled) is not None
            assert weekday_and_day(result.unrolled, lang) in reply.full


@every_language
def test_a_doubtful_move_is_told_with_the_earlier_day(lang: str) -> None:
    result = counted("i730_deadline", date(2026, 6, 10), 45)
    assert result.contested
    full = told(result, lang).full
    assert {"en": "Not all lawyers agree", "es": "No todos los abogados"}[lang] in full
    assert {"en": "Saturday, June 10, 2028", "es": "sábado 10 de junio de 2028"}[lang] in full


CHILD = {"yes": ("2010-01-01", "2026-05-01"), "no": ("2000-01-01", "2026-05-01")}
UNSURE = ({"earliest": "2005-01-01", "latest": "2005-12-31"}, "2026-05-01")


@every_language
@pytest.mark.parametrize("answer", CHILD)
def test_the_age_of_a_child_is_answered(answer: str, lang: str) -> None:
    born, received = CHILD[answer]
    result = calculate(
        "child_age_lock", {"child_dob": born, "i589_received": received}, shipped()[1], date(2026, 11, 22)
    )
    text = told(result, lang).text
    wanted = {
        "yes": {"en": "your child was under 21", "es": "tenía menos de 21 años"},
        "no": {"en": "does not count your child", "es": "no cuenta a su hijo"},
    }[answer][lang]
    assert wanted in text
    assert len(text) <= NOTICE_LIMIT


@every_language
def test_the_age_of_a_child_born_on_a_vague_day_is_neither_yes_nor_no(lang: str) -> None:
    born, received = UNSURE
    result = calculate(
        "child_age_lock", {"child_dob": born, "i589_received": received}, shipped()[1], date(2026, 11, 22)
    )
    text = told(result, lang).text
    assert {"en": "cannot say for sure", "es": "no lo puedo decir con seguridad"}[lang] in text
    assert {"en": "lawyer", "es": "abogado"}[lang] in text


@every_language
def test_a_date_without_a_rule_names_the_firm(lang: str) -> None:
    result = calculate("annual_asylum_fee_due", {"notice_date": "2020-01-01"}, shipped()[1], EVENT)
    assert isinstance(result, NotCovered)
    reply = told(result, lang, "below")
    assert reply.id == "deadline_not_covered"
    assert shipped()[0].firm.phone in reply.text
    assert reply.text.endswith("\n\nbelow")


@every_language
def test_a_person_in_detention_is_told_that_the_judge_sets_the_dates(lang: str) -> None:
    inputs = {"hearing": "2026-12-01", "detained": True}
    reply = told(calculate("individual_hearing_filings", inputs, shipped()[1], EVENT), lang)
    assert reply.id == "deadline_detained"


@every_language
def test_a_year_that_may_run_from_two_arrivals_has_no_date(lang: str) -> None:
    inputs = {"last_arrival": "2026-03-03", "advance_parole": True}
    reply = told(calculate("one_year_filing", inputs, shipped()[1], EVENT), lang)
    assert "advance parole" in reply.text
    assert "2027" not in reply.text


@every_language
@pytest.mark.parametrize("name", CALCULATIONS)
def test_the_name_in_a_calendar_gives_nothing_away(name: str, lang: str) -> None:
    title = calendar_title(shipped()[0], name, lang).lower()
    assert title
    assert not any(
        w in title for w in ("asyl", "asil", "uscis", "court", "corte", "deport", "immig", "inmig")
    )


# the day of counting


def unsure(name: str, left: int, width: int = 0) -> Deadline:
    """The result when ``left`` days are left by the earlier of two days that it may be."""
    sure = counted(name, EVENT, left, width)
    days: object = EVENT if not width else Span(EVENT, EVENT + timedelta(days=width))
    today = Span(sure.counted_on, sure.counted_on + timedelta(days=1))
    result = calculate(name, dict.fromkeys(ASKED_FOR[name], days), shipped()[1], today)
    assert isinstance(result, Deadline)
    return result


@every_language
@every_date
def test_where_it_may_be_either_of_two_days_both_are_told_and_it_fits(name: str, lang: str) -> None:
    for width in WIDTHS.values():
        for left in DAYS_LEFT.values():
            result = unsure(name, left, width)
            reply = told(result, lang, "x" * 160)
            assert result.maybe_on is not None
            assert abs(result.counted_on - result.maybe_on) == timedelta(days=1)
            assert len(reply.text) <= NOTICE_LIMIT
            for day in (result.counted_on, result.maybe_on):
                assert day_in_words(day, lang) in reply.full.split("\n\n")[-2]
            assert "{{" not in reply.full


@every_language
@every_date
def test_the_day_that_leads_is_the_cautious_one(name: str, lang: str) -> None:
    result = unsure(name, 45)
    assert result.maybe_on is not None
    # The day of fear_review binds the judge, so nobody is late for it.
    later = result.is_deadline
    assert later == (name in LAST_DAYS and name != "credible_fear_ij_review")
    assert (result.counted_on > result.maybe_on) is later
    assert result.days_left == (44 if later else 45)


@every_language
@every_last_day
def test_a_day_that_is_over_only_by_the_cautious_day_is_not_given_up(name: str, lang: str) -> None:
    words, _ = shipped()
    maybe = words.notice("deadline_may_be_today", lang).text
    result = unsure(name, 0)
    reply = told(result, lang, "x" * 160)
    assert (maybe in reply.text) == (maybe in reply.full) == result.is_deadline
    for left in (1, -1):
        assert maybe not in told(unsure(name, left), lang).full


@every_language
def test_a_sure_day_is_told_alone_and_only_in_the_longer_text(lang: str) -> None:
    result = counted("bia_appeal", EVENT, 10)
    reply = told(result, lang)
    assert reply.full.endswith(
        shipped()[0].notice("deadline_counted_on", lang, day=day_in_words(result.counted_on, lang)).text
    )
    assert result.maybe_on is None
