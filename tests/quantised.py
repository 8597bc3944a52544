"""Writes PNG files again with at most 256 colours, a third of their size: text and flat colours lose nothing to see.

    .venv-engine/bin/python tests/quantised.py FILE...

The engine's environment has Pillow.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

COLOURS = 256

for name in sys.argv[1:]:
    path = Path(name)
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(
            COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE
        )
    few.save(path, optimize=True)
