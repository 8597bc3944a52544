"""Charts: well-formed, without script or style, and with a title and a description."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.console.insights.charts import Chart, Series, bars, lines

SVG = "{http://www.w3.org/2000/svg}"


def chart(*values: tuple[float | None, ...], label: str = "Nov 9") -> Chart:
    count = len(values[0])
    looks = ("one", "two")
    return Chart(
        "c",
        "A title",
        "What it shows",
        tuple(f"{label} {number}" for number in range(count)),
        tuple(Series(f"S{place}", looks[place], found) for place, found in enumerate(values)),
        tuple(tuple("x" for _ in found) for found in values),
    )


def read(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))  # noqa: S314 - our own


@pytest.mark.parametrize("draw", [lines, bars])
def test_a_chart_tells_what_it_is_and_holds_nothing_that_the_policy_forbids(draw) -> None:
    picture = str(draw(chart((1.0, 2.0, 3.0), (3.0, 2.0, 1.0), label="<script>&")))
    root = read(picture)
    assert root.get("role") == "img"
    named = root.get("aria-labelledby", "").split()
    assert [root.find(f"{SVG}title").get("id"), root.find(f"{SVG}desc").get("id")] == named
    assert root.find(f"{SVG}title").text == "A title"
    assert not re.search(r"<script|style=|<style|href=|on\w+=", picture)


def test_the_languages_differ_by_more_than_colour() -> None:
    root = read(str(bars(chart((1.0,), (2.0,)))))
    (pattern,) = root.iter(f"{SVG}pattern")
    filled = [rect.get("fill") for rect in root.iter(f"{SVG}rect") if rect.get("class") == "bar two"]
    assert filled == [f"url(#{pattern.get('id')})"]
    root = read(str(lines(chart((1.0, 2.0), (2.0, 1.0)))))
    assert len([one for one in root.iter(f"{SVG}circle")]) == 3
    assert len([one for one in root.iter(f"{SVG}rect") if one.get("class") == "mark two"]) == 3


def test_a_line_is_broken_where_a_value_lacks() -> None:
    root = read(str(lines(chart((1.0, None, 3.0, 4.0)))))
    path = [one.get("d") for one in root.iter(f"{SVG}path")][-1]
    assert path.count("M") == 2
    assert path.count("L") == 1


def test_a_bar_is_as_long_as_its_value() -> None:
    root = read(str(bars(chart((10.0, 5.0), (0.0, 15.0)))))
    wide = [float(rect.get("width", 0)) for rect in root.iter(f"{SVG}rect") if "bar" in rect.get("class", "")]
    assert wide == pytest.approx([150, 75, 225])


@settings(max_examples=60, deadline=None)
@given(
    some.lists(
        some.tuples(
            some.one_of(some.none(), some.floats(0, 1e7)), some.one_of(some.none(), some.integers(0, 10**7))
        ),
        min_size=1,
        max_size=30,
    )
)
def test_any_values_give_a_picture_within_its_frame(points) -> None:
    found = chart(tuple(one for one, _ in points), tuple(two for _, two in points))
    for picture in (lines(found), bars(found)):
        root = read(str(picture))
        _, _, width, height = map(float, root.get("viewBox").split())
        for one in root.iter():
            for name, most in (("x", width), ("cx", width), ("x1", width), ("y", height), ("cy", height)):
                if one.get(name) is not None:
                    assert -1 <= float(one.get(name)) <= most, (one.tag, name)


def test_a_long_label_is_shortened() -> None:
    root = read(str(bars(chart((1.0,), label="a" * 80))))
    label = next(one.text for one in root.iter(f"{SVG}text") if (one.text or "").startswith("aaa"))
    assert len(label) == 46
    assert label.endswith("…")
