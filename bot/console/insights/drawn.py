"""The charts of a week: which series they have, and their values in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from bot.console.insights.charts import Chart, Series, bars, lines
from bot.console.insights.measures import MEASURES
from bot.console.insights.telling import Voice
from bot.console.insights.weeks import LINES
from bot.core.messages import LANGUAGES
from bot.transcripts.insights_records import Figures

_LOOKS = dict(zip(LANGUAGES, ("one", "two"), strict=True))
_MOST_TOPICS = 15
_FUNNEL = {
    "conversations": "all.conversations",
    "begun": "all.begun",
    "saved": "all.saved",
    "delivered": "booking.delivered",
    "appointed": "booking.appointed",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart as the page shows it; ``picture`` is None where there is nothing to draw."""

    chart: Chart
    picture: Markup | None
    about: str


def over_weeks(weeks: Sequence[tuple[date, Figures]], voice: Voice) -> list[Drawn]:
    """The lines."""
    return [_line(name, weeks, voice) for name in LINES]


def of_week(figures: Figures, voice: Voice, title_of: Callable[[str], str]) -> list[Drawn]:
    """The bars: topics, the way to an appointment, channels, what was wrong."""
    topics = _by_language(figures, "kept.topic:")
    most = sorted(topics, key=lambda name: (-sum(topics[name].values()), name))[:_MOST_TOPICS]
    funnel = {
        name: {lang: figures.total(figure, lang) for lang in LANGUAGES} for name, figure in _FUNNEL.items()
    }
    channels = {
        channel: {lang: figures.total("all.conversations", lang, channel) for lang in LANGUAGES}
        for channel in ("web", "whatsapp")
    }
    wrong = _by_language(figures, "judged.random.wrong:")
    for name, counts in _by_language(figures, "judged.chosen.wrong:").items():
        known = wrong.setdefault(name, dict.fromkeys(LANGUAGES, 0))
        wrong[name] = {lang: known[lang] + counts[lang] for lang in LANGUAGES}
    say = voice.say
    return [
        _bars("topics", "kept", {title_of(name): topics[name] for name in most}, voice),
        _bars("funnel", "all", {say(f"fig_step_{name}"): found for name, found in funnel.items()}, voice),
        _bars("channels", "all", {say(f"channel_{name}"): found for name, found in channels.items()}, voice),
        _bars(
            "wrong",
            "judged",
            {
                say(f"judging_turn_{name}"): wrong[name]
                for name in sorted(wrong, key=lambda name: -sum(wrong[name].values()))
            },
            voice,
        ),
    ]


def _line(name: str, weeks: Sequence[tuple[date, Figures]], voice: Voice) -> Drawn:
    measure = MEASURES[name]
    values = {lang: [measure.value(figures, lang) for _, figures in weeks] for lang in LANGUAGES}
    last = {lang: voice.plain(measure, values[lang][-1]) for lang in LANGUAGES}
    chart = Chart(
        f"line-{name}",
        voice.say(f"fig_chart_{name}"),
        voice.say("fig_chart_lines", weeks=len(weeks), **last),
        tuple(voice.day(week) for week, _ in weeks),
        tuple(
            Series(voice.say(f"language_{lang}"), look, tuple(value.number for value in values[lang]))
            for lang, look in _LOOKS.items()
        ),
        tuple(tuple(voice.plain(measure, value) for value in values[lang]) for lang in LANGUAGES),
    )
    is_share = measure.kind == "share"
    is_empty = not any(value.number for found in values.values() for value in found)
    picture = None if is_empty else lines(chart, _scale(chart) if is_share else None, "%" if is_share else "")
    return Drawn(chart, picture, measure.about)


def _scale(chart: Chart) -> float:
    """Where the scale of a share ends: the whole, or less where the values are small."""
    highest = max(
        (value for series in chart.series for value in series.values if value is not None), default=0.0
    )
    return next(end for end in (10.0, 20.0, 50.0, 100.0) if highest <= end)


def _bars(name: str, about: str, found: dict[str, dict[str, int]], voice: Voice) -> Drawn:
    labels = tuple(found)
    sums = {label: sum(found[label].values()) for label in labels}
    most = max(labels, key=lambda label: sums[label], default="")
    chart = Chart(
        f"bars-{name}",
        voice.say(f"fig_chart_{name}"),
        voice.say("fig_chart_bars", most=f"{most} ({voice.number(sums.get(most, 0))})"),
        labels,
        tuple(
            Series(voice.say(f"language_{lang}"), look, tuple(found[label][lang] for label in labels))
            for lang, look in _LOOKS.items()
        ),
        tuple(tuple(voice.number(found[label][lang]) for label in labels) for lang in LANGUAGES),
    )
    return Drawn(chart, bars(chart) if any(sums.values()) else None, about)


def _by_language(figures: Figures, prefix: str) -> dict[str, dict[str, int]]:
    by = {lang: figures.below(prefix, lang) for lang in LANGUAGES}
    return {name: {lang: by[lang].get(name, 0) for lang in LANGUAGES} for name in figures.below(prefix)}
