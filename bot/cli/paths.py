"""Where things lie in a checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "bot" / "content"
LAW = ROOT / "bot" / "law"
ENGINE_PYTHON = ROOT / ".venv-engine" / "bin" / "python"
MODEL_NAME = "faro"

#: Everything that a trained model depends on. An edit of articles, notices or law is not among them.
TRAINED_FROM = (
    "config.yml",
    "domain.yml",
    "data",
    "bot/engine",
    "bot/core/dates",
    "bot/core/dates.py",
    "bot/core/language.py",
    "bot/core/messages.py",
    "bot/content/entities.yml",
    "requirements/engine.lock",
)
