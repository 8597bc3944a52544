"""Charts as SVG that stands in the page: lines over weeks, and bars. Pure.

Written by hand, since what a page here may hold is little: no script, no style attribute, a title and a description
for who hears it, the two languages told apart by dash, mark and hatching as well as by colour, and colours of the style
sheet, so that dark pages, forced colours and paper have their own. pygal 3.1 writes a script and a style sheet into
each picture, leather 0.4 has fixed colours and neither title nor description, matplotlib is larger than the console;
each chart here is two loops over points. The width is that of a phone: text stays readable there, and wide pages put
charts side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 360, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 14, 34, 28
_ROW = 42
#: Letters of a label that fit above its bar.
_LETTERS = 46


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one part of each bar. ``look`` is its class and tells which mark it has: ``one`` or ``two``."""

    name: str
    look: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """``id`` is unique in its page; ``labels`` name the points or bars, ``written`` the values of each series."""

    id: str
    title: str
    description: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    written: tuple[tuple[str, ...], ...]


def lines(chart: Chart, top: float | None = None, unit: str = "") -> Markup:
    """Lines from left to right; where a value lacks, the line is broken. ``top`` is where the scale ends."""
    highest = top if top is not None else _nice(max(_known(chart), default=0.0))
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    count = len(chart.labels)

    def x(index: int) -> float:
        return _LEFT + (wide * index / (count - 1) if count > 1 else wide / 2)

    def y(value: float) -> float:
        return _TOP + high * (1 - min(value, highest) / highest)

    parts = [_legend(chart)]
    for share in (0.0, 0.5, 1.0):
        at = y(highest * share)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        told = f"{highest * share:,.4g}{unit}"
        parts.append(f'<text class="scale" x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{told}</text>')
    for index in sorted({0, (count - 1) // 2, count - 1}):
        anchor = "start" if index == 0 else "end" if index == count - 1 else "middle"
        label = escape(chart.labels[index])
        parts.append(
            f'<text class="scale" x="{x(index):.1f}" y="{_HEIGHT - 8}" text-anchor="{anchor}">{label}</text>'
        )
    for series in chart.series:
        points = [(x(i), y(value)) if value is not None else None for i, value in enumerate(series.values)]
        parts.append(f'<path class="line {series.look}" d="{_path(points)}" fill="none"/>')
        parts += [_mark(series.look, *point) for point in points if point is not None]
    return _svg(chart, _HEIGHT, parts)


def bars(chart: Chart) -> Markup:
    """One bar for each label, made of the series one after the other, with what it adds up to behind it."""
    sums = [sum(series.values[i] or 0 for series in chart.series) for i in range(len(chart.labels))]
    longest, wide = max(sums, default=0) or 1, _WIDTH - 60
    parts = [_legend(chart), _hatch(chart.id)]
    for index, label in enumerate(chart.labels):
        at, left = _TOP + index * _ROW, 2.0
        parts.append(f'<text class="label" x="2" y="{at + 13}">{escape(_short(label))}</text>')
        for series in chart.series:
            size = wide * (series.values[index] or 0) / longest
            fill = f' fill="url(#{chart.id}-hatch)"' if series.look == "two" else ""
            place = f'x="{left:.1f}" y="{at + 18}" width="{size:.1f}" height="14"'
            parts.append(f'<rect class="bar {series.look}" {place}{fill}/>' if size else "")
            left += size
        told = f"{sums[index]:,.0f}"
        parts.append(f'<text class="scale" x="{left + 6:.1f}" y="{at + 30}">{told}</text>')
    return _svg(chart, _TOP + len(chart.labels) * _ROW + 6, parts)


def _svg(chart: Chart, height: int, parts: Sequence[str]) -> Markup:
    id = escape(chart.id)
    return Markup(  # noqa: S704 - every text in it is escaped where it is put in
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="{id}-title {id}-about">'
        f'<title id="{id}-title">{escape(chart.title)}</title>'
        f'<desc id="{id}-about">{escape(chart.description)}</desc>{"".join(parts)}</svg>'
    )


def _legend(chart: Chart) -> str:
    parts, left = [], 2.0
    for series in chart.series:
        parts.append(f'<path class="line {series.look}" d="M{left:.0f} 12h26" fill="none"/>')
        parts.append(_mark(series.look, left + 13, 12))
        parts.append(f'<text class="label" x="{left + 32:.0f}" y="16">{escape(series.name)}</text>')
        left += 52 + 8 * len(series.name)
    return "".join(parts)


def _mark(look: str, x: float, y: float) -> str:
    if look == "one":
        return f'<circle class="mark one" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'
    return f'<rect class="mark two" x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7"/>'


def _hatch(id: str) -> str:
    return (
        f'<pattern id="{escape(id)}-hatch" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<path class="hatch" d="M-1 1l2-2M0 6l6-6M5 7l2-2"/></pattern>'
    )


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    parts, begins = [], True
    for point in points:
        if point is not None:
            parts.append(f"{'M' if begins else 'L'}{point[0]:.1f} {point[1]:.1f}")
        begins = point is None
    return "".join(parts)


def _known(chart: Chart) -> list[float]:
    return [value for series in chart.series for value in series.values if value is not None]


def _nice(highest: float) -> float:
    """A round number at or above the highest value, where a scale can end."""
    if highest <= 4:
        return 4.0
    size = 10 ** (len(str(int(highest))) - 1)
    return float(next(step * size for step in (1, 2, 4, 6, 8, 10) if step * size >= highest))


def _short(label: str) -> str:
    return label if len(label) <= _LETTERS else f"{label[: _LETTERS - 1].rstrip()}…"
