"""Training the model, only when something that it depends on has changed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from bot.cli.paths import ENGINE_PYTHON, MODEL_NAME, ROOT, TRAINED_FROM
from bot.core.errors import BotError

#: Told as training goes on: a short code of the step and the share done, between 0 and 1.
Progress = Callable[[str, float], None]


class TrainingFailed(BotError):
    """The engine's environment did not produce a model; the message holds the end of its log."""


def model_path(var: Path) -> Path:
    """Where the one model lies that this checkout trains and serves."""
    return var / "models" / f"{MODEL_NAME}.tar.gz"


def fingerprint(root: Path = ROOT) -> str:
    """A hash of everything that a model is trained from."""
    digest = hashlib.sha256()
    for path in _inputs(root):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_current(var: Path) -> bool:
    """Whether the model at hand was trained from the files as they are now."""
    stamp = model_path(var).with_suffix(".stamp")
    return model_path(var).exists() and stamp.exists() and stamp.read_text().strip() == fingerprint()


def train(var: Path, progress: Progress, *, force: bool = False) -> float:
    """Train the model if it is not current; the seconds that took, 0 when there was nothing to do.

    Raises TrainingFailed with the end of the log.
    """
    if is_current(var) and not force:
        return 0.0
    started = time.monotonic()
    now = fingerprint()
    target = model_path(var)
    target.parent.mkdir(parents=True, exist_ok=True)
    log = var / "log" / "train.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [
        str(ENGINE_PYTHON), "-m", "bot.engine.offline", "train",
        "--output", str(target.parent), "--name", MODEL_NAME, "--cache", str(ROOT / ".cache"),
    ]  # fmt: skip
    with log.open("w", encoding="utf-8") as errors:
        if not run_with_progress(command, errors, progress):
            raise TrainingFailed(f"Training failed. The end of {log}:\n{_tail(log)}")
    target.with_suffix(".stamp").write_text(now + "\n")
    return time.monotonic() - started


def run_with_progress(command: list[str], errors: TextIO, progress: Progress) -> bool:
    """Whether a command of the engine's environment succeeded; what it complains of goes to ``errors``."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=engine_environment(), stdout=subprocess.PIPE, stderr=errors, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        for step, share in _progress_lines(process.stdout):
            progress(step, share)
    return process.wait() == 0


def engine_environment() -> dict[str, str]:
    """The environment of processes that import Rasa: no telemetry, no chatter, our own code on the path."""
    return {
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        # The encoder's threads otherwise spin while they wait for each other: on two busy cores one message then
        # took 400 ms instead of 25 (measured 2026-11-21).
        "OMP_WAIT_POLICY": "passive",
    }


def _inputs(root: Path) -> Iterator[Path]:
    for name in TRAINED_FROM:
        place = root / name
        if place.is_file():
            yield place
        elif place.is_dir():
            yield from sorted(p for p in place.rglob("*") if p.is_file() and p.suffix in {".py", ".yml"})


def _progress_lines(stream: Iterator[str]) -> Iterator[tuple[str, float]]:
    for line in stream:
        try:
            event = json.loads(line)
            yield str(event["step"]), event["done"] / max(event["total"], 1)
        except (ValueError, KeyError, TypeError):
            continue  # a library printed something of its own


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
