"""The words of the console: whole in both languages, and every one that a page asks for is there."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.console.render import moment_text
from bot.console.routes import ROUTES
from bot.console.words import load_words
from bot.core.errors import ContentFileError
from tests.console.conftest import NOON

CONSOLE = Path(__file__).parents[2] / "bot" / "console"


def test_every_word_that_a_page_asks_for_is_there() -> None:
    words = load_words()
    asked, counted = set(), set()
    for path in (*CONSOLE.rglob("*.html"), *CONSOLE.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r"""\bsay\(\s*["']([a-z0-9_]+)["']\s*[,)]""", source))
        counted |= set(re.findall(r"""\bmany\(\s*["']([a-z0-9_]+)["']\s*,""", source))
    assert asked
    missing = [name for name in sorted(asked) if not words.has(name)]
    missing += [
        f"{name}_{kind}"
        for name in sorted(counted)
        for kind in ("one", "many")
        if not words.has(f"{name}_{kind}")
    ]
    assert missing == []


def test_everything_that_the_log_can_hold_has_its_words() -> None:
    words = load_words()
    actions = {route.audit for route in ROUTES if route.audit} | {"account.refused"}
    names = {action: f"action_{action.replace('.', '_')}" for action in actions}
    assert sorted(action for action, name in names.items() if not words.has(name)) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a", "not words by name"),
        ("a: {en: x}", "needs en and es"),
        ("a: {en: x, es: ''}", "no text in es"),
        ('a: {en: "x {{n}}", es: x}', "uses n in one language only"),
    ],
)
def test_a_file_with_half_a_word_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "words.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ContentFileError, match=told):
        load_words(tmp_path)


def test_a_name_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text("x: {en: x, es: x}", encoding="utf-8")
    with pytest.raises(ContentFileError, match="stands in two files"):
        load_words(tmp_path)


@pytest.mark.parametrize(
    ("days", "lang", "told"),
    [
        (0, "en", "1:00 PM"),
        (1, "en", "Nov 20, 1:00 PM"),
        (1, "es", "20 nov, 1:00 p.m."),
        (400, "en", "Oct 17, 2025, 2:00 PM"),
        (400, "es", "17 oct 2025, 2:00 p.m."),
    ],
)
def test_a_moment_is_told_in_the_firm_s_time_and_no_longer_than_needed(
    days: int, lang: str, told: str
) -> None:
    zone = ZoneInfo("America/New_York")
    written = moment_text(NOON - timedelta(days=days), zone, NOON, lang)
    assert written.replace("\u202f", " ").replace("\u00a0", " ") == told
