"""The picture of the steps of a way: SVG for the web, PNG for messaging, and the same in words."""

from bot.core.picture.raster import png
from bot.core.picture.steps import FEWEST, MOST, MOST_LETTERS, svg, text

__all__ = ["FEWEST", "MOST", "MOST_LETTERS", "png", "svg", "text"]
