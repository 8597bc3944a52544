"""The steps of a way as a picture: one below the other, as a phone is held, with the present one marked.

What is done, where the person stands and what is still to come are told by shape and by word; colour only repeats it.
Nothing in it is fetched or run, and all of it is presentation attributes, which a strict content policy lets pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.etree import ElementTree as ET

from bot.core.picture.letters import clean, lines, width

#: How many steps a way has, and how many letters the label of one may have to stay within two lines.
FEWEST, MOST = 2, 7
MOST_LETTERS = 28

#: Pixels; a phone shows 360 across without making them smaller.
WIDTH = 360

DONE, HERE, LATER = "done", "here", "later"

# Said under a step that is done, and under one that is still to come.
_WORDS = {
    "en": {DONE: "Done", LATER: "Later"},
    "es": {DONE: "Hecho", LATER: "Más adelante"},
}

_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"

_MARGIN = 14
_AXIS = 36  # the middle of the path of circles
_LEFT = 68  # where the boxes begin
_PAD = 12
_ROOM = WIDTH - _MARGIN - _LEFT - 2 * _PAD
_GAP = 18
_TITLE, _LABEL, _WORD = 20, 18, 15  # sizes of letters
_ROW = {_TITLE: 26, _LABEL: 24, _WORD: 22}  # heights of a line of them
_SPACE = 8  # between the pill and the label of the present step
_END = 12  # room at each end of the pill
_RADIUS = {DONE: 15, HERE: 20, LATER: 15}


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as ``#rrggbb``: those of the page.

    On ``back`` stand ``ink``, ``soft`` and ``brand``; on ``mine``, the box of the present step, ``ink`` and ``brand``;
    on ``brand`` only ``brand_ink``.
    """

    back: str
    ink: str
    soft: str
    brand: str
    brand_ink: str
    mine: str


LIGHT = Palette("#ffffff", "#1d2b2f", "#4d5f64", "#1f5f6b", "#ffffff", "#dcecee")
DARK = Palette("#1b2528", "#eef3f3", "#b3c2c5", "#8fd0dc", "#0b2a30", "#24434a")


@dataclass(frozen=True, slots=True)
class _Box:
    """Where one step is drawn. ``top`` and ``height`` in pixels."""

    state: str
    number: int
    label: tuple[str, ...]
    word: tuple[str, ...]
    top: int
    height: int

    @property
    def middle(self) -> float:
        return self.top + self.height / 2


def _checked(steps: Sequence[str], here: int, lang: str) -> tuple[str, ...]:
    """The clean labels. Raises ValueError when no picture can be made of what is given."""
    if lang not in _WORDS:
        raise ValueError(f"No picture in the language {lang!r}: {', '.join(sorted(_WORDS))}")
    if not FEWEST <= len(steps) <= MOST:
        raise ValueError(f"A way has {FEWEST} to {MOST} steps, not {len(steps)}")
    if not 0 <= here < len(steps):
        raise ValueError(f"The present step is one of 0 to {len(steps) - 1}, not {here}")
    return tuple(clean(step) for step in steps)


def _state(index: int, here: int) -> str:
    return HERE if index == here else DONE if index < here else LATER


def text(steps: Sequence[str], here: int, you_are_here: str, lang: str) -> str:
    """The picture in words: a numbered line a step, each with what it is. ``here`` counts from 0.

    Raises ValueError when there are fewer than 2 or more than 7 steps, ``here`` is none of them or the language is
    not one of ours.
    """
    labels = _checked(steps, here, lang)
    present = clean(you_are_here)
    words = {**_WORDS[lang], HERE: present}
    said = {state: word[:1].lower() + word[1:] for state, word in words.items()}
    return "\n".join(
        f"{number}. {label} ({said[_state(number - 1, here)]})"
        for number, label in enumerate(labels, start=1)
    )


def _boxes(labels: Sequence[str], here: int, you_are_here: str, lang: str, top: int) -> tuple[_Box, ...]:
    """One box a step, from ``top`` downwards."""
    made: list[_Box] = []
    for index, label in enumerate(labels):
        state = _state(index, here)
        if state == HERE:
            word, room, around = you_are_here, _ROOM - 2 * _END, 2 * _PAD + _SPACE
        else:
            word, room, around = _WORDS[lang][state], _ROOM, 0
        rows = lines(label, _LABEL, _ROOM), lines(word, _WORD, room)
        height = len(rows[0]) * _ROW[_LABEL] + len(rows[1]) * _ROW[_WORD] + around
        made.append(_Box(state, index + 1, *rows, top, height))
        top += height + _GAP
    return tuple(made)


def _draw(parent: ET.Element, tag: str, words: str = "", /, **attributes: str | float) -> None:
    """One element more. In the names of attributes underscores stand for hyphens."""
    element = ET.SubElement(
        parent,
        tag,
        {
            name.replace("_", "-"): value if isinstance(value, str) else f"{value:g}"
            for name, value in attributes.items()
        },
    )
    element.text = words or None


def _write(parent: ET.Element, rows: Sequence[str], x: float, top: float, size: int, **more: str) -> None:
    """Lines of text, the first of them beginning at ``top``."""
    for number, row in enumerate(rows):
        # A capital is 0.7 of its size high; half of it lies under the middle of its line.
        foot = top + (number + 0.5) * _ROW[size] + 0.35 * size
        _draw(parent, "text", row, x=x, y=foot, font_size=size, **more)


def _draw_path(parent: ET.Element, boxes: Sequence[_Box], colours: Palette) -> None:
    """The line from circle to circle: whole where the person has gone, dotted where not yet."""
    for one, other in pairwise(boxes):
        start = one.middle + _RADIUS[one.state] + 6
        end = other.middle - _RADIUS[other.state] - 6
        line = {"d": f"M{_AXIS} {start:g}V{end:g}", "stroke_linecap": "round"}
        if other.state == LATER:
            _draw(parent, "path", **line, stroke=colours.soft, stroke_width=2.5, stroke_dasharray="0.1 7")
        else:
            _draw(parent, "path", **line, stroke=colours.brand, stroke_width=3)


def _draw_circle(parent: ET.Element, box: _Box, colours: Palette) -> None:
    """The circle of a step: full with a tick, ringed with its number, or empty with its number."""
    y = box.middle
    circle = {"cx": _AXIS, "cy": y}
    number = {"x": str(_AXIS), "text_anchor": "middle", "font_weight": "700"}
    if box.state == DONE:
        _draw(parent, "circle", **circle, r=_RADIUS[DONE], fill=colours.brand)
        tick = {"d": f"M{_AXIS - 6.5:g} {y + 0.5:g}l4.5 4.5l8.5 -9.5", "fill": "none"}
        rounded = {"stroke_linecap": "round", "stroke_linejoin": "round"}
        _draw(parent, "path", **tick, **rounded, stroke=colours.brand_ink, stroke_width=3)
    elif box.state == HERE:
        _draw(parent, "circle", **circle, r=_RADIUS[HERE], fill="none", stroke=colours.brand, stroke_width=3)
        _draw(parent, "circle", **circle, r=_RADIUS[DONE], fill=colours.brand)
        _draw(parent, "text", str(box.number), **number, y=y + 6, font_size=17, fill=colours.brand_ink)
    else:
        _draw(
            parent, "circle", **circle, r=_RADIUS[LATER] - 1, fill="none", stroke=colours.soft, stroke_width=2
        )
        _draw(parent, "text", str(box.number), **number, y=y + 5.25, font_size=15, fill=colours.soft)


def _draw_words(parent: ET.Element, box: _Box, colours: Palette) -> None:
    """The label of a step with its word under it."""
    x, middle = _LEFT + _PAD, box.top + len(box.label) * _ROW[_LABEL]
    _write(parent, box.label, x, box.top, _LABEL, fill=colours.soft if box.state == DONE else colours.ink)
    _write(parent, box.word, x, middle, _WORD, fill=colours.soft)


def _draw_present(parent: ET.Element, box: _Box, colours: Palette) -> None:
    """The present step: its word in a pill over its label, in a box that points at its circle."""
    left, right, bottom = _LEFT + 12, WIDTH - _MARGIN - 12, box.top + box.height - 12
    outline = (
        f"M{left} {box.top}H{right}q12 0 12 12V{bottom}q0 12 -12 12H{left}q-12 0 -12 -12"
        f"V{box.middle + 8:g}l-8 -8l8 -8V{box.top + 12}q0 -12 12 -12z"
    )
    _draw(parent, "path", d=outline, fill=colours.mine, stroke=colours.brand, stroke_width=2)
    x, top = _LEFT + _PAD, box.top + _PAD
    wide = max(width(row, _WORD) for row in box.word) + 2 * _END
    high = len(box.word) * _ROW[_WORD]
    _draw(parent, "rect", x=x, y=top, width=wide, height=high, rx=11, fill=colours.brand)
    pill = {"text_anchor": "middle", "font_weight": "700", "fill": colours.brand_ink}
    _write(parent, box.word, x + wide / 2, top, _WORD, **pill)
    _write(parent, box.label, x, top + high + _SPACE, _LABEL, fill=colours.ink, font_weight="700")


def svg(
    steps: Sequence[str], here: int, title: str, you_are_here: str, lang: str, *, dark: bool = False
) -> str:
    """The picture as one SVG element, 360 pixels wide and as high as its labels need, the same for the same words.

    ``steps`` are 2 to 7 labels in the language ``lang``, meant to have at most ``MOST_LETTERS`` letters each (longer
    ones take more lines). ``here`` counts from 0. ``title`` is drawn and read out: it must be such that it may stand on
    a locked phone. The ``<desc>`` tells the same as ``text``. Raises ValueError as ``text`` does.
    """
    labels = _checked(steps, here, lang)
    colours = DARK if dark else LIGHT
    heading = lines(title, _TITLE, WIDTH - 2 * _MARGIN)
    first = _MARGIN + len(heading) * _ROW[_TITLE] + 14
    boxes = _boxes(labels, here, you_are_here, lang, first)
    height = boxes[-1].top + boxes[-1].height + _MARGIN
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": str(WIDTH),
            "height": str(height),
            "viewBox": f"0 0 {WIDTH} {height}",
            "role": "img",
            "lang": lang,
            "font-family": _FONTS,
        },
    )
    _draw(root, "title", clean(title))
    _draw(root, "desc", text(steps, here, you_are_here, lang))
    _draw(root, "rect", width=WIDTH, height=height, fill=colours.back)
    _write(root, heading, _MARGIN, _MARGIN, _TITLE, fill=colours.ink, font_weight="700")
    _draw_path(root, boxes, colours)
    for box in boxes:
        _draw_circle(root, box, colours)
        (_draw_present if box.state == HERE else _draw_words)(root, box, colours)
    return ET.tostring(root, encoding="unicode")
