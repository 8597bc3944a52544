"""The words that the actions speak from, while somebody edits them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from actions import library as module

GOOD = Path(__file__).resolve().parents[1] / "broken/good"
DAY = date(2026, 7, 10)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A checkout with few words; its clock goes on by two seconds with every look."""
    shutil.copytree(GOOD, tmp_path / "bot")
    clock = count(step=2)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    monkeypatch.setenv("FARO_FIRM", str(tmp_path / "bot/content/firm.yml"))
    module._open.cache_clear()
    yield tmp_path / "bot"
    module._open.cache_clear()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    later = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))


def test_the_words_are_read_once_and_again_after_an_edit(tree: Path) -> None:
    before = module.library()
    edit(tree / "content/topics/work_permit.en.md", "title: Working while you wait", "title: Work")
    after = module.library()
    assert after is before
    assert after.answer("work_permit", "en", None, DAY).title == "Work"


def test_a_broken_edit_leaves_the_last_good_words_and_is_told_to_staff_once(tree: Path) -> None:
    module.library()
    path = tree / "content/topics/work_permit.en.md"
    edit(path, "{{ead.file_wait}}", "{{ead.no_such_value}}")
    with capture_logs() as logs:
        assert module.library().answer("work_permit", "en", None, DAY).title == "Working while you wait"
        module.library()
    assert [(entry["event"], entry["file"]) for entry in logs] == [("content_not_reloaded", str(path))]
    assert "ead.no_such_value" in logs[0]["problem"]


def test_the_mode_of_the_settings_is_kept(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.library().mode == "demo"
