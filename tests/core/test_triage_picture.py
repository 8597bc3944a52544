"""The picture of the steps: what it says, that it can be read, and that it harms nobody's page or phone."""

from __future__ import annotations

import re
import struct
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.picture import MOST_LETTERS, png, svg, text
from bot.core.picture.letters import clean, lines, width
from bot.core.picture.raster import _drawn
from bot.core.picture.steps import DARK, LIGHT, WIDTH, Palette

ROOT = Path(__file__).resolve().parents[2]
NS = "{http://www.w3.org/2000/svg}"

SPANISH = ["Preparar el caso", "Enviar la solicitud", "Huellas", "Entrevista", "Decisión", "Después"]
ENGLISH = ["Prepare", "Send the form", "Fingerprints", "Interview or court hearing", "Decision", "After"]
WIDE = [
    "W" * MOST_LETTERS,
    "MMMM " * 5,
    "Entrevista ¿con quién? W W W",
    "@" * 90,
    "ÁÉÍÓÚÑ" * 5,
    "i",
    "%W%W %W%W",
]
# What a label has across, in pixels, at 18 pixels a letter.
ROOM = 254
LETTERS = [chr(code) for code in (*range(0x21, 0x7F), *range(0xA1, 0x100)) if chr(code).isprintable()]


def spanish(here: int = 2, *, dark: bool = False) -> str:
    return svg(SPANISH, here, "Sus pasos", "Usted está aquí", "es", dark=dark)


def parsed(picture: str) -> ET.Element:
    return ET.fromstring(picture)  # noqa: S314 (drawn by us; that it can be read is what is tested)


def said(picture: str) -> list[str]:
    return [element.text or "" for element in parsed(picture).iter(f"{NS}text")]


def blank(picture: str, covers: list[tuple[float, float, float, float]]) -> bool:
    """Whether nothing is left of the picture's texts, all in black, when white is laid over the ``covers``:
    left, top, width and height in pixels."""
    root = parsed(picture)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{root.get("width")}" height="{root.get("height")}">'
    )
    texts = []
    for element in root.iter(f"{NS}text"):
        element.set("fill", "#000000")
        texts.append(ET.tostring(element, encoding="unicode"))
    assert texts
    over = "".join(
        f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="#ffffff"/>' for x, y, w, h in covers
    )
    back = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return png(head + back + "".join(texts) + over + "</svg>", 1) == png(head + back + over + "</svg>", 1)


def size_of(image: bytes) -> tuple[int, int]:
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    wide, high = struct.unpack(">II", image[16:24])
    return wide, high


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


# What it says.


def test_the_words_name_every_step_and_the_present_one() -> None:
    assert text(ENGLISH, 1, "You are here", "en").splitlines() == [
        "1. Prepare (done)",
        "2. Send the form (you are here)",
        "3. Fingerprints (later)",
        "4. Interview or court hearing (later)",
        "5. Decision (later)",
        "6. After (later)",
    ]
    assert text(SPANISH[:3], 2, "Usted está aquí", "es").splitlines() == [
        "1. Preparar el caso (hecho)",
        "2. Enviar la solicitud (hecho)",
        "3. Huellas (usted está aquí)",
    ]
    assert text(SPANISH[:2], 0, "Usted está aquí", "es").endswith("2. Enviar la solicitud (más adelante)")


@pytest.mark.parametrize("here", range(6))
def test_the_picture_writes_each_step_with_its_number_or_tick_and_its_word(here: int) -> None:
    picture = spanish(here)
    written = said(picture)
    assert written[0] == "Sus pasos"
    assert " ".join(SPANISH) == " ".join(row for row in written if row in SPANISH)
    assert written.count("Hecho") == here
    assert written.count("Usted está aquí") == 1
    assert written.count("Más adelante") == 5 - here
    # A tick takes the place of the number of what is done.
    assert [row for row in written if row.isdigit()] == [str(number) for number in range(here + 1, 7)]
    assert picture.count("l4.5 4.5l8.5 -9.5") == here
    # The path is dotted only where the person has not gone.
    assert picture.count("stroke-dasharray") == 5 - here


def test_those_who_hear_it_are_told_the_same() -> None:
    root = parsed(spanish())
    assert root.get("role") == "img"
    assert root.get("lang") == "es"
    # A title counts as the name only when it comes first.
    assert [child.tag for child in root][:2] == [f"{NS}title", f"{NS}desc"]
    assert root.findtext(f"{NS}title") == "Sus pasos"
    assert root.findtext(f"{NS}desc") == text(SPANISH, 2, "Usted está aquí", "es")


def test_nothing_but_the_words_given_is_in_it() -> None:
    allowed = {*SPANISH, "Sus pasos", "Usted está aquí", "Hecho", "Más adelante", *"123456"}
    assert set(said(spanish())) <= allowed


@pytest.mark.parametrize(
    ("steps", "here", "lang", "part"),
    [
        (["one"], 0, "en", "2 to 7"),
        (["step"] * 8, 0, "en", "2 to 7"),
        (ENGLISH, 6, "en", "0 to 5"),
        (ENGLISH, -1, "en", "0 to 5"),
        (ENGLISH, 0, "fr", "'fr'"),
    ],
)
def test_what_no_picture_can_be_made_of_is_refused(steps: list[str], here: int, lang: str, part: str) -> None:
    for make in (
        lambda: svg(steps, here, "t", "h", lang),
        lambda: text(steps, here, "h", lang),
    ):
        with pytest.raises(ValueError, match=part):
            make()


# That it does no harm.

HOSTILE = [
    "<script>alert(1)</script>",
    "</text></svg><image href='x'/>",
    'Fear & "quotes" \' onload="x"',
    "]]> <!-- <![CDATA[ &amp;",
    "🙂 familia 👨‍👩‍👧",
    "\u202eesrever \u2066مرحبا\u2069",
    "a\x00b\x07c\ud800d\ufffe",
]


def test_hostile_labels_are_only_words() -> None:
    picture = svg(HOSTILE, 3, HOSTILE[0], HOSTILE[2], "en")
    root = parsed(picture)
    assert {element.tag.removeprefix(NS) for element in root.iter()} == {
        "svg", "title", "desc", "rect", "path", "circle", "text",
    }  # fmt: skip
    assert root.findtext(f"{NS}title") == HOSTILE[0]
    written = "".join(said(picture)).replace(" ", "")
    for label in HOSTILE[:4]:
        assert label.replace(" ", "") in written
    assert "abcd" in written
    assert "\u202e" not in picture
    assert "مرحبا" in picture
    assert size_of(png(picture, 1))[0] == WIDTH


@given(
    st.lists(st.text(max_size=60), min_size=2, max_size=7),
    st.integers(min_value=0, max_value=6),
    st.text(max_size=40),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_any_words_make_a_picture_that_can_be_read(
    steps: list[str], here: int, title: str, dark: bool
) -> None:
    here %= len(steps)
    root = parsed(svg(steps, here, title, "You are here", "en", dark=dark))
    assert root.findtext(f"{NS}desc") == text(steps, here, "You are here", "en")
    assert (root.findtext(f"{NS}title") or "") == clean(title)
    assert int(root.get("height", "")) > 0


def test_nothing_is_fetched_and_no_style_needs_a_permission() -> None:
    picture = spanish()
    names = {name for element in parsed(picture).iter() for name in element.attrib}
    assert names.isdisjoint({"href", "style", "class", "id", "src"})
    assert not any(name.startswith("on") for name in names)
    assert re.findall(r"https?:[^\"' ]+", picture) == ["http://www.w3.org/2000/svg"]
    assert "url(" not in picture


# That it can be read.


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_words_have_a_contrast_of_4_5_and_shapes_of_3(colours: Palette) -> None:
    words = [
        (colours.ink, colours.back),
        (colours.soft, colours.back),
        (colours.ink, colours.mine),
        (colours.brand_ink, colours.brand),
    ]
    shapes = [(colours.brand, colours.back), (colours.brand, colours.mine), (colours.soft, colours.back)]
    assert min(contrast(*pair) for pair in words) >= 4.5
    assert min(contrast(*pair) for pair in shapes) >= 3


@pytest.mark.parametrize("dark", [False, True])
def test_only_the_colours_of_its_palette_are_drawn(dark: bool) -> None:
    colours = DARK if dark else LIGHT
    used = set(re.findall(r"#[0-9a-f]{6}", spanish(dark=dark)))
    assert used == {
        colours.back, colours.ink, colours.soft, colours.brand, colours.brand_ink, colours.mine,
    }  # fmt: skip


def test_the_colours_are_those_of_the_page() -> None:
    blocks = (ROOT / "bot/widget/plain.css").read_text(encoding="utf-8").split("prefers-color-scheme: dark")
    for colours, block in zip((LIGHT, DARK), blocks, strict=False):
        page = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
        names = ("panel", "ink", "soft", "brand", "brand-ink", "mine")
        assert [page[name] for name in names] == [
            colours.back, colours.ink, colours.soft, colours.brand, colours.brand_ink, colours.mine,
        ]  # fmt: skip


def rows_of(picture: str) -> list[tuple[float, float, float, bool]]:
    """Left (or middle), foot and size of each row of words, and whether it is centred; numbers left out."""
    return [
        (
            float(element.get("x", "")),
            float(element.get("y", "")),
            float(element.get("font-size", "")),
            element.get("text-anchor") == "middle",
        )
        for element in parsed(picture).iter(f"{NS}text")
        if not (element.text or "").isdigit()
    ]


def row_covers(picture: str) -> list[tuple[float, float, float, float]]:
    """Where words may stand: inside the pill of the present step, for others up to 20 pixels before the right edge."""
    covers = []
    pill = next(element for element in parsed(picture).iter(f"{NS}rect") if element.get("rx"))
    for x, foot, size, centred in rows_of(picture):
        left = float(pill.get("x", "")) + 8 if centred else x - 1
        wide = float(pill.get("width", "")) - 16 if centred else WIDTH - 20 - left
        covers.append((left, foot - size, wide, size * 1.3))
    covers += [
        (float(circle.get("cx", "")) - 9, float(circle.get("cy", "")) - 9, 18.0, 18.0)
        for circle in parsed(picture).iter(f"{NS}circle")
    ]
    return covers


@pytest.mark.parametrize(
    ("steps", "here"),
    [
        *((steps, here) for steps in (SPANISH, ENGLISH) for here in range(6)),
        *((WIDE, here) for here in range(7)),
    ],
)
def test_every_label_stays_inside_its_box_and_its_row(steps: list[str], here: int) -> None:
    picture = svg(steps, here, "Los pasos de su camino, del primero al último", "Usted está aquí", "es")
    assert blank(picture, row_covers(picture))
    feet = [(foot, size) for _, foot, size, _ in rows_of(picture)]
    assert all(below - size > above for (above, _), (below, size) in pairwise(feet))
    assert feet[-1][0] + 10 < size_of(png(picture, 1))[1]


def test_no_letter_is_wider_than_it_is_counted() -> None:
    high, many = 40, 20
    for weight in ("400", "700"):
        font = f'font-size="20" font-weight="{weight}"'
        rows = "".join(
            f'<text x="4" y="{30 + at * high}" {font}>{f"&#{ord(letter)};" * many}</text>'
            for at, letter in enumerate(LETTERS)
        )
        size = f'width="600" height="{high * len(LETTERS)}"'
        picture = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{rows}</svg>'
        # A letter may stand a little out at either end of its width; twenty of them do so only once.
        covers = [
            (2.0, float(at * high), width(letter * many, 20) + 4, float(high))
            for at, letter in enumerate(LETTERS)
        ]
        assert blank(picture, covers)


def test_common_labels_are_not_broken_and_long_ones_are_broken_between_words() -> None:
    for label in (*SPANISH, *ENGLISH):
        assert lines(label, 18, ROOM) == (label,)
    assert lines("Mañana: ¿qué papeles hay que llevar?", 18, ROOM) == (
        "Mañana: ¿qué papeles",
        "hay que llevar?",
    )


@pytest.mark.parametrize("label", [label for label in WIDE if label.strip()])
def test_a_label_loses_nothing_when_it_is_broken(label: str) -> None:
    rows = lines(label, 18, ROOM)
    assert "".join(rows).replace(" ", "") == label.replace(" ", "")
    assert all(width(row, 18) <= ROOM for row in rows)


# The image.


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_the_image_is_as_large_as_the_picture_by_the_scale(scale: int) -> None:
    picture = spanish()
    high = int(parsed(picture).get("height", ""))
    assert size_of(png(picture, scale)) == (WIDTH * scale, high * scale)


def test_the_image_is_the_same_each_time_and_another_for_each_step_and_colours() -> None:
    images = [png(spanish(here, dark=dark), 1) for here in range(6) for dark in (False, True)]
    assert len(set(images)) == 12
    _drawn.cache_clear()
    assert images[0] == png(spanish(0), 1)
    assert spanish() == spanish()


@pytest.mark.parametrize("letter", LETTERS + list("–—‘’“”…"))
def test_our_fonts_have_every_letter_of_the_two_languages(letter: str) -> None:
    def drawn(what: str, weight: str) -> bytes:
        return png(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">'
            f'<text x="5" y="30" font-size="24" font-weight="{weight}">&#{ord(what)};</text></svg>',
            1,
        )

    for weight in ("400", "700"):
        assert drawn(letter, weight) not in (drawn("\u3300", weight), drawn(" ", weight))
    assert drawn(letter, "400") != drawn(letter, "700")


def test_the_fonts_of_the_machine_are_not_used() -> None:
    def drawn(family: str, words: str = "Después, ¿qué?") -> bytes:
        return png(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40" font-family="{family}">'
            f'<text x="5" y="30" font-size="24">{words}</text></svg>',
            1,
        )

    ours = drawn("Atkinson Hyperlegible")
    assert ours != drawn("Atkinson Hyperlegible", " ")
    families = {element.get("font-family", "") for element in parsed(spanish()).iter()} - {""}
    for family in (*families, "DejaVu Sans, sans-serif", "Liberation Serif, Arial, sans-serif"):
        assert drawn(family) == ours


def test_a_letter_that_our_fonts_lack_does_not_take_the_others_with_it() -> None:
    with_face, without, shorter = (
        png(svg([label, "After"], 1, "t", "h", "en"), 1) for label in ("Family 🙂", "Family", "Fam 🙂")
    )
    assert len({with_face, without, shorter}) == 3


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError):
        png("<p>no</p>")


def test_the_fonts_travel_with_their_licence() -> None:
    folder = ROOT / "bot/core/picture/fonts"
    assert sorted(path.name for path in folder.iterdir()) == [
        "AtkinsonHyperlegible-Bold.ttf", "AtkinsonHyperlegible-Regular.ttf", "OFL.txt",
    ]  # fmt: skip
    assert "SIL OPEN FONT LICENSE Version 1.1" in (folder / "OFL.txt").read_text(encoding="utf-8")
