"""A drawn picture as PNG, for messaging apps that show no SVG; the same bytes on every machine."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from resvg_py import svg_to_bytes

# Atkinson Hyperlegible (Braille Institute, SIL Open Font License): drawn so that no letter is taken for another.
FONTS = Path(__file__).parent / "fonts"
_FAMILY = "Atkinson Hyperlegible"


# There are few pictures (ways, steps, languages, colours), and drawing one holds up everything else for some 50 ms:
# resvg-py 0.5.0 keeps Python's lock meanwhile, so a thread would not help. 64 of them take 4 MB.
@lru_cache(maxsize=64)
def _drawn(svg_text: str, scale: int) -> bytes:
    return svg_to_bytes(
        svg_string=svg_text,
        zoom=scale,
        skip_system_fonts=True,
        font_files=[str(path) for path in sorted(FONTS.glob("*.ttf"))],
        font_family=_FAMILY,
        sans_serif_family=_FAMILY,
    )


def png(svg_text: str, scale: int = 2) -> bytes:
    """The picture that ``svg`` made, ``scale`` pixels of the image for each of the picture.

    Only our own two fonts are used, none of the machine. Raises ValueError when ``svg_text`` is no SVG.
    """
    return _drawn(svg_text, scale)
