"""The console on a small library of its own, whose files a test may change."""

from __future__ import annotations

import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.console.pages.library import FromLibrary
from bot.core.content.library import Library, load_library
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from tests.console.conftest import Console, Visitor
from tests.console.pages.planting import ROOT, beside


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The small content and law, with the levels of urgency and the words around a notice."""
    root = tmp_path / "bot"
    shutil.copytree(ROOT / "tests/broken/good", root)
    (root / "law/triage").mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "bot/law/triage/levels.yml", root / "law/triage/levels.yml")
    shutil.copy(ROOT / "bot/content/notices/bulletin.yml", root / "content/notices/bulletin.yml")
    return root


def open_library(tree: Path) -> Library:
    return load_library(
        tree / "content", load_parameters(tree / "law/parameters"), load_firm(tree / "content/firm.yml")
    )


def edit(path: Path, old: str, new: str) -> None:
    """Changes a file, and its time too, however coarse the clock of the disk."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    later = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))


@pytest.fixture
def library(tree: Path) -> Library:
    return open_library(tree)


@pytest.fixture
async def small(open_console: Callable[..., Awaitable[Console]], library: Library) -> Console:
    """The console on the small library."""
    found = beside()
    return await open_console(other=FromLibrary(library, found._rules, found._triage, found._phrases))


@pytest.fixture
def signed_in(small: Console) -> Callable[..., Awaitable[Visitor]]:
    """``await signed_in("attorney")``: a browser with somebody of that role."""

    async def somebody(role: str, language: str = "en") -> Visitor:
        staff, _ = await small.member(role, language=language)
        return await small.signed_in(staff)

    return somebody
