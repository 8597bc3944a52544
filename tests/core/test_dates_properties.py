"""What holds for any text and any day."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.dates import find_dates
from bot.core.dates.model import PRECISIONS

WORDS = """
3 03 31 29 30 12 2025 25 1999 2040 / - . , ' : $ march marzo feb febrero may mayo dic octubre de del of the
el la last next this past pasado proxima que viene year ano mes month week semana lunes friday hace ago
atras 8 500 99999 un una a couple few meses years dias y and medio half after before despues antes christmas
navidad easter semana santa thanksgiving early mid a mediados finales end between entre o or first primero
tres veinte twenty two thousand dos mil ayer manana hoy yesterday in en on around como summer invierno fin
24/7 01/02/2026 31/02/2025 oops perdon
aqui here llevo tengo been im since desde final ultimo segunda quincena semanas days con pico 03/25 '25 denied fue
jueves thursday antepasado esta going para cumplir que llegue mes ano month day veinte 13 13th more than casi few
"""
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(WORDS.split()), max_size=12).map(" ".join),
    st.lists(st.sampled_from(WORDS.split()), max_size=6).map("".join),
)
DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2090, 12, 31))


@settings(max_examples=1500, deadline=None)
@given(TEXTS, DAYS)
def test_any_text_gives_ordered_readings_in_their_places(text: str, today: date) -> None:
    found = find_dates(text, today)
    for one in found:
        assert text[one.start : one.end] == one.text != ""
        assert one.precision in PRECISIONS
        assert (one.precision == "impossible") == (one.readings == ())
        assert len(set(one.readings)) == len(one.readings) <= 4
        for reading in one.readings:
            assert reading.earliest <= reading.latest
            if one.precision == "day":
                assert reading.earliest == reading.latest
    for before, after in pairwise(found):
        assert before.end <= after.start


MONTHS = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"


@settings(max_examples=300, deadline=None)
@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2039, 12, 31)), DAYS)
def test_a_full_date_means_its_day_whatever_today_is(day: date, today: date) -> None:
    for text in (
        day.isoformat(),
        f"{day.day} de {MONTHS.split()[day.month - 1]} de {day.year}",
        f"{day:%B} {day.day}, {day.year}",
        f"{day.day:02}{day:%b}{day.year}".upper(),
    ):
        (found,) = find_dates(text, today)
        assert [(r.earliest, r.latest) for r in found.readings] == [(day, day)]
    for text in (f"{day.month}/{day.day}/{day.year}", f"{day.day:02}.{day.month:02}.{day.year}"):
        (found,) = find_dates(text, today)
        assert day in {reading.earliest for reading in found.readings}
        assert found.ambiguous == (day.day <= 12 and day.day != day.month)


@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=1, max_value=60), DAYS)
def test_more_time_ago_is_never_later(number: int, today: date) -> None:
    for unit in ("dias", "semanas", "meses"):
        (near,), (far,) = (find_dates(f"hace {n} {unit}", today) for n in (number, number + 1))
        assert far.readings[0].earliest <= near.readings[0].earliest
        assert near.readings[0].latest <= today
