from pathlib import Path

from bot.engine.plot import draw


def test_confusions_become_a_picture(tmp_path: Path) -> None:
    draw([("work_permit", "travel", 3), ("bars", "nlu_fallback", 1)], tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_no_confusion_is_drawn_too(tmp_path: Path) -> None:
    draw([], tmp_path / "plot.svg")
    assert "<svg" in (tmp_path / "plot.svg").read_text(encoding="utf-8")
