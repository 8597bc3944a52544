"""The articles, notices and law parameters that the actions speak from, read once and again after an edit."""

from __future__ import annotations

import os
import time
from functools import cache

import structlog

from bot.core.content import Library, load_library
from bot.core.content.examples import SectionExamples, read_examples
from bot.core.errors import DataFileError
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from bot.settings import ROOT, load_settings

log = structlog.get_logger("faro.actions")


def library() -> Library:
    """The library as the files stand now; a broken edit leaves the last good one in use and is logged."""
    words = _open()
    words.reload_if_changed(time.monotonic())
    return words


@cache
def section_examples() -> SectionExamples:
    """The examples that train each section's topic; read once, some seconds, before the first question."""
    return read_examples(ROOT / "data" / "nlu")


@cache
def _open() -> Library:
    settings = load_settings(os.environ)
    return load_library(
        ROOT / "bot" / "content",
        load_parameters(ROOT / "bot" / "law" / "parameters"),
        load_firm(settings.firm),
        mode=settings.mode,
        on_problem=_tell_staff,
    )


def _tell_staff(problem: DataFileError) -> None:
    log.error("content_not_reloaded", file=problem.path, line=problem.line, problem=problem.problem)
