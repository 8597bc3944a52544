"""Placeholders in texts that people write: {{fee.i589}}, {{fee.i589|number}}, {{firm.phone}}, {{name}}.

A name with a point is a law parameter or, under ``firm.``, a value of the firm; a name without a point is
given by the program when the text is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from bot.core.datafile import near

_PLACEHOLDER = re.compile(r"\{\{\s*([a-z][a-z0-9_.]*)\s*(?:\|\s*([a-z_]+)\s*)?\}\}")
_LEFTOVER = re.compile(r"\{\{[^}\n]*\}{0,2}|\}\}")

FIRM = "firm."


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder; ``position`` is where it begins in the text."""

    name: str
    style: str
    position: int

    @property
    def is_firm(self) -> bool:
        """Whether the firm's file fills it."""
        return self.name.startswith(FIRM)

    @property
    def is_parameter(self) -> bool:
        """Whether a law parameter fills it."""
        return "." in self.name and not self.is_firm


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """Something wrong in a text; ``position`` is where."""

    code: str
    position: int
    details: dict[str, str] = field(default_factory=dict)


def placeholders(text: str) -> Iterator[Placeholder]:
    """The placeholders of a text, in order."""
    for found in _PLACEHOLDER.finditer(text):
        yield Placeholder(found[1], found[2] or "plain", found.start())


def blank(text: str) -> str:
    """The text with spaces in place of its placeholders, so that positions stay."""
    return _PLACEHOLDER.sub(lambda found: " " * len(found[0]), text)


def fill(text: str, value: Callable[[Placeholder], str]) -> str:
    """The text with each placeholder replaced by what ``value`` gives for it."""

    def one(found: re.Match[str]) -> str:
        return value(Placeholder(found[1], found[2] or "plain", found.start()))

    return _PLACEHOLDER.sub(one, text)


def problems(
    text: str,
    units: Mapping[str, str],
    styles: Callable[[str], tuple[str, ...]],
    firm_values: tuple[str, ...] | None = None,
    free: bool = False,
) -> Iterator[TemplateProblem]:
    """What is wrong with the placeholders of a text.

    ``units`` maps the known parameters to their units; ``firm_values`` None leaves firm values unchecked;
    ``free`` allows names without a point.
    """
    for found in _LEFTOVER.finditer(blank(text)):
        yield TemplateProblem("bad_braces", found.start(), {"text": found[0]})
    for placeholder in placeholders(text):
        name, style, position = placeholder.name, placeholder.style, placeholder.position
        if placeholder.is_firm:
            if firm_values is None:
                continue
            known = [FIRM + value for value in firm_values]
            if name not in known:
                details = {"name": name, "near": near(name, known), "known": ", ".join(known)}
                yield TemplateProblem("unknown_firm_value", position, details)
            elif style != "plain":
                yield TemplateProblem(
                    "unknown_style", position, {"name": name, "style": style, "near": "", "known": "plain"}
                )
        elif placeholder.is_parameter:
            if name not in units:
                details = {"name": name, "near": near(name, units), "file": name.replace(".", "/")}
                yield TemplateProblem("unknown_parameter", position, details)
            elif style not in styles(units[name]):
                ways = styles(units[name])
                details = {"name": name, "style": style, "near": near(style, ways), "known": ", ".join(ways)}
                yield TemplateProblem("unknown_style", position, details)
        elif not free:
            details = {"name": name, "near": near(name, units), "file": name}
            yield TemplateProblem("unknown_parameter", position, details)
