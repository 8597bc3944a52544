"""What the figures say, in numbers and in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from bot.console.insights.measures import FEW, MEASURES, PARTS, row_of, rows_of, share, worse
from bot.console.insights.telling import Voice, sentences
from bot.console.words import load_words
from bot.transcripts.insights_records import Figure, Figures


def figures(*found: tuple[str, str, int]) -> Figures:
    """Of name, language and value."""
    return Figures.of(Figure(name, language, "web", value) for name, language, value in found)


def fallbacks(en: tuple[int, int], es: tuple[int, int]) -> Figures:
    return figures(*_fallbacks(en, es))


def _fallbacks(en: tuple[int, int], es: tuple[int, int]) -> Iterator[tuple[str, str, int]]:
    for language, (part, whole) in (("en", en), ("es", es)):
        yield "all.fallback", language, part
        yield "all.turns", language, whole


def told(now: Figures, before: Figures, lang: str = "en") -> list[str]:
    return list(sentences(rows_of(now, before), Voice(load_words(), lang)))


def test_a_share_is_in_percent_of_its_whole_and_nothing_of_nothing() -> None:
    assert share(1, 4).number == 25
    assert share(0, 0).number is None
    assert share(5, 4).number == 100
    row = row_of(MEASURES["fallback"], fallbacks((4, 100), (11, 100)), Figures())
    assert [row.now[lang].number for lang in ("en", "es", "")] == [4, 11, 7.5]
    assert row.before["en"].number is None


@pytest.mark.parametrize(
    ("es", "gap", "marked"),
    [((7, 100), -3.0, False), ((8, 100), -4.0, True), ((1, 100), 3.0, False), ((0, 0), None, False)],
)
def test_more_than_three_points_between_the_languages_are_marked(
    es: tuple[int, int], gap: float | None, marked: bool
) -> None:
    row = row_of(MEASURES["fallback"], fallbacks((4, 100), es), Figures())
    assert (row.gap, row.is_marked) == (gap, marked)


def test_few_cases_are_told_as_few() -> None:
    assert row_of(MEASURES["fallback"], fallbacks((4, 100), (1, FEW - 1)), Figures()).is_few
    assert not row_of(MEASURES["fallback"], fallbacks((4, 100), (1, FEW)), Figures()).is_few


def test_the_headline_is_the_random_sample_and_the_first_lines_leave_the_chosen_ones_out() -> None:
    found = figures(
        ("judged.random.conversations", "es", 40),
        ("judged.random.good", "es", 30),
        ("judged.chosen.conversations", "es", 60),
        ("judged.chosen.good", "es", 6),
        ("judged.random.turns", "es", 100),
        ("judged.random.wrong:unclear", "es", 4),
        ("judged.random.wrong:too_close", "es", 1),
        ("judged.chosen.wrong:unclear", "es", 50),
    )
    value = {
        name: MEASURES[name].value(found, "es").number for name in ("right", "right_turns", "right_chosen")
    }
    assert value == {"right": 75, "right_turns": 95, "right_chosen": 10}


def test_a_conversation_counts_as_answered_when_something_was_asked_and_answered() -> None:
    outcomes = {"answered": 5, "triaged": 2, "booked": 1, "unanswered": 3, "person": 1, "open": 8}
    found = figures(
        ("kept.conversations", "en", sum(outcomes.values())),
        *((f"kept.outcome:{name}", "en", value) for name, value in outcomes.items()),
    )
    value = MEASURES["answered"].value(found, "en")
    assert (value.part, value.whole) == (8, 12)


def test_what_got_worse_is_named_in_both_languages() -> None:
    came = (("all.conversations", "es", 60), ("all.conversations", "en", 40))
    before = figures(*_fallbacks((6, 100), (6, 100)), ("all.conversations", "es", 90))
    now = figures(*_fallbacks((6, 100), (11, 100)), *came)
    assert told(now, before) == [
        "100 conversations, 60% of them in Spanish. 10 more than the week before.",
        "Worse: in Spanish, the share of messages not understood rose from 6% to 11%.",
        "The languages differ most in the share of messages not understood: 6% in English, 11% in Spanish.",
    ]
    spanish = told(now, before, "es")
    assert (
        spanish[1] == "Empeoró: en español, el porcentaje de mensajes que Faro no entendió subió de 6% a 11%."
    )


def test_what_got_better_changed_little_or_has_few_cases_is_not_called_worse() -> None:
    for now, before in (
        (fallbacks((2, 100), (2, 100)), fallbacks((6, 100), (6, 100))),
        (fallbacks((8, 100), (8, 100)), fallbacks((6, 100), (6, 100))),
        (fallbacks((9, 10), (9, 10)), fallbacks((1, 10), (1, 10))),
    ):
        assert worse(rows_of(now, before).values()) == []


def test_a_share_that_should_be_high_is_worse_when_it_falls() -> None:
    def triage(done: int) -> Figures:
        return figures(("all.triage_started", "en", 100), ("all.triage_finished", "en", done))

    assert [row.measure.name for row, _ in worse(rows_of(triage(60), triage(80)).values())] == ["triage"]
    assert worse(rows_of(triage(80), triage(60)).values()) == []


@pytest.mark.parametrize(
    ("now", "before", "is_worse"), [(300, 150, True), (200, 150, False), (1100, 1000, False)]
)
def test_a_time_is_worse_when_it_grew_by_a_fifth_and_by_enough_to_notice(
    now: int, before: int, is_worse: bool
) -> None:
    def latency(at: int) -> Figures:
        return figures((f"kept.latency:{at}", "en", 100))

    found = worse(rows_of(latency(now), latency(before)).values())
    assert bool(found) is is_worse


def test_a_week_without_anybody_says_so() -> None:
    assert told(Figures(), Figures()) == ["Nobody wrote to Faro in this week."]


def test_at_most_three_things_are_worse_the_worst_first() -> None:
    def week(bad: Iterable[int]) -> Figures:
        wrong, triage, helpful, saved = bad
        return figures(
            ("all.conversations", "es", 100),
            ("all.turns", "es", 100),
            ("all.fallback", "es", wrong),
            ("all.triage_started", "es", 100),
            ("all.triage_finished", "es", 100 - triage),
            ("kept.rating_up", "es", 100 - helpful),
            ("kept.rating_down", "es", helpful),
            ("all.begun", "es", 100),
            ("all.saved", "es", 100 - saved),
        )

    found = worse(rows_of(week((9, 20, 5, 50)), week((0, 0, 0, 0))).values())
    assert [row.measure.name for row, _ in found] == ["saved", "triage", "fallback"]


def test_every_measure_has_its_words_and_what_can_be_worse_has_them_for_a_sentence() -> None:
    words = load_words()
    for part in PARTS:
        assert words.has(f"fig_part_{part.name}")
        for measure in part.measures:
            assert words.has(f"fig_m_{measure.name}")
            assert words.has(f"fig_group_{measure.about}")
            assert words.has(f"fig_is_{measure.name}") is bool(measure.better), measure.name


@pytest.mark.parametrize(
    ("lang", "kind", "value", "expected"),
    [
        ("en", "ms", 82, "82 ms"),
        ("en", "ms", 1500, "1.5 s"),
        ("es", "minutes", 47, "47 min"),
        ("es", "minutes", 150, "2.5 h"),
        ("en", "minutes", 4320, "3 d"),
    ],
)
def test_times_are_written_as_people_say_them(lang: str, kind: str, value: float, expected: str) -> None:
    assert Voice(load_words(), lang).time(value, kind) == expected


def test_differences_have_their_sign() -> None:
    voice = Voice(load_words(), "es")
    assert [voice.points(value) for value in (1, -1, 0, -14.6, 2000)] == [
        "+1 punto",
        "−1 punto",
        "0 puntos",
        "−14.6 puntos",
        "+2,000 puntos",
    ]
